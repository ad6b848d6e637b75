"""Messages as chat services have them: a heading, texts, fields, links, pictures. Pure.

What such a message says is the same everywhere; only the names of its parts differ.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final, cast

from ..model.report import Result
from ..model.timing import read_timestamp
from .base import EVERY, Fields, Translated, entries, lines, local, pick
from .markup import plain
from .states import read_field, read_heading, without_emoji

MAX_DEPTH: Final = 8
"""Levels of a card within a card that are read."""
MAX_TITLE: Final = 120
"""Characters of a first line that stands as the title."""
MAX_HEADING_LINES: Final = 3
"""First lines of a message without a title that may tell its state."""
MAX_MARKED: Final = 8192
"""Characters of all texts of a message whose marks are read: more than a chat shows."""
MAX_ROW: Final = 40
"""Characters of a line in which short fields stand side by side."""
MAX_DIGITS: Final = 13
"""Digits of a Unix time, in milliseconds."""
_BLANK_LINES: Final = re.compile(r"\n[ \t]*(?:\n[ \t]*)+")


def labelled(name: str, value: str) -> str:
    """Write a field: its name before its value, which may have several lines."""
    name = name.strip().rstrip(":：").rstrip()
    if not (name and value):
        return name or value
    return f"{name}：\n{value}" if "\n" in value else f"{name}：{value}"


def linked(label: str, url: str) -> str:
    """Write a link: its label before its address."""
    return url if not label or label in url else f"{label}：{url}" if url else label


def spaced(link: str, mark: re.Match[str]) -> str:
    """Write a link in place of a mark, so that what follows does not belong to its address."""
    after = mark.string[mark.end() : mark.end() + 1]
    return f"{link} " if after.strip() else link


@dataclass(slots=True)
class Message:
    """A message while its parts are read, in the order in which people see them."""

    read: Callable[[str], str] = plain
    """Reads the marks of a text."""
    title: str = ""
    parts: list[str] = field(default_factory=list[str])
    leads: list[str] = field(default_factory=list[str])
    """Texts that stand before all others, the title too, and only where these do not have them."""
    states: list[Result] = field(default_factory=list[Result])
    """What colours and fields tell of the state; the first counts."""
    pictures: list[object] = field(default_factory=list[object])
    at: str = ""
    """The moment, if the message says it."""
    sender: str = ""
    """The name under which the tool writes: the title of a message that has none."""
    _row: str = ""
    """The line that short fields still join."""
    _unseen: int = EVERY
    """Entries of lists that may still be looked at."""
    _unread: int = MAX_MARKED
    """Characters of texts whose marks may still be read."""

    def entries(self, value: object) -> Iterator[object]:
        """Give the entries of a list, as long as the message has not had `EVERY` in all."""
        for entry in entries(value):
            if self._unseen <= 0:
                return
            self._unseen -= 1
            yield entry

    def records(self, value: object, path: str) -> Iterator[Fields]:
        """Give the objects of the list at a path, as `entries` does."""
        for entry in self.entries(pick(value, path)):
            if isinstance(entry, dict):
                yield cast("Fields", entry)

    def words(self, text: str) -> str:
        """Write a text as people read it, without its marks."""
        self._unread -= len(text)
        read = self.read(text) if text and self._unread >= 0 else text
        return _BLANK_LINES.sub("\n", read).strip()

    def head(self, heading: str) -> None:
        """Add a heading: the first is the title."""
        heading = self.words(heading)
        if self.title or not heading:
            self.put(heading)
            return
        self._end_row()
        self.title, _, more = heading.partition("\n")
        self.put(more)

    def lead(self, *texts: str) -> None:
        """Add texts that are shown only where no other part has them."""
        self.leads += map(self.words, texts)

    def add(self, *texts: str) -> None:
        """Add texts, a line each."""
        self.put(*map(self.words, texts))

    def put(self, *lines: str) -> None:
        """Add lines as they are: names, addresses, and words without marks."""
        for line in filter(None, lines):
            self._end_row()
            self.parts.append(line)

    def add_link(self, label: str, url: str) -> None:
        """Add a link, unless it has no address."""
        if url:
            self.put(linked(self.words(label), url))

    def add_field(self, name: str, value: str, *, short: bool = False) -> None:
        """Add a field; short ones stand side by side."""
        name, value = self.words(name), self.words(value)
        if (state := read_field(name, value)) is not None:
            self.states.insert(0, state)
        text = labelled(name, value)
        if not short or "\n" in text:
            self.put(text)
            return
        row = f"{self._row}，{text}" if self._row else text
        if len(row) > MAX_ROW:
            self._end_row()
            row = text
        self._row = row

    def add_detail(self, label: str, value: str) -> None:
        """Add a value with a label of ours, unless it is empty."""
        if value:
            self.add_field(label, value)

    def colour(self, state: Result | None) -> None:
        """Note what a colour tells; any field that tells a state counts more."""
        if state is not None:
            self.states.append(state)

    def _end_row(self) -> None:
        if self._row:
            self.parts.append(self._row)
            self._row = ""

    def translate(self, *names: str) -> Translated | None:
        """Make a report of the message; None: there is nothing in it.

        Args:
            names: fields of the body whose texts the message has in its own words.
        """
        self._end_row()
        title, parts = self._arranged()
        if not (title or parts or self.pictures):
            return None
        beginning = "" if title else "\n".join(parts).split("\n", MAX_HEADING_LINES)
        headings = (title, *self.leads, *beginning[:MAX_HEADING_LINES])
        told = (*self.states, *map(read_heading, headings))
        state = next((state for state in told if state is not None), None)
        report_fields: dict[str, object] = {
            "title": without_emoji(title, state) if title else self.sender,
            "content": lines(*parts),
            "result": state and state.number,
            "timestamp": self.at,
            "screenshots": self.pictures or None,
        }
        return Translated(report_fields, rewritten=frozenset(names))

    def _untitled(self, part: str) -> str:
        """Remove the title where a part begins with it once more, as Markdown does."""
        first, _, more = part.partition("\n")
        return more.strip() if self.title and first.strip() == self.title else part

    def _arranged(self) -> tuple[str, list[str]]:
        shown = [text for part in self.parts if (text := self._untitled(part))]
        parts = list(dict.fromkeys(shown))
        every = "\n".join((self.title, *parts))
        leads = [lead for lead in dict.fromkeys(self.leads) if lead and lead not in every]
        rows = [*leads, *filter(None, [self.title]), *parts]
        first = rows[0] if rows else ""
        is_heading = len(rows) > 1 and "\n" not in first and len(first) <= MAX_TITLE
        if first == self.title or is_heading:
            return first, rows[1:]
        return self.title, [row for row in rows if row != self.title]


def local_time(digits: str) -> str:
    """Write a Unix time in local time; empty if it is none."""
    if not (digits.isascii() and digits.isdecimal() and len(digits) <= MAX_DIGITS):
        return ""
    at = read_timestamp(int(digits))
    return local(at) if at else ""


def joined(texts: Iterable[str]) -> str:
    """Write texts one after the other."""
    return "".join(texts).strip()
