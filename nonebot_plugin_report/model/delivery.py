"""A message on its way to a target, and what came of trying."""

import math
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Protocol

from .message import Message
from .target import Lane, Target


class Priority(IntEnum):
    """How much of a hurry a delivery is in; the lower goes first."""

    URGENT = 0
    """Waits for nothing but its lane."""
    NORMAL = 1
    BULK = 2
    """Its token's rate was exceeded: it goes out in a digest only."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One target of a report, ready to be accepted."""

    target: Target
    message: Message
    priority: Priority = Priority.NORMAL
    held_until: float = 0.0
    """For Priority.BULK: epoch seconds before which it does not go out."""
    reason: str = ""
    """Why it is held (Chinese)."""
    fallback: tuple[Target, ...] = ()
    """Who gets it where this target does not."""
    fallback_after: float | None = None
    """Seconds of waiting after which they do; None: only when it is given up."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message on its way to one target."""

    id: str
    """Time-ordered: the order within a lane."""
    report_id: str
    lane: Lane
    message: Message
    attempts: int = 0
    """How often it was tried before; parking counts for nothing."""
    created_at: float = 0.0
    """When it was accepted; epoch seconds, as all times here."""
    expires_at: float = math.inf
    """When it is given up."""
    priority: Priority = Priority.NORMAL
    held_until: float = 0.0
    """For Priority.BULK: before then it does not go out."""
    reason: str = ""
    """What the last try came to, or why it is held (Chinese)."""
    fallback: tuple[Target, ...] = ()
    """Who gets it where this target does not."""
    fallback_at: float | None = None
    """When they do; None: only when it is given up."""


class State(StrEnum):
    """Where a delivery stands: in exactly one of these from the moment it is accepted."""

    WAITING = "waiting"
    """In its lane: to be sent, sent again, or parked while its bot is away."""
    DELIVERED = "delivered"
    """The far end said yes. Final."""
    REJECTED = "rejected"
    """The far end said no for good. Final, with a reason."""
    EXPIRED = "expired"
    """Not made within REPORT_EXPIRE. Final, with a reason."""


@dataclass(frozen=True, slots=True)
class Delivered:
    """The far end took it. `note` says (Chinese) what had to be left out, if anything."""

    note: str = ""


@dataclass(frozen=True, slots=True)
class NotSent:
    """It surely did not arrive; trying again may help."""

    reason: str
    retry_after: float | None = None
    """Seconds that the far end asked for."""
    answered: bool = False
    """The far end answered with a failure that names no cause: trying for ever is of no use."""


@dataclass(frozen=True, slots=True)
class Away:
    """There is nobody to send by: the lane waits, and no attempt is counted."""

    reason: str


@dataclass(frozen=True, slots=True)
class Rejected:
    """It will never be taken."""

    reason: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """It left, and no answer came: it may have arrived."""

    reason: str


Outcome = Delivered | NotSent | Away | Rejected | Unknown


class Sender(Protocol):
    """All that the outbox knows of sending."""

    def blocked(self, lane: Lane) -> str | None:
        """Why nothing can go out in this lane now (Chinese), or None. Must not wait."""
        ...

    async def send(self, delivery: Delivery) -> Outcome:
        """Send one delivery. Failures are outcomes; an exception is a bug."""
        ...
