"""What QQ refuses without a reason steps aside, and goes on being tried by itself."""

import asyncio
from dataclasses import dataclass, field

import pytest

from nonebot_plugin_report.model.delivery import (
    Delivery,
    Handling,
    NotSent,
    Outcome,
    Outgoing,
    Priority,
    State,
    Unknown,
)
from nonebot_plugin_report.model.message import Message
from nonebot_plugin_report.model.report import Report
from nonebot_plugin_report.model.scheduling import MOST, Policy
from nonebot_plugin_report.model.status import DeliveryState, Receipt, progress
from nonebot_plugin_report.model.target import Lane, Target
from nonebot_plugin_report.outbox.lane import BATCH, LEASE
from nonebot_plugin_report.outbox.retry import ASIDE_AFTER, REFUSED_FOR

from .fakes import Clock, FarEnd, World, world
from .places import Place

ME = Target("private", "10001")
MAIL = Target("channel", "mail")
REFUSED = NotSent("SEND_MSG_API_ERROR", answered=True)


@dataclass
class RiskControl(FarEnd):
    """QQ that refuses messages with certain words, and says no reason: NapNeko/NapCatQQ#901 and
    Mrs4s/go-cqhttp#211, #515."""

    words: set[str] = field(default_factory=set)
    hangs: bool = False
    hanging: asyncio.Event = field(default_factory=asyncio.Event)

    async def send(self, delivery: Delivery) -> Outcome:
        if self.hangs:
            self.hanging.set()
            await asyncio.Event().wait()
        outcome = await super().send(delivery)
        return REFUSED if any(one in delivery.message.text for one in self.words) else outcome


async def run_until(w: World, to: Target, end: float) -> float | None:
    """Let the time pass until a moment, with all that the lane does until then."""
    while (due := await w.drain(to)) is not None and due <= end:
        w.clock.now = due
    w.clock.now = end
    return due


async def look(w: World, receipt: Receipt) -> DeliveryState:
    state = await w.state(receipt.id)
    assert state is not None
    return state.deliveries[0]


async def test_what_is_refused_without_a_reason_holds_the_others_for_a_minute(place: Place) -> None:
    far = RiskControl(words={"风控"})
    async with world(place, far=far) as w:
        began = w.clock.now
        refused, others = await w.accept("风控", ME), [await w.accept(str(n), ME) for n in range(3)]
        await run_until(w, ME, began + ASIDE_AFTER - 1)
        assert [await w.states(one) for one in others] == [[State.WAITING]] * 3
        await run_until(w, ME, began + ASIDE_AFTER)
        assert [await w.states(one) for one in others] == [[State.DELIVERED]] * 3
        waiting = await look(w, refused)
        assert waiting.stepped_aside
        assert "让后面的先发" in progress(waiting, w.clock.now)
        assert [one.due_at for one in (await w.store.history.backlog()).retrying] == [
            waiting.due_at
        ]
        tried = len(far.texts(Lane(ME)))
        late = await w.accept("后来", ME)
        assert await w.drain(ME) == waiting.due_at
        assert await w.states(late) == [State.DELIVERED]
        assert len(far.texts(Lane(ME))) == tried + 1, "it is not tried before its time"

        await run_until(w, ME, began + REFUSED_FOR)
        ended = await look(w, refused)
        assert ended.state is State.REJECTED
        assert "SEND_MSG_API_ERROR" in ended.reason


async def test_what_stepped_aside_goes_when_it_is_taken(place: Place) -> None:
    far = RiskControl(words={"风控"})
    async with world(place, far=far) as w:
        began = w.clock.now
        refused, other = await w.accept("风控", ME), await w.accept("2", ME)
        due = await run_until(w, ME, began + ASIDE_AFTER)
        assert due is not None
        far.words.clear()
        assert await run_until(w, ME, due) is None
        assert await w.states(refused) == await w.states(other) == [State.DELIVERED]
        assert far.texts(Lane(ME))[-2:] == ["2", "风控"]


async def test_it_stays_aside_over_a_restart(place: Place) -> None:
    clock, far = Clock(), RiskControl(words={"风控"})
    async with world(place, clock=clock, far=far) as w:
        refused = await w.accept("风控", ME)
        due = await run_until(w, ME, clock.now + ASIDE_AFTER)
        assert due is not None
    async with world(place, clock=clock, far=far) as w:
        other = await w.accept("2", ME)
        assert await w.drain(ME) == due
        assert await w.states(other) == [State.DELIVERED]
        far.words.clear()
        assert await run_until(w, ME, due) is None
        state = await look(w, refused)
        assert state.state is State.DELIVERED


