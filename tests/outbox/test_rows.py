"""What the store keeps, how much of it, and rows in it that cannot be read."""

import asyncio
import errno
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from nonebot_plugin_report.errors import StoreUnavailable
from nonebot_plugin_report.model.delivery import NotSent, Outgoing, State
from nonebot_plugin_report.model.image import Image
from nonebot_plugin_report.model.message import Message
from nonebot_plugin_report.model.report import Report
from nonebot_plugin_report.model.scheduling import Policy
from nonebot_plugin_report.model.status import Receipt
from nonebot_plugin_report.model.target import Lane, Target
from nonebot_plugin_report.outbox import Limits
from nonebot_plugin_report.outbox.dispatch import IDLE_LANES
from nonebot_plugin_report.store.database import CHECKPOINT_AT_ONCE
from nonebot_plugin_report.store.sqlite import WAL_LIMIT
from tests.bot import until

from .fakes import Clock, FarEnd, World, world
from .places import Place, change, rows

ME = Target("private", "10001")
GROUP = Target("group", "777")


def pictures(path: Path) -> list[Path]:
    """The files of a store's pictures."""
    return sorted(path.with_name(f"{path.name}-pictures").iterdir())


async def push(w: World, text: str) -> None:
    """Push words with a picture of 1,000 bytes of their own."""
    image = Image(text.encode() * 1000, "image/png", 10, 10)
    message = Message(text, (image,))
    await w.outbox.accept(Report(content=text, images=(image,)), [Outgoing(ME, message)])


async def test_the_same_words_to_many_are_stored_once(path: Path) -> None:
    async with world(path) as w:
        message = Message("x" * 100_000)
        targets = [Target("private", str(number)) for number in range(10001, 10031)]
        outgoing = [*(Outgoing(one, message) for one in targets), Outgoing(GROUP, Message("短"))]
        await w.outbox.accept(Report(content="x"), outgoing)
        conn = sqlite3.connect(path)
        pages = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"
        ((size,),) = conn.execute(pages)
        conn.close()
        assert size < 400_000
        for target in (*targets, GROUP):
            await w.drain(target)
        assert {one.message.text for one in w.far.sent} == {message.text, "短"}
    async with world(path, clock=w.clock, far=w.far) as again:
        await again.outbox.accept(Report(content="y"), [Outgoing(targets[0], Message("y"))])


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE report SET fields = '{' WHERE text = '1'",
        "UPDATE report SET fields = '[]' WHERE text = '1'",
        "UPDATE report SET fields = '{\"title\": {}}' WHERE text = '1'",
    ],
)
async def test_a_report_that_cannot_be_read_is_set_aside_and_the_next_one_goes(
    place: Place, damage: str
) -> None:
    clock, far = Clock(), FarEnd()
    async with world(place, clock=clock, far=far) as w:
        first, second = await w.accept("1", ME), await w.accept("2", ME)
    change(place, damage)
    async with world(place, clock=clock, far=far) as w:
        await w.drain(ME)
        assert far.texts(Lane(ME)) == ["2"]
        assert await w.states(first) == [State.REJECTED]
        assert await w.states(second) == [State.DELIVERED]
        state = await w.state(first.id)
        assert state is not None
        assert "无法读取" in state.deliveries[0].reason


async def test_one_that_cannot_be_read_does_not_spoil_a_digest(place: Place) -> None:
    clock, far = Clock(), FarEnd()
    async with world(place, clock=clock, far=far) as w:
        receipts = [await w.accept(str(number), ME) for number in range(7)]
    change(place, "UPDATE report SET fields = '{' WHERE text = '3'")
    clock.now += 3600
    async with world(place, clock=clock, far=far, policy=Policy(absence=1800.0)) as w:
        await w.drain(ME)
        assert [one.message.text.splitlines()[0] for one in far.sent] == ["📋 6 条推送的摘要"]
        states = [(await w.states(one))[0] for one in receipts]
        assert states.count(State.DELIVERED) == 6
        assert states[3] is State.REJECTED


