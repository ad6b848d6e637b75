"""One writer on one database; calls that come together share one commit and one wait for the disk.

An operation is a plain function of a SQLAlchemy `Connection`. All operations that wait when the
writer becomes free run in one transaction.

Transactions run and commit on the event loop, since they only touch memory: SQLite writes its
write-ahead log without waiting for the disk (`synchronous = NORMAL`). A thread then waits until the
log is on disk, once for all that was committed meanwhile, while the writer goes on. In the thread a
statement would wait for the interpreter lock of a busy event loop, each time for longer than it
runs. What has to wait for another process's lock, or failed, runs there nevertheless.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from ..errors import StoreUnavailable, os_reason
from .file import DatabaseFile
from .pack import Part, refused, write
from .schema import upgrade_for_use
from .sqlite import checkpoint, engine, set_pragma, transaction, translate
from .statements import driver, prepare
from .syncer import Syncer, error_of
from .transactions import Call, Calls

T = TypeVar("T")

CHECKPOINT_BYTES: Final = 4 * 2**20
"""The write-ahead log is copied into the database at a quiet moment when it is larger than this."""
CHECKPOINT_AT_ONCE: Final = 16 * 2**20
"""Above this size the copy does not wait for a quiet moment."""
QUIET_SECONDS: Final = 0.05
"""Seconds without an operation that make a moment quiet."""
BUSY_TIMEOUT: Final = 5.0
"""Seconds to wait for another process's lock on the file. BetterGI waits 30 s for an answer."""
MAX_BATCH: Final = 64
"""Operations in one transaction."""
GROUP_COMMIT_SECONDS: Final = 0.001
"""Seconds that a durable transaction waits for one more operation, while fewer wait than there were
on their way together last time."""
GROUP_COMMIT_MOST: Final = 0.005
"""Seconds that it waits in all."""
WITH_PICTURES: Final = 3
"""Times as long where some have pictures: to read the next one takes longer than a millisecond."""
LATER_SECONDS: Final = 0.03
"""Seconds that what nobody waits for waits for another transaction: what came of a delivery is
noted in a file until then."""
UNSEEN: Final = 64
"""Transactions between two looks at the size of the write-ahead log."""


