"""The history as the page looks through it: any part of it, as quick for a million reports.

It is read beside the writer, by an index that is made once somebody looks.
"""

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Final, Protocol, TypeVar

from loguru import logger
from sqlalchemy import Connection, func, select

from ..errors import StoreUnavailable, Unreadable
from ..model.archive import DayCount, Known, Part, Run, Shown, Sight, Wanted
from ..model.image import Image
from ..model.report import Report
from ..model.status import ReportState
from ..model.target import Target
from . import index
from .history import sent_to
from .ids import first_id
from .pictures import Pictures
from .rows import image_sizes, read_images, read_report, read_target
from .schema import lane, report
from .search import Search
from .shown import shown
from .turns import Turns

T = TypeVar("T")

SETTLED: Final = 5.0
"""Seconds after which all reports whose ids were made before are stored."""
BUSY_PAUSE: Final = 0.01
"""Seconds between steps of the index while there is more to do, so that others get a turn."""
LOOKING: Final = 0.5
"""Seconds for which the index waits for whoever looks something up, until it is on their screen."""
IDLE_PAUSE: Final = 2.0
MOST_TARGETS: Final = 500
MOST_NEW: Final = 500
"""Reports that are looked through for new ones at once."""
MOST_TASKS: Final = 12
"""Tasks whose runs are told."""
MOST_SOURCES: Final = 20
"""Tokens whose runs are."""
RUNS: Final = 20
"""Runs of each."""
LONGEST_RUN: Final = 86400.0
"""Seconds between a start and an end that belong together."""
_START, _END = ".start", ".end"


class Index(Protocol):
    """Where the index is, and how it is read together with the store."""

    def open(self) -> None:
        """Let it be used; the store is open."""
        ...

    async def close(self) -> None:
        """Disconnect, before the store's writer does."""
        ...

    async def used(self) -> None:
        """Wait until somebody has looked."""
        ...

    async def run(self, work: Callable[[Connection], T]) -> T:
        """Read.

        Raises:
            StoreUnavailable: it could not be read.
        """
        ...

    async def change(self, work: Callable[[Connection], T]) -> T:
        """Change the index, in a transaction.

        Raises:
            StoreUnavailable: it could not be written.
        """
        ...


