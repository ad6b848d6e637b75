"""The history as the page looks through it, read beside the writer."""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, Final, TypeVar

from sqlalchemy import Connection, Select, func, select

from ..errors import Unreadable
from ..model.criteria import (
    NEWEST,
    Choices,
    Criteria,
    Cursor,
    DayCount,
    DayCounts,
    Part,
    ReportView,
    Run,
    Sight,
)
from ..model.image import Image
from ..model.report import Report
from ..model.target import Target
from .history import sent_to
from .reader import Reader
from .report_views import read_views
from .row_types import MAX_MOMENT, RowType
from .rows import image_sizes, read_images, read_report, read_target
from .schema import deleted, lane, report
from .search import FIRST_ROWS, MAX_ROWS, STEP_SECONDS, Search, find_end, newest, span
from .turns import Turns

T = TypeVar("T")

MAX_TARGETS: Final = 500
"""Targets to choose from."""
MAX_CHOICES: Final = 200
"""Events, results or sources to choose from."""
CHOICE_ROWS: Final = 10_000
"""The newest reports, whose events, results and sources are to choose from."""
MAX_NEW: Final = 500
"""Reports that are looked through for new ones at once."""
MAX_TASKS: Final = 12
"""Tasks whose runs are listed."""
MAX_SOURCES: Final = 20
"""Tokens whose runs are listed."""
RUNS: Final = 20
"""Runs of each."""
MAX_RUN: Final = 86400.0
"""Seconds between a start and an end that belong together."""
_DELETED: Final = RowType(*deleted.columns)
_START, _END = ".start", ".end"
_POSITIONS: Final = newest(report.c.received_at, report.c.id)


class Archive:
    """Reads, beside the writer."""

    def __init__(self, reader: Reader, turns: Turns | None = None, holder: str = "") -> None:
        """`turns` are those of all who read, `holder` is who does."""
        self._reader = reader
        self._turns = turns or Turns()
        self._holder = holder

    def of(self, holder: str) -> "Archive":
        """The same for one who reads: holders read in turn, one step each."""
        return Archive(self._reader, self._turns, holder)

    async def _run(self, work: Callable[[Connection], T]) -> T:
        async with self._turns.of(self._holder):
            return await self._reader.run(work)

    async def part(self, sight: Sight, criteria: Criteria, count: int) -> Part:
        """Read some of the reports that are looked for, the newest first.

        They may be fewer than `count` although there are more: a step takes a bounded time.

        Raises:
            StoreUnavailable: they could not be read.
        """

        def read(conn: Connection) -> Part:
            ids, position = Search(conn, sight, criteria).find(count)
            return Part(read_views(conn, ids, sight), position)

        return await self._run(read)

    async def view(self, sight: Sight, report_id: str) -> ReportView | None:
        """A report, as far as it may be seen; None: there is none to be seen.

        Raises:
            StoreUnavailable: it could not be read.
        """
        views = await self.views(sight, [report_id])
        return views[0] if views else None

    async def views(self, sight: Sight, ids: Sequence[str]) -> Sequence[ReportView]:
        """Those of some reports that may be seen.

        Raises:
            StoreUnavailable: they could not be read.
        """
        return await self._run(lambda conn: read_views(conn, ids, sight))

    async def since(self, sight: Sight, after: float, but: Iterable[str], count: int) -> Part:
        """Read the newest reports since a moment (epoch seconds) without those of some ids; at most
        so many.

        Raises:
            StoreUnavailable: they could not be read.
        """
        ignored = frozenset(but)

        def read(conn: Connection) -> Part:
            positions = conn.execute(_POSITIONS, span(NEWEST, after, MAX_NEW))
            rows = [row for row in positions if row.id not in ignored]
            visible = Search(conn, sight, Criteria()).visible([row.id for row in rows])
            rows = [row for row in rows if row.id in visible]
            position = (
                Cursor(rows[count].received_at, rows[count].id) if len(rows) > count else None
            )
            return Part(read_views(conn, [row.id for row in rows[:count]], sight), position)

        return await self._run(read)

    async def picture(self, digest: str) -> Image | None:
        """A picture by its hash, or None if it is no longer stored.

        Raises:
            StoreUnavailable: it could not be read.
        """
        images = await self._run(lambda conn: read_images(conn, [digest]))
        return images.get(digest)

    async def picture_size(self, digest: str) -> int:
        """The bytes of a picture; 0: it is no longer stored.

        Raises:
            StoreUnavailable: it could not be read.
        """
        sizes = await self._run(lambda conn: image_sizes(conn, {digest}))
        return sizes.get(digest, 0)

    async def report(self, report_id: str) -> Report | None:
        """A report without its pictures; None: it is not there, or cannot be read.

        Raises:
            StoreUnavailable: it could not be read.
        """
        query = select(report.c.fields).where(report.c.id == report_id)
        stored = await self._run(lambda conn: conn.scalar(query))
        try:
            return stored and read_report(stored)
        except Unreadable:
            return None

    async def sent(self, report_id: str, target: Target | None) -> str:
        """The words that a target was sent of a report; None: the first of its targets.

        Raises:
            StoreUnavailable: they could not be read.
        """

        def read(conn: Connection) -> str:
            if target is None:
                text = conn.scalar(select(report.c.text).where(report.c.id == report_id))
            else:
                row = sent_to(conn, report_id, target)
                text = row.text if row is not None else ""
            return text if isinstance(text, str) else ""

        return await self._run(read)

    async def choices(self) -> Choices:
        """Read what there is to choose from, the most frequent first.

        Raises:
            StoreUnavailable: it could not be read.
        """

        def read(conn: Connection) -> Choices:
            names = conn.scalars(select(lane.c.target).distinct().limit(MAX_TARGETS))
            targets = (read_target(name) for name in names)
            events, results, sources = _read_choices(conn)
            return Choices(
                events, results, sources, tuple(target for target in targets if target is not None)
            )

        return await self._run(read)

    async def days(self, sight: Sight, since: float, before: Cursor) -> DayCounts:
        """Count the reports of each day by result, from a position back to a moment (epoch
        seconds), as far as a step comes.

        Raises:
            StoreUnavailable: they could not be read.
        """
        return await self._run(lambda conn: _count_days(conn, sight, since, before))

    async def runs(self, sight: Sight) -> list[Run]:
        """Read the last runs of each kind of task, as their start and end events tell.

        Raises:
            StoreUnavailable: they could not be read.
        """
        return await self._run(lambda conn: _read_runs(conn, sight))

    async def deleted(self, sight: Sight, since: float) -> list[str]:
        """Read the ids of the reports that were deleted since a moment (epoch seconds, a day ago at
        the most), as far as they could be seen.

        Raises:
            StoreUnavailable: they could not be read.
        """
        query = select(deleted).where(deleted.c.deleted_at >= since)
        target = sight.target and str(sight.target)
        return await self._run(
            lambda conn: [
                row.report
                for row in _DELETED.read(conn.execute(query))
                if sight.source in (None, row.source) or target in row.targets.split(" ")
            ]
        )


