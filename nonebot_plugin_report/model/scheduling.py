"""When waiting deliveries are sent, and which together. Pure: the time is an argument."""

from collections.abc import Sequence
from typing import Final

from .delivery import Delivery, Handling, Priority
from .timing import DailyWindow, in_words
from .value import value_type

MANY: Final = 5
"""Messages from which a backlog after an absence is sent as a digest."""
MOST: Final = 200
"""Most messages in one digest."""
MERGED: Final = 20
"""Most messages merged into one with their full text."""


@value_type
class Policy:
    """A target's quiet hours, mute, merging and rate."""

    quiet: DailyWindow | None = None
    """What is not urgent waits until its end."""
    muted_until: float = 0.0
    """What is not urgent waits until then (epoch seconds)."""
    merge: float = 0.0
    """Seconds for which a message waits to be merged with later ones."""
    rate: tuple[int, float] | None = None
    """Messages, and the seconds in which no more are sent; the others follow as a digest."""
    absence: float = 0.0
    """Seconds of waiting after which a backlog is sent as a digest; 0: never."""


@value_type
class Send:
    """Send these now as one message: indices into what was given."""

    chosen: tuple[int, ...]
    digest: bool = False
    """As a digest; otherwise with their full text."""


@value_type
class Wait:
    """Send nothing before."""

    until: float
    reason: str
    """Chinese."""
    limits: bool = False
    """Because of the rate: what gathers is sent as a digest."""


def plan(
    waiting: Sequence[Delivery], policy: Policy, now: float, sent: Sequence[float], *, limited: bool
) -> Send | Wait | None:
    """What to do with a lane; None: nothing waits.

    Args:
        waiting: by priority, then by age.
        policy: the target's.
        now: epoch seconds, as all times.
        sent: when the lane's last messages were sent, oldest first.
        limited: the lane has been waiting because of its rate.
    """
    if not waiting:
        return None
    if waiting[0].handling.priority is Priority.URGENT:
        return Send((0,))
    if wait := _quiet(policy, now) or _over_rate(policy, now, sent):
        return wait
    normal, bulk, timed = _sort(waiting, now)
    if bulk and waiting[bulk[0]].handling.held_until <= now:
        return Send(tuple(bulk[:MOST]), digest=True)
    if not normal:
        return _held([*(waiting[i].handling for i in bulk[:1]), *timed])
    first = waiting[normal[0]]
    if len(normal) > 1 and (limited or _slept_through(first, len(normal), policy, now)):
        return Send(tuple(normal[:MOST]), digest=True)
    if policy.merge:
        if first.created_at + policy.merge > now:
            return Wait(first.created_at + policy.merge, "等待与后面的推送合并")
        return Send(tuple(normal[:MERGED]))
    return Send((normal[0],))


def _sort(waiting: Sequence[Delivery], now: float) -> tuple[list[int], list[int], list[Handling]]:
    """Find what is sent by itself and what in a digest, as indices; and what is not due yet."""
    normal: list[int] = []
    bulk: list[int] = []
    timed: list[Handling] = []
    for i, queued in enumerate(waiting):
        match queued.handling.priority:
            case Priority.BULK:
                bulk.append(i)
            case Priority.TIMED if queued.handling.held_until > now:
                timed.append(queued.handling)
            case Priority.URGENT | Priority.NORMAL | Priority.TIMED:
                normal.append(i)
    return normal, bulk, timed


def _held(held: Sequence[Handling]) -> Wait:
    """Wait for the first of what is held back."""
    first = min(held, key=lambda one: one.held_until)
    reason = "定时" if first.priority is Priority.TIMED else "等到可以合成摘要"
    return Wait(first.held_until, reason)


def _quiet(policy: Policy, now: float) -> Wait | None:
    until = policy.muted_until if policy.muted_until > now else 0.0
    reason = "已静音"
    if policy.quiet is not None and policy.quiet.covers(now):
        end = policy.quiet.end_after(now)
        until, reason = (end, "免打扰时段") if end > until else (until, reason)
    return Wait(until, reason) if until else None


def _over_rate(policy: Policy, now: float, sent: Sequence[float]) -> Wait | None:
    if policy.rate is None:
        return None
    count, period = policy.rate
    if len(sent) < count or sent[-count] + period <= now:
        return None
    reason = f"超过频率限制（{count} 条/{in_words(period)}），稍后合成摘要"
    return Wait(sent[-count] + period, reason, limits=True)


def _slept_through(first: Delivery, count: int, policy: Policy, now: float) -> bool:
    """Whether these waited through quiet hours, a mute, or a long absence."""
    quiet = policy.quiet is not None and policy.quiet.covers(first.created_at)
    muted = 0 < first.created_at < policy.muted_until
    away = bool(policy.absence) and now - first.created_at >= policy.absence and count >= MANY
    return quiet or muted or away
