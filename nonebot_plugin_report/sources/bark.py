"""Messages for Bark's API: https://github.com/Finb/bark-server/blob/master/docs/API_V2.md. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from ..errors import InvalidReport
from ..model.report import Report
from ..model.text import clean
from .base import Fields, lines, text
from .markup import from_markdown, plain
from .parse import MAX_LENGTHS, parse

URGENT: Final = frozenset({"critical", "timesensitive"})
"""Levels that iOS shows also while the user is not to be disturbed."""


def read_bark(fields: Fields, words: Sequence[str], query: Mapping[str, str]) -> Report:
    """Make a report of a message; `words` stand behind the key in the path: a body, a title and a
    body, or a title, a subtitle and a body. They win over the fields.

    Raises:
        InvalidReport: names the field that is wrong.
    """
    fields = {**{name.lower(): value for name, value in fields.items()}, **_named(words)}
    if fields.get("ciphertext"):
        raise InvalidReport("ciphertext", "加密的内容在这里读不懂，请在工具里关掉 Bark 的加密")
    report = parse(message_fields(fields), query)
    # The group is no word of the tool's: by these its event is read.
    event = report.event or clean(text(fields, "group"))[: MAX_LENGTHS["event"]].strip()
    return replace(report, event=event, urgent=text(fields, "level").lower() in URGENT)


def message_fields(fields: Fields) -> dict[str, object]:
    """Write a message in our own fields."""
    # https://github.com/Finb/Bark: the client shows the one or the other.
    marked = text(fields, "markdown")
    body = from_markdown(marked) if marked else plain(text(fields, "body"))
    picture = text(fields, "image")
    linked = picture if picture.startswith(("http://", "https://")) else ""
    copied = text(fields, "copy")
    content = lines(
        text(fields, "subtitle"),
        body,
        "" if copied in body else copied,
        text(fields, "url"),
        linked,
    )
    return {
        "title": text(fields, "title"),
        "content": content,
        "screenshot": fields.get("screenshot") or ("" if linked else picture),
    }


def _named(words: Sequence[str]) -> dict[str, str]:
    match words:
        case [body]:
            return {"body": body}
        case [title, body]:
            return {"title": title, "body": body}
        case [title, subtitle, *others]:
            return {"title": title, "subtitle": subtitle, "body": "/".join(others)}
        case _:
            return {}
