"""What a source is: a tool whose own fields become ours. Pure.

And what its file needs to find its way in a body from outside, where any value may be anything.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Final, cast

from ..model.text import clean
from ..model.timing import FIRST_YEAR, LAST_YEAR

Fields = Mapping[str, object]
"""A body's fields, or an object within."""
Headers = Mapping[str, str]
"""A request's headers, by names in lower case."""

MAX_SHOWN: Final = 20
"""Most entries of a list that are shown: alerts, commits."""
MAX_STORY: Final = 64
"""Characters of a story: it is looked up by an index, and kept in memory."""
EVERY: Final = 1000
"""Most entries of anything that are looked at."""


@dataclass(frozen=True, slots=True)
class Translated:
    """What a source made of a body."""

    fields: dict[str, object]
    """As our own dialect has them, for `parse`."""
    story: str = ""
    """What the event begins or ends, such as one alert."""
    elapsed: float | None = None
    """Seconds that it took, if the tool says so."""
    key_seconds: float | None = None
    """For how long the same `id` is the same report; None: always."""


@dataclass(frozen=True, slots=True)
class Source:
    """A tool that can push here as it is."""

    label: str
    """Its name, as its users write it."""
    marks: frozenset[str]
    """Fields of which each body has one that is known by its shape; none: no body is."""
    recognise: Callable[[Fields, Headers], bool] | None
    """Whether a body is this tool's, by its shape; None: it writes our own dialect."""
    translate: Callable[[Fields, Headers], Translated | None]
    """Reads a body that is called this tool's; None: it is none."""


def pick(value: object, path: str) -> object:
    """What stands in objects at a path such as `repository.full_name`; None: nothing."""
    for name in path.split("."):
        if not isinstance(value, dict):
            return None
        value = cast("dict[str, object]", value).get(name)
    return value


def text(value: object, path: str) -> str:
    """The text or number at a path; empty if there is none."""
    return shown(pick(value, path))


def shown(value: object) -> str:
    """A single value as text; empty if it is none."""
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
    """What an event begins or ends, as it is compared; the hash of a long one."""
    story = clean(value)
    return story if len(story) <= MAX_STORY else sha256(story.encode()).hexdigest()


def record(value: object, path: str) -> Fields:
    """The object at a path; empty if there is none."""
    found = pick(value, path)
    return cast("Fields", found) if isinstance(found, dict) else {}


def records(value: object, path: str) -> list[Fields]:
    """The objects of the list at a path, as far as they are looked at."""
    found = pick(value, path)
    rows = cast("list[object]", found)[:EVERY] if isinstance(found, list) else []
    return [cast("Fields", one) for one in rows if isinstance(one, dict)]


def texts(value: object, path: str) -> dict[str, str]:
    """The texts of the object at a path, by name."""
    named = list(record(value, path).items())[:EVERY]
    return {name: said for name, one in named if (said := shown(one))}


def moment(value: object) -> datetime | None:
    """A moment in ISO format with an offset; None: it is none, or before all clocks, as Go writes
    what has not come yet."""
    try:
        at = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    if at is None or at.tzinfo is None:
        return None
    return at if FIRST_YEAR <= at.year <= LAST_YEAR else None


def local(at: datetime) -> str:
    """A moment as people here read it."""
    return f"{at.astimezone():%Y-%m-%d %H:%M:%S}"


def lines(*parts: str) -> str:
    """Those parts that are not empty, a line each."""
    return "\n".join(filter(None, parts))


def leaves(value: object, name: str = "") -> Iterator[tuple[str, str]]:
    """Every text and number in a body with the path to it, as far as they are looked at."""
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
        elif said := shown(value):
            yield name, said
