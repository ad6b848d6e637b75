"""Counts what waits, for whoever asks: each time while little waits, rarely while much does."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from ..model.status import Backlog

FEW: Final = 1000
"""Waiting deliveries that are counted in no time."""
RECOUNT_EVERY: Final = 1.0
"""Seconds between two counts of more than those."""


class BacklogCount:
    """Shares a count among those who ask at the same time, and one of many for a while."""

    def __init__(self, count: Callable[[], Awaitable[Backlog]], clock: Callable[[], float]) -> None:
        """`count` looks into the store; `clock` gives monotonic seconds."""
        self._count = count
        self._clock = clock
        self._turn = asyncio.Lock()
        self._last: Backlog | None = None
        self._counted_at = float("-inf")
        """When the last count began."""

    async def read(self) -> Backlog:
        """Return what waits, or what waited a second ago if that is much.

        Raises:
            StoreUnavailable: it could not be read.
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
        """Whether a count began after the question, or is one of many and of the last second."""
        if self._counted_at > asked_at:
            return True
        return last.waiting > FEW and self._clock() - self._counted_at < RECOUNT_EVERY
