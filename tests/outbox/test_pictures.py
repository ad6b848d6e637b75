"""Pictures in the store: words never wait for them, and they go with their report."""

import shutil
from pathlib import Path
from typing import NamedTuple

import pytest

from nonebot_plugin_report.errors import StoreUnavailable
from nonebot_plugin_report.model.delivery import Handling, Outgoing, State
from nonebot_plugin_report.model.image import Image
from nonebot_plugin_report.model.message import Message
from nonebot_plugin_report.model.report import Report
from nonebot_plugin_report.model.status import Receipt
from nonebot_plugin_report.model.target import Lane, Target
from nonebot_plugin_report.outbox import Limits
from nonebot_plugin_report.outbox.compose import MAX_TRIES, PICTURE_GONE, READ_TRIES, Composer
from nonebot_plugin_report.outbox.picture_cache import Pictures
from nonebot_plugin_report.store.room import RESERVE_BYTES, RESERVE_SHARE
from nonebot_plugin_report.store.rows import PICTURE_NOT_STORED
from nonebot_plugin_report.store.statements import driver
from nonebot_plugin_report.store.writer import Writer

from .fakes import Clock, FarEnd, World, world
from .places import Place, change, rows

ME, MAIL = Target("private", "10001"), Target("channel", "mail")
PLAIN = Handling()


class _Disk(NamedTuple):
    total: int
    used: int
    free: int


def picture(size: int = 1000, seed: int = 0) -> Image:
    return Image(bytes([seed]) * size, "image/png", 10, 10)


async def push(
    w: World, words: str, image: Image | None = None, handling: Handling = PLAIN
) -> Receipt:
    images = (image or picture(),)
    outgoing = [Outgoing(ME, Message(words, images), handling)]
    return await w.outbox.accept(Report(content=words, images=images), outgoing)


def stored(place: Place) -> int:
    return rows(place, "SELECT count(*) FROM image")[0][0]


async def test_a_picture_that_several_receive_is_stored_once(place: Place) -> None:
    async with world(place) as w:
        images = (picture(),)
        outgoing = [Outgoing(to, Message("x", images)) for to in (ME, MAIL)]
        await w.outbox.accept(Report(images=images), outgoing)
        assert stored(place) == 1


async def test_a_disk_that_pictures_have_filled_still_takes_words_and_they_say_so(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    large = 100 * RESERVE_BYTES
    async with world(path) as w:
        for total, free, fits in (
            (large, RESERVE_BYTES + 2000, 1),
            (large, RESERVE_BYTES + 1999, 0),
            (RESERVE_BYTES, RESERVE_BYTES // RESERVE_SHARE + 2000, 1),
            (RESERVE_BYTES, RESERVE_BYTES // RESERVE_SHARE + 1999, 0),
        ):
            disk = _Disk(total, total - free, free)
            monkeypatch.setattr(shutil, "disk_usage", lambda _, disk=disk: disk)
            before = stored(path)
            receipt = await push(w, "words")
            assert receipt.status == "accepted"
            assert stored(path) - before == fits
            await w.drain(ME)
            note = "" if fits else f"\n[{PICTURE_NOT_STORED}]"
            sent = w.far.sent[-1].message
            assert (sent.text, len(sent.images)) == (f"words{note}", fits)


async def test_where_sqlite_finds_the_disk_full_the_words_are_stored_alone(path: Path) -> None:
    async with world(path) as w:
        await w.accept("0", ME)
        writer: Writer = w.store._writer  # pyright: ignore[reportPrivateUsage] - SQLite's own bound is its connection's

        def fill(conn: object) -> None:
            connection = driver(conn)  # type: ignore[arg-type]  # a Connection
            ((pages,),) = connection.execute("PRAGMA page_count").fetchall()
            connection.execute(f"PRAGMA max_page_count = {pages + 20}").fetchall()

        await writer.run(fill)
        for number in range(1, 4):
            assert (await push(w, str(number), picture(1_000_000))).status == "accepted"
        assert stored(path) == 0
        for number in range(4, 9):
            await w.accept(str(number), ME)
        with pytest.raises(StoreUnavailable, match="磁盘满了"):
            await w.accept("x" * 1_000_000, ME)
        await w.drain(ME)
        assert [text[0] for text in w.far.texts(Lane(ME))] == list("012345678")


async def test_a_deleted_report_takes_its_pictures_with_it_and_no_others(place: Place) -> None:
    async with world(place) as w:
        first, second = await push(w, "1"), await push(w, "2")
        await w.drain(ME)
        assert await w.store.housekeeping.delete_report(first.id, w.clock())
        assert rows(place, "SELECT report_id FROM image") == [(second.id,)]


async def test_old_pictures_go_but_not_those_that_a_delivery_or_its_fallback_waits_for(
    place: Place,
) -> None:
    limits = Limits(expire=1e9, retention=1e9, image_retention=1000)
    async with world(place, limits=limits) as w:
        delivered = Handling(fallback=(MAIL,), fallback_after=1e8)
        await push(w, "delivered", handling=delivered)
        await w.drain(ME)
        w.far.away.add(Lane(ME))
        waits = await push(w, "waits")
        w.clock.now += 500
        new = await push(w, "new")
        w.clock.now += 501
        await w.outbox.prune()
        assert rows(place, "SELECT report_id FROM image ORDER BY 1") == [(waits.id,), (new.id,)]


async def test_without_its_picture_a_delivery_goes_and_says_so(place: Place) -> None:
    clock, far = Clock(), FarEnd()
    async with world(place, clock=clock, far=far) as w:
        await push(w, "words")
    change(place, "DELETE FROM image")
    async with world(place, clock=clock, far=far) as w:
        await w.drain(ME)
        assert [(one.message.text, one.message.images) for one in far.sent] == [
            (f"words\n[{PICTURE_GONE}]", ())
        ]


async def test_a_picture_that_cannot_be_read_holds_its_words_for_some_tries_only(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> None:
        raise StoreUnavailable("读不出来")

    clock, far = Clock(), FarEnd()
    async with world(place, clock=clock, far=far) as w:
        receipt = await push(w, "words")
    async with world(place, clock=clock, far=far) as w:
        await w.accept("after", ME)
        monkeypatch.setattr(w.store.queue, "pictures", fail)
        for _ in range(READ_TRIES - 1):
            with pytest.raises(StoreUnavailable):
                await w.drain(ME)
            await w.outbox.lanes.heard([Lane(ME)])  # a lane that failed is read again
        await w.drain(ME)
        assert far.texts(Lane(ME)) == [f"words\n[{PICTURE_GONE}]", "after"]
        assert await w.states(receipt) == [State.DELIVERED]


def test_failed_reads_are_counted_for_a_bounded_number_of_deliveries() -> None:
    composer = Composer(None, Pictures(), "")  # type: ignore[arg-type]  # reads nothing
    for number in range(MAX_TRIES + 50):
        assert composer._fails_again(str(number))  # pyright: ignore[reportPrivateUsage] - nobody outside sees what is counted
    assert len(composer._tries) == MAX_TRIES  # pyright: ignore[reportPrivateUsage] - the same


async def test_the_space_of_old_pictures_is_given_back_to_the_disk(path: Path) -> None:
    limits = Limits(expire=1e9, retention=1e9, image_retention=1000)
    async with world(path, limits=limits) as w:
        for number in range(40):
            await push(w, str(number), picture(1_000_000, number))
        await w.drain(ME)
        w.clock.now += 2000
        await w.outbox.prune()
        assert stored(path) == 0
    assert path.stat().st_size < 12_000_000
