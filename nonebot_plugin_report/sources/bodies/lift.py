"""Takes pictures out of large JSON before it is parsed: it is in memory twice at most. Pure.

The remainder is small. After parsing, the pictures go back where their numbers stand.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, cast

LONG: Final = 2**20
"""Bytes of a long string: more than is kept of any text, so that only pictures are longer."""
LIFTED: Final = 2**16
"""Least bytes of a string that may be a picture."""
MAX_PLAIN: Final = 8 * 2**20
"""Most bytes of JSON without its pictures: in memory it may become ten times as many."""
ESCAPES: Final = 16
"""Least bytes for each backslash; base64 has a backslash in sixty bytes."""
_SLICE: Final = 2**18
_NUMBER: Final = "\0{}\0"
_HIGH: Final = rb"\\u[dD][89abAB][0-9a-fA-F]{2}"
"""The first of two escapes that are one character."""
_HALF: Final = re.compile(
    rb"(?<!\\)((?:\\\\)*+)"
    rb"(?:(?:HIGH)?\\(?:u[0-9a-fA-F]{0,3})?|HIGH|[\xc0-\xff][\x80-\xbf]{0,2})\Z".replace(
        b"HIGH", _HIGH
    )
)
"""Half an escape or half a character at the end."""
_TAIL: Final = 4096


@dataclass(slots=True)
class Lifted:
    """JSON without its long strings, and the strings."""

    remainder: bytearray = field(default_factory=bytearray)
    texts: list[bytearray] = field(default_factory=list[bytearray])

    def put_back(self, value: object) -> object:
        """Put the strings into the value that the remainder was parsed to."""
        texts: dict[str, str] = {}
        for number, text in enumerate(self.texts):
            texts[_NUMBER.format(number)] = text.decode("ascii")
            text.clear()
        return replace_strings(value, lambda text: texts.get(text, text))


def lift(body: bytes | bytearray) -> Lifted | None:
    """Take long ASCII strings out of JSON, and shorten other long strings if it is very large;
    None: it is short, or full of escapes."""
    if len(body) <= LONG or not has_few_escapes(body):
        return None
    lifted, done, at = Lifted(), 0, 0
    with memoryview(body) as whole:
        while (start := body.find(b'"', at) + 1) > 0:
            end = _string_end(body, start)
            if end < 0:
                break
            at = end + 1
            if end - start < LIFTED:
                continue
            lifted.remainder += whole[done:start]
            done = end
            if (text := plain(body, start, end)) is not None:
                lifted.remainder += rf"\u0000{len(lifted.texts)}\u0000".encode()
                lifted.texts.append(text)
            elif len(body) <= MAX_PLAIN:
                lifted.remainder += whole[start:end]
            else:
                lifted.remainder += _shortened(bytes(whole[start : min(end, start + LONG)]))
        lifted.remainder += whole[done:]
    return lifted


def has_few_escapes(body: bytes | bytearray) -> bool:
    """Whether a body has as few backslashes as pictures have."""
    return body.count(b"\\") <= len(body) // ESCAPES


def _shortened(text: bytes) -> bytes:
    """Remove half an escape or half a character from the end of a JSON string that was cut."""
    if len(text) < LONG:
        return text
    return text[:-_TAIL] + _HALF.sub(rb"\1", text[-_TAIL:])


def _string_end(body: bytes | bytearray, start: int) -> int:
    """Find the quote that ends a string; -1: there is none."""
    at = start
    while (end := body.find(b'"', at)) >= 0:
        before = end
        while before > start and body[before - 1] == 0x5C:
            before -= 1
        if (end - before) % 2 == 0:
            return end
        at = end + 1
    return -1


def plain(body: bytes | bytearray, start: int, end: int) -> bytearray | None:
    """Decode a string with the escapes that .NET and PHP write in base64; None: it has others, or
    is no ASCII. It goes in slices, so that other threads get a turn in between."""
    text = bytearray()
    while start < end:
        stop = min(start + _SLICE, end)
        if stop < end and (escape := body.rfind(b"\\", stop - 6, stop)) >= 0:
            stop = escape  # no escape is cut in two
        piece = body[start:stop].replace(rb"\u002B", b"+").replace(rb"\/", b"/")
        if b"\\" in piece or not piece.isascii():
            return None
        text += piece
        start = stop
    return text


def replace_strings(value: object, replace: Callable[[str], str]) -> object:
    """Replace each string in a value of JSON, names of fields included.

    Lists and objects are changed in place, one after the other: they may be nested deeper than
    function calls may be.
    """
    whole: list[object] = [value]
    waiting: list[object] = [whole]

    def new(item: object) -> object:
        if isinstance(item, str):
            return replace(item)
        if isinstance(item, list | dict):
            waiting.append(cast("object", item))
        return cast("object", item)

    while waiting:
        parent = waiting.pop()
        if isinstance(parent, list):
            parent[:] = map(new, cast("list[object]", parent))
        else:
            fields = cast("dict[str, object]", parent)
            items = [(replace(name), new(item)) for name, item in fields.items()]
            fields.clear()
            fields.update(items)
    return whole[0]
