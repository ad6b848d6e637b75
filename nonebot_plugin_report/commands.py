"""Chat commands: superusers look after the pushes, users bind themselves to theirs."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeVar

from nonebot import logger, on_command
from nonebot.adapters import Bot, Event
from nonebot.adapters import Message as ChatMessage
from nonebot.exception import ActionFailed, NetworkError
from nonebot.matcher import Matcher
from nonebot.params import CommandArg
from nonebot.permission import SUPERUSER
from nonebot.rule import Rule

from .delivery import DeliveryState, Message, ReportState, State, Target
from .errors import ReportError
from .hub import Hub
from .report import Report, Result
from .rules import check_target
from .senders.qq import V11, V12, reply
from .settings import seconds
from .timing import in_words

PRIORITY: Final = 10
"""Before the chat bots that answer everything, which NoneBot's plugins put at 50 and later."""
RECENT: Final = 5
MOST_RECENT: Final = 20
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

Answer = str | Message
T = TypeVar("T")


class _Wrong(Exception):
    """What was asked for cannot be done; the text is the answer."""


@dataclass(frozen=True, slots=True)
class _Asker:
    """Who writes, and where."""

    user: str
    superuser: bool
    here: Target

    @property
    def own(self) -> Target:
        return Target("private", self.user)


class Desk:
    """Does what is asked in a chat. Answers are short: they are read on a phone."""

    def __init__(self, hub: Hub, push_url: str) -> None:
        """`push_url` is the address to push to, without a token."""
        self._hub = hub
        self._push_url = push_url
        self._commands: dict[str, Callable[[_Asker, list[str]], Awaitable[Answer]]] = {
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
        return user in self._hub.bound()

    async def answer(self, asker: _Asker, words: list[str]) -> Answer:
        """Do what the words say; a mistake is answered, not raised."""
        name, *rest = words or ["帮助"]
        command = self._commands.get(name)
        if command is None:
            return f"没有「{name[:20]}」这个命令。发「推送 帮助」看看有哪些"
        try:
            return await command(asker, rest)
        except (_Wrong, ReportError) as error:
            return str(error)

    async def bind(self, asker: _Asker) -> str:
        """Give the asker a token that reaches only them."""
        again = self.knows(asker.user)
        try:
            token = await self._hub.bind(asker.user)
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

    async def unbind(self, asker: _Asker) -> str:
        """Take the asker's token away."""
        try:
            bound = await self._hub.unbind(asker.user)
        except ReportError as error:
            return str(error)
        return "已解绑，原来的地址不再有效" if bound else "你没有绑定"

    async def _status(self, asker: _Asker, _: list[str]) -> str:
        health = await self._hub.health()
        if health.backlog is None:
            return f"❌ 收不下推送：{health.fault}"
        lines = ["✅ 正常，能收下推送"]
        blocked = health.backlog.blocked
        if asker.superuser:
            lines += [
                f"{'🟢' if online else '🔴'} {bot}（{kind}）" for bot, kind, online in health.bots
            ]
            waiting, oldest = health.backlog.waiting, health.backlog.oldest
            if oldest is not None:
                lines.append(
                    f"⏳ {waiting} 条等待送出，最早的等了 {in_words(self._hub.now() - oldest)}"
                )
        else:
            blocked = tuple(one for one in blocked if one.lane.target == asker.own)
        lines += [f"⏸ {one.lane}：{one.reason}" for one in blocked]
        for target, until in self._hub.muted().items():
            if asker.superuser or target == asker.own:
                lines.append(f"🔕 {target} 静音到 {_clock(until)}")
        return "\n".join(lines)

    async def _recent(self, asker: _Asker, words: list[str]) -> str:
        count = RECENT
        if words:
            if not words[0].isdecimal() or not 0 < int(words[0][:4]) <= MOST_RECENT:
                raise _Wrong(f"条数应为 1 到 {MOST_RECENT}")
            count = int(words[0])
        target = None if asker.superuser else asker.own
        states = await self._hub.recent(count, target)
        return "\n\n".join(_line(one) for one in states) or "还没有推送"

    async def _details(self, asker: _Asker, words: list[str]) -> Answer:
        state = await self._wanted(asker, words)
        stored = await self._hub.stored(state.id)
        report, image = stored or (Report(), None)
        lines = [f"{_icon(report)}{state.heading or '推送'}", report.body]
        lines += [f"ID {state.id}", f"收到 {_clock(state.received_at)}"]
        if asker.superuser and state.source:
            lines.append(f"令牌 {state.source}")
        lines += [
            _told(one) for one in state.deliveries if asker.superuser or one.target == asker.own
        ]
        if state.note:
            lines.append(f"没有发出：{state.note}")
        return Message("\n".join(filter(None, lines)), image)

    async def _resend(self, asker: _Asker, words: list[str]) -> str:
        state = await self._wanted(asker, words)
        targets = tuple(
            dict.fromkeys(
                one.target for one in state.deliveries if asker.superuser or one.target == asker.own
            )
        )
        receipt = await self._hub.resend(state.id, targets)
        if receipt is None:
            raise _Wrong("这条推送没有接收者，或内容已经清理了")
        return f"已重发给 {'、'.join(map(str, receipt.targets))}，新的 ID {receipt.id}"

    async def _mute(self, asker: _Asker, words: list[str]) -> str:
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
        until = self._hub.now() + length
        await self._hub.mute(target, until)
        return f"{target} 静音到 {_clock(until)}，期间的推送到时合成摘要，紧急的照发"

    async def _unmute(self, asker: _Asker, words: list[str]) -> str:
        target = self._target(asker, words)
        if target not in self._hub.muted():
            return f"{target} 没有静音"
        await self._hub.mute(target, 0.0)
        return f"{target} 不再静音"

    async def _test(self, asker: _Asker, words: list[str]) -> str:
        target = self._target(asker, words)
        report = Report(
            title="测试推送", content="看到这条就说明能收到", event="notify.test",
            result=Result.SUCCESS,
        )  # fmt: skip
        receipt = await self._hub.send_to(report, (target,))
        return f"测试推送已收下，正在发给 {target}（ID {receipt.id}）"

    async def _help(self, asker: _Asker, _: list[str]) -> str:
        return HELP + (SUPERUSER_HELP if asker.superuser else "")

    async def _bound(self, asker: _Asker, _: list[str]) -> str:
        _require_superuser(asker)
        bound = self._hub.bound()
        return "\n".join(["绑定的用户：", *bound]) if bound else "没有人绑定"

    async def _revoke(self, asker: _Asker, words: list[str]) -> str:
        _require_superuser(asker)
        if not words:
            raise _Wrong("要写 QQ 号，例如：推送 撤销 10002")
        if not await self._hub.unbind(words[0]):
            raise _Wrong(f"{words[0][:20]} 没有绑定")
        return f"{words[0]} 的推送地址不再有效"

    async def _wanted(self, asker: _Asker, words: list[str]) -> ReportState:
        if not words:
            raise _Wrong("要写 ID；发「推送 最近」看看有哪些")
        state = await self._hub.state(words[0])
        visible = state is not None and (
            asker.superuser or any(one.target == asker.own for one in state.deliveries)
        )
        if state is None or not visible:
            raise _Wrong("没有这个 ID 的推送")
        return state

    def _target(self, asker: _Asker, words: list[str]) -> Target:
        """The target that is named, else where the asker writes; a bound user's is their own."""
        if not asker.superuser:
            return asker.own
        if not words:
            return asker.here
        try:
            spec = check_target(words[0], self._hub.directory.channels)
        except ValueError as error:
            raise _Wrong(str(error)) from None
        targets = self._hub.directory.expand([spec])
        if len(targets) != 1:
            raise _Wrong("要写一个接收者，例如 group:777")
        return targets[0]


def bind_commands(hub: Hub, push_url: str) -> None:
    """Make the commands known to NoneBot."""
    desk = Desk(hub, push_url)

    async def concerned(bot: Bot, event: Event) -> bool:
        """A stranger's words are left to other plugins."""
        return await SUPERUSER(bot, event) or desk.knows(event.get_user_id())

    pushes = _command("推送", Rule(_from_qq) & concerned)
    bindings = _command("推送绑定", Rule(_from_qq))
    unbindings = _command("推送解绑", Rule(_from_qq))

    @pushes.handle()
    async def push(bot: Bot, event: Event, argument: ChatMessage[Any] = CommandArg()) -> None:  # noqa: B008 - NoneBot's way to inject
        asker = await _asker(bot, event)
        await _reply(bot, asker, await desk.answer(asker, argument.extract_plain_text().split()))

    @bindings.handle()
    async def bind(bot: Bot, event: Event, matcher: Matcher) -> None:
        asker = await _asker(bot, event)
        if not hub.config.report_bind:
            matcher.skip()
        elif asker.here != asker.own:
            await _reply(bot, asker, "请私聊我发「推送绑定」，地址不能给别人看")
        elif asker.superuser or await _may_bind(hub, bot, event):
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


async def _from_qq(bot: Bot) -> bool:
    """Elsewhere the same number is somebody else."""
    return bot.type in (V11, V12)


async def _asker(bot: Bot, event: Event) -> _Asker:
    user, group = event.get_user_id(), getattr(event, "group_id", None)
    here = Target("group", str(group)) if group else Target("private", user)
    return _Asker(user, await SUPERUSER(bot, event), here)


async def _reply(bot: Bot, asker: _Asker, answer: Answer) -> None:
    message = answer if isinstance(answer, Message) else Message(answer)
    try:
        await reply(bot, asker.here, message)
    except (ActionFailed, NetworkError) as error:
        logger.warning(f"没能回答 {asker.here} 的命令：{type(error).__name__}")


async def _may_bind(hub: Hub, bot: Bot, event: Event) -> bool:
    """Whether REPORT_BIND lets the one who writes have a token."""
    allowed = hub.config.report_bind
    if "friends" in allowed and getattr(event, "sub_type", "friend") in ("friend", ""):
        return True
    for group in (one.removeprefix("group:") for one in allowed if one.startswith("group:")):
        try:
            # OneBot 11, "公开 API"; OneBot 12, "接口/群动作": who is no member is a failure.
            number = int(group) if bot.type == V11 else group
            user = type(number)(event.get_user_id())
            await bot.call_api("get_group_member_info", group_id=number, user_id=user)
        except (ActionFailed, NetworkError, ValueError):
            continue
        return True
    return False


def _require_superuser(asker: _Asker) -> None:
    if not asker.superuser:
        raise _Wrong("只有超级用户可以")


def _clock(at: float) -> str:
    return f"{datetime.fromtimestamp(at).astimezone():%m-%d %H:%M}"


def _icon(report: Report) -> str:
    return f"{report.result.icon} " if isinstance(report.result, Result) else ""


def _line(state: ReportState) -> str:
    counts = "、".join(dict.fromkeys(_STATES[one.state] for one in state.deliveries))
    told = counts or f"没有发出：{state.note}"
    return f"{state.heading or '推送'}\n{_clock(state.received_at)} {told}\nID {state.id}"


def _told(one: DeliveryState) -> str:
    told = f"{_STATES[one.state]} {one.target}"
    return f"{told}：{one.reason}" if one.reason else told
