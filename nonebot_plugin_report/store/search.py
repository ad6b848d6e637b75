"""Finds reports in the history, the newest first, in bounded steps.

One condition leads: the one by which the fewest are found. Its reports are gone through by their
ids, some at a time, and the other conditions are asked of those.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, Final

from sqlalchemy import Connection, String, bindparam, case, cast, func, or_, select, text

from ..model.archive import Sight, Wanted
from ..model.target import Target
from . import index
from .history import sent_to
from .ids import beginning, number
from .schema import delivery, lane, report
from .statements import Statement
from .words import plain, query, runs

CHUNK: Final = 200
"""Reports that are looked at together."""
LOOK_SECONDS: Final = 0.25
"""Seconds of looking, after which what was found is told."""
LAST: Final = "~"
"""After every id."""

_Stream = Callable[[str], Sequence[str]]
"""The next ids before one, the newest first; fewer than `CHUNK`: those are the last."""
_FOUND: Final = text(
    "SELECT rowid FROM words WHERE words MATCH :words AND rowid < :before "
    "ORDER BY rowid DESC LIMIT :count"
)
_NUMBERED: Final = Statement(
    select(report.c.id)
    .where(report.c.id >= bindparam("first"), report.c.id < bindparam("end"))
    .limit(1)
)
_READABLE: Final = (func.length(report.c.fields) <= index.WHOLE) & func.json_valid(report.c.fields)
_RESULT: Final = case((_READABLE, func.json_extract(report.c.fields, "$.result")))


class Search:
    """One search."""

    def __init__(self, conn: Connection, sight: Sight, wanted: Wanted) -> None:
        self._conn = conn
        self._sight = sight
        self._wanted = wanted
        self._indexed = index.newest(conn)
        self._fields = {
            field: word
            for field, word in (
                ("event", wanted.event), ("result", wanted.result), ("source", wanted.source)
            )
            if word
        }  # fmt: skip

    def find(self, count: int) -> tuple[list[str], str]:
        """The ids of so many reports, and where to go on; empty: that was all."""
        found: list[str] = []
        end, before = time.monotonic() + LOOK_SECONDS, self._wanted.before or LAST
        stream = self._leading()
        while True:
            ids = stream(before)
            met = self._met([one for one in ids if one >= self._wanted.since])
            for one in ids:
                if one in met:
                    found.append(one)
                if len(found) == count:
                    return found, one
            if len(ids) < CHUNK or ids[-1] < self._wanted.since:
                return found, ""
            before = ids[-1]
            if time.monotonic() > end:
                return found, before

    def visible(self, ids: Sequence[str]) -> set[str]:
        """Those of some reports that may be seen."""
        sight = self._sight
        if sight.source is None:
            return set(ids)
        query = select(report.c.id).where(report.c.id.in_(ids), report.c.source == sight.source)
        own = set(self._conn.scalars(query))
        return own if sight.target is None else own | self._sent(ids, sight.target)

    def _leading(self) -> _Stream:
        if self._wanted.words:
            return self._by_words
        if self._wanted.target is not None:
            return self._of_lanes(self._wanted.target)
        rows = {
            field: index.find_value(self._conn, field, word) for field, word in self._fields.items()
        }
        if rows:
            rarest = min(rows, key=lambda field: rows[field].count if rows[field] else 0)
            return self._of_value(rarest, self._fields[rarest])
        if self._sight.source is None:
            return self._all
        own = self._of_value("source", self._sight.source)
        return own if self._sight.target is None else _both(own, self._of_lanes(self._sight.target))

    def _all(self, before: str) -> Sequence[str]:
        return self._ids(report.c.id, before)

    def _of_value(self, field: str, word: str) -> _Stream:
        """By the index, and what is newer than that."""
        row = index.find_value(self._conn, field, word)
        entry = index.entry

        def indexed(before: str) -> Sequence[str]:
            return self._ids(entry.c.report, before, entry.c.value == row.id) if row else []

        def newer(before: str) -> Sequence[str]:
            return self._ids(
                report.c.id, before, report.c.id > self._indexed, self._is(field, word)
            )

        return _both(newer, indexed)

    def _of_lanes(self, target: Target) -> _Stream:
        return _both(*(partial(self._of_lane, name) for name in self._lanes(target)))

    def _of_lane(self, name: str, before: str) -> Sequence[str]:
        return self._ids(delivery.c.report_id, before, delivery.c.lane == name)

    def _by_words(self, before: str) -> Sequence[str]:
        wanted = query(self._wanted.words)
        if not wanted:
            return []
        below = number(before) if before != LAST else 2**62
        values = {"words": wanted, "before": below, "count": CHUNK}
        numbers = self._conn.scalars(_FOUND, values).all()
        begins = [beginning(one) for one in numbers]
        # A number is of one report alone; one that was deleted keeps its place.
        rows = [_NUMBERED.row(self._conn, {"first": one, "end": f"{one}{LAST}"}) for one in begins]
        return [
            row.id if row else one.ljust(20, "0") for row, one in zip(rows, begins, strict=True)
        ]

    def _ids(self, column: Any, before: str, *where: Any) -> Sequence[str]:
        found = select(column).where(column < before, *where).distinct()
        return self._conn.scalars(found.order_by(column.desc()).limit(CHUNK)).all()

    def _met(self, ids: Sequence[str]) -> set[str]:
        """Those that meet all conditions, and may be seen."""
        if not ids:
            return set()
        met = select(report.c.id).where(report.c.id.in_(ids))
        for field, word in self._fields.items():
            met = met.where(self._is(field, word))
        found = set(self._conn.scalars(met))
        if self._wanted.target is not None:
            found &= self._sent(ids, self._wanted.target)
        return self._seen(found)

    def _is(self, field: str, word: str) -> Any:
        if field != "result":
            return report.c[field] == word
        newer = (report.c.id > self._indexed) & (cast(_RESULT, String) == word)
        if (row := index.find_value(self._conn, field, word)) is None:
            return newer
        entry = index.entry
        indexed = select(entry.c.report).where(
            entry.c.value == row.id, entry.c.report == report.c.id
        )
        return or_(newer, indexed.exists())

    def _seen(self, ids: set[str]) -> set[str]:
        """Those that the viewer may see: of others' reports only what they were sent counts."""
        if self._sight.source is None:
            return ids
        query = select(report.c.id).where(
            report.c.id.in_(ids), report.c.source == self._sight.source
        )
        own, sight = set(self._conn.scalars(query)), self._sight
        other = sight.target is not None and self._wanted.target in (None, sight.target)
        if not other or sight.target is None or self._fields:
            return own
        sent = self._sent(ids - own, sight.target)
        if self._wanted.words:
            words = runs(self._wanted.words)
            sent = {one for one in sent if self._says(one, sight.target, words)}
        return own | sent

    def _says(self, report_id: str, target: Target, words: Iterable[str]) -> bool:
        row = sent_to(self._conn, report_id, target)
        said = plain(row.text) if row is not None else ""
        return all(one in said for one in words)

    def _sent(self, ids: Iterable[str], target: Target) -> set[str]:
        query = select(delivery.c.report_id).where(
            delivery.c.report_id.in_(ids), delivery.c.lane.in_(self._lanes(target))
        )
        return set(self._conn.scalars(query))

    def _lanes(self, target: Target) -> Sequence[str]:
        return self._conn.scalars(select(lane.c.name).where(lane.c.target == str(target))).all()


def _both(*streams: _Stream) -> _Stream:
    """The ids of several streams."""

    def merged(before: str) -> Sequence[str]:
        found = {one for stream in streams for one in stream(before)}
        return sorted(found, reverse=True)[:CHUNK]

    return merged
