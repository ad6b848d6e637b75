"""What a process knows of a lane's queue, and what it does there next. No task, no I/O."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ..model.delivery import Priority
from ..model.scheduling import MOST, Policy, Send, Wait, plan
from ..store.queue import Claim, Lease, Queued

LEASE: Final = 60.0
"""Seconds a lane stays with a process that says nothing more."""
BATCH: Final = 16
"""Deliveries of a lane held in memory; of their pictures, only what was just accepted."""


@dataclass(frozen=True, slots=True)
class Fill:
    """Read so many from the head of the queue; without a lease, claim the lane before."""

    limit: int


@dataclass(frozen=True, slots=True)
class Expire:
    """Give this one up as too old."""

    queued: Queued


@dataclass(frozen=True, slots=True)
class Deliver:
    """Send these as one message."""

    batch: tuple[Queued, ...]
    digest: bool = False
    """As a digest; else with all their words."""


@dataclass(frozen=True, slots=True)
class Rest:
    """Do nothing before a moment (epoch seconds)."""

    until: float
    reason: str = ""
    """Why the lane is parked (Chinese); empty: it only backs off."""


Step = Fill | Expire | Deliver | Rest | None
"""None: nothing waits."""


class LaneQueue:
    """The head of one lane's queue. All times are epoch seconds."""

    def __init__(self) -> None:
        self.lease: Lease | None = None
        self.due_at = 0.0
        """Back-off: nothing goes out before."""
        self.failures = 0
        """Tries in a row that failed."""
        self._ready: deque[Queued] = deque()
        self._depth = 0
        """How many were asked for when `_ready` was read."""
        self._complete = False
        """`_ready` is the whole queue: what is accepted now may go to its end."""
        self._missed = False
        """Something was stored that did not go to `_ready`."""
        self._last = ""
        """The greatest id that was ever in `_ready`."""
        self._sent: deque[float] = deque()
        """When the last messages went out, as many as the lane's rate counts."""
        self._limited = False
        """It has been waiting because of its rate."""

    @property
    def idle(self) -> bool:
        """Nothing is known of it that the store does not know."""
        return not self._ready and not self.failures

    def accept(self, queued: Queued) -> None:
        """This was just stored. Where the lane has nothing else, it need not be read back."""
        one = queued.delivery
        if not self._complete or len(self._ready) >= BATCH or one.id <= self._last:
            self.miss()
        elif self._ready and one.priority < self._ready[-1].delivery.priority:
            self.forget()  # it goes before what is there
            self._missed = True
        else:
            self._ready.append(queued)
            self._last = one.id

    def miss(self) -> None:
        """Something waits in the store that is not here."""
        self._complete, self._missed = False, True

    def forget(self) -> None:
        """Read the queue anew before the next message."""
        self._ready.clear()
        self._complete = False

    def lose(self) -> None:
        """The lane may be another process's: claim it anew."""
        self.lease = None
        self.forget()

    def shift(self, by: float) -> None:
        """The clock was set, forward by `by` seconds."""
        self.due_at += by if self.due_at else 0.0
        self._sent = deque(at + by for at in self._sent)
        self.lose()

    def reading(self) -> None:
        """The store is being read: what it misses from here on is missed."""
        self._missed = False

    def filled(self, claim: Claim | None, queued: Sequence[Queued], limit: int) -> None:
        """This was read; `claim` is what came of asking for the lane, where that was needed."""
        if claim is not None:
            self.lease, self.failures, self.due_at = claim.lease, claim.failures, claim.due_at
        self._ready = deque(queued)
        self._depth = limit
        self._complete = self.lease is not None and len(queued) < limit and not self._missed
        if queued:
            self._last = max(self._last, *(one.delivery.id for one in queued))

    def next(self, policy: Policy, now: float, expiry_from: float) -> Step:
        """What to do now. What is to be sent or given up is taken out of the queue.

        Args:
            policy: the target's.
            now: epoch seconds.
            expiry_from: before then nothing is given up as too old.
        """
        if self.due_at > now:
            return Rest(self.due_at)
        if self.lease is None or self.lease.until - now < LEASE / 2:
            self.lose()
        if not self._ready:
            return None if self._complete else Fill(BATCH)
        for old in self._ready:
            if old.delivery.expires_at > now:
                continue
            if now < expiry_from:
                return Rest(expiry_from)
            self._ready.remove(old)
            return Expire(old)
        return self._plan(policy, now)

    def _plan(self, policy: Policy, now: float) -> Step:
        waiting = [one.delivery for one in self._ready]
        match plan(waiting, policy, now, self._sent, limited=self._limited):
            case None:
                return None
            case Wait(until, reason, limits):
                self._limited |= limits
                return Rest(until, reason)
            case Send(chosen, digest):
                if len(chosen) > 1 and not self._complete and self._depth < MOST:
                    self.forget()
                    return Fill(MOST)  # all that could go along
                batch = tuple(self._ready[index] for index in chosen)
                for one in batch:
                    self._ready.remove(one)
                return Deliver(batch, digest)

    def tried(self, priority: Priority, policy: Policy, now: float) -> None:
        """A message went out: it counts for the rate."""
        self._limited &= priority is Priority.URGENT  # it went past those that wait
        if policy.rate is None:
            return
        self._sent.append(now)
        while len(self._sent) > policy.rate[0]:
            self._sent.popleft()

    def succeeded(self) -> bool:
        """A delivery is over. Whether the lane had been failing before."""
        before, self.due_at, self.failures = self.failures, 0.0, 0
        return bool(before)

    def failed(self, due_at: float) -> None:
        """A try ended nothing: what was tried is no longer here, and has changed."""
        self.due_at = due_at
        self.failures += 1
        self.forget()
