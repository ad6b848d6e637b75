"""Whose turn it is where one works at a time: those who ask come in rotation."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Final

from ..errors import Busy

MAX_WAITING: Final = 64
"""Requests of one holder that wait for a turn; a browser makes six at once."""


class Turns:
    """Lets one at a time work. The holders come in rotation, so that each waits for at most one
    piece of work of every other holder, however much those ask for."""

    def __init__(self) -> None:
        self._busy = False
        self._queues: dict[str, deque[asyncio.Future[None]]] = {}
        """Requests that wait, by holder; the holder whose turn comes next is the first."""

    @property
    def waiting(self) -> int:
        """How many wait."""
        return sum(map(len, self._queues.values()))

    @asynccontextmanager
    async def of(self, holder: str) -> AsyncGenerator[None]:
        """Wait for a turn of a holder's, and have it.

        Raises:
            Busy: too many of the holder's requests wait.
        """
        await self._wait(holder)
        try:
            yield
        finally:
            self._pass_on()

    async def _wait(self, holder: str) -> None:
        if not self._busy:
            self._busy = True
            return
        queue = self._queues.setdefault(holder, deque())
        if len(queue) >= MAX_WAITING:
            raise Busy("同时要的太多，等前面的显示出来再试")
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        queue.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if not turn.cancelled():  # its turn came at the same moment
                self._pass_on()
            raise

    def _pass_on(self) -> None:
        while self._queues:
            holder = next(iter(self._queues))
            queue = self._queues.pop(holder)
            turn = queue.popleft()
            if queue:
                self._queues[holder] = queue  # behind all others
            if not turn.done():
                turn.set_result(None)
                return
        self._busy = False
