"""What is reported about stored reports and waiting deliveries."""

from dataclasses import dataclass
from typing import Literal

from .delivery import State
from .report import Report
from .target import Lane, Target


@dataclass(frozen=True, slots=True)
class Receipt:
    """The answer to whoever pushed a report: it is stored."""

    id: str
    status: Literal["accepted", "duplicate", "dropped"]
    targets: tuple[Target, ...]


@dataclass(frozen=True, slots=True)
class DeliveryState:
    """A delivery's state, as whoever pushed it may see it."""

    target: Target
    state: State
    attempts: int
    repeats: int
    """Repeats of an attempt that may have arrived."""
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
    """The name of its token."""
    note: str
    """Why it has no deliveries (Chinese), if so."""
    deliveries: tuple[DeliveryState, ...]


@dataclass(frozen=True, slots=True)
class Listed:
    """A report in a list: where it stands, and what it says."""

    state: ReportState
    report: Report | None
    """Without its picture; None: it is too long for a list, or not the reader's to see."""
    text: str
    """How the words begin that it was sent in."""


@dataclass(frozen=True, slots=True)
class Blocked:
    """A parked lane."""

    lane: Lane
    reason: str
    since: float
    """Epoch seconds."""


@dataclass(frozen=True, slots=True)
class Backlog:
    """What is waiting."""

    waiting: int
    oldest: float | None
    """Epoch seconds at which the oldest waiting delivery was accepted."""
    blocked: tuple[Blocked, ...]
