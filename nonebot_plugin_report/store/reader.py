"""Reads on a connection and a thread of its own: no push waits for a look at the history."""

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Final, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from ..errors import StoreUnavailable
from . import sqlite

T = TypeVar("T")

BUSY_TIMEOUT: Final = 5000
"""Milliseconds to wait for another process's lock on an SQLite file."""


class Reader:
    """Connects with the first read, and anew after a failure."""

    def __init__(
        self,
        connect: Callable[[], Connection],
        transaction: Callable[[Connection], AbstractContextManager[object]],
        translate: Callable[[Exception], Exception],
    ) -> None:
        """`translate` makes an error of ours from the driver's."""
        self._connect = connect
        self._transaction = transaction
        self._translate = translate
        self._thread: ThreadPoolExecutor | None = None
        self._conn: Connection | None = None

    @classmethod
    def of(cls, place: Path | str) -> "Reader":
        """Make the reader of an SQLite file, or of a PostgreSQL database's address."""
        if isinstance(place, Path):
            return cls(lambda: _connect_file(place), nullcontext, sqlite.translate)
        from . import postgres

        return cls(postgres.engine(place).connect, postgres.reading, postgres.translate)

    def open(self) -> None:
        """Allow reading; the store is open."""
        self._thread = ThreadPoolExecutor(1, "report-reader")

    async def close(self) -> None:
        """Disconnect, before the store's writer does: the last one out copies the log."""
        thread, self._thread = self._thread, None
        if thread is not None:
            await asyncio.get_running_loop().run_in_executor(thread, self._disconnect)
            thread.shutdown()

    async def run(self, work: Callable[[Connection], T]) -> T:
        """Read.

        Raises:
            StoreUnavailable: it could not be read.
        """
        if self._thread is None:
            raise StoreUnavailable
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._read, work)

    def _read(self, work: Callable[[Connection], T]) -> T:
        try:
            conn = self._conn = self._conn or self._connect()
            with self._transaction(conn):
                return work(conn)
        except (SQLAlchemyError, sqlite3.Error, OSError, StoreUnavailable) as error:
            self._disconnect()
            raise StoreUnavailable(f"读不了历史记录：{self._translate(error)}") from None

    def _disconnect(self) -> None:
        conn, self._conn = self._conn, None
        if conn is not None:
            conn.close()
            conn.engine.dispose()


def _connect_file(path: Path) -> Connection:
    conn = sqlite.engine(path).connect()
    sqlite.set_pragma(conn, "query_only", "ON")
    sqlite.set_pragma(conn, "busy_timeout", str(BUSY_TIMEOUT))
    return conn
