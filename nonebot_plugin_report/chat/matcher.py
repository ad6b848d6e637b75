"""Binds the chat commands to NoneBot."""

from collections.abc import Awaitable, Callable
from collections.abc import Set as AbstractSet
from contextlib import AsyncExitStack
from functools import cache, partial
from typing import TYPE_CHECKING, Any, ClassVar, Final

from nonebot import get_plugin_by_module_name, logger
from nonebot.adapters import Bot, Event
from nonebot.adapters import Message as ChatMessage
from nonebot.consts import CMD_KEY, PREFIX_KEY
from nonebot.matcher import Matcher, MatcherSource, matchers
from nonebot.params import CommandArg, CommandStart, CommandWhitespace
from nonebot.permission import SUPERUSER
from nonebot.rule import CommandRule, Rule, ShellCommandRule, command
from nonebot.typing import T_DependencyCache, T_State

from ..errors import StoreUnavailable
from ..hub import Hub
from ..model.message import Message
from ..model.target import Target
from ..senders.qq.message import MAX_PICTURE, fit_message, with_small_pictures
from ..senders.qq.wire import is_qq, reply
from .membership import may_bind
from .quotes import has_quote, read_quote
from .request import Answer, Asker

if TYPE_CHECKING:
    from .commands import Commands

PRIORITY: Final = 1
"""NoneBot's default. Those of one priority all see an event, whatever one of them blocks; a level
of our own would cost each message more."""


def bind_commands(hub: Hub, push_url: str) -> None:
    """Register the commands with NoneBot; what answers them is loaded with the first."""

    @cache
    def commands() -> "Commands":
        from .commands import Commands

        return Commands(hub, push_url)

    async def concerned(
        bot: Bot,
        event: Event,
        argument: ChatMessage[Any] | None = CommandArg(),  # noqa: B008 - NoneBot's way to inject
        space: str | None = CommandWhitespace(),
        prefix: str | None = CommandStart(),
    ) -> bool:
        if not await _from_qq(bot, event) or await _is_own(hub, bot, event):
            return False
        asked = commands().read(_text(argument))
        if asked.command is None and _has_namesake(hub.config.report_command):
            return False
        if argument and not space and not commands().is_ours(asked, prefix=prefix or ""):
            return False
        superuser = await SUPERUSER(bot, event)
        return commands().concern(event.get_user_id(), asked, superuser=superuser)

    @_matcher(
        hub.config.report_command,
        Rule(concerned),
        hub.bot_event,
        partial(_quotes_ours, hub, commands),
    ).handle()
    async def push(
        bot: Bot,
        event: Event,
        matcher: Matcher,
        argument: ChatMessage[Any] | None = CommandArg(),  # noqa: B008 - NoneBot's way to inject
    ) -> None:
        text = event.get_plaintext() if argument is None else _text(argument)
        if commands().read(text).command is not None:
            matcher.stop_propagation()
        about = await _quoted(commands(), event) if commands().may_quote(text) else []
        superuser = await SUPERUSER(bot, event)
        allowed = partial(may_bind, hub.config.report_bind, bot, event)
        asker = Asker(event.get_user_id(), superuser, _here(event), allowed)
        await _reply(bot, asker, await commands().answer(asker, text, about))


async def _quotes_ours(
    hub: Hub, commands: "Callable[[], Commands]", bot: Bot, event: Event
) -> bool:
    """Whether a message is a command about one of ours that it quotes."""
    if not await _from_qq(bot, event) or not commands().may_quote(event.get_plaintext()):
        return False
    is_theirs = await SUPERUSER(bot, event) or event.get_user_id() in hub.tokens.bound()
    if not is_theirs or await _is_own(hub, bot, event):
        return False
    return bool(await _quoted(commands(), event))


async def _quoted(commands: "Commands", event: Event) -> list[str]:
    """The reports of ours that a message quotes."""
    quote = read_quote(event) if has_quote(event) else None
    try:
        return await commands.quoted(quote, _here(event)) if quote else []
    except StoreUnavailable:
        return []


