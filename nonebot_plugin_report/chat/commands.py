"""Chat commands: superusers look after the pushes, users bind themselves to theirs."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from nonebot import logger, on_command
from nonebot.adapters import Bot, Event
from nonebot.adapters import Message as ChatMessage
from nonebot.matcher import Matcher
from nonebot.params import CommandArg
from nonebot.permission import SUPERUSER
from nonebot.rule import Rule

from ..errors import ReportError
from ..hub import Hub
from ..model.delivery import Delivery, State
from ..model.grant import BOUND
from ..model.message import Message
from ..model.quantity import seconds
from ..model.report import Report, Result
from ..model.status import Blocked, DeliveryState, ReportState
from ..model.target import Lane, Target
from ..model.text import clean
from ..model.timing import in_words
from ..senders.qq import V11, V12, fit_message, reply
from .membership import may_bind

PRIORITY: Final = 10
"""Before the chat bots that answer everything, which NoneBot's plugins put at 50 and later."""
RECENT: Final = 5
MOST_RECENT: Final = 20
MOST_LINES: Final = 20
"""Deliveries, mutes or lanes that an answer lists."""
MOST_ASKED: Final = 1000
"""Characters of a command that are read."""
NAME_LENGTH: Final = 60
"""Characters that an answer shows of a title or a name."""
REASON_LENGTH: Final = 160
"""Characters that an answer shows of a reason: ours, and in it what a service said."""
HELP: Final = """推送的命令：
推送 状态
推送 最近 [几条]
推送 详情 ID
推送 重发 ID
推送 静音 2h [目标]
推送 取消静音 [目标]
推送 测试 [目标]
推送绑定：得到自己的推送地址
推送解绑
推送 帮助"""
SUPERUSER_HELP: Final = """
推送 绑定名单
推送 撤销 QQ号"""
_STATES: Final = {
    State.WAITING: "⏳ 等待",
    State.DELIVERED: "✅ 送达",
    State.REJECTED: "❌ 被拒绝",
    State.EXPIRED: "⌛ 放弃",
}

_THEIRS: Final = str.maketrans({
    "「": "『", "」": "』",
    **dict.fromkeys("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"),
})  # fmt: skip
"""What others wrote must not end its own marks, nor turn round the direction of what follows."""

Answer = str | Message


class _Wrong(Exception):
    """What was asked for cannot be done; the text is the answer."""


@dataclass(frozen=True, slots=True)
class Asker:
    """Who writes, and where."""

    user: str
    superuser: bool
    here: Target

    @property
    def own(self) -> Target:
        return Target("private", self.user)


