"""What was reported, and what became of it."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import Connection, bindparam, case, func, select

from ..errors import Unreadable
from ..model.delivery import State
from ..model.image import Image
from ..model.message import Message
from ..model.report import Report
from ..model.status import Backlog, Blocked, DeliveryState, Listed, ReportState
from ..model.target import Target
from ..model.watch import Arrival
from .ids import moment_of
from .leases import HAS_WAITING, NEXT
from .quotes import find_quoted
from .row_types import RowType, is_moment
from .rows import (
    HAS_FAILED,
    IS_BOUND,
    IS_WAITING,
    STEPPED_ASIDE,
    TEXT,
    image_sizes,
    read_ids,
    read_images,
    read_lane,
    read_report,
    read_target,
)
from .schema import delivery, lane, report
from .statements import Statement
from .writer import Writer

UNREADABLE: Final = "（存储的内容损坏了）"
"""In place of what cannot be read."""
ARRIVALS: Final = 500
"""Reports that are read at once, so that no push waits for long behind them."""
LISTED_SIZE: Final = 2**15
"""Characters of a report that is read for a list: twenty of them cost nobody a wait."""
MOST_RETRYING: Final = 20
"""Deliveries that are told to be tried again."""
MOST_FAILURES: Final = 100
"""Deliveries that are looked through for the reports that failed last."""
LISTED_TEXT: Final = 500
"""Characters of the words that a list shows some of."""


class History:
    """Reads stored reports and their deliveries."""

    def __init__(self, database: Writer) -> None:
        self._run = database.run

    async def backlog(self) -> Backlog:
        """How much waits, and which lanes are parked.

        Raises:
            StoreUnavailable: it could not be read.
        """
        return await self._run(_backlog)

    async def state(self, id_or_key: str, source: str) -> ReportState | None:
        """A report by its id, or by its client's own: that is unique within a token, the source.

        Raises:
            StoreUnavailable: it could not be read.
        """
        return await self._run(lambda conn: _state(conn, id_or_key, source))

    async def recent(self, limit: int, target: Target | None) -> list[Listed]:
        """The newest reports, the newest first; with `target` those sent to it, as it may see them.

        Raises:
            StoreUnavailable: they could not be read.
        """
        return await self._run(lambda conn: _list(conn, _recent(conn, limit, target), target))

    async def failed(self, since: float, limit: int, target: Target | None) -> list[Listed]:
        """The reports that failed last, since a moment (epoch seconds), the newest first; with
        `target` those that failed to reach it, as it may see them.

        Raises:
            StoreUnavailable: they could not be read.
        """
        return await self._run(
            lambda conn: _list(conn, _failed(conn, since, limit, target), target)
        )

    async def beginning(self, beginning: str, target: Target | None) -> list[str]:
        """The ids that begin so, two at most; with `target` of reports that were sent to it.

        Raises:
            StoreUnavailable: they could not be read.
        """
        return await self._run(lambda conn: _beginning(conn, beginning, target))

    async def between(self, first: str, last: str) -> list[str]:
        """Read the ids from one to another, two at most.

        Raises:
            StoreUnavailable: the ids could not be read.
        """
        query = select(report.c.id).where(report.c.id >= first, report.c.id <= last).limit(2)
        return await self._run(lambda conn: list(conn.scalars(query)))

    async def reached(self, targets: Iterable[Target]) -> set[Target]:
        """Those of some targets that anything was ever sent to.

        Raises:
            StoreUnavailable: it could not be read.
        """
        by_name = {str(one): one for one in targets}
        query = select(lane.c.target).where(lane.c.target.in_(by_name)).distinct()
        return await self._run(lambda conn: {by_name[one] for one in conn.scalars(query)})

    async def last_bound(self, sources: Iterable[str]) -> dict[str, float]:
        """When (epoch seconds) a report last came with each of some tokens, all of users who bound
        themselves; those that were never used are left out.

        Raises:
            StoreUnavailable: it could not be read.
        """

        def read(conn: Connection) -> dict[str, float]:
            moments = ((one, conn.scalar(_LAST_BOUND, {"source": one})) for one in sources)
            return {one: at for one, at in moments if is_moment(at)}

        return await self._run(read)

    async def state_for(self, id_or_key: str, source: str, target: Target) -> ReportState | None:
        """The part of `state` that one of the report's targets may see; None if it is not a target.

        Raises:
            StoreUnavailable: it could not be read.
        """
        seen = await self._run(lambda conn: _seen_by(conn, _state(conn, id_or_key, source), target))
        return seen and seen.state

    async def quoted(self, target: Target, message_id: str, *, may_guess: bool) -> list[str]:
        """The reports that went to a target in the message with this id of its service.

        `may_guess`: where the last message there was given no id, those of that.

        Raises:
            StoreUnavailable: they could not be read.
        """
        return await self._run(
            lambda conn: find_quoted(conn, target, message_id, may_guess=may_guess)
        )

    async def messages(self, report_id: str, targets: Iterable[Target]) -> dict[Target, Message]:
        """The words and pictures that some targets were sent, as far as they are still stored;
        those that are no target of the report are left out.

        Raises:
            StoreUnavailable: they could not be read.
        """
        rows, images = await self._run(lambda conn: _messages(conn, report_id, targets))
        return {
            target: Message(
                row.text, tuple(images[each] for each in read_ids(row.image) if each in images)
            )
            for target, row in rows.items()
            if isinstance(row.text, str)
        }

    async def picture_bytes(self, report_id: str) -> int:
        """The bytes of a report's pictures, as far as they are still stored.

        Raises:
            StoreUnavailable: they could not be read.
        """
        query = select(report.c.image).where(report.c.id == report_id)

        def read(conn: Connection) -> int:
            return sum(image_sizes(conn, set(read_ids(conn.scalar(query)))).values())

        return await self._run(read)

    async def report(self, report_id: str) -> Report | None:
        """A stored report and its pictures, as far as they are still stored; None: it is not
        there, or cannot be read.

        Raises:
            StoreUnavailable: it could not be read.
        """
        report, images = await self._run(lambda conn: _report(conn, report_id))
        return report and replace(report, images=tuple(images.values()))

    async def arrivals(self, after: str, but_from: str) -> list[Arrival]:
        """The reports after an id, the oldest first.

        At most `ARRIVALS` of them; ask again with the last one's id for more. `but_from` is a
        source to leave out.

        Raises:
            StoreUnavailable: they could not be read.
        """
        query = (
            select(report.c.id, report.c.event, report.c.source, report.c.received_at)
            .where(report.c.id > after, report.c.source != but_from)
            .order_by(report.c.id)
            .limit(ARRIVALS)
        )
        return await self._run(
            lambda conn: [Arrival(*row) for row in _ARRIVAL.read(conn.execute(query))]
        )

    async def received(self, event: str, source: str, since: float) -> float | None:
        """When an event last came from a source, since a moment (epoch seconds).

        Raises:
            StoreUnavailable: it could not be read.
        """
        values = {"since": since, "event": event, "source": source}
        row = await self._run(lambda conn: _LAST_RECEIVED.row(conn, values))
        return row.received_at if row and is_moment(row.received_at) else None

    async def last_key(self, beginning: str, source: str, since: float) -> str | None:
        """Find the key that begins so, ends with a moment since this one (epoch seconds), and came
        last from a source.

        Raises:
            StoreUnavailable: it could not be read.
        """
        query = (
            select(report.c.key)
            .where(
                report.c.source == source,
                report.c.key.is_not(None),
                report.c.key >= f"{beginning}{since:.0f}",
                report.c.key < f"{beginning}~",  # ~ follows all digits
            )
            .order_by(report.c.key.desc())
            .limit(1)
        )
        return await self._run(lambda conn: conn.scalar(query))


_ARRIVAL: Final = RowType(report.c.id, report.c.event, report.c.source, report.c.received_at)
_LAST_RECEIVED: Final = Statement(
    select(report.c.received_at)
    .where(
        report.c.received_at >= bindparam("since"),
        report.c.event == bindparam("event"),
        report.c.source == bindparam("source"),
    )
    .order_by(report.c.received_at.desc())
    .limit(1)
)


def _backlog(conn: Connection) -> Backlog:
    waiting, oldest = conn.execute(
        select(func.count(), func.min(delivery.c.created_at)).where(IS_WAITING)
    ).one()
    parked = conn.execute(
        select(lane).where(lane.c.blocked_reason != "", HAS_WAITING).order_by(lane.c.name)
    )
    blocked = (
        Blocked(of, row.blocked_reason, row.blocked_at)
        for row in _PARKED.read(parked)
        if (of := read_lane(row)) is not None
    )
    retrying = tuple(delivery_states(conn.execute(_RETRYING)))
    return Backlog(waiting, oldest if is_moment(oldest) else None, tuple(blocked), retrying)


_PARKED: Final = RowType(lane.c.blocked_reason, lane.c.blocked_at)


STATE_COLUMNS: Final = (
    report.c.id, report.c.key, report.c.event, report.c.heading, report.c.received_at,
    report.c.source, report.c.note,
)  # fmt: skip
DELIVERY_COLUMNS: Final = (
    delivery.c.state, delivery.c.attempts, delivery.c.repeats, delivery.c.reason,
    delivery.c.finished_at, lane.c.target, lane.c.blocked_reason, lane.c.due_at,
    delivery.c.tried_at, delivery.c.held_until,
)  # fmt: skip
_RETRYING: Final = (
    select(*DELIVERY_COLUMNS)
    .select_from(lane.join(delivery, delivery.c.id == NEXT))
    .where(
        (lane.c.due_at > 0) | (STEPPED_ASIDE == 1),
        lane.c.blocked_reason == "",
        delivery.c.attempts > 0,
    )
    .order_by(lane.c.name)
    .limit(MOST_RETRYING)
)


_WITH_ID: Final = select(*STATE_COLUMNS).where(report.c.id == bindparam("wanted"))
_NEWEST_WITH_KEY: Final = (
    select(*STATE_COLUMNS)
    .where(report.c.source == bindparam("source"), report.c.key == bindparam("wanted"))
    .order_by(report.c.received_at.desc())
    .limit(1)
)


def _state(conn: Connection, id_or_key: str, source: str) -> ReportState | None:
    values = {"wanted": id_or_key, "source": source}
    row = conn.execute(_WITH_ID, {"wanted": id_or_key}).first()
    row = row or conn.execute(_NEWEST_WITH_KEY, values).first()
    if row is None:
        return None
    deliveries = conn.execute(
        select(*DELIVERY_COLUMNS)
        .join(lane, delivery.c.lane == lane.c.name)
        .where(delivery.c.report_id == row.id)
        .order_by(delivery.c.id)
    )
    return read_state(row, deliveries)


_STATE: Final = RowType(*STATE_COLUMNS)


def read_state(row: Any, deliveries: Iterable[Any]) -> ReportState | None:
    """A report's state from its row with `STATE_COLUMNS` and its deliveries' rows; of a row that
    cannot be read only when it came; None: not even that."""
    states = tuple(delivery_states(deliveries))
    try:
        _STATE.check(row)
    except Unreadable as error:
        if (at := moment_of(row.id)) is None:
            return None
        return ReportState(row.id, "", "", UNREADABLE, at, "", str(error), states)
    return ReportState(
        row.id, row.key or "", row.event, row.heading, row.received_at, row.source, row.note, states
    )


def delivery_states(rows: Iterable[Any]) -> Iterable[DeliveryState]:
    """The states of deliveries' rows with `DELIVERY_COLUMNS`."""
    return (
        _delivery_state(one, target)
        for one in rows
        if (target := read_target(one.target)) is not None
    )


