"""What a client takes back is not sent, unless it is on its way: a real file, a clock of ours."""

from nonebot_plugin_report.model.delivery import Handling, Outgoing, State
from nonebot_plugin_report.model.message import Message
from nonebot_plugin_report.model.report import Report
from nonebot_plugin_report.model.target import Lane, Target

from .fakes import world
from .places import Place

ME = Target("private", "10001")
GROUP = Target("group", "777")
MAIL = Target("channel", "mail")


async def test_what_waits_is_not_sent_and_goes_to_no_fallback(place: Place) -> None:
    async with world(place) as w:
        handling = Handling(fallback=(MAIL,), fallback_after=60.0)
        message = Message("x")
        outgoing = [Outgoing(ME, message, handling), Outgoing(GROUP, message, handling)]
        receipt = await w.outbox.accept(Report(content="x"), outgoing)
        other = await w.accept("kept", ME)
        await w.drain(GROUP)
        assert await w.outbox.withdraw(receipt.id)
        await w.drain(ME)
        assert w.far.texts(Lane(ME)) == ["kept"], "at once, and although the bot has just started"
        assert await w.states(receipt) == [State.EXPIRED, State.DELIVERED]
        assert await w.states(other) == [State.DELIVERED]
        state = await w.state(receipt.id)
        assert state is not None
        assert state.deliveries[0].reason == "已撤回"
        w.clock.now += 100
        await w.outbox.fall_back()
        assert await w.states(receipt) == [State.EXPIRED, State.DELIVERED], "none to the mail"
        assert not await w.outbox.withdraw(receipt.id), "nothing of it waits any more"


async def test_what_waits_for_a_bot_that_is_away_is_withdrawn_too(place: Place) -> None:
    async with world(place) as w:
        w.far.away.add(Lane(ME))
        receipt = await w.accept("x", ME)
        await w.drain(ME)
        assert await w.outbox.withdraw(receipt.id)
        w.clock.now += 100
        await w.outbox.expire()
        state = await w.state(receipt.id)
        assert state is not None
        (delivery,) = state.deliveries
        assert (delivery.state, delivery.reason) == (State.EXPIRED, "已撤回")
