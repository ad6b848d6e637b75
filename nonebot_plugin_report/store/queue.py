"""The lanes' queues: what is accepted, who may send it, what came of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import Connection, bindparam, exists, func, or_, select, update

from ..errors import LeaseLost, Unreadable
from ..model.delivery import Delivery, State
from ..model.image import Image
from ..model.message import Message
from ..model.status import Receipt
from ..model.target import Lane, Target
from .database import Database
from .rows import (
    INSERT_DELIVERY,
    INSERT_REPORT,
    IS_WAITING,
    TEXT,
    Entry,
    add_lane,
    delivery_row,
    read_lane,
    read_picture,
    read_priority,
    read_report,
    report_row,
    store_image,
)
from .schema import delivery, image, lane, report


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to send in a lane. Every write of its owner carries the epoch."""

    lane: str
    owner: str
    epoch: int
    until: float


@dataclass(frozen=True, slots=True)
class Claim:
    """What came of asking for a lane."""

    lease: Lease | None
    """None: look again at `due_at`."""
    due_at: float
    failures: int


@dataclass(frozen=True, slots=True)
class Queued:
    """A waiting delivery as a lane's queue holds it."""

    delivery: Delivery
    loaded: bool = False
    """Its message is here; else only the store has it, so that a long queue needs no memory."""
    picture_bytes: int = 0


class Queue:
    """What waits, by lane."""

    def __init__(self, database: Database) -> None:
        self._run = database.run

    async def accept(self, entry: Entry, lanes: Sequence[Lane]) -> Receipt:
        """Store a report and its deliveries, or find the one of its token that has the same key.

        On disk when this returns. `lanes` are those that may have no row yet.

        Raises:
            StoreUnavailable: nothing was stored.
        """

        def write(conn: Connection) -> Receipt:
            for one in lanes:
                add_lane(conn, one)
            return _accept(conn, entry)

        return await self._run(write)

    async def waiting_lanes(self) -> list[Lane]:
        """The lanes in which something waits.

        Raises:
            StoreUnavailable: they could not be read.
        """

        def read(conn: Connection) -> list[Lane]:
            rows = conn.execute(WAITING_LANES)
            return [of for row in rows if (of := read_lane(row)) is not None]

        return await self._run(read)

    async def claim(
        self, of: Lane, owner: str, now: float, until: float, limit: int
    ) -> tuple[Claim, list[Queued]]:
        """Take a lane, unless somebody else has it or it backs off; what waits first in it.

        A lane whose owner let its lease lapse is taken over: its head may have been sent, so
        sending it now counts as a repeat.

        Raises:
            StoreUnavailable: it could not be written.
        """

        def write(conn: Connection) -> tuple[Claim, list[Queued]]:
            claim = _claim(conn, of, owner, now, until)
            return claim, _head(conn, of, limit) if claim.lease else []

        return await self._run(write, durable=False)

    async def head(self, of: Lane, limit: int) -> list[Queued]:
        """What waits in a lane, by priority and then by age, without the messages.

        Raises:
            StoreUnavailable: it could not be read.
        """
        return await self._run(lambda conn: _head(conn, of, limit), durable=False)

    async def words(self, delivery_id: str) -> tuple[Message, str | None]:
        """What a delivery is to show but for its picture, and the hash of that.

        Raises:
            StoreUnavailable: it could not be read.
            Unreadable: what is stored is not what this code writes.
        """
        return await self._run(lambda conn: _words(conn, delivery_id), durable=False)

    async def message(
        self, delivery_id: str, known: Callable[[str], Image | None]
    ) -> tuple[Message, str | None]:
        """What a delivery is to show, and its picture's hash.

        `known` gives a picture that is in memory by its hash: that one is not read again.

        Raises:
            StoreUnavailable: it could not be read.
            Unreadable: what is stored is not what this code writes.
        """

        def read(conn: Connection) -> tuple[Message, str | None]:
            words, sha = _words(conn, delivery_id)
            if sha is None:
                return words, None
            return replace(words, image=known(sha) or _picture(conn, sha)), sha

        return await self._run(read, durable=False)

    async def picture(self, sha: str) -> Image | None:
        """A picture by its hash, if it is still stored.

        Raises:
            StoreUnavailable: it could not be read.
        """

        return await self._run(lambda conn: _picture(conn, sha), durable=False)

    async def finish(
        self,
        lease: Lease,
        ids: Sequence[str],
        state: State,
        reason: str,
        now: float,
        *,
        works: bool,
    ) -> None:
        """Write the end of deliveries; `works`: their lane no longer backs off.

        A power cut may undo it, which costs a repeat: the disk is not waited for.

        Raises:
            LeaseLost: the lane is another process's by now; nothing was written.
            StoreUnavailable: it could not be written.
        """

        def write(conn: Connection) -> None:
            for one in ids:
                _finish(conn, lease, one, state, reason, now)
            if works:
                _back_off(conn, lease, 0.0, 0)

        await self._run(write, durable=False)

    async def postpone(
        self,
        lease: Lease,
        ids: Sequence[str],
        reason: str,
        *,
        repeated: bool,
        due_at: float,
        failures: int,
    ) -> None:
        """Count a try that ended nothing, and let nothing out of the lane before `due_at`.

        `repeated`: it may have arrived all the same. A power cut may undo it.

        Raises:
            LeaseLost: the lane is another process's by now; nothing was written.
            StoreUnavailable: it could not be written.
        """

        def write(conn: Connection) -> None:
            for one in ids:
                _write(conn, _POSTPONE, lease, this=one, why=reason, again=int(repeated))
            _back_off(conn, lease, due_at, failures)

        await self._run(write, durable=False)

    async def renew(self, owner: str, names: Sequence[str], until: float) -> None:
        """Keep the lanes that this process is sending in.

        Raises:
            StoreUnavailable: it could not be written.
        """
        held = lane.c.name.in_(names) & (lane.c.owner == owner)
        statement = update(lane).where(held).values(lease_until=until)
        await self._run(lambda conn: conn.execute(statement))

    async def park(self, of: Lane, owner: str, reason: str, now: float) -> None:
        """Let go of a lane until something changes. No delivery is touched.

        Raises:
            StoreUnavailable: it could not be written.
        """
        await self._run(lambda conn: _park(conn, of, owner, reason, now))

    async def resume(self) -> None:
        """End the back-off of QQ's lanes in which something waits: a bot came back.

        Raises:
            StoreUnavailable: it could not be written.
        """
        await self._run(lambda conn: conn.execute(_RESUME))

    async def release(self, owner: str, keep: Sequence[str]) -> None:
        """Let go of all lanes but `keep`: this process ends in good order.

        Raises:
            StoreUnavailable: it could not be written.
        """
        held = (lane.c.owner == owner) & lane.c.name.not_in(keep)
        statement = update(lane).where(held).values(owner=None)
        await self._run(lambda conn: conn.execute(statement))