@pytest.mark.parametrize("target", ["nobody", "private:", "telegram:1", "private：10001"])
async def test_a_receiver_that_cannot_be_read_stops_nobody(place: Place, target: str) -> None:
    clock, far = Clock(), FarEnd()
    async with world(place, clock=clock, far=far) as w:
        await w.accept("1", ME)
        await w.accept("2", GROUP)
        await w.outbox.fall_back()
    change(place, f"UPDATE lane SET target = '{target}' WHERE name = 'private:10001'")
    change(place, f"UPDATE delivery SET fallback = '{target} {target}', fallback_at = 1")
    async with world(place, clock=clock, far=far) as w:
        await w.outbox.dispatcher.sweep()
        await w.outbox.fall_back()
        await w.drain(GROUP)
        assert far.texts(Lane(GROUP)) == ["2"]
        assert (await w.store.history.backlog()).waiting == 0
    ended = rows(place, "SELECT state, reason FROM delivery WHERE lane = 'private:10001'")
    assert ended == [("rejected", "接收者无法识别")]


async def test_a_lane_of_which_nothing_is_left_is_forgotten(place: Place) -> None:
    limits = Limits(expire=1e9, retention=100, image_retention=10)
    async with world(place, limits=limits) as w:
        for number in range(1, 51):
            await w.accept("x", Target("private", str(number)))
            await w.drain(Target("private", str(number)))
        await w.accept("waits", ME)
        w.clock.now += 1000
        await w.outbox.dispatcher.release()
        await w.outbox.prune()
        assert rows(place, "SELECT name FROM lane") == [("private:10001",)]
        await w.accept("again", Target("private", "7"))
        await w.drain(Target("private", "7"))
        assert w.far.texts(Lane(Target("private", "7"))) == ["x", "again"]


async def test_made_up_lanes_do_not_fill_the_memory(place: Place) -> None:
    async with world(place) as w:
        w.far.outcomes[Lane(ME)] = [NotSent("x")]
        await w.accept("mine", ME)
        due = await w.drain(ME)
        assert due is not None
        for number in range(IDLE_LANES + 50):
            target = Target("group", str(number + 1))
            await w.accept("x", target)
            await w.drain(target)
        states = w.outbox.dispatcher._lanes  # pyright: ignore[reportPrivateUsage] - nobody outside sees what is in memory
        assert len(states) <= IDLE_LANES
        assert await w.drain(ME) == due, "a lane that backs off is not forgotten"


async def test_a_picture_is_written_once_and_not_to_the_log(path: Path) -> None:
    async with world(path) as w:
        for number in range(6):
            image = Image(bytes([number % 3]) * 3_000_000, "image/png", 1000, 1000)
            await w.outbox.accept(Report(images=(image,)), [Outgoing(ME, Message("", (image,)))])
        assert Path(f"{path}-wal").stat().st_size < 1_000_000
        assert [one.stat().st_size for one in pictures(path)] == [9_000_000]


async def test_without_its_file_a_picture_does_not_keep_the_words_back(path: Path) -> None:
    async with world(path) as w:
        image = Image(b"1" * 1000, "image/png", 10, 10)
        await w.outbox.accept(Report(images=(image,)), [Outgoing(ME, Message("words", (image,)))])
    for file in pictures(path):
        file.unlink()
    async with world(path) as w:
        await w.drain(ME)
        assert [(one.message.text, one.message.images) for one in w.far.sent] == [("words", ())]


async def test_a_picture_of_which_a_power_cut_left_only_the_row_is_whole_once_it_comes_again(
    path: Path,
) -> None:
    async with world(path) as w:
        await push(w, "1")
    for file in pictures(path):
        file.write_bytes(bytes(file.stat().st_size))
    async with world(path, far=FarEnd()) as w:
        await w.drain(ME)
        assert [one.message.images for one in w.far.sent] == [()]
    async with world(path, far=FarEnd()) as w:
        await push(w, "1")
    async with world(path, far=FarEnd()) as w:
        await w.drain(ME)
        assert [len(one.message.images) for one in w.far.sent] == [1]


async def test_the_file_of_old_pictures_goes_with_the_last_of_them(path: Path) -> None:
    clock = Clock()
    limits = Limits(expire=1e9, retention=1e9, image_retention=5000)
    async with world(path, clock=clock, limits=limits) as w:
        await push(w, "1")
        await push(w, "2")
        await w.drain(ME)
        (first,) = pictures(path)
        clock.now += 4000
        await push(w, "2")  # shown again, so kept for longer
        await push(w, "3")
        clock.now += 2000
        await w.outbox.prune()
        (second,) = pictures(path)
        assert second != first
        assert second.stat().st_size == 2000
        clock.now += 6000
        await w.outbox.prune()
        assert pictures(path) == [second], "two wait"
        await w.drain(ME)
        assert [len(one.message.images) for one in w.far.sent] == [1] * 4
        await w.outbox.prune()
        assert pictures(path) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a disk that is always full")
