"""What is looked up of what was stored: lists, failures, ids, and who used a token."""

from nonebot_plugin_report.model.delivery import Outgoing, Rejected
from nonebot_plugin_report.model.message import Message
from nonebot_plugin_report.model.report import Report
from nonebot_plugin_report.model.status import Listed, Receipt
from nonebot_plugin_report.model.target import Lane, Target
from nonebot_plugin_report.outbox import UNREAD_SECONDS
from nonebot_plugin_report.store.history import LISTED_SIZE

from .fakes import Clock, World, world
from .places import Place

ME = Target("private", "10001")
FRIEND = Target("private", "10002")
GROUP = Target("group", "777")


async def send(w: World, text: str, *targets: Target, source: str = "", data: str = "") -> Receipt:
    """A report that is delivered, or refused where the world says so."""
    report = Report(content=text, data=data or "null")
    outgoing = [Outgoing(one, Message(f"给 {one}：{text}")) for one in targets]
    receipt = await w.outbox.accept(report, outgoing, source=source)
    for one in targets:
        await w.drain(one)
    return receipt


def bodies(listed: list[Listed]) -> list[str]:
    return [one.report.body if one.report else one.text for one in listed]


async def test_a_list_has_what_was_said_and_of_what_is_large_how_it_began(place: Place) -> None:
    async with world(place) as w:
        await send(w, "小", ME, FRIEND)
        await send(w, "大", ME, data=f'"{"x" * LISTED_SIZE}"')
        assert bodies(await w.store.history.recent(5, None)) == [f"给 {ME}：大", "小"]
        assert bodies(await w.store.history.recent(5, FRIEND)) == [f"给 {FRIEND}：小"]


async def test_the_last_failures_are_found_by_whom_they_did_not_reach(place: Place) -> None:
    async with world(place) as w:
        history, begin = w.store.history, w.clock.now
        w.far.outcomes[Lane(ME)] = [Rejected("不收")] * 3
        w.far.outcomes[Lane(GROUP)] = [Rejected("不收")] * 3
        for number in range(3):
            await send(w, str(number), *((ME, GROUP) if number < 2 else (GROUP, FRIEND)))
            w.clock.now += 1
        assert bodies(await history.failed(begin, 9, None)) == ["2", "1", "0"]
        assert bodies(await history.failed(begin, 2, None)) == ["2", "1"]
        assert bodies(await history.failed(begin + 1, 9, None)) == ["2", "1"]
        assert bodies(await history.failed(begin, 9, ME)) == [f"给 {ME}：1", f"给 {ME}：0"]
        assert await history.failed(begin, 9, FRIEND) == []


async def test_ids_are_found_by_how_they_begin_among_those_one_may_see(place: Place) -> None:
    async with world(place) as w:
        mine, both = await send(w, "1", ME), await send(w, "2", ME, FRIEND)
        history = w.store.history
        assert await history.beginning(mine.id[:-1], None) == [mine.id]
        assert await history.beginning(mine.id[:2], None) == [mine.id, both.id]
        assert await history.beginning(mine.id[:2], FRIEND) == [both.id]
        assert await history.beginning(mine.id, FRIEND) == []
        for odd in ("~", "%", "", "\U0010ffff"):
            assert len(await history.beginning(odd, ME)) <= 2


async def test_whom_was_sent_to_and_when_a_token_was_used_is_known(place: Place) -> None:
    async with world(place) as w:
        await send(w, "1", ME, GROUP, source="bind:10001")
        w.clock.now += 60
        await send(w, "2", ME, source="bind:10001")
        used = await w.store.history.last_bound(["bind:10001", "bind:10002"])
        assert used == {"bind:10001": w.clock.now}
        assert await w.store.history.reached((GROUP, FRIEND, Target("private", "777"))) == {GROUP}


async def test_what_a_source_could_not_read_is_kept_for_a_day(place: Place) -> None:
    clock = Clock()
    async with world(place, clock=clock) as w:
        await w.store.unread.keep("unifi", b"first", clock())
        await w.store.unread.keep("unifi", b"second", clock())
        assert await w.store.unread.last("unifi", clock() - 1) == b"second"
        assert await w.store.unread.last("grafana", 0) is None
        clock.now += UNREAD_SECONDS + 1
        assert await w.store.unread.last("unifi", clock() - UNREAD_SECONDS) is None
        await w.outbox.prune()
        assert await w.store.unread.last("unifi", 0) is None
