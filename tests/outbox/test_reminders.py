"""What is urgent is sent again until somebody says that they know, and at last to others."""

import pytest

from nonebot_plugin_report.model.delivery import (
    MAX_REMINDERS,
    Handling,
    Outgoing,
    Priority,
    Rejected,
    State,
)
from nonebot_plugin_report.model.message import Message
from nonebot_plugin_report.model.report import Report, Result
from nonebot_plugin_report.model.target import Lane, Target

from .fakes import World, world
from .places import Place, change

GROUP, PHONE = Target("group", "777"), Target("channel", "phone")
EVERY = 600.0
ASKS = Handling(Priority.URGENT, remind=EVERY, escalate=(PHONE,), mention=("10001",))
ALERT = Report(title="坏了", event="alert.firing", story="a", result=Result.FAIL)


async def drain(w: World) -> None:
    for target in (GROUP, PHONE):
        await w.drain(target)


async def push(
    w: World, report: Report = ALERT, handling: Handling = ASKS, source: str = "master"
) -> str:
    outgoing = [Outgoing(GROUP, Message(report.title or report.event), handling)]
    receipt = await w.outbox.accept(report, outgoing, source=source)
    await drain(w)
    return receipt.id


async def pass_time(w: World, steps: int) -> list[str]:
    """What is sent in the next steps of ten minutes, each with its target."""
    before = len(w.far.sent)
    for _ in range(steps):
        w.clock.now += EVERY + 1
        await w.outbox.remind()
        await w.outbox.remind()
        await drain(w)
    return [f"{one.lane.target} {one.message.text}" for one in w.far.sent[before:]]


async def test_it_is_sent_three_times_more_then_to_others_and_then_never(place: Place) -> None:
    async with world(place) as w:
        await push(w)
        sent = await pass_time(w, MAX_REMINDERS + 4)
        assert [one.split()[0] for one in sent] == ["group:777"] * MAX_REMINDERS + ["channel:phone"]
        assert all("坏了" in one for one in sent)
        assert "第 3 次提醒" in sent[2]
        assert "转到这里" in sent[3]
        assert {one.handling.priority for one in w.far.sent} == {Priority.URGENT}
        assert w.far.sent[1].handling.mention == ("10001",)


async def test_it_goes_on_where_it_was_after_a_restart(place: Place) -> None:
    async with world(place) as w:
        await push(w)
        assert len(await pass_time(w, 2)) == 2
        now = w.clock.now
    async with world(place) as w:
        w.clock.now = now
        sent = await pass_time(w, 4)
    assert [one.split()[0] for one in sent] == ["group:777", "channel:phone"]


async def test_without_others_it_ends_with_the_last_reminder(place: Place) -> None:
    async with world(place) as w:
        await push(w, handling=Handling(Priority.URGENT, remind=EVERY))
        assert len(await pass_time(w, 6)) == MAX_REMINDERS


async def test_who_says_that_they_know_ends_it(place: Place) -> None:
    async with world(place) as w:
        report_id = await push(w)
        assert len(await pass_time(w, 1)) == 1
        assert [one.reminded for one in await w.store.reminders.of_report(report_id)] == [1]
        assert not await w.outbox.acknowledge(report_id, PHONE)
        assert await w.outbox.acknowledge(report_id, GROUP)
        assert not await w.outbox.acknowledge(report_id, None)
        assert await w.store.reminders.of_report(report_id) == []
        assert await pass_time(w, 5) == []


@pytest.mark.parametrize(
    ("first", "last", "ends"),
    [
        (ALERT, Report(event="alert.resolved", story="a"), True),
        (ALERT, Report(event="check", story="a", result=Result.SUCCESS), True),
        (ALERT, Report(event="alert.resolved", story="b"), False),
        (ALERT, Report(event="check", story="a", result=Result.FAIL), False),
        (Report(event="task.error"), Report(event="task.end"), True),
        (Report(event="task.start"), Report(event="task.end"), True),
        (Report(event="tasks.error"), Report(event="task.end"), False),
        (Report(event="task.error"), Report(event="task.progress"), False),
    ],
)
async def test_it_ends_with_the_end_of_the_same_story(
    place: Place, first: Report, last: Report, ends: bool
) -> None:
    async with world(place) as w:
        await push(w, first)
        await push(w, last, Handling(), source="another token")
        assert len(await pass_time(w, 1)) == 1
        await push(w, last, Handling())
        assert (await pass_time(w, 1) == []) is ends


async def test_an_end_that_asks_itself_to_be_known_of_is_reminded_of(place: Place) -> None:
    async with world(place) as w:
        await push(w, Report(event="task.error"))
        await push(w, Report(event="task.end", result=Result.FAIL))
        assert [one.split()[1] for one in await pass_time(w, 1)] == ["task.end"]


async def test_a_withdrawn_or_deleted_report_is_not_reminded_of(place: Place) -> None:
    async with world(place) as w:
        await w.outbox.withdraw(await push(w))
        deleted = await push(w)
        assert await w.store.housekeeping.delete_report(deleted, w.clock())
        assert await pass_time(w, 5) == []


async def test_what_is_not_urgent_asks_nobody(place: Place) -> None:
    async with world(place) as w:
        await push(w, handling=Handling(Priority.NORMAL, remind=EVERY))
        assert await pass_time(w, 2) == []


async def test_nothing_is_counted_while_it_waits_and_a_failure_goes_on_to_others(
    place: Place,
) -> None:
    async with world(place) as w:
        w.far.away.add(Lane(GROUP))
        await push(w)
        assert await pass_time(w, 5) == []
        w.far.away.clear()
        w.far.outcomes[Lane(GROUP)] += [Rejected("no")] * (1 + MAX_REMINDERS)
        await w.outbox.resume()
        await drain(w)
        sent = await pass_time(w, 5)
        assert [one.split()[0] for one in sent] == ["group:777"] * MAX_REMINDERS + ["channel:phone"]
        assert State.REJECTED.failed


async def test_rubbish_in_a_row_ends_it(place: Place) -> None:
    async with world(place) as w:
        await push(w)
        change(place, "UPDATE delivery SET reminded = -1000000")
        assert await pass_time(w, 2) == []
