"""Reads a body that no source knows, by the names that tools usually give to their fields. Pure.

A heading and the words come first, then a few further lines and a link. A text of at least two
letters that stands under a usual name (`HEADINGS`, `WORDS`) is in the message, wherever it is.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Final, cast

from ..model.report import Result
from ..model.text import one_line
from ..model.timing import FIRST_YEAR, LAST_YEAR, read_timestamp
from ..model.trace import without_traces
from .base import Fields
from .generic_state import is_number_of_state, is_over, is_quiet, read_state, state_rank
from .leaves import HEADINGS, LETTERS, WORDS, Leaf, find_leaves, split_name, word_set
from .markup import read_marked

MAX_LINES: Final = 14
"""Lines below the heading, besides the words of a body's outermost object; the time is one more."""
MAX_USUAL: Final = 6
"""Lines of texts at usual names that are neither the heading nor the words."""
MAX_OTHERS: Final = 8
"""Lines of fields that have no usual name."""
MAX_DEPTH: Final = 20
"""Objects within each other of a body that are kept."""
MIN_OTHERS: Final = 2
"""Lines of such fields that stand even below long words."""
MAX_TITLE: Final = 120
"""Characters of the heading."""
MAX_WORDS: Final = 12
"""Lines of words that stand in an inner object."""
MAX_LINE: Final = 300
"""Characters of a line of its own."""
MAX_LOOKED_AT: Final = 8_192
"""Characters of a text of which a line is made."""
MAX_OTHER: Final = 120
"""Characters of the text of a field that has no usual name; without any, a longer one is words."""
MAX_TAIL: Final = 2_000
"""Characters of the line that has what no other line had room for."""

_TITLE_ENDS: Final = word_set("title subject headline summary")
_THINGS: Final = word_set("topic rule alarm alert alertname alertrule check monitor job service")
"""Names of fields that say what a push is about where there is no heading."""
_NAME_ENDS: Final = word_set("name slug")
_WORDS_ENDS: Final = word_set(
    "message text description details detail reason output msg comment note html payload"
    " excerpt raw"
)
_BESIDE: Final = word_set(
    "account user actor author owner sender creator assignee reporter player server"
    " client organization org installation integration workspace team channel device"
    " browser os sdk app application headers settings sender repository project source"
    " commit vcs webhook model"
)
"""Objects that are not what a push is about."""
_LINKS: Final = ("htmlurl", "weburl", "url", "link", "permalink", "fullurl", "href")
_PICTURES: Final = word_set("image picture photo screenshot snapshot attachment poster")
_NO_LINKS: Final = word_set(
    "avatar icon logo api callback thumbnail gravatar webhook unsubscribe signing cert"
)
_TIMES: Final = word_set("time timestamp date datetime ts when")
_TIME_ENDS: Final = word_set(
    "time timestamp date datetime ts at on updated created started finished received when"
    " now changed modified occurred triggered fired"
)
_LATER: Final = word_set("updated modified end ended finished finish until expires")
_SECRETS: Final = word_set(
    "token secret password passwd pwd apikey authorization cookie signature sign key nonce"
)
_NOISE: Final = word_set(
    "id ids uuid guid sha hash checksum etag avatar icon logo color colour thumbnail href"
    " api schema locale lang language format template mimetype encoding gravatar cursor"
    " ref offset timezone proxy url uri link digest class method object msgid arn mime"
    " signature"
)
_INNER_NOISE: Final = word_set("type kind mode version ticks handled")
_SCHEMA_VERSION: Final = re.compile(r"v?[1-9](\.[01]){0,2}")
"""A version of the body's own layout."""
_KINDS: Final = word_set(
    "notification event message api webhook text object application json markdown html plain image"
    " default"
)
"""Kinds that say nothing to a reader."""
_NOTHING: Final = word_set("null none undefined n/a na - unknown false [] {} 0 0.0")
_CODE: Final = re.compile(r"[0-9a-f-]{16,}|[A-Za-z0-9+/_=-]{32,}|(?:arn|sha\d+):\S+", re.IGNORECASE)
_SPOKEN_ID: Final = re.compile(r"[^\W\d_]{2,40}(?:[._:-][^\W\d]{1,40}){1,5}")
_MARKS: Final = re.compile(r"<[^<>]{0,500}>|\]\([^()\s]{0,500}\)")
_SIGNS: Final = re.compile(r"[\W_]+")
_DATE: Final = re.compile(
    r"(\d{4})[./年](\d{1,2})[./月](\d{1,2})日?[ T]{1,2}(\d{1,2}):(\d{2})(?::(\d{2}))?"
)


