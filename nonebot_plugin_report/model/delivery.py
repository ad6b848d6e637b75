"""Deliveries, and the outcomes of sending them."""

import math
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Final, Protocol

from .image import Image
from .message import Message
from .target import Lane, Target
from .value import value_type

WITHDRAWN: Final = 0.0
"""When a delivery expires that is not wanted any more: at once, whatever the clock says."""
MAX_REMINDERS: Final = 3
"""Times that a delivery which nobody acknowledges is sent again."""


class Priority(IntEnum):
    """The order within a lane; lower goes first."""

    URGENT = 0
    """Not held back by quiet hours, mutes, merging or rates."""
    NORMAL = 1
    BULK = 2
    """Over its token's rate: sent only in a digest."""
    TIMED = 3
    """To be sent at a time that its sender names; from then on as a normal one."""


@value_type
class Handling:
    """How a delivery is treated, as rules and rates decide."""

    priority: Priority = Priority.NORMAL
    held_until: float = 0.0
    """For Priority.BULK and Priority.TIMED, and for what stepped aside: not sent before (epoch
    seconds)."""
    reason: str = ""
    """Why it waits (Chinese): why it is held, later the result of the last attempt."""
    fallback: tuple[Target, ...] = ()
    """Who gets it if this target does not."""
    fallback_after: float | None = None
    """Seconds of waiting after which they get it; None: only if the delivery fails."""
    fallback_unconfirmed: bool = False
    """They also get it if nobody knows whether the delivery arrived."""
    remind: float | None = None
    """Seconds after which it is sent again if it is urgent and nobody acknowledges it."""
    escalate: tuple[Target, ...] = ()
    """Who gets it after the last reminder."""
    mention: tuple[str, ...] = ()
    """QQ numbers, and `all`, that it mentions in its group if it is urgent or a failure."""


@value_type
class Outgoing:
    """One target of a report, ready to be accepted."""

    target: Target
    message: Message
    handling: Handling = Handling()
    fallback_images: tuple[Image, ...] | None = None
    """The pictures for who gets it if this target does not; None: the same."""


@value_type
class Delivery:
    """One message on its way to one target."""

    id: str
    """Time-ordered: the order within a lane."""
    report_id: str
    lane: Lane
    message: Message
    attempts: int = 0
    """Earlier attempts; parking does not count."""
    tried_at: float | None = None
    """When the first of them began (epoch seconds); None: there was none."""
    repeats: int = 0
    """How many of them may have arrived, as far as is known."""
    created_at: float = 0.0
    """When it was accepted (epoch seconds, like all times here)."""
    expires_at: float = math.inf
    """When it expires."""
    handling: Handling = Handling()

    @property
    def stepped_aside(self) -> bool:
        """The service refused it without a reason for so long that others in the lane go before it:
        since its first attempt it was held back."""
        return self.tried_at is not None and self.handling.held_until > self.tried_at


class State(StrEnum):
    """The state of a delivery, from the moment it is accepted."""

    WAITING = "waiting"
    """To be sent, retried, or parked while its bot is away."""
    DELIVERED = "delivered"
    """The service accepted it. Final."""
    REJECTED = "rejected"
    """The service refused it permanently. Final, with a reason."""
    EXPIRED = "expired"
    """Not delivered within REPORT_EXPIRE. Final, with a reason."""
    UNCONFIRMED = "unconfirmed"
    """Sent several times, and no answer ever told whether it arrived. Final, with a reason."""

    @property
    def failed(self) -> bool:
        """Final, and not known to be delivered."""
        return self in FAILED


FAILED: Final = (State.REJECTED, State.EXPIRED, State.UNCONFIRMED)


@dataclass(frozen=True, slots=True)
class Delivered:
    """The service accepted it. `note` says what was left out (Chinese), if anything."""

    note: str = ""
    message_id: str = ""
    """The service's own id of the message, where people can quote it; empty: it gave none."""


@dataclass(frozen=True, slots=True)
class NotSent:
    """It did not arrive; a retry may help."""

    reason: str
    retry_after: float | None = None
    """Seconds to wait, as the service asked."""
    answered: bool = False
    """The service answered with an unexplained failure: retrying for ever would not help."""


@dataclass(frozen=True, slots=True)
class Away:
    """Nothing can be sent there now, by no fault of the message: the lane waits, and no attempt is
    counted."""

    reason: str
    retry_after: float | None = None
    """Seconds to wait at least, whatever bot comes back; None: until a bot does."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """It will never be accepted."""

    reason: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """It was sent, and no answer came: it may have arrived."""

    reason: str
    retry_after: float | None = None
    """Seconds after which another shape of the message may follow, where a look shows that this did
    not arrive; None: as long as any other waits."""


Outcome = Delivered | NotSent | Away | Rejected | Unknown


class Sender(Protocol):
    """What the outbox needs for sending."""

    def blocked(self, lane: Lane) -> str | None:
        """Why nothing can be sent in this lane now (Chinese), or None. Must not block."""
        ...

    async def send(self, delivery: Delivery) -> Outcome:
        """Send one delivery. Failures are outcomes; an exception is a bug."""
        ...

    async def seen(self, delivery: Delivery, since: float, until: float) -> int | None:
        """How many messages that say the same as this one its receiver got between two moments
        (epoch seconds); None: that cannot be found out. An exception is a bug."""
        ...
