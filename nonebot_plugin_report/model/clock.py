"""Time that passes evenly: a wall clock that is set does not lengthen or end what waits."""

import asyncio
import time
from collections.abc import Callable
from functools import partial
from typing import Final

JUMP: Final = 5.0
"""Seconds by which a wall clock is off that was set; less is its drift, and followed in silence."""


_BOOT: Final[int | None] = getattr(time, "CLOCK_BOOTTIME", None)
_passed: Final[Callable[[], float]] = (
    time.monotonic if _BOOT is None else partial(time.clock_gettime, _BOOT)
)
"""Seconds since some moment, those of a computer's sleep among them where the system tells: Linux's
CLOCK_MONOTONIC leaves them out (clock_gettime(2))."""


class Clock:
    """Epoch seconds: the wall clock's reading, carried on by the time that passes.

    A PC whose hardware clock holds Chinese time is eight hours off until it asks a time server.
    """

    def __init__(
        self, wall: Callable[[], float] = time.time, passed: Callable[[], float] = _passed
    ) -> None:
        """`wall` gives epoch seconds and may be set; `passed` gives seconds and cannot."""
        self._wall = wall
        self.passed: Final = passed
        """Seconds that pass evenly."""
        self.since = self._read = wall()
        """The reading with which this account of the time began: at the start, or when the wall
        clock was last seen to have been set."""
        self._read_at = passed()

    def __call__(self) -> float:
        """Epoch seconds."""
        return self._read + self.passed() - self._read_at

    def follow(self, reading: float, since: float, until: float) -> None:
        """Go by another clock, which said `reading` (epoch seconds) at some time between two
        moments of `passed`. Where this one may have said the same it is left as it is: so it stays
        as near as the quickest answer told, however slow the others are."""
        lowest, highest = reading - until, reading - since
        if not lowest <= self._read - self._read_at <= highest:
            self._read, self._read_at = reading, (since + until) / 2

    def jump(self) -> float:
        """Go by the wall clock again; by how many seconds it was set, or 0."""
        before = self()
        self._read, self._read_at = self._wall(), self.passed()
        by = self._read - before
        if abs(by) < JUMP:
            return 0.0
        self.since = self._read
        return by


async def wait_for(event: asyncio.Event, seconds: float) -> None:
    """Wait until something happens, and no longer than so many seconds."""
    try:
        async with asyncio.timeout(max(0.0, seconds)):
            await event.wait()
    except TimeoutError:
        pass
