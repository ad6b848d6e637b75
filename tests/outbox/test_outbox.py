"""What the outbox promises, on a real SQLite file, with a clock and a far end of the test's own."""

import asyncio
import sqlite3
from pathlib import Path

import pytest

from nonebot_plugin_report.errors import StoreUnavailable
from nonebot_plugin_report.model.delivery import (
    Away,
    Delivered,
    NotSent,
    Outgoing,
    Rejected,
    State,
    Unknown,
)
from nonebot_plugin_report.model.image import Image
from nonebot_plugin_report.model.message import Message
from nonebot_plugin_report.model.report import Report
from nonebot_plugin_report.model.target import Lane, Target
from nonebot_plugin_report.outbox import Limits
from nonebot_plugin_report.outbox.retry import MAX_REFUSALS, REFUSED_FOR
from tests.dialects import jpeg

from .fakes import LIMITS, Clock, FarEnd, world
from .places import Place, rows

ME = Target("private", "10001")
GROUP = Target("group", "777")
PICTURE = Image(jpeg(), "image/jpeg", 64, 36)


async def test_what_was_accepted_is_on_disk_before_anything_is_sent(place: Place) -> None:
    async with world(place) as w:
        await w.accept("你好", ME, GROUP)
        stored = rows(
            place,
            "SELECT coalesce(d.text, r.text), state FROM delivery d JOIN report r"
            " ON d.report_id = r.id",
        )
        assert stored == [("你好", "waiting")] * 2
        assert w.far.sent == []


async def test_a_lane_goes_out_in_order_and_ends_delivered(place: Place) -> None:
    async with world(place) as w:
        receipts = [await w.accept(str(number), ME) for number in range(40)]
        assert await w.drain(ME) is None
        assert w.far.texts(Lane(ME)) == [str(number) for number in range(40)]
        for receipt in receipts:
            assert await w.states(receipt) == [State.DELIVERED]


async def test_many_accepts_at_once_keep_their_order_and_share_commits(place: Place) -> None:
    async with world(place) as w:
        await asyncio.gather(*(w.accept(str(number), ME) for number in range(100)))
        await w.drain(ME)
        assert w.far.texts(Lane(ME)) == [str(number) for number in range(100)]


async def test_the_picture_arrives_with_its_bytes(place: Place) -> None:
    async with world(place) as w:
        for _ in range(3):
            await w.outbox.accept(
                Report(images=(PICTURE,)), [Outgoing(ME, Message("", (PICTURE,)))]
            )
        await w.drain(ME)
        assert [one.message.image for one in w.far.sent] == [PICTURE] * 3


async def test_a_failure_holds_its_lane_back_in_order_and_no_other(place: Place) -> None:
    async with world(place) as w:
        w.far.outcomes[Lane(ME)] = [NotSent("拒绝连接")]
        first = await w.accept("1", ME, GROUP)
        await w.accept("2", ME)
        due = await w.drain(ME)
        assert due is not None
        assert due > w.clock.now
        await w.drain(GROUP)
        assert w.far.texts(Lane(ME)) == ["1"]
        assert await w.states(first) == [State.WAITING, State.DELIVERED]
        assert await w.drain(ME) == due, "before it is due nothing goes out"
        w.clock.now = due
        await w.drain(ME)
        assert w.far.texts(Lane(ME)) == ["1", "1", "2"]


async def test_back_off_grows_and_honours_retry_after(place: Place) -> None:
    async with world(place) as w:
        w.far.outcomes[Lane(ME)] = [*[NotSent("x")] * 3, NotSent("x", retry_after=5000.0)]
        await w.accept("1", ME)
        waits: list[float] = []
        for _ in range(4):
            due = await w.drain(ME)
            assert due is not None
            waits.append(due - w.clock.now)
            w.clock.now = due
        assert waits[0] < waits[1] < waits[2] < waits[3]
        assert waits[3] >= 5000


async def test_a_rejection_is_final_has_its_reason_and_lets_the_next_go(place: Place) -> None:
    async with world(place) as w:
        w.far.outcomes[Lane(ME)] = [Rejected("已不在群里")]
        first, second = await w.accept("1", ME), await w.accept("2", ME)
        await w.drain(ME)
        state = await w.state(first.id)
        assert state is not None
        assert state.deliveries[0].state is State.REJECTED
        assert state.deliveries[0].reason == "已不在群里"
        assert await w.states(second) == [State.DELIVERED]


