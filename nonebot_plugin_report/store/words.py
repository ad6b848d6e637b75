"""Words as the index has them: every two characters that follow each other.

Chinese has no spaces between words, and its words are mostly of two characters; so any part of a
word is found, in any language.
"""

import re
from typing import Final
from unicodedata import normalize

MOST_QUERY: Final = 64
"""Characters of what is looked for."""
_RUN: Final = re.compile(r"[^\W_]+")


def plain(text: str) -> str:
    """A text as it is compared: no difference of case or width."""
    return normalize("NFKC", text).casefold()


def pairs(text: str) -> list[str]:
    """The pairs of a text. The last character of a word stands alone, too, so that each is the
    first of something."""
    return [
        one
        for run in _RUN.findall(plain(text))
        for one in (*(run[at : at + 2] for at in range(len(run) - 1)), run[-1])
    ]


def phrases(text: str) -> list[list[str]]:
    """What to look for to find a text: all of these, each of them pairs that follow each other, or
    one character that something begins with."""
    return [
        [run[at : at + 2] for at in range(len(run) - 1)] if len(run) > 1 else [run]
        for run in runs(text)
    ]


def runs(text: str) -> list[str]:
    """What must stand in a text for it to be found."""
    return _RUN.findall(plain(text[:MOST_QUERY]))