def _read_choices(conn: Connection) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Read the events, results and sources of the newest reports, the most frequent first."""
    fields = (report.c.event, report.c.result, report.c.source)
    columns = newest(*fields).subquery().c
    query = select(*columns, func.count()).group_by(*columns)
    counted = conn.execute(query, span(NEWEST, 0, CHOICE_ROWS)).all()
    events, results, sources = (
        _most_frequent((row[position], row[-1]) for row in counted) for position in range(3)
    )
    return events, results, sources


def _most_frequent(counted: Iterable[tuple[object, int]]) -> tuple[str, ...]:
    totals = Counter[object]()
    for value, count in counted:
        totals[value] += count
    values = (value for value, _ in totals.most_common(MAX_CHOICES))
    return tuple(value for value in values if value and isinstance(value, str))


def _count_days(conn: Connection, sight: Sight, since: float, before: Cursor) -> DayCounts:
    until, rows = time.monotonic() + STEP_SECONDS, FIRST_ROWS
    counts = Counter[tuple[str, str]]()
    query = _by_result(sight)
    while True:
        first = conn.execute(_POSITIONS, span(before, since, 1)).first()
        if first is None:
            break
        day, midnight = _day_of(first.received_at)
        begin = max(midnight, since)
        for row in conn.execute(query, span(before, begin, rows)):
            counts[day, row.result if isinstance(row.result, str) else ""] += row.number
        before = find_end(conn, before, begin, rows) or Cursor(begin, "")
        if time.monotonic() >= until:
            break
        rows = min(2 * rows, MAX_ROWS)
    position = None if first is None else before
    return DayCounts(tuple(DayCount(*key, count) for key, count in counts.items()), position)


def _by_result(sight: Sight) -> "Select[*tuple[Any, ...]]":
    """Count a chunk's reports by result."""
    columns = newest(report.c.result, report.c.source).subquery().c
    query = select(columns.result, func.count().label("number")).group_by(columns.result)
    return query if sight.source is None else query.where(columns.source == sight.source)


def _day_of(at: float) -> tuple[str, float]:
    """The local day of a moment, such as 2026-11-27, and when it began (epoch seconds)."""
    day = datetime.fromtimestamp(at).astimezone().date()
    return day.isoformat(), datetime(day.year, day.month, day.day).astimezone().timestamp()


def _read_runs(conn: Connection, sight: Sight) -> list[Run]:
    runs: list[Run] = []
    events, _, sources = _read_choices(conn)
    sources = sources[:MAX_SOURCES] if sight.source is None else (sight.source,)
    for event in [event for event in events if event.endswith(_END)][:MAX_TASKS]:
        ends = [row for source in sources for row in conn.execute(_ends(event, source))]
        for row in sorted(ends, key=lambda row: row.received_at)[-RUNS:]:
            seconds = _measure_run(conn, event, row)
            if seconds is not None:
                runs.append(Run(event.removesuffix(_END), row.received_at, seconds))
    return runs


def _ends(event: str, source: str) -> "Select[*tuple[Any, ...]]":
    return (
        select(report.c.received_at, report.c.source)
        .where(report.c.event == event, report.c.source == source)
        .where(report.c.received_at <= MAX_MOMENT)
        .order_by(report.c.received_at.desc())
        .limit(RUNS)
    )


def _measure_run(conn: Connection, event: str, end: Any) -> float | None:
    """Measure in seconds how long a task had run at its end, if it began after the end before."""
    ended_before = _last(conn, event, end)
    began = _last(conn, event.removesuffix(_END) + _START, end)
    seconds = end.received_at - began
    return seconds if began > ended_before and 0 <= seconds <= MAX_RUN else None


def _last(conn: Connection, event: str, end: Any) -> float:
    """When an event came last before an end, from the same source (epoch seconds); 0: never."""
    latest = select(func.max(report.c.received_at)).where(
        report.c.event == event,
        report.c.source == end.source,
        report.c.received_at < end.received_at,
    )
    return conn.scalar(latest) or 0.0
