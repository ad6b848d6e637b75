"""Templates of messages. Compiled once; values are only substituted, never interpreted."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from string import Formatter
from typing import Final

from ..errors import ConfigError
from ..model.report import Report, Result
from ..model.text import begins_with
from ..model.timing import in_words

DEFAULT: Final = "{icon} {heading}\n{body}\n{timestamp} {elapsed}"

_RESULT_LABELS: Final = {Result.SUCCESS: "成功", Result.FAIL: "失败", Result.PARTIAL: "部分成功"}


def _result(report: Report) -> str:
    if isinstance(report.result, Result):
        return _RESULT_LABELS[report.result]
    return report.result or ""


def _local_time(report: Report) -> str:
    if isinstance(report.timestamp, datetime):
        return report.timestamp.isoformat(" ", "seconds")[:19]  # without its offset
    return report.timestamp or ""


_PLACEHOLDERS: Final[dict[str, Callable[[Report], str]]] = {
    "title": attrgetter("title"),
    "content": attrgetter("content"),
    "message": attrgetter("message"),
    "event": attrgetter("event"),
    "event_label": attrgetter("event_label"),
    "heading": attrgetter("heading"),
    "body": attrgetter("body"),
    "result": _result,
    "icon": attrgetter("icon"),
    "timestamp": _local_time,
    "elapsed": lambda report: "" if report.elapsed is None else f"用时 {in_words(report.elapsed)}",
    "from": attrgetter("send_from"),
    "screenshot": lambda _: "",  # the older plugin's default template names it
}
PLACEHOLDERS: Final = tuple(_PLACEHOLDERS)

_HEADED: Final = re.compile(
    r"^((?:\{icon\}\s*)?)\{(heading|title|event_label)\}\s+\{(body|content|message)\}", re.M
)
"""A heading at the start of a line, perhaps after an icon, followed by the body."""

_Line = tuple[str, tuple[str, ...]]
"""One line as `str.format` takes it, and its placeholders."""


@dataclass(frozen=True, slots=True)
class Template:
    """A compiled template."""

    text: str
    """The source."""
    lines: tuple[_Line, ...]
    headed: tuple[str, str] | None = None
    """The placeholders of the heading, and of the body that follows it."""
    bare: tuple[_Line, ...] = ()
    """The lines without that heading, for a body that repeats it."""

    def render(self, report: Report) -> str:
        """The text for a report. A line whose placeholders are all empty is left out.

        A template that comes to nothing, or an icon alone, gives way to the default one, so that
        what was accepted is always shown.
        """
        values = {name: _PLACEHOLDERS[name](report) for _, names in self.lines for name in names}
        lines = self.bare if self._says_heading(values) else self.lines
        rendered: list[str] = []
        for form, names in lines:
            if not names:
                rendered.append(form.format())
            elif any(map(values.__getitem__, names)):
                # An empty icon leaves its space.
                rendered.append(form.format_map(values).strip())
        text = "\n".join(rendered).strip()
        if self.text == DEFAULT or text not in ("", report.icon):
            return text
        return DEFAULT_TEMPLATE.render(report)

    def _says_heading(self, values: Mapping[str, str]) -> bool:
        """Whether the body repeats the heading; also if there is no heading."""
        if self.headed is None:
            return False
        heading, body = values[self.headed[0]], values[self.headed[1]]
        return bool(body) and begins_with(body, heading)


def compile_template(text: str) -> Template:
    r"""Compile `REPORT_TEMPLATE`.

    A backslash and an `n` stand for a line end too, as `.env` files give them without quotes.

    Raises:
        ConfigError: an unknown placeholder, or more than a plain name in the braces.
    """
    plain = text.replace("\\n", "\n")
    lines = _compile_lines(plain)
    if (match := _HEADED.search(plain)) is None:
        return Template(text, lines)
    bare = _compile_lines(_HEADED.sub(r"\1{\3}", plain, count=1))
    return Template(text, lines, (match[2], match[3]), bare)


def _compile_lines(text: str) -> tuple[_Line, ...]:
    return tuple(_compile_line(line) for line in text.split("\n"))


def _compile_line(line: str) -> _Line:
    try:
        pieces = list(Formatter().parse(line))
    except ValueError:
        raise ConfigError("花括号不成对；要写出花括号本身，请写两个：{{ 或 }}") from None
    for _, name, spec, conversion in pieces:
        if name is None:
            continue
        if name not in _PLACEHOLDERS or spec or conversion:
            placeholders = " ".join(f"{{{one}}}" for one in _PLACEHOLDERS)
            raise ConfigError(f"不认识占位符 {{{name[:40]}}}；可用的有：{placeholders}")
    return line, tuple(name for _, name, _, _ in pieces if name is not None)


DEFAULT_TEMPLATE: Final = compile_template(DEFAULT)