async def test_an_unknown_outcome_is_repeated_and_the_repeat_is_visible(place: Place) -> None:
    async with world(place) as w:
        w.far.outcomes[Lane(ME)] = [Unknown("没有回答")]
        receipt = await w.accept("1", ME)
        due = await w.drain(ME)
        assert due is not None
        w.clock.now = due
        await w.drain(ME)
        assert w.far.texts(Lane(ME)) == ["1", "1"]
        state = await w.state(receipt.id)
        assert state is not None
        assert (state.deliveries[0].attempts, state.deliveries[0].repeats) == (2, 1)


async def test_a_refusal_without_a_cause_does_not_block_its_lane_for_ever(place: Place) -> None:
    async with world(place) as w:
        refusals = w.far.outcomes[Lane(ME)] = [NotSent("retcode 1200", answered=True)] * 100
        began = w.clock.now
        first, second = await w.accept("1", ME), await w.accept("2", ME)
        while (due := await w.drain(ME)) is not None:
            w.clock.now = due
            if due >= began + REFUSED_FOR:
                del refusals[1:]
        assert await w.states(first) == [State.REJECTED]
        assert await w.states(second) == [State.DELIVERED]
        assert w.clock.now == pytest.approx(began + REFUSED_FOR)


async def test_a_fault_of_ten_minutes_that_is_answered_as_a_refusal_costs_nothing(
    place: Place,
) -> None:
    """A router that restarts, or a server of QQ's for uploads."""
    async with world(place) as w:
        refusals = w.far.outcomes[Lane(ME)] = [NotSent("rich media", answered=True)] * 100
        began = w.clock.now
        first, second = await w.accept("1", ME), await w.accept("2", ME)
        while (due := await w.drain(ME)) is not None:
            w.clock.now = due
            if due > began + 600.0:
                refusals.clear()
        assert await w.states(first) == await w.states(second) == [State.DELIVERED]


async def test_what_the_history_does_not_show_follows_soon_where_another_shape_may_arrive(
    place: Place,
) -> None:
    async with world(place) as w:
        shows_nothing: dict[Lane, list[tuple[float, str]]] = {}
        for shown, seconds in ((shows_nothing, 15.0), (None, 30.0)):
            w.far.shown = shown
            w.far.outcomes[Lane(ME)] = [Unknown("没有回答", 15.0)]
            await w.accept("1", ME)
            due = await w.drain(ME)
            assert due is not None
            assert due == pytest.approx(w.clock.now + seconds, rel=0, abs=seconds * 0.06)
            w.clock.now = due
            assert await w.drain(ME) is None


async def test_how_long_it_was_refused_is_known_after_a_restart(place: Place) -> None:
    clock, far = Clock(), FarEnd()
    far.outcomes[Lane(ME)] = [NotSent("x", answered=True)] * MAX_REFUSALS
    async with world(place, clock=clock, far=far) as w:
        receipt = await w.accept("1", ME)
        for _ in range(MAX_REFUSALS - 1):
            due = await w.drain(ME)
            assert due is not None
            clock.now = due
    clock.now += REFUSED_FOR
    async with world(place, clock=clock, far=far) as w:
        await w.drain(ME)
        assert await w.states(receipt) == [State.REJECTED]


async def test_who_is_muted_is_tried_again_later_and_not_when_a_bot_comes_back(
    place: Place,
) -> None:
    async with world(place) as w:
        w.far.outcomes[Lane(GROUP)] = [Away("被禁言", 300.0)] * 2
        began = w.clock.now
        receipt = await w.accept("1", GROUP)
        due = await w.drain(GROUP)
        assert due is not None
        assert due >= began + 300.0
        await w.accept("2", GROUP)
        await w.outbox.resume()
        assert await w.drain(GROUP) == due
        state = await w.state(receipt.id)
        assert state is not None
        assert (state.deliveries[0].attempts, state.deliveries[0].reason) == (0, "被禁言")
        assert w.far.texts(Lane(GROUP)) == ["1"]
        while (due := await w.drain(GROUP)) is not None:
            w.clock.now = due
        assert w.clock.now >= began + 600.0
        assert w.far.texts(Lane(GROUP)) == ["1", "1", "1", "2"]


