"""What the page asks for of the history, and what it gets."""

import re
from dataclasses import dataclass
from math import inf, isfinite
from typing import Final

from .status import Listed
from .target import Target

_ID: Final = re.compile("[0-9a-hjkmnp-tv-z]{0,20}")


@dataclass(frozen=True, slots=True)
class Sight:
    """What somebody may see of the history."""

    source: str | None = None
    """The name of the token whose reports are theirs; None: they may see everything."""
    target: Target | None = None
    """Whose deliveries they may see of others' reports."""


EVERYTHING = Sight()


@dataclass(frozen=True, order=True, slots=True)
class Cursor:
    """A position in the history, which is in the order of arrival: what came before it is next."""

    at: float
    """When the report at it came (epoch seconds)."""
    id: str
    """That report; empty: the position is before all that came at that moment."""

    def __str__(self) -> str:
        return f"{self.at!r}_{self.id}"

    @classmethod
    def parse(cls, text: str) -> "Cursor":
        """Read what `str` wrote.

        Raises:
            ValueError: it is something else.
        """
        at, _, report_id = text.partition("_")
        if not isfinite(moment := float(at)) or not _ID.fullmatch(report_id):
            raise ValueError("not a position")
        return cls(moment, report_id)


NEWEST: Final = Cursor(inf, "")
"""Behind the newest report."""


@dataclass(frozen=True, slots=True)
class Criteria:
    """Which reports are looked for; all conditions must hold, and empty ones say nothing."""

    text: str = ""
    event: str = ""
    result: str = ""
    """BetterGI's number for it, or a word of the tool's own."""
    source: str = ""
    """A token's name."""
    target: Target | None = None
    since: float = 0.0
    """The first moment (epoch seconds)."""
    before: Cursor = NEWEST
    """The position that ends them."""


@dataclass(frozen=True, slots=True)
class ReportView:
    """A report as somebody may see it."""

    listed: Listed
    pictures: tuple[str, ...]
    """The hashes of its pictures."""
    own: bool
    """All of it is theirs to see, not only what their target was sent."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the history, the newest first."""

    views: tuple[ReportView, ...]
    next: Cursor | None
    """The position before which to go on; None: that was all."""


@dataclass(frozen=True, slots=True)
class Choices:
    """What there is to choose from."""

    events: tuple[str, ...]
    results: tuple[str, ...]
    sources: tuple[str, ...]
    targets: tuple[Target, ...]


@dataclass(frozen=True, slots=True)
class DayCount:
    """How many reports came on a day with a result."""

    day: str
    """Such as 2026-11-27, by this machine's clock."""
    result: str
    """As in `Criteria`; empty: it had none."""
    count: int


@dataclass(frozen=True, slots=True)
class DayCounts:
    """A part of the counts: days may be in several parts."""

    counts: tuple[DayCount, ...]
    next: Cursor | None
    """The position before which to go on; None: that was all."""


@dataclass(frozen=True, slots=True)
class Run:
    """How long a task took once."""

    event: str
    """Without `.end`."""
    ended_at: float
    """Epoch seconds."""
    seconds: float
