"""Whom a report mentions in a group, as rules and settings write it."""

from collections.abc import Iterable
from typing import Final

from .grant import BOUND, Grant
from .numbers import qq_number
from .target import Target

OWNER: Final = "owner"
"""Whoever the report's token belongs to."""
ALL: Final = "all"
"""Everybody in the group; only where that is written."""
MAX_MENTIONS: Final = 20
"""People that a message mentions: more than QQ lets a bot call would make it fail."""


def read_mentions(people: Iterable[str]) -> tuple[str, ...]:
    """Read whom to mention, each once.

    Raises:
        ValueError: it is somebody else; the text is Chinese.
    """
    mentions = tuple(dict.fromkeys(_read(one.removeprefix("@").strip()) for one in people))
    if len(mentions) > MAX_MENTIONS:
        raise ValueError(f"最多 @ {MAX_MENTIONS} 个人")
    return mentions


def _read(person: str) -> str:
    if person in (OWNER, ALL):
        return person
    try:
        return qq_number(person)
    except ValueError:
        raise ValueError("@ 谁应为 QQ 号、owner（令牌的主人）或 all（所有人）") from None


def find_people(
    mentions: Iterable[str], target: Target, grant: Grant, superusers: Iterable[Target]
) -> tuple[str, ...]:
    """Find the QQ numbers, and `all`, that a report with this grant mentions in its target."""
    if target.kind != "group":
        return ()
    people: list[str] = []
    for one in mentions:
        people += _owners(grant, superusers) if one == OWNER else [one]
    return tuple(dict.fromkeys(people))[:MAX_MENTIONS]


def _owners(grant: Grant, superusers: Iterable[Target]) -> list[str]:
    """Find to whom a token belongs: who bound it; for one of the settings the users that it sends
    to by itself; for the master's the superusers."""
    if grant.name.startswith(BOUND):
        return [grant.name.removeprefix(BOUND)]
    owners = superusers if grant.is_master else grant.defaults
    return [one.id for one in owners if one.kind == "private"]


def join_mentions(people: Iterable[str]) -> str:
    """Write people as a row has them."""
    return " ".join(people)


def split_mentions(stored: object) -> tuple[str, ...]:
    """Read people from a row; what this code did not write is left out."""
    if not isinstance(stored, str):
        return ()
    people = [one for one in stored.split(" ", MAX_MENTIONS) if one == ALL or _is_number(one)]
    return tuple(people[:MAX_MENTIONS])


def _is_number(text: str) -> bool:
    try:
        return qq_number(text) == text
    except ValueError:
        return False
