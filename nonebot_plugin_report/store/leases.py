"""Leases: which process may send in a lane. Every write of a lane's owner carries its lease."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, Float, String, bindparam, func, null, or_, select, update

from ..errors import LeaseLost, Unreadable
from ..model.target import Lane
from .moment import moment
from .row_types import RowType
from .rows import IS_WAITING, STEPPED_ASIDE, read_lane
from .schema import delivery, lane
from .statements import Statement
from .writer import Writer


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to send in a lane. Every write of its owner carries the epoch."""

    lane: str
    owner: str
    epoch: int
    until: float
    """By the owner's clock, and no later than others take the lane over."""


@dataclass(frozen=True, slots=True)
class Claim:
    """The result of claiming a lane. Its moments are of the clock of who asked."""

    lease: Lease | None
    """None: it cannot be claimed before `due_at`."""
    due_at: float
    """0 with a lease."""
    failures: int
    taken: bool = False
    """Another process has it until then, or lets go of it before."""
    owner: str = ""
    """That process, as far as is known."""
    took_over: bool = False
    """From another process, which had let its lease lapse."""


class Leases:
    """The lanes, and who may send in them."""

    def __init__(self, database: Writer) -> None:
        self._run = database.run

    async def waiting_lanes(self) -> list[Lane]:
        """The lanes with waiting deliveries.

        Raises:
            StoreUnavailable: they could not be read.
        """

        def read(conn: Connection) -> list[Lane]:
            rows = conn.execute(WAITING_LANES)
            return [of for row in rows if (of := read_lane(row)) is not None]

        return await self._run(read)

    async def renew(self, owner: str, names: Sequence[str], now: float, seconds: float) -> set[str]:
        """Let leases of a process last for some more seconds; `now`: epoch seconds.

        Returns the names of the lanes that it still has.

        Raises:
            StoreUnavailable: it could not be written.
        """
        held = lane.c.name.in_(names) & (lane.c.owner == owner)
        longer = update(lane).where(held).values(lease_until=moment(now) + seconds)
        renewed = longer.returning(lane.c.name)
        return await self._run(lambda conn: set(conn.scalars(renewed)))

    async def park(self, of: Lane, owner: str, reason: str, now: float) -> None:
        """Release a lane and note why it waits. Its deliveries are unchanged.

        Raises:
            StoreUnavailable: it could not be written.
        """
        await self._run(lambda conn: _park(conn, of, owner, reason, now))

    async def resume(self) -> None:
        """End the back-off of QQ's lanes: a bot has come back.

        Raises:
            StoreUnavailable: it could not be written.
        """
        await self._run(lambda conn: conn.execute(_RESUME))

    async def let_go(self, owner: str, names: Sequence[str]) -> None:
        """Release some lanes of a process, in which nothing waits.

        Raises:
            StoreUnavailable: it could not be written.
        """
        held = lane.c.name.in_(names) & (lane.c.owner == owner)
        statement = update(lane).where(held).values(owner=None)
        await self._run(lambda conn: conn.execute(statement), durable=False)

    async def release(self, owner: str, keep: Sequence[str]) -> None:
        """Release all lanes of a process that is ending, except `keep`.

        Raises:
            StoreUnavailable: it could not be written.
        """
        held = (lane.c.owner == owner) & lane.c.name.not_in(keep)
        statement = update(lane).where(held).values(owner=None)
        await self._run(lambda conn: conn.execute(statement))


NEXT: Final = (
    select(delivery.c.id)
    .where(delivery.c.lane == lane.c.name, IS_WAITING)
    .order_by(delivery.c.priority, delivery.c.id)
    .limit(1)
    .correlate(lane)
    .scalar_subquery()
)
"""In a query of lanes, the delivery of each that goes next."""
HAS_WAITING: Final = NEXT.is_not(None)
"""In a query of lanes, whether anything waits in one. Asked in this way SQLite takes the index on
what waits; an `exists` without an order may go through all that was ever sent in the lane, as the
planner takes the one or the other index by the order in which they were made."""
WAITING_LANES: Final = select(lane.c.name, lane.c.target, lane.c.bot).where(HAS_WAITING)
_NOW: Final = moment(bindparam("now", type_=Float))
_LOCK_LANE: Final = Statement(
    select(lane, _NOW.label("now"))
    .where(lane.c.name == bindparam("lane"))
    # Who stores a delivery in a lane holds its row, too, and keeps nobody from sending in it.
    .with_for_update(skip_locked=True, key_share=True)
)
_LANE: Final = RowType(
    lane.c.due_at, lane.c.failures, lane.c.owner, lane.c.epoch, lane.c.lease_until
)
_RESET_LANE: Final = Statement(
    update(lane)
    .where(lane.c.name == bindparam("of"))
    .values(
        due_at=0.0, failures=0, blocked_reason="", blocked_at=0.0, owner=null(), epoch=0,
        lease_until=0.0,
    )
)  # fmt: skip
_OWN: Final = Statement(
    update(lane)
    .where(lane.c.name == bindparam("of"))
    .values(
        owner=bindparam("by"), epoch=bindparam("at"),
        lease_until=_NOW + bindparam("seconds", type_=Float),
        blocked_reason="", blocked_at=0.0,
    )
)  # fmt: skip
_RESUME: Final = (
    update(lane)
    .where(
        lane.c.due_at > 0,
        lane.c.target.not_like("channel:%"),
        HAS_WAITING,
    )
    .values(due_at=0.0, failures=0)
)
_ENDED_SENDING: Final = select(lane.c.name).where(
    lane.c.owner.is_not(None),
    lane.c.due_at < lane.c.lease_until,  # otherwise it was backing off as its owner ended
    or_(bindparam("lane", type_=String).is_(None), lane.c.name == bindparam("lane")),
    HAS_WAITING,
)
# The one that was being sent; but a more urgent one may have come meanwhile, and what stepped aside
# goes when its time has come.
_FIRST: Final = (
    select(func.min(delivery.c.id))
    .where(delivery.c.lane == bindparam("lane"), IS_WAITING)
    .group_by(STEPPED_ASIDE, delivery.c.priority)
    .order_by(STEPPED_ASIDE, delivery.c.priority)
)


