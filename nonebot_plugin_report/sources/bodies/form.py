"""Decodes bodies of unknown type, forms, and what `curl -d` and PowerShell label as forms. Pure."""

import re
from binascii import a2b_qp
from collections.abc import Iterable, Iterator
from typing import Final

from ...errors import InvalidReport, UnsupportedMedia
from ...model.image import read_image
from ..parse import ALIASES, MAX_LENGTHS, OTHERS
from .decode import UTF16_MARKS, Fields, decode, decode_text, read_json
from .lift import ESCAPES
from .mend import mend
from .soap import decode_notification, is_notification

FORM_FIELDS: Final = frozenset(
    {"token", "data", "payload", "payload_json", "channel", "id", *MAX_LENGTHS, *ALIASES,
     *ALIASES.values(), *OTHERS}
)  # fmt: skip
"""Fields of which a form has at least one; otherwise it is text with a `=` in it."""
MAX_FORM_FIELDS: Final = 100
"""Fields of a form, under whatever names."""
PICTURES: Final = ("screenshot", "screenshots", "image", "images")
WORDS: Final = frozenset({"title", "content", "message", "event", *PICTURES, *OTHERS})
"""Fields that a report can consist of."""
TARGETS: Final = frozenset({"send_to", "to", "send_to_group", "to_group", "channel"})
SEGMENTS_START: Final = b'[{"type":'
"""How a list of OneBot's segments begins."""
JSON_FIELDS: Final = ("data", "payload", "payload_json")
"""Fields of a form into which Uptime Kuma, GitHub, Slack's and Discord's clients put all of their
JSON."""

_NAME: Final = re.compile(rb"[A-Za-z_]\w*", re.ASCII)
_JSON_START: Final = re.compile(rb"(?:\xef\xbb\xbf)?\s{0,200}+\{")
_FOLDER: Final = re.compile(r"[A-Za-z]:\\")
_SPOKEN: Final = re.compile("[A-Za-z]{3}")
"""What the name of some field of a form has that is none of ours; `a=1&b=2` is text."""
_BEGINNING: Final = 400
_PICTURE_MARKS: Final = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"RIFF", b"BM")
# https://github.com/file/file/blob/FILE5_46/src/encoding.c: the bytes that stand in no text.
_NO_TEXT: Final = bytes([*range(0x07), *range(0x0E, 0x1B), *range(0x1C, 0x20)])
MAX_DENSE: Final = 2 * 2**20
"""Bytes of a form that are read where they are full of escapes: a text as long as it may be, in
which each character is escaped, has 786,432, and base64 few escapes."""
MAX_BARE: Final = 1000
"""Percent signs in a slice that begin no escape."""
_BARE_PERCENT: Final = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_GLANCE: Final = 2**16
_SLICE: Final = 2**16


def decode_form(body: bytes | bytearray, charset: str = "") -> Fields:
    """Read a body that is labelled as a form, as `curl -d` labels everything: as a form if a field
    of ours is in it, else as if it had no label.

    Raises:
        UnsupportedMedia: it is neither text nor a picture.
    """
    return read_form(body, charset) or decode_unlabelled(body, charset)


def decode_unlabelled(body: bytes | bytearray, charset: str = "") -> Fields:
    """Read a body of another type or none, as a picture, a JSON object, Apprise's XML or text.

    Raises:
        UnsupportedMedia: it is none of these.
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
    if body.startswith(UTF16_MARKS):
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
    if not charset and body.startswith(UTF16_MARKS):
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
    """Read the fields of a form; none if it is no form, or may be text."""
    pairs = _pairs(body)
    names = [name for name, _ in pairs]
    if FORM_FIELDS.isdisjoint(names) and not (len(names) > 1 and any(map(_SPOKEN.search, names))):
        return Fields()
    if isinstance(body, bytearray):
        body.clear()  # the values are all of it
    return gather((name, _text(name, value, charset)) for name, value in pairs)


def read_any_form(body: bytes | bytearray) -> dict[str, object]:
    """Read the fields of another service's form, under whatever names; of fields of the same name,
    the last counts. A list of OneBot's segments is read as JSON, so that its pictures are not in
    memory once more as text.

    Raises:
        InvalidReport: there are too many fields.
    """
    if body.count(b"&") >= MAX_FORM_FIELDS:
        raise InvalidReport("body", f"最多 {MAX_FORM_FIELDS} 个字段")
    unquoter = _Unquoter()
    pairs: list[tuple[str, bytearray]] = []
    for start, end in _spans(body):
        equals = body.find(b"=", start, min(end, start + _GLANCE))
        if equals >= 0:
            name = unquote(bytes(body[start:equals])).decode("utf-8", "replace")
            pairs.append((name, unquoter.unquote(body, equals + 1, end)))
    if isinstance(body, bytearray):
        body.clear()  # the values are all of it
    return {name: _value(value) for name, value in pairs}


def _spans(body: bytes | bytearray) -> Iterator[tuple[int, int]]:
    """Give the positions at which each field of a form begins and ends."""
    start = 0
    while (end := body.find(b"&", start)) >= 0:
        yield start, end
        start = end + 1
    yield start, len(body)


def _value(value: bytearray) -> object:
    if value.startswith(SEGMENTS_START):
        try:
            return read_json(value)
        except (ValueError, InvalidReport):
            pass  # it only begins like that
    text = str(decode_text(value)["content"])
    value.clear()
    return text


def query_fields(query: bytes) -> Fields:
    """Read the fields of a URL's query, under whatever names.

    Raises:
        InvalidReport: there are too many fields.
    """
    parts = query.split(b"&")
    if len(parts) > MAX_FORM_FIELDS:
        raise InvalidReport("网址", f"? 后面最多 {MAX_FORM_FIELDS} 个字段")
    pairs: list[tuple[str, bytearray]] = []
    for part in parts:
        name, _, value = part.partition(b"=")
        decoded = unquote(name).decode("utf-8", "replace").strip()
        if decoded:
            pairs.append((decoded, bytearray(unquote(value))))
    return gather((name, _text(name, value, "")) for name, value in pairs)


def _pairs(body: bytes | bytearray) -> list[tuple[str, bytearray]]:
    """Read a form's fields; none if it is no form."""
    if body.count(b"&") >= MAX_FORM_FIELDS:
        return []
    pairs: list[tuple[str, bytearray]] = []
    unquoter = _Unquoter()
    start, size = 0, len(body.rstrip())
    while start <= size:
        end = body.find(b"&", start, size)
        end = size if end < 0 else end
        equals = body.find(b"=", start, end)
        if equals < 0 and end < size:
            equals = end  # QingLong loses the first value
        name = bytes(body[start:equals]).strip() if start <= equals <= start + _GLANCE else b""
        if not _NAME.fullmatch(name):
            return []
        pairs.append((name.decode("ascii"), unquoter.unquote(body, equals + 1, end)))
        start = end + 1
    return pairs


