"""One writer on one database; calls that come together share one commit.

An operation is a plain function of a SQLAlchemy `Connection`. All operations that wait when the
writer becomes free run in one transaction, so the cost of reaching the disk is shared.

For SQLite the statements run right here, as they only touch memory (tens of microseconds each),
and a commit that waits for the disk in a thread: a statement there would wait for the interpreter
lock of a busy event loop, each time for longer than it runs. What has to wait for a lock of
somebody else's, or went wrong, runs in the thread as a whole.
"""

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

from filelock import FileLock, Timeout
from loguru import logger
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.pool import StaticPool

from ..errors import ReportError, StoreUnavailable
from .schema import upgrade

T = TypeVar("T")

CHECKPOINT_BYTES: Final = 4 * 2**20
"""The write-ahead log is copied into the database when it is larger than this."""
BUSY_TIMEOUT: Final = 5.0
"""Seconds to wait for somebody else's lock on the file. BetterGI waits 30 s for an answer."""
CHECKPOINT_LOOK: Final = 32
"""Transactions between two looks at its size."""
MAX_BATCH: Final = 64
"""Operations in one transaction."""
COMPANY_SECONDS: Final = 0.001
"""How long a transaction that waits for the disk waits for as many calls as the last one had."""


@dataclass(slots=True)
class _Call:
    operation: Callable[[Connection], Any]
    future: "asyncio.Future[Any]"
    durable: bool


class Database:
    """An SQLite file, used by this process alone."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = FileLock(f"{path}.lock")
        self._thread: ThreadPoolExecutor | None = None
        self._checkpointer: ThreadPoolExecutor | None = None
        self._conn: Connection | None = None
        self._waiting: list[_Call] = []
        self._busy = self._scheduled = False
        self._company = 1
        self._timer: asyncio.TimerHandle | None = None
        self._changes = 0
        self._commits = 0

    async def open(self) -> None:
        """Lock the file, connect, and bring the tables up to date.

        Raises:
            StoreUnavailable: another process has the file, or it cannot be used.
        """
        self._thread = ThreadPoolExecutor(1, "report-store")
        self._checkpointer = ThreadPoolExecutor(1, "report-checkpoint")
        try:
            await asyncio.get_running_loop().run_in_executor(self._thread, self._open)
        except StoreUnavailable:
            await self.close()
            raise

    async def close(self) -> None:
        """Finish what was asked for, and let go of the file."""
        thread, checkpointer = self._thread, self._checkpointer
        if thread is None or checkpointer is None:
            return
        self._thread = self._checkpointer = None
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(None, checkpointer.shutdown)
        await loop.run_in_executor(thread, self._close)
        thread.shutdown()

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
        """Look at what waits in the next turn of the event loop; what this one brings shares it."""
        if not (self._busy or self._scheduled):
            self._scheduled = True
            asyncio.get_running_loop().call_soon(self._look)

    def _look(self, *, patient: bool = True) -> None:
        """Begin a transaction, if it has company enough or none is to be expected."""
        self._scheduled = False
        if self._busy:
            return
        durable = sum(call.durable for call in self._waiting)
        if patient and 0 < durable < self._company:
            if self._timer is None:
                loop = asyncio.get_running_loop()
                self._timer = loop.call_later(COMPANY_SECONDS, self._lose_patience)
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
        self._commits += 1
        if self._commits % CHECKPOINT_LOOK == 0 and self._checkpointer is not None:
            self._checkpointer.submit(self._checkpoint)

    def _checkpoint(self) -> None:
        """Copy the write-ahead log into the database, beside the writer.

        Left to SQLite, this would be done inside of a commit, which then takes tens of
        milliseconds now and then.
        """
        try:
            if Path(f"{self.path}-wal").stat().st_size < CHECKPOINT_BYTES:
                return
            with closing(sqlite3.connect(self.path)) as connection:
                connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
        except (OSError, sqlite3.Error) as error:
            logger.warning(f"数据库的预写日志没能合并，稍后再试：{error}")

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
        return results

    def _one_by_one(self, batch: list[_Call]) -> list[Any]:
        """Each operation in a transaction of its own, waiting for locks of others.

        One that waited in vain waited for all: the rest are not made to wait as long again.
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
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._lock.acquire(timeout=0)
        except Timeout:
            raise StoreUnavailable(
                f"另一个进程正在使用数据库 {self.path}；"
                "两个机器人请用不同的 REPORT_DATABASE_URL 或 LOCALSTORE_DATA_DIR"
            ) from None
        except OSError as error:
            raise StoreUnavailable(f"无法使用目录 {self.path.parent}：{error.strerror}") from None
        try:
            self._conn = _engine(self.path).connect()
            with self._conn.begin():
                upgrade(self._conn)
        except SQLAlchemyError as error:
            raise _translate(error) from None

    def _close(self) -> None:
        if self._conn is not None:
            self._conn.close()
            self._conn.engine.dispose()
            self._conn = None
        self._lock.release()


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
        cursor.execute("PRAGMA wal_autocheckpoint = 0")  # `_checkpoint` does it, elsewhere
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(conn: Connection) -> None:  # pyright: ignore[reportUnusedFunction] - the decorator registers it
        conn.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def _changes(conn: Connection) -> int:
    """Rows changed since the connection was opened."""
    connection: Any = conn.connection.dbapi_connection
    return connection.total_changes


def _set(conn: Connection, pragma: str, value: str) -> None:
    """Change how SQLite works; takes effect outside of a transaction only."""
    connection: Any = conn.connection.dbapi_connection
    connection.execute(f"PRAGMA {pragma} = {value}")


def _translate(error: Exception) -> Exception:
    """SQLite's reason in our words. The statement and its values stay out of it."""
    if isinstance(error, ReportError):
        return error
    if isinstance(error, DBAPIError):
        return StoreUnavailable(f"无法写入数据库：{error.orig}")
    return error
