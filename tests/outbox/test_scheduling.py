"""What waits for a better moment or goes elsewhere: a real file, a clock of the test's own."""

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from nonebot_plugin_report.model.delivery import (
    Delivery,
    Handling,
    NotSent,
    Outgoing,
    Priority,
    Rejected,
    State,
)
from nonebot_plugin_report.model.image import Image
from nonebot_plugin_report.model.message import Message
from nonebot_plugin_report.model.report import Report, Result
from nonebot_plugin_report.model.scheduling import MOST, Policy
from nonebot_plugin_report.model.status import Receipt
from nonebot_plugin_report.model.target import Lane, Target
from nonebot_plugin_report.model.timing import DailyWindow
from tests.dialects import jpeg

from .fakes import LIMITS, Clock, FarEnd, World, world
from .places import Place

ME = Target("private", "10001")
GROUP = Target("group", "777")
MAIL = Target("channel", "mail")
"""As older versions of the plugin wrote them: one delivered, one with a picture to two targets."""
NEW_YORK = ZoneInfo("America/New_York")
QUIET = Policy(quiet=DailyWindow.parse("23:00-08:00 America/New_York"))
CLOCKS_GO_BACK = datetime(2026, 11, 1, tzinfo=NEW_YORK).timestamp()
"""Midnight of the night that has an hour more."""
EIGHT = datetime(2026, 11, 1, 8, tzinfo=NEW_YORK).timestamp()


def picture(number: int) -> Image:
    return Image(jpeg() + bytes([number]), "image/jpeg", 64, 36)


async def accept(w: World, text: str, image: Image | None = None, **how: object) -> Receipt:
    """A report as the hub hands it on; `how` is of `Outgoing` and of `Report`."""
    report_fields = {name: how.pop(name) for name in ("event", "result") if name in how}
    report = Report(content=text, **report_fields)  # pyright: ignore[reportArgumentType] - as given
    images = () if image is None else (image,)
    outgoing = Outgoing(ME, Message(text, images, report), Handling(**how))  # pyright: ignore[reportArgumentType] - as given
    return await w.outbox.accept(replace(report, images=images), [outgoing])


async def reason(w: World, receipt: Receipt) -> str:
    state = await w.state(receipt.id)
    assert state is not None
    return state.deliveries[0].reason


async def test_the_night_comes_as_one_digest_in_the_morning_also_over_a_restart(
    place: Place,
) -> None:
    clock, far = Clock(CLOCKS_GO_BACK), FarEnd()
    async with world(place, clock=clock, far=far, policy=QUIET) as w:
        first = [
            await accept(w, f"第 {n} 次", picture(n), event="domain.end", result=Result.SUCCESS)
            for n in range(3)
        ]
        assert await w.drain(ME) == EIGHT
        assert await reason(w, first[0]) == "免打扰时段"
    clock.now += 3600
    async with world(place, clock=clock, far=far, policy=QUIET) as w:
        failed = await accept(w, "卡在第 9 关", picture(9), event="task.error", result=Result.FAIL)
        assert await w.drain(ME) == EIGHT
        urgent = await accept(w, "急", priority=Priority.URGENT)
        assert await w.drain(ME) == EIGHT
        assert far.texts(Lane(ME)) == ["急"]
        assert await w.states(urgent) == [State.DELIVERED]
        clock.now = EIGHT
        assert await w.drain(ME) is None
        _, digest = far.sent
        assert digest.message.text.splitlines() == [
            "📋 4 条推送的摘要", "自动秘境结束 × 3（✅3）", "任务错误 × 1（❌1）", "",
            "失败的：", "卡在第 9 关",
        ]  # fmt: skip
        assert [one.data for one in digest.message.images] == [picture(n).data for n in (0, 1, 9)]
        for one in (*first, failed):
            assert await w.states(one) == [State.DELIVERED]
            assert await reason(w, one) == "和另外 3 条一起，以摘要送达"


