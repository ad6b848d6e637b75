"""SQLite as the store uses it: how it is opened, its transactions, its write-ahead log."""

import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from loguru import logger
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import StaticPool

from ..errors import StoreUnavailable
from .statements import driver

WAL_LIMIT: Final = 16 * 2**20
"""Bytes that the write-ahead log keeps on disk once it has been copied."""


def engine(path: Path) -> Engine:
    """An engine with one connection, for one thread at a time."""
    made = create_engine(
        f"sqlite:///{path}",
        # SQLAlchemy makes statements and runs those that are rare; `transaction` is ours.
        isolation_level="AUTOCOMMIT",
        poolclass=StaticPool,
        # Used by two threads, never at the same time.
        connect_args={"timeout": 0.0, "check_same_thread": False},
    )

    @event.listens_for(made, "connect")
    def configure(connection: Any, _: object) -> None:  # pyright: ignore[reportUnusedFunction] - the decorator registers it
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute("PRAGMA wal_autocheckpoint = 0")  # `checkpoint` does it
        cursor.execute(f"PRAGMA journal_size_limit = {WAL_LIMIT}")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.close()

    return made


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


def checkpoint(conn: Connection) -> None:
    """Copy the write-ahead log into the database.

    On the writer's own connection: SQLite before 3.51.3 can lose data where another connection
    does it beside commits (sqlite.org/wal.html, "The WAL-Reset Bug"). Left to
    SQLite it would happen inside a commit, which somebody waits for.
    """
    try:
        # Emptied, so that its size says how much is in it.
        driver(conn).execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    except sqlite3.Error as error:
        logger.warning(f"数据库的预写日志没能合并，稍后再试：{error}")


def set_pragma(conn: Connection, pragma: str, value: str) -> None:
    """Change how SQLite works; takes effect outside of a transaction only."""
    driver(conn).execute(f"PRAGMA {pragma} = {value}")


_ASIDE: Final = "停掉机器人，把它移到别处留着，再启动会新建一个"
# sqlite.org/rescode.html, "Primary Result Code List".
_REASONS: Final[Mapping[int, str]] = {
    sqlite3.SQLITE_FULL: "磁盘满了，请清出空间",
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
    if code is None or (reason := _REASONS.get(code & 0xFF)) is None:
        return StoreUnavailable(f"无法写入数据库：{cause}")
    return StoreUnavailable(f"{reason}（{getattr(cause, 'sqlite_errorname', code)}）")
