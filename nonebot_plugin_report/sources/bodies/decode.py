"""Decodes bodies to fields: JSON or text, in bounded time and memory. Pure."""

import json
import re
from codecs import getincrementaldecoder
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Final, Never, cast

import orjson

from ...errors import InvalidReport
from ...model.text import clean_half, decode_utf8
from .lift import LONG, MAX_PLAIN, has_few_escapes, lift, replace_strings

MAX_VALUES: Final = 20_000
"""JSON values in one body."""
MAX_WIDE: Final = 2 * 2**20
"""Most bytes of JSON that are given to the slower parser if it is not ASCII or full of escapes."""
MAX_BARE: Final = 2**18
"""Bytes of a body of JSON that is no object."""
UTF16_MARKS: Final = (b"\xff\xfe", b"\xfe\xff")
_SLICE: Final = 2**16
_GLANCE: Final = 2**20

_CHARSETS: Final = {
    "utf8": "utf-8-sig",
    "usascii": "utf-8",
    "ascii": "utf-8",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "cp936": "gb18030",
    "gb18030": "gb18030",
    "big5": "big5",
    "utf16le": "utf-16-le",
    "utf16be": "utf-16-be",
    "iso88591": "latin-1",
    "latin1": "latin-1",
    "windows1252": "cp1252",
    "shiftjis": "shift_jis",
    "euckr": "euc_kr",
}
"""Charsets that a client may name, as letters and digits only. Some of Python's other codecs take
hours (punycode, idna), and some are not for text."""


class Fields(dict[str, object]):
    """The fields of a body."""

    def __init__(self, fields: Mapping[str, object] = MappingProxyType({}), *notes: str) -> None:
        """`notes` (Chinese) name what could not be read; they stand at the message's end."""
        super().__init__(fields)
        self.notes = notes


def decode(body: bytes | bytearray) -> Fields:
    """Read a body as a JSON object.

    UTF-8, also with a byte-order mark, UTF-16 and UTF-32 are told apart as RFC 4627 section 3 does.
    The values are counted before any is created: a value of three bytes takes a hundred of memory.

    Raises:
        InvalidReport: not JSON, not an object, nested too deeply, or of too many values.
    """
    return _refusing(read_object, body)


def decode_pushed(body: bytes | bytearray) -> Fields:
    """Read a body as JSON of any kind, as `decode_any` does.

    Raises:
        InvalidReport: not JSON, nested too deeply, of too many values, or nothing can be in it.
    """
    return _refusing(decode_any, body)


def _refusing(read: Callable[[bytes | bytearray], Fields], body: bytes | bytearray) -> Fields:
    try:
        return read(body)
    except UnicodeDecodeError:
        raise InvalidReport("body", "不是 UTF-8 编码的文本") from None
    except json.JSONDecodeError:
        raise InvalidReport("body", "不是合法的 JSON") from None


def decode_any(body: bytes | bytearray) -> Fields:
    """Read a body as JSON of any kind. What is no object becomes the field `content`; a list of one
    object is that object, and so is a text that is an object's JSON.

    Raises:
        InvalidReport: nothing can be in it, or it is a text, number or list that is very long.
        JSONDecodeError: not JSON.
        UnicodeDecodeError: not text.
    """
    size = len(body)
    value = read_json(body)
    if isinstance(value, str) and size <= MAX_BARE and value.lstrip()[:1] == "{":
        try:
            value = read_json(value.encode("utf-8", "replace"))
        except (ValueError, InvalidReport):
            pass  # it only begins like that
    if isinstance(value, list) and len(cast("list[object]", value)) == 1:
        (value,) = cast("list[object]", value)
    if isinstance(value, dict):
        return Fields(cast("dict[str, object]", value))
    bare = cast("object", value)
    if size > MAX_BARE or bare in (None, "", []):
        raise InvalidReport("body", '应为 JSON 对象，例如 {"content": "…"}')
    return Fields({"content": bare})


def read_object(body: bytes | bytearray) -> Fields:
    """Read a body as a JSON object.

    Raises:
        InvalidReport: not an object, nested too deeply, or of too many values.
        JSONDecodeError: not JSON.
        UnicodeDecodeError: not text.
    """
    fields = read_json(body)
    if not isinstance(fields, dict):
        raise InvalidReport("body", '应为 JSON 对象，例如 {"content": "…"}')
    return Fields(cast("dict[str, object]", fields))


def read_json(body: bytes | bytearray) -> object:
    """Read a body as JSON of any kind; freed as soon as it was read, if it is long.

    Raises:
        InvalidReport: nested too deeply, or of too many values.
        JSONDecodeError: not JSON.
        UnicodeDecodeError: not text.
    """
    try:
        return _loads(to_utf8(body))
    except RecursionError:
        raise InvalidReport("body", "嵌套层数过多") from None
    except (UnicodeDecodeError, json.JSONDecodeError):
        raise
    except ValueError:
        raise InvalidReport("body", "JSON 里有一个数字过长") from None


