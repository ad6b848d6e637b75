"""One writer on one database; calls that come together share one commit.

An operation is a plain function of a SQLAlchemy `Connection`. All operations that wait when the
writer becomes free run in one transaction, so the cost of reaching the disk is shared. For SQLite
the connection lives in a thread of its own: a whole transaction costs one change of thread, where
an async driver changes for every statement.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

from filelock import FileLock, Timeout
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.pool import StaticPool

from ..errors import ReportError, StoreUnavailable
from .schema import upgrade

T = TypeVar("T")

BUSY_TIMEOUT: Final = 5.0
"""Seconds to wait for somebody else's lock on the file. BetterGI waits 30 s for an answer."""
MAX_BATCH: Final = 64
"""Operations in one transaction."""


@dataclass(slots=True)
class _Call:
    operation: Callable[[Connection], Any]
    future: "asyncio.Future[Any]"


class Database:
    """An SQLite file, used by this process alone."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = FileLock(f"{path}.lock")
        self._thread: ThreadPoolExecutor | None = None
        self._conn: Connection | None = None
        self._waiting: list[_Call] = []
        self._busy = False

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
        """Finish what was asked for, and let go of the file."""
        if (thread := self._thread) is None:
            return
        self._thread = None
        await asyncio.get_running_loop().run_in_executor(thread, self._close)
        thread.shutdown()

    async def run(self, operation: Callable[[Connection], T]) -> T:
        """Run an operation in a transaction; when this returns, it is on disk.

        An operation may run a second time, after a rollback of what it shared a transaction with.

        Raises:
            StoreUnavailable: nothing of it was stored.
        """
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Call(operation, future))
        if not self._busy:
            self._flush()
        return await future

    def _flush(self) -> None:
        batch, self._waiting = self._waiting[:MAX_BATCH], self._waiting[MAX_BATCH:]
        self._busy = bool(batch)
        if not batch:
            return
        if self._thread is None:
            self._settle(batch, [StoreUnavailable()] * len(batch))
            return
        done = asyncio.get_running_loop().run_in_executor(self._thread, self._execute, batch)
        done.add_done_callback(lambda results: self._settle(batch, results.result()))

    def _settle(self, batch: list[_Call], results: list[Any]) -> None:
        for call, result in zip(batch, results, strict=True):
            if call.future.done():  # its caller was cancelled
                continue
            if isinstance(result, Exception):
                call.future.set_exception(result)
            else:
                call.future.set_result(result)
        self._flush()

    def _execute(self, batch: list[_Call]) -> list[Any]:
        """Run a batch in one transaction; where one operation fails, each in its own."""
        try:
            return self._transact(batch)
        except Exception as error:  # noqa: BLE001 - handed to the caller whose operation raised it
            if len(batch) > 1:
                return [self._execute([call])[0] for call in batch]
            return [_translate(error)]

    def _transact(self, batch: list[_Call]) -> list[Any]:
        if self._conn is None:
            raise StoreUnavailable
        with self._conn.begin():
            return [call.operation(self._conn) for call in batch]

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
        f"sqlite:///{path}", poolclass=StaticPool, connect_args={"timeout": BUSY_TIMEOUT}
    )

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _: object) -> None:  # pyright: ignore[reportUnusedFunction] - the decorator registers it
        # The driver would begin transactions late and deferred; "begin" below does it right.
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute("PRAGMA synchronous = FULL")  # an answered report survives a power cut
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(conn: Connection) -> None:  # pyright: ignore[reportUnusedFunction] - the decorator registers it
        conn.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def _translate(error: Exception) -> Exception:
    """SQLite's reason in our words. The statement and its values stay out of it."""
    if isinstance(error, ReportError):
        return error
    if isinstance(error, DBAPIError):
        return StoreUnavailable(f"无法写入数据库：{error.orig}")
    return error
