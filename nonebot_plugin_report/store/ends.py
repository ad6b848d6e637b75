"""A database opened by itself, for who moves all of it: no bot uses it meanwhile.

An SQLite file is locked, as a bot locks it. On a PostgreSQL server the lock is taken that a process
needs to begin, once none is left that has begun; it lasts as long as its transaction.
"""

import sqlite3
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, func, inspect, select
from sqlalchemy.exc import SQLAlchemyError

from ..errors import StoreUnavailable
from .file import DatabaseFile
from .moment import SERVER_CLOCK
from .schema import lane, term
from .sqlite import engine, transaction, translate
from .statements import driver

_IN_USE: Final = (
    "还有机器人在用这个数据库：先停掉所有用它的机器人，再搬；刚停掉或被强行结束的，过 15 秒再试"
)


@dataclass(frozen=True, slots=True)
class End:
    """One of both databases of a move."""

    conn: Connection
    transaction: Callable[[], AbstractContextManager[None]]
    """Ends with a commit, or with a rollback and the exception."""
    alone: Callable[[], None]
    """In a transaction: keep bots out until it ends; raises StoreUnavailable if one is in."""
    snapshot: Callable[[], AbstractContextManager[None]]
    """A transaction in which all is read as it was when it began, while bots are kept out."""


def open_end(place: Path | str) -> AbstractContextManager[End]:
    """Open an SQLite file, made if there is none, or a PostgreSQL database's address.

    Raises:
        StoreUnavailable: it is in use, or cannot be used; also for what fails with it later.
    """
    return _file(place) if isinstance(place, Path) else _server(place)


@contextmanager
def _file(path: Path) -> Generator[End]:
    file = DatabaseFile(path)
    file.acquire("先停掉机器人，再搬")
    database = engine(path)
    try:
        with database.connect() as conn:
            transact = partial(transaction, conn)
            yield End(conn, transact, _nothing, nullcontext)
    except (SQLAlchemyError, sqlite3.Error) as error:
        raise translate(error) from None
    finally:
        database.dispose()
        file.release()


def _nothing() -> None:
    """The file is locked already."""


@contextmanager
def _server(url: str) -> Generator[End]:
    import psycopg

    from . import postgres

    @contextmanager
    def transact(how: str = "BEGIN") -> Generator[None]:
        server = driver(conn)
        server.execute(how)
        try:
            yield
        except BaseException:
            postgres.roll_back(server)
            raise
        postgres.commit(server)

    @contextmanager
    def snapshot() -> Generator[None]:
        with transact("BEGIN ISOLATION LEVEL REPEATABLE READ"):
            alone()
            yield
            # One that had lost its connection may have come back.
            _require_none(conn, postgres.connected(conn))

    def alone() -> None:
        if not postgres.keep_others_out(conn):
            raise StoreUnavailable(_IN_USE)
        _require_none(conn, postgres.connected(conn))

    try:
        with postgres.engine(url).connect() as conn:
            yield End(conn, transact, alone, snapshot)
    except (SQLAlchemyError, psycopg.Error) as error:
        raise postgres.translate(error) from None


def _require_none(conn: Connection, connected: int) -> None:
    """By what the server sees, and by what bots write: their addresses may name them otherwise.

    Raises:
        StoreUnavailable: a bot uses it.
    """
    tables = inspect(conn).get_table_names()
    leads = term.name in tables and conn.scalar(
        select(func.count()).select_from(term).where(term.c.until > SERVER_CLOCK)
    )
    sends = lane.name in tables and conn.scalar(
        select(func.count())
        .select_from(lane)
        .where(lane.c.owner.is_not(None), lane.c.lease_until > SERVER_CLOCK)
    )
    if connected or leads or sends:
        raise StoreUnavailable(_IN_USE)