async def test_what_was_going_out_as_the_process_was_killed_is_the_repeat(place: Place) -> None:
    clock, far = Clock(), RiskControl(words={"风控"})
    async with world(place, clock=clock, far=far) as w:
        await w.accept("风控", ME)
        await run_until(w, ME, clock.now + ASIDE_AFTER)
        other = await w.accept("2", ME)
        far.hangs = True
        async with asyncio.TaskGroup() as tasks:
            sending = tasks.create_task(w.drain(ME))
            await far.hanging.wait()
            await w.store.close()  # killed: nothing is let go of
            sending.cancel()
    far.hangs = False
    clock.now += LEASE
    async with world(place, clock=clock, far=far) as w:
        await w.drain(ME)
        assert (await look(w, other)).repeats == 1


async def test_a_channels_order_holds_whatever_it_refuses(place: Place) -> None:
    far = RiskControl(words={"风控"})
    async with world(place, far=far) as w:
        began = w.clock.now
        await w.accept("风控", MAIL)
        other = await w.accept("2", MAIL)
        await run_until(w, MAIL, began + REFUSED_FOR - 1)
        assert await w.states(other) == [State.WAITING]


async def test_an_urgent_one_that_stepped_aside_is_not_held_by_a_mute(place: Place) -> None:
    far = RiskControl(words={"风控"})
    async with world(place, far=far) as w:
        outgoing = [Outgoing(ME, Message("风控"), Handling(Priority.URGENT))]
        urgent = await w.outbox.accept(Report(content="风控"), outgoing)
        due = await run_until(w, ME, w.clock.now + ASIDE_AFTER)
        assert due is not None
        w.policy = Policy(muted_until=w.clock.now + 86400)
        muted = await w.accept("2", ME)
        assert await run_until(w, ME, w.clock.now) == due
        far.words.clear()
        await run_until(w, ME, due)
        assert await w.states(urgent) == [State.DELIVERED]
        assert await w.states(muted) == [State.WAITING]


async def test_what_was_refused_as_one_message_stays_one(place: Place) -> None:
    far = RiskControl(words={"风控"})
    async with world(place, far=far, policy=Policy(merge=1.0)) as w:
        began = w.clock.now
        receipts = [await w.accept(one, ME) for one in ("1", "风控", "3")]
        w.clock.now += 1
        await run_until(w, ME, began + ASIDE_AFTER + 5)
        assert all([(await look(w, one)).stepped_aside for one in receipts])
        other = await w.accept("4", ME)
        await run_until(w, ME, w.clock.now + 2)
        assert await w.states(other) == [State.DELIVERED]
        before = len(far.sent)
        far.words.clear()
        assert await run_until(w, ME, began + REFUSED_FOR) is None
        assert [await w.states(one) for one in receipts] == [[State.DELIVERED]] * 3
        assert len(far.sent) == before + 1


@pytest.mark.parametrize("count", [BATCH, BATCH + 3])
async def test_however_many_stepped_aside_those_behind_go(place: Place, count: int) -> None:
    """More than are read at a time."""
    assert count <= MOST
    far = RiskControl(words={"风控"})
    async with world(place, far=far) as w:
        policy = Policy(merge=1.0)
        w.policy = policy
        for _ in range(count):
            await w.accept("风控", ME)
        w.clock.now += 1
        await run_until(w, ME, w.clock.now + ASIDE_AFTER + 5)
        w.policy = Policy()
        other = await w.accept("2", ME)
        await w.drain(ME)
        assert await w.states(other) == [State.DELIVERED]


async def test_what_may_have_arrived_is_looked_for_also_when_it_stepped_aside(
    place: Place,
) -> None:
    far = RiskControl(words={"风控"})
    async with world(place, far=far) as w:
        receipt = await w.accept("风控", ME)
        due = await run_until(w, ME, w.clock.now + ASIDE_AFTER)
        assert due is not None
        far.words.clear()
        far.outcomes[Lane(ME)] = [Unknown("没有回答")]
        later = await run_until(w, ME, due)
        assert later is not None
        far.shown = {Lane(ME): [(w.clock.now, "风控")]}
        assert await run_until(w, ME, later) is None
        state = await look(w, receipt)
        assert state.state is State.DELIVERED
        assert "聊天记录" in state.reason