@dataclass(frozen=True, slots=True)
class Message:
    """What a body says."""

    title: str
    content: str
    result: Result | None
    """None: it does not say how something turned out."""
    at: datetime | None


@dataclass(slots=True)
class _Lines:
    """The lines of a message, within its bounds."""

    title: str
    lines: list[str] = field(default_factory=list[str])
    tail: list[str] = field(default_factory=list[str])
    """Texts that no line had room for."""
    own: int = 0
    """How many lines there are: an entry of `lines` may be several."""
    _letters: list[str] = field(default_factory=list[str])
    """What stands in the message, without marks and signs."""

    def __post_init__(self) -> None:
        self._letters.append(_letters(self.title))

    def has(self, text: str) -> bool:
        """Whether the message has a text already, or the same with other marks."""
        letters = _letters(text)
        return bool(letters) and any(letters in line for line in self._letters)

    def add(self, line: str) -> None:
        """Add a line."""
        self.lines.append(line)
        self._letters.append(_letters(line))
        self.own += 1

    def add_words(self, leaf: Leaf) -> None:
        """Add words: all of the outermost object's, else as many lines as there is room for."""
        words = read_marked(leaf.text, leaf.name)
        lines = [line.rstrip() for line in words.splitlines() if line.strip(" \t%")]
        room = max(1, MAX_WORDS - self.own)
        if leaf.depth > 1 and len(lines) > room:
            lines[room - 1 :] = [f"…另有 {len(lines) - room + 1} 行"]
        self.add("\n".join(lines))
        self.own += len(lines) - 1

    def add_to_tail(self, text: str) -> bool:
        """Add a text to the line of what no line has room for. Returns whether it has room."""
        if sum(map(len, self.tail)) + len(text) > MAX_TAIL - 3 * len(self.tail):
            return False
        self.tail.append(text)
        self._letters.append(_letters(text))
        return True


def read_generic(fields: Fields) -> Message | None:
    """Read a body; None: there is no word in it."""
    leaves = [leaf for leaf in find_leaves(fields) if not _is_secret(leaf)]
    if not leaves:
        return None
    moments = [leaf for leaf in leaves if _moment_of(leaf) is not None]
    at = min(moments, key=_moment_rank, default=None)
    title = min(filter(_is_heading, leaves), key=_heading_rank, default=None)
    words = _find_words([leaf for leaf in leaves if leaf is not title])
    links = _find_links(leaves)
    lines = _Lines(title.text if title else "")
    for leaf in words:
        lines.add_words(leaf)
    state = read_state(leaves, lines.title or "\n".join(lines.lines))
    used = {id(leaf) for leaf in (title, *words)}
    said = {id(leaf) for leaf in (state.leaf, *links, *moments) if leaf and not leaf.is_usual}
    left = [leaf for leaf in leaves if id(leaf) not in used | said and not state.repeats(leaf)]
    _add_usual(lines, left)
    _add_others(lines, [leaf for leaf in left if not leaf.is_usual], len(links))
    if not (lines.title or lines.lines or lines.tail):
        _add_anything(lines, leaves)
    _add_ends(lines, links)
    return Message(lines.title, "\n".join(lines.lines), state.result, at and _moment_of(at))


def _letters(text: str) -> str:
    """A text without marks of HTML and Markdown, signs and blanks."""
    return _SIGNS.sub("", _MARKS.sub("", text))


def without_secrets(value: object, depth: int = 0) -> object:
    """Copy a body without what only its tool is to know, and without what is nested deeply."""
    if depth > MAX_DEPTH:
        return "…"
    if isinstance(value, dict):
        items = cast("dict[str, object]", value).items()
        return {
            name: without_secrets(one, depth + 1)
            for name, one in items
            if not _is_secret_name(split_name(name))
        }
    if isinstance(value, list):
        return [without_secrets(one, depth + 1) for one in cast("list[object]", value)]
    return value


