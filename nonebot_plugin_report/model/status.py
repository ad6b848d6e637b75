"""What is told of stored reports and of what waits."""

from dataclasses import dataclass
from typing import Literal

from .delivery import State
from .target import Lane, Target


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the sender of a report is told: it is on disk."""

    id: str
    status: Literal["accepted", "duplicate", "dropped"]
    targets: tuple[Target, ...]


@dataclass(frozen=True, slots=True)
class DeliveryState:
    """A delivery as its sender may ask for it."""

    target: Target
    state: State
    attempts: int
    repeats: int
    """How often it was sent again although an earlier try may have arrived."""
    reason: str
    finished_at: float | None
    """Epoch seconds."""


@dataclass(frozen=True, slots=True)
class ReportState:
    """A stored report and the state of each of its deliveries."""

    id: str
    key: str
    event: str
    heading: str
    received_at: float
    """Epoch seconds."""
    source: str
    """The name of the token that it came with."""
    note: str
    """Why it has no delivery (Chinese), where it has none."""
    deliveries: tuple[DeliveryState, ...]


@dataclass(frozen=True, slots=True)
class Blocked:
    """A lane that waits for something."""

    lane: Lane
    reason: str
    since: float
    """Epoch seconds."""


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits in the outbox."""

    waiting: int
    oldest: float | None
    """Epoch seconds at which the oldest waiting delivery was accepted."""
    blocked: tuple[Blocked, ...]
