"""What the page asks for of the history, and what it gets."""

from dataclasses import dataclass

from .status import Listed
from .target import Target


@dataclass(frozen=True, slots=True)
class Sight:
    """What somebody may see of the history."""

    source: str | None = None
    """The name of the token whose reports are theirs; None: they may see everything."""
    target: Target | None = None
    """Whose deliveries they may see of others' reports."""


EVERYTHING = Sight()


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which reports are looked for; all conditions must hold, and empty ones say nothing."""

    words: str = ""
    event: str = ""
    result: str = ""
    """BetterGI's number for it, or a word of the tool's own."""
    source: str = ""
    """A token's name."""
    target: Target | None = None
    since: str = ""
    """The first id."""
    before: str = ""
    """The id that ends them."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A report as somebody may see it."""

    listed: Listed
    pictures: tuple[str, ...]
    """The hashes of its pictures."""
    own: bool
    """All of it is theirs to see, not only what their target was sent."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the history, the newest first."""

    shown: tuple[Shown, ...]
    rest: str
    """The id before which to go on; empty: that was all."""
    searched: float = 1.0
    """Which part of the history can be searched, from 0 to 1."""


@dataclass(frozen=True, slots=True)
class Known:
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
    """As in `Wanted`; empty: it had none."""
    count: int


@dataclass(frozen=True, slots=True)
class Run:
    """How long a task took once."""

    event: str
    """Without `.end`."""
    ended_at: float
    """Epoch seconds."""
    seconds: float
