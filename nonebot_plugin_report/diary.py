"""What events mean for those that come later: how long a task took, and what did not come."""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Final

from .outbox import Outbox, store
from .outbox.ids import first_id
from .report import Report
from .watch import News, Watch, Watched, arrived, passed

LONGEST: Final = 86400.0
"""Seconds between the start and the end of a task, at most."""
REMEMBERED: Final = 1000
"""Starts kept in memory; older ones are looked up in the store."""
_START: Final = ".start"
_END: Final = ".end"


class Diary:
    """Remembers starts and what is waited for, across restarts."""

    def __init__(
        self, outbox: Outbox, watches: Sequence[Watch], clock: Callable[[], float]
    ) -> None:
        """`clock` gives epoch seconds."""
        self._outbox = outbox
        self._watches = watches
        self._clock = clock
        self._watched: dict[str, Watched] = {}
        self._starts: OrderedDict[tuple[str, str], float | None] = OrderedDict()
        """By source and event without its ending; None: ended."""

    async def open(self) -> None:
        """Take up what was waited for before.

        Raises:
            StoreUnavailable: it could not be read.
        """
        self._watched = await self._outbox.run_statement(store.watches)

    async def elapsed(self, event: str, source: str) -> float | None:
        """Of an end event: the seconds since its start event came from the same source.

        Raises:
            StoreUnavailable: the start could not be looked up.
        """
        if not event.endswith(_END):
            return None
        now, stem = self._clock(), event.removesuffix(_END)
        key = (source, stem)
        if key not in self._starts:
            self._starts[key] = await self._stored_start(stem, source)
        start = self._starts[key]
        return now - start if start is not None and 0 <= now - start <= LONGEST else None

    async def note(self, event: str, source: str) -> tuple[tuple[Watch, Report], ...]:
        """An event was accepted; returns what is to be told of it.

        Raises:
            StoreUnavailable: it could not be written down.
        """
        now = self._clock()
        for ending, start in ((_START, now), (_END, None)):
            if event.endswith(ending):
                key = (source, event.removesuffix(ending))
                self._starts[key] = start
                self._starts.move_to_end(key)
        while len(self._starts) > REMEMBERED:
            self._starts.popitem(last=False)
        if not self._watches:
            return ()
        return await self._take(arrived(self._watches, self._watched, event, source, now))

    async def look(self) -> tuple[tuple[Watch, Report], ...]:
        """Look for what did not come; returns what is to be told.

        Raises:
            StoreUnavailable: it could not be written down.
        """
        if not self._watches:
            return ()
        return await self._take(passed(self._watches, self._watched, self._clock()))

    async def _take(self, news: News) -> tuple[tuple[Watch, Report], ...]:
        if news.changed:
            changed = news.changed
            await self._outbox.run_statement(lambda conn: store.set_watches(conn, changed))
            self._watched.update(changed)
        return news.reports

    async def _stored_start(self, stem: str, source: str) -> float | None:
        """The start that is not in memory: before the last restart, perhaps."""
        since = first_id(self._clock() - LONGEST)

        def look(conn: store.Connection) -> float | None:
            start = store.last_received(conn, f"{stem}{_START}", source, since)
            end = store.last_received(conn, f"{stem}{_END}", source, since)
            return start if start is not None and (end is None or end < start) else None

        return await self._outbox.run_statement(look)
