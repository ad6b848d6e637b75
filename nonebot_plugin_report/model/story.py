"""Which events begin and end the same thing."""

from functools import lru_cache
from typing import Final

from .report import Report, Result

STARTS: Final = {".end": ".start", ".resolved": ".firing", ".up": ".down"}
"""Endings of end events, and the endings of their start events."""
_ALL: Final = (*STARTS, *STARTS.values())
_PLAIN: Final = (".end", ".start")
"""Endings without a story. A script's own `.up` may have nothing to do with its `.down`."""


@lru_cache(maxsize=256)
def find_bounds(event: str, *, is_story: bool) -> tuple[str, str]:
    """Return the ending of a start or end event, and its start event; for other events an empty
    ending, and the event itself."""
    ending = next((one for one in (_ALL if is_story else _PLAIN) if event.endswith(one)), "")
    return ending, event.removesuffix(ending) + STARTS.get(ending, ending)


def find_ended(report: Report) -> tuple[str, str] | None:
    """Find what a report ends: a story, and without one the beginning that its events share (such
    as `domain.`). None: it ends nothing."""
    ending, _ = find_bounds(report.event, is_story=bool(report.story))
    if report.story:
        is_end = ending in STARTS or report.result is Result.SUCCESS
        return (report.story, "") if is_end else None
    return ("", f"{report.event.removesuffix(ending)}.") if ending in STARTS else None