class Commands:
    """Does what is asked in a chat. Answers are short: they are read on a phone."""

    def __init__(self, hub: Hub, push_url: str) -> None:
        """`push_url` is the address to push to, without a token."""
        self._hub = hub
        self._push_url = push_url
        self._commands: dict[str, Callable[[Asker, list[str]], Awaitable[Answer]]] = {
            "状态": self._status,
            "最近": self._recent,
            "详情": self._details,
            "重发": self._resend,
            "静音": self._mute,
            "取消静音": self._unmute,
            "测试": self._test,
            "帮助": self._help,
            "绑定名单": self._bound,
            "撤销": self._revoke,
        }

    def knows(self, user: str) -> bool:
        """Whether a user who is no superuser has something to ask: their own pushes."""
        return user in self._hub.tokens.bound()

    async def answer(self, asker: Asker, text: str) -> Answer:
        """Do what somebody wrote; a mistake is answered, not raised."""
        name, *rest = clean(text[:MOST_ASKED]).split() or ["帮助"]
        command = self._commands.get(name)
        if command is None:
            return f"没有{_quoted(name)}这个命令。发「推送 帮助」看看有哪些"
        try:
            return await command(asker, rest)
        except (_Wrong, ReportError) as error:
            return str(error)

    async def bind(self, asker: Asker) -> str:
        """Give the asker a token that reaches only them."""
        again = self.knows(asker.user)
        try:
            token = await self._hub.tokens.bind(asker.user)
        except ReportError as error:
            return str(error)
        first = "已换成新的地址，旧的不再有效。" if again else "绑定好了。"
        lines = [
            f"{first}把下面这一行填进 BetterGI 的 Webhook 地址，推送只会发给你：",
            f"{self._push_url}?token={token}",
            "不要给别人看。发「推送 测试」试一下，「推送解绑」取消",
        ]
        if not self._hub.config.report_public_url:
            lines.append("这是机器人所在电脑上的地址；在别的电脑上用，请问机器人的主人地址怎么换")
        return "\n".join(lines)

    async def unbind(self, asker: Asker) -> str:
        """Take the asker's token away."""
        try:
            bound = await self._hub.tokens.unbind(asker.user)
        except ReportError as error:
            return str(error)
        return "已解绑，原来的地址不再有效" if bound else "你没有绑定"

    async def _status(self, asker: Asker, _: list[str]) -> str:
        health = await self._hub.health()
        if health.backlog is None:
            return f"❌ 收不下推送：{_short(health.fault, REASON_LENGTH)}"
        lines = ["✅ 正常，能收下推送"]
        blocked = health.backlog.blocked
        if asker.superuser:
            lines += [
                f"{'🟢' if online else '🔴'} {_short(bot)}（{kind}）"
                for bot, kind, online in health.bots[:MOST_LINES]
            ]
            waiting, oldest = health.backlog.waiting, health.backlog.oldest
            if oldest is not None:
                lines.append(
                    f"⏳ {waiting} 条等待送出，最早的等了 {in_words(self._hub.clock() - oldest)}"
                )
        else:
            blocked = tuple(one for one in blocked if one.lane.target == asker.own)
        muted = [
            f"🔕 {_short(str(target))} 静音到 {_clock(until)}"
            for target, until in self._hub.mutes.all().items()
            if asker.superuser or target == asker.own
        ]
        return "\n".join([*lines, *_some([_blocked(one) for one in blocked]), *_some(muted)])

    async def _recent(self, asker: Asker, words: list[str]) -> str:
        count = _count(words[0]) if words else RECENT
        target = None if asker.superuser else asker.own
        states = await self._hub.history.recent(count, target)
        return "\n\n".join(_line(one) for one in states) or "还没有推送"

    async def _details(self, asker: Asker, words: list[str]) -> Answer:
        """Ours first: what others wrote is the last, so that it can neither pass for ours nor cut
        it off."""
        state = await self._wanted(asker, words)
        lines = [f"ID {state.id}", f"收到 {_clock(state.received_at)}"]
        if asker.superuser:
            report, image = await self._hub.history.report(state.id) or (Report(), None)
            theirs = report.body
            if len(report.title) > NAME_LENGTH:
                theirs = f"{report.title}\n{theirs}"
            lines.insert(0, f"{_icon(report)}{_quoted(state.heading) or '推送'}")
            lines += [f"令牌{_quoted(state.source)}"] if state.source else []
        else:
            sent = await self._hub.history.message(state.id, asker.own)
            theirs, image = sent.text, sent.image
        lines += _some([_told(one) for one in state.deliveries])
        if state.note:
            lines.append(f"没有发出：{_short(state.note, REASON_LENGTH)}")
        lines += ["内容：", theirs] if theirs else []
        return Message("\n".join(lines), image)

    async def _resend(self, asker: Asker, words: list[str]) -> str:
        state = await self._wanted(asker, words)
        targets = tuple(dict.fromkeys(one.target for one in state.deliveries))
        receipt = await self._hub.resend(state.id, targets)
        if receipt is None:
            raise _Wrong("这条推送没有接收者，或内容已经清理了")
        sent = "、".join(_some([_short(str(one)) for one in receipt.targets]))
        return f"已重发给 {sent}，新的 ID {receipt.id}"

    async def _mute(self, asker: Asker, words: list[str]) -> str:
        if not words:
            raise _Wrong("要写多久，例如：推送 静音 2h")
        try:
            length = seconds(words[0])
        except ValueError:
            raise _Wrong("时间应写成 30m、2h 的样子，例如：推送 静音 2h") from None
        longest = self._hub.config.report_expire
        if not 0 < length < longest:
            raise _Wrong(f"时间应大于 0、小于 {in_words(longest)}（再久，推送就过期了）")
        target = self._target(asker, words[1:])
        until = self._hub.clock() + length
        await self._hub.mute(target, until)
        until_then = f"静音到 {_clock(until)}，期间的推送到时合成摘要，紧急的照发"
        return f"{_short(str(target))} {until_then}"

    async def _unmute(self, asker: Asker, words: list[str]) -> str:
        target = self._target(asker, words)
        if target not in self._hub.mutes.all():
            return f"{_short(str(target))} 没有静音"
        await self._hub.mute(target, 0.0)
        return f"{_short(str(target))} 不再静音"

    async def _test(self, asker: Asker, words: list[str]) -> str:
        target = self._target(asker, words)
        report = Report(
            title="测试推送", content="看到这条就说明能收到", event="notify.test",
            result=Result.SUCCESS,
        )  # fmt: skip
        receipt = await self._hub.send_to(report, (target,))
        return f"测试推送已收下，正在发给 {_short(str(target))}（ID {receipt.id}）"

    async def _help(self, asker: Asker, _: list[str]) -> str:
        return HELP + (SUPERUSER_HELP if asker.superuser else "")

    async def _bound(self, asker: Asker, _: list[str]) -> str:
        _require_superuser(asker)
        bound = self._hub.tokens.bound()
        return "\n".join(["绑定的用户：", *bound]) if bound else "没有人绑定"

    async def _revoke(self, asker: Asker, words: list[str]) -> str:
        _require_superuser(asker)
        if not words:
            raise _Wrong("要写 QQ 号，例如：推送 撤销 10002")
        if not await self._hub.tokens.unbind(words[0]):
            raise _Wrong(f"{_quoted(words[0])}没有绑定")
        return f"{words[0]} 的推送地址不再有效"

    async def _wanted(self, asker: Asker, words: list[str]) -> ReportState:
        """The report that is asked for, as far as the asker may see it."""
        if not words:
            raise _Wrong("要写 ID；发「推送 最近」看看有哪些")
        if asker.superuser:
            state = await self._hub.state(words[0])
        else:
            source = f"{BOUND}{asker.user}"
            state = await self._hub.history.state_for(words[0], source, asker.own)
        if state is None:
            raise _Wrong("没有这个 ID 的推送")
        return state

    def _target(self, asker: Asker, words: list[str]) -> Target:
        """The target that is named, else where the asker writes; a bound user's is their own."""
        if not asker.superuser:
            return asker.own
        if not words:
            return asker.here
        try:
            targets = self._hub.directory.find(words[0])
        except ValueError as error:
            raise _Wrong(str(error)) from None
        if len(targets) != 1:
            raise _Wrong("要写一个接收者，例如 group:777")
        return targets[0]


