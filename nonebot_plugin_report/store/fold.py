"""The words of a report as they are searched: without differences of case, width and accents."""

import re
from collections.abc import Iterable
from typing import Final
from unicodedata import normalize

MAX_FOLDED: Final = 4000
"""Characters of a report that are searched."""
MAX_QUERY: Final = 64
"""Characters of a search."""
_ACCENTS: Final = re.compile("[\u0300-\u036f]")


def fold(text: str) -> str:
    """Remove differences of case, width and accents: "Straße ＡＢＣ Über" → "strasse abc uber"."""
    return normalize("NFC", _ACCENTS.sub("", normalize("NFKD", text).casefold()))


def fold_report(heading: str, texts: Iterable[str]) -> str:
    """Fold the heading and all texts of a report; a text that another one contains is left out."""
    joined = heading[:MAX_FOLDED]
    for text in texts:
        if len(joined) < MAX_FOLDED and (part := text[:MAX_FOLDED]) not in joined:
            joined = f"{joined}\n{part}"
    return fold(joined[:MAX_FOLDED])


def split_query(text: str) -> tuple[str, ...]:
    """Split a search at its spaces: a report has to contain each part."""
    return tuple(dict.fromkeys(fold(text[:MAX_QUERY]).split()))