def decode_text(body: bytes | bytearray, charset: str = "") -> Fields:
    """Read a body of text as `content`: all of it, or of a long one as much as is kept of any text.

    `charset` is what the client named. Where `_CHARSETS` does not have it, UTF-8 is tried, then
    GB18030, which the command line of a Chinese Windows writes.
    """
    if len(body) > LONG and body.isascii() and "16" not in charset:
        return Fields({"content": body.decode("ascii")})  # it may be a picture
    beginning = body[:LONG]
    for encoding in _encodings(beginning, re.sub("[^a-z0-9]", "", charset.lower())):
        try:
            # Half a character may stand at the cut.
            text = getincrementaldecoder(encoding)().decode(beginning, final=len(body) <= LONG)
        except UnicodeDecodeError:
            continue
        return Fields({"content": text})
    return Fields({"content": beginning.decode("utf-8", errors="replace")})


def _encodings(text: bytes | bytearray, charset: str) -> Iterable[str]:
    """List the encodings that a text may have, the likeliest first."""
    if charset != "utf16":
        return filter(None, (_CHARSETS.get(charset), "utf-8-sig", "gb18030"))
    if text.startswith(UTF16_MARKS):
        return "utf-16", "gb18030"
    # Without a mark it is as often UTF-8 under a wrong label, which has no NUL in it.
    wide = "utf-16-be" if text.find(b"\0") % 2 == 0 else "utf-16-le"
    return (wide, "gb18030") if b"\0" in text else ("utf-8-sig", wide, "gb18030")


def find(body: bytes | bytearray, what: bytes, start: int) -> int:
    """Find bytes as `bytes.find` does, but let other threads have a turn in between."""
    for at in range(start, len(body), _SLICE):
        if (position := body.find(what, at, at + _SLICE + len(what))) >= 0:
            return position
    return -1


def cut(body: bytes | bytearray, start: int, end: int) -> bytes:
    """Copy a part of a body, once."""
    with memoryview(body) as whole:
        return bytes(whole[start:end])


def to_utf8(body: bytes | bytearray) -> bytes | bytearray:
    """Convert JSON in any of its encodings to UTF-8 without a byte-order mark.

    Raises:
        UnicodeDecodeError: the bytes are in none of them.
    """
    encoding = json.detect_encoding(body)
    return body if encoding == "utf-8" else body.decode(encoding).encode()


def _loads(body: bytes | bytearray) -> object:
    """Read the JSON in a body; frees the body as soon as it was read."""
    if _count_values(body) > MAX_VALUES:
        raise InvalidReport("body", f"JSON 里的值太多，最多 {MAX_VALUES} 个")
    lifted = lift(body)
    remainder = lifted.remainder if lifted else body
    if len(remainder) > MAX_PLAIN:
        raise InvalidReport("body", f"JSON 里除了图片，最多 {MAX_PLAIN >> 20} MiB")
    value = _parsed(remainder)
    if not (lifted and lifted.texts):
        return value
    if isinstance(body, bytearray):
        body.clear()
    return lifted.put_back(value)


def _parsed(body: bytes | bytearray) -> object:
    """Parse JSON with orjson, which is four times faster on a screenshot with .NET's escapes, and
    with the standard library where orjson refuses, as with lone surrogates."""
    # The standard library makes text of the whole before it makes values: with a character beyond
    # U+FFFF in it, that is four bytes for each. And it makes a piece of each escape.
    affordable = len(body) <= MAX_WIDE or (body.isascii() and has_few_escapes(body))
    try:
        fields = orjson.loads(body)
    except orjson.JSONDecodeError:
        if not affordable:
            raise
        return replace_strings(
            json.loads(decode_utf8(body), parse_constant=_refuse_constant), clean_half
        )
    if affordable and isinstance(fields, dict):
        values = cast("dict[str, object]", fields).values()
        if any(isinstance(one, float) and abs(one) >= 2**53 for one in values):
            # An integer beyond 64 bits, which orjson rounds. It refuses lone surrogates, so that
            # there are none here.
            return json.loads(body)
    return cast("object", fields)


def _count_values(body: bytes | bytearray) -> int:
    """Count the values of JSON, about: commas and opening brackets outside strings. Counting ends
    soon after MAX_VALUES; a body too short for so many is not looked at."""
    if len(body) <= MAX_VALUES:
        return 0
    # A screenshot has few of them wherever they stand; of a longer body even this look takes long.
    if len(body) <= _GLANCE and (most := _count_marks(body)) <= MAX_VALUES:
        return most
    count, quoted, backslash = 0, 0, b""
    for start in range(0, len(body), _SLICE):  # in slices: other threads get a turn in between
        piece = backslash + body[start : start + _SLICE]
        backslash = b"\\" if (len(piece) - len(piece.rstrip(b"\\"))) % 2 else b""
        piece = piece.removesuffix(backslash).replace(b"\\\\", b"").replace(b'\\"', b"")
        parts = piece.split(b'"')
        outside = b"".join(parts[quoted::2])
        count += sum(map(outside.count, (b",", b"[", b"{")))
        if count > MAX_VALUES:
            break
        quoted = (quoted + len(parts) - 1) % 2
    return count


def _count_marks(body: bytes | bytearray) -> int:
    """Count commas and opening brackets in a body, to one more than MAX_VALUES. Over a screenshot,
    which has none, `find` is forty times as fast as `count`."""
    count = 0
    for mark in b",[{":
        at = body.find(mark)
        while at >= 0 and count <= MAX_VALUES:
            count += 1
            at = body.find(mark, at + 1)
    return count


def _refuse_constant(_: str) -> Never:
    raise json.JSONDecodeError("NaN and Infinity are no JSON", "", 0)
