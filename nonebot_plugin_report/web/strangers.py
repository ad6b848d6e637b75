"""Places for long bodies of strangers: one for each address, and few altogether.

The token of a push may stand in its body behind a screenshot. Until it is found, all that arrives
is a stranger's, and goes to a file.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final
from weakref import WeakValueDictionary

from ..errors import Busy

PLACES: Final = 4
"""Bodies that are read on at once."""
MAX_WAITING: Final = 8
"""Bodies of one address that are read on or wait for it. The web server has read a part of each."""
WAIT_SECONDS: Final = 20.0
"""Seconds for which they wait. BetterGI gives up after 30."""
SEARCH_SECONDS: Final = 30.0
"""Seconds in which all of one must arrive."""


class Strangers:
    """Those places."""

    def __init__(self) -> None:
        self._altogether = asyncio.Semaphore(PLACES)
        self._turns = WeakValueDictionary[str, asyncio.Lock]()
        """By address; of those that nobody holds or waits for, none is kept."""
        self._asking = Counter[str]()

    @asynccontextmanager
    async def place(self, address: str) -> AsyncGenerator[None]:
        """Wait for a place for an address, and hold it.

        Raises:
            Busy: too many wait, or for too long.
        """
        if self._asking[address] >= MAX_WAITING:
            raise Busy
        self._asking[address] += 1
        turn = self._turns.setdefault(address, asyncio.Lock())
        try:
            async with AsyncExitStack() as held:
                try:
                    async with asyncio.timeout(WAIT_SECONDS):
                        await held.enter_async_context(turn)
                        await held.enter_async_context(self._altogether)
                except TimeoutError:
                    raise Busy from None
                yield
        finally:
            self._asking[address] -= 1
            self._asking += Counter()  # forgets addresses that ask for nothing
