"""Makes a report of the fields of a body, whichever tool wrote it. Pure."""

from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256
from typing import Final

from ..errors import InvalidReport
from ..model.report import Report, hash_words
from .base import Fields, Source, Translated, lines, read_story
from .bodies.decode import decode
from .catalogue import SOURCES, built_in, recognise
from .context import Context, Own, Reading
from .dialect import is_ours, obeyed, read_id
from .generic import read_generic, without_secrets
from .mapping import OwnSource
from .markup import plain
from .parse import ALIASES, OTHERS, parse, read_key

_WORDS: Final = ("title", "content", "message", *OTHERS)
_CARRIED: Final = ("timestamp", "data")
"""Fields that count in a known tool's body too, besides those that are obeyed in any."""
UNRECOGNISED: Final = "没认出是谁写的，按常见的字段读"
RETRY_SECONDS: Final = 300.0
"""Seconds within which another tool's body with the same `id` and the same words is a retry."""


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
        return Reading(_read_unnamed(fields, beside))
    return _as_it_is(fields, beside, name)


def _read_unnamed(fields: Fields, beside: Context) -> Report:
    """Read a body that no source knows: in our own dialect, or in whatever words it has."""
    if is_ours(fields, beside.addressees):
        return parse(_filled(_without_marks(fields), beside), beside.query)
    taken = obeyed(fields, beside.addressees)
    unread = {
        name: one
        for name, one in fields.items()
        if name != "token" and (name not in taken or name in ("event", "result"))
    }
    if (message := read_generic(unread)) is None:
        return parse(_filled(taken, beside), beside.query)
    event = "" if message.title else taken.get("event", "")  # which stands above the words then
    words = [line for line in message.content.split("\n") if line != f"event：{event}"]
    report_fields = taken | {
        "title": message.title,
        "content": "\n".join(words),
        "result": message.result and message.result.number,
        "timestamp": message.at and message.at.isoformat(),
    }
    report = parse(_filled(report_fields, beside), beside.query)
    report = replace(report, remark=UNRECOGNISED, data=_whole(unread))
    return _with_retries(report, fields, beside)


def _without_marks(fields: Fields) -> Fields:
    """Remove clear marks of Markdown and HTML from words that any tool may have written: who names
    an event or a result, as BetterGI, writes for us."""
    if fields.get("event") or fields.get("result") is not None:
        return fields
    return {
        name: plain(value) if name in _WORDS and isinstance(value, str) else value
        for name, value in fields.items()
    }


def _whole(fields: Fields) -> str:
    """Write a body as data, for its owner to look at; null if it is too large."""
    try:
        report = parse({"content": "x", "data": without_secrets(fields)})
    except InvalidReport:
        return "null"
    return report.data


def _with_retries(report: Report, fields: Fields, beside: Context) -> Report:
    """Let the `id` of another tool's body tell a retry: it may name what the body is about, and
    stand in many bodies."""
    if report.key or beside.key or not (key := read_id(fields)):
        return report
    words = sha256(f"{key} {hash_words(report)}".encode("utf-8", "replace"))
    return replace(report, key=words.hexdigest()[:32], key_seconds=RETRY_SECONDS)


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
    beside = {name: value for name, value in fields.items() if name != "payload"}
    try:
        return {**beside, **decode(bytearray(payload.encode("utf-8", "replace")))}
    except InvalidReport:
        return {"content": payload, **beside}


def _read_built_in(fields: Fields, beside: Context, source: Source | None) -> Reading | None:
    """Read a tool's body by its shape, else by its name: an address may be copied to another
    tool."""
    for candidate in dict.fromkeys((recognise(fields, beside.headers), source)):
        translated = candidate and candidate.translate(fields, beside.headers)
        if candidate and translated is not None:
            if candidate.recognise is None:
                return Reading(_read_unnamed(fields, beside), answer=candidate.answer)
            taken = obeyed(fields, beside.addressees)
            report = _report(translated, _keep(fields, taken, translated), beside)
            return Reading(_with_retries(report, fields, beside), answer=candidate.answer)
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


def _keep(fields: Fields, taken: Fields, translated: Translated) -> Fields:
    """Add to a translation the fields of the body that our own dialect would show or obey."""
    carried = {**taken, **{name: fields[name] for name in _CARRIED if name in fields}}
    rewritten = translated.rewritten
    merged = {name: value for name, value in carried.items() if name not in rewritten}
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
    """Show a body that its source could not read: by another source, else in the words it has."""
    try:
        reading = _read_built_in(fields, beside, None)
        report = reading.report if reading else _read_unnamed(fields, beside)
    except InvalidReport:
        taken = obeyed(fields, beside.addressees)
        nothing = {"title": f"来自 {name}", "content": "（空的）"}
        report = parse(_filled({**taken, **nothing}, beside), beside.query)
    note = f"没能按来源 {name} 读懂，按原样发"
    return Reading(replace(report, cut=(*report.cut, note)), name)