async def test_a_picture_for_which_the_disk_is_full_refuses_only_who_has_one(path: Path) -> None:
    async with world(path) as w:
        await push(w, "1")
        (pack,) = pictures(path)
        (held,) = [one for one in Path("/proc/self/fd").iterdir() if one.resolve() == pack]
        kept = os.dup(int(held.name))
        full = os.open("/dev/full", os.O_WRONLY)
        os.dup2(full, int(held.name))
        results = await asyncio.gather(push(w, "2"), w.accept("words", ME), return_exceptions=True)
        assert [type(one) for one in results] == [StoreUnavailable, Receipt]
        assert "磁盘满了" in str(results[0])
        os.dup2(kept, int(held.name))
        os.close(kept)
        os.close(full)
        await push(w, "2")
    async with world(path, far=FarEnd()) as w:
        await w.drain(ME)
        arrived = [(one.message.text, len(one.message.images)) for one in w.far.sent]
        assert arrived[0] == ("1", 1)
        assert ("words", 0) in arrived
        assert arrived[-1] == ("2", 1)


async def test_a_picture_that_cannot_be_kept_is_refused_with_its_report(path: Path) -> None:
    path.with_name("report.db-pictures").write_text("no folder")
    async with world(path) as w:
        image = Image(b"1" * 1000, "image/png", 10, 10)
        with pytest.raises(StoreUnavailable, match="图片文件夹"):
            await w.outbox.accept(Report(images=(image,)), [Outgoing(ME, Message("", (image,)))])
        await w.accept("words", ME)
        await w.drain(ME)
        assert w.far.texts(Lane(ME)) == ["words"]


async def test_after_the_first_picture_that_could_not_be_written_nothing_is_stored_before_it_is(
    path: Path,
) -> None:
    async with world(path) as w:
        await push(w, "1")
        for one in pictures(path):
            one.unlink()
        path.with_name("report.db-pictures").rmdir()
        path.with_name("report.db-pictures").write_text("no folder")
        with pytest.raises(StoreUnavailable, match="图片文件夹"):
            await push(w, "2")
        with pytest.raises(StoreUnavailable, match="图片文件夹"):
            await push(w, "3")
        path.with_name("report.db-pictures").unlink()
        await push(w, "4")
        await w.drain(ME)
    assert {"1", "4"} <= set(w.far.texts(Lane(ME))) <= {"1", "2", "4"}


async def test_no_delivery_has_sqlite_make_a_table_of_its_own(path: Path) -> None:
    async with world(path) as w:
        await w.accept("1", ME)
        await w.drain(ME)
    plain = [str(State.DELIVERED), "waiting"]
    with closing(sqlite3.connect(path)) as conn:
        steps = conn.execute("EXPLAIN UPDATE delivery SET state = ? WHERE id = ?", plain).fetchall()
    assert "OpenEphemeral" not in {step[1] for step in steps}


async def test_a_disk_that_fails_is_no_success_and_keeps_nobody_from_reading(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    async with world(path) as w:
        first = await w.accept("1", ME)
        with monkeypatch.context() as patch:
            patch.setattr("nonebot_plugin_report.store.file._sync", broken)
            assert await w.states(first) == [State.WAITING], "who writes nothing needs no disk"
            with pytest.raises(StoreUnavailable, match="没能写到磁盘上"):
                await w.accept("2", ME)
            with pytest.raises(StoreUnavailable, match="没能写到磁盘上"):
                await w.store.check()  # so that it is opened anew
    async with world(path) as w:
        await w.drain(ME)
        assert w.far.texts(Lane(ME))[0] == "1"


async def test_a_long_log_is_put_into_the_database_in_time(path: Path) -> None:
    async with world(path) as w:
        for number in range(12):
            await w.accept(f"{number:x}" * 3_000_000, ME)
        size = Path(f"{path}-wal").stat().st_size
        assert size <= max(CHECKPOINT_AT_ONCE, WAL_LIMIT) + 4_000_000


async def test_at_a_quiet_moment_the_log_is_put_into_the_database_and_emptied(path: Path) -> None:
    async with world(path) as w:
        for number in range(2):
            await w.accept(str(number) * 3_000_000, ME)

        async def emptied() -> bool:
            return Path(f"{path}-wal").stat().st_size == 0

        await until(emptied)
        await w.accept("next", ME)
        await w.drain(ME)
        assert w.far.texts(Lane(ME)) == ["0" * 3_000_000, "1" * 3_000_000, "next"]
