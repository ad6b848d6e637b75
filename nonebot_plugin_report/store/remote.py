"""One connection to a PostgreSQL server; calls that come together share one commit.

As with SQLite, all operations that wait when the connection becomes free run in one transaction,
and one after the other: what a process does keeps its order, and the load of several processes is
the server's to spread. The connection belongs to a thread, as psycopg's own waiting on an event
loop does not work with Windows' usual one. A connection that is lost is made anew; until there is
one, everything is refused at once.
"""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, TypeVar

from loguru import logger
from sqlalchemy import Connection

from ..errors import StoreUnavailable
from .pack import Part
from .postgres import (
    abandon,
    begin,
    commit,
    cut,
    engine,
    is_lost,
    settle,
    translate,
    upgrade_alone,
)
from .statements import check, driver, prepare
from .transactions import Call, Calls

T = TypeVar("T")

MAX_BATCH: Final = 64
"""Operations in one transaction."""
GROUP_SECONDS: Final = 0.001
"""Seconds that a transaction waits for as many durable operations as were there together when the
last one ended: most who push again do so as soon as they were answered."""
LATER_SECONDS: Final = 0.005
"""Seconds that what nobody waits for waits for another transaction: the end of this process undoes
it until then."""
DEADLINE: Final = 8.0
"""Seconds after which a transaction is given up: BetterGI waits 30 s for an answer."""
OPEN_SECONDS: Final = 30.0
"""Seconds that bringing the tables up to date may take."""
RECONNECT_EVERY: Final = 1.0
"""Seconds between attempts to reach the server."""