_DELIVERY: Final = RowType(*DELIVERY_COLUMNS)


def _delivery_state(row: Any, target: Target) -> DeliveryState:
    try:
        _DELIVERY.check(row)
        state = State(row.state)
    except (Unreadable, ValueError):
        return DeliveryState(target, State.REJECTED, 0, 0, str(Unreadable()), None)
    reason, due_at = row.reason, row.due_at
    aside = row.tried_at is not None and row.held_until > row.tried_at and state is State.WAITING
    if aside:
        due_at = max(due_at, row.held_until)
    if state is State.WAITING and row.blocked_reason:
        due_at = 0.0
        before = f"；上一次：{row.reason}" if row.attempts else f"；{row.reason}"
        reason = row.blocked_reason + (before if row.reason else "")
    return DeliveryState(
        target, state, row.attempts, row.repeats, reason, row.finished_at, due_at,
        stepped_aside=aside,
    )  # fmt: skip


def _seen_by(conn: Connection, state: ReportState | None, target: Target) -> Listed | None:
    """The part of a report that one target may see: its own delivery, titled by its first line."""
    sent = state and sent_to(conn, state.id, target)
    return None if state is None or sent is None else as_sent(state, target, sent.text)


def as_sent(state: ReportState, target: Target, stored: object) -> Listed:
    """A report as a target may see it that was sent this text."""
    text = stored if isinstance(stored, str) else UNREADABLE
    own = tuple(one for one in state.deliveries if one.target == target)
    heading = text.partition("\n")[0]
    state = replace(state, key="", event="", heading=heading, source="", deliveries=own)
    return Listed(state, None, text)


