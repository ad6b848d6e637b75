"""Folds stack traces: the exception's own words stay, and how many lines of calls followed. Pure.

.NET (also with Chinese messages), Java, JavaScript and Python.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

LEAST: Final = 2
"""Fewest lines of a trace that are folded."""
_CALL: Final = re.compile(
    r"\s*(?:at (?=[A-Za-z_<$.\[@/])|在 (?=[A-Za-z_<$]))[^\n]{0,2000}"
    r"(?:\)|\]|:line \d+|:行号 \d+|:\d+:\d+|<unknown>)\s*$"
)
"""`at A.B(String c) in C:\\x.cs:line 5` (.NET), `at a.B.c(B.java:5)`, `at f (file.js:5:7)`."""
_BETWEEN: Final = re.compile(
    r"\s*(?:---+ .{0,200}---+|\.\.\. \d+ (?:more|common frames omitted)|---> .*|Caused by: .*"
    r"|Suppressed: .*)$"
)
"""Lines between the calls: where an exception went through, and what caused it."""
_PYTHON: Final = "Traceback (most recent call last):"
_CHAINED: Final = (
    "During handling of the above exception, another exception occurred:",
    "The above exception was the direct cause of the following exception:",
)


@dataclass(frozen=True, slots=True)
class Folded:
    """A text without its traces."""

    text: str
    lines: int = 0
    """How many lines were left out."""


def fold_traces(text: str, note: str) -> Folded:
    """Leave the calls of each stack trace out.

    Args:
        text: the words of a message.
        note: what to do to read them (Chinese), behind 「…另有 12 行」; may be empty.
    """
    lines = text.split("\n")
    hidden = _hidden(lines)
    if not hidden:
        return Folded(text)
    last = max(hidden)
    kept: list[str] = []
    for number, line in enumerate(lines):
        if number not in hidden:
            kept.append(line)
        if number == last:
            kept.append(f"…另有 {len(hidden)} 行{f'，{note}' if note else ''}")
    return Folded("\n".join(kept), len(hidden))


def without_traces(text: str) -> str:
    """Leave the calls of each stack trace out, for one line of a text."""
    lines = text.split("\n")
    hidden = _hidden(lines)
    if not hidden:
        return text
    return "\n".join(line for number, line in enumerate(lines) if number not in hidden)


def _hidden(lines: list[str]) -> frozenset[int]:
    """Give the numbers of the lines that are left out."""
    if len(lines) <= LEAST:
        return frozenset()
    hidden = frozenset(_python(lines)) | frozenset(_calls(lines))
    return hidden if len(hidden) >= LEAST else frozenset()


def _calls(lines: list[str]) -> Iterator[int]:
    """Give the lines of calls, of which at least two follow each other, and those between."""
    start = 0
    while start < len(lines):
        end = start
        while end < len(lines) and (_CALL.match(lines[end]) or _BETWEEN.match(lines[end])):
            end += 1
        if sum(_CALL.match(line) is not None for line in lines[start:end]) >= LEAST:
            yield from range(start, end)
        start = max(end, start + 1)


def _python(lines: list[str]) -> Iterator[int]:
    """Give the lines of Python's traces but the last line, which is the exception's own."""
    number = 0
    while number < len(lines):
        if lines[number].strip() != _PYTHON:
            number += 1
            continue
        end = _end_of_python(lines, number)
        yield from range(number, end)
        number = end


def _end_of_python(lines: list[str], start: int) -> int:
    """Find the line of the exception that ended the program: earlier ones led to it."""
    while True:
        end = start + 1
        while end < len(lines) and (not lines[end].strip() or lines[end].startswith((" ", "\t"))):
            end += 1
        following = _next_words(lines, end + 1)
        if following >= len(lines) or lines[following].strip() not in _CHAINED:
            return end
        start = _next_words(lines, following + 1)
        if start >= len(lines) or lines[start].strip() != _PYTHON:
            return end


def _next_words(lines: list[str], number: int) -> int:
    while number < len(lines) and not lines[number].strip():
        number += 1
    return number
