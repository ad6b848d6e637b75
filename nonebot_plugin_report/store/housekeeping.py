"""Maintenance: expiry, fallbacks, retention, and recovery after a restart."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import (
    Connection,
    and_,
    bindparam,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
    update,
)

from ..model.delivery import Delivery, Priority, State
from ..model.target import Lane, Target
from .ids import moment_of
from .leases import WAITING_LANES, release_all
from .outcomes import GIVE_UP, TAKEN_BACK, expiry_reason
from .row_types import MAX_MOMENT, RowType
from .rows import (
    IS_ID,
    IS_WAITING,
    TEXT,
    images_of,
    insert_further,
    read_ids,
    read_lane,
    read_priority,
    read_target,
    read_targets,
)
from .schema import deleted, delivery, image, lane, meta, mute, report, watch
from .statements import driver
from .writer import Writer

BATCH: Final = 200
"""Rows of one transaction, so that no push waits for long behind it."""
MAX_AHEAD: Final = 86400.0
"""Seconds by which a report may be ahead of the clock: an error of hours passes by itself."""
DELETED_SECONDS: Final = 86400.0
"""Seconds for which is known what was deleted."""
PICTURES: Final = 4
"""Pictures that are deleted in one transaction: SQLite looks at each page of them."""
PAGES: Final = 64
"""Pages that are given back to the disk in one transaction."""
FREE_PAGES: Final = 2048
"""Free pages that an SQLite file keeps for what comes next."""


@dataclass(frozen=True, slots=True)
class DueFallback:
    """A delivery whose fallback is due."""

    report_id: str
    target: Target
    text: str
    images: tuple[str, ...]
    """The ids of the pictures."""
    priority: Priority
    fallback: tuple[Target, ...]


class Housekeeping:
    """Work in the background, in small batches."""

    def __init__(self, database: Writer) -> None:
        self._run = database.run

    async def recover(self) -> None:
        """Release all lanes of processes that have ended. No other process may be using the store.

        The first in a lane that was not released may have been sent already: their next attempts
        are counted as repeats.

        Raises:
            StoreUnavailable: it could not be written.
        """
        await self._run(release_all)

    async def set_aside(self, now: float) -> dict[str, int]:
        """Reject the deliveries of lanes that cannot be read. Returns their number by lane.

        Raises:
            StoreUnavailable: it could not be written.
        """
        return await self._run(lambda conn: _set_aside(conn, now))

    async def expire(self, now: float) -> Counter[Target]:
        """Expire what is too old in lanes that no process is sending in. Returns how many were for
        each target, without those that were withdrawn.

        Raises:
            StoreUnavailable: it could not be written.
        """
        expired = Counter[Target]()
        while rows := await self._run(lambda conn: _expire(conn, now)):
            targets = (read_target(row.target) for row in rows if row.reason != TAKEN_BACK)
            expired.update(one for one in targets if one is not None)
        return expired

    async def fall_back(
        self, now: float, divert: Callable[[DueFallback], Sequence[Delivery]]
    ) -> list[Lane]:
        """Store deliveries to the fallback targets of what has failed or waited too long.

        Args:
            now: epoch seconds.
            divert: makes the new deliveries.

        Returns the new deliveries' lanes.

        Raises:
            StoreUnavailable: it could not be written.
        """
        return await self._run(lambda conn: _fall_back(conn, now, divert))

    async def forget_reports(self, before: float) -> None:
        """Delete reports that came before a moment (epoch seconds) and have no waiting delivery.

        Raises:
            StoreUnavailable: it could not be written.
        """
        while await self._run(lambda conn: _forget_reports(conn, before)):
            pass  # in small batches

    async def date_back(self, now: float) -> None:
        """Date reports that a clock which was days ahead dated in the future to `now` (epoch
        seconds): else they would be the newest, and kept, until then.

        Raises:
            StoreUnavailable: it could not be written.
        """
        while await self._run(lambda conn: _date_back(conn, now)):
            pass  # in small batches

    async def delete_report(self, report_id: str, now: float) -> bool:
        """Delete a report now (epoch seconds), unless a delivery of it waits. Returns whether it is
        gone.

        Raises:
            StoreUnavailable: it could not be written.
        """
        return await self._run(lambda conn: _delete_report(conn, report_id, now))

    async def forget_images(self, before: float) -> None:
        """Delete pictures of reports stored before a time (epoch seconds) of which no delivery
        waits, nor a fallback.

        Raises:
            StoreUnavailable: it could not be written.
        """
        while await self._run(lambda conn: _forget_images(conn, before)):
            pass  # in small batches

    async def give_space_back(self) -> None:
        """Give the disk back what an SQLite file does not need any more, in small steps. A server
        does so by itself.

        Raises:
            StoreUnavailable: it could not be written.
        """
        while await self._run(_give_space_back, durable=False):
            pass

    async def forget_lanes(self) -> set[str]:
        """Delete lanes without deliveries. Returns their names.

        Raises:
            StoreUnavailable: it could not be written.
        """
        forgotten: set[str] = set()
        while batch := await self._run(_forget_lanes):
            forgotten.update(batch)
        return forgotten

    async def move_in_time(self, since: float, by: float) -> None:
        """The clock was set, forward by `by` seconds: move stored times with it.

        Only times recorded since `since` (epoch seconds) are moved: those of the same clock.

        Raises:
            StoreUnavailable: it could not be written.
        """
        await self._run(lambda conn: _move_in_time(conn, since, by))

    async def move_history(self, since: float, until: float, by: float) -> None:
        """The clock was set, forward by `by` seconds: date the reports anew that it dated between
        two moments (epoch seconds), its first reading and its last before it was set.

        Raises:
            StoreUnavailable: it could not be written.
        """
        newest = await self.newest_id()  # what comes meanwhile has the right time
        edge: float | None = since if by < 0 else until
        while edge is not None:
            edge = await self._run(
                lambda conn, edge=edge: _move_reports(conn, edge, since, until, by, newest)
            )

    async def newest_id(self) -> str:
        """The greatest id given so far, or an empty string.

        Raises:
            StoreUnavailable: it could not be read.
        """

        def read(conn: Connection) -> str:
            ends = (
                select(func.max(report.c.id)).where(IS_ID),
                select(func.max(delivery.c.id)).where(delivery.c.id < "~"),
            )
            newest = [conn.scalar(one) for one in ends]
            return max([one for one in newest if one and moment_of(one) is not None], default="")

        return await self._run(read)

    async def newest_moment(self) -> float:
        """When the newest waiting delivery was accepted, by the clock of then; 0: nothing waits.

        Raises:
            StoreUnavailable: it could not be read.
        """
        readable = delivery.c.created_at.between(0.0, MAX_MOMENT)
        newest = select(func.max(delivery.c.created_at)).where(IS_WAITING, readable)
        return await self._run(lambda conn: conn.scalar(newest)) or 0.0

    async def probe(self, now: float) -> None:
        """Write something, to check that writing works.

        Raises:
            StoreUnavailable: it does not.
        """

        def write(conn: Connection) -> None:
            row = {"name": "probed_at", "value": str(now)}
            statement = update(meta).where(meta.c.name == "probed_at").values(row)
            if conn.execute(statement).rowcount == 0:
                conn.execute(insert(meta).values(row))

        await self._run(write)


def _set_aside(conn: Connection, now: float) -> dict[str, int]:
    ended: dict[str, int] = {}
    for row in conn.execute(WAITING_LANES).all():
        if (of := read_lane(row)) is not None and str(of) == row.name:
            continue
        stuck = update(delivery).where(delivery.c.lane == row.name, IS_WAITING)
        end = stuck.values(state=State.REJECTED, reason="接收者无法识别", finished_at=now)
        ended[str(row.name)] = conn.execute(end).rowcount
    has_lane = exists().where(lane.c.name == delivery.c.lane)
    lost = update(delivery).where(IS_WAITING, ~has_lane)
    end = lost.values(state=State.REJECTED, reason="接收者无法识别", finished_at=now)
    if count := conn.execute(end).rowcount:
        ended["（没有记录）"] = count
    return ended


def _expire(conn: Connection, now: float) -> Sequence[Any]:
    """Expire some. Returns their rows, as they were."""
    rows = conn.execute(
        select(delivery.c.id, delivery.c.reason, lane.c.blocked_reason, lane.c.target)
        .join(lane, delivery.c.lane == lane.c.name)
        .where(IS_WAITING, delivery.c.expires_at <= now)
        .where(or_(lane.c.owner.is_(None), lane.c.lease_until <= now))
        .limit(BATCH)
        .with_for_update(read=True, skip_locked=True, of=lane)  # nobody claims it meanwhile
    ).all()
    expired = 0
    for row in rows:
        withdrawn = row.reason == TAKEN_BACK
        reason = expiry_reason(row.reason if withdrawn else row.blocked_reason or row.reason)
        expired += conn.execute(
            update(delivery)
            .where(delivery.c.id == row.id, IS_WAITING)
            .values(state=State.EXPIRED, reason=reason, finished_at=now)
        ).rowcount
        GIVE_UP.run(conn, {"this": row.id, "now": now})
    return rows if expired else ()  # rubbish is no id by which it could be changed


_FALLEN: Final = (
    select(
        delivery.c.id, delivery.c.report_id, delivery.c.state,
        func.coalesce(delivery.c.fallback_image, delivery.c.image).label("image"),
        delivery.c.priority, delivery.c.fallback, lane.c.target, TEXT,
    ).join(lane, delivery.c.lane == lane.c.name)
    .join(report, delivery.c.report_id == report.c.id)
    .where(delivery.c.fallback != "", delivery.c.fallback_at <= bindparam("now"))
    .order_by(delivery.c.fallback_at, delivery.c.id)
    .limit(BATCH)
    .with_for_update(skip_locked=True, of=delivery)  # each once, whoever else looks
)  # fmt: skip


_FALLEN_ROW: Final = RowType(delivery.c.report_id, TEXT, delivery.c.fallback)


def _fall_back(
    conn: Connection, now: float, divert: Callable[[DueFallback], Sequence[Delivery]]
) -> list[Lane]:
    lanes: list[Lane] = []
    for due in _fallen(conn, now):
        lanes += insert_further(conn, divert(due), due.images)
    return lanes


def _fallen(conn: Connection, now: float) -> list[DueFallback]:
    """The deliveries whose fallback is due; each is returned once and marked."""
    rows = conn.execute(_FALLEN, {"now": now}).all()
    conn.execute(
        update(delivery).where(delivery.c.id.in_([row.id for row in rows])).values(fallback="")
    )
    return [
        DueFallback(
            row.report_id, target, row.text, read_ids(row.image),
            min(read_priority(row.priority), Priority.NORMAL),
            read_targets(row.fallback),
        )
        for row in _FALLEN_ROW.read(rows)
        if row.state != State.DELIVERED and (target := read_target(row.target)) is not None
    ]  # fmt: skip


def _forget_reports(conn: Connection, before: float) -> int:
    waits = exists().where(delivery.c.report_id == report.c.id, IS_WAITING)
    old = select(report.c.id).where(report.c.received_at < before, ~waits)
    ids = conn.scalars(old.order_by(report.c.received_at).limit(BATCH)).all()
    for each in ids:
        conn.execute(delete(image).where(images_of(each)))
    conn.execute(delete(delivery).where(delivery.c.report_id.in_(ids)))
    return conn.execute(delete(report).where(report.c.id.in_(ids))).rowcount


def _date_back(conn: Connection, now: float) -> int:
    ahead = select(report.c.id).where(report.c.received_at > now + MAX_AHEAD).limit(BATCH)
    ids = conn.scalars(ahead).all()
    return conn.execute(update(report).where(report.c.id.in_(ids)).values(received_at=now)).rowcount


def _delete_report(conn: Connection, report_id: str, now: float) -> bool:
    waits = select(delivery.c.id).where(delivery.c.report_id == report_id, IS_WAITING)
    if conn.execute(waits).first() is not None:
        return False
    source = conn.scalar(select(report.c.source).where(report.c.id == report_id))
    if source is not None:
        _note_deleted(conn, report_id, source, now)
    conn.execute(delete(image).where(images_of(report_id)))
    conn.execute(delete(delivery).where(delivery.c.report_id == report_id))
    conn.execute(delete(report).where(report.c.id == report_id))
    return True


def _note_deleted(conn: Connection, report_id: str, source: str, now: float) -> None:
    """Note for those who look at the page that a report is deleted now, and whose it was."""
    query = select(lane.c.target).join(delivery, delivery.c.lane == lane.c.name)
    targets = conn.scalars(query.where(delivery.c.report_id == report_id).distinct())
    readable = " ".join(each for each in targets if read_target(each) is not None)
    row = {"report": report_id, "deleted_at": now, "source": source, "targets": readable}
    conn.execute(delete(deleted).where(deleted.c.deleted_at < now - DELETED_SECONDS))
    conn.execute(insert(deleted).values(row))


def _move_reports(
    conn: Connection, edge: float, since: float, until: float, by: float, newest: str
) -> float | None:
    """Move a batch, beginning with the last in the direction of the move, so that none is met
    again: from `edge` on, up if they move down. Returns the edge of the next batch; None: that was
    all."""
    at, up = report.c.received_at, by < 0
    begin, end = (edge, until) if up else (since, edge)
    order = (at, report.c.id) if up else (at.desc(), report.c.id.desc())
    batch = select(report.c.id, at).where(at >= begin, at <= end, report.c.id <= newest)
    rows = conn.execute(batch.order_by(*order).limit(BATCH)).all()
    ids = [row.id for row in rows]
    ended = (delivery.c.finished_at >= since, delivery.c.finished_at <= until)
    for table, column, where in (
        (report, at, (report.c.id.in_(ids),)),
        (delivery, delivery.c.finished_at, (delivery.c.report_id.in_(ids), *ended)),
    ):
        conn.execute(update(table).where(*where).values({column: column + by}))
    for each in ids:
        moved = update(image).where(images_of(each))
        conn.execute(moved.values(stored_at=image.c.stored_at + by))
    return rows[-1].received_at if len(rows) == BATCH else None


def _forget_images(conn: Connection, before: float) -> int:
    needed = exists().where(
        delivery.c.report_id == image.c.report_id,
        or_(IS_WAITING, and_(delivery.c.fallback != "", delivery.c.state != State.DELIVERED)),
    )
    old = select(image.c.id).where(image.c.stored_at < before, ~needed).limit(PICTURES)
    return conn.execute(delete(image).where(image.c.id.in_(conn.scalars(old).all()))).rowcount


def _give_space_back(conn: Connection) -> bool:
    """Give some pages back. Returns whether there are more."""
    if conn.dialect.name != "sqlite":
        return False
    server = driver(conn)
    server.execute(f"PRAGMA incremental_vacuum({PAGES})").fetchall()
    ((free,),) = server.execute("PRAGMA freelist_count").fetchall()
    return free > FREE_PAGES


def _forget_lanes(conn: Connection) -> list[str]:
    empty = ~exists().where(delivery.c.lane == lane.c.name)
    names = conn.scalars(select(lane.c.name).where(empty, lane.c.owner.is_(None)).limit(BATCH))
    unused = list(names)
    deleted = conn.execute(delete(lane).where(lane.c.name.in_(unused))).rowcount
    return unused if deleted else []  # rubbish is no name by which it could be deleted


def _move_in_time(conn: Connection, since: float, by: float) -> None:
    conn.execute(
        update(delivery)
        .where(IS_WAITING, delivery.c.created_at >= since)
        .values(
            created_at=delivery.c.created_at + by,
            expires_at=delivery.c.expires_at + by,
            fallback_at=delivery.c.fallback_at + by,
        )
    )
    conn.execute(
        update(delivery)
        .where(IS_WAITING, delivery.c.tried_at >= since)
        .values(tried_at=delivery.c.tried_at + by)
    )
    conn.execute(
        update(delivery)
        .where(delivery.c.remind_at.is_not(None), delivery.c.created_at >= since)
        .values(remind_at=delivery.c.remind_at + by)
    )
    # A daily watch, whose key has no colon, began at a time of day, whatever the clock says.
    is_heard = and_(watch.c.name.contains(":"), watch.c.since >= since)
    conn.execute(update(watch).where(is_heard).values(since=watch.c.since + by))
    for column in (watch.c.overdue_at, watch.c.reported_at):
        conn.execute(update(watch).where(column >= since).values({column: column + by}))
    for table, column in (
        (delivery, delivery.c.held_until), (lane, lane.c.due_at), (lane, lane.c.lease_until),
        (mute, mute.c.until), (watch, watch.c.due_at),
    ):  # fmt: skip
        conn.execute(update(table).where(column > since).values({column: column + by}))
