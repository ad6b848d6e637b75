"""Finds reports in the history, the newest first, in bounded steps.

One condition leads: the one by which the fewest are found. Its reports are gone through by their
ids, some at a time, and the other conditions are asked of those.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, Final

from sqlalchemy import Connection, select

from ..model.archive import Sight, Wanted
from ..model.target import Target
from . import index
from .fulltext import LAST, full_text
from .history import sent_to
from .schema import delivery, lane, report
from .words import plain, runs

CHUNK: Final = 200
"""Reports that are looked at together."""
LOOK_SECONDS: Final = 0.25
"""Seconds of looking, after which what was found is told."""

_Stream = Callable[[str], tuple[Sequence[str], str]]
"""The next ids before one, the newest first, and the id before which to go on; empty: those are the
last."""


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
            ids, rest = stream(before)
            met = self._met([one for one in ids if one >= self._wanted.since])
            for one in ids:
                if one in met:
                    found.append(one)
                if len(found) == count:
                    return found, one
            if not rest or rest < self._wanted.since:
                return found, ""
            before = rest
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

    def _all(self, before: str) -> tuple[Sequence[str], str]:
        return self._ids(report.c.id, before)

    def _of_value(self, field: str, word: str) -> _Stream:
        """By the index, and what is newer than that."""
        row = index.find_value(self._conn, field, word)
        entry = index.entry

        def indexed(before: str) -> tuple[Sequence[str], str]:
            if row is None:
                return [], ""
            return self._ids(entry.c.report, before, entry.c.value == row.id)

        def newer(before: str) -> tuple[Sequence[str], str]:
            # What result they have is asked later, of few.
            where = [] if field == "result" else [report.c[field] == word]
            return self._ids(report.c.id, before, report.c.id > self._indexed, *where)

        return _both(newer, indexed)

    def _of_lanes(self, target: Target) -> _Stream:
        return _both(*(partial(self._of_lane, name) for name in self._lanes(target)))

    def _of_lane(self, name: str, before: str) -> tuple[Sequence[str], str]:
        return self._ids(delivery.c.report_id, before, delivery.c.lane == name)

    def _by_words(self, before: str) -> tuple[Sequence[str], str]:
        words = self._wanted.words
        return (
            full_text(self._conn).find(self._conn, words, before, CHUNK)
            if runs(words)
            else ([], "")
        )

    def _ids(self, column: Any, before: str, *where: Any) -> tuple[Sequence[str], str]:
        found = select(column).where(column < before, *where).distinct()
        return _part(self._conn.scalars(found.order_by(column.desc()).limit(CHUNK)).all())

    def _met(self, ids: Sequence[str]) -> set[str]:
        """Those that meet all conditions, and may be seen."""
        if not ids:
            return set()
        met = select(report.c.id).where(report.c.id.in_(ids))
        for field in ("event", "source"):
            if field in self._fields:
                met = met.where(report.c[field] == self._fields[field])
        found = set(self._conn.scalars(met))
        if "result" in self._fields:
            found &= self._with_result(ids, self._fields["result"])
        if self._wanted.target is not None:
            found &= self._sent(ids, self._wanted.target)
        return self._seen(found)

    def _with_result(self, ids: Sequence[str], word: str) -> set[str]:
        newer = select(report.c.id, index.FIELDS).where(
            report.c.id.in_([one for one in ids if one > self._indexed])
        )
        found = {row.id for row in self._conn.execute(newer) if index.result_of(row.fields) == word}
        if (row := index.find_value(self._conn, "result", word)) is None:
            return found
        entry = index.entry
        indexed = select(entry.c.report).where(entry.c.value == row.id, entry.c.report.in_(ids))
        return found.union(self._conn.scalars(indexed))

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

    def merged(before: str) -> tuple[Sequence[str], str]:
        found = {one for stream in streams for one in stream(before)[0]}
        return _part(sorted(found, reverse=True)[:CHUNK])

    return merged


def _part(ids: Sequence[str]) -> tuple[Sequence[str], str]:
    return ids, ids[-1] if len(ids) == CHUNK else ""
