"""What a request's headers say of its body, and the report that body, query and headers make."""

import re
from collections.abc import Mapping
from typing import Final

from starlette.datastructures import Headers

from ..errors import Forbidden, UnsupportedMedia
from ..model.report import Report
from ..sources.decode import decode, decode_text
from ..sources.parse import parse

MAX_CONTENT_TYPE: Final = 256
"""Characters of that header that are read."""

_CHARSET: Final = re.compile(r"charset\s*=\s*[\"']?([\w.:-]+)", re.ASCII)
_JSON_TYPES: Final = frozenset({"application/json", "application/json; charset=utf-8"})


def body_charset(headers: Headers, *, is_open: bool, has_token: bool) -> str | None:
    """The charset that the sender names, or None for JSON.

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
        return None  # what nearly all send
    media_type, _, parameters = content_type[:MAX_CONTENT_TYPE].lower().partition(";")
    media_type = media_type.strip()
    if headers.get("content-encoding", "identity").lower() != "identity":
        raise UnsupportedMedia("不支持压缩的请求体（Content-Encoding）")
    if media_type == "application/json" or media_type.endswith("+json"):
        return None
    if media_type.startswith(("multipart/", "image/", "audio/", "video/")):
        raise UnsupportedMedia("只接受 JSON 或纯文本")
    if is_open:
        raise UnsupportedMedia
    if not has_token:
        raise Forbidden(
            "请求体不是 application/json 时，令牌要写在网址里（?token=…）；"
            "若请求体是 JSON，请加上 Content-Type: application/json"
        )
    charset = _CHARSET.search(parameters)
    return charset[1] if charset else ""


def read_report(
    content: bytes | bytearray, *, charset: str | None, query: Mapping[str, str], key: str = ""
) -> tuple[Report, str | None]:
    """The report, and the token that stands in the body.

    Args:
        content: the body.
        charset: None for JSON.
        query: what the URL says.
        key: stands in for an `id` that the body does not have.

    Raises:
        InvalidReport: names the field that is wrong.
    """
    fields = decode(content) if charset is None else decode_text(content, charset)
    if key and not fields.get("id"):
        fields["id"] = key
    return parse(fields, query), _token(fields)


def _token(fields: Mapping[str, object]) -> str | None:
    token = fields.get("token")
    if isinstance(token, int) and not isinstance(token, bool):
        return str(token) if token.bit_length() < 1024 else None
    return token if isinstance(token, str) else None