def _is_secret_name(words: Sequence[str]) -> bool:
    name = "".join(words)
    return not _SECRETS.isdisjoint(words[-1:]) or name.endswith(("key", "token", "secret"))


def _is_secret(leaf: Leaf) -> bool:
    return not leaf.is_usual and _is_secret_name(leaf.words)


def _is_beside(leaf: Leaf) -> bool:
    return any(name.lower() in _BESIDE for name in leaf.path[:-1])


def _is_heading(leaf: Leaf) -> bool:
    if len(leaf.text) > MAX_TITLE or "\n" in leaf.text or not LETTERS.search(leaf.text):
        return False
    if leaf.value is None or leaf.is_link:
        return False
    if leaf.is_usual and leaf.name in HEADINGS:
        return leaf.depth <= (3 if leaf.name == "name" else 5)
    if leaf.is_usual or leaf.depth > 3 or _is_beside(leaf) or "." in leaf.path[-1]:
        return False
    return leaf.name in _THINGS or (leaf.depth < 3 and leaf.last in _TITLE_ENDS | _NAME_ENDS)


def _heading_rank(leaf: Leaf) -> tuple[int, int]:
    tiers = {"title": 0, "subject": 0, "headline": 0, "heading": 0, "summary": 1, "name": 3}
    tier = tiers.get(leaf.name, 5 if leaf.last in _NAME_ENDS else 2)
    if leaf.name in _THINGS:
        tier = 4
    return tier + 3 * _is_beside(leaf), leaf.depth


def _find_words(leaves: Sequence[Leaf]) -> list[Leaf]:
    """Find the words, and what stands beside them under other usual names."""
    first = min(filter(_are_words, leaves), key=_words_rank, default=None)
    if first is None:
        return [leaf for leaf in leaves if len(leaf.text) > MAX_OTHER and not _is_noise(leaf)][:1]
    if not first.is_usual:
        return [first]
    beside = [
        leaf
        for leaf in leaves
        if leaf.path[:-1] == first.path[:-1] and leaf.name in WORDS and leaf.is_usual
    ]
    beside.sort(key=lambda leaf: leaf.name in ("markdown", "info"))  # other forms of the same
    texts: list[str] = []
    chosen: list[Leaf] = []
    for leaf in beside:
        letters = _letters(leaf.text)
        if not any(letters in text for text in texts):
            texts.append(letters)
            chosen.append(leaf)
    return chosen


def _are_words(leaf: Leaf) -> bool:
    if leaf.is_usual and leaf.name in WORDS:
        return True
    named = leaf.last in _WORDS_ENDS
    return named and not leaf.is_link and LETTERS.search(leaf.text) is not None


def _words_rank(leaf: Leaf) -> tuple[int, int]:
    return (not leaf.is_usual) + 2 * _is_beside(leaf), leaf.depth


def _add_usual(lines: _Lines, leaves: Iterable[Leaf]) -> None:
    """Add the other texts at usual names; those that no line has room for stand in the tail."""
    number = 0
    for leaf in leaves:
        if not leaf.is_usual or lines.has(leaf.text[:MAX_LINE]):
            continue
        text = one_line(without_traces(leaf.text[:MAX_LOOKED_AT]), MAX_LINE)
        if lines.has(text):
            continue
        if number < MAX_USUAL and lines.own < MAX_LINES - 3:
            lines.add(_labelled(leaf, text))
            number += 1
        elif not lines.add_to_tail(text):
            return


def _labelled(leaf: Leaf, text: str) -> str:
    label = leaf.label
    return f"{label}：{text}" if label and label != text else text


def _add_others(lines: _Lines, leaves: Iterable[Leaf], links: int) -> None:
    """Add fields of other names: states first, then those of outer objects."""
    shown = [leaf for leaf in leaves if not (_is_noise(leaf) or leaf.is_link)]
    shown.sort(key=state_rank)
    room = max(MAX_LINES - lines.own - links - bool(lines.tail), MIN_OTHERS)
    most = lines.own + min(room, MAX_OTHERS)
    for leaf in shown:
        if lines.own >= most:
            return
        text = one_line(without_traces(leaf.text[:MAX_LOOKED_AT]), MAX_OTHER)
        if not (LETTERS.search(text) and lines.has(text)):
            lines.add(_labelled(leaf, text))


