"""Who asks in a chat, and what the answers have access to."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from ..model.message import Message
from ..model.target import Target

if TYPE_CHECKING:  # who only reads the table of commands does not pay for the hub
    from ..hub import Hub

MOST_LISTS: Final = 1000
"""Most users whose last list is remembered."""

Answer = str | Message


class Wrong(Exception):
    """A command cannot be carried out; the text is the answer."""


async def _nobody() -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Asker:
    """Who writes, and where."""

    user: str
    superuser: bool
    here: Target
    may_bind: Callable[[], Awaitable[bool]] = _nobody
    """Whether REPORT_BIND lets them have a token; asks the bot."""

    @property
    def own(self) -> Target:
        """Their private chat."""
        return Target("private", self.user)

    @property
    def only(self) -> Target | None:
        """Whose deliveries they may see; None: everybody's."""
        return None if self.superuser else self.own


@dataclass(frozen=True, slots=True)
class Context:
    """What answers need."""

    hub: "Hub"
    push_url: str
    """The address to push to, without a token."""
    begin: str = "/推送"
    """What commands begin with, as it is shown: NoneBot's prefix and REPORT_COMMAND."""
    lists: OrderedDict[str, tuple[str, ...]] = field(
        default_factory=OrderedDict[str, tuple[str, ...]]
    )
    """The ids in each user's last numbered list."""

    def command(self, text: str) -> str:
        """A command with its prefix, in quotes."""
        return f"「{self.begin} {text}」"

    def remember(self, asker: Asker, ids: tuple[str, ...]) -> None:
        """Remember a list that was shown, numbered from 1."""
        self.lists[asker.user] = ids
        self.lists.move_to_end(asker.user)
        while len(self.lists) > MOST_LISTS:
            self.lists.popitem(last=False)