async def test_a_bot_that_is_away_parks_the_lane_and_burns_no_attempt(place: Place) -> None:
    async with world(place) as w:
        w.far.away.add(Lane(ME))
        receipt = await w.accept("1", ME)
        assert await w.drain(ME) is None
        state = await w.state(receipt.id)
        assert state is not None
        assert (state.deliveries[0].attempts, state.deliveries[0].reason) == (0, "机器人没有连接")
        backlog = await w.store.history.backlog()
        assert backlog.waiting == 1
        assert [one.reason for one in backlog.blocked] == ["机器人没有连接"]
        w.far.away.clear()
        await w.drain(ME)
        assert await w.states(receipt) == [State.DELIVERED]
        assert (await w.store.history.backlog()).blocked == ()


async def test_a_bot_that_leaves_between_look_and_send_burns_no_attempt(place: Place) -> None:
    async with world(place) as w:
        w.far.outcomes[Lane(ME)] = [Away("刚刚断开")]
        receipt = await w.accept("1", ME)
        due = await w.drain(ME)
        assert due is not None
        w.clock.now = due
        await w.drain(ME)
        state = await w.state(receipt.id)
        assert state is not None
        assert (state.deliveries[0].state, state.deliveries[0].attempts) == (State.DELIVERED, 1)


async def test_a_bot_that_comes_back_ends_the_back_off(place: Place) -> None:
    async with world(place) as w:
        w.far.outcomes[Lane(ME)] = [NotSent("x")]
        receipt = await w.accept("1", ME)
        assert await w.drain(ME) is not None
        await w.outbox.lanes.resume()
        await w.drain(ME)
        assert await w.states(receipt) == [State.DELIVERED]


async def test_what_is_too_old_is_given_up_with_its_reason(place: Place) -> None:
    async with world(place) as w:
        w.far.away.add(Lane(ME))
        receipt = await w.accept("1", ME)
        await w.drain(ME)
        w.clock.now += LIMITS.expire - 1
        await w.outbox.expire()
        assert await w.states(receipt) == [State.WAITING]
        w.clock.now += 1
        await w.outbox.expire()
        state = await w.state(receipt.id)
        assert state is not None
        assert state.deliveries[0].state is State.EXPIRED
        assert "机器人没有连接" in state.deliveries[0].reason
        w.far.away.clear()
        await w.drain(ME)
        assert w.far.sent == []


async def test_a_lane_that_works_again_gives_up_what_is_too_old_before_sending(
    place: Place,
) -> None:
    async with world(place) as w:
        w.far.outcomes[Lane(ME)] = [NotSent("拒绝连接")]
        old = await w.accept("old", ME)
        await w.drain(ME)
        w.clock.now += LIMITS.expire
        new = await w.accept("new", ME)
        await w.drain(ME)
        assert await w.states(old) == [State.EXPIRED]
        assert await w.states(new) == [State.DELIVERED]
        assert w.far.texts(Lane(ME)) == ["old", "new"]


async def test_a_backlog_survives_a_restart(place: Place) -> None:
    clock, far = Clock(), FarEnd()
    async with world(place, clock=clock, far=far) as w:
        await w.accept("1", ME)
        await w.outbox.accept(Report(images=(PICTURE,)), [Outgoing(ME, Message("2", (PICTURE,)))])
    async with world(place, clock=clock, far=far) as w:
        await w.accept("3", ME)
        await w.drain(ME)
        assert far.texts(Lane(ME)) == ["1", "2", "3"]
        assert far.sent[1].message.image == PICTURE


async def test_order_holds_when_the_clock_goes_back_over_a_restart(place: Place) -> None:
    clock, far = Clock(), FarEnd()
    async with world(place, clock=clock, far=far) as w:
        await w.accept("1", ME)
    clock.now -= 3600
    async with world(place, clock=clock, far=far) as w:
        await w.accept("2", ME)
        await w.drain(ME)
        assert far.texts(Lane(ME)) == ["1", "2"]


async def test_a_second_process_on_the_file_is_told_so_and_can_follow(path: Path) -> None:
    async with world(path):
        with pytest.raises(StoreUnavailable, match="REPORT_DATABASE_URL"):
            async with world(path):
                pass
    async with world(path) as w:
        await w.accept("1", ME)


