"""Text that every store, terminal and chat can take."""

import re
from typing import Final

_LONE: Final = re.compile("[\ud800-\udfff]")
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
        joined = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
        return _LONE.sub("\ufffd", joined)  # the codec's "replace" takes thirty times as long
    return text


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