def gather(pairs: Iterable[tuple[str, str]]) -> Fields:
    """Gather the fields of a form. Nothing is lost of fields that have the same name."""
    texts_of: dict[str, list[str]] = {}
    for name, text in pairs:
        texts_of.setdefault(name, []).append(text)
    fields = Fields()
    for name, texts in texts_of.items():
        joined: object = (
            texts if name in PICTURES else ("," if name in TARGETS else "\n").join(texts)
        )
        fields[name] = _with_line_ends(name, texts[0]) if len(texts) == 1 else joined
    return _opened(fields)


def _with_line_ends(name: str, text: str) -> str:
    r"""Read `\n` as a line end where a tool, such as QingLong, writes each so; not in a folder."""
    written = text.count("\\n")
    if not written or name not in WORDS or "\n" in text or text.count("\\") != written:
        return text
    return text if _FOLDER.search(text) else text.replace("\\n", "\n")


def _opened(fields: Fields) -> Fields:
    """Read those fields that hold JSON, too."""
    for name in JSON_FIELDS:
        text = fields.get(name)
        if not isinstance(text, str) or not text.lstrip().startswith("{"):
            continue
        try:
            inner = decode(bytearray(text.encode("utf-8", "replace")))
        except InvalidReport:
            continue
        fields[name] = inner
        if not WORDS.intersection(fields):  # all that can be shown is within it
            del fields[name]
            fields = Fields({**inner, **fields})
    return fields


def _text(name: str, value: bytearray, charset: str) -> str:
    # curl does not encode its arguments: raw UTF-8 arrives, or a Chinese Windows' GBK.
    text = str(decode_plain(value, charset)["content"])
    value.clear()
    # The plus signs of base64 may not have been encoded.
    return text.replace(" ", "+") if name in PICTURES else text


class _Unquoter:
    """Decodes the values of one form; of slices full of escapes, only as many as text may have."""

    def __init__(self) -> None:
        self._dense = 0
        """Bytes so far of slices full of escapes."""

    def unquote(self, body: bytes | bytearray, start: int, end: int) -> bytearray:
        """Decode a value in slices: at once it would take many times its memory."""
        value = bytearray()
        while start < end:
            cut = min(start + _SLICE, end)
            if cut < end and (escape := body.rfind(b"%", cut - 2, cut)) >= 0:
                cut = escape  # no escape is cut in two
            piece = bytes(body[start:cut])
            if piece.count(b"%") > len(piece) // ESCAPES:
                self._dense += len(piece)
                if self._dense > MAX_DENSE:
                    break
            value += unquote(piece)
            start = cut
        return value


def unquote(text: bytes) -> bytes:
    """Decode a part of a form or a query. A text full of percent signs which begin no escape is no
    such part, and stays as it is.

    The standard library makes a piece of each escape, which takes thirty times as long.
    """
    plain = text.replace(b"+", b" ")
    if b"%" not in plain:
        return plain
    escaped, number = _BARE_PERCENT.subn(b"%25", plain, MAX_BARE)
    if number == MAX_BARE:
        return text
    return a2b_qp(escaped.replace(b"=", b"%3D").replace(b"%", b"="))
