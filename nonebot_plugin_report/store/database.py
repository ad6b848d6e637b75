"""One writer on one database; calls that come together share one commit.

An operation is a plain function of a SQLAlchemy `Connection`. All operations that wait when the
writer becomes free run in one transaction, so the cost of reaching the disk is shared.

Statements run on the event loop, since they only touch memory (tens of microseconds each), and a
commit that waits for the disk runs in a thread: a statement there would wait for the interpreter
lock of a busy event loop, each time for longer than it runs. What has to wait for another
process's lock, or failed, runs in the thread as a whole.
"""

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

from loguru import logger
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.pool import StaticPool

from ..errors import ReportError, StoreUnavailable
from .file import DatabaseFile
from .schema import upgrade

T = TypeVar("T")

CHECKPOINT_BYTES: Final = 4 * 2**20
"""The write-ahead log is copied into the database at a quiet moment when it is larger than this."""
CHECKPOINT_AT_ONCE: Final = 16 * 2**20
"""Above this size the copy does not wait for a quiet moment."""
QUIET_SECONDS: Final = 0.05
"""Seconds without an operation that make a moment quiet."""
WAL_LIMIT: Final = 16 * 2**20
"""Bytes that the write-ahead log keeps on disk once it has been copied."""
BUSY_TIMEOUT: Final = 5.0
"""Seconds to wait for another process's lock on the file. BetterGI waits 30 s for an answer."""
MAX_BATCH: Final = 64
"""Operations in one transaction."""
GROUP_COMMIT_SECONDS: Final = 0.001
"""Seconds that a durable transaction waits for as many operations as the last one had."""


@dataclass(slots=True)
class _Call:
    operation: Callable[[Connection], Any]
    future: "asyncio.Future[Any]"
    durable: bool