def bind_refusal(name: str, reason: str) -> None:
    """Register a command that tells superusers why the plugin does not work."""

    async def concerned(bot: Bot, event: Event) -> bool:
        is_theirs = await _from_qq(bot, event) and bot.self_id not in _authors(event)
        return is_theirs and await SUPERUSER(bot, event)

    @_matcher(name, Rule(concerned), _ignore, _ignore).handle()
    async def answer(bot: Bot, event: Event) -> None:
        await _reply(
            bot, Asker(event.get_user_id(), superuser=True, here=_here(event)), f"❌ {reason}"
        )


class _ChatMatcher(Matcher):
    """Sees each event of each bot, and does at first without NoneBot's injection: that costs more
    than all else that is done with a message of no concern. (As a preprocessor of events, `hear`
    cost a sixth of what a plugin's `on_command` does.)"""

    command_name: ClassVar[str]
    """REPORT_COMMAND."""
    hear: ClassVar[Callable[[Bot, Event], Awaitable[object]]]
    """Takes in each event."""
    quotes: ClassVar[Callable[[Bot, Event], Awaitable[bool]]]
    """Whether a message is a command about one of ours that it quotes."""

    @classmethod
    async def check_perm(
        cls,
        bot: Bot,
        event: Event,
        stack: AsyncExitStack | None = None,
        dependency_cache: T_DependencyCache | None = None,
    ) -> bool:
        """Hear the event. Anybody may write: the rule looks at who does."""
        await cls.hear(bot, event)
        return event.get_type() == "message"

    @classmethod
    async def check_rule(
        cls,
        bot: Bot,
        event: Event,
        state: T_State,
        stack: AsyncExitStack | None = None,
        dependency_cache: T_DependencyCache | None = None,
    ) -> bool:
        """Check the rule of a message that begins with our name, or quotes one of ours."""
        if state[PREFIX_KEY][CMD_KEY] != (cls.command_name,):
            return is_qq(bot) and has_quote(event) and await cls.quotes(bot, event)
        return await super().check_rule(bot, event, state, stack, dependency_cache)


async def _ignore(bot: Bot, event: Event) -> bool:
    """Hear an event in vain: there is no hub."""
    return False


def _matcher(
    name: str,
    rule: Rule,
    hear: Callable[[Bot, Event], Awaitable[object]],
    quotes: Callable[[Bot, Event], Awaitable[bool]],
) -> type[Matcher]:
    """What `on_command` would make. That finds the module it is called from by going through the
    files of all that are loaded, which was an eleventh of the plugin's time to load."""
    plugin = get_plugin_by_module_name(__name__)
    source = MatcherSource(plugin and plugin.id_, __name__)
    matcher = _ChatMatcher.new("", command(name) & rule, priority=PRIORITY, source=source)
    matcher.command_name, matcher.hear, matcher.quotes = name, hear, quotes
    if plugin is not None:
        plugin.matcher.add(matcher)
    return matcher


def _has_namesake(name: str) -> bool:
    """Whether another plugin has a command of our name, with words that we do not know."""
    return any(
        isinstance(checker.call, CommandRule | ShellCommandRule) and (name,) in checker.call.cmds
        for group in matchers.values()
        for matcher in group
        if not issubclass(matcher, _ChatMatcher)
        for checker in matcher.rule.checkers
    )


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


def _authors(event: Event) -> frozenset[str]:
    """The account that a message is said to come from, at each place where that stands.

    OneBot 11, "消息事件": user_id, sender.user_id. For what an account itself sent in private,
    user_id may be that of the other side.
    """
    number = getattr(getattr(event, "sender", None), "user_id", None)
    return frozenset((event.get_user_id(), *(() if number is None else (str(number),))))


def _here(event: Event) -> Target:
    group = getattr(event, "group_id", None)
    return Target("group", str(group)) if group else Target("private", event.get_user_id())


async def _reply(bot: Bot, asker: Asker, answer: Answer) -> None:
    message = answer if isinstance(answer, Message) else Message(answer)
    message, _ = await with_small_pictures(message, MAX_PICTURE)
    message, _ = fit_message(message)
    try:
        await reply(bot, asker.here, message)
    except Exception as error:  # noqa: BLE001 - a closed socket raises whatever the server's WebSocket library does
        logger.warning(f"没能回答 {asker.here} 的命令：{type(error).__name__}")
