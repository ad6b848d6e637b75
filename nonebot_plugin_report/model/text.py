"""Text that every store, terminal and chat can take."""

import re
from collections.abc import Iterator, Mapping
from typing import Final

# Surrogates, each encoded by itself.
_PAIR: Final = re.compile(rb"\xed[\xa0-\xaf][\x80-\xbf]\xed[\xb0-\xbf][\x80-\xbf]")
_HALF: Final = re.compile(rb"\xed[\xa0-\xbf][\x80-\xbf]")
_SLICE: Final = 2**16
_CONTROL: Final = {code: None for code in (*range(32), *range(127, 160)) if code not in (9, 10)}


def clean(text: str) -> str:
    """Text that every store, terminal and chat can take.

    Control characters (ANSI's ESC, NUL) are removed, line ends become newlines, lone surrogates
    become U+FFFD.
    """
    if text.isprintable():
        return text
    return clean_half(text.replace("\r\n", "\n").replace("\r", "\n").translate(_CONTROL))


def clean_half(text: str) -> str:
    """Text that can be encoded: lone surrogates, which are half a character, become U+FFFD."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:  # two surrogates may be a character
        return _replace_halves(text.encode("utf-8", "surrogatepass")).decode()
    return text


def decode_utf8(text: bytes | bytearray) -> str:
    """Decode UTF-8, also if each surrogate is encoded by itself: pairs are joined, others replaced.

    MySQL and older Java write so: https://www.unicode.org/reports/tr26/.

    Raises:
        UnicodeDecodeError: it is not UTF-8.
    """
    try:
        return text.decode()
    except UnicodeDecodeError as error:
        if not _HALF.match(text, error.start):
            raise
    # The codec's "surrogatepass" takes half a second for a MiB, in which no other thread runs.
    return _replace_halves(text).decode()


def _replace_halves(text: bytes | bytearray) -> bytes:
    joined = _PAIR.sub(_join, text)
    return b"".join(_HALF.sub(b"\xef\xbf\xbd", part) for part in _cut(joined))


def _join(halves: re.Match[bytes]) -> bytes:
    _, a, b, _, c, d = halves[0]
    return chr(0x10000 + ((a & 15) << 16 | (b & 63) << 10 | (c & 15) << 6 | d & 63)).encode()


def _cut(text: bytes) -> Iterator[bytes]:
    """Yield slices of whole characters: other threads get a turn in between."""
    start = 0
    while start < len(text):
        end = start + _SLICE
        while end < len(text) and text[end] & 0xC0 == 0x80:
            end += 1
        yield text[start:end]
        start = end


def begins_with(text: str, beginning: str) -> bool:
    """Whether a text begins with these words: "Disk full" does with "Disk", "Diskette" does not."""
    if not text.startswith(beginning):
        return False
    border = text[len(beginning) - 1 : len(beginning) + 1] if beginning else ""
    return not (len(border) == 2 and border.isascii() and border.isalnum())


def one_line(text: str, limit: int) -> str:
    """A text as one line of at most `limit` characters, marked where it was cut."""
    line = " ".join(text[: 4 * limit].split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def restore_text(fields: Mapping[str, object], name: str) -> str:
    """Restore a text that was stored among fields; empty: it was left out.

    Raises:
        TypeError: the field is no text.
        ValueError: it has half a character, which cannot be sent.
    """
    text = fields.get(name, "")
    if not isinstance(text, str):
        raise TypeError(name)
    text.encode()
    return text
