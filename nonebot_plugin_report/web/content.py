"""Makes a report of a request's body, query and headers."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from email.errors import HeaderParseError
from email.header import decode_header
from functools import partial
from typing import Final

from starlette.datastructures import Headers

from ..errors import Forbidden, UnsupportedMedia
from ..model.report import Report
from ..sources.decode import decode, decode_text
from ..sources.form import decode_form, decode_plain, decode_unlabelled
from ..sources.reading import Context, Own, read

Decode = Callable[[bytes | bytearray], dict[str, object]]
"""Reads a body as fields."""

MAX_CONTENT_TYPE: Final = 256
"""Characters read of that header."""
MAX_TITLE: Final = 4096
"""Characters read of a `Title` header, as encoded."""
MAX_UNREAD: Final = 2**18
"""Bytes of a body that is kept because its source could not read it."""
QUERY_TEXTS: Final = ("title", "content", "message", "event", "result")
"""Fields that the URL may have if the body does not."""

_CHARSET: Final = re.compile(r"charset\s*=\s*[\"']?([\w.:-]+)", re.ASCII)
_JSON_TYPES: Final = frozenset({"application/json", "application/json; charset=utf-8"})


@dataclass(frozen=True, slots=True)
class Pushed:
    """What a body says."""

    report: Report
    token: str | None
    """The token in it."""
    unread: str = ""
    """The source that it was called, and could not be read as."""
    body: bytes = b""
    """What could not be read; empty: it is too long to be kept."""


def decoder_for(headers: Headers, *, is_open: bool, has_token: bool) -> Decode:
    """The decoder for the body that a request's headers describe.

    Args:
        headers: the request's.
        is_open: everybody may push, so that only what no web page can send is taken.
        has_token: there was a token beside the body.

    Raises:
        Forbidden: the token would have to stand beside such a body.
        UnsupportedMedia: no report can be such a body.
    """
    content_type = headers.get("content-type", "")
    if content_type in _JSON_TYPES and "content-encoding" not in headers:
        return decode  # nearly always
    media_type, _, parameters = content_type[:MAX_CONTENT_TYPE].lower().partition(";")
    media_type = media_type.strip()
    if headers.get("content-encoding", "identity").lower() != "identity":
        raise UnsupportedMedia("不支持压缩的请求体（Content-Encoding）")
    if media_type == "application/json" or media_type.endswith("+json"):
        return decode
    _refuse_files(media_type)
    if is_open:
        raise UnsupportedMedia
    charset = _CHARSET.search(parameters)
    named = charset[1] if charset else ""
    if media_type == "application/x-www-form-urlencoded":
        return partial(decode_form, charset=named)
    if not media_type.startswith("text/"):
        return partial(decode_unlabelled, charset=named)
    if not has_token:
        raise Forbidden(
            "请求体是纯文本时，令牌要写在网址里（?token=…）；"
            "若请求体是 JSON，请加上 Content-Type: application/json"
        )
    return partial(decode_plain, charset=named)


def read_report(content: bytes | bytearray, *, decode: Decode, beside: Context, own: Own) -> Pushed:
    """What a body says.

    Args:
        content: the body, which takes precedence.
        decode: reads it.
        beside: what came beside it.
        own: the sources of REPORT_SOURCES.

    Raises:
        InvalidReport: names the field that is wrong.
        UnsupportedMedia: the body is no text.
    """
    kept = bytes(content) if len(content) <= MAX_UNREAD else b""  # reading may free it
    fields = decode(content)
    reading = read(fields, beside, own)
    return Pushed(reading.report, _token(fields), reading.unread, kept if reading.unread else b"")


def read_signed(
    content: bytes | bytearray,
    *,
    signer: Callable[[bytes | bytearray], str | None],
    read: Callable[[bytes | bytearray], Pushed],
) -> Pushed | None:
    """What a signed body says, and the token that signed it; None: none did, and nothing of it was
    read."""
    token = signer(content)
    return None if token is None else replace(read(content), token=token)


def context(query: Mapping[str, str], headers: Headers | None = None) -> Context:
    """What a request says beside its body: in its URL, and in its headers, which count less."""
    texts = {name: query[name] for name in QUERY_TEXTS if query.get(name)}
    said = {} if headers is None else header_fields(headers)
    return Context(query, said | texts, {} if headers is None else headers)


def header_fields(headers: Headers) -> dict[str, str]:
    """The fields in a request's headers."""
    said = {"id": headers.get("idempotency-key", "")}
    if title := headers.get("title", ""):
        said["title"] = _header_text(title[:MAX_TITLE])
    return {name: value for name, value in said.items() if value}


def _header_text(value: str) -> str:
    """A header's text: as RFC 2047 encodes it, or the bytes of UTF-8 (or GBK) as they are, which
    reach us as Latin-1."""
    if "=?" not in value:
        return _text(value.encode("latin-1", "replace"))
    try:
        parts = decode_header(value)
    except HeaderParseError:
        return value
    return "".join(
        part if isinstance(part, str) else _text(part, charset or "") for part, charset in parts
    )


def _text(content: bytes, charset: str = "") -> str:
    return str(decode_text(content, charset)["content"])


def _refuse_files(media_type: str) -> None:
    if media_type.startswith("multipart/"):
        raise UnsupportedMedia(
            "不支持 multipart/form-data（curl 的 -F）；请用 curl 的 --data-urlencode，或写成 JSON"
        )
    if media_type.startswith(("image/", "audio/", "video/")):
        raise UnsupportedMedia(
            "只接受 JSON、表单或纯文本；截图请写成 JSON 里的 screenshot（base64）"
        )


def _token(fields: Mapping[str, object]) -> str | None:
    token = fields.get("token")
    if isinstance(token, int) and not isinstance(token, bool):
        return str(token) if token.bit_length() < 1024 else None
    return token if isinstance(token, str) else None
