"""The outbox: what it accepted is on disk, and goes out in order, at least once.

`accept` returns when the report is committed. Everything else happens by itself: sending, trying
again, parking while a bot is away, giving up what is too old, forgetting what is past retention.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from loguru import logger
from sqlalchemy import Connection

from ..delivery import (
    Backlog,
    Delivery,
    Lane,
    Message,
    Receipt,
    ReportState,
    Sender,
    Target,
)
from ..errors import StoreUnavailable
from ..report import Report
from . import store
from .database import Database
from .dispatch import Dispatcher
from .ids import IdMaker, first_id

SWEEP_EVERY: Final = 60.0
"""Seconds between looks for lanes in which something waits that nobody was told of."""
EXPIRE_EVERY: Final = 30.0
"""Seconds between looks for what is too old to be delivered."""
PRUNE_EVERY: Final = 3600.0
"""Seconds between looks for what is past retention."""
PRUNE_BATCH: Final = 200
"""Rows forgotten in one transaction, so that no push waits for long behind it."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How long things are kept, in seconds."""

    expire: float
    retention: float
    image_retention: float


class Outbox:
    """A store of reports and the tasks that deliver them."""

    def __init__(
        self,
        path: Path,
        sender: Sender,
        limits: Limits,
        *,
        clock: Callable[[], float] = time.time,
        dice: Callable[[], float] = random.random,
    ) -> None:
        """`path` is the SQLite file; `clock` gives epoch seconds, `dice` numbers in [0, 1)."""
        self._database = Database(path)
        self._limits = limits
        self._clock = clock
        self._ids = IdMaker(clock)
        self._lanes: set[Lane] = set()
        self.dispatcher: Final = Dispatcher(
            self._database, sender, owner=self._ids.next(), clock=clock, dice=dice
        )

    async def open(self) -> None:
        """Open the store and take up what a former process left in it.

        Raises:
            StoreUnavailable: another process has it, or it cannot be used.
        """
        await self._database.open()
        await self._database.run(store.recover)
        self._ids.continue_after(await self._database.run(store.newest_id))

    async def run(self) -> None:
        """Deliver until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.dispatcher.run())
            tasks.create_task(self._repeat(self.dispatcher.sweep, SWEEP_EVERY))
            tasks.create_task(self._repeat(self.expire, EXPIRE_EVERY))
            tasks.create_task(self._repeat(self.prune, PRUNE_EVERY))

    async def close(self) -> None:
        """Let go of the store. `run` must have ended."""
        try:
            await self.dispatcher.release()
        except StoreUnavailable as error:
            logger.warning(f"关闭时没能写入数据库：{error}")
        await self._database.close()

    async def accept(
        self, report: Report, message: Message, targets: tuple[Target, ...]
    ) -> Receipt:
        """Store a report with one delivery for each target; committed when this returns.

        Raises:
            StoreUnavailable: nothing was stored.
        """
        now = self._clock()
        report_id = self._ids.next()
        lanes = [Lane.of(target, report.send_from) for target in targets]
        deliveries = tuple(
            Delivery(self._ids.next(), report_id, lane, message, attempts=0) for lane in lanes
        )
        entry = store.Entry(report_id, report, deliveries, now, now + self._limits.expire)
        new = [lane for lane in lanes if lane not in self._lanes]

        def write(conn: Connection) -> Receipt:
            for lane in new:
                store.add_lane(conn, lane)
            return store.accept(conn, entry)

        receipt = await self._database.run(write)
        self._lanes.update(new)
        if receipt.status == "accepted":
            self.dispatcher.accepted(deliveries, entry.expires_at)
        return receipt

    async def state(self, report_id: str) -> ReportState | None:
        """A report by its id or the sender's own, or None.

        Raises:
            StoreUnavailable: the store could not be read.
        """
        return await self._database.run(lambda conn: store.report_state(conn, report_id))

    async def check(self) -> Backlog:
        """Write something, and tell what waits.

        Raises:
            StoreUnavailable: it could not be written.
        """
        now = self._clock()

        def look(conn: Connection) -> Backlog:
            store.probe(conn, now)
            return store.backlog(conn)

        return await self._database.run(look)

    async def expire(self) -> None:
        """Give up what is older than the limit, in lanes that nothing goes out in.

        Raises:
            StoreUnavailable: it could not be written.
        """
        now = self._clock()
        while given_up := await self._database.run(
            lambda conn: store.expire(conn, now, PRUNE_BATCH)
        ):
            logger.error(f"{given_up} 条推送超过 REPORT_EXPIRE 仍未送达，已放弃；原因见各条的状态")

    async def prune(self) -> None:
        """Forget what is past retention, a little at a time.

        Raises:
            StoreUnavailable: it could not be written.
        """
        oldest = first_id(self._clock() - self._limits.retention)
        while await self._database.run(lambda conn: store.prune_reports(conn, oldest, PRUNE_BATCH)):
            pass
        before = self._clock() - self._limits.image_retention
        while await self._database.run(lambda conn: store.prune_images(conn, before, PRUNE_BATCH)):
            pass

    async def _repeat(self, job: Callable[[], Awaitable[None]], every: float) -> None:
        """Run a job now and then. The store's faults do not end it."""
        while True:
            try:
                await job()
            except StoreUnavailable as error:
                logger.warning(f"数据库暂时不可用：{error}")
            await asyncio.sleep(every)
