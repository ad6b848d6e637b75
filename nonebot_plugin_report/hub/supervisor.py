"""Keeps the plugin's work running: restarts it after a fault, until it is stopped."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from enum import Enum, auto
from typing import Final

from loguru import logger

from ..errors import StoreInUse, StoreUnavailable

REOPEN_EVERY: Final = 5.0
"""Seconds between attempts to open a store that cannot be used."""


class Phase(Enum):
    """The phase of the work."""

    STARTING = auto()
    """Not attempted yet."""
    RUNNING = auto()
    """Reports are stored and delivered."""
    CLOSING = auto()
    """Being closed, to stop or to restart."""
    FAILED = auto()
    """Failed, and to be retried."""


class Supervisor:
    """Owns the task in which all of the plugin's work runs."""

    def __init__(
        self,
        opened: Callable[[], AbstractAsyncContextManager[None]],
        run: Callable[[], Awaitable[None]],
    ) -> None:
        """`opened` opens the resources of the work; `run` works until cancelled or failed."""
        self._opened = opened
        self._run = run
        self._phase = Phase.STARTING
        self._failure = StoreUnavailable()
        """The last failure."""
        self._attempted = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @property
    def fault(self) -> str:
        """The reason why nothing can be stored (Chinese); empty: reports can be stored."""
        return str(self.failure or "")

    @property
    def failure(self) -> StoreUnavailable | None:
        """The failure that keeps reports from being stored, or None."""
        match self._phase:
            case Phase.STARTING:
                return StoreUnavailable("插件还没有启动")
            case Phase.RUNNING:
                return None
            case Phase.CLOSING:
                return StoreUnavailable("插件正在停止")
            case Phase.FAILED:
                return self._failure

    @property
    def in_use(self) -> bool:
        """Whether nothing can be stored because another process has the store."""
        return isinstance(self.failure, StoreInUse)

    async def start(self) -> None:
        """Start the work. Returns after the first attempt, successful or not."""
        # NoneBot runs start-up and shutdown hooks in different tasks, which no TaskGroup can span:
        # this one task is ours to end, and all others live in groups below it.
        self._task = asyncio.get_running_loop().create_task(self._supervise(), name="report outbox")
        await self._attempted.wait()

    async def stop(self) -> None:
        """Stop the work, and wait until everything is closed."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _supervise(self) -> None:
        """Run as the root of all tasks. A fault here must not take the bot down."""
        while True:
            pause = 0.0
            try:
                await self._work()
            except* StoreUnavailable as group:
                error = _cause(group)
                # Work that ran until now is reopened at once.
                pause = 0.0 if self._phase is Phase.CLOSING else REOPEN_EVERY
                if error.detail != self._failure.detail:
                    logger.error(f"收不下推送，会继续尝试：{error.detail}")
                self._fail(error)
            except* Exception:  # noqa: BLE001 - the root of our tasks: logged, and begun anew
                logger.exception("推送插件内部出错，稍后重新开始")
                self._fail(StoreUnavailable("插件内部出错，正在重新开始"))
                pause = REOPEN_EVERY
            self._attempted.set()
            await asyncio.sleep(pause)

    async def _work(self) -> None:
        async with self._opened():
            self._phase, self._failure = Phase.RUNNING, StoreUnavailable()
            self._attempted.set()
            try:
                await self._run()
            finally:
                self._phase = Phase.CLOSING

    def _fail(self, failure: StoreUnavailable) -> None:
        self._phase, self._failure = Phase.FAILED, failure


def _cause(group: BaseExceptionGroup[StoreUnavailable]) -> StoreUnavailable:
    """Return the first error of a group."""
    first = group.exceptions[0]
    return _cause(first) if isinstance(first, BaseExceptionGroup) else first
