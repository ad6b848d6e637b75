"""The outbox: what it accepted is on disk, and goes out in order, at least once.

`accept` returns when the report is committed. Everything else happens by itself: sending, trying
again, parking while a bot is away, giving up what is too old, forgetting what is past retention.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

from loguru import logger
from sqlalchemy import Connection

from ..delivery import (
    Backlog,
    Delivery,
    Lane,
    Message,
    Outgoing,
    Receipt,
    ReportState,
    Sender,
    Target,
)
from ..errors import StoreUnavailable
from ..hold import Held, Policy
from ..report import Report
from . import store
from .database import Database
from .dispatch import EXPIRY_PATIENCE, Dispatcher
from .ids import IdMaker, first_id

T = TypeVar("T")

CLOCK_BACK: Final = 60.0
"""Seconds by which what waits may be ahead of the clock at a start; more: that was set back."""
SWEEP_EVERY: Final = 60.0
"""Seconds between looks for lanes in which something waits that nobody was told of."""
EXPIRE_EVERY: Final = 30.0
"""Seconds between looks for what is too old to be delivered."""
FALL_BACK_EVERY: Final = 10.0
"""Seconds between looks for deliveries whose fallback is due."""
PRUNE_EVERY: Final = 3600.0
"""Seconds between looks for what is past retention."""
LOOK_EVERY: Final = 1.0
"""Seconds between looks whether the database's file is there and whether the clock was set."""
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
        policy: Callable[[Target], Policy] = lambda _: Policy(),
        clock: Callable[[], float],
        dice: Callable[[], float] = random.random,
    ) -> None:
        """`path` is the SQLite file; `policy` says how much a target is to be spared; `clock` gives
        epoch seconds, `dice` numbers in [0, 1)."""
        self._database = Database(path)
        self._limits = limits
        self._clock = clock
        self._ids = IdMaker(clock)
        self._lanes: set[Lane] = set()
        self.dispatcher: Final = Dispatcher(
            self._database, sender, policy=policy, owner=self._ids.next(), clock=clock, dice=dice
        )

    async def open(self) -> None:
        """Open the store and take up what a former process left in it.

        Raises:
            StoreUnavailable: another process has it, or it cannot be used.
        """
        await self._database.open()
        await self._database.run(store.recover)
        self._ids.continue_after(await self._database.run(store.newest_id))
        self._lanes.clear()
        self.dispatcher.begin(patience=min(EXPIRY_PATIENCE, self._limits.expire))
        now = self._clock()
        if (ahead := await self._database.run(store.newest_moment) - now) > CLOCK_BACK:
            await self._database.run(lambda conn: store.move_in_time(conn, now, -ahead))
        for name, count in (await self._database.run(lambda c: store.set_aside(c, now))).items():
            logger.error(f"存储里的接收者 {name[:60]} 无法识别，发给它的 {count} 条推送已放弃")

    async def run(self) -> None:
        """Deliver until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.dispatcher.run())
            tasks.create_task(self._repeat(self.dispatcher.sweep, SWEEP_EVERY))
            tasks.create_task(self._repeat(self.expire, EXPIRE_EVERY))
            tasks.create_task(self._repeat(self.prune, PRUNE_EVERY))
            tasks.create_task(self._repeat(self.fall_back, FALL_BACK_EVERY))
            tasks.create_task(self._look_at_file())

    async def close(self) -> None:
        """Let go of the store. `run` must have ended."""
        try:
            await self.dispatcher.release()
        except StoreUnavailable as error:
            logger.warning(f"关闭时没能写入数据库：{error}")
        await self._database.close()

    async def accept(
        self, report: Report, outgoing: Sequence[Outgoing], *, source: str = "", note: str = ""
    ) -> Receipt:
        """Store a report with one delivery for each target; committed when this returns.

        Args:
            report: what was sent.
            outgoing: whom it goes to, and how. Empty: nobody.
            source: the name of the token that it came with.
            note: why nobody gets it (Chinese).

        Raises:
            StoreUnavailable: nothing was stored.
        """
        now = self._clock()
        report_id = self._ids.next()
        deliveries = tuple(
            (
                Delivery(
                    self._ids.next(),
                    report_id,
                    Lane.of(one.target, report.send_from),
                    one.message,
                    attempts=0,
                ),
                one,
            )
            for one in outgoing
        )
        expires_at = now + self._limits.expire
        entry = store.Entry(report_id, report, deliveries, now, expires_at, source, note)
        new = [one.lane for one, _ in deliveries if one.lane not in self._lanes]

        def write(conn: Connection) -> Receipt:
            for lane in new:
                store.add_lane(conn, lane)
            return store.accept(conn, entry)

        receipt = await self._database.run(write)
        self._lanes.update(new)
        if receipt.status == "accepted":
            self.dispatcher.accepted(
                store.Queued(
                    delivery,
                    loaded=True,
                    expires_at=expires_at,
                    reason="",
                    held=Held(now, one.rank, one.held_until),
                )
                for delivery, one in deliveries
            )
        return receipt

    async def state(self, report_id: str, source: str = "") -> ReportState | None:
        """A report by its id, or by the sender's own id of a report of `source`; or None.

        Raises:
            StoreUnavailable: the store could not be read.
        """
        return await self._database.run(lambda conn: store.report_state(conn, report_id, source))

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
        if not self.dispatcher.may_expire():
            return
        now = self._clock()
        while given_up := await self._database.run(
            lambda conn: store.expire(conn, now, PRUNE_BATCH)
        ):
            logger.error(f"{given_up} 条推送超过 REPORT_EXPIRE 仍未送达，已放弃；原因见各条的状态")

    async def fall_back(self) -> None:
        """Send to other targets what was given up, or has waited too long.

        Raises:
            StoreUnavailable: it could not be written.
        """
        now = self._clock()
        expires_at = now + self._limits.expire

        def divert(conn: Connection) -> list[Lane]:
            lanes: list[Lane] = []
            for one in store.fallen(conn, now, PRUNE_BATCH):
                text = f"{one.text}\n[没能送到 {one.target}，改发到这里]".strip()
                to = [
                    Delivery(
                        self._ids.next(), one.report_id, Lane(target), Message(text), attempts=0
                    )
                    for target in one.fallback
                ]
                store.fall_back(conn, to, one, now, expires_at)
                lanes += [made.lane for made in to]
            return lanes

        self.dispatcher.wake(await self._database.run(divert))

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
        while gone := await self._database.run(lambda conn: store.prune_lanes(conn, PRUNE_BATCH)):
            self._lanes -= {lane for lane in self._lanes if str(lane) in gone}

    async def shift(self, since: float, by: float) -> None:
        """The clock was set, forward by `by` seconds: waits stay as long as they were meant.

        Args:
            since: its reading when it was set or started the last time before this.
            by: seconds; negative: it went back.

        Raises:
            StoreUnavailable: it could not be written.
        """
        await self._database.run(lambda conn: store.move_in_time(conn, since, by))
        await self.dispatcher.shift(by)

    async def run_statement(self, operation: Callable[[Connection], T]) -> T:
        """Run one of `store`'s functions, for what is remembered beside reports.

        Raises:
            StoreUnavailable: it was not done.
        """
        return await self._database.run(operation)

    async def _look_at_file(self) -> None:
        """Raises StoreUnavailable when the database's file is no longer there."""
        while True:
            await self._database.check_file()
            await asyncio.sleep(LOOK_EVERY)

    async def _repeat(self, job: Callable[[], Awaitable[None]], every: float) -> None:
        """Run a job now and then. The store's faults do not end it."""
        while True:
            try:
                await job()
            except StoreUnavailable as error:
                logger.warning(f"数据库暂时不可用：{error}")
            await asyncio.sleep(every)
