"""Looks through the history, the newest report first, in steps of bounded time.

A step reads the reports in the order of their arrival, a chunk at a time, each chunk twice as large
as the one before. So the first matches come at once, and the last chunk of a step takes at most
about as long as all before it. Where a step ended is a value that the client passes on.
"""

import time
from collections.abc import Callable, Sequence
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    Float,
    Integer,
    Select,
    String,
    bindparam,
    exists,
    or_,
    select,
    tuple_,
)

from ..model.criteria import Criteria, Cursor, Sight
from ..model.target import Target
from .fold import fold, split_query
from .history import sent_to
from .row_types import MAX_MOMENT
from .rows import IS_ID
from .schema import delivery, lane, report

FIRST_ROWS: Final = 250
"""Reports in the first chunk of a step."""
MAX_ROWS: Final = 4000
"""Reports in a chunk."""
STEP_SECONDS: Final = 0.04
"""After these seconds a step begins no further chunk."""
_FIELDS: Final = ("event", "result", "source")


def newest(*columns: ColumnElement[Any]) -> "Select[*tuple[Any, ...]]":
    """Select reports, the newest first, as `span` names them."""
    place = tuple_(bindparam("at", type_=Float), bindparam("before", type_=String))
    return (
        select(*columns)
        .where(tuple_(report.c.received_at, report.c.id) < place)
        .where(report.c.received_at >= bindparam("since", type_=Float))
        .where(report.c.received_at <= MAX_MOMENT, IS_ID)
        .order_by(report.c.received_at.desc(), report.c.id.desc())
        .limit(bindparam("rows", type_=Integer))
    )


def span(before: Cursor, since: float, rows: int) -> dict[str, object]:
    """The values of `newest`: at most so many reports that came before a position and not before a
    moment (epoch seconds)."""
    return {"at": before.at, "before": before.id, "since": since, "rows": rows}


_END: Final = newest(report.c.received_at, report.c.id).offset(bindparam("skip", type_=Integer))


def find_end(conn: Connection, before: Cursor, since: float, rows: int) -> Cursor | None:
    """Find where a chunk of so many reports ends; None: there are fewer."""
    row = conn.execute(_END, {**span(before, since, 1), "skip": rows - 1}).first()
    return None if row is None else Cursor(row.received_at, row.id)


class Search:
    """One step of a search."""

    def __init__(
        self,
        conn: Connection,
        sight: Sight,
        criteria: Criteria,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`clock` gives seconds."""
        self._conn = conn
        self._sight = sight
        self._wanted = criteria
        self._words = split_query(criteria.text)
        self._fields = {field: value for field in _FIELDS if (value := getattr(criteria, field))}
        self._clock = clock

    def find(self, count: int) -> tuple[list[str], Cursor | None]:
        """Find the ids of at most so many reports, and the position from which to go on; None:
        there are no more."""
        until = self._clock() + STEP_SECONDS
        ids: list[str] = []
        before, since, rows = self._wanted.before, self._wanted.since, FIRST_ROWS
        query = self._matches()
        while True:
            limit = count - len(ids)
            values = {**span(before, since, rows), "limit": limit}
            matches = self._conn.execute(query, values).all()
            ids += [row.id for row in matches if self._may_see(row)]
            if len(matches) == limit:
                end = Cursor(matches[-1].received_at, matches[-1].id)
            else:
                end = find_end(self._conn, before, since, rows)
            if end is None or len(ids) == count or self._clock() >= until:
                return ids, end
            before, rows = end, min(2 * rows, MAX_ROWS)

    def visible(self, ids: Sequence[str]) -> set[str]:
        """Select those reports that the viewer may see."""
        query = select(report.c.id).where(report.c.id.in_(ids), *self._sight_of(report.c))
        return set(self._conn.scalars(query))

    def _matches(self) -> "Select[*tuple[Any, ...]]":
        """Select the positions and sources of matches in a chunk."""
        # The chunk's limit keeps both engines from applying the conditions by another index, for
        # which they would read all reports with an event, and from reading more than these.
        fields = (report.c[field] for field in _FIELDS)
        columns = newest(report.c.received_at, report.c.id, report.c.folded, *fields).subquery().c
        conditions = [columns[field] == value for field, value in self._fields.items()]
        conditions += [columns.folded.contains(word, autoescape=True) for word in self._words]
        if self._wanted.target is not None:
            conditions.append(self._is_sent(columns.id, self._wanted.target))
        return (
            select(columns.received_at, columns.id, columns.source)
            .where(*conditions, *self._sight_of(columns))
            .order_by(columns.received_at.desc(), columns.id.desc())
            .limit(bindparam("limit", type_=Integer))
        )

    def _sight_of(self, columns: Any) -> Sequence[ColumnElement[bool]]:
        """Of others' reports only what the viewer was sent counts: that has no fields."""
        sight = self._sight
        if sight.source is None:
            return ()
        own = columns.source == sight.source
        if sight.target is None or self._fields or self._wanted.target not in (None, sight.target):
            return (own,)
        return (or_(own, self._is_sent(columns.id, sight.target)),)

    def _is_sent(self, report_id: ColumnElement[str], target: Target) -> ColumnElement[bool]:
        lanes = self._conn.scalars(select(lane.c.name).where(lane.c.target == str(target))).all()
        return exists().where(delivery.c.report_id == report_id, delivery.c.lane.in_(lanes))

    def _may_see(self, row: Any) -> bool:
        """Whether the words are among those that the viewer may see."""
        sight = self._sight
        if not self._words or sight.target is None or sight.source in (None, row.source):
            return True
        sent = sent_to(self._conn, row.id, sight.target)
        text = fold(sent.text) if sent is not None and isinstance(sent.text, str) else ""
        return all(word in text for word in self._words)
