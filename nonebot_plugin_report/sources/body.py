"""Reads whole bodies as reports. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from importlib import import_module
from typing import Final, cast

import orjson

from ..errors import BodyTooLarge, InvalidReport
from ..model.report import Report
from ..model.text import clean
from ..model.value import value_type
from .base import Answer
from .bodies.decode import Fields, decode
from .bodies.form import decode_form
from .context import Context, Own

Decode = Callable[[bytes | bytearray], Fields]
"""Reads a body as fields."""

MAX_UNREAD: Final = 2**18
"""Bytes of a body that is kept because its source could not read it."""


@value_type
class Pushed:
    """A body that was read."""

    report: Report
    token: str | None
    """The token in the body."""
    unread: str = ""
    """Name of the source that was named for the body and could not read it; empty: none."""
    body: bytes = b""
    """The body that `unread` could not read; empty: it is too long to be kept."""
    answer: Answer = None
    """What the body's client wants to be answered; None: our own answer."""


def load_readers() -> None:
    """Load all tools' readers and words, after the plugin was loaded and before a push waits for
    it."""
    for module in (".reader", ".words"):
        import_module(module, __package__)


def read_report(content: bytearray, *, decode: Decode, beside: Context, own: Own) -> Pushed:
    """Read a body.

    Args:
        content: the body, which takes precedence; freed as soon as it was read.
        decode: reads the body as fields.
        beside: what came beside the body.
        own: the sources of REPORT_SOURCES.

    Raises:
        InvalidReport: names the field that is wrong.
        UnsupportedMedia: the body is no text.
    """
    unread_body = bytes(content) if len(content) <= MAX_UNREAD else b""  # reading may free it
    fields = decode(content)
    content.clear()
    # Forty tools' readers, which `load_readers` has loaded unless this is the first moment.
    from .reader import read

    reading = read(fields, beside, own)
    report = reading.report
    if fields.notes:
        report = replace(report, cut=(*map(clean, fields.notes), *report.cut))
    kept = unread_body if reading.unread else b""
    return Pushed(report, _token(fields), reading.unread, kept, reading.answer)


def read_value(
    value: object, source: object, defaults: Mapping[str, object], own: Own, max_bytes: int
) -> Pushed:
    """Read a value as if it had been pushed as the body of a source.

    Args:
        value: JSON, or a body's text or bytes.
        source: the source's name.
        defaults: fields of ours that count where the body does not say them.
        own: the sources of REPORT_SOURCES.
        max_bytes: of a body.

    Raises:
        BodyTooLarge: the body is longer.
        InvalidReport: names the field that is wrong.
        UnsupportedMedia: the bytes are no text.
    """
    if not isinstance(source, str):
        raise InvalidReport("source", "应为来源的名字")
    content, decode = _body(value)
    if len(content) > max_bytes:
        raise BodyTooLarge
    beside = Context({"source": source}, defaults, {})
    return read_report(content, decode=decode, beside=beside, own=own)


def _body(value: object) -> tuple[bytearray, Decode]:
    if isinstance(value, str):
        return bytearray(value.encode("utf-8", "replace")), decode_form
    if isinstance(value, bytes | bytearray | memoryview):
        return bytearray(cast("bytes", value)), decode_form
    plain = dict(cast("Mapping[object, object]", value)) if isinstance(value, Mapping) else value
    try:
        return bytearray(orjson.dumps(plain)), decode
    except TypeError:  # orjson's own errors are such
        raise InvalidReport("body", "应为 JSON 能写的值，或者文字、字节") from None


def _token(fields: Mapping[str, object]) -> str | None:
    token = fields.get("token")
    if isinstance(token, int) and not isinstance(token, bool):
        return str(token) if token.bit_length() < 1024 else None
    return token if isinstance(token, str) else None
