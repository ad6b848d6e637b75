"""What the store keeps, how much of it, and rows in it that cannot be read."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from nonebot_plugin_report.model.delivery import NotSent, Outgoing, State
from nonebot_plugin_report.model.message import Message
from nonebot_plugin_report.model.report import Report
from nonebot_plugin_report.model.scheduling import Policy
from nonebot_plugin_report.model.target import Lane, Target
from nonebot_plugin_report.outbox import Limits
from nonebot_plugin_report.outbox.lanes import IDLE_LANES

from .fakes import Clock, FarEnd, world
from .places import Place, change, rows

ME = Target("private", "10001")
GROUP = Target("group", "777")


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
        await w.outbox.lanes.sweep()
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
        await w.outbox.lanes.release()
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
        states = w.outbox.lanes._workers  # pyright: ignore[reportPrivateUsage] - nobody outside sees what is in memory
        assert len(states) <= IDLE_LANES
        assert await w.drain(ME) == due, "a lane that backs off is not forgotten"


async def test_no_delivery_has_sqlite_make_a_table_of_its_own(path: Path) -> None:
    async with world(path) as w:
        await w.accept("1", ME)
        await w.drain(ME)
    plain = [str(State.DELIVERED), "waiting"]
    with closing(sqlite3.connect(path)) as conn:
        steps = conn.execute("EXPLAIN UPDATE delivery SET state = ? WHERE id = ?", plain).fetchall()
    assert "OpenEphemeral" not in {step[1] for step in steps}
