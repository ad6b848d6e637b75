"""Which reports a quoted message had."""

from nonebot_plugin_report.model.delivery import Delivered, Handling, Outgoing, Priority
from nonebot_plugin_report.model.message import Message
from nonebot_plugin_report.model.report import Report
from nonebot_plugin_report.model.scheduling import Policy
from nonebot_plugin_report.model.target import Lane, Target
from nonebot_plugin_report.store.outcomes import MAX_MESSAGE_ID
from nonebot_plugin_report.store.quotes import QUOTABLE

from .fakes import World, world
from .places import Place

GROUP, OTHER = Target("group", "777"), Target("group", "778")


async def send(w: World, message_id: str, target: Target = GROUP) -> str:
    """Send a report in a message that gets this id."""
    w.far.outcomes[Lane(target)].append(Delivered("", message_id))
    receipt = await w.accept("x", target)
    await w.drain(target)
    w.clock.now += 1
    return receipt.id


async def quoted(w: World, message_id: str, *, may_guess: bool = False) -> list[str]:
    return await w.store.history.quoted(GROUP, message_id, may_guess=may_guess)


async def test_a_message_is_found_by_its_id_in_its_chat(place: Place) -> None:
    async with world(place) as w:
        first, second, other = [
            await send(w, "1"),
            await send(w, "2"),
            await send(w, "3", OTHER),
        ]
        assert await quoted(w, "1", may_guess=True) == [first]
        assert await quoted(w, "2") == [second]
        assert await quoted(w, "3", may_guess=True) == []
        assert await w.store.history.quoted(OTHER, "3", may_guess=False) == [other]
        again = await send(w, "1")
        assert await quoted(w, "1") == [again], "an implementation began to count anew"


async def test_the_last_message_is_meant_only_where_it_has_no_id(place: Place) -> None:
    async with world(place) as w:
        assert await quoted(w, "9", may_guess=True) == []
        last = await send(w, "")
        assert await quoted(w, "9", may_guess=True) == [last]
        assert await quoted(w, "9") == await quoted(w, "") == []
        await send(w, "1")
        assert await quoted(w, "9", may_guess=True) == []


async def test_a_merged_message_has_all_its_reports_and_a_reminder_has_its_own(
    place: Place,
) -> None:
    async with world(place, policy=Policy(merge=1.0)) as w:
        w.far.outcomes[Lane(GROUP)].append(Delivered("", "5"))
        receipts = [await w.accept(text, GROUP) for text in "ab"]
        w.clock.now += 2
        await w.drain(GROUP)
        assert len(w.far.sent) == 1
        assert sorted(await quoted(w, "5")) == sorted(one.id for one in receipts)

        asks = Handling(Priority.URGENT, remind=600.0)
        w.far.outcomes[Lane(GROUP)] += [Delivered("", "6"), Delivered("", "7")]
        receipt = await w.outbox.accept(Report(), [Outgoing(GROUP, Message("!"), asks)])
        await w.drain(GROUP)
        w.clock.now += 601
        await w.outbox.remind()
        await w.drain(GROUP)
        assert await quoted(w, "6") == await quoted(w, "7") == [receipt.id]


async def test_a_long_id_is_cut_and_an_old_message_is_not_looked_for(place: Place) -> None:
    async with world(place) as w:
        report_id = await send(w, "9" * (MAX_MESSAGE_ID + 1))
        assert await quoted(w, "9" * MAX_MESSAGE_ID) == [report_id]
        for _ in range(QUOTABLE):
            await w.accept("y", GROUP)
        await w.drain(GROUP)
        assert await quoted(w, "9" * MAX_MESSAGE_ID) == []
