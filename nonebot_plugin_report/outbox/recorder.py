"""Stores the outcomes of one lane behind the messages.

The next message leaves as soon as the last one's outcome would survive the end of this process. So
that leaves one message of a lane at the most in question: the one that was being sent.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from loguru import logger

from ..errors import LeaseLost, StoreUnavailable
from ..store.outcomes import Recorded

STORE_RETRY: Final = 2.0
"""Seconds between attempts to record an outcome while the store fails."""
MOST: Final = 100
"""Outcomes of a lane that may be on their way to the store."""

Write = Callable[[], Recorded]


@dataclass(frozen=True, slots=True)
class _Recording:
    """An outcome on its way to the store."""

    report_id: str
    write: Write
    stored: "asyncio.Future[None]"
    """The result of `write`."""


class Recorder:
    """The outcomes of one lane."""

    def __init__(self, hurry: Callable[[], None], failed: Callable[[], object]) -> None:
        """`hurry` stores now what would be stored soon; `failed` is called when an outcome could
        not be stored, so that `settle` is."""
        self._hurry = hurry
        self._failed = failed
        self._pending: deque[_Recording] = deque()
        self.in_trouble = False
        """An outcome could not be stored, and has to be settled."""

    @property
    def idle(self) -> bool:
        """Forgetting it would lose nothing."""
        return not self._pending

    async def soon(self, report_id: str, write: Write) -> None:
        """Begin to store an outcome; when this returns, it survives the end of this process.

        Raises:
            LeaseLost: another process has taken the lane over.
        """
        recorded = write()
        self._pending.append(_Recording(report_id, write, recorded.stored))
        recorded.stored.add_done_callback(self._ended)
        if not recorded.noted or len(self._pending) > MOST:
            await self.settle()

    async def settle(self) -> None:
        """Wait until all outcomes are stored: what is read or released next relies on it.

        Raises:
            LeaseLost: another process has taken the lane over.
        """
        self.in_trouble = False
        if self._pending:
            self._hurry()
        while self._pending:
            one = self._pending.popleft()
            try:
                await until_stored(one.report_id, lambda one=one: one.write().stored, one.stored)
            except LeaseLost:
                self._pending.clear()  # of the same lease
                raise

    def _ended(self, stored: "asyncio.Future[None]") -> None:
        if stored.cancelled() or stored.exception() is not None:
            self.in_trouble = True
            self._failed()
            return
        while self._pending and _went_well(self._pending[0].stored):
            self._pending.popleft()


async def until_stored(
    report_id: str, write: Callable[[], Awaitable[None]], written: Awaitable[None]
) -> None:
    """Repeat a write until the store works: going on without it would send the message again.

    `written` is the first attempt.

    Raises:
        LeaseLost: another process has taken the lane over.
    """
    complained = False
    while True:
        try:
            return await written
        except StoreUnavailable as error:
            if not complained:
                logger.error(f"{report_id} 的发送结果还没能记下：{error}")
            complained = True
            await asyncio.sleep(STORE_RETRY)
            written = write()


def _went_well(stored: "asyncio.Future[None]") -> bool:
    """Whether an outcome is stored; False also while it is not known yet."""
    return stored.done() and not stored.cancelled() and stored.exception() is None