class Database:
    """An SQLite file, used by this process alone."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = DatabaseFile(path)
        self._thread: ThreadPoolExecutor | None = None
        self._syncer: Syncer | None = None
        self._conn: Connection | None = None
        self._calls = Calls(self._schedule, LATER_SECONDS)
        self._committed: list[Call] = []
        """Durable calls that are committed, but not on disk, nor on their way there:"""
        self._syncing: list[Call] = []
        self._fault = ""
        """Why what was committed may not be on disk (Chinese)."""
        self._busy = self._scheduled = False
        self._company = 1
        """Durable calls that were here together as the last transaction began."""
        self._timer: asyncio.TimerHandle | None = None
        self._wal_bytes = 0
        self._unseen = 0
        """Transactions since the size of the write-ahead log was looked at."""
        self._quiet: asyncio.TimerHandle | None = None

    async def open(self) -> None:
        """Lock the file, connect, and bring the tables up to date.

        Raises:
            StoreUnavailable: another process has the file, or it cannot be used.
        """
        self._thread, self._fault = ThreadPoolExecutor(1, "report-store"), ""
        try:
            await asyncio.get_running_loop().run_in_executor(self._thread, self._open)
        except StoreUnavailable:
            await self.close()
            raise
        self._syncer = Syncer(self._file.sync)
        self._syncer.start()

    async def close(self) -> None:
        """Finish pending operations and release the file."""
        thread, self._thread = self._thread, None
        if thread is None:
            return
        if self._quiet is not None:
            self._quiet.cancel()
        syncer, self._syncer = self._syncer, None
        if syncer is not None:
            await asyncio.get_running_loop().run_in_executor(thread, syncer.stop)
        committed, self._committed = self._committed, []
        beside = _beside(committed)
        failed = await asyncio.get_running_loop().run_in_executor(
            thread, error_of, lambda: write(beside)
        )
        await asyncio.get_running_loop().run_in_executor(thread, self._close)
        thread.shutdown()
        self.hurry()  # refused now
        _refuse(committed, failed)
        for call in committed:  # closing it has brought it to the disk
            call.settle()

    async def check(self) -> None:
        """Check that the file on disk is still the one that was opened.

        Raises:
            StoreUnavailable: it is not; `close` followed by `open` repairs it.
        """
        if fault := self._fault or await asyncio.to_thread(self._file.fault):
            raise StoreUnavailable(fault)

    async def run(
        self,
        operation: Callable[[Connection], T],
        *,
        durable: bool = True,
        committed: Callable[[T], None] | None = None,
        beside: Sequence[Part] = (),
    ) -> T:
        """Run an operation in a transaction; when this returns, it is committed.

        `durable`: it is on disk, and a power cut cannot undo it. Otherwise it survives the end of
        this process, however sudden, but a power cut may undo it; that costs no wait for the disk.
        `committed` is told the result as soon as that holds of it. `beside` is on disk, too, when
        a durable one returns that wrote something.
        An operation may run a second time, after a rollback of what it shared a transaction with.

        Raises:
            StoreUnavailable: nothing of it was stored. Only where the disk failed in the middle
                may it have been, or all but what is beside it.
        """
        return await self._calls.add(operation, durable=durable, committed=committed, beside=beside)

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
            asyncio.get_running_loop().call_soon(self._look)

    def _look(self, *, patient: bool = True) -> None:
        """Begin a transaction, unless more operations are expected to join it."""
        self._scheduled = False
        if self._busy:
            return
        durable = self._durable()
        if patient and 0 < durable < self._company:
            if self._timer is None:
                self._wait_for_more(durable, asyncio.get_running_loop().time())
            batch = [call for call in self._calls.waiting if not call.durable]
            self._calls.waiting = [call for call in self._calls.waiting if call.durable]
        else:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
            batch = self._calls.waiting[:MAX_BATCH]
            self._calls.waiting = self._calls.waiting[MAX_BATCH:]
            if durable:
                self._company = durable + len(self._committed) + len(self._syncing)
        if batch:
            self._flush(self._calls.take_later() + batch)

    def _durable(self) -> int:
        """How many durable calls wait for a transaction."""
        return sum(call.durable for call in self._calls.waiting)

    def _wait_for_more(self, durable: int, since: float) -> None:
        times = WITH_PICTURES if any(call.beside for call in self._calls.waiting) else 1
        self._timer = asyncio.get_running_loop().call_later(
            GROUP_COMMIT_SECONDS * times,
            self._lose_patience,
            durable,
            since,
            since + GROUP_COMMIT_MOST * times,
        )

    def _lose_patience(self, before: int, since: float, until: float) -> None:
        self._timer = None
        if (durable := self._durable()) > before and asyncio.get_running_loop().time() < until:
            self._wait_for_more(durable, since)
        else:
            self._look(patient=False)

    def _flush(self, batch: list[Call]) -> None:
        if self._thread is None or self._conn is None:
            for call in batch:
                call.result = StoreUnavailable()
                call.settle()
            return
        try:
            _transact(self._conn, batch)
        except Exception:  # noqa: BLE001 - each operation is tried again alone, and raises there
            self._in_thread(self._thread, self._one_by_one, batch)
            return
        self._done(batch)
        if self._calls.waiting:
            self._schedule()

    def _done(self, batch: list[Call]) -> None:
        """These are committed: tell those who do not wait for the disk.

        Who wrote nothing waits only if it may have read what is not on disk yet.
        """
        for call in batch:
            call.commit()
            unsynced = call.wrote or bool(self._syncing or self._committed)
            if call.durable and unsynced and not isinstance(call.result, Exception):
                self._committed.append(call)
            else:
                call.settle()
        if any(call.beside for call in batch):
            # At once: the disk takes so long for them that it should have begun when the messages
            # leave.
            self._sync()
        else:
            # After the messages, which leave in the next turn: the thread would take the
            # interpreter from them.
            asyncio.get_running_loop().call_soon(self._sync)
        self._unseen += 1
        if self._unseen > UNSEEN:
            self._unseen = 0
            self._wal_bytes = self._file.wal_bytes()
            self._consider_checkpoint()

    def _sync(self) -> None:
        """Bring what is committed to the disk; who comes meanwhile shares the next time."""
        if self._committed and not self._syncing and self._syncer is not None:
            self._syncing, self._committed = self._committed, []
            self._syncer.ask(_beside(self._syncing), self._synced)

    def _synced(self, failed: OSError | None, error: OSError | None) -> None:
        group, self._syncing = self._syncing, []
        _refuse(group, failed)
        if error is None:
            fault = self._file.fault()
        else:
            # What is on disk is not known any more: the store is opened anew.
            fault = self._fault = f"数据库没能写到磁盘上：{os_reason(error)}"
        self._wal_bytes = self._file.wal_bytes()
        for call in group:
            if fault:
                call.result = StoreUnavailable(fault)
            call.settle()
        self._sync()
        self._consider_checkpoint()

    def _in_thread(
        self,
        thread: ThreadPoolExecutor,
        work: Callable[[Connection, list[Call]], None],
        batch: list[Call],
    ) -> None:
        """Let the thread have the connection."""
        assert self._conn is not None  # noqa: S101 - for the type checker: `_flush` has looked
        self._busy = True
        done = asyncio.get_running_loop().run_in_executor(thread, work, self._conn, batch)
        done.add_done_callback(lambda _: self._returned(batch))

    def _returned(self, batch: list[Call]) -> None:
        self._busy = False
        self._done(batch)
        if self._calls.waiting:
            self._schedule()

    def _consider_checkpoint(self) -> None:
        """Copy the write-ahead log at a quiet moment, if it is large."""
        if self._calls.waiting or self._wal_bytes <= CHECKPOINT_BYTES:
            return
        if self._quiet is not None:
            self._quiet.cancel()
        wait = 0.0 if self._wal_bytes > CHECKPOINT_AT_ONCE else QUIET_SECONDS
        self._quiet = asyncio.get_running_loop().call_later(wait, self._begin_checkpoint)

    def _begin_checkpoint(self) -> None:
        self._quiet = None
        if self._thread is not None and self._conn is not None and not self._busy:
            self._wal_bytes = 0
            self._in_thread(self._thread, lambda conn, _: checkpoint(conn), [])

    def _one_by_one(self, conn: Connection, batch: list[Call]) -> None:
        """Run each operation in a transaction of its own, waiting for other processes' locks.

        Once one of them has waited in vain, the others do not wait again.
        """
        set_pragma(conn, "busy_timeout", f"{BUSY_TIMEOUT * 1000:.0f}")
        for call in batch:
            try:
                _transact(conn, [call])
            except Exception as error:  # noqa: BLE001 - handed to the caller whose operation raised it
                call.result = translate(error)
            if isinstance(call.result, StoreUnavailable):
                set_pragma(conn, "busy_timeout", "0")
        set_pragma(conn, "busy_timeout", "0")

    def _open(self) -> None:
        self._file.acquire()
        try:
            conn = self._conn = engine(self.path).connect()
            # In full, so that SQLite syncs the folder too, which has a new file in it.
            set_pragma(conn, "synchronous", "FULL")
            with transaction(conn):
                upgrade_for_use(conn)
            set_pragma(conn, "synchronous", "NORMAL")
            prepare(conn)
            self._file.opened()
        except (SQLAlchemyError, sqlite3.Error) as error:
            raise translate(error) from None
        except OSError as error:
            raise StoreUnavailable(f"无法使用数据库：{os_reason(error)}", file=self.path) from None

    def _close(self) -> None:
        kept = None
        self._file.closing()
        if self._conn is not None:
            if self._file.fault():
                kept = self._file.rescue(driver(self._conn))
            self._conn.close()
            self._conn.engine.dispose()
            self._conn = None
        if kept is not None:
            self._file.restore(kept)
        self._file.release()


def _beside(calls: Sequence[Call]) -> list[Part]:
    return [part for call in calls for part in call.beside]


def _refuse(calls: Sequence[Call], failed: OSError | None) -> None:
    """What is beside these could not be written, if that failed."""
    for call in calls if failed else ():
        if failed and call.beside:
            call.result = refused(call.beside[0].pack.folder, failed)


def _transact(conn: Connection, batch: list[Call]) -> None:
    """Run operations in one transaction. If it fails, nothing of it is stored."""
    before = driver(conn).total_changes
    with transaction(conn):
        results = [call.operation(conn) for call in batch]
    wrote = driver(conn).total_changes != before
    for call, result in zip(batch, results, strict=True):
        call.result, call.wrote = result, wrote
