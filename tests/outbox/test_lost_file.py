"""The database's file is deleted or replaced while the bot runs: what was accepted is not lost."""

import shutil
import sqlite3
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from nonebot_plugin_report.errors import StoreUnavailable
from nonebot_plugin_report.model.target import Lane, Target
from nonebot_plugin_report.store import Store

from .fakes import World, world

ME = Target("private", "10001")


def without_log(path: Path) -> None:
    Path(f"{path}-wal").unlink()


def without_folder(path: Path) -> None:
    shutil.rmtree(path.parent)


async def opened_again(w: World) -> None:
    """As the hub does when the store no longer works."""
    await w.outbox.close()
    await w.store.close()
    await w.store.open()
    await w.outbox.open()


@pytest.mark.parametrize("lose", [Path.unlink, without_log, without_folder])
async def test_what_was_accepted_is_there_again(
    tmp_path: Path, lose: Callable[[Path], None]
) -> None:
    path = tmp_path / "data" / "report.db"
    async with world(path) as w:
        await w.accept("1", ME)
        await w.store.check()
        lose(path)
        with pytest.raises(StoreUnavailable, match="被删除或替换了"):
            await w.store.check()
        with pytest.raises(StoreUnavailable, match="被删除或替换了"):
            await w.accept("lost", ME)
        await opened_again(w)
        await w.accept("2", ME)
        await w.drain(ME)
        assert {"1", "2"} <= set(w.far.texts(Lane(ME)))
        assert list(path.parent.glob("*.kept-*")) == []


async def test_another_file_in_its_place_is_left_alone_and_ours_is_kept_beside_it(
    tmp_path: Path,
) -> None:
    path = tmp_path / "report.db"
    async with world(path) as w:
        await w.accept("1", ME)
        other = tmp_path / "other.db"
        with sqlite3.connect(other) as conn:
            conn.execute("CREATE TABLE mine (x)")
        conn.close()
        other.replace(path)
        with pytest.raises(StoreUnavailable):
            await w.store.check()
        await opened_again(w)
        (kept,) = tmp_path.glob("report.db.kept-*")
        for file, query in ((path, "SELECT * FROM mine"), (kept, "SELECT text FROM report")):
            with sqlite3.connect(file) as conn:
                found = conn.execute(query).fetchall()
            conn.close()
            assert found == ([] if file == path else [("1",)])
        assert stat.S_IMODE(kept.stat().st_mode) == 0o600


async def test_where_it_cannot_be_kept_it_is_left_and_the_store_begins_anew(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "data"
    async with world(folder / "report.db") as w:
        await w.accept("1", ME)
        shutil.rmtree(folder)
        folder.write_text("a file where the folder was")
        with pytest.raises(StoreUnavailable, match="无法使用数据库"):
            await opened_again(w)
        folder.unlink()
        await opened_again(w)
        await w.accept("2", ME)
        await w.drain(ME)
        assert w.far.texts(Lane(ME)) == ["2"]


async def test_a_file_by_another_name_is_the_same_file(tmp_path: Path) -> None:
    async with world(tmp_path / "report.db"):
        (tmp_path / "other.db").hardlink_to(tmp_path / "report.db")
        with pytest.raises(StoreUnavailable, match="另一个进程正在使用"):
            await Store(tmp_path / "other.db").open()


async def test_what_everybody_could_read_no_longer_can_be(tmp_path: Path) -> None:
    path = tmp_path / "report.db"
    async with world(path):
        pass
    path.chmod(0o644)
    async with world(path):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