async def test_a_digest_that_does_not_get_through_is_tried_again_whole(place: Place) -> None:
    async with world(place, clock=Clock(CLOCKS_GO_BACK), policy=QUIET) as w:
        receipts = [await accept(w, str(n)) for n in range(3)]
        await w.drain(ME)
        w.clock.now = EIGHT
        w.far.outcomes[Lane(ME)] = [NotSent("断网")]
        again = await w.drain(ME)
        assert again is not None
        late = await accept(w, "早上的")
        w.clock.now = again
        await w.drain(ME)
        counts = [one.message.text.partition("\n")[0] for one in w.far.sent]
        assert counts == ["📋 3 条推送的摘要", "📋 4 条推送的摘要"]
        for one in (*receipts, late):
            assert await w.states(one) == [State.DELIVERED]


async def test_what_comes_within_the_time_becomes_one_message(place: Place) -> None:
    async with world(place, policy=Policy(merge=10)) as w:
        one = await accept(w, "一", picture(1))
        assert await w.drain(ME) == w.clock.now + 10
        assert await reason(w, one) == "等待与后面的推送合并"
        w.clock.now += 6
        await accept(w, "二", picture(2))
        w.clock.now += 4
        assert await w.drain(ME) is None
        (merged,) = w.far.sent
        assert merged.message.text == "一\n\n二"
        assert [part.text for part in merged.message.parts] == ["一", "二"]
        assert merged.message.images == (picture(1), picture(2))
        assert await reason(w, one) == "和另外 1 条合并送达"


async def test_what_was_merged_and_refused_is_not_called_delivered(place: Place) -> None:
    async with world(place, policy=Policy(merge=10)) as w:
        w.far.outcomes[Lane(ME)] = [Rejected("不收")]
        one = await accept(w, "一")
        await accept(w, "二")
        w.clock.now += 10
        assert await w.drain(ME) is None
        assert await reason(w, one) == "和另外 1 条合并发送；不收"


async def test_over_the_rate_the_rest_comes_as_a_digest_that_says_so(place: Place) -> None:
    async with world(place, policy=Policy(rate=(2, 600.0))) as w:
        receipts = [await accept(w, str(n)) for n in range(6)]
        due = await w.drain(ME)
        assert due is not None
        assert due == w.clock.now + 600
        assert w.far.texts(Lane(ME)) == ["0", "1"]
        assert await reason(w, receipts[5]) == "超过频率限制（2 条/10 分），稍后合成摘要"
        w.clock.now = due
        assert await w.drain(ME) is None
        assert w.far.texts(Lane(ME))[2:] == ["📋 4 条推送的摘要\n2 × 1\n3 × 1\n4 × 1\n5 × 1"]
        assert await reason(w, receipts[5]) == "和另外 3 条一起，以摘要送达"


async def test_what_exceeds_its_tokens_rate_waits_and_others_do_not(place: Place) -> None:
    async with world(place) as w:
        until, why = w.clock.now + 60, "超过令牌 x 的频率限制"
        held = [
            await accept(w, str(n), priority=Priority.BULK, held_until=until, reason=why)
            for n in range(2)
        ]
        other = await accept(w, "别人的")
        assert await w.drain(ME) == until
        assert w.far.texts(Lane(ME)) == ["别人的"]
        assert await reason(w, held[0]) == f"等到可以合成摘要；{why}"
        assert await w.states(other) == [State.DELIVERED]
        w.clock.now = until
        await w.drain(ME)
        assert w.far.texts(Lane(ME))[1:] == ["📋 2 条推送的摘要\n0 × 1\n1 × 1"]