_LAST_BOUND: Final = (
    select(report.c.received_at)
    .where(report.c.source == bindparam("source"), IS_BOUND)
    .order_by(report.c.received_at.desc())
    .limit(1)
)
_SENT: Final = (
    select(TEXT, delivery.c.image)
    .join(lane, delivery.c.lane == lane.c.name)
    .join(report, delivery.c.report_id == report.c.id)
    .where(delivery.c.report_id == bindparam("id"), lane.c.target == bindparam("target"))
    .order_by(delivery.c.id)
    .limit(1)
)


def sent_to(conn: Connection, report_id: str, target: Target) -> Any:
    """The row with the words and the pictures' hashes; None if it is no target of the report."""
    return conn.execute(_SENT, {"id": report_id, "target": str(target)}).first()


def _messages(
    conn: Connection, report_id: str, targets: Iterable[Target]
) -> tuple[dict[Target, Any], dict[str, Image]]:
    """Rows with words and pictures' ids by target, and the pictures of all of them, each once."""
    sent = ((target, sent_to(conn, report_id, target)) for target in targets)
    rows = {target: row for target, row in sent if row is not None}
    return rows, read_images(conn, {each for row in rows.values() for each in read_ids(row.image)})


def _lanes(conn: Connection, target: Target) -> Sequence[str]:
    return conn.scalars(select(lane.c.name).where(lane.c.target == str(target))).all()


