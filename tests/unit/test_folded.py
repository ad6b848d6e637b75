"""What a folded trace says of where the rest is, on QQ."""

from dataclasses import dataclass, field, replace

from nonebot_plugin_report.model.delivery import Delivered, Delivery, Outcome
from nonebot_plugin_report.model.message import Message
from nonebot_plugin_report.model.report import Report, Result
from nonebot_plugin_report.model.target import Lane, Target
from nonebot_plugin_report.outbox.digest import gist, merge, summarize
from nonebot_plugin_report.senders.router import SHORT_ID, Router

TRACE = "超时\n   at A.B.Start() in D:\\a.cs:line 1\n   at A.B.Run()"
FAILED = Message(f"❌ {TRACE}", report=Report(message=TRACE, result=Result.FAIL))
ID = "06h2wkb3zdf7abcdefgh"


@dataclass
class Sent:
    """A sender that keeps what it was given."""

    texts: list[str] = field(default_factory=list[str])

    def blocked(self, lane: Lane) -> str | None:
        return None

    async def send(self, delivery: Delivery) -> Outcome:
        self.texts.append(delivery.message.text)
        return Delivered()

    async def seen(self, delivery: Delivery, since: float, until: float) -> int | None:
        self.texts.append(delivery.message.text)
        return 1


def delivery(message: Message) -> Delivery:
    return Delivery("d", ID, Lane(Target("group", "777")), message)


async def test_the_report_is_named_with_the_prefix_that_works() -> None:
    sent = Sent()
    router = Router(sent, {}, chat_command="!推送")
    await router.send(delivery(FAILED))
    assert sent.texts == [f"❌ 超时\n…另有 2 行，发 !推送 详情 {ID[:SHORT_ID]}"]


async def test_what_is_looked_for_is_what_was_sent() -> None:
    sent = Sent()
    router = Router(sent, {})
    await router.send(delivery(FAILED))
    assert await router.seen(delivery(FAILED), 0.0, 1.0) == 1
    assert sent.texts[0] == sent.texts[1]


async def test_of_several_reports_the_list_is_named() -> None:
    sent = Sent()
    await Router(sent, {}).send(delivery(merge([FAILED, replace(FAILED, text="⚠️ 别的")])))
    assert sent.texts == ["❌ 超时\n…另有 2 行，发 /推送 最近\n\n⚠️ 别的"]


def test_a_digest_has_the_exceptions_own_words_and_says_how_to_read_on() -> None:
    text = summarize([gist(FAILED, has_image=False)] * 3, ()).text
    assert text.endswith("失败的：\n❌ 超时\n…另有 2 行（共 3 次）\n发「/推送 最近」看其余的")
