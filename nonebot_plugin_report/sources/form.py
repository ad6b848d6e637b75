"""Decodes bodies of unknown type, forms, and what `curl -d` and PowerShell label as forms. Pure."""

import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import unquote_to_bytes

from ..errors import InvalidReport, UnsupportedMedia
from ..model.image import read_image
from .decode import Fields, decode, decode_text
from .mend import mend
from .notification import decode_notification, is_notification
from .parse import ALIASES, MAX_LENGTHS, OTHERS

FORM_FIELDS: Final = frozenset(
    {"token", "data", "payload", "channel", "id", *MAX_LENGTHS, *ALIASES, *ALIASES.values(),
     *OTHERS}
)  # fmt: skip
"""A form has at least one of these; otherwise it is text with a `=` in it."""
MAX_FORM_FIELDS: Final = 100
"""Of any name."""
PICTURES: Final = ("screenshot", "screenshots", "image", "images")
WORDS: Final = frozenset({"title", "content", "message", "event", *PICTURES, *OTHERS})
"""What a report can be of."""
TARGETS: Final = frozenset({"send_to", "to", "send_to_group", "to_group", "channel"})
JSON_FIELDS: Final = ("data", "payload")
"""Where some tools put all of their JSON: Uptime Kuma and GitHub."""

_NAME: Final = re.compile(rb"[A-Za-z_]\w*", re.ASCII)
_JSON_START: Final = re.compile(rb"(?:\xef\xbb\xbf)?\s{0,200}+\{")
_BEGINNING: Final = 400
_UTF16_MARKS: Final = (b"\xff\xfe", b"\xfe\xff")
_PICTURE_MARKS: Final = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"RIFF", b"BM")
# https://github.com/file/file/blob/FILE5_46/src/encoding.c: the bytes that stand in no text.
_NO_TEXT: Final = bytes([*range(0x07), *range(0x0E, 0x1B), *range(0x1C, 0x20)])
_GLANCE: Final = 2**16
_SLICE: Final = 2**16


def decode_form(body: bytes | bytearray, charset: str = "") -> Fields:
    """Read a body that is labelled as a form, as `curl -d` labels everything: the fields of a form
    if one of ours is among them, else what it is without that label.

    Raises:
        UnsupportedMedia: it is neither text nor a picture.
    """
    return read_form(body, charset) or decode_unlabelled(body, charset)


def decode_unlabelled(body: bytes | bytearray, charset: str = "") -> Fields:
    """Read a body of another type or none: a picture, a JSON object or Apprise's XML if it is one,
    else text.

    Raises:
        UnsupportedMedia: it is neither.
    """
    if is_picture(body):
        return decode_picture(body)
    if begins_like_json(body):
        try:
            return decode(body)
        except InvalidReport:
            if fields := mend(body):
                return fields
    if is_notification(body):
        return decode_notification(body)
    return decode_plain(body, charset)


def begins_like_json(body: bytes | bytearray) -> bool:
    """Whether a body begins as a JSON object does; PowerShell writes files in UTF-16."""
    if body.startswith(_UTF16_MARKS):
        return body[:_BEGINNING].decode("utf-16", "ignore").lstrip().startswith("{")
    return _JSON_START.match(body) is not None


def decode_picture(body: bytes | bytearray) -> Fields:
    """Read a body that is a picture."""
    return Fields({"screenshot": bytes(body)})


def decode_plain(body: bytes | bytearray, charset: str = "") -> Fields:
    """Read text: all of it is `content`.

    Raises:
        UnsupportedMedia: it is not text.
    """
    if not charset and body.startswith(_UTF16_MARKS):
        charset = "utf-16"
    head = body[:_GLANCE]
    if "16" not in charset and len(head.translate(None, _NO_TEXT)) < len(head):
        raise UnsupportedMedia(
            "请求体不是文本，也不是能识别的图片；截图可以直接作请求体，或写成 JSON 里的 screenshot"
            "（base64），或运行 python -m nonebot_plugin_report push 说明 --image 图片"
        )
    return decode_text(body, charset)


