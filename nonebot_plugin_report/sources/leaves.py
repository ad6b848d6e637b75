"""Finds the texts and numbers in a body of unknown shape, and under which names they stand. Pure.

At most `MAX_STEPS` texts and numbers are looked at, the outermost first.
"""

import re
from collections import deque
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import Final, cast

from ..errors import InvalidReport
from ..model.text import clean
from .base import Fields, as_text
from .bodies.decode import read_json


def word_set(words: str) -> frozenset[str]:
    """Make a set of the words of a text, for tables of names."""
    return frozenset(words.split())


HEADINGS: Final = ("title", "subject", "headline", "heading", "summary", "name")
"""Names of the fields that say what a push is about, the likeliest first."""
WORDS: Final = (
    "message", "text", "msg", "body", "description", "content", "caption", "desp", "desc",
    "markdown", "info",
)  # fmt: skip
"""Names of the fields that have the words themselves."""
USUAL: Final = frozenset((*HEADINGS, *WORDS))
MAX_STEPS: Final = 1_000
"""Texts and numbers of a body that are looked at, and entries of any list or object."""
MAX_PLACES: Final = 20_000
"""Objects, lists and values of a body that are passed on the way."""
MAX_PATH: Final = 4
"""Names of a field's path that are looked at."""
MAX_NAME: Final = 40
"""Characters of a name that are shown."""
MAX_TEXT: Final = 65_536
"""Characters of a text that are kept."""
SHORT: Final = 60
"""Characters of a list that is written as one line."""

_CONTAINERS: Final = word_set(
    "data payload event body attributes object resource properties fields params content"
    " response result extra extras details detail context contexts metadata item"
    " attachments"
    " after current essentials select"
)
"""Names of objects that say nothing to a reader."""
MAX_PAIR: Final = 3
"""Fields of an object that is a name and a value."""
MAX_LISTED: Final = 4
"""Fields that are shown of an object in a list which has no usual name."""
_UNTOLD: Final = word_set("id uuid type kind object")
"""Fields of an object in a list that say nothing to a reader."""
_STATES: Final = ("status", "state", "result", "severity", "level")
_KEYS: Final = ("name", "key", "title", "label", "field")
_SILENT: Final = _CONTAINERS.union(WORDS)
_PLACES: Final = re.compile(r"(?:value|arg|param|field|item)_?\d{1,3}", re.IGNORECASE)
"""Names that only number what they hold."""
_WORD: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+|[^\W\d_A-Za-z]+")
_URL: Final = re.compile(r"https?://[^\s<>\"]+", re.IGNORECASE)
LETTERS: Final = re.compile(r"[^\W\d_][\W\d_]*[^\W\d_]|[^\x00-\x7f\W\d_]")
"""Finds two letters, or one that is no ASCII."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """A text or number in a body."""

    path: tuple[str, ...]
    """The names of the objects that it is in, and its own: the last `MAX_PATH`."""
    depth: int
    """How many objects it is in."""
    text: str
    value: object
    """As JSON has it; None: it was written of several values."""
    words: tuple[str, ...]
    """The words of its name, in lower case: `alertStateName` has three."""
    is_usual: bool
    """Whether it stands at a usual name and has two letters, or is written of such texts."""

    @property
    def name(self) -> str:
        """Its name, in lower case and without signs."""
        return "".join(self.words)

    @property
    def last(self) -> str:
        """The last word of its name; empty: it has none."""
        return self.words[-1] if self.words else ""

    @property
    def is_link(self) -> bool:
        """Whether it is an address of the web, and nothing else."""
        return not self.is_usual and _URL.fullmatch(self.text) is not None

    @property
    def label(self) -> str:
        """Its name for a reader; empty: the text says enough."""
        names = [name for name in self.path[:-1] if name.lower() not in _SILENT][-1:]
        last = self.path[-1] if self.path else ""
        if last.lower() == "name" or (last.lower() not in USUAL and not _PLACES.fullmatch(last)):
            names.append(last)
        spoken = [_spoken(name) for name in names]
        if len(spoken) == 2 and spoken[1].lower().startswith(spoken[0].lower()):
            del spoken[0]
        return " ".join(filter(None, spoken))[:MAX_NAME]


def split_name(name: str) -> tuple[str, ...]:
    """Split a name into its words, in lower case.

    >>> split_name("monitorFriendlyName"), split_name("HTTP_status-2")
    (('monitor', 'friendly', 'name'), ('http', 'status', '2'))
    """
    return _split(name[: 2 * MAX_NAME])


@lru_cache(maxsize=512)
def _split(name: str) -> tuple[str, ...]:
    """Split a short name: a tool has the same ones each time, and within each list."""
    return tuple(word.lower() for word in _WORD.findall(name))


def _spoken(name: str) -> str:
    """Write a name as words: `project_name` and `projectName` become `project name`."""
    words = _WORD.findall(clean(name[: 2 * MAX_NAME]))
    if len(words) < 2:
        return clean(name[: 2 * MAX_NAME]).strip(" _-:：")
    return " ".join(word if word.isupper() else word.lower() for word in words)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a value stands in a body."""

    path: tuple[str, ...] = ()
    depth: int = 0

    def within(self, name: str) -> "_Place":
        """The place of a field of the object that stands here."""
        return _Place((*self.path, name)[-MAX_PATH:], self.depth + 1)

    @property
    def name(self) -> str:
        """The last name, in lower case."""
        return self.path[-1].lower() if self.path else ""

    def leaf(self, text: str, value: object = None, *, usual: bool = False) -> Leaf:
        """A text that stands here."""
        words = split_name(self.path[-1]) if self.path else ()
        return Leaf(self.path, self.depth, text, value, words, usual)