class RemoteDatabase:
    """A database that other processes use too."""

    def __init__(self, url: str) -> None:
        """`url` begins with `postgresql://`."""
        self._engine = engine(url)
        self._thread: ThreadPoolExecutor | None = None
        self._conn: Connection | None = None
        self._server: Any = None
        """The driver's connection below it."""
        self._calls = Calls(self._schedule, LATER_SECONDS)
        self._busy = self._scheduled = False
        self._company = 1
        """Durable operations that were there together when the last transaction ended."""
        self._patience: asyncio.TimerHandle | None = None
        self._late = False
        """The transaction that runs has had its time."""
        self._away = False
        """The server could not be reached, and that was logged."""
        self._reconnect_timer: asyncio.TimerHandle | None = None

    async def open(self) -> None:
        """Connect, and bring the tables up to date.

        Raises:
            StoreUnavailable: it cannot be reached, or a newer version of the plugin uses it.
        """
        self._thread = ThreadPoolExecutor(1, "report-store")
        loop = asyncio.get_running_loop()
        deadline = loop.call_later(OPEN_SECONDS, self._give_up)
        try:
            await loop.run_in_executor(self._thread, self._open)
        except StoreUnavailable:
            await self.close()
            raise
        finally:
            deadline.cancel()

    async def close(self) -> None:
        """Finish the transaction that runs and disconnect."""
        thread, self._thread = self._thread, None
        if thread is None:
            return
        if self._reconnect_timer is not None:
            self._reconnect_timer.cancel()
            self._reconnect_timer = None
        await asyncio.get_running_loop().run_in_executor(thread, self._disconnect)
        thread.shutdown()
        self.hurry()  # refused now

    async def check(self) -> None:
        """Nothing to do: it connects anew by itself."""

    async def run(
        self,
        operation: Callable[[Connection], T],
        *,
        durable: bool = True,
        committed: Callable[[T], None] | None = None,
        beside: Sequence[Part] = (),
    ) -> T:
        """Run an operation in a transaction; when this returns, it is committed.

        `durable`: the server's disk has it, and those of replicas that its settings wait for.
        Otherwise it survives the end of this process, and a power cut of the server may undo it.
        `committed` is told the result just before this returns.
        An operation may run a second time, after a rollback of what it shared a transaction with.

        Raises:
            StoreUnavailable: nothing of it was stored. Only where the connection was lost in the
                middle of the commit may it have been.
        """
        assert not beside  # noqa: S101 - a server has no files of ours beside it
        return await self._calls.add(operation, durable=durable, committed=committed)

    def later(self, operation: Callable[[Connection], T]) -> "asyncio.Future[T]":
        """Run an operation that nobody waits for, not durably: with the next one, or alone after
        `LATER_SECONDS`. Until then the end of this process undoes it.

        The future's result or exception is as `run`'s.
        """
        return self._calls.later(operation)

    def hurry(self) -> None:
        """Run now what was put off by `later`."""
        self._calls.hurry()

    def _schedule(self) -> None:
        """Begin a transaction in the next turn of the event loop, for all that this turn brings."""
        if not (self._busy or self._scheduled):
            self._scheduled = True
            asyncio.get_running_loop().call_soon(self._begin)

    def _begin(self, *, patient: bool = True) -> None:
        self._scheduled = False
        if self._busy or not self._calls.waiting:
            return
        if patient and self._conn is not None and 0 < _durable(self._calls.waiting) < self._company:
            if self._patience is None:
                loop = asyncio.get_running_loop()
                self._patience = loop.call_later(GROUP_SECONDS, self._lose_patience)
            return
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None
        batch = self._calls.take_later() + self._calls.waiting[:MAX_BATCH]
        self._calls.waiting = self._calls.waiting[MAX_BATCH:]
        if self._thread is None or self._conn is None:
            _refuse(batch, StoreUnavailable("连不上数据库" if self._thread else ""))
            self._returned(batch)
            return
        self._busy, self._late = True, False
        loop = asyncio.get_running_loop()
        deadline = loop.call_later(DEADLINE, self._give_up)
        done = loop.run_in_executor(self._thread, self._work, batch)
        done.add_done_callback(lambda _: (deadline.cancel(), self._returned(batch)))

    def _lose_patience(self) -> None:
        self._patience = None
        self._begin(patient=False)

    def _give_up(self) -> None:
        """The server does not answer: end the wait for it."""
        self._late = True
        cut(self._server)

    def _returned(self, batch: list[Call]) -> None:
        self._busy = False
        self._company = _durable(batch) + _durable(self._calls.waiting)
        for call in batch:
            call.commit()
            call.settle()
        if self._calls.waiting:
            self._schedule()
        if self._thread is not None and self._conn is None and self._reconnect_timer is None:
            loop = asyncio.get_running_loop()
            self._reconnect_timer = loop.call_later(RECONNECT_EVERY, self._begin_reconnecting)

    def _begin_reconnecting(self) -> None:
        self._reconnect_timer = None
        if self._thread is not None and not self._busy:
            self._busy = True
            done = asyncio.get_running_loop().run_in_executor(self._thread, self._connects)
            done.add_done_callback(lambda _: self._returned([]))

    # --- in the thread ---------------------------------------------------------------------------

    def _open(self) -> None:
        try:
            self._connect()
            assert self._conn is not None  # noqa: S101 - for the type checker
            upgrade_alone(self._conn)
            prepare(self._conn)
        except Exception as error:  # noqa: BLE001 - raised again, as ours
            self._disconnect()
            raise self._told(error) from None
        self._away = False

    def _connect(self) -> None:
        self._disconnect()
        conn = self._engine.connect()
        self._conn, self._server = conn, driver(conn)

    def _connects(self) -> bool:
        """Whether a new connection could be made."""
        try:
            self._connect()
        except Exception as error:  # noqa: BLE001 - whatever it is: it is tried again
            self._told(error)
            return False
        if self._away:
            logger.info("数据库又连上了")
        self._away = False
        return True

    def _told(self, error: Exception) -> Exception:
        """Our error, of which the cause is logged once until it works again."""
        told, self._away = self._away, True
        return translate(error, told=told)

    def _disconnect(self) -> None:
        conn, self._conn = self._conn, None
        if conn is not None:
            self._server.close()
            conn.invalidate()
            conn.close()

    def _work(self, batch: list[Call]) -> None:
        """Run operations in one transaction; if it fails, each in one of its own."""
        try:
            self._transact(batch)
        except StoreUnavailable as error:  # they may be committed
            self._lose(batch, error)
        except Exception as error:  # noqa: BLE001 - each operation is tried again alone, and raises there
            if self._conn is None and self._late:
                _refuse(batch, translate(error))
            elif self._conn is not None or self._connects():
                self._one_by_one(batch)
            else:
                _refuse(batch, translate(error))

    def _one_by_one(self, batch: list[Call]) -> None:
        for index, call in enumerate(batch):
            try:
                self._transact([call])
            except Exception as error:  # noqa: BLE001 - handed to the caller whose operation raised it
                call.result = translate(error)
            if self._conn is None:
                _refuse(batch[index + 1 :], StoreUnavailable("连不上数据库"))
                return

    def _lose(self, batch: list[Call], error: StoreUnavailable) -> None:
        _refuse(batch, error)
        if self._server.closed:
            self._disconnect()

    def _transact(self, batch: list[Call]) -> None:
        conn, server = self._conn, self._server
        assert conn is not None  # noqa: S101 - for the type checker: who calls this has looked
        try:
            begin(conn, durable=any(call.durable for call in batch))
            results = [call.operation(conn) for call in batch]
            settle(conn)
            check(conn)
        except Exception as error:
            abandon(conn)
            if is_lost(server, error):
                self._disconnect()
            raise
        commit(server)
        for call, result in zip(batch, results, strict=True):
            call.result = result


def _durable(calls: list[Call]) -> int:
    return sum(call.durable for call in calls)


def _refuse(batch: list[Call], error: Exception) -> None:
    for call in batch:
        call.result = error
