"""Reads result, event and figures out of tools' own words. Pure.

Most game tools say in words alone how a task ended. What their words mean stands in one table a
tool, in `tools/`; it counts whichever way the words came.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from ..model.reading import Reading, merge_readings
from ..model.report import Report, Result, count_as
from ..model.timing import read_timestamp

MAX_WORDS: Final = 10_000
"""Characters that are looked at."""
MAX_AROUND: Final = 400
"""Characters at either end in which a tool tells its name."""
MAX_NUMBER: Final = 12
"""Most digits of an amount."""
_BLANK_LINES: Final = re.compile(r"\n{2,}")
LINE_BEGINS: Final = r"(?:[\[【][^\]】\n]{1,30}[\]】]\s?){0,3}(?:\d{1,3}\. )?"
"""What may stand before a phrase: times and colours in brackets, the number in a list."""


@dataclass(frozen=True, slots=True)
class Row:
    """What a phrase means. The first row of a tool that matches counts."""

    words: re.Pattern[str]
    result: Result | None
    event: str
    """`{app}` stands for the pattern's group `app`."""
    named: bool = False
    """The phrase is too common to count without the tool's name."""


@dataclass(frozen=True, slots=True)
class Figure:
    """Words that have a figure."""

    words: re.Pattern[str]
    read: Callable[[re.Match[str]], Reading | None]


@dataclass(frozen=True, slots=True)
class Items:
    """Lines below a heading, each an item with its amount."""

    heading: re.Pattern[str]
    """Its group `place`, if it has one, is the stage."""
    item: re.Pattern[str]
    """Groups `of` and `value`; the first line that is no item ends the list."""
    name: str


@dataclass(frozen=True, slots=True)
class Words:
    """One tool's own words."""

    name: re.Pattern[str]
    """Words near the beginning or the end that only this tool writes."""
    rows: tuple[Row, ...]
    figures: tuple[Figure, ...] = ()
    items: tuple[Items, ...] = ()
    events: frozenset[str] = frozenset()
    """Events that the tool names itself, whose words have figures."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a tool's words mean."""

    result: Result | None = None
    event: str = ""
    readings: tuple[Reading, ...] = ()


def judge(report: Report, tools: tuple[Words, ...]) -> Report:
    """Add to a report what its words say, where the push itself said neither result nor event.

    Figures are read in either case.
    """
    says = report.result is not None or bool(report.event)
    if says:
        tools = tuple(tool for tool in tools if report.event in tool.events)
    if not tools:
        return report
    words = "\n".join(filter(None, (report.title, report.message, report.content)))
    lines = _BLANK_LINES.sub("\n", words[:MAX_WORDS])
    verdict = find_verdict(lines, tools, says_event=says)
    if verdict is None:
        return report
    if says:
        return replace(report, readings=verdict.readings)
    return replace(count_as(report, verdict.result, verdict.event), readings=verdict.readings)


def find_verdict(
    lines: str, tools: tuple[Words, ...], *, says_event: bool = False
) -> Verdict | None:
    """Find what words mean; None: they are no tool's."""
    head = _head(lines)
    around = lines[:MAX_AROUND] + "\n" + lines[-MAX_AROUND:]
    for tool in tools:
        is_named = says_event or tool.name.search(around) is not None
        row = _first_row(tool, head, lines if is_named else "")
        if row is None and not is_named:
            continue
        readings = merge_readings(_readings(tool, lines))
        if row is not None or readings:
            return Verdict(*(row or (None, "")), readings)
    return None


def _head(lines: str) -> str:
    """The first line that has words."""
    return next((line.strip() for line in lines.split("\n") if line.strip()), "")


def _first_row(tool: Words, head: str, lines: str) -> tuple[Result | None, str] | None:
    for row in tool.rows:
        match = None if row.named else row.words.search(head)
        if match is None and lines:
            match = row.words.search(lines)
        if match is not None:
            app = match["app"] if "app" in row.words.groupindex else ""
            return row.result, row.event.format(app=app)
    return None


def _readings(tool: Words, lines: str) -> Iterator[Reading]:
    for figure in tool.figures:
        for match in figure.words.finditer(lines):
            if (reading := figure.read(match)) is not None:
                yield reading
    for items in tool.items:
        yield from _listed(items, lines)


def _listed(items: Items, lines: str) -> Iterator[Reading]:
    place: str | None = None
    for line in lines.split("\n"):
        if (heading := items.heading.search(line)) is not None:
            place = heading["place"] if "place" in items.heading.groupindex else ""
        elif place is not None and (item := items.item.search(line)) is not None:
            yield Reading(items.name, read_number(item["value"]), of=item["of"], place=place)
        elif line.strip():
            place = None


def phrase(words: str) -> re.Pattern[str]:
    """Compile a pattern for the beginning of a line."""
    return re.compile(rf"^{LINE_BEGINS}(?:{words})", re.MULTILINE)


def line(words: str) -> re.Pattern[str]:
    """Compile a pattern for a whole line."""
    return re.compile(rf"^(?:{words})\s*$", re.MULTILINE)


def amount(name: str, words: str) -> Figure:
    """Make a figure of a pattern with some of the groups `value`, `most` and `at`."""

    def read(match: re.Match[str]) -> Reading | None:
        groups = match.groupdict()
        value, most = (read_number(groups.get(group)) for group in ("value", "most"))
        full_at = read_moment(groups.get("at"))
        if value is None and full_at is None:
            return None
        return Reading(name, value, most, full_at)

    return Figure(re.compile(words, re.MULTILINE), read)


def duration(words: str) -> Figure:
    """Make a figure of a pattern with the groups `h`, `m` and `s`."""

    def read(match: re.Match[str]) -> Reading | None:
        hours, minutes, seconds = (read_number(match[group]) or 0 for group in "hms")
        return Reading("elapsed", hours * 3600 + minutes * 60 + seconds)

    return Figure(re.compile(words), read)


def span(words: str) -> Figure:
    """Make a figure of a pattern with the moments `start` and `end`."""

    def read(match: re.Match[str]) -> Reading | None:
        start, end = read_moment(match["start"]), read_moment(match["end"])
        if not isinstance(start, datetime) or not isinstance(end, datetime) or end < start:
            return None
        return Reading("elapsed", (end - start).total_seconds())

    return Figure(re.compile(words), read)


def read_number(written: str | None) -> float | None:
    """Read an amount such as `1,204` or `12k`; None: it is none."""
    digits = (written or "").replace(",", "").strip()
    thousands = digits[-1:] in ("k", "K")
    digits = digits[:-1] if thousands else digits
    if not (digits.isascii() and digits.isdecimal()) or len(digits) > MAX_NUMBER:
        return None
    return int(digits) * (1000 if thousands else 1)


def read_moment(written: str | None) -> datetime | str | None:
    """Read a local moment; words that are none stay as they are."""
    if not written:
        return None
    try:
        return read_timestamp(written) or None
    except ValueError:
        return written.strip()