class Archive:
    """Reads, beside the writer."""

    def __init__(
        self, index: Index, pictures: Pictures, turns: Turns | None = None, holder: str = ""
    ) -> None:
        """`turns` are those of all who read, `holder` is who does."""
        self._index = index
        self._pictures = pictures
        self._turns = turns or Turns()
        self._holder = holder
        self._looked = float("-inf")
        """When a part was last looked for (monotonic)."""

    def of(self, holder: str) -> "Archive":
        """The same for one who reads: holders read in turn, one step each."""
        return Archive(self._index, self._pictures, self._turns, holder)

    async def _run(self, work: Callable[[Connection], T]) -> T:
        async with self._turns.of(self._holder):
            return await self._index.run(work)

    async def follow(self, clock: Callable[[], float], leads: Callable[[], bool]) -> None:
        """Keep the index up to date, as the store's `keep_index`."""
        told = ""
        while True:
            more = False
            try:
                more, told = leads() and await self.step(clock()), ""
            except StoreUnavailable as error:
                if str(error) != told:
                    logger.warning(f"历史记录的索引暂时没能更新：{error}")
                told = str(error)
            looking = self._looked + LOOKING - time.monotonic()
            await asyncio.sleep(max(BUSY_PAUSE if more else IDLE_PAUSE, looking))

    async def step(self, now: float) -> bool:
        """Add some reports to the index, those that came long enough before `now` (epoch seconds).
        False: all are in it.

        Raises:
            StoreUnavailable: it could not be written.
        """
        return await self._index.change(partial(index.step, settled=first_id(now - SETTLED)))

    async def part(self, sight: Sight, wanted: Wanted, count: int) -> Part:
        """Some of the reports that are looked for, the newest first.

        They may be fewer than `count` although there are more: looking is bounded.

        Raises:
            StoreUnavailable: they could not be read.
        """

        def read(conn: Connection) -> Part:
            ids, rest = Search(conn, sight, wanted).find(count)
            return Part(shown(conn, ids, sight), rest, index.progress(conn))

        self._looked = time.monotonic()
        return await self._run(read)

    async def one(self, sight: Sight, report_id: str) -> Shown | None:
        """A report, as far as it may be seen; None: there is none to be seen.

        Raises:
            StoreUnavailable: it could not be read.
        """
        found = await self.some(sight, [report_id])
        return found[0] if found else None

    async def some(self, sight: Sight, ids: Sequence[str]) -> Sequence[Shown]:
        """Those of some reports that may be seen.

        Raises:
            StoreUnavailable: they could not be read.
        """
        return await self._run(lambda conn: shown(conn, ids, sight))

    async def since(self, sight: Sight, after: str, but: Iterable[str], most: int) -> Part:
        """The newest reports after an id, without some that are known; at most so many.

        Raises:
            StoreUnavailable: they could not be read.
        """
        known = frozenset(but)

        def read(conn: Connection) -> Part:
            query = select(report.c.id).where(report.c.id > after).order_by(report.c.id.desc())
            new = [one for one in conn.scalars(query.limit(MOST_NEW)) if one not in known]
            visible = Search(conn, sight, Wanted()).visible(new)
            ids = [one for one in new if one in visible]
            return Part(shown(conn, ids[:most], sight), ids[most] if len(ids) > most else "")

        return await self._run(read)

    async def picture(self, digest: str) -> Image | None:
        """A picture by its hash, or None if it is no longer stored.

        Raises:
            StoreUnavailable: it could not be read.
        """
        images = await self._run(lambda conn: read_images(conn, [digest]))
        return (await self._pictures.load(images)).get(digest)

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
                found = conn.scalar(select(report.c.text).where(report.c.id == report_id))
                return found or ""
            row = sent_to(conn, report_id, target)
            return row.text if row is not None else ""

        return await self._run(read)

    async def known(self) -> Known:
        """What there is to choose from.

        Raises:
            StoreUnavailable: it could not be read.
        """

        def read(conn: Connection) -> Known:
            names = conn.scalars(select(lane.c.target).distinct().limit(MOST_TARGETS))
            targets = (read_target(one) for one in names)
            events, results, sources = (
                index.known(conn, field) for field in ("event", "result", "source")
            )
            return Known(events, results, sources, tuple(one for one in targets if one is not None))

        return await self._run(read)

    async def progress(self) -> float:
        """Which part of the history can be searched, from 0 to 1.

        Raises:
            StoreUnavailable: it could not be read.
        """
        return await self._run(index.progress)

    async def days(self, sight: Sight, since: str) -> list[DayCount]:
        """How many reports came on each day since one, by result.

        Raises:
            StoreUnavailable: they could not be read.
        """
        daily = index.daily
        query = (
            select(daily.c.day, daily.c.result, func.sum(daily.c.count).label("count"))
            .where(daily.c.day >= since, daily.c.count > 0)
            .group_by(daily.c.day, daily.c.result)
        )
        if sight.source is not None:
            query = query.where(daily.c.source == sight.source)
        return await self._run(lambda conn: [DayCount(*row) for row in conn.execute(query)])

    async def runs(self, sight: Sight) -> list[Run]:
        """The last runs of each kind of task, as their start and end events tell.

        Raises:
            StoreUnavailable: they could not be read.
        """
        return await self._run(lambda conn: _runs(conn, sight))

    async def forget(self, one: ReportState, now: float) -> None:
        """Take a report out of the index, before it is deleted, and note that for those who look;
        `now` in epoch seconds.

        Raises:
            StoreUnavailable: it could not be written.
        """

        def write(conn: Connection) -> None:
            index.forget(conn, one.id)
            index.note_gone(conn, one, now)

        await self._index.change(write)

    async def gone(self, sight: Sight, since: float) -> list[str]:
        """The ids of those that were deleted since a moment (epoch seconds, a day ago at the most),
        of those that could be seen.

        Raises:
            StoreUnavailable: they could not be read.
        """
        return await self._run(partial(index.gone_since, since=since, sight=sight))


def _runs(conn: Connection, sight: Sight) -> list[Run]:
    runs: list[Run] = []
    ends = [one for one in index.known(conn, "event") if one.endswith(_END)][:MOST_TASKS]
    for event in ends:
        query = (
            select(report.c.id, report.c.received_at, report.c.source)
            .where(report.c.event == event)
            .order_by(report.c.id.desc())
            .limit(RUNS)
        )
        sources = index.known(conn, "source")[:MOST_SOURCES]
        sources = sources if sight.source is None else (sight.source,)
        found = [row for of in sources for row in conn.execute(query.where(report.c.source == of))]
        for row in sorted(found, key=lambda row: row.id)[-RUNS:]:
            seconds = _seconds(conn, event, row)
            if seconds is not None:
                runs.append(Run(event.removesuffix(_END), row.received_at, seconds))
    return runs


def _seconds(conn: Connection, event: str, end: tuple[str, float, str]) -> float | None:
    """How long what ended had run, if it began after the end before."""
    ended_before = _last(conn, event, end)
    began = _last(conn, event.removesuffix(_END) + _START, end)
    seconds = end[1] - began
    return seconds if began > ended_before and 0 <= seconds <= LONGEST_RUN else None


def _last(conn: Connection, event: str, end: tuple[str, float, str]) -> float:
    """When an event came last before an end, from the same source."""
    query = select(report.c.received_at).where(
        report.c.event == event, report.c.source == end[2], report.c.id < end[0]
    )
    return conn.scalar(query.order_by(report.c.id.desc()).limit(1)) or 0.0
