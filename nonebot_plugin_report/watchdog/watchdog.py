"""Reports events that did not come. It learns of accepted ones from the store, after the answer."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from loguru import logger

from ..errors import StoreUnavailable
from ..model.clock import wait_for
from ..model.grant import OWN
from ..model.report import Report
from ..model.watch import Arrival, Standing, WatchState
from ..store import Store
from .watches import Changes, Watch, arrived, passed, standings

LOOK_EVERY: Final = 10.0
"""Seconds between checks for overdue events."""
SAVE_EVERY: Final = 60.0
"""Seconds between saving how far the watchdog has read, if nothing else is to be saved."""


class Watchdog:
    """Keeps the watches' states across restarts; what a kill made it miss, the store has."""

    def __init__(
        self,
        store: Store,
        watches: Sequence[Watch],
        clock: Callable[[], float],
        tell: Callable[[Watch, Report], Awaitable[None]],
    ) -> None:
        """`clock` gives epoch seconds; `tell` sends a watch's report, once for each of its keys."""
        self._store = store
        self._watches = watches
        self._clock = clock
        self._tell = tell
        self._states: dict[str, WatchState] = {}
        self._unsaved: dict[str, WatchState] = {}
        """Those states that are not stored yet."""
        self._untold: deque[tuple[Watch, Report]] = deque()
        self._arrivals: deque[Arrival] = deque()
        self._woken = asyncio.Event()
        self._read = ""
        """The id of the last report that was read."""
        self._saved_at = 0.0

    async def open(self) -> None:
        """Load the states, and read the reports that came since.

        Raises:
            StoreUnavailable: it could not be read.
        """
        if not self._watches:
            return
        self._arrivals.clear()
        self._states = await self._store.watches.all() | self._unsaved
        self._read = self._read or await self._store.watches.read_until()
        while batch := await self._store.history.arrivals(self._read, but_from=OWN):
            for arrival in batch:
                self._look_at(arrival)

    def accepted(self, report_id: str, event: str, source: str) -> None:
        """A report was just stored."""
        if self._watches:
            self._arrivals.append(Arrival(report_id, event, source, self._clock()))
            self._woken.set()

    async def run(self) -> None:
        """Follow what arrives and what does not, until cancelled."""
        while True:
            await self.catch_up()
            self._woken.clear()
            if not self._arrivals:
                await wait_for(self._woken, LOOK_EVERY)

    async def catch_up(self) -> None:
        """Process what arrived and what is overdue: send the reports, then save the states.

        In this order: what is told again after a crash between the two is known by its key. What
        the store does not take is done the next time.
        """
        while self._arrivals:
            self._look_at(self._arrivals.popleft())
        self._take(passed(self._watches, self._states, self._clock()))
        try:
            while self._untold:
                await self._tell(*self._untold[0])
                self._untold.popleft()
            await self._save()
        except StoreUnavailable as error:
            logger.warning(f"看门狗的记录暂时没能存下，稍后再存：{error}")

    def standings(self) -> tuple[Standing, ...]:
        """What each watch looks out for, and what it waits for now."""
        return standings(self._watches, self._states)

    async def shift(self) -> None:
        """The clock was set: load the states again, which the store has moved already.

        Raises:
            StoreUnavailable: it could not be read.
        """
        if self._watches:
            self._states = await self._store.watches.all() | self._unsaved

    def _look_at(self, arrival: Arrival) -> None:
        self._read = max(self._read, arrival.id)
        changes = arrived(self._watches, self._states, arrival.event, arrival.source, arrival.at)
        self._take(changes)

    async def _save(self) -> None:
        now = self._clock()
        if not self._unsaved and not (self._read and now - self._saved_at >= SAVE_EVERY):
            return
        changed, self._unsaved = self._unsaved, {}
        try:
            await self._store.watches.save(changed, self._read)
        except StoreUnavailable:
            self._unsaved = changed | self._unsaved
            raise
        self._saved_at = now

    def _take(self, changes: Changes) -> None:
        self._states.update(changes.changed)
        self._unsaved.update(changes.changed)
        self._untold.extend(changes.reports)
