"""Defines a source, a tool whose own fields become ours, and helpers to read its bodies. Pure.

A body comes from outside: any value in it may be of any type.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Final, cast

from ..model.text import clean
from ..model.timing import FIRST_YEAR, LAST_YEAR

Fields = Mapping[str, object]
"""The fields of a body, or of an object within it."""
Headers = Mapping[str, str]
"""A request's headers, by names in lower case."""

Answer = str | Mapping[str, object] | None
"""What a source's clients want to be answered: a text, which may be empty; fields that our own
answer has, too; None: our own answer."""

MAX_STORY: Final = 64
"""Characters of a story: it is looked up by an index, and kept in memory."""
EVERY: Final = 1000
"""Most entries of any list or object that are looked at."""


@dataclass(frozen=True, slots=True)
class Translated:
    """A body that a source translated."""

    fields: dict[str, object]
    """Fields in our own dialect, for `parse`."""
    story: str = ""
    """Names what the event begins or ends, such as an alert."""
    elapsed: float | None = None
    """Seconds that the event took, if the tool says so."""
    key_seconds: float | None = None
    """Seconds for which the same `id` is the same report; None: always."""
    rewritten: frozenset[str] = frozenset()
    """Fields of the body that are not ours by these names, or stand in `fields` in other words."""


@dataclass(frozen=True, slots=True)
class Source:
    """A tool that can push here as it is."""

    label: str
    """The tool's name, as its users write it."""
    marks: frozenset[str]
    """Only bodies with one of these fields are given to `recognise`; empty: none is."""
    recognise: Callable[[Fields, Headers], bool] | None
    """Whether a body has this tool's shape; None: the tool writes our own dialect."""
    translate: Callable[[Fields, Headers], Translated | None]
    """Translates a body that is said to be this tool's; its answer is None where it is not."""
    answer: Answer = field(default=None, hash=False)
    """What its clients want to be answered when a push was taken."""


def pick(value: object, path: str) -> object:
    """Get the value at a path such as `repository.full_name`; None: there is none."""
    for name in path.split("."):
        if not isinstance(value, dict):
            return None
        value = cast("dict[str, object]", value).get(name)
    return value


def text(value: object, path: str) -> str:
    """Get the text or number at a path; empty if there is none."""
    return as_text(pick(value, path))


def as_text(value: object) -> str:
    """Write a string, number or truth value as text; empty for any other value."""
    match value:
        case str():
            return value.strip()
        case bool():
            return str(value).lower()
        case int() | float() if abs(value) < 1e15:
            return f"{value:.10g}" if isinstance(value, float) else str(value)
        case _:
            return ""


def read_story(value: str) -> str:
    """Bring a story into the form in which it is compared: cleaned, or hashed if it is long."""
    story = clean(value)
    return story if len(story) <= MAX_STORY else sha256(story.encode()).hexdigest()


def record(value: object, path: str) -> Fields:
    """Get the object at a path; empty if there is none."""
    fields = pick(value, path)
    return cast("dict[str, object]", fields) if isinstance(fields, dict) else {}


def entries(value: object) -> list[object]:
    """Get the first `EVERY` entries of a list; none of any other value."""
    return cast("list[object]", value)[:EVERY] if isinstance(value, list) else []


def records(value: object, path: str) -> list[Fields]:
    """Get the objects of the list at a path, of its first `EVERY` entries."""
    rows = entries(pick(value, path))
    return [cast("Fields", row) for row in rows if isinstance(row, dict)]


def texts(value: object, path: str) -> dict[str, str]:
    """Get the texts and numbers of the object at a path, by name."""
    named = list(record(value, path).items())[:EVERY]
    return {name: entry for name, value in named if (entry := as_text(value))}


def moment(value: object) -> datetime | None:
    """Read a moment in ISO format with an offset; None: it is none, or outside of all clocks, such
    as Go's year 1 for what has not come yet."""
    try:
        at = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    if at is None or at.tzinfo is None:
        return None
    return at if FIRST_YEAR <= at.year <= LAST_YEAR else None


def local(at: datetime) -> str:
    """Write a moment in local time."""
    return f"{at.astimezone():%Y-%m-%d %H:%M:%S}"


def lines(*parts: str) -> str:
    """Join the parts that are not empty, a line each."""
    return "\n".join(filter(None, parts))


def leaves(value: object, name: str = "") -> Iterator[tuple[str, str]]:
    """Give every text and number in a body with its path, of the first `EVERY` values."""
    waiting, seen = [(name, value)], 0
    while waiting and seen < EVERY:
        name, value = waiting.pop()
        seen += 1
        if isinstance(value, dict):
            inner = list(cast("dict[str, object]", value).items())[:EVERY]
            waiting += [(f"{name}.{key}" if name else key, one) for key, one in reversed(inner)]
        elif isinstance(value, list):
            rows = cast("list[object]", value)[:EVERY]
            waiting += [(name, one) for one in reversed(rows)]
        elif entry := as_text(value):
            yield name, entry
