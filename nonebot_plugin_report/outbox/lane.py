"""A lane's queue as this process sees it, and what to do next. No tasks, no I/O."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ..model.delivery import WITHDRAWN, Priority
from ..model.scheduling import MOST, Policy, Send, Wait, plan
from ..store.leases import Claim, Lease
from ..store.queue import Queued

LEASE: Final = 60.0
"""Seconds for which a lane belongs to a process without renewal, where it is the only one."""
SHARED_LEASE: Final = 14.0
"""The same where others wait for it."""
BATCH: Final = 16
"""Deliveries of a lane held in memory; pictures only of those just accepted."""


@dataclass(frozen=True, slots=True)
class Fill:
    """Read up to `limit` from the head of the queue; without a lease, claim the lane first."""

    limit: int


@dataclass(frozen=True, slots=True)
class Expire:
    """This delivery has expired."""

    queued: Queued


@dataclass(frozen=True, slots=True)
class Deliver:
    """Send these deliveries as one message."""

    batch: tuple[Queued, ...]
    digest: bool = False
    """As a digest; otherwise with their full text."""


@dataclass(frozen=True, slots=True)
class Rest:
    """Wait until a moment (epoch seconds)."""

    until: float
    reason: str = ""
    """Why the lane is parked (Chinese); empty: it is only backing off."""


Step = Fill | Expire | Deliver | Rest | None
"""None: nothing waits."""


class LaneQueue:
    """The head of one lane's queue. All times are epoch seconds."""

    def __init__(self, lease_seconds: float = LEASE) -> None:
        self._lease_seconds = lease_seconds
        self.lease: Lease | None = None
        self.due_at = 0.0
        """Nothing is sent before (back-off)."""
        self.held_until = 0.0
        """Nothing is sent before, even if a bot comes back."""
        self.taken_until = 0.0
        """Another process has the lane until then, unless it says otherwise."""
        self.taken_by = ""
        """That process, as far as is known."""
        self.failures = 0
        """Failed attempts in a row."""
        self._ready: deque[Queued] = deque()
        self._depth = 0
        """The limit with which `_ready` was read."""
        self._read = 0
        """How many were read then."""
        self._complete = False
        """`_ready` is the whole queue: a new delivery can be appended."""
        self._missed = False
        """Something was stored that is not in `_ready`."""
        self._last = ""
        """The greatest id that was ever in `_ready`."""
        self._sent: deque[float] = deque()
        """When the last messages were sent, as many as the rate counts."""
        self._limited = False
        """The lane has been waiting because of its rate."""

    @property
    def idle(self) -> bool:
        """Forgetting it would lose nothing."""
        return not self._ready and not self.failures

    def accept(self, queued: Queued) -> None:
        """A delivery was just stored; if the queue is complete, it need not be read back."""
        delivery = queued.delivery
        if not self._complete or len(self._ready) >= BATCH or delivery.id <= self._last:
            self.miss()
        elif self._ready and _priority(queued) < _priority(self._ready[-1]):
            self.forget()  # it goes before those in memory
            self._missed = True
        else:
            self._ready.append(queued)
            self._last = delivery.id

    def miss(self) -> None:
        """The store has something that is not here."""
        self._complete, self._missed = False, True

    def forget(self) -> None:
        """Read the queue again before the next message."""
        self._ready.clear()
        self._complete = False

    def lose(self) -> None:
        """The lane may have been taken over: claim it again."""
        self.lease = None
        self.forget()

    def shift(self, by: float) -> None:
        """The clock was set, forward by `by` seconds."""
        self.due_at += by if self.due_at else 0.0
        self.held_until += by if self.held_until else 0.0
        self.taken_until += by if self.taken_until else 0.0
        self._sent = deque(at + by for at in self._sent)
        self.lose()

    def reading(self) -> None:
        """A read of the store begins: what is stored from now on may not be in it."""
        self._missed = False

    def filled(self, claim: Claim | None, queued: Sequence[Queued], limit: int) -> None:
        """The queue was read; `claim` is the result of claiming the lane, if that was necessary."""
        if claim is not None:
            self.lease, self.failures = claim.lease, claim.failures
            self.due_at = 0.0 if claim.taken else claim.due_at
            self.taken_until = claim.due_at if claim.taken else 0.0
            self.taken_by = claim.owner
        self._ready = deque(queued)
        self._depth, self._read = limit, len(queued)
        self._complete = self.lease is not None and len(queued) < limit and not self._missed
        if queued:
            self._last = max(self._last, *(one.delivery.id for one in queued))

    def next(self, policy: Policy, now: float, expiry_from: float) -> Step:
        """What to do now. Deliveries to be sent or expired are removed from the queue.

        Args:
            policy: the target's.
            now: epoch seconds.
            expiry_from: nothing expires before.
        """
        if (due_at := max(self.due_at, self.held_until, self.taken_until)) > now:
            return Rest(due_at)
        if self.lease is None or self.lease.until - now < self._lease_seconds / 2:
            self.lose()
        if not self._ready:
            return None if self._complete else Fill(BATCH)
        for old in self._ready:
            if old.delivery.expires_at > now:
                continue
            if now < expiry_from and old.delivery.expires_at != WITHDRAWN:
                return Rest(expiry_from)
            self._ready.remove(old)
            return Expire(old)
        return self._next_message(policy, now)

    def _next_message(self, policy: Policy, now: float) -> Step:
        """Choose what is sent now: what stepped aside when its time has come, by itself; otherwise
        the others, in order."""
        aside = [one for one in self._ready if one.delivery.stepped_aside]
        if not aside:
            return self._plan(list(self._ready), policy, now)
        others = [one for one in self._ready if not one.delivery.stepped_aside]
        if not others and self._may_hold_more():
            self.forget()
            return Fill(MOST)  # others may wait behind those
        due = [one for one in aside if one.delivery.handling.held_until <= now]
        later = [at for one in aside if (at := one.delivery.handling.held_until) > now]
        rests = [Rest(min(later))] if later else []
        for ready in (due, others):
            match self._plan(ready, policy, now) if ready else None:
                case Rest() as rest:
                    rests.append(rest)
                case None:
                    pass
                case step:
                    return step
        return _first(rests)

    def _may_hold_more(self) -> bool:
        """Whether reading the queue again may show others than those in `_ready`."""
        deeper = self._depth < MOST or len(self._ready) < self._read
        return not self._complete and (self._missed or deeper)

    def _plan(self, ready: Sequence[Queued], policy: Policy, now: float) -> Step:
        together = _sent_together(ready)
        # Without merging, only a digest holds several.
        digest = len(together) > 1 and not policy.merge
        ready = together or ready
        waiting = [one.delivery for one in ready]
        match plan(waiting, policy, now, self._sent, limited=self._limited or digest):
            case None:
                return None
            case Wait(until, reason, limits):
                self._limited |= limits
                return Rest(until, reason)
            case Send(chosen, digest):
                if len(chosen) > 1 and not self._complete and self._depth < MOST:
                    self.forget()
                    return Fill(MOST)  # everything that could be sent together
                batch = tuple([ready[index] for index in chosen])
                for queued in batch:
                    self._ready.remove(queued)
                return Deliver(batch, digest)

    def tried(self, priority: Priority, policy: Policy, now: float) -> None:
        """A message was sent: count it for the rate."""
        self._limited &= priority is Priority.URGENT  # an urgent one passes those that wait
        if policy.rate is None:
            return
        self._sent.append(now)
        while len(self._sent) > policy.rate[0]:
            self._sent.popleft()

    def sent(self, times: Sequence[float]) -> None:
        """These are the times of the last messages, whoever sent them: count them for the rate."""
        self._sent = deque(times)

    def succeeded(self) -> bool:
        """A delivery has ended. Returns whether the lane had been failing."""
        before, self.due_at, self.failures = self.failures, 0.0, 0
        return bool(before)

    def stepped_aside(self) -> None:
        """A delivery stepped aside: it stays in the store, with a new state, and others go on."""
        self.due_at, self.failures = 0.0, 0
        self.forget()

    def failed(self, due_at: float) -> None:
        """An attempt failed: the delivery stays in the store, with a new state."""
        self.due_at = due_at
        self.failures += 1
        self.forget()


def _sent_together(ready: Sequence[Queued]) -> Sequence[Queued]:
    """The next deliveries if they were sent together, and may have arrived or stepped aside: they
    stay one message, so that it can be looked for, and costs the lane one try."""
    first = ready[0].delivery
    if not (first.repeats or first.stepped_aside):
        return ()
    if first.tried_at is None:  # a process ended as it was sending: nothing tells with which
        return ready[:1]
    return [
        one
        for one in ready
        if (one.delivery.repeats or one.delivery.stepped_aside)
        and one.delivery.tried_at == first.tried_at
    ]


def _first(rests: Sequence[Rest]) -> Rest | None:
    """The rest that ends first, with the reason of whichever has one."""
    if not rests:
        return None
    reason = next((one.reason for one in rests if one.reason), "")
    return Rest(min(one.until for one in rests), reason)


def _priority(queued: Queued) -> Priority:
    return queued.delivery.handling.priority
