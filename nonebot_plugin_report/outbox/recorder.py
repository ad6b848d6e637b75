"""Stores the outcomes of one lane, the last one behind the messages: the next does not wait for it.

So the end of this process leaves two messages of a lane at the most in question: the last, and the
one that was being sent.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from loguru import logger

from ..errors import StoreUnavailable

STORE_RETRY: Final = 2.0
"""Seconds between attempts to record an outcome while the store fails."""

Write = Callable[[], "asyncio.Future[None]"]


@dataclass(frozen=True, slots=True)
class _Recording:
    """An outcome on its way to the store."""

    report_id: str
    write: Write
    written: "asyncio.Future[None]"
    """The result of `write`."""


class Recorder:
    """The outcomes of one lane."""

    def __init__(self, hurry: Callable[[], None], failed: Callable[[], object]) -> None:
        """`hurry` stores now what would be stored soon; `failed` is called when the last outcome
        could not be stored, so that `settle` is."""
        self._hurry = hurry
        self._failed = failed
        self._last: _Recording | None = None

    @property
    def idle(self) -> bool:
        """Forgetting it would lose nothing."""
        return self._last is None or _went_well(self._last.written)

    @property
    def in_trouble(self) -> bool:
        """The last outcome could not be stored."""
        last = self._last
        return last is not None and last.written.done() and not _went_well(last.written)

    async def soon(self, report_id: str, write: Write) -> None:
        """Begin to store an outcome, when the one before it is stored.

        Raises:
            LeaseLost: another process has taken the lane over.
        """
        before, written = self._last, write()
        self._last = _Recording(report_id, write, written)
        written.add_done_callback(lambda one: _went_well(one) or self._failed())
        if before is not None:
            await self._stored(before)

    async def settle(self) -> None:
        """Wait until the last outcome is stored: what is read or released next relies on it.

        Raises:
            LeaseLost: another process has taken the lane over.
        """
        last, self._last = self._last, None
        if last is not None:
            await self._stored(last)

    async def _stored(self, recording: _Recording) -> None:
        if not recording.written.done():
            self._hurry()
        elif _went_well(recording.written):
            return
        await until_stored(recording.report_id, recording.write, recording.written)


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


def _went_well(written: "asyncio.Future[None]") -> bool:
    """Whether an outcome is stored; False also while it is not known yet."""
    return written.done() and not written.cancelled() and written.exception() is None