# --- accepting -----------------------------------------------------------------------------------

_FIND_KEY: Final = select(report.c.id).where(
    report.c.source == bindparam("source"), report.c.key == bindparam("key")
)
_TARGETS: Final = (
    select(lane.c.target)
    .join(delivery, delivery.c.lane == lane.c.name)
    .where(delivery.c.report_id == bindparam("id"))
    .order_by(delivery.c.id)
)


def _accept(conn: Connection, entry: Entry) -> Receipt:
    key = {"source": entry.source, "key": entry.report.key}
    if entry.report.key and (known := conn.scalar(_FIND_KEY, key)):
        targets = conn.scalars(_TARGETS, {"id": known}).all()
        return Receipt(known, "duplicate", tuple(Target.parse(one) for one in targets))
    sha = store_image(conn, entry.report.image, entry.received_at)
    conn.execute(INSERT_REPORT, report_row(entry, sha))
    if not entry.deliveries:
        return Receipt(entry.id, "dropped", ())
    common = entry.text
    rows = [
        delivery_row(
            one,
            None if one.message.text == common else one.message.text,
            sha if one.message.image else None,
        )
        for one in entry.deliveries
    ]
    conn.execute(INSERT_DELIVERY, rows)
    return Receipt(entry.id, "accepted", tuple(one.lane.target for one in entry.deliveries))


# --- lanes ---------------------------------------------------------------------------------------

WAITING_LANES: Final = select(lane.c.name, lane.c.target, lane.c.bot).where(
    exists().where(delivery.c.lane == lane.c.name, IS_WAITING)
)
_LOCK_LANE: Final = (
    select(lane).where(lane.c.name == bindparam("lane")).with_for_update(skip_locked=True)
)
_OWN: Final = (
    update(lane)
    .where(lane.c.name == bindparam("of"))
    .values(
        owner=bindparam("by"), epoch=bindparam("at"), lease_until=bindparam("until"),
        blocked_reason="", blocked_at=0.0,
    )
)  # fmt: skip
_HEAD: Final = (
    select(
        delivery.c.id, delivery.c.report_id, delivery.c.attempts, delivery.c.expires_at,
        delivery.c.reason, delivery.c.created_at, delivery.c.priority, delivery.c.held_until,
        func.coalesce(func.length(image.c.bytes), 0).label("picture_bytes"),
    ).outerjoin(image, delivery.c.image == image.c.sha256)
    .where(delivery.c.lane == bindparam("lane"), IS_WAITING)
    .order_by(delivery.c.priority, delivery.c.id).limit(bindparam("limit"))
)  # fmt: skip
_WORDS: Final = (
    select(TEXT, delivery.c.image, report.c.fields)
    .join(report, delivery.c.report_id == report.c.id)
    .where(delivery.c.id == bindparam("id"))
)
_PICTURE: Final = select(image).where(image.c.sha256 == bindparam("sha"))
_RESUME: Final = (
    update(lane)
    .where(
        lane.c.due_at > 0,
        lane.c.target.not_like("channel:%"),
        exists().where(delivery.c.lane == lane.c.name, IS_WAITING),
    )
    .values(due_at=0.0, failures=0)
)
_HEADS: Final = (
    select(func.min(delivery.c.id))
    .where(
        IS_WAITING,
        delivery.c.lane.in_(
            select(lane.c.name).where(
                lane.c.owner.is_not(None),
                or_(bindparam("lane").is_(None), lane.c.name == bindparam("lane")),
            )
        ),
    )
    .group_by(delivery.c.lane)
)