def _recent(conn: Connection, limit: int, target: Target | None) -> list[str]:
    if target is None:
        newest = select(report.c.id).order_by(report.c.received_at.desc(), report.c.id.desc())
        return list(conn.scalars(newest.limit(limit)))
    report_ids: set[str] = set()
    for name in _lanes(conn, target):
        # One lane at a time: each is read from the end of its index.
        query = select(delivery.c.report_id).where(delivery.c.lane == name)
        report_ids.update(conn.scalars(query.order_by(delivery.c.report_id.desc()).limit(limit)))
    return sorted(filter(_is_text, report_ids), reverse=True)[:limit]


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _failed(conn: Connection, since: float, limit: int, target: Target | None) -> list[str]:
    query = select(delivery.c.report_id).where(HAS_FAILED, delivery.c.finished_at >= since)
    if target is not None:
        query = query.join(lane, delivery.c.lane == lane.c.name)
        query = query.where(lane.c.target == str(target))
    newest = query.order_by(delivery.c.finished_at.desc()).limit(MOST_FAILURES)
    return list(dict.fromkeys(conn.scalars(newest)))[:limit]


def _beginning(conn: Connection, beginning: str, target: Target | None) -> list[str]:
    column = report.c.id if target is None else delivery.c.report_id
    query = select(column).where(column >= beginning, column < f"{beginning}~")  # ~ follows all
    if target is None:
        return list(conn.scalars(query.limit(2)))
    report_ids: set[str] = set()
    for name in _lanes(conn, target):
        report_ids.update(conn.scalars(query.where(delivery.c.lane == name).distinct().limit(2)))
    return sorted(report_ids)[:2]


LISTED_COLUMNS: Final = (
    case((func.length(report.c.fields) <= LISTED_SIZE, report.c.fields)).label("fields"),
    func.substr(report.c.text, 1, LISTED_TEXT).label("text"),
)
_LISTED: Final = select(*LISTED_COLUMNS).where(report.c.id == bindparam("id"))


def _list(conn: Connection, ids: Iterable[str], target: Target | None) -> list[Listed]:
    states = (_state(conn, one, "") for one in ids)
    listed = (
        _whole(conn, state) if target is None else _seen_by(conn, state, target) for state in states
    )
    return [one for one in listed if one is not None]


def _whole(conn: Connection, state: ReportState | None) -> Listed | None:
    row = state and conn.execute(_LISTED, {"id": state.id}).first()
    if state is None or row is None:
        return None
    return read_listed(state, row)


def read_listed(state: ReportState, row: Any) -> Listed:
    """A report in a list, from its row with `LISTED_COLUMNS`."""
    text = row.text if isinstance(row.text, str) else UNREADABLE
    return Listed(state, row.fields and readable(row.fields), text)


def readable(fields: str) -> Report | None:
    """A stored report; None: it cannot be read."""
    try:
        return read_report(fields)
    except Unreadable:
        return None


def _report(conn: Connection, report_id: str) -> tuple[Report | None, dict[str, Image]]:
    query = select(report.c.fields, report.c.image).where(report.c.id == report_id)
    if (row := conn.execute(query).first()) is None:
        return None, {}
    return readable(row.fields), read_images(conn, read_ids(row.image))