def _is_noise(leaf: Leaf) -> bool:
    """Whether a field says nothing to a reader."""
    last = leaf.last
    if last in ("id", "ids"):
        return _SPOKEN_ID.fullmatch(leaf.text) is None or _is_code(leaf.text)
    if (
        last in _NOISE
        or leaf.name == "msgtype"  # of chats' robots: how their words are written
        or "signature" in leaf.words
        or not _NO_LINKS.isdisjoint(leaf.words)
        or is_quiet(leaf)
    ):
        return True
    if last in _INNER_NOISE and (leaf.depth > 1 or _SCHEMA_VERSION.fullmatch(leaf.text)):
        return True
    if last in ("type", "kind", "group") and leaf.text.lower() in _KINDS:
        return True
    if is_over(leaf) or leaf.text.lower() in _NOTHING or (leaf.value is True and leaf.depth > 1):
        return True
    return _is_code(leaf.text) or is_number_of_state(leaf)


def _is_code(text: str) -> bool:
    return all(map(_CODE.fullmatch, text.split()[:9]))


def _add_anything(lines: _Lines, leaves: Iterable[Leaf]) -> None:
    for leaf in list(leaves)[:MAX_OTHERS]:
        lines.add(_labelled(leaf, one_line(without_traces(leaf.text[:MAX_LOOKED_AT]), MAX_LINE)))


def _add_ends(lines: _Lines, links: Iterable[Leaf]) -> None:
    if lines.tail:
        lines.add(" · ".join(lines.tail))
    for leaf in links:
        if not lines.has(leaf.text):
            lines.add(leaf.text)


def _find_links(leaves: Iterable[Leaf]) -> list[Leaf]:
    """Find the address of what a push is about, and that of its picture."""
    links = [leaf for leaf in leaves if leaf.is_link and _NO_LINKS.isdisjoint(leaf.words)]
    pictures = [
        leaf for leaf in links if not (_PICTURES.isdisjoint(leaf.words) or _is_beside(leaf))
    ]
    links = [leaf for leaf in links if _PICTURES.isdisjoint(leaf.words)]
    first = min(links, key=_link_rank, default=None)
    return [leaf for leaf in (first, *pictures[:1]) if leaf is not None]


def _link_rank(leaf: Leaf) -> tuple[int, int, int]:
    api = "/api/" in leaf.text or "//api." in leaf.text or "/_apis/" in leaf.text
    tier = _LINKS.index(leaf.name) if leaf.name in _LINKS else len(_LINKS)
    return 2 * api + _is_beside(leaf), leaf.depth, tier


def _moment_of(leaf: Leaf) -> datetime | None:
    """Read the time in a field that is named as one; None: it is none."""
    if leaf.value is None or isinstance(leaf.value, bool) or len(leaf.text) > 64:
        return None
    if leaf.last not in _TIME_ENDS:
        return None
    value = leaf.value if isinstance(leaf.value, int | float) else leaf.text
    try:
        at = read_timestamp(value)
    except (ValueError, OverflowError):
        at = _read_written(leaf.text)
    return at


def _read_written(text: str) -> datetime | None:
    """Read a date as mails have it, or one that is written with dots, slashes or in Chinese."""
    match = _DATE.fullmatch(text)
    try:
        if match is None:
            at = parsedate_to_datetime(text).astimezone()
        else:
            year, month, day, hour, minute, second = (int(part or 0) for part in match.groups())
            at = datetime(year, month, day, hour, minute, second).astimezone()
    except (ValueError, OverflowError, TypeError, IndexError):
        return None
    return at if FIRST_YEAR <= at.year <= LAST_YEAR else None


def _moment_rank(leaf: Leaf) -> tuple[int, int]:
    tier = 0 if leaf.name in _TIMES else 1 + 2 * (not _LATER.isdisjoint(leaf.words))
    return tier + 2 * _is_beside(leaf), leaf.depth
