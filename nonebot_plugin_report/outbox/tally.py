"""Counts what the outbox did since this process started.

Clients make up targets, so a place is what our own settings name: QQ's private chats, its groups,
and each channel.
"""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Final

from ..errors import Refused
from ..model.delivery import WITHDRAWN, Delivery, State
from ..model.target import Kind, Target
from .retry import Finish, Retry, StepAside

COMMIT_BOUNDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
"""Seconds: a fast disk takes less than the first, BetterGI gives up long after the last."""
DELIVERY_BOUNDS: Final = (
    0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0, 7200.0,
    28800.0, 86400.0,
)  # fmt: skip
"""Seconds, up to a night of quiet hours and REPORT_EXPIRE."""

Place = tuple[Kind, str]
"""A kind of target, and the name of a channel."""


def place(target: Target) -> Place:
    """The place of a target."""
    return target.kind, target.id if target.kind == "channel" else ""


class Histogram:
    """How many things took how long."""

    def __init__(self, bounds: Sequence[float]) -> None:
        """`bounds`: seconds, each the most that is counted in its own, ascending."""
        self.bounds: Final = bounds
        self.counts: Final = [0] * (len(bounds) + 1)
        """By bound, and last those above all."""
        self.seconds = 0.0
        """Of all together."""

    @property
    def count(self) -> int:
        """How many."""
        return sum(self.counts)

    def add(self, seconds: float) -> None:
        """Count one."""
        self.counts[bisect_left(self.bounds, seconds)] += 1
        self.seconds += seconds


class Tally:
    """The counts."""

    def __init__(self) -> None:
        self.stored: Final = Counter[str]()
        """Reports by the receipt's status."""
        self.commits: Final = Histogram(COMMIT_BOUNDS)
        """How long storing them took."""
        self.delivered: Final = defaultdict[Place, Histogram](partial(Histogram, DELIVERY_BOUNDS))
        """Deliveries that arrived, and how long they took since they were accepted."""
        self.failed: Final = Counter[tuple[State, Place]]()
        """Those that did not, by how they ended; those that were withdrawn are left out."""
        self.refused: Final = Counter[type[Refused]]()
        """Pushes that were refused, by their errors."""
        self.take_overs = 0
        """Lanes that were taken over from a process whose lease had lapsed."""

    def accepted(self, status: str, took: float) -> None:
        """A report is stored, in so many seconds."""
        self.stored[status] += 1
        self.commits.add(took)

    def refuse(self, error: Refused) -> None:
        """A push is refused."""
        self.refused[type(error)] += 1

    @contextmanager
    def counting(self) -> Generator[None]:
        """A scope in which a push that is refused is counted."""
        try:
            yield
        except Refused as error:
            self.refuse(error)
            raise

    def decided(
        self, delivery: Delivery, decision: Finish | Retry | StepAside, took: float
    ) -> None:
        """An attempt led to a decision, so many seconds after the delivery was accepted."""
        if isinstance(decision, Retry | StepAside):
            return
        where = place(delivery.lane.target)
        if decision.state is State.DELIVERED:
            self.delivered[where].add(max(took, 0.0))  # the clock may have been set back
        elif delivery.expires_at != WITHDRAWN:
            self.failed[decision.state, where] += 1

    def expired(self, targets: Counter[Target]) -> None:
        """So many deliveries to each target expired as nothing was sent there."""
        for target, count in targets.items():
            self.failed[State.EXPIRED, place(target)] += count
