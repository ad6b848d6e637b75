"""Keeps all waits right when the computer's clock is set, or by the clock of a shared store."""

import asyncio
from dataclasses import dataclass
from typing import Final

from loguru import logger

from ..access.sessions import Sessions
from ..access.tokens import Tokens
from ..errors import StoreUnavailable
from ..model.clock import Clock
from ..outbox import Outbox
from ..outbox.mutes import Mutes
from ..store import Store
from ..watchdog.durations import Durations
from ..watchdog.watchdog import Watchdog

EVERY: Final = 1.0
"""Seconds between looks at the clock, and at the changes of other processes."""


@dataclass(frozen=True, slots=True)
class Timekeeper:
    """Updates the parts that depend on the clock or on other processes."""

    clock: Clock
    """The computer's clock."""
    store: Store
    outbox: Outbox
    mutes: Mutes
    tokens: Tokens
    sessions: Sessions
    durations: Durations
    watchdog: Watchdog

    async def run(self) -> None:
        """Look regularly, until cancelled."""
        look = self.read_shared if self.store.shared else self._follow
        while True:
            await asyncio.sleep(EVERY)
            try:
                await look()
            except StoreUnavailable as error:
                logger.debug(f"数据库暂时不可用：{error}")

    async def read_shared(self) -> None:
        """Read the changes of other processes, and the database's clock.

        Raises:
            StoreUnavailable: the store could not be read.
        """
        muted = self.mutes.all()
        read, *_ = await asyncio.gather(
            self.store.time(self.clock.passed),
            self.mutes.open(),
            self.tokens.open(),
            self.sessions.open(),
        )
        self.clock.follow(*read)
        if self.mutes.all() != muted:
            await self.outbox.sweep()

    async def _follow(self) -> None:
        """Move all waits along when the computer's clock is set."""
        since = self.clock.since
        if not (by := self.clock.jump()):
            return
        logger.warning(f"电脑的时钟变了 {by:+.0f} 秒，等待中的推送不受影响")
        self.tokens.shift(by)
        self.durations.shift(by)
        try:
            await self.watchdog.save()
            await self.outbox.shift(since, by)
            await self.mutes.open()
            await self.watchdog.shift()
        except StoreUnavailable as error:
            logger.warning(f"时钟变了，但数据库暂时不可用：{error}")