def _claim(conn: Connection, of: Lane, owner: str, now: float, until: float) -> Claim:
    row = conn.execute(_LOCK_LANE, {"lane": str(of)}).one_or_none()
    if row is None:  # its row is locked: another process is at it
        return Claim(None, now + 1, 0)
    if row.owner not in (None, owner) and row.lease_until > now:
        return Claim(None, row.lease_until, row.failures)
    if row.due_at > now:
        return Claim(None, row.due_at, row.failures)
    if row.owner not in (None, owner):
        count_repeats(conn, str(of))
    epoch = row.epoch + (row.owner != owner)
    conn.execute(_OWN, {"of": str(of), "by": owner, "at": epoch, "until": until})
    return Claim(Lease(str(of), owner, epoch, until), row.due_at, row.failures)


def _head(conn: Connection, of: Lane, limit: int) -> list[Queued]:
    return [
        Queued(
            Delivery(
                row.id,
                row.report_id,
                of,
                Message(""),
                row.attempts,
                created_at=row.created_at,
                expires_at=row.expires_at,
                priority=read_priority(row.priority),
                held_until=row.held_until,
                reason=row.reason,
            ),
            picture_bytes=row.picture_bytes,
        )
        for row in conn.execute(_HEAD, {"lane": str(of), "limit": limit})
    ]


def _words(conn: Connection, delivery_id: str) -> tuple[Message, str | None]:
    row = conn.execute(_WORDS, {"id": delivery_id}).one_or_none()
    if row is None:
        raise Unreadable
    return Message(row.text, None, read_report(row.fields)), row.image


def _picture(conn: Connection, sha: str) -> Image | None:
    row = conn.execute(_PICTURE, {"sha": sha}).one_or_none()
    return None if row is None else read_picture(row)


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
    """Note that the head of an owned lane (None: of each) may have been sent before."""
    heads = conn.scalars(_HEADS, {"lane": name}).all()
    if heads:
        repeated = update(delivery).where(delivery.c.id.in_(heads))
        conn.execute(repeated.values(repeats=delivery.c.repeats + 1))


# --- recording -----------------------------------------------------------------------------------

_HOLDS: Final = (
    lane.c.name == bindparam("of"),
    lane.c.owner == bindparam("by"),
    lane.c.epoch == bindparam("at"),
)
_IS_HELD: Final = exists().where(*_HOLDS)
_FINISH: Final = (
    update(delivery)
    .where(delivery.c.id == bindparam("this"), IS_WAITING, _IS_HELD)
    .values(
        state=bindparam("to"), reason=bindparam("why"), finished_at=bindparam("now"),
        attempts=delivery.c.attempts + bindparam("tries"),
    )
)  # fmt: skip
GIVE_UP: Final = (
    update(delivery)
    .where(delivery.c.id == bindparam("this"), delivery.c.fallback != "")
    .values(fallback_at=bindparam("now"))
)
_POSTPONE: Final = (
    update(delivery)
    .where(delivery.c.id == bindparam("this"), IS_WAITING, _IS_HELD)
    .values(
        reason=bindparam("why"), attempts=delivery.c.attempts + 1,
        repeats=delivery.c.repeats + bindparam("again"),
    )
)  # fmt: skip
_BACK_OFF: Final = (
    update(lane).where(*_HOLDS).values(due_at=bindparam("due"), failures=bindparam("count"))
)


def _finish(
    conn: Connection, lease: Lease, delivery_id: str, state: State, reason: str, now: float
) -> None:
    tries = 0 if state is State.EXPIRED else 1
    _write(conn, _FINISH, lease, this=delivery_id, to=state, why=reason, now=now, tries=tries)
    if state is not State.DELIVERED:
        conn.execute(GIVE_UP, {"this": delivery_id, "now": now})


def _back_off(conn: Connection, lease: Lease, due_at: float, failures: int) -> None:
    """Let nothing out of a lane before `due_at`; 0 and 0: it works again."""
    conn.execute(_BACK_OFF, {**_held(lease), "due": due_at, "count": failures})


def _write(conn: Connection, statement: Any, lease: Lease, **values: object) -> None:
    if conn.execute(statement, {**_held(lease), **values}).rowcount != 1:
        raise LeaseLost


def _held(lease: Lease) -> dict[str, object]:
    return {"of": lease.lane, "by": lease.owner, "at": lease.epoch}


def expiry_reason(cause: str) -> str:
    """Why a delivery was given up."""
    return f"超过 REPORT_EXPIRE 仍未送达：{cause}" if cause else "超过 REPORT_EXPIRE 仍未送达"
