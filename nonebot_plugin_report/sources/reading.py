"""Makes a report of a body's fields, whichever tool wrote them. Pure."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from ..errors import InvalidReport
from ..model.report import Report
from ..model.value import value_type
from .base import Fields, Headers, Source, Translated, leaves, lines, read_story
from .catalogue import SOURCES, built_in, recognise
from .decode import decode
from .mapping import OwnSource
from .parse import ALIASES, OTHERS, parse

Own = Mapping[str, OwnSource]
"""The sources of REPORT_SOURCES, by name."""

_WORDS: Final = ("title", "content", "message", *OTHERS)
_CARRIED: Final = (
    "event", "result", "timestamp", "data", "id", "channel", *ALIASES, *ALIASES.values(),
)  # fmt: skip
"""Fields of ours that count in any tool's body, where its translation does not say them."""
_MOST: Final = 100
"""Values that are shown because nothing else can be, and most characters of each:"""
_LONGEST: Final = 1000


@value_type
class Context:
    """What came beside a body."""

    query: Mapping[str, str]
    """The URL's."""
    said: Mapping[str, object]
    """Fields of ours that count where the body does not say them."""
    headers: Headers


@value_type
class Reading:
    """What a body was read as."""

    report: Report
    unread: str = ""
    """The source that it was called, and could not be read as."""


def read(fields: Fields, beside: Context, own: Own) -> Reading:
    """Make a report of a body's fields.

    Its source is one of REPORT_SOURCES that is named in the query or in its own field `source`;
    else it is known by its shape; else the named one reads it. What none can read is shown as it
    is.

    Raises:
        InvalidReport: names the field that is wrong.
    """
    name, source = named(fields, beside.query, own)
    fields = opened(fields)
    if isinstance(source, OwnSource):
        return _read_own(fields, beside, name, source)
    if (report := _read_built_in(fields, beside, source)) is not None:
        return Reading(report)
    if source is None:
        return Reading(parse(_filled(fields, beside), beside.query))
    return _as_it_is(fields, beside, name)


def named(
    fields: Fields, query: Mapping[str, str], own: Own
) -> tuple[str, Source | OwnSource | None]:
    """The source that a body is called, and its name.

    Raises:
        InvalidReport: there is none of the name in the query.
    """
    asked, said = query.get("source", ""), fields.get("source")
    for name in filter(None, (asked, said if isinstance(said, str) else "")):
        if name in own:
            return name, own[name]
        if known := built_in(name):
            return known
    if asked:
        raise InvalidReport("source", f"没有这个来源；可用的有 {'、'.join((*own, *SOURCES))}")
    return "", None


def opened(fields: Fields) -> Fields:
    """GitHub and Slack's clients write all that they have into one field of a form."""
    payload = fields.get("payload")
    if not isinstance(payload, str) or not payload.lstrip().startswith("{"):
        return fields
    try:
        return {**fields, **decode(bytearray(payload.encode("utf-8", "replace")))}
    except InvalidReport:
        return {"content": payload, **fields}


def _read_built_in(fields: Fields, beside: Context, source: Source | None) -> Report | None:
    """What a tool writes, by its shape or by its name: an address may be copied for another one."""
    for known in dict.fromkeys((recognise(fields, beside.headers), source)):
        translated = known and known.translate(fields, beside.headers)
        if translated is not None:
            return _report(translated, _keep(fields, translated), beside)
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
    if not beside.said:
        return fields
    more = {name: one for name, one in beside.said.items() if not _says(fields, name)}
    return {**fields, **more} if more else fields


def _says(fields: Fields, name: str) -> bool:
    return any(fields.get(one) not in (None, "") for one in (name, ALIASES.get(name, name)))


def _keep(fields: Fields, translated: Translated) -> Fields:
    """The translation, and what else of a body in our own dialect would be shown or obeyed."""
    kept = {name: fields[name] for name in _CARRIED if name in fields}
    kept |= {name: one for name, one in translated.fields.items() if one not in (None, "")}
    words = [
        one for name in ("title", "content", "message") if isinstance(one := kept.get(name), str)
    ]
    said = (one.strip() for name in _WORDS if isinstance(one := fields.get(name), str))
    more = [one for one in dict.fromkeys(said) if not any(one in other for other in words)]
    return {**kept, "content": lines(str(kept.get("content") or ""), *more)} if more else kept


def _as_it_is(fields: Fields, beside: Context, name: str) -> Reading:
    """What a body says, for whoever can make something of it."""
    try:
        report = _read_built_in(fields, beside, None) or parse(
            _filled(fields, beside), beside.query
        )
    except InvalidReport:
        report = None
    if report is None or not (report.heading or report.body):
        recipients = {
            one: fields[one] for one in _CARRIED if one.startswith("send_") and one in fields
        }
        listed = [
            f"{path}：{said[:_LONGEST]}"
            for path, said in list(leaves(fields))[:_MOST]
            if path not in ("token", "source")
        ]
        words = {"title": f"来自 {name}", "content": lines(*listed) or "（空的）"}
        report = parse(_filled({**recipients, **words}, beside), beside.query)
    note = f"没能按来源 {name} 读懂，按原样发"
    return Reading(replace(report, cut=(*report.cut, note)), name)
