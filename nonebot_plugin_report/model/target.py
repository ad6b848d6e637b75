"""Who gets a report."""

import re
from dataclasses import dataclass
from typing import Final, Literal, Self

from .numbers import qq_number

Kind = Literal["private", "group", "channel"]
NAME: Final = re.compile(r"[^\s,，:：\x00-\x1f\x7f-\x9f\ud800-\udfff]{1,64}")
"""A channel's name."""
_NUMBER: Final = re.compile("[1-9][0-9]{0,18}")


@dataclass(frozen=True, slots=True)
class Target:
    """Who gets a report. Written `private:10001`, `group:777`, `channel:phone`.

    Each has exactly one form, since lanes, scopes, quiet hours and rates are looked up by it.

    Raises:
        ValueError: it is not a target.
    """

    kind: Kind
    id: str
    """The QQ number, the group's number, or the channel's name in the settings."""

    def __post_init__(self) -> None:
        form = NAME if self.kind == "channel" else _NUMBER
        if not form.fullmatch(self.id):
            raise ValueError(f"not a target: {self.kind}:{self.id[:40]!r}")

    def __str__(self) -> str:
        return f"{self.kind}:{self.id}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read what `str` wrote.

        Raises:
            ValueError: it is anything else.
        """
        match text.partition(":"):
            case ("private" | "group" | "channel") as kind, ":", identity:
                return cls(kind, identity)
            case _:
                raise ValueError(f"not a target: {text[:40]!r}")

    @classmethod
    def read(cls, text: str) -> Self:
        """Read what people write: full-width colons and digits, spaces and leading zeros too.

        Raises:
            ValueError: it is not a target.
        """
        kind, _, identity = text.replace("：", ":").partition(":")
        kind, identity = kind.strip(), identity.strip()
        return cls.parse(f"{kind}:{identity if kind == 'channel' else qq_number(identity)}")


@dataclass(frozen=True, slots=True)
class Lane:
    """Deliveries that are sent one after the other: those to one target through one bot."""

    target: Target
    bot: str = ""
    """The bot's id; empty: any that is connected."""

    @classmethod
    def of(cls, target: Target, bot: str) -> Self:
        """The lane of a target; a channel's is the same for every bot."""
        return cls(target, "" if target.kind == "channel" else bot)

    def __str__(self) -> str:
        return f"{self.target} via {self.bot}" if self.bot else str(self.target)
