"""SQLite as the store uses it: how a file is opened, its transactions, its errors.

Each commit is in the write-ahead log; one that is durable is synced there by SQLite itself
(`synchronous = FULL`). SQLite copies the log into the database once it has `LOG_PAGES` pages, as a
part of a commit, and only on the writer's connection: before 3.51.3 it can lose data where another
connection does that beside commits (sqlite.org/wal.html, "The WAL-Reset Bug").
"""

import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.pool import StaticPool

from ..errors import DiskFull, StoreUnavailable, os_reason
from .file import DatabaseFile
from .schema import upgrade_for_use
from .statements import driver, prepare
from .writer import Operation

LOG_PAGES: Final = 1000
"""Pages of the write-ahead log after which it is copied into the database."""
LOG_BYTES: Final = 16 * 2**20
"""Bytes of the write-ahead log that stay on disk once it has been copied."""
BUSY_SECONDS: Final = 5.0
"""Seconds to wait for another process's lock on the file. BetterGI waits 30 s for an answer."""

TEXT_FACTORY: Final = partial(str, encoding="utf-8", errors="replace")
"""How texts are decoded: a damaged one costs its own row, not all that are read with it."""


def engine(path: Path) -> Engine:
    """An engine with one connection, for one thread at a time."""
    database = create_engine(
        f"sqlite:///{path}",
        # SQLAlchemy makes statements and runs those that are rare; `transaction` is ours.
        isolation_level="AUTOCOMMIT",
        poolclass=StaticPool,
        # Used by two threads, never at the same time.
        connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False},
    )

    @event.listens_for(database, "connect")
    def configure(connection: Any, _: object) -> None:  # pyright: ignore[reportUnusedFunction] - the decorator registers it
        connection.text_factory = TEXT_FACTORY
        cursor = connection.cursor()
        if cursor.execute("PRAGMA page_count").fetchone() == (0,):
            # Of a new file, before all else; in another one it fails where the disk is full.
            cursor.execute("PRAGMA auto_vacuum = INCREMENTAL")
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute(f"PRAGMA wal_autocheckpoint = {LOG_PAGES}")
        cursor.execute(f"PRAGMA journal_size_limit = {LOG_BYTES}")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.close()

    return database


class SqliteEngine:
    """An SQLite file, used by this process alone."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = DatabaseFile(path)
        self._conn: Connection | None = None
        self._synced = True
        """Each commit is synced, as SQLite is set now."""
        self._fault = ""
        """Why what is committed from now on may be lost (Chinese)."""

    def open(self) -> None:
        """Lock the file for this process, connect, and bring the tables up to date.

        Raises:
            StoreUnavailable: another process has the file, or it cannot be used.
        """
        self._fault, self._synced = "", True
        try:
            self._file.acquire()
            conn = self._conn = engine(self._path).connect()
            with transaction(conn):
                upgrade_for_use(conn)
            prepare(conn)
            self._file.note_files()
        except BaseException as error:
            self.close()
            if isinstance(error, OSError):
                raise StoreUnavailable(
                    f"无法使用数据库：{os_reason(error)}", file=self._path
                ) from None
            raise

    def close(self) -> None:
        """Disconnect, and release the file. Where it was deleted, write its contents anew."""
        rescued = None
        conn, self._conn = self._conn, None
        if conn is not None:
            if self._file.fault() or self._file.is_truncated():
                rescued = self._file.rescue(driver(conn))
            conn.close()
            conn.engine.dispose()
        if rescued is not None:
            self._file.restore(rescued)
        self._file.release()

    def transact(self, operations: Sequence[Operation], *, durable: bool) -> list[Any]:
        """Run operations in one transaction; see `writer.Engine`."""
        if self._conn is None:
            raise StoreUnavailable
        self._check_file()
        server = driver(self._conn)
        if durable != self._synced:
            set_pragma(self._conn, "synchronous", "FULL" if durable else "NORMAL")
            self._synced = durable
        try:
            # At once for writing: a lock that is taken later cannot be waited for.
            server.execute("BEGIN IMMEDIATE")
        except sqlite3.Error as error:
            raise self._judge(error) from None
        try:
            results = [operation(self._conn) for operation in operations]
            server.execute("COMMIT")
        except BaseException as error:
            _roll_back(server)
            self._file.note_log()
            if isinstance(error, SQLAlchemyError | sqlite3.Error):
                ours = self._judge(error)
                if self._fault:
                    raise ours from None
            raise
        if fault := self._file.fault():
            raise StoreUnavailable(fault)
        self._file.note_log()
        return results

    def translate(self, error: Exception) -> Exception:
        """Make an error of ours from SQLite's."""
        return translate(error)

    def check(self) -> None:
        """Check that the file on disk is still the one that was opened, and can be written.

        Raises:
            StoreUnavailable: it is not.
        """
        if fault := self._file.fault() or self._fault:
            raise StoreUnavailable(fault)

    def interrupt(self) -> None:
        """Do nothing: the wait for a lock has its own end, and for a local disk there is none."""

    def _check_file(self) -> None:
        if not self._fault and self._file.is_truncated():
            self._fault = f"数据库的预写日志 {self._path.name}-wal 被别的程序截断了"
        if fault := self._file.fault() or self._fault:
            raise StoreUnavailable(fault)

    def _judge(self, error: Exception) -> Exception:
        """Our error. After a failed sync, what earlier commits wrote may not be on disk, and later
        ones stand behind it in the log: refuse everything until the file is opened anew."""
        cause = error.orig if isinstance(error, DBAPIError) else error
        if getattr(cause, "sqlite_errorcode", 0) in _FAILED_SYNC:
            self._fault = str(translate(error))
        return translate(error)


