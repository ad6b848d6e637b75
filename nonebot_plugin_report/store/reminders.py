"""Deliveries that are sent again until somebody acknowledges them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Float, Integer, Text, bindparam, func, null, select, update

from ..model.delivery import MAX_REMINDERS, WITHDRAWN, Delivery, State
from ..model.mention import split_mentions
from ..model.target import Lane, Target
from .row_types import RowType
from .rows import TEXT, insert_further, read_lane, read_target, read_targets
from .schema import delivery, lane, report
from .statements import Statement
from .writer import Writer

_BATCH: Final = 200
"""Deliveries of one transaction."""


@dataclass(frozen=True, slots=True)
class DueReminder:
    """A delivery that nobody has acknowledged in time."""

    report_id: str
    lane: Lane
    text: str
    reminded: int
    """How often it was sent again."""
    mention: tuple[str, ...]
    escalate: tuple[Target, ...]
    """Who gets it after the last reminder."""

    @property
    def is_over(self) -> bool:
        """Whether it was sent again as often as it may be: now others get it."""
        return self.reminded >= MAX_REMINDERS


@dataclass(frozen=True, slots=True)
class Reminder:
    """What is planned for a delivery that nobody has acknowledged."""

    target: Target
    due_at: float
    """Epoch seconds."""
    reminded: int


class Reminders:
    """The deliveries that wait for somebody to acknowledge them."""

    def __init__(self, database: Writer) -> None:
        self._run = database.run

    async def remind(
        self, now: float, make: Callable[[DueReminder], Sequence[Delivery]]
    ) -> list[Lane]:
        """Store what `make` makes of deliveries that are due (epoch seconds), each step once.
        Returns the lanes.

        Raises:
            StoreUnavailable: it could not be written.
        """
        return await self._run(lambda conn: _remind(conn, now, make))

    async def end(self, report_id: str, target: Target | None = None) -> bool:
        """End the reminders of a report, with `target` of its delivery there alone. Returns whether
        there were any.

        Raises:
            StoreUnavailable: it could not be written.
        """
        return await self._run(lambda conn: _end(conn, report_id, target))

    async def of_report(self, report_id: str) -> list[Reminder]:
        """Read a report's reminders that are still to come.

        Raises:
            StoreUnavailable: they could not be read.
        """
        return await self._run(lambda conn: _of_report(conn, report_id))

    async def any(self) -> bool:
        """Whether anything waits to be acknowledged.

        Raises:
            StoreUnavailable: it could not be read.
        """
        return await self._run(lambda conn: conn.scalar(_ANY) is not None)


_IS_OPEN: Final = delivery.c.remind_at.is_not(None)
_ANY: Final = select(delivery.c.id).where(_IS_OPEN).limit(1)
_DUE: Final = (
    select(
        delivery.c.id, delivery.c.report_id, delivery.c.state, delivery.c.expires_at,
        delivery.c.reminded, delivery.c.mention, delivery.c.escalate,
        lane.c.target, lane.c.bot, TEXT,
    ).join(lane, delivery.c.lane == lane.c.name)
    .join(report, delivery.c.report_id == report.c.id)
    .where(_IS_OPEN, delivery.c.remind_at <= bindparam("now"))
    .order_by(delivery.c.remind_at, delivery.c.id)
    .limit(_BATCH)
    .with_for_update(skip_locked=True, of=delivery)  # each once, whoever else looks
)  # fmt: skip
_DUE_ROW: Final = RowType(
    delivery.c.report_id, delivery.c.reminded, delivery.c.expires_at, delivery.c.escalate, TEXT
)
_STOP: Final = Statement(
    update(delivery).where(delivery.c.id == bindparam("this")).values(remind_at=null())
)
_LATER: Final = Statement(
    update(delivery)
    .where(delivery.c.id == bindparam("this"))
    .values(
        remind_at=bindparam("now", type_=Float) + delivery.c.remind_every,
        reminded=delivery.c.reminded + bindparam("more", type_=Integer),
    )
)
_OF_STORY: Final = Statement(
    update(delivery)
    .where(
        _IS_OPEN,
        delivery.c.report_id.in_(
            select(report.c.id).where(
                report.c.source == bindparam("source"), report.c.story == bindparam("story")
            )
        ),
    )
    .values(remind_at=null())
)
_BEGIN: Final = bindparam("begin", type_=Text)
_OF_EVENTS: Final = Statement(
    update(delivery)
    .where(
        _IS_OPEN,
        delivery.c.report_id.in_(
            select(report.c.id).where(
                report.c.source == bindparam("source"),
                report.c.story.is_(None),
                func.substr(report.c.event, 1, func.length(_BEGIN)) == _BEGIN,
                report.c.id.in_(select(delivery.c.report_id).where(_IS_OPEN)),
            )
        ),
    )
    .values(remind_at=null())
)


def end_of_story(conn: Connection, source: str, ended: tuple[str, str]) -> None:
    """End the reminders of what a report of this source ends; see `find_ended`."""
    story, begin = ended
    if story:
        _OF_STORY.run(conn, {"source": source, "story": story})
    else:
        _OF_EVENTS.run(conn, {"source": source, "begin": begin})


def _remind(
    conn: Connection, now: float, make: Callable[[DueReminder], Sequence[Delivery]]
) -> list[Lane]:
    lanes: list[Lane] = []
    for row in conn.execute(_DUE, {"now": now}).all():
        due = _advance(conn, row, now)
        if due is not None:
            lanes += insert_further(conn, make(due))
    return lanes


def _advance(conn: Connection, row: Any, now: float) -> DueReminder | None:
    """Put the next step of a due delivery off. Returns what is to be sent now; None: nothing."""
    of = read_lane(row)
    if of is None or not _is_readable(row) or row.expires_at == WITHDRAWN:
        _STOP.run(conn, {"this": row.id})
        return None
    if row.state == State.WAITING.value:  # nobody can acknowledge it yet
        _LATER.run(conn, {"this": row.id, "now": now, "more": 0})
        return None
    escalate = read_targets(row.escalate)
    is_last = row.reminded + 1 >= MAX_REMINDERS + bool(escalate)
    if is_last:
        _STOP.run(conn, {"this": row.id})
    else:
        _LATER.run(conn, {"this": row.id, "now": now, "more": 1})
    return DueReminder(
        row.report_id, of, row.text, row.reminded, split_mentions(row.mention), escalate
    )


def _is_readable(row: Any) -> bool:
    return any(_DUE_ROW.read([row])) and row.reminded >= 0


def _end(conn: Connection, report_id: str, target: Target | None) -> bool:
    condition = (delivery.c.report_id == report_id) & _IS_OPEN
    if target is not None:
        lanes = select(lane.c.name).where(lane.c.target == str(target))
        condition &= delivery.c.lane.in_(lanes)
    return conn.execute(update(delivery).where(condition).values(remind_at=null())).rowcount > 0


_REMINDER: Final = RowType(delivery.c.reminded, delivery.c.remind_at)


def _of_report(conn: Connection, report_id: str) -> list[Reminder]:
    rows = conn.execute(
        select(lane.c.target, delivery.c.remind_at, delivery.c.reminded)
        .join(lane, delivery.c.lane == lane.c.name)
        .where(delivery.c.report_id == report_id, _IS_OPEN)
        .order_by(delivery.c.id)
    )
    return [
        Reminder(target, row.remind_at, row.reminded)
        for row in _REMINDER.read(rows)
        if (target := read_target(row.target)) is not None
    ]