async def test_after_a_long_absence_all_of_a_big_backlog_comes_in_one(place: Place) -> None:
    async with world(place, policy=Policy(absence=3600)) as w:
        w.far.away.add(Lane(ME))
        receipts = [await accept(w, f"第 {n} 次", event="a") for n in range(MOST)]
        await w.drain(ME)
        w.clock.now += 3600
        w.far.away.clear()
        await w.drain(ME)
        assert w.far.texts(Lane(ME)) == [f"📋 {MOST} 条推送的摘要\na × {MOST}"]
        assert await w.states(receipts[-1]) == [State.DELIVERED]


def fallen(sent: list[Delivery]) -> list[tuple[str, str]]:
    return [(str(one.lane), one.message.text) for one in sent]


async def test_who_waits_too_long_is_passed_over_once_and_still_gets_it(place: Place) -> None:
    async with world(place) as w:
        w.far.away.add(Lane(ME))
        receipt = await accept(w, "卡住了", picture(1), fallback=(MAIL,), fallback_after=300.0)
        await w.drain(ME)
        for seconds, sent in ((299, 0), (1, 1), (999, 1)):
            w.clock.now += seconds
            await w.outbox.fall_back()
            await w.drain(MAIL)
            assert len(w.far.sent) == sent
        assert fallen(w.far.sent) == [
            ("channel:mail", "卡住了\n[没能送到 private:10001，改发到这里]")
        ]
        assert w.far.sent[0].message.image == picture(1)
        w.far.away.clear()
        await w.drain(ME)
        assert await w.states(receipt) == [State.DELIVERED, State.DELIVERED]


async def test_the_fallback_is_in_no_greater_hurry(place: Place) -> None:
    async with world(place, clock=Clock(CLOCKS_GO_BACK), policy=QUIET) as w:
        w.far.outcomes[Lane(ME)] = [Rejected("不是好友")] * 2
        await accept(w, "急", priority=Priority.URGENT, fallback=(MAIL,))
        await w.drain(ME)
        await accept(w, "不急", fallback=(MAIL,))
        w.policy = Policy()
        await w.drain(ME)
        w.policy = QUIET
        await w.outbox.fall_back()
        assert await w.drain(MAIL) == EIGHT
        assert fallen(w.far.sent)[2:] == [
            ("channel:mail", "急\n[没能送到 private:10001，改发到这里]")
        ]


async def test_what_is_refused_goes_to_the_fallback_at_once(place: Place) -> None:
    async with world(place) as w:
        w.far.outcomes[Lane(ME)] = [Rejected("不是好友")]
        receipt = await accept(w, "卡住了", fallback=(MAIL,))
        await w.drain(ME)
        await w.outbox.fall_back()
        await w.drain(MAIL)
        assert [str(one.lane) for one in w.far.sent] == ["private:10001", "channel:mail"]
        assert await w.states(receipt) == [State.REJECTED, State.DELIVERED]


async def test_the_fallback_sees_the_pictures_that_are_meant_for_it(place: Place) -> None:
    """They are kept for it, although nobody was sent them."""
    limits = replace(LIMITS, image_retention=10)
    own, others, late = ((picture(1), picture(2)), (picture(3),), 60.0)
    handling = Handling(fallback=(MAIL,), fallback_after=late)
    async with world(place, limits=limits) as w:
        w.far.away.add(Lane(ME))
        for shown in (others, (), None):
            one = Outgoing(ME, Message("卡住了", own), handling, fallback_images=shown)
            await w.outbox.accept(Report(images=own), [one])
        w.clock.now += late + 1
        await w.outbox.prune()
        await w.outbox.fall_back()
        await w.outbox.prune()
        await w.drain(MAIL)
        assert [one.message.images for one in w.far.sent] == [others, (), own]


async def test_what_was_delivered_does_not_fall_back(place: Place) -> None:
    async with world(place) as w:
        await accept(w, "好", fallback=(MAIL,), fallback_after=300.0)
        await w.drain(ME)
        w.clock.now += 301
        await w.outbox.fall_back()
        await w.drain(MAIL)
        assert fallen(w.far.sent) == [("private:10001", "好")]
