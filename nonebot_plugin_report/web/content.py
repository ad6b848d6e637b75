"""How a request's body, query and headers are to be read."""

import re
from binascii import a2b_qp
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Final

import orjson
import pybase64

from ..errors import Forbidden, InvalidReport, UnsupportedMedia
from ..sources.base import Headers
from ..sources.bodies.decode import Fields, decode_pushed, decode_text
from ..sources.bodies.form import (
    decode_form,
    decode_picture,
    decode_unlabelled,
    query_fields,
)
from ..sources.bodies.mend import decode_json
from ..sources.bodies.multipart import decode_multipart, read_boundary
from ..sources.body import Decode, Pushed
from ..sources.context import Context
from ..sources.dialect import ANYBODY, Addressees
from ..sources.markup import from_html, from_markdown
from .body_token import find_tokens

MAX_CONTENT_TYPE: Final = 256
"""Characters read of that header."""
MAX_HEADER: Final = 4096
"""Characters read of a `Title` or `Message` header, as encoded."""
QUERY_TEXTS: Final = ("title", "content", "message", "event", "result")
"""Fields that the URL may have if the body does not."""

_MARKED: Final[Mapping[str, Callable[[str], str]]] = {
    "text/html": from_html,
    "text/markdown": from_markdown,
    "text/x-markdown": from_markdown,
}
"""Types of text whose marks are no words."""
_CHARSET: Final = re.compile(r"charset\s*=\s*[\"']?([\w.:-]+)", re.ASCII)
_ENCODED_WORD: Final = re.compile(
    r"=\?([^?*\s]{1,40})(?:\*[^?\s]{0,40})?\?([bq])\?([^?]*)\?=", re.IGNORECASE
)
_SHOWN_TOKEN: Final = re.compile(r'(token"?\s*:\s*"?)[^\s",}]+')


def decoder_for(headers: Headers, *, is_open: bool, has_token: bool) -> Decode:
    """The decoder for the body that a request's headers describe.

    Args:
        headers: the request's.
        is_open: everybody may push, so that only what no web page can send is taken.
        has_token: there was a token beside the body.

    Raises:
        Forbidden: the token would have to stand beside such a body.
        InvalidReport: it cannot be told where its parts end.
        UnsupportedMedia: no report can be such a body.
    """
    content_type = headers.get("content-type", "")[:MAX_CONTENT_TYPE]
    media_type, _, parameters = content_type.lower().partition(";")
    media_type = media_type.strip()
    if media_type == "application/json" or media_type.endswith("+json"):
        return json_decoder(is_open=is_open, has_token=has_token)
    if is_open:
        raise UnsupportedMedia
    charset = _CHARSET.search(parameters)
    named = charset[1] if charset else ""
    kind, _, _ = media_type.partition("/")
    match kind:
        case "application" if media_type == "application/x-www-form-urlencoded":
            return partial(decode_form, charset=named)
        case "multipart" if media_type == "multipart/form-data":
            return partial(decode_multipart, boundary=read_boundary(content_type))
        case "multipart" | "audio" | "video":
            raise UnsupportedMedia("只接受 JSON、文本、表单（也可以是 multipart/form-data）和图片")
        case "image" if not has_token:
            raise Forbidden("请求体是图片时，令牌要写在网址里（?token=…）")
        case "text":
            read_marks = _MARKED.get(media_type, str)
            return partial(_decode_text, charset=named, read_marks=read_marks)
        case "image":
            return decode_picture
        case "":
            return partial(decode_form, charset=named)
        case _:
            return partial(decode_unlabelled, charset=named)


def _decode_text(
    content: bytes | bytearray, *, charset: str, read_marks: Callable[[str], str]
) -> Fields:
    """Decode a body that is called text, as fetch and others call JSON, too."""
    fields = decode_unlabelled(content, charset)
    if isinstance(text := fields.get("content"), str):
        fields["content"] = read_marks(text)
    return fields


def json_decoder(*, is_open: bool, has_token: bool) -> Decode:
    """The decoder for a body that is called JSON. What is none is mended or text, but where
    everybody may push."""
    return decode_pushed if is_open else partial(_decode_json, has_token=has_token)


