"""Dispatches chat commands."""

from collections.abc import Sequence
from dataclasses import replace

from ..errors import ReportError
from ..hub import Hub
from ..model.target import Target
from ..model.text import clean
from .command_table import HELP, Asked, Who, nearest, read, visible
from .mutes import mute
from .parsing import MOST_ASKED, read_until
from .pushes import acknowledge
from .quotes import Quote
from .request import Answer, Asker, Context, Wrong
from .wording import quoted


class Commands:
    """Answers commands. Answers are short, since they are read on a phone."""

    def __init__(self, hub: Hub, push_url: str) -> None:
        """`push_url` is the address to push to, without a token."""
        self._hub = hub
        self._context = Context(hub, push_url, hub.chat_command)

    @property
    def _may_bind(self) -> bool:
        return bool(self._hub.config.report_bind)

    def read(self, text: str) -> Asked:
        """What is asked for by the text after our name."""
        return read(clean(text[:MOST_ASKED]))

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

    def may_quote(self, text: str) -> bool:
        """Whether a reply to one of our messages is a command about it: the whole of it must be."""
        asked = self.read(text)
        if asked.command is None:
            return False
        if asked.command.of_report:
            return not asked.arguments
        return asked.command.answer is mute and self._is_time(asked)

    def _is_time(self, asked: Asked) -> bool:
        reading = read_until(" ".join(asked.arguments), self._hub.clock())
        return reading is not None and not reading[1]

    async def quoted(self, quote: Quote, here: Target) -> list[str]:
        """Find the reports of ours that a message in a chat quotes; none where it quotes others'.

        Raises:
            StoreUnavailable: they could not be read.
        """
        is_ours = bool(quote.author) and await self._hub.are_bots(frozenset((quote.author,)))
        if quote.author and not is_ours:
            return []
        return await self._hub.history.quoted(here, quote.message_id, may_guess=is_ours)

    async def answer(self, asker: Asker, text: str, quoted: Sequence[str] = ()) -> Answer:
        """Carry out a command, perhaps about the reports `quoted`; a mistake is answered, not
        raised."""
        asked = self.read(text)
        if quoted and asked.command is not None and asked.command.of_report:
            if len(quoted) > 1 and asked.command.answer is not acknowledge:
                return f"这一条里有 {len(quoted)} 个推送，{self._context.command('最近')}看是第几条"
            asked = replace(asked, arguments=tuple(quoted))
        command = asked.command
        if command is None:
            return self._unknown(asker, asked.name)
        if command.binding and not self._may_bind:
            return self._no_binding(asker)
        if command.who is Who.SUPERUSER and not asker.superuser:
            return "只有超级用户可以"
        try:
            return await command.answer(self._context, asker, asked.arguments)
        except (Wrong, ReportError) as error:
            return str(error)

    def _unknown(self, asker: Asker, name: str) -> str:
        refusal = f"没有{quoted(name)}这个命令"
        if meant := nearest(name, visible(asker, binding=self._may_bind)):
            return f"{refusal}，是不是{self._context.command(meant.name)}？"
        return f"{refusal}。发{self._context.command(HELP.name)}看看有哪些"

    def _no_binding(self, asker: Asker) -> str:
        refusal = "没有开放绑定"
        return (
            f"{refusal}：要开放，就在 .env 里设置 REPORT_BIND=friends"
            if asker.superuser
            else refusal
        )