def bind_commands(hub: Hub, push_url: str) -> None:
    """Make the commands known to NoneBot."""
    desk = Commands(hub, push_url)

    async def concerned(bot: Bot, event: Event) -> bool:
        """A stranger's words are left to other plugins."""
        return await SUPERUSER(bot, event) or desk.knows(event.get_user_id())

    pushes = _command("推送", Rule(_from_qq) & concerned)
    bindings = _command("推送绑定", Rule(_from_qq))
    unbindings = _command("推送解绑", Rule(_from_qq))

    @pushes.handle()
    async def push(bot: Bot, event: Event, argument: ChatMessage[Any] = CommandArg()) -> None:  # noqa: B008 - NoneBot's way to inject
        asker = await _asker(bot, event)
        await _reply(bot, asker, await desk.answer(asker, argument.extract_plain_text()))

    @bindings.handle()
    async def bind(bot: Bot, event: Event, matcher: Matcher) -> None:
        asker = await _asker(bot, event)
        if not hub.config.report_bind:
            matcher.skip()
        elif asker.here != asker.own:
            await _reply(bot, asker, "请私聊我发「推送绑定」，地址不能给别人看")
        elif asker.superuser or await may_bind(hub.config.report_bind, bot, event):
            await _reply(bot, asker, await desk.bind(asker))
        else:
            await _reply(bot, asker, "你还不能绑定，请联系机器人的主人")

    @unbindings.handle()
    async def unbind(bot: Bot, event: Event, matcher: Matcher) -> None:
        asker = await _asker(bot, event)
        if not hub.config.report_bind:
            matcher.skip()
        await _reply(bot, asker, await desk.unbind(asker))


