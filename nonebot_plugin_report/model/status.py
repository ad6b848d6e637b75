"""What is reported about stored reports and waiting deliveries."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from .delivery import State
from .report import Report
from .target import Lane, Target
from .timing import in_words, moment


@dataclass(frozen=True, slots=True)
class Receipt:
    """The answer to whoever pushed a report: it is stored."""

    id: str
    status: Literal["accepted", "duplicate", "dropped"]
    targets: tuple[Target, ...]


@dataclass(frozen=True, slots=True)
class Refusal:
    """A push that was refused."""

    at: float
    """Epoch seconds."""
    client: str
    """What its program calls itself, and its address."""
    reason: str
    """What was wrong, and how to mend it (Chinese)."""
    token: str
    """The name of its right token; empty: it had none, and came from this machine."""


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
    due_at: float = 0.0
    """Before which nothing is tried (epoch seconds); 0: nothing has failed lately."""
    stepped_aside: bool = False
    """It was refused without a reason for so long that others in its lane go before it."""


def progress(delivery: DeliveryState, now: float, show: Callable[[str], str] = str) -> str:
    """What happened last with a delivery, what comes next and when: one line (Chinese).

    Args:
        one: the delivery's state.
        now: epoch seconds.
        show: how a reason is written, as services' words may be in it.
    """
    reason = delivery.reason and show(delivery.reason)
    if delivery.state is State.WAITING:
        return _next(delivery, now, reason)
    when = "" if delivery.finished_at is None else f"{moment(delivery.finished_at, now)} "
    return when + _ENDS[delivery.state] + (reason and f"：{reason}")


_ENDS: Final = {
    State.DELIVERED: "送达",
    State.REJECTED: "被拒绝",
    State.EXPIRED: "放弃",
    State.UNCONFIRMED: "未确认",
}


def _next(delivery: DeliveryState, now: float, reason: str) -> str:
    """What comes next of a delivery that waits."""
    because = reason and f"：{reason}"
    if delivery.due_at > now:
        when = moment(delivery.due_at, now)
        if not delivery.attempts:
            return f"等前面的一条，它 {when} 后重试"
        if delivery.stepped_aside:
            return f"让后面的先发，{when} 后单独再试，第 {delivery.attempts + 1} 次{because}"
        if delivery.repeats:
            return f"{when} 后看送到没有，没有就再发，第 {delivery.attempts + 1} 次{because}"
        return f"{when} 后重试，第 {delivery.attempts + 1} 次{because}"
    if reason:
        return f"等着{because}"
    return "正在发送，或者排在别的后面"


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
class Process:
    """A process that uses the store beside others, as it last said of itself."""

    name: str
    """As leases have it."""
    host: str
    pid: int
    bots: tuple[str, ...]
    """The ids of its bots of QQ that can send."""
    started_at: float
    seen_at: float
    """Its last sign of life; all times are epoch seconds."""
    lanes: int = 0
    """Lanes that are its own."""
    lapsed: bool = False
    """It gave no sign of life for so long that others may take them over."""


def standing(process: Process, now: float) -> str:
    """A process in one line (Chinese); `now`: epoch seconds."""
    bots = f"QQ {'、'.join(process.bots)}" if process.bots else "没有 QQ"
    identity = f"{process.host} 的进程 {process.pid}，{bots}"
    if not process.lapsed:
        return identity
    held = (
        f"还占着 {process.lanes} 个发送队列" if process.lanes else "它的发送队列别的进程都接过去了"
    )
    return f"{identity}：{in_words(now - process.seen_at)}没有动静，租约过期了，{held}"


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
    retrying: tuple[DeliveryState, ...] = ()
    """Some of those that are tried again: of each lane the next."""
