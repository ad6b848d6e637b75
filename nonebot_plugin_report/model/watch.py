"""Where a watch stands."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class WatchState:
    """Where a watch stands; all in epoch seconds."""

    since: float
    """When it began to wait."""
    due_at: float | None
    """By when the event has to come; None: it waits for none."""
    overdue_at: float | None = None
    """When it was told that it had not come."""