@pytest.mark.usefixtures("impatient")
async def test_a_locked_store_refuses_and_loses_nothing(path: Path) -> None:
    async with world(path) as w:
        first = await w.accept("1", ME)
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreUnavailable, match="另一个程序占着"):
            await w.accept("2", ME)
        other.execute("ROLLBACK")
        other.close()
        third = await w.accept("3", ME)
        await w.drain(ME)
        assert w.far.texts(Lane(ME)) == ["1", "3"]
        for receipt in (first, third):
            assert await w.states(receipt) == [State.DELIVERED]


async def test_an_operation_that_fails_does_not_fail_its_neighbours(place: Place) -> None:
    async with world(place) as w:
        huge = Report(content="x", key="k" * 10)

        async def broken() -> None:
            # A lone surrogate cannot be stored; the parser lets none through.
            await w.outbox.accept(huge, [Outgoing(ME, Message("\ud800"))])

        results = await asyncio.gather(
            w.accept("1", ME), broken(), w.accept("2", ME), return_exceptions=True
        )
        assert isinstance(results[1], StoreUnavailable)
        await w.drain(ME)
        assert w.far.texts(Lane(ME)) == ["1", "2"]


async def test_retention_forgets_what_is_done_and_keeps_what_waits(place: Place) -> None:
    async with world(place, limits=Limits(expire=1e9, retention=100, image_retention=10)) as w:
        done = await w.outbox.accept(
            Report(images=(PICTURE,)), [Outgoing(ME, Message("1", (PICTURE,)))]
        )
        await w.drain(ME)
        other = Image(jpeg(color="red"), "image/jpeg", 64, 36)
        waits = await w.outbox.accept(
            Report(images=(other,)), [Outgoing(GROUP, Message("2", (other,)))]
        )
        w.clock.now += 70  # nothing is deleted while the clock may still be wrong
        await w.outbox.prune()
        stored = rows(place, "SELECT report_id, bytes FROM image")
        assert [(report, bytes(data)) for report, data in stored] == [(waits.id, other.data)]
        assert await w.state(done.id) is not None
        w.clock.now += 100
        await w.outbox.prune()
        assert await w.state(done.id) is None
        assert await w.states(waits) == [State.WAITING]
        await w.drain(GROUP)
        assert w.far.sent[-1].message.image == other


async def test_a_lane_left_by_a_killed_process_counts_its_head_as_a_repeat(place: Place) -> None:
    async with world(place) as w:
        w.far.outcomes[Lane(ME)] = [NotSent("x")]
        receipt = await w.accept("1", ME)
        await w.drain(ME)  # the lane is claimed now, and its head waits
        await w.store.close()  # pyright: ignore[reportPrivateUsage] - killed: nothing is let go of
        w.clock.now += 3600
        async with world(place, clock=w.clock) as after:
            await after.drain(ME)
            state = await after.state(receipt.id)
            assert state is not None
            assert (state.deliveries[0].state, state.deliveries[0].repeats) == (State.DELIVERED, 1)
        await w.store.open()  # pyright: ignore[reportPrivateUsage] - for the orderly end


async def test_side_by_side_lanes_do_not_wait_for_each_other(place: Place) -> None:
    hold = asyncio.Event()

    class Slow(FarEnd):
        async def send(self, delivery):  # type: ignore[no-untyped-def]  # the signature is FarEnd's
            if delivery.lane.target == ME:
                await hold.wait()
            return await super().send(delivery)

    async with world(place, far=Slow()) as w, asyncio.TaskGroup() as tasks:
        run = tasks.create_task(w.outbox.run())
        slow = await w.accept("1", ME)
        quick = await w.accept("2", GROUP)
        async with asyncio.timeout(10):
            while await w.states(quick) != [State.DELIVERED]:
                await asyncio.sleep(0)
        assert await w.states(slow) == [State.WAITING]
        hold.set()
        async with asyncio.timeout(10):
            while await w.states(slow) != [State.DELIVERED]:
                await asyncio.sleep(0)
        run.cancel()


def test_delivered_notes_are_kept(place: Place) -> None:
    async def check() -> None:
        async with world(place) as w:
            w.far.outcomes[Lane(ME)] = [Delivered("截图没发出去")]
            receipt = await w.accept("1", ME)
            await w.drain(ME)
            state = await w.state(receipt.id)
            assert state is not None
            assert state.deliveries[0].reason == "截图没发出去"

    asyncio.run(check())
