"""Decodes bodies of unknown type, and those that `curl -d` and PowerShell label as forms. Pure."""

import re
from typing import Final
from urllib.parse import unquote_to_bytes

from ..errors import InvalidReport, UnsupportedMedia
from .decode import decode, decode_text
from .parse import ALIASES, MAX_LENGTHS, OTHERS

FORM_FIELDS: Final = frozenset(
    {"token", "data", "channel", "id", *MAX_LENGTHS, *ALIASES, *ALIASES.values(), *OTHERS}
)
"""A form has at least one of these; otherwise it is text with a `=` in it."""
MAX_FORM_FIELDS: Final = 100
"""Of any name."""

_NAME: Final = re.compile(rb"[A-Za-z_]\w*", re.ASCII)
_JSON_START: Final = re.compile(rb"(?:\xef\xbb\xbf)?\s*\{")
_UTF16_MARKS: Final = (b"\xff\xfe", b"\xfe\xff")
# https://github.com/file/file/blob/FILE5_46/src/encoding.c: the bytes that stand in no text.
_NO_TEXT: Final = bytes([*range(0x07), *range(0x0E, 0x1B), *range(0x1C, 0x20)])
_GLANCE: Final = 2**16


def decode_form(body: bytes | bytearray, charset: str = "") -> dict[str, object]:
    """Read a body that is labelled as a form, as `curl -d` labels everything: the fields of a form
    if one of ours is among them, else a JSON object if it is one, else text.

    Raises:
        UnsupportedMedia: it is not text.
    """
    return _form_fields(body, charset) or decode_unlabelled(body, charset)


def decode_unlabelled(body: bytes | bytearray, charset: str = "") -> dict[str, object]:
    """Read a body of another type or none: a JSON object if it is one, else text.

    Raises:
        UnsupportedMedia: it is not text.
    """
    if _JSON_START.match(body):
        try:
            return decode(body)
        except InvalidReport:
            pass  # text in braces
    return decode_plain(body, charset)


def decode_plain(body: bytes | bytearray, charset: str = "") -> dict[str, object]:
    """Read text: all of it is `content`.

    Raises:
        UnsupportedMedia: it is not text.
    """
    if not charset and body.startswith(_UTF16_MARKS):
        charset = "utf-16"
    head = body[:_GLANCE]
    if "16" not in charset and len(head.translate(None, _NO_TEXT)) < len(head):
        raise UnsupportedMedia(
            "请求体不是文本；截图请写成 JSON 里的 screenshot（base64），"
            "或运行 python -m nonebot_plugin_report push 说明 --image 图片"
        )
    return decode_text(body, charset)


def _form_fields(body: bytes | bytearray, charset: str) -> dict[str, object]:
    """The fields of a form; empty if it is none, or has none of ours."""
    if body.count(b"&") >= MAX_FORM_FIELDS:
        return {}
    fields: dict[str, object] = {}
    for pair in bytes(body).strip().split(b"&"):
        name, equals, value = pair.partition(b"=")
        if not equals or not _NAME.fullmatch(name):
            return {}
        # curl sends what it is given as it is: raw UTF-8, or a Chinese Windows' GBK.
        plain = unquote_to_bytes(value.replace(b"+", b" "))
        fields[name.decode("ascii")] = decode_plain(plain, charset)["content"]
    # GitHub and Slack's clients have all of it in one field, as JSON.
    has_all = str(fields.get("payload", "")).startswith("{")
    return fields if has_all or FORM_FIELDS.intersection(fields) else {}
