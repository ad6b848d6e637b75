"""Counts the waiting deliveries: with each call while few wait, rarely while many do."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from ..model.status import Backlog

FEW: Final = 1000
"""Waiting deliveries up to which a count is cheap."""
RECOUNT_EVERY: Final = 1.0
"""Seconds between two counts of more than `FEW` deliveries."""


class BacklogCount:
    """Shares a count among simultaneous callers, and a large count for a while."""

    def __init__(self, count: Callable[[], Awaitable[Backlog]], clock: Callable[[], float]) -> None:
        """`count` reads the store; `clock` gives monotonic seconds."""
        self._count = count
        self._clock = clock
        self._turn = asyncio.Lock()
        self._last: Backlog | None = None
        self._counted_at = float("-inf")
        """Start of the last count."""

    async def read(self) -> Backlog:
        """Return the backlog, which may be a second old if it is large.

        Raises:
            StoreUnavailable: the backlog could not be read.
        """
        asked_at = self._clock()
        async with self._turn:
            if self._last is not None and self._is_fresh(self._last, asked_at):
                return self._last
            begun = self._clock()
            self._last = None
            self._last, self._counted_at = await self._count(), begun
            return self._last

    def _is_fresh(self, last: Backlog, asked_at: float) -> bool:
        """Return whether a count began after the call, or is large and of the last second."""
        if self._counted_at > asked_at:
            return True
        return last.waiting > FEW and self._clock() - self._counted_at < RECOUNT_EVERY