_FAILED_SYNC: Final = (sqlite3.SQLITE_IOERR_FSYNC, sqlite3.SQLITE_IOERR_DIR_FSYNC)


def _roll_back(server: Any) -> None:
    if server.in_transaction:
        with suppress(sqlite3.Error):  # the next transaction fails, and says why
            server.execute("ROLLBACK")


class transaction:  # noqa: N801 - used as a function; a generator would cost several times as much
    """A scope that ends with a commit, or with a rollback and the exception."""

    def __init__(self, conn: Connection) -> None:
        self._driver = driver(conn)

    def __enter__(self) -> None:
        # At once for writing: a lock that is taken later cannot be waited for.
        self._driver.execute("BEGIN IMMEDIATE")

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None:
                self._driver.execute("COMMIT")
        finally:
            if self._driver.in_transaction:
                self._driver.execute("ROLLBACK")


def set_pragma(conn: Connection, pragma: str, value: str) -> None:
    """Change how SQLite works; takes effect outside of a transaction only."""
    driver(conn).execute(f"PRAGMA {pragma} = {value}")


_ASIDE: Final = "停掉机器人，把它移到别处留着，再启动会新建一个"
# sqlite.org/rescode.html, "Primary Result Code List".
_REASONS: Final[Mapping[int, str]] = {
    sqlite3.SQLITE_READONLY: "数据库文件是只读的，请检查它和文件夹的权限",
    sqlite3.SQLITE_CANTOPEN: "数据库文件打不开，请检查它和文件夹的权限",
    sqlite3.SQLITE_IOERR: "磁盘读写出错，请检查磁盘",
    sqlite3.SQLITE_BUSY: "另一个程序占着数据库，请关掉它（例如看数据库的工具）",
    sqlite3.SQLITE_CORRUPT: f"数据库文件损坏了；{_ASIDE}",
    sqlite3.SQLITE_NOTADB: f"数据库文件里不是数据库；{_ASIDE}",
}


def translate(error: Exception) -> Exception:
    """Make an error of ours from SQLite's, without the statement and its values, but with SQLite's
    own name for it, by which it can be looked up."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    if not isinstance(cause, sqlite3.Error):
        return error
    code: int | None = getattr(cause, "sqlite_errorcode", None)
    if code is not None and code & 0xFF == sqlite3.SQLITE_FULL:
        return DiskFull()
    if code is None or (reason := _REASONS.get(code & 0xFF)) is None:
        return StoreUnavailable(f"无法写入数据库：{cause}")
    return StoreUnavailable(f"{reason}（{getattr(cause, 'sqlite_errorname', code)}）")
