"""The values that pass between rules, outbox and senders."""

import math
import re
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Final, Literal, Protocol, Self

from .report import Report, Result, qq_number
from .report.image import Image

Kind = Literal["private", "group", "channel"]
NAME: Final = re.compile(r"[^\s,，:：\x00-\x1f\x7f-\x9f\ud800-\udfff]{1,64}")
"""What a user may call a channel."""
_NUMBER: Final = re.compile("[1-9][0-9]{0,18}")


@dataclass(frozen=True, slots=True)
class Target:
    """Who gets a report. Written `private:10001`, `group:777`, `channel:phone`.

    There is one way to write each, and none can be taken for another: lanes, scopes, quiet hours
    and rates go by it.

    Raises:
        ValueError: it is none.
    """

    kind: Kind
    id: str
    """The QQ number, the group's number, or the channel's name in the settings."""

    def __post_init__(self) -> None:
        form = NAME if self.kind == "channel" else _NUMBER
        if not form.fullmatch(self.id):
            raise ValueError(f"not a target: {self.kind}:{self.id[:40]!r}")

    def __str__(self) -> str:
        return f"{self.kind}:{self.id}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read what `str` wrote.

        Raises:
            ValueError: it is anything else.
        """
        match text.partition(":"):
            case ("private" | "group" | "channel") as kind, ":", identity:
                return cls(kind, identity)
            case _:
                raise ValueError(f"not a target: {text[:40]!r}")

    @classmethod
    def read(cls, text: str) -> Self:
        """Read what people write: with a full-width colon or digits, spaces, leading zeros.

        Raises:
            ValueError: it is no target.
        """
        kind, _, identity = text.replace("：", ":").partition(":")
        kind, identity = kind.strip(), identity.strip()
        return cls.parse(f"{kind}:{identity if kind == 'channel' else qq_number(identity)}")


@dataclass(frozen=True, slots=True)
class Lane:
    """What goes out one after the other: a target, by one bot or by any."""

    target: Target
    bot: str = ""
    """The bot's id; empty: any that is connected."""

    @classmethod
    def of(cls, target: Target, bot: str) -> Self:
        """The lane of a target; a channel's is the same for every bot."""
        return cls(target, "" if target.kind == "channel" else bot)

    def __str__(self) -> str:
        return f"{self.target} via {self.bot}" if self.bot else str(self.target)


@dataclass(frozen=True, slots=True)
class Message:
    """What a target is to see."""

    text: str
    """The report in its template's words."""
    image: Image | None = None
    report: Report = field(default_factory=Report)
    """What the message tells of, for what hands it on as it is. Without the picture."""
    more_images: tuple[Image, ...] = ()
    """Further pictures of a digest; who has room for one leaves them out."""
    parts: tuple[Self, ...] = ()
    """The messages that were merged into this one, for what can show them apart."""

    @property
    def title(self) -> str:
        """One line, never empty: the icon and the heading, else how the text begins."""
        icon = self.report.result.icon if isinstance(self.report.result, Result) else ""
        if self.report.heading:
            return f"{icon} {self.report.heading}".strip().replace("\n", " ")
        return self.text.partition("\n")[0] or "[截图]"

    @property
    def body(self) -> str:
        """What the text says beyond the title; may be empty."""
        return self.text.removeprefix(self.title).strip()


class Rank(IntEnum):
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
    rank: Rank = Rank.NORMAL
    held_until: float = 0.0
    """For Rank.BULK: epoch seconds before which it does not go out."""
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
    rank: Rank = Rank.NORMAL
    held_until: float = 0.0
    """For Rank.BULK: before then it does not go out."""
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
