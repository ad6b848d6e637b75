"""Work on the event loop: a little in each of its turns, so that others run in between.

What waits goes by holder (token) in rotation: nobody's backlog lets another wait.
"""

import asyncio
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Final, TypeVar

T = TypeVar("T")

LOOP_SECONDS: Final = 0.002
"""Seconds of work in one turn of the event loop; work beyond that waits for the next."""
_SHORTEST: Final = 1e-9
"""Seconds that any job counts for."""


class LoopTurns:
    """Runs short jobs of many holders."""

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        """`clock` gives seconds."""
        self._clock = clock
        self._spent = 0.0
        """Seconds of work in this turn of the loop."""
        self._waiting: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()
        """By holder; the one whose turn comes next is the first."""

    async def run(self, holder: str, job: Callable[[], T]) -> T:
        """Run a job as soon as there is time for it."""
        if self._spent >= LOOP_SECONDS or self._waiting:
            await self._wait(holder)
        begun = self._clock()
        if not self._spent:
            asyncio.get_running_loop().call_soon(self._begin_turn)
        try:
            return job()
        finally:
            self._spent += max(self._clock() - begun, _SHORTEST)

    async def _wait(self, holder: str) -> None:
        turn = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(holder, deque()).append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if not turn.cancelled():  # its turn came at the same moment
                self._wake_next()
            raise

    def _begin_turn(self) -> None:
        self._spent = 0.0
        self._wake_next()

    def _wake_next(self) -> None:
        while self._waiting:
            holder, turns = self._waiting.popitem(last=False)
            turn = turns.popleft()
            if turns:
                self._waiting[holder] = turns  # behind all others
            if not turn.done():
                turn.set_result(None)
                return