def _command(name: str, rule: Rule) -> type[Matcher]:
    return on_command(name, rule=rule, force_whitespace=True, priority=PRIORITY, block=True)


async def _from_qq(bot: Bot, event: Event) -> bool:
    """Elsewhere the same number is somebody else, and OneBot 12 has users who have none.

    OneBot 12, "机器人自身标识": `self.platform` is `qq` for QQ.
    """
    if not (bot.type == V11 or (bot.type == V12 and getattr(bot, "platform", "") == "qq")):
        return False
    try:
        _here(event)
        Target("private", event.get_user_id())
    except ValueError:
        return False
    return True


def _here(event: Event) -> Target:
    group = getattr(event, "group_id", None)
    return Target("group", str(group)) if group else Target("private", event.get_user_id())


async def _asker(bot: Bot, event: Event) -> Asker:
    return Asker(event.get_user_id(), await SUPERUSER(bot, event), _here(event))


async def _reply(bot: Bot, asker: Asker, answer: Answer) -> None:
    message = answer if isinstance(answer, Message) else Message(answer)
    message, _ = fit_message(Delivery("", "", Lane(asker.here), message, attempts=0))
    try:
        await reply(bot, asker.here, message)
    except Exception as error:  # noqa: BLE001 - a closed socket raises whatever the server's WebSocket library does
        logger.warning(f"没能回答 {asker.here} 的命令：{type(error).__name__}")


def _require_superuser(asker: Asker) -> None:
    if not asker.superuser:
        raise _Wrong("只有超级用户可以")


def _clock(at: float) -> str:
    return f"{datetime.fromtimestamp(at).astimezone():%m-%d %H:%M}"


def _icon(report: Report) -> str:
    return f"{report.result.icon} " if isinstance(report.result, Result) else ""


def _count(word: str) -> int:
    if word.isdecimal() and len(word) <= MOST_ASKED and 0 < int(word) <= MOST_RECENT:
        return int(word)
    raise _Wrong(f"条数应为 1 到 {MOST_RECENT}")


def _line(state: ReportState) -> str:
    counts = "、".join(dict.fromkeys(_STATES[one.state] for one in state.deliveries))
    told = counts or f"没有发出：{_short(state.note, REASON_LENGTH)}"
    heading = _quoted(state.heading) or "推送"
    return f"{heading}\n{_clock(state.received_at)} {told}\nID {state.id}"


def _told(one: DeliveryState) -> str:
    told = f"{_STATES[one.state]} {_short(str(one.target))}"
    return f"{told}：{_quoted(one.reason, REASON_LENGTH)}" if one.reason else told


def _blocked(one: Blocked) -> str:
    by = f"（由{_quoted(one.lane.bot)}发送）" if one.lane.bot else ""
    return f"⏸ {_short(str(one.lane.target))}{by}：{_quoted(one.reason, REASON_LENGTH)}"


def _some(lines: Sequence[str]) -> list[str]:
    """The first of many."""
    rest = len(lines) - MOST_LINES
    return [*lines[:MOST_LINES], *([f"……还有 {rest} 个"] if rest > 0 else [])]


def _short(text: str, limit: int = NAME_LENGTH) -> str:
    """Text in one line, cut."""
    line = " ".join(clean(text[: 4 * limit]).split())
    return line if len(line) <= limit and len(text) <= 4 * limit else f"{line[: limit - 1]}…"


def _quoted(text: str, limit: int = NAME_LENGTH) -> str:
    """What others wrote: cut, and marked as theirs. Nothing stays nothing."""
    line = _short(text, limit).translate(_THEIRS)
    return f"「{line}」" if line else ""
