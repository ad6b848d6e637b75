"""What may have arrived: looked for first, repeated three times at most, and then told as such."""

import shutil
from pathlib import Path

import pytest

from nonebot_plugin_report.model.delivery import (
    Delivered,
    Handling,
    NotSent,
    Outgoing,
    Priority,
    State,
    Unknown,
)
from nonebot_plugin_report.model.message import Message
from nonebot_plugin_report.model.report import Report
from nonebot_plugin_report.model.scheduling import Policy
from nonebot_plugin_report.model.status import DeliveryState, Receipt, progress
from nonebot_plugin_report.model.target import Lane, Target
from nonebot_plugin_report.outbox.lane import LEASE
from nonebot_plugin_report.outbox.retry import REPEAT_DELAYS

from .fakes import World, world
from .places import Place, change

ME, MAIL = Target("private", "10001"), Target("channel", "mail")
LANE = Lane(ME)


async def state(w: World, receipt: Receipt) -> DeliveryState:
    found = await w.state(receipt.id)
    assert found is not None
    return found.deliveries[0]


async def drain(w: World, *outcomes: object) -> float | None:
    """Drain the lane once; time passes until it is to be looked at again."""
    w.far.outcomes[LANE] = list(outcomes)  # pyright: ignore[reportArgumentType] - outcomes
    due = await w.drain(ME)
    if due is not None:
        w.clock.now = due
    return due


def arrive(w: World, *texts: str) -> None:
    """These are shown by the history from now on."""
    w.far.shown = w.far.shown or {}
    w.far.shown.setdefault(LANE, []).extend((w.clock.now, text) for text in texts)


async def test_what_nobody_confirms_is_repeated_three_times_and_the_lane_goes_on(
    place: Place,
) -> None:
    async with world(place) as w:
        began = w.clock.now
        first, second = await w.accept("1", ME), await w.accept("2", ME)
        for delay in REPEAT_DELAYS:
            before = w.clock.now
            await drain(w, Unknown("没有回答"))
            assert delay <= w.clock.now - before <= delay * 1.1
            assert (await state(w, first)).state is State.WAITING
        assert await drain(w, Unknown("没有回答")) is None
        assert w.clock.now - began <= sum(REPEAT_DELAYS) * 1.1
        assert w.far.texts(LANE) == ["1", "1", "1", "1", "2"]
        told = await state(w, first)
        assert (told.state, told.attempts, told.repeats) == (State.UNCONFIRMED, 4, 3)
        assert "没有回答" in told.reason
        assert (await state(w, second)).state is State.DELIVERED
        failed = await w.store.history.failed(began, 10, None)
        assert [one.state.id for one in failed] == [first.id]


async def test_what_waits_says_what_comes_next_and_when(place: Place) -> None:
    async with world(place) as w:
        first, second = await w.accept("1", ME), await w.accept("2", ME)
        await drain(w, NotSent("飞书：发送太快"))
        due, w.clock.now = w.clock.now, w.clock.now - 1
        (next_,) = (await w.store.history.backlog()).retrying
        assert next_ == await state(w, first)
        assert (next_.due_at, next_.attempts, next_.reason) == (due, 1, "飞书：发送太快")
        assert progress(next_, w.clock.now).endswith("后重试，第 2 次：飞书：发送太快")
        assert "等前面的一条" in progress(await state(w, second), w.clock.now)
        w.clock.now = due
        await drain(w)
        assert (await w.store.history.backlog()).retrying == ()


async def test_a_refusal_in_between_is_no_repeat(place: Place) -> None:
    async with world(place) as w:
        receipt = await w.accept("1", ME)
        for _ in REPEAT_DELAYS:
            await drain(w, Unknown("x"))
            await drain(w, NotSent("太快"))
        assert (await state(w, receipt)).state is State.WAITING
        await drain(w, Unknown("x"))
        assert (await state(w, receipt)).state is State.UNCONFIRMED


async def test_what_is_found_at_once_is_delivered_with_a_note(place: Place) -> None:
    async with world(place) as w:
        receipt = await w.accept("1", ME)
        arrive(w, "1")
        assert await drain(w, Unknown("没有回答")) is None
        told = await state(w, receipt)
        assert (told.state, told.attempts, told.repeats) == (State.DELIVERED, 1, 0)
        assert "没有收到确认" in told.reason


async def test_what_is_found_before_it_is_repeated_is_not_sent_again(place: Place) -> None:
    async with world(place) as w:
        receipt = await w.accept("1", ME)
        await drain(w, Unknown("没有回答"))
        arrive(w, "1")
        assert await drain(w) is None
        assert w.far.texts(LANE) == ["1"]
        told = await state(w, receipt)
        assert (told.state, told.attempts, told.repeats) == (State.DELIVERED, 1, 0)


async def test_where_nothing_is_found_it_is_repeated(place: Place) -> None:
    async with world(place) as w:
        receipt = await w.accept("1", ME)
        arrive(w, "别的")
        await drain(w, Unknown("没有回答"))
        await drain(w)
        told = await state(w, receipt)
        assert (told.state, told.attempts, told.repeats) == (State.DELIVERED, 2, 1)


