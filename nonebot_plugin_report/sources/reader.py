"""Makes a report of the fields of a body, whichever tool wrote it. Pure."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from ..errors import InvalidReport
from ..model.report import Report
from ..model.value import value_type
from .base import Answer, Fields, Headers, Source, Translated, leaves, lines, read_story
from .bodies.decode import decode
from .catalogue import SOURCES, built_in, recognise
from .mapping import OwnSource
from .parse import ALIASES, OTHERS, parse, read_key

Own = Mapping[str, OwnSource]
"""The sources of REPORT_SOURCES, by name."""

_WORDS: Final = ("title", "content", "message", *OTHERS)
_CARRIED: Final = (
    "event", "result", "timestamp", "data", "id", "channel", *ALIASES, *ALIASES.values(),
)  # fmt: skip
"""Fields of ours that count in any tool's body, where its translation does not have them."""
_MAX_VALUES: Final = 100
"""Most values that are shown of a body that no source can read."""
_MAX_VALUE: Final = 1000
"""Characters of each of these values."""


@value_type
class Context:
    """What came with a body, in the URL and the headers."""

    query: Mapping[str, str]
    """The parameters of the URL."""
    defaults: Mapping[str, object]
    """Fields of ours that count where the body does not say them."""
    headers: Headers
    key: str = ""
    """The report's key where the body has no `id`; the same report whatever its words are."""


@value_type
class Reading:
    """The report that a body was read as."""

    report: Report
    unread: str = ""
    """Name of the source that was named for the body and could not read it; empty: none."""
    answer: Answer = None
    """What the clients of the body's source want to be answered; None: our own answer."""


def read(fields: Fields, beside: Context, own: Own) -> Reading:
    """Make a report of a body's fields.

    A source of REPORT_SOURCES that the query or the body's field `source` names reads it; else the
    built-in source that has its shape; else the built-in source that is named. A body that no
    source can read is shown as it is.

    Raises:
        InvalidReport: names the field that is wrong.
    """
    reading = _read(fields, beside, own)
    if reading.report.key or not (key := read_key(beside.key)):
        return reading
    return replace(reading, report=replace(reading.report, key=key))


def _read(fields: Fields, beside: Context, own: Own) -> Reading:
    name, source = named(fields, beside.query, own)
    fields = opened(fields)
    if isinstance(source, OwnSource):
        return _read_own(fields, beside, name, source)
    if (reading := _read_built_in(fields, beside, source)) is not None:
        return reading
    if source is None:
        return Reading(parse(_filled(fields, beside), beside.query))
    return _as_it_is(fields, beside, name)


def named(
    fields: Fields, query: Mapping[str, str], own: Own
) -> tuple[str, Source | OwnSource | None]:
    """Find the source that the query or the body names, and its name.

    Raises:
        InvalidReport: there is no source of the name in the query.
    """
    in_query, in_body = query.get("source", ""), fields.get("source")
    for name in filter(None, (in_query, in_body if isinstance(in_body, str) else "")):
        if name in own:
            return name, own[name]
        if entry := built_in(name):
            return entry
    if in_query:
        raise InvalidReport("source", f"没有这个来源；可用的有 {'、'.join((*own, *SOURCES))}")
    return "", None


def opened(fields: Fields) -> Fields:
    """Read the field `payload`, into which GitHub and Slack's clients write all of their JSON."""
    payload = fields.get("payload")
    if not isinstance(payload, str) or not payload.lstrip().startswith("{"):
        return fields
    try:
        return {**fields, **decode(bytearray(payload.encode("utf-8", "replace")))}
    except InvalidReport:
        return {"content": payload, **fields}


def _read_built_in(fields: Fields, beside: Context, source: Source | None) -> Reading | None:
    """Read a tool's body by its shape, else by its name: an address may be copied to another
    tool."""
    for candidate in dict.fromkeys((recognise(fields, beside.headers), source)):
        translated = candidate and candidate.translate(fields, beside.headers)
        if candidate and translated is not None:
            report = _report(translated, _keep(fields, translated), beside)
            return Reading(report, answer=candidate.answer)
    return None


def _read_own(fields: Fields, beside: Context, name: str, source: OwnSource) -> Reading:
    translated = source.translate(fields)
    if translated is not None:
        try:
            return Reading(_report(translated, translated.fields, beside))
        except InvalidReport:
            pass  # an expression gave what a field does not take
    return _as_it_is(fields, beside, name)


def _report(translated: Translated, fields: Fields, beside: Context) -> Report:
    return replace(
        parse(_filled(fields, beside), beside.query),
        story=read_story(translated.story),
        elapsed=translated.elapsed,
        key_seconds=translated.key_seconds,
    )


def _filled(fields: Fields, beside: Context) -> Fields:
    if not beside.defaults:
        return fields
    more = {name: one for name, one in beside.defaults.items() if not _says(fields, name)}
    return {**fields, **more} if more else fields


def _says(fields: Fields, name: str) -> bool:
    return any(fields.get(one) not in (None, "") for one in (name, ALIASES.get(name, name)))


def _keep(fields: Fields, translated: Translated) -> Fields:
    """Add to a translation the fields of the body that our own dialect would show or obey."""
    rewritten = translated.rewritten
    merged = {name: fields[name] for name in _CARRIED if name in fields and name not in rewritten}
    merged |= {name: one for name, one in translated.fields.items() if one not in (None, "")}
    texts = [
        text
        for name in ("title", "content", "message")
        if isinstance(text := merged.get(name), str)
    ]
    names = (name for name in _WORDS if name not in rewritten)
    others = (text.strip() for name in names if isinstance(text := fields.get(name), str))
    more = [text for text in dict.fromkeys(others) if not any(text in other for other in texts)]
    return {**merged, "content": lines(str(merged.get("content") or ""), *more)} if more else merged


def _as_it_is(fields: Fields, beside: Context, name: str) -> Reading:
    """Show a body that its source could not read: by another source, else all of its values."""
    try:
        reading = _read_built_in(fields, beside, None)
        report = reading.report if reading else parse(_filled(fields, beside), beside.query)
    except InvalidReport:
        report = None
    if report is None or not (report.heading or report.body):
        recipients = {
            one: fields[one] for one in _CARRIED if one.startswith("send_") and one in fields
        }
        listed = [
            f"{path}：{text[:_MAX_VALUE]}"
            for path, text in list(leaves(fields))[:_MAX_VALUES]
            if path not in ("token", "source")
        ]
        report_fields = {"title": f"来自 {name}", "content": lines(*listed) or "（空的）"}
        report = parse(_filled({**recipients, **report_fields}, beside), beside.query)
    note = f"没能按来源 {name} 读懂，按原样发"
    return Reading(replace(report, cut=(*report.cut, note)), name)