_Inner = list[tuple[_Place, object]]
"""Values that are still to be read."""


def find_leaves(fields: Fields) -> list[Leaf]:
    """Find the texts and numbers of a body, those of outer objects first."""
    waiting: deque[tuple[_Place, object]] = deque([(_Place(), fields)])
    leaves: list[Leaf] = []
    steps = 0
    while waiting and steps < MAX_PLACES and len(leaves) < MAX_STEPS:
        place, value = waiting.popleft()
        steps += 1
        value = _opened(value)
        if isinstance(value, dict):
            items = islice(cast("Fields", value).items(), MAX_STEPS)
            waiting.extend((place.within(name), one) for name, one in items)
        elif isinstance(value, list):
            written, inner = _read_list(place, cast("list[object]", value)[:MAX_STEPS])
            leaves += written
            waiting.extend(inner)
        elif text := _text(value):
            usual = place.name in USUAL and LETTERS.search(text) is not None
            leaves.append(place.leaf(text, value, usual=usual))
    return leaves[:MAX_STEPS]


def _opened(value: object) -> object:
    """Read a text that is JSON itself, as Amazon SNS and forms have it within theirs."""
    if not isinstance(value, str) or len(value) > MAX_TEXT:
        return value
    if not (value.startswith(("{", "[{")) and value.endswith(("}", "]"))):
        return value
    try:
        return read_json(value.encode("utf-8", "replace"))
    except (ValueError, InvalidReport):
        return value


def _text(value: object) -> str:
    return clean(as_text(value)[:MAX_TEXT]).strip()


def _read_list(place: _Place, values: list[object]) -> tuple[list[Leaf], _Inner]:
    """Read a list: a line for each entry, and the values within the entries that are to be read."""
    if len(values) == 1:
        return [], [(place, values[0])]
    leaves: list[Leaf] = []
    inner: _Inner = []
    plain: list[str] = []
    for value in values:
        if isinstance(value, dict):
            leaf, more = _read_entry(place, cast("Fields", value))
            leaves += [leaf] if leaf else []
            inner += more
        elif isinstance(value, list):
            pair = cast("list[object]", value)
            leaf = None if place.name in USUAL else _read_pair(place, pair)
            leaves += [leaf] if leaf else []
            inner += [] if leaf else [(place, pair)]
        elif text := _text(value):
            plain.append(text)
    if plain:
        leaves.insert(0, _join(place, plain))
    return leaves, inner


def _join(place: _Place, texts: list[str]) -> Leaf:
    """Write a list of texts, short ones in one line."""
    joined = "、".join(texts)
    if len(joined) > SHORT or "\n" in joined or place.name in WORDS:
        joined = "\n".join(texts)
    return place.leaf(joined[:MAX_TEXT], usual=place.name in USUAL)


def _read_pair(place: _Place, pair: list[object]) -> Leaf | None:
    """Read a list of a name and a value."""
    match pair:
        case [str() as name, str() | int() | float() as value] if LETTERS.search(name[:99]):
            return _name(place, name, _text(value), usual=False)
        case _:
            return None


def _name(place: _Place, name: str, text: str, *, usual: bool) -> Leaf | None:
    """Write a text whose name stands beside it."""
    name = clean(name[:MAX_TEXT]).strip()
    if not text:
        return place.leaf(name, usual=usual) if usual else None
    if len(name) > MAX_NAME:  # a text of its own, which is not to be cut
        return place.leaf(f"{name}：{text}", usual=usual)
    return _Place((name,), place.depth + 1).leaf(text, usual=usual)


def _read_entry(place: _Place, fields: Fields) -> tuple[Leaf | None, _Inner]:
    """Read an object within a list: a name and a value, or its usual texts in one line."""
    items = list(islice(fields.items(), MAX_STEPS))
    inner: _Inner = [(place.within(name), one) for name, one in items if _holds_more(one)]
    texts = [(name.lower(), text) for name, one in items if (text := _text(one))]
    found = dict(texts)
    name = next((found[key] for key in _KEYS if key in found), "")
    if name and "value" in found and len(texts) <= MAX_PAIR and not inner:
        return _name(place, name, found["value"], usual=True), inner
    usual = [text for key in (*HEADINGS, *WORDS) for name, text in texts if name == key]
    shown = usual[:1] + [text for text in usual[1:] if text not in usual[0]]
    if shown:
        states = [found[key] for key in _STATES if key in found]
        return place.leaf("：".join((*shown, *states))[:MAX_TEXT], usual=True), inner
    told = [(key, text) for key, text in texts if key not in _UNTOLD]
    listed = [f"{_spoken(key)} {text}" for key, text in told[:MAX_LISTED]]
    return (place.leaf("，".join(listed)) if listed else None), inner


def _holds_more(value: object) -> bool:
    return isinstance(value, dict | list)
