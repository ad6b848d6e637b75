"""The index of an SQLite store, in a file beside it; and a connection and a thread of its own to
read both, which can only read the store. So nobody's push waits for who looks.
"""

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection, create_engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import StaticPool

from ..errors import StoreUnavailable
from .file import PRIVATE_FILE
from .sqlite import transaction, translate

T = TypeVar("T")


class IndexFile:
    """The file. It is made once somebody looks: who has no page pays nothing for it."""

    def __init__(self, store: Path) -> None:
        self._store = store
        self._index = store.with_name(f"{store.name}-index")
        self._thread: ThreadPoolExecutor | None = None
        self._conn: Connection | None = None
        self._used = asyncio.Event()

    def open(self) -> None:
        """Let it be used; the store is open."""
        self._thread = ThreadPoolExecutor(1, "report-archive")
        if self._index.exists():
            self._used.set()

    async def close(self) -> None:
        """Disconnect, before the store's writer does."""
        thread, self._thread = self._thread, None
        if thread is not None:
            await asyncio.get_running_loop().run_in_executor(thread, self._disconnect)
            thread.shutdown()

    async def used(self) -> None:
        """Wait until somebody has looked."""
        await self._used.wait()

    async def run(self, work: Callable[[Connection], T]) -> T:
        """Read.

        Raises:
            StoreUnavailable: it could not be read.
        """
        if self._thread is None:
            raise StoreUnavailable
        done = await asyncio.get_running_loop().run_in_executor(
            self._thread, lambda: self._do(work)
        )
        self._used.set()
        return done

    async def change(self, work: Callable[[Connection], T]) -> T:
        """Change the index, in a transaction.

        Raises:
            StoreUnavailable: it could not be written.
        """

        def write(conn: Connection) -> T:
            with transaction(conn):
                return work(conn)

        return await self.run(write)

    def _do(self, work: Callable[[Connection], T]) -> T:
        try:
            return work(self._connected())
        except (DBAPIError, sqlite3.Error, OSError) as error:
            self._disconnect()
            raise StoreUnavailable(f"读不了历史记录：{translate(error)}") from None

    def _connected(self) -> Connection:
        # Here, so that who has no page does not load it.
        from . import index

        if self._conn is None:
            try:
                self._conn = self._connect()
            except (DBAPIError, sqlite3.Error):  # no database, or another version's: made anew
                self.delete()
                self._conn = self._connect()
            if not index.is_current(self._conn):
                self._disconnect()
                self.delete()
                self._conn = self._connect()
        return self._conn

    def _connect(self) -> Connection:
        from . import index

        self._index.touch(PRIVATE_FILE)
        engine = create_engine(
            "sqlite://", creator=self._raw, poolclass=StaticPool, isolation_level="AUTOCOMMIT"
        )
        conn = engine.connect()
        try:
            index.create(conn)
        except DBAPIError:
            conn.close()
            engine.dispose()
            raise
        return conn

    def _raw(self) -> sqlite3.Connection:
        raw = sqlite3.connect(self._index, isolation_level=None, check_same_thread=False)
        try:
            raw.execute("PRAGMA journal_mode = WAL")
            raw.execute("PRAGMA synchronous = NORMAL")
            # The store's tables are found by their names, as those of the index are others.
            raw.execute("ATTACH ? AS store", (f"{self._store.absolute().as_uri()}?mode=ro",))
        except sqlite3.Error:
            raw.close()
            raise
        return raw

    def _disconnect(self) -> None:
        if self._conn is not None:
            self._conn.close()
            self._conn.engine.dispose()
            self._conn = None

    def delete(self) -> None:
        """Remove the file: it is made anew."""
        for ending in ("", "-wal", "-shm"):
            with suppress(FileNotFoundError):
                self._index.with_name(f"{self._index.name}{ending}").unlink()