class Database:
    """An SQLite file, used by this process alone."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = DatabaseFile(path)
        self._thread: ThreadPoolExecutor | None = None
        self._conn: Connection | None = None
        self._waiting: list[_Call] = []
        self._busy = self._scheduled = False
        self._company = 1
        self._timer: asyncio.TimerHandle | None = None
        self._changes = 0
        self._wal_bytes = 0
        self._quiet: asyncio.TimerHandle | None = None

    async def open(self) -> None:
        """Lock the file, connect, and bring the tables up to date.

        Raises:
            StoreUnavailable: another process has the file, or it cannot be used.
        """
        self._thread = ThreadPoolExecutor(1, "report-store")
        try:
            await asyncio.get_running_loop().run_in_executor(self._thread, self._open)
        except StoreUnavailable:
            await self.close()
            raise

    async def close(self) -> None:
        """Finish pending operations and release the file."""
        thread, self._thread = self._thread, None
        if thread is None:
            return
        if self._quiet is not None:
            self._quiet.cancel()
        await asyncio.get_running_loop().run_in_executor(thread, self._close)
        thread.shutdown()

    async def check_file(self) -> None:
        """Check that the file on disk is still the one that was opened.

        Raises:
            StoreUnavailable: it is not; `close` followed by `open` repairs it.
        """
        if fault := await asyncio.to_thread(self._file.fault):
            raise StoreUnavailable(fault)

    async def run(self, operation: Callable[[Connection], T], *, durable: bool = True) -> T:
        """Run an operation in a transaction; when this returns, it is committed.

        `durable`: it is on disk, and a power cut cannot undo it. Otherwise it survives the end of
        this process, however sudden, but a power cut may undo it; that costs no wait for the disk.
        An operation may run a second time, after a rollback of what it shared a transaction with.

        Raises:
            StoreUnavailable: nothing of it was stored.
        """
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Call(operation, future, durable))
        self._schedule()
        return await future

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
        durable = sum(call.durable for call in self._waiting)
        if patient and 0 < durable < self._company:
            if self._timer is None:
                loop = asyncio.get_running_loop()
                self._timer = loop.call_later(GROUP_COMMIT_SECONDS, self._lose_patience)
            batch = [call for call in self._waiting if not call.durable][:MAX_BATCH]
        else:
            batch = self._waiting[:MAX_BATCH]
            self._company = sum(call.durable for call in batch) or self._company
        if batch:
            chosen = set(map(id, batch))
            self._waiting = [call for call in self._waiting if id(call) not in chosen]
            self._busy = True
            self._flush(batch)

    def _lose_patience(self) -> None:
        self._timer = None
        self._look(patient=False)

    def _flush(self, batch: list[_Call]) -> None:
        if self._thread is None or self._conn is None:
            self._settle(batch, [StoreUnavailable()] * len(batch))
            return
        durable = any(call.durable for call in batch)
        try:
            _set(self._conn, "synchronous", "FULL" if durable else "NORMAL")
            results = self._begin_and_run(self._conn, batch)
        except Exception:  # noqa: BLE001 - each operation is tried again alone, and raises there
            self._in_thread(self._thread, self._one_by_one, batch)
            return
        if durable and self._wrote(self._conn):
            self._in_thread(self._thread, self._commit, batch, results)
        else:
            self._settle(batch, self._commit(batch, results))

    def _in_thread(
        self,
        thread: ThreadPoolExecutor,
        work: Callable[..., list[Any]],
        batch: list[_Call],
        *more: Any,
    ) -> None:
        done = asyncio.get_running_loop().run_in_executor(thread, work, batch, *more)
        done.add_done_callback(lambda results: self._settle(batch, results.result()))

    def _settle(self, batch: list[_Call], results: list[Any]) -> None:
        for call, result in zip(batch, results, strict=True):
            if call.future.done():  # its caller was cancelled
                continue
            if isinstance(result, Exception):
                call.future.set_exception(result)
            else:
                call.future.set_result(result)
        self._busy = False
        if self._waiting:
            self._schedule()
        elif self._wal_bytes > CHECKPOINT_BYTES:
            self._checkpoint_when_quiet()

    def _checkpoint_when_quiet(self) -> None:
        if self._quiet is not None:
            self._quiet.cancel()
        wait = 0.0 if self._wal_bytes > CHECKPOINT_AT_ONCE else QUIET_SECONDS
        self._quiet = asyncio.get_running_loop().call_later(wait, self._begin_checkpoint)

    def _begin_checkpoint(self) -> None:
        self._quiet = None
        if self._thread is not None and not self._busy:
            self._busy = True
            self._wal_bytes = 0
            self._in_thread(self._thread, self._checkpoint, [])

    def _checkpoint(self, _: list[_Call]) -> list[Any]:
        """Copy the write-ahead log into the database.

        On the writer's own connection: SQLite before 3.51.3 can lose data where another connection
        does it beside commits (sqlite.org/wal.html, "The WAL-Reset Bug"). Left to
        SQLite it would happen inside a commit, which somebody waits for.
        """
        assert self._conn is not None  # noqa: S101 - for the type checker: close() waits for this
        try:
            # Emptied, so that its size says how much is in it.
            _driver(self._conn).execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        except sqlite3.Error as error:
            logger.warning(f"数据库的预写日志没能合并，稍后再试：{error}")
        return []

    def _begin_and_run(self, conn: Connection, batch: list[_Call]) -> list[Any]:
        transaction = conn.begin()
        try:
            self._changes = _changes(conn)
            return [call.operation(conn) for call in batch]
        except BaseException:
            transaction.rollback()
            raise

    def _wrote(self, conn: Connection) -> bool:
        return _changes(conn) != self._changes

    def _commit(self, batch: list[_Call], results: list[Any]) -> list[Any]:
        """Commit what ran; the results, or for each call why it failed."""
        conn = self._conn
        assert conn is not None  # noqa: S101 - for the type checker: close() waits for this
        try:
            conn.commit()
        except Exception as error:  # noqa: BLE001 - handed to the callers
            conn.rollback()
            return [_translate(error)] * len(batch)
        if any(call.durable for call in batch):
            self._wal_bytes = self._file.wal_bytes()
            if fault := self._file.fault():
                return [StoreUnavailable(fault)] * len(batch)
        return results

    def _one_by_one(self, batch: list[_Call]) -> list[Any]:
        """Run each operation in a transaction of its own, waiting for other processes' locks.

        Once one of them has waited in vain, the others do not wait again.
        """
        conn = self._conn
        assert conn is not None  # noqa: S101 - for the type checker: close() waits for this
        results: list[Any] = []
        _set(conn, "synchronous", "FULL")
        _set(conn, "busy_timeout", f"{BUSY_TIMEOUT * 1000:.0f}")
        for call in batch:
            try:
                result = self._begin_and_run(conn, [call])
            except Exception as error:  # noqa: BLE001 - handed to the caller whose operation raised it
                results.append(_translate(error))
            else:
                results += self._commit([call], result)
            if isinstance(results[-1], StoreUnavailable):
                _set(conn, "busy_timeout", "0")
        _set(conn, "busy_timeout", "0")
        return results

    def _open(self) -> None:
        self._file.acquire()
        try:
            self._conn = _engine(self.path).connect()
            with self._conn.begin():
                upgrade(self._conn)
        except SQLAlchemyError as error:
            raise _translate(error) from None
        self._file.opened()

    def _close(self) -> None:
        kept = None
        if self._conn is not None:
            if self._file.fault():
                kept = self._file.rescue(_driver(self._conn))
            self._conn.close()
            self._conn.engine.dispose()
            self._conn = None
        if kept is not None:
            self._file.restore(kept)
        self._file.release()


def _engine(path: Path) -> Engine:
    engine = create_engine(
        f"sqlite:///{path}",
        poolclass=StaticPool,
        # Used by two threads, never at the same time.
        connect_args={"timeout": 0.0, "check_same_thread": False},
    )

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _: object) -> None:  # pyright: ignore[reportUnusedFunction] - the decorator registers it
        # The driver would begin transactions late and deferred; "begin" below does it right.
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute("PRAGMA wal_autocheckpoint = 0")  # `_checkpoint` does it
        cursor.execute(f"PRAGMA journal_size_limit = {WAL_LIMIT}")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(conn: Connection) -> None:  # pyright: ignore[reportUnusedFunction] - the decorator registers it
        conn.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def _driver(conn: Connection) -> sqlite3.Connection:
    connection: Any = conn.connection.dbapi_connection
    return connection


def _changes(conn: Connection) -> int:
    """Rows changed since the connection was opened."""
    return _driver(conn).total_changes


def _set(conn: Connection, pragma: str, value: str) -> None:
    """Change how SQLite works; takes effect outside of a transaction only."""
    _driver(conn).execute(f"PRAGMA {pragma} = {value}")


def _translate(error: Exception) -> Exception:
    """Make an error of ours from SQLite's, without the statement and its values."""
    if isinstance(error, ReportError):
        return error
    if isinstance(error, DBAPIError):
        return StoreUnavailable(f"无法写入数据库：{error.orig}")
    return error
