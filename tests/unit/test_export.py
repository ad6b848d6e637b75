"""A ZIP that is written as it is sent, and the places that exports have."""

import io
from zipfile import ZipFile

import pytest

from nonebot_plugin_report.access.sessions import Viewer
from nonebot_plugin_report.errors import Busy
from nonebot_plugin_report.model.grant import MASTER, Grant
from nonebot_plugin_report.model.image import Image
from nonebot_plugin_report.store.sessions import Session
from nonebot_plugin_report.web.outgoing import PIECE
from nonebot_plugin_report.web.page.export import LEFT_OUT, MAX_LEFT_OUT, ZipStream
from nonebot_plugin_report.web.page.places import Places


def viewer(grant: Grant, browser: str = "") -> Viewer:
    return Viewer(grant, None, Session(browser, "", "", 0.0, 0.0))


async def test_pictures_of_any_year_are_written_piece_by_piece() -> None:
    file, data = ZipStream(0.0), bytes(range(256)) * (PIECE // 100)
    pieces = list(file.add_picture("图片/a", Image(data, "image/png", 1, 1), 4e9))
    pieces += list(file.add_picture("图片/b", Image(b"x", "image/jpeg", 1, 1), 0.0))
    assert max(map(len, pieces)) <= PIECE + 200
    with ZipFile(io.BytesIO(b"".join([*pieces, await file.end()]))) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["图片/a.png", "图片/b.jpg"]
        assert archive.read("图片/a.png") == data


async def test_what_is_left_out_is_counted_and_named_up_to_a_bound() -> None:
    file = ZipStream(0.0)
    for number in range(MAX_LEFT_OUT + 2):
        file.leave_out(f"{number}", "已经清理了")
    with ZipFile(io.BytesIO(await file.end())) as archive:
        lines = archive.read(LEFT_OUT).decode("utf-8-sig").splitlines()
    assert lines[0] == f"有 {MAX_LEFT_OUT + 2} 张图片不在这里："
    assert lines[2] == "0：已经清理了"
    assert lines[-1] == "另有 2 张"
    assert len(lines) == MAX_LEFT_OUT + 3


def test_a_holder_has_places_and_the_owner_apart_from_all_others() -> None:
    places = Places(each=2, total=3)
    a, b = viewer(Grant("a", frozenset())), viewer(Grant("b", frozenset()))
    owner = viewer(MASTER)
    with places.take(a, "x"), places.take(viewer(a.grant, "another browser"), "x"):
        with pytest.raises(Busy, match="full"), places.take(a, "full"):
            pass
        with places.take(b, "x"):
            with pytest.raises(Busy), places.take(b, "all are taken"):
                pass
            with (
                places.take(owner, "x"),
                places.take(owner, "x"),
                pytest.raises(Busy),
                places.take(owner, "full"),
            ):
                pass
        with places.take(b, "x"):
            pass
    with places.take(a, "x"), places.take(a, "x"):
        pass
