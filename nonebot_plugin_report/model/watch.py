"""The values of the watchdog that are stored."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class WatchState:
    """The state of a watch; all times in epoch seconds."""

    since: float
    """When it began to wait."""
    due_at: float | None
    """When the event is due; None: it waits for none."""
    overdue_at: float | None = None
    """When it was reported overdue; None: it is not."""
    reported_at: float | None = None
    """When a beat was last reported down, also if it came back since."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """What a watch needs of an accepted report."""

    id: str
    event: str
    source: str
    at: float
    """Epoch seconds."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What a watch looks out for, and until when it waits."""

    description: str
    """Chinese."""
    due_at: float | None = None
    """Epoch seconds; None: it waits for nothing now."""
    overdue: bool = False
