"""Dispatches chat commands, and binds them to NoneBot."""

from collections.abc import Set as AbstractSet
from functools import partial
from typing import Any, Final

from nonebot import get_plugin_by_module_name, logger
from nonebot.adapters import Bot, Event
from nonebot.adapters import Message as ChatMessage
from nonebot.matcher import Matcher, MatcherSource
from nonebot.params import Command as CommandName
from nonebot.params import CommandArg, CommandStart, CommandWhitespace
from nonebot.permission import SUPERUSER
from nonebot.rule import Rule, command

from ..errors import ReportError
from ..hub import Hub
from ..model.delivery import Delivery
from ..model.message import Message
from ..model.target import Lane, Target
from ..model.text import clean
from ..senders.qq import is_qq, reply
from ..senders.qq_message import MAX_PICTURE, fit_message, with_small_pictures
from .membership import may_bind
from .reading import MOST_ASKED
from .request import NAME, Answer, Asker, Context, Wrong
from .table import HELP, Asked, Who, nearest, read, visible
from .wording import quoted

PRIORITY: Final = 10
"""Before chat bots that answer everything, which usually are at 50 and later."""


class Commands:
    """Answers commands. Answers are short, since they are read on a phone."""

    def __init__(self, hub: Hub, push_url: str) -> None:
        """`push_url` is the address to push to, without a token."""
        self._hub = hub
        self._context = Context(hub, push_url, hub.command_prefix)

    @property
    def _may_bind(self) -> bool:
        return bool(self._hub.config.report_bind)

    def concern(self, user: str, asked: Asked, *, superuser: bool) -> bool:
        """Whether a command is for this user; a stranger's words are left to other plugins."""
        if superuser or user in self._hub.tokens.bound():
            return True
        return self._may_bind and asked.command is not None and asked.command.who is Who.ANYBODY

    def is_ours(self, asked: Asked, *, prefix: str) -> bool:
        """Whether text that follows our name without a space is a command, or nearly one.

        Without a prefix it must be exact: 推送真好用 is not a command.
        """
        if asked.command is not None or not prefix:
            return asked.command is not None
        everything = Asker("0", superuser=True, here=Target("group", "1"))
        return nearest(asked.name, visible(everything, binding=True)) is not None

    async def answer(self, asker: Asker, text: str) -> Answer:
        """Carry out a command; a mistake is answered, not raised."""
        asked = read(_readable(text))
        command = asked.command
        if command is None:
            return self._unknown(asker, asked.name)
        if command.binding and not self._may_bind:
            return self._no_binding(asker)
        if command.who is Who.SUPERUSER and not asker.superuser:
            return "只有超级用户可以"
        try:
            return await command.answer(self._context, asker, asked.words)
        except (Wrong, ReportError) as error:
            return str(error)

    def _unknown(self, asker: Asker, name: str) -> str:
        told = f"没有{quoted(name)}这个命令"
        if meant := nearest(name, visible(asker, binding=self._may_bind)):
            return f"{told}，是不是{self._context.command(meant.name)}？"
        return f"{told}。发{self._context.command(HELP.name)}看看有哪些"

    def _no_binding(self, asker: Asker) -> str:
        told = "没有开放绑定"
        return f"{told}：要开放，就在 .env 里设置 REPORT_BIND=friends" if asker.superuser else told


def bind_commands(hub: Hub, push_url: str) -> None:
    """Register the commands with NoneBot."""
    commands = Commands(hub, push_url)

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
        asked = read(_readable(_text(argument)))
        if argument and not space and not commands.is_ours(asked, prefix=prefix or ""):
            return False
        superuser = await SUPERUSER(bot, event)
        return commands.concern(event.get_user_id(), asked, superuser=superuser)

    @_matcher(Rule(concerned)).handle()
    async def push(bot: Bot, event: Event, argument: ChatMessage[Any] = CommandArg()) -> None:  # noqa: B008 - NoneBot's way to inject
        superuser = await SUPERUSER(bot, event)
        allowed = partial(may_bind, hub.config.report_bind, bot, event)
        asker = Asker(event.get_user_id(), superuser, _here(event), allowed)
        await _reply(bot, asker, await commands.answer(asker, _text(argument)))


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


def _readable(text: str) -> str:
    return clean(text[:MOST_ASKED])


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