def claim(conn: Connection, of: Lane, owner: str, now: float, seconds: float) -> Claim:
    """Take a lane for some seconds, unless another process holds it or it is backing off; `now` was
    the time (epoch seconds) of who asks when it began to ask.

    A lane whose owner let its lease lapse is taken over: its first may have been sent, so the next
    attempt is counted as a repeat.
    """
    row = _LOCK_LANE.row(conn, {"lane": str(of), "now": now})
    if row is None:  # its row is locked by another process
        return Claim(None, now + 1, 0, taken=True)
    try:
        _LANE.check(row)
    except Unreadable:  # what it says of its lane can be begun anew
        _RESET_LANE.run(conn, {"of": str(of)})
        row = _LOCK_LANE.row(conn, {"lane": str(of), "now": now})
    ahead = now - row.now
    anothers = row.owner not in (None, owner)
    if anothers and row.lease_until > row.now:
        until = row.lease_until + ahead
        return Claim(None, until, row.failures, taken=True, owner=row.owner)
    if row.due_at > row.now:
        return Claim(None, row.due_at + ahead, row.failures)
    if anothers:
        count_repeats(conn, str(of))
    epoch = row.epoch + (row.owner != owner)
    _OWN.run(conn, {"of": str(of), "by": owner, "at": epoch, "now": now, "seconds": seconds})
    lease = Lease(str(of), owner, epoch, now + seconds)
    return Claim(lease, 0.0, row.failures, took_over=anothers)


def _park(conn: Connection, of: Lane, owner: str, reason: str, now: float) -> None:
    conn.execute(
        update(lane)
        .where(lane.c.name == str(of), or_(lane.c.owner.is_(None), lane.c.owner == owner))
        .where(lane.c.blocked_reason != reason)
        .values(blocked_reason=reason, blocked_at=now, owner=None)
    )
    conn.execute(
        update(lane).where(lane.c.name == str(of), lane.c.owner == owner).values(owner=None)
    )


def count_repeats(conn: Connection, name: str | None) -> None:
    """Note that the first in an owned lane (None: in all) may have been sent already."""
    repeated = update(delivery).values(repeats=delivery.c.repeats + 1)
    for owned in conn.scalars(_ENDED_SENDING, {"lane": name}).all():
        first, *others = conn.scalars(_FIRST, {"lane": owned}).all()
        conn.execute(repeated.where(delivery.c.id == first))
        # However often a process ends, each time with the first, these were sent once at most.
        conn.execute(repeated.where(delivery.c.id.in_(others), delivery.c.repeats == 0))


def release_all(conn: Connection) -> None:
    """Release all lanes of processes that have ended; none may be left."""
    count_repeats(conn, None)
    conn.execute(update(lane).where(lane.c.owner.is_not(None)).values(owner=None))


_HOLDS: Final = (
    lane.c.name == bindparam("of"),
    lane.c.owner == bindparam("by"),
    lane.c.epoch == bindparam("at"),
)
# The lane's row is locked, where there are several writers: nobody takes it over meanwhile.
IS_HELD: Final = select(lane.c.name).where(*_HOLDS).with_for_update(read=True).exists()
_BACK_OFF: Final = Statement(
    update(lane).where(*_HOLDS).values(due_at=bindparam("due"), failures=bindparam("count"))
)


def back_off(conn: Connection, lease: Lease, due_at: float, failures: int) -> None:
    """Send nothing in a lane before `due_at`; 0 and 0: it works again."""
    _BACK_OFF.run(conn, {**_held(lease), "due": due_at, "count": failures})


def write_held(conn: Connection, statement: Statement, lease: Lease, **values: object) -> None:
    """Change one row, by a statement with `IS_HELD`.

    Raises:
        LeaseLost: another process has taken the lane over; nothing was written.
    """
    statement.run_one(conn, {**_held(lease), **values}, LeaseLost)


def _held(lease: Lease) -> dict[str, object]:
    return {"of": lease.lane, "by": lease.owner, "at": lease.epoch}
