"""Mends JSON of tools that do not escape what they put into it. Pure.

Such a tool fills a template whose values are strings: a quote, a backslash or a line break in a
value makes it no JSON. What follows a quote shows whether the string ends there; the rest is read
as text."""

import json
import re
from typing import Final, cast

from ...model.text import clean_half
from .decode import MAX_VALUES, Fields, decode_any, decode_text, to_utf8
from .lift import LIFTED, LONG, plain, replace_strings

MAX_QUOTES: Final = 5_000
"""Most quotes in a body that is mended: mending looks at each."""
MAX_STRINGS: Final = 200
"""Most strings of a body that is mended, names of fields among them. Templates have few fields."""
MAX_TEXT: Final = 2**18
"""Bytes that are kept of a string that is no picture."""
NOTE: Final = "请求体不是合法的 JSON，按文字显示"

MAX_BACKSLASHES: Final = 64
"""Most backslashes before a quote that are counted."""
_BACKSLASH: Final = 0x5C
_GAP: Final = rb"\s{0,200}+"
_OBJECT: Final = re.compile(_GAP + rb"\{")
_KEY: Final = re.compile(rb'[^"\n]{0,128}"' + _GAP + b":")
_KEY_END: Final = re.compile(rb'"(?=' + _GAP + b":)")
# After a value stands the next key, or the end of what it is in.
_VALUE_END: Final = re.compile(
    rb'"(?=_(?:,_"[^"\n]{0,128}"_:|(?:,_)?(?:[}\]]_){1,100}+(?:,|\Z)))'.replace(b"_", _GAP)
)
_ITEM_END: Final = re.compile(rb'"(?=' + _GAP + rb"[,\]])")
_LAST_COMMA: Final = re.compile(rb",(?=\s*+[}\]])")

_NUMBERED: Final = re.compile(r"\\u[0-9a-fA-F]{4}")
"""A character by its number, which nobody writes by hand."""
_ESCAPE: Final = re.compile(r"\\(u[0-9a-fA-F]{4}|[\"\\/bfnrt])|\\")


def decode_json(body: bytes | bytearray) -> Fields:
    """Read a body that is labelled as JSON; mend it where it is none, else read it as text with a
    note.

    Raises:
        InvalidReport: it is JSON in which nothing can be, nested too deeply, or of too many values.
    """
    try:
        return decode_any(body)
    except UnicodeDecodeError:
        plain = body
    except json.JSONDecodeError:
        plain = to_utf8(body)
    return mend(plain) or Fields(decode_text(plain[: LONG + 1]), NOTE)


def mend(body: bytes | bytearray) -> Fields | None:
    """Read what nearly is a JSON object; None: it is not clear how."""
    if not _OBJECT.match(body) or body.count(b'"') > MAX_QUOTES:
        return None
    fields = _read(body, escapes=True)
    if b'\\"' in body:  # an escaped quote, or a folder's name that ends a string
        other = _read(body, escapes=False)
        fields = max(fields or {}, other or {}, key=len)
    return Fields(fields) if fields else None


def _read(body: bytes | bytearray, *, escapes: bool) -> dict[str, object] | None:
    """Read the object; with `escapes` a quote after a backslash ends no string, else it may."""
    structure: list[bytes] = []
    """The JSON outside of strings, with numbers in place of strings."""
    texts: list[str] = []
    at = 0
    while (start := body.find(b'"', at)) >= 0:
        before = bytes(body[at:start])
        end = _string_end(body, start + 1, before.rstrip()[-1:], escapes=escapes)
        if end < 0 or len(texts) == MAX_STRINGS:
            return None
        structure += before, b'"%d"' % len(texts)
        texts.append(_text(body, start + 1, end))
        at = end + 1
    outside = b"".join([*structure, bytes(body[at:])])
    if len(outside) > LONG or sum(map(outside.count, (b",", b"[", b"{"))) > MAX_VALUES:
        return None
    try:
        # Decoded here: the library accepts surrogates in bytes, each of which takes long.
        structured = _LAST_COMMA.sub(b"", outside).decode()
        parsed = json.loads(structured, parse_constant=lambda _: None)
    except (ValueError, RecursionError):
        return None
    numbers = {str(number): text for number, text in enumerate(texts)}
    return cast("dict[str, object]", replace_strings(parsed, lambda text: numbers.get(text, text)))


def _string_end(body: bytes | bytearray, start: int, before: bytes, *, escapes: bool) -> int:
    """Find the end of the string at `start`, by the character before it; -1: it is not clear."""
    match before:
        case b"{":
            pattern = _KEY_END
        case b":":
            pattern = _VALUE_END
        case b"[":
            pattern = _ITEM_END
        case b",":
            pattern = _KEY_END if _KEY.match(body, start) else _ITEM_END
        case _:
            return -1
    for match in pattern.finditer(body, start):
        end = match.start()
        if not (escapes and body[end - 1] == _BACKSLASH and _is_escaped(body, start, end)):
            return end
    return -1


def _is_escaped(body: bytes | bytearray, start: int, end: int) -> bool:
    before = body[max(start, end - MAX_BACKSLASHES) : end]
    return (len(before) - len(before.rstrip(b"\\"))) % 2 == 1


def _text(body: bytes | bytearray, start: int, end: int) -> str:
    """Read a string. Where its backslashes make no valid escapes, they stay as they are, unless
    the string has a character by its number: then it was escaped, and only those others stay."""
    if end - start > LIFTED:
        if (picture := plain(body, start, end)) is not None:
            return picture.decode("ascii")
        end = min(end, start + MAX_TEXT)
    text = str(decode_text(bytes(body[start:end]))["content"])
    if "\\" not in text:
        return text
    try:
        return _decode_escapes(text)
    except ValueError:
        pass
    if not _NUMBERED.search(text):
        return text  # a folder's name, say, in a template
    return _decode_escapes(_ESCAPE.sub(lambda one: one[0] if one[1] else r"\\", text))


def _decode_escapes(text: str) -> str:
    return clean_half(json.loads(f'"{_escape_quotes(text)}"', strict=False))


def _escape_quotes(text: str) -> str:
    r"""Escape the quotes that are not: `a "b\" c\\"` becomes `a \"b\" c\\\"`."""
    *parts, last = text.split('"')
    return "".join(part + ('"' if _escapes_next(part) else r"\"") for part in parts) + last


def _escapes_next(text: str) -> bool:
    return (len(text) - len(text.rstrip("\\"))) % 2 == 1
