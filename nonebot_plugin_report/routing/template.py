"""A report's words. A template is compiled once; values are only ever substituted."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from string import Formatter
from typing import Final

from ..errors import ConfigError
from ..model.report import Report, Result
from ..model.timing import in_words

DEFAULT: Final = "{icon} {heading}\n{body}\n{timestamp} {elapsed}"

_RESULT_LABELS: Final = {Result.SUCCESS: "成功", Result.FAIL: "失败", Result.PARTIAL: "部分成功"}


def _result(report: Report) -> str:
    if isinstance(report.result, Result):
        return _RESULT_LABELS[report.result]
    return report.result or ""


def _local_time(report: Report) -> str:
    if isinstance(report.timestamp, datetime):
        return f"{report.timestamp.astimezone():%Y-%m-%d %H:%M:%S}"
    return report.timestamp or ""


_PLACEHOLDERS: Final[dict[str, Callable[[Report], str]]] = {
    "title": lambda report: report.title,
    "content": lambda report: report.content,
    "message": lambda report: report.message,
    "event": lambda report: report.event,
    "event_label": lambda report: report.event_label,
    "heading": lambda report: report.heading,
    "body": lambda report: report.body,
    "result": _result,
    "icon": lambda report: report.result.icon if isinstance(report.result, Result) else "",
    "timestamp": _local_time,
    "elapsed": lambda report: "" if report.elapsed is None else f"用时 {in_words(report.elapsed)}",
    "from": lambda report: report.send_from,
    "screenshot": lambda _: "",  # the older plugin's default template names it
}
PLACEHOLDERS: Final = tuple(_PLACEHOLDERS)

_Line = tuple[tuple[str, str | None], ...]
"""Pieces of one line: a literal, and the placeholder behind it or None."""


@dataclass(frozen=True, slots=True)
class Template:
    """A compiled template."""

    text: str
    """As it was written."""
    lines: tuple[_Line, ...]

    def render(self, report: Report) -> str:
        """The words for a report. A line whose placeholders are all empty is left out.

        A template that comes to nothing for this report gives way to the default one, so that
        what was accepted is always shown.
        """
        rendered = (_render_line(line, report) for line in self.lines)
        text = "\n".join(line for line in rendered if line is not None).strip()
        return text or ("" if self is DEFAULT_TEMPLATE else DEFAULT_TEMPLATE.render(report))


def compile_template(text: str) -> Template:
    r"""Compile `REPORT_TEMPLATE`.

    A backslash and an `n` stand for a line end too, as `.env` files give them without quotes.

    Raises:
        ConfigError: an unknown placeholder, or more than a plain name in the braces.
    """
    lines = text.replace("\\n", "\n").split("\n")
    return Template(text, tuple(_compile_line(line) for line in lines))


def _compile_line(line: str) -> _Line:
    try:
        pieces = list(Formatter().parse(line))
    except ValueError:
        raise ConfigError("花括号不成对；要写出花括号本身，请写两个：{{ 或 }}") from None
    for _, name, spec, conversion in pieces:
        if name is None:
            continue
        if name not in _PLACEHOLDERS or spec or conversion:
            known = " ".join(f"{{{one}}}" for one in _PLACEHOLDERS)
            raise ConfigError(f"不认识占位符 {{{name[:40]}}}；可用的有：{known}")
    return tuple((literal, name) for literal, name, _, _ in pieces)


def _render_line(line: _Line, report: Report) -> str | None:
    values = [_PLACEHOLDERS[name](report) for _, name in line if name is not None]
    if values and not any(values):
        return None
    filled = iter(values)
    text = "".join(literal + (next(filled) if name is not None else "") for literal, name in line)
    # An empty icon leaves the space that stood behind it.
    return text.strip() if values else text


DEFAULT_TEMPLATE: Final = compile_template(DEFAULT)
