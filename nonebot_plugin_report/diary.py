"""What events mean for those that come later: how long a task took, and what did not come."""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from .errors import StoreUnavailable
from .report import Report
from .store import Store
from .store.ids import first_id
from .watch import News, Watch, Watched, arrived, passed

LONGEST: Final = 86400.0
"""Seconds between the start and the end of a task, at most."""
REMEMBERED: Final = 1000
"""Starts kept in memory; older ones are looked up in the store."""
_START: Final = ".start"
_END: Final = ".end"


class Diary:
    """Remembers starts and what is waited for, across restarts."""

    def __init__(self, store: Store, watches: Sequence[Watch], clock: Callable[[], float]) -> None:
        """`clock` gives epoch seconds."""
        self._store = store
        self._watches = watches
        self._clock = clock
        self._watched: dict[str, Watched] = {}
        self._unsaved: dict[str, Watched] = {}
        """Of these, what the store does not know yet."""
        self._untold: deque[tuple[Watch, Report]] = deque()
        self._catching_up = asyncio.Lock()
        self._starts: OrderedDict[tuple[str, str], float | None] = OrderedDict()
        """By source and event without its ending; None: ended."""

    async def open(self) -> None:
        """Take up what was waited for before.

        Raises:
            StoreUnavailable: it could not be read.
        """
        self._watched = await self._store.watches.all() | self._unsaved

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

    def note(self, event: str, source: str) -> None:
        """An event was accepted."""
        now = self._clock()
        for ending, start in ((_START, now), (_END, None)):
            if event.endswith(ending):
                key = (source, event.removesuffix(ending))
                self._starts[key] = start
                self._starts.move_to_end(key)
        while len(self._starts) > REMEMBERED:
            self._starts.popitem(last=False)
        self._take(arrived(self._watches, self._watched, event, source, now))

    def look(self) -> None:
        """Look for what did not come."""
        self._take(passed(self._watches, self._watched, self._clock()))

    def move_in_time(self, by: float) -> None:
        """The clock was set, forward by `by` seconds: what began stays as long ago as it was."""
        for key, start in self._starts.items():
            self._starts[key] = start and start + by

    @property
    def has_news(self) -> bool:
        """Whether `catch_up` has something to do."""
        return bool(self._unsaved or self._untold)

    async def catch_up(self, tell: Callable[[Watch, Report], Awaitable[None]]) -> None:
        """Tell what is to be told, then write down where the watches stand.

        In this order: what is told again after a crash between the two is known by its key.

        Raises:
            StoreUnavailable: it could not be written down. What was not done is done next time.
        """
        async with self._catching_up:
            while self._untold:
                await tell(*self._untold[0])
                self._untold.popleft()
            changed, self._unsaved = self._unsaved, {}
            try:
                await self._store.watches.set(changed)
            except StoreUnavailable:
                self._unsaved = changed | self._unsaved
                raise

    def _take(self, news: News) -> None:
        self._watched.update(news.changed)
        self._unsaved.update(news.changed)
        self._untold.extend(news.reports)

    async def _stored_start(self, stem: str, source: str) -> float | None:
        """The start that is not in memory: before the last restart, perhaps."""
        since = first_id(self._clock() - LONGEST)

        look = self._store.history.last_received
        start = await look(f"{stem}{_START}", source, since)
        end = await look(f"{stem}{_END}", source, since)
        return start if start is not None and (end is None or end < start) else None
