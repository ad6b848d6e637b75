"""Text that every store, terminal and chat can take."""

from typing import Final

_CONTROL: Final = {code: None for code in (*range(32), *range(127, 160)) if code not in (9, 10)}


def clean(text: str) -> str:
    """Text that every store, terminal and chat can take.

    Control characters (ANSI's ESC, NUL) are removed, line ends become newlines, lone surrogates
    become U+FFFD.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n").translate(_CONTROL)
    if text.isascii():
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