def _decode_json(content: bytes | bytearray, *, has_token: bool) -> Fields:
    fields = decode_json(content)
    if fields.notes:  # it is text, which is shown with whatever stands in it
        if not has_token:
            fields["token"] = next(iter(find_tokens(content)), "")
        fields["content"] = _SHOWN_TOKEN.sub(r"\1***", str(fields["content"]))
    return fields


def read_signed(
    content: bytearray,
    *,
    signer: Callable[[bytearray], str | None],
    read: Callable[[bytearray], Pushed],
) -> Pushed | None:
    """What a signed body says, and the token that signed it; None: none did, and nothing of it was
    read."""
    token = signer(content)
    return None if token is None else replace(read(content), token=token)


def context(
    query: Mapping[str, str],
    headers: Headers | None = None,
    addressees: Addressees = ANYBODY,
) -> Context:
    """What a request says beside its body: in its URL, and in its headers, which count less; and
    whom its body can name."""
    texts = {name: query[name] for name in QUERY_TEXTS if query.get(name)}
    headers = {} if headers is None else headers
    key = headers.get("idempotency-key", "")
    return Context(query, header_fields(headers) | texts, headers, key, addressees)


def query_body(query: bytes) -> bytearray:
    """The body of JSON that a URL's query stands for, which is all that a GET has; without what
    names its sender and its source.

    Raises:
        InvalidReport: it has too many fields, or none.
    """
    fields = query_fields(query)
    given = {name: value for name, value in fields.items() if name not in ("token", "source")}
    if not given:
        raise InvalidReport("网址", "? 后面没有可以发送的内容，例如 ?token=…&content=…")
    return bytearray(orjson.dumps(given))


def header_fields(headers: Headers) -> dict[str, str]:
    """The fields in a request's headers; Kopia's title is its `Subject`."""
    fields = {
        name: header_text(text[:MAX_HEADER])
        for header, name in (("subject", "title"), ("title", "title"), ("message", "message"))
        if (text := headers.get(header, ""))
    }
    return {name: value for name, value in fields.items() if value}


def header_text(value: str) -> str:
    """A header's text: as RFC 2047 encodes it, or the bytes of UTF-8 (or GBK) as they are, which
    reach us as Latin-1.

    The standard library's `decode_header` takes a time that grows with the square of the length.

    >>> header_text("=?utf-8?q?=E4=BD?= =?utf-8?q?=A0?= x")
    '你 x'
    """
    if "=?" not in value:
        return _text(value.encode("latin-1", "replace"))
    pieces: list[tuple[str, bytearray]] = []
    end = 0
    for word in _ENCODED_WORD.finditer(value):
        between = value[end : word.start()]
        if between.strip() or not pieces:  # blanks between words belong to neither
            _add(pieces, "", between.encode("latin-1", "replace"))
        content = _decoded(word[2], word[3])
        if content is None:
            _add(pieces, "", word[0].encode("latin-1", "replace"))
        else:
            _add(pieces, word[1].lower(), content)
        end = word.end()
    _add(pieces, "", value[end:].encode("latin-1", "replace"))
    return "".join(_text(content, charset) for charset, content in pieces)


def _add(pieces: list[tuple[str, bytearray]], charset: str, content: bytes) -> None:
    """Add to the last piece if it has the same charset: a character may stand in two words."""
    if pieces and pieces[-1][0] == charset:
        pieces[-1][1].extend(content)
    elif content:
        pieces.append((charset, bytearray(content)))


def _decoded(encoding: str, text: str) -> bytes | None:
    """Decode an encoded word's text; None: it is not encoded so."""
    written = text.encode("latin-1", "replace")
    if encoding in "qQ":
        return a2b_qp(written, header=True)
    try:
        return pybase64.b64decode(written + b"=" * (-len(written) % 4))
    except ValueError:
        return None


def _text(content: bytes | bytearray, charset: str = "") -> str:
    return str(decode_text(content, charset)["content"])