async def test_an_equal_message_before_it_is_not_taken_for_it(place: Place) -> None:
    async with world(place) as w:
        await w.accept("完成", ME)
        arrive(w, "完成")
        await drain(w)
        w.clock.now += 3
        second = await w.accept("完成", ME)
        await drain(w, Unknown("没有回答"))
        assert (await state(w, second)).state is State.WAITING
        arrive(w, "完成")
        await drain(w)
        assert (await state(w, second)).state is State.DELIVERED
        assert w.far.texts(LANE) == ["完成", "完成"]


@pytest.mark.parametrize("policy", [Policy(merge=30.0), Policy(rate=(1, 5.0))])
async def test_what_was_sent_together_is_looked_for_together(place: Place, policy: Policy) -> None:
    async with world(place, policy=policy) as w:
        if policy.rate:
            await w.accept("0", ME)
            await drain(w)
        receipts = [await w.accept(text, ME) for text in ("1", "2", "3")]
        await drain(w)  # they wait to be put together
        await drain(w, Unknown("没有回答"))
        together = w.far.sent[-1].message.text
        assert "1" in together
        assert "3" in together
        arrive(w, together)
        later = await w.accept("4", ME)
        while (await state(w, later)).state is State.WAITING:
            await drain(w)
        assert [(await state(w, one)).state for one in receipts] == [State.DELIVERED] * 3
        assert len(w.far.sent) == (3 if policy.rate else 2)
        assert w.far.sent[-1].message.text == "4"


async def kill(w: World) -> None:
    """End without letting go of anything, and let its leases lapse."""
    await w.store.close()
    w.clock.now += LEASE


async def test_what_was_being_sent_as_the_process_died_is_looked_for(place: Place) -> None:
    async with world(place) as w:

        async def die(_: object) -> Delivered:
            raise SystemExit

        usual, w.far.send = w.far.send, die  # type: ignore[method-assign]  # the far end of this test
        normal = await w.accept("1", ME)
        urgent = await w.outbox.accept(
            Report(content="急"), [Outgoing(ME, Message("急"), Handling(Priority.URGENT))]
        )
        with pytest.raises(SystemExit):
            await w.drain(ME)
        w.far.send = usual  # type: ignore[method-assign]  # the same
        arrive(w, "急")
        await kill(w)
        async with world(place, clock=w.clock, far=w.far) as after:
            await after.drain(ME)
            assert after.far.texts(LANE) == ["1"]
            told = await state(after, urgent)
            assert (told.state, told.attempts, told.repeats) == (State.DELIVERED, 1, 0)
            # Nobody knows whether it was the next already.
            told = await state(after, normal)
            assert (told.state, told.attempts, told.repeats) == (State.DELIVERED, 1, 1)
        await w.store.open()  # for the orderly end


async def test_what_was_answered_before_the_process_died_is_not_sent_again(tmp_path: Path) -> None:
    async with world(tmp_path / "report.db") as w:
        receipts = [await w.accept(text, ME) for text in "12345"]
        await w.outbox.lanes.drain(LANE)
        shutil.copytree(tmp_path, left := tmp_path / "left")  # what a process leaves that is killed
    async with world(left / "report.db", clock=w.clock, far=w.far) as after:
        await after.drain(ME)
        assert after.far.texts(LANE) == list("12345")
        states = [await state(after, receipt) for receipt in receipts]
        assert {(each.state, each.attempts) for each in states} == {(State.DELIVERED, 1)}


async def test_what_waited_as_the_process_died_is_no_repeat(place: Place) -> None:
    async with world(place) as w:
        receipt = await w.accept("1", ME)
        await drain(w, Unknown("x"))
        w.clock.now -= 20.0
        w.far.outcomes[LANE] = [NotSent("太快", retry_after=300.0)]
        w.clock.now += 20.0
        await w.drain(ME)
        await kill(w)
        w.clock.now += 300.0
        async with world(place, clock=w.clock, far=w.far) as after:
            await after.drain(ME)
            assert (await state(after, receipt)).repeats == 1
        await w.store.open()  # for the orderly end


async def test_a_process_that_dies_again_and_again_repeats_no_more_than_three_times(
    place: Place,
) -> None:
    async with world(place) as w:
        receipt = await w.accept("1", ME)
        change(place, "UPDATE delivery SET repeats = 4")
        assert await drain(w) is None
        told = await state(w, receipt)
        assert w.far.sent == []
        assert (told.state, told.repeats) == (State.UNCONFIRMED, 3)


@pytest.mark.parametrize(("asked", "fallen"), [(False, 0), (True, 1)])
@pytest.mark.parametrize("after", [None, 7 * 3600.0])
async def test_another_gets_what_is_unconfirmed_where_that_is_asked_for(
    place: Place, after: float | None, *, asked: bool, fallen: int
) -> None:
    async with world(place) as w:
        handling = Handling(fallback=(MAIL,), fallback_after=after, fallback_unconfirmed=asked)
        one = Outgoing(ME, Message("1"), handling)
        receipt = await w.outbox.accept(Report(content="1"), [one])
        for _ in range(4):
            await drain(w, Unknown("x"))
        assert (await state(w, receipt)).state is State.UNCONFIRMED
        w.clock.now += 8 * 3600.0
        await w.outbox.fall_back()
        await w.outbox.lanes.drain(Lane(MAIL))
        assert len(w.far.texts(Lane(MAIL))) == fallen