def is_picture(content: bytes | bytearray) -> bool:
    """Whether bytes are a picture that can be shown."""
    if not content.startswith(_PICTURE_MARKS):
        return False
    try:
        read_image(bytes(content))
    except ValueError:
        return False
    return True


def read_form(body: bytes | bytearray, charset: str = "") -> Fields:
    """The fields of a form; none if it is no form, or has none of ours."""
    pairs = _pairs(body)
    if not FORM_FIELDS.intersection(name for name, _ in pairs):
        return Fields()
    if isinstance(body, bytearray):
        body.clear()  # the values are all of it
    return gather((name, _text(name, value, charset)) for name, value in pairs)


def query_fields(query: bytes) -> Fields:
    """The fields of a URL's query, under whatever names.

    Raises:
        InvalidReport: there are too many.
    """
    parts = query.split(b"&")
    if len(parts) > MAX_FORM_FIELDS:
        raise InvalidReport("网址", f"? 后面最多 {MAX_FORM_FIELDS} 个字段")
    pairs: list[tuple[str, bytearray]] = []
    for part in parts:
        name, _, value = part.partition(b"=")
        shown = unquote_to_bytes(name.replace(b"+", b" ")).decode("utf-8", "replace").strip()
        if shown:
            pairs.append((shown, _unquoted(value, 0, len(value))))
    return gather((name, _text(name, value, "")) for name, value in pairs)


def _pairs(body: bytes | bytearray) -> list[tuple[str, bytearray]]:
    """A form's fields; none if it is no form."""
    if body.count(b"&") >= MAX_FORM_FIELDS:
        return []
    pairs: list[tuple[str, bytearray]] = []
    start, size = 0, len(body.rstrip())
    while start <= size:
        end = body.find(b"&", start, size)
        end = size if end < 0 else end
        equals = body.find(b"=", start, end)
        name = bytes(body[start:equals]).strip() if start <= equals <= start + _GLANCE else b""
        if not _NAME.fullmatch(name):
            return []
        pairs.append((name.decode("ascii"), _unquoted(body, equals + 1, end)))
        start = end + 1
    return pairs


def gather(pairs: Iterable[tuple[str, str]]) -> Fields:
    """The fields of a form. Of one that stands there several times nothing is lost."""
    said: dict[str, list[str]] = {}
    for name, text in pairs:
        said.setdefault(name, []).append(text)
    fields = Fields()
    for name, texts in said.items():
        several: object = (
            texts if name in PICTURES else ("," if name in TARGETS else "\n").join(texts)
        )
        fields[name] = texts[0] if len(texts) == 1 else several
    return _opened(fields)


def _opened(fields: Fields) -> Fields:
    """The fields, and what stands in those that are JSON."""
    for name in JSON_FIELDS:
        text = fields.get(name)
        if not isinstance(text, str) or not text.lstrip().startswith("{"):
            continue
        try:
            inner = decode(text.encode("utf-8", "replace"))
        except InvalidReport:
            continue
        fields[name] = inner
        if not WORDS.intersection(fields):  # all that is told is in there
            del fields[name]
            fields = Fields({**inner, **fields})
    return fields


def _text(name: str, value: bytearray, charset: str) -> str:
    # curl sends what it is given as it is: raw UTF-8, or a Chinese Windows' GBK.
    text = str(decode_plain(value, charset)["content"])
    value.clear()
    # The plus signs of base64 may not have been encoded.
    return text.replace(" ", "+") if name in PICTURES else text


def _unquoted(body: bytes | bytearray, start: int, end: int) -> bytearray:
    """What a form's value says; in slices, as the whole would take many times its memory."""
    value = bytearray()
    while start < end:
        cut = min(start + _SLICE, end)
        if cut < end and (escape := body.rfind(b"%", cut - 2, cut)) >= 0:
            cut = escape  # none is cut in two
        value += unquote_to_bytes(bytes(body[start:cut]).replace(b"+", b" "))
        start = cut
    return value
