"""Binds the chat commands to NoneBot."""

from collections.abc import Set as AbstractSet
from functools import cache, partial
from typing import TYPE_CHECKING, Any, Final

from nonebot import get_plugin_by_module_name, logger
from nonebot.adapters import Bot, Event
from nonebot.adapters import Message as ChatMessage
from nonebot.matcher import Matcher, MatcherSource
from nonebot.params import Command as CommandName
from nonebot.params import CommandArg, CommandStart, CommandWhitespace
from nonebot.permission import SUPERUSER
from nonebot.rule import Rule, command

from ..hub import Hub
from ..model.delivery import Delivery
from ..model.message import Message
from ..model.target import Lane, Target
from ..senders.qq.message import MAX_PICTURE, fit_message, with_small_pictures
from ..senders.qq.sender import is_qq, reply
from .membership import may_bind
from .request import NAME, Answer, Asker

if TYPE_CHECKING:
    from .commands import Commands

PRIORITY: Final = 10
"""Before chat bots that answer everything, which usually are at 50 and later."""


def bind_commands(hub: Hub, push_url: str) -> None:
    """Register the commands with NoneBot; what answers them is loaded with the first."""

    @cache
    def commands() -> "Commands":
        from .commands import Commands

        return Commands(hub, push_url)

    async def concerned(
        bot: Bot,
        event: Event,
        name: tuple[str, ...] | None = CommandName(),
        argument: ChatMessage[Any] | None = CommandArg(),  # noqa: B008 - NoneBot's way to inject
        space: str | None = CommandWhitespace(),
        prefix: str | None = CommandStart(),
    ) -> bool:
        if name != (NAME,) or not await _from_qq(bot, event):
            return False
        if await _is_own(hub, bot, event):
            return False
        asked = commands().read(_text(argument))
        if argument and not space and not commands().is_ours(asked, prefix=prefix or ""):
            return False
        superuser = await SUPERUSER(bot, event)
        return commands().concern(event.get_user_id(), asked, superuser=superuser)

    @_matcher(Rule(concerned)).handle()
    async def push(bot: Bot, event: Event, argument: ChatMessage[Any] = CommandArg()) -> None:  # noqa: B008 - NoneBot's way to inject
        superuser = await SUPERUSER(bot, event)
        allowed = partial(may_bind, hub.config.report_bind, bot, event)
        asker = Asker(event.get_user_id(), superuser, _here(event), allowed)
        await _reply(bot, asker, await commands().answer(asker, _text(argument)))


def bind_refusal(reason: str) -> None:
    """Register a command that tells superusers why the plugin does not work."""

    async def concerned(
        bot: Bot, event: Event, name: tuple[str, ...] | None = CommandName()
    ) -> bool:
        is_asked = name == (NAME,) and await _from_qq(bot, event)
        return is_asked and bot.self_id not in _authors(event) and await SUPERUSER(bot, event)

    @_matcher(Rule(concerned)).handle()
    async def answer(bot: Bot, event: Event) -> None:
        await _reply(
            bot, Asker(event.get_user_id(), superuser=True, here=_here(event)), f"❌ {reason}"
        )


def _matcher(rule: Rule) -> type[Matcher]:
    """What `on_command` would make. That finds the module it is called from by going through the
    files of all that are loaded, which was an eleventh of the plugin's time to load."""
    plugin = get_plugin_by_module_name(__name__)
    source = MatcherSource(plugin and plugin.id_, __name__)
    matcher = Matcher.new(
        "message", command(NAME) & rule, priority=PRIORITY, block=True, source=source
    )
    if plugin is not None:
        plugin.matcher.add(matcher)
    return matcher


def shown_prefix(prefixes: AbstractSet[str]) -> str:
    """The prefix of NoneBot's COMMAND_START that hints show; empty if none is needed."""
    if "" in prefixes or not prefixes:
        return ""
    return "/" if "/" in prefixes else min(prefixes)


def _text(argument: ChatMessage[Any] | None) -> str:
    return argument.extract_plain_text() if argument else ""


async def _from_qq(bot: Bot, event: Event) -> bool:
    """Whether a message comes from QQ, where users and groups have numbers."""
    if not is_qq(bot):
        return False
    try:
        _here(event)
        Target("private", event.get_user_id())
    except ValueError:
        return False
    return True


async def _is_own(hub: Hub, bot: Bot, event: Event) -> bool:
    """Whether one of our bots wrote a message. Implementations may report what an account sent,
    and a bot sees what another one of ours sends into its group: nobody commands by a push."""
    authors = _authors(event)
    return bot.self_id in authors or await hub.are_bots(authors)


def _authors(event: Event) -> set[str]:
    """The account that a message is said to come from, at each place where that stands.

    OneBot 11, "消息事件": user_id, sender.user_id. For what an account itself sent in private,
    user_id may be that of the other side.
    """
    number = getattr(getattr(event, "sender", None), "user_id", None)
    return {event.get_user_id(), *([] if number is None else [str(number)])}


def _here(event: Event) -> Target:
    group = getattr(event, "group_id", None)
    return Target("group", str(group)) if group else Target("private", event.get_user_id())


async def _reply(bot: Bot, asker: Asker, answer: Answer) -> None:
    message = answer if isinstance(answer, Message) else Message(answer)
    message, _ = await with_small_pictures(message, MAX_PICTURE)
    message, _ = fit_message(Delivery("", "", Lane(asker.here), message, attempts=0))
    try:
        await reply(bot, asker.here, message)
    except Exception as error:  # noqa: BLE001 - a closed socket raises whatever the server's WebSocket library does
        logger.warning(f"没能回答 {asker.here} 的命令：{type(error).__name__}")
