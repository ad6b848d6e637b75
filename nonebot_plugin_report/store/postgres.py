"""PostgreSQL as the store uses it: how it is reached, its transactions, its errors.

Where PgBouncer shares the server's connections by transaction, nothing outlives one there: no
setting of a session, and no prepared statement, which are only used where nothing is in between.
"""

import socket
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from threading import Event
from time import monotonic
from typing import Any, Final

import psycopg
from loguru import logger
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from ..errors import DiskFull, StoreUnavailable
from .schema import metadata, upgrade_for_use
from .statements import check, driver, forget_unchecked, prepare
from .writer import Operation

CONNECT_SECONDS: Final = 3
"""Seconds to wait for a connection."""
STATEMENT_SECONDS: Final = 5
"""Seconds that a statement, a lock in it included, may take; and that may pass between two of a
transaction: a process that stopped there would hold its locks for as long as it stands still."""
_DEFAULTS: Final = {
    "connect_timeout": CONNECT_SECONDS,
    "application_name": "nonebot-plugin-report",
    # After a failover the old primary may still answer.
    "target_session_attrs": "read-write",
    # A server that vanished is noticed within seconds.
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
}
"""The parameters of a connection, where the address does not say others."""
_UPGRADING: Final = 0x7265706F7274
"""Of the lock that one process holds while it makes the tables."""
LISTEN_SECONDS: Final = 5.0
"""Seconds between looks whether to go on listening."""
IDLE_SECONDS: Final = 3
"""Seconds within which a transaction has to go on: what a process has locked that stopped, or was
cut off, in the middle of one would be nobody's for as long as it is away. Less than a statement may
take: who waits for the lock is not refused."""
READING_IDLE_SECONDS: Final = 60
"""The same where a transaction only reads, and locks nothing: a busy machine may need longer."""
_READ_ONLY: Final = "25006"
"""SQLSTATE read_only_sql_transaction: what was the primary server is a replica now."""
_DISK_FULL: Final = "53100"
"""SQLSTATE disk_full."""
_SET: Final = (
    f"SELECT set_config('statement_timeout', '{STATEMENT_SECONDS}s', true),"
    " set_config('idle_in_transaction_session_timeout', '{}s', true),"
    " set_config('synchronous_commit', '{}', true)"
)
_DURABLE: Final = _SET.format(IDLE_SECONDS, "on")
_NOT_DURABLE: Final = _SET.format(IDLE_SECONDS, "off")
_READING: Final = _SET.format(READING_IDLE_SECONDS, "off")
RECONNECT_EVERY: Final = 1.0
"""Seconds between attempts to reach the server; what comes meanwhile is refused at once."""
PREPARE_AFTER: Final = 5
"""Times that a statement is run before the server keeps how: to parse and plan one of ours takes it
longer than to run it."""
_PIPELINE: Final = "pipeline"
"""In a connection's `info`, while it does not wait for answers."""


def connect(url: str) -> Any:
    """A connection of the driver's own. Blocks.

    Raises:
        StoreUnavailable: the address cannot be read.
    """
    try:
        options = conninfo_to_dict("postgresql://" + url.partition("://")[2])
    except psycopg.ProgrammingError:  # it repeats the address, password and all
        raise StoreUnavailable(
            "REPORT_DATABASE_URL 读不懂；密码里的 @ : / # 要写成 %40 %3A %2F %23"
        ) from None
    conninfo = make_conninfo("", **{**_DEFAULTS, **options})
    return psycopg.connect(conninfo, autocommit=True, prepare_threshold=None)


def engine(url: str) -> Engine:
    """An engine whose connections are used by one thread each."""

    def create() -> Any:
        server = connect(url)
        server.prepare_threshold = PREPARE_AFTER if is_direct(server) else None
        return server

    database = create_engine(
        "postgresql+psycopg://",
        creator=create,
        poolclass=NullPool,
        # SQLAlchemy makes statements and runs those that are rare; `transact` is ours.
        isolation_level="AUTOCOMMIT",
        use_native_hstore=False,
    )
    for index in (one for table in metadata.sorted_tables for one in table.indexes):
        # Said once in the schema; said there for PostgreSQL too, it would load this dialect.
        index.dialect_kwargs["postgresql_where"] = index.dialect_kwargs["sqlite_where"]

    @event.listens_for(database, "before_cursor_execute")
    def wait(conn: Connection, *_: object) -> None:  # pyright: ignore[reportUnusedFunction] - the decorator registers it
        settle(conn)  # SQLAlchemy needs each answer at once

    return database


class PostgresEngine:
    """A connection to a PostgreSQL server; one that is lost is made anew.

    It belongs to the writer's thread: psycopg's own waiting on an event loop does not work with
    Windows' usual one.
    """

    def __init__(self, url: str) -> None:
        """`url` begins with `postgresql://`."""
        self._engine = engine(url)
        self._conn: Connection | None = None
        self._server: Any = None
        """The driver's connection below it."""
        self._tried_at = 0.0
        """When the last attempt to connect ended (monotonic)."""
        self._late = False
        """The transaction that runs was interrupted."""
        self._away = False
        """The server could not be reached, and that was logged."""

    def open(self) -> None:
        """Connect, and bring the tables up to date.

        Raises:
            StoreUnavailable: the server cannot be reached, or another version made its tables.
        """
        try:
            conn = self._connect()
            upgrade_alone(conn)
            prepare(conn)
        except Exception as error:  # noqa: BLE001 - raised again, as ours
            self.close()
            raise self._log_once(error) from None
        self._away = False

    def close(self) -> None:
        """Disconnect."""
        conn, self._conn = self._conn, None
        if conn is not None:
            self._server.close()
            conn.invalidate()
            conn.close()

    def transact(self, operations: Sequence[Operation], *, durable: bool) -> list[Any]:
        """Run operations in one transaction; see `writer.Engine`. A connection that was lost before
        the commit is made anew, and they run once more."""
        self._late = False
        try:
            return self._transact(operations, durable=durable)
        except StoreUnavailable:
            raise
        except Exception:
            if self._conn is not None:
                raise
        return self._transact(operations, durable=durable)

    def _transact(self, operations: Sequence[Operation], *, durable: bool) -> list[Any]:
        conn = self._conn or self._reconnect()
        try:
            begin(conn, _DURABLE if durable else _NOT_DURABLE)
            results = [operation(conn) for operation in operations]
            settle(conn)
            check(conn)
        except Exception as error:
            abandon(conn)
            if is_lost(self._server, error):
                self.close()
            if self._late:
                raise StoreUnavailable("数据库没有及时回答") from None
            raise
        try:
            commit(self._server)
        except StoreUnavailable:
            if self._server.closed:
                self.close()
            raise
        return results

    def translate(self, error: Exception) -> Exception:
        """Make an error of ours from the driver's."""
        return translate(error)

    def check(self) -> None:
        """Do nothing: it connects anew by itself."""

    def interrupt(self) -> None:
        """End the wait for a server that does not answer."""
        self._late = True
        cut(self._server)

    def _connect(self) -> Connection:
        self.close()
        try:
            conn = self._engine.connect()
        finally:
            self._tried_at = monotonic()
        self._conn, self._server = conn, driver(conn)
        return conn

    def _reconnect(self) -> Connection:
        """A new connection.

        Raises:
            StoreUnavailable: there is none, or the last attempt was too short ago.
        """
        if monotonic() - self._tried_at < RECONNECT_EVERY and self._away:
            raise StoreUnavailable("连不上数据库")
        try:
            conn = self._connect()
        except Exception as error:  # noqa: BLE001 - whatever it is: it is tried again
            self._log_once(error)
            raise StoreUnavailable("连不上数据库") from None
        if self._away:
            logger.info("数据库又连上了")
        self._away = False
        return conn

    def _log_once(self, error: Exception) -> Exception:
        """Our error; its cause is logged once until the server can be reached again."""
        logged, self._away = self._away, True
        return translate(error, logged=logged)


def begin(conn: Connection, settings: str) -> None:
    """Begin a transaction with its settings, a statement; one that is not durable does not wait for
    the server's disk.

    Until `settle`, what a `Statement` changes is sent without waiting for the answers.
    """
    server = driver(conn)
    pipeline = conn.info[_PIPELINE] = server.pipeline()
    pipeline.__enter__()
    server.execute("BEGIN")
    server.execute(settings)


def settle(conn: Connection) -> None:
    """Wait for the answers to all statements.

    Raises:
        psycopg.Error: one of them failed.
    """
    if (pipeline := conn.info.pop(_PIPELINE, None)) is not None:
        pipeline.__exit__(None, None, None)


def commit(server: Any) -> None:
    """Commit. `server` is the driver's connection.

    Raises:
        StoreUnavailable: it may be committed, or not.
    """
    try:
        done = server.execute("COMMIT", prepare=False).statusmessage
    except psycopg.Error as error:
        logger.warning(f"数据库没有确认提交：{_server_message(error)}")
        raise StoreUnavailable("数据库没有确认已经存下") from None
    if done != "COMMIT":
        raise StoreUnavailable("数据库没有存下")


def roll_back(server: Any) -> None:
    """Undo the transaction, if the server can still be reached."""
    with suppress(psycopg.Error):
        server.execute("ROLLBACK")


@contextmanager
def reading(conn: Connection) -> Generator[None]:
    """A scope that reads, within the limits of time of a transaction."""
    begin(conn, _READING)
    try:
        yield
        settle(conn)
    except BaseException:
        abandon(conn)
        raise
    roll_back(driver(conn))


def abandon(conn: Connection) -> None:
    """Undo a transaction, if the server can still be reached."""
    if conn.invalidated:  # by SQLAlchemy, which has seen the server go
        return
    with suppress(psycopg.Error):
        settle(conn)
    forget_unchecked(conn)
    roll_back(driver(conn))


def upgrade_alone(conn: Connection) -> None:
    """Bring the tables up to date; other processes wait meanwhile.

    Raises:
        StoreUnavailable: a newer version of the plugin wrote them, only a part of another store was
            moved here, or it did not work.
    """
    server = driver(conn)
    server.execute("BEGIN")
    try:
        lock_tables(conn)
        upgrade_for_use(conn)
    except BaseException:
        roll_back(server)
        raise
    commit(server)


def lock_tables(conn: Connection) -> None:
    """Have no other process make tables until the transaction ends."""
    conn.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _UPGRADING})


_TRY_LOCK: Final = text("SELECT pg_try_advisory_xact_lock(:key)")
# What is seen of other connections stays the same within a transaction.
_LOOK_ANEW: Final = text("SELECT pg_stat_clear_snapshot()")
_OTHERS: Final = text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
    " AND pid <> pg_backend_pid() AND application_name = :name"
)


def keep_others_out(conn: Connection) -> bool:
    """Have no other process make tables, and so begin to use them, until the transaction ends.
    False: one does so now."""
    return bool(conn.scalar(_TRY_LOCK, {"key": _UPGRADING}))


# The server's own limit is not enough: psycopg ends a pipeline, and so an `executemany`, with a
# Flush, after which the server counts no idle seconds (seen with psycopg 3.3 and PostgreSQL 15).
_END_STALLED: Final = text(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
    " AND pid <> pg_backend_pid() AND application_name = :name AND xact_start IS NOT NULL"
    " AND wait_event_type = 'Client'"
    " AND state_change < clock_timestamp() - make_interval(secs => :seconds)"
)


def end_stalled(conn: Connection) -> None:
    """End the transactions of other processes that have stopped in the middle of one."""
    values = {"name": _DEFAULTS["application_name"], "seconds": IDLE_SECONDS}
    conn.execute(_END_STALLED, values)


def connected(conn: Connection) -> int:
    """How many other connections of this plugin there are to the database."""
    conn.execute(_LOOK_ANEW)
    return conn.scalar(_OTHERS, {"name": _DEFAULTS["application_name"]}) or 0


def is_lost(server: Any, error: Exception) -> bool:
    """Whether a connection is of no use any more, after an error."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    return server.closed or getattr(cause, "sqlstate", None) == _READ_ONLY


def is_direct(server: Any) -> bool:
    """Whether no pool of connections is in between: those do not pass notifications on."""
    return server.execute("SELECT pg_backend_pid()").fetchone()[0] == server.info.backend_pid


def listen(server: Any, channel: str) -> None:
    """Be told of what is said on a channel."""
    server.execute(f"LISTEN {channel}")


def notices(server: Any, stop: Event) -> Iterator[str]:
    """What is said, until told to stop or the connection ends."""
    while not stop.is_set():
        for notification in server.notifies(timeout=LISTEN_SECONDS):
            yield notification.payload


def cut(server: Any) -> None:
    """End a connection that another thread waits on: there the wait ends with an error."""
    if server is None:
        return
    with suppress(OSError, psycopg.Error):
        server_socket = socket.socket(fileno=server.pgconn.socket)
        try:
            server_socket.shutdown(socket.SHUT_RDWR)
        finally:
            server_socket.detach()  # it stays the driver's to close


def translate(error: Exception, *, logged: bool = False) -> Exception:
    """Make an error of ours from the driver's. What the server says of it is only logged, unless it
    was `logged` already: who pushes need not know where it is."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    if not isinstance(cause, psycopg.Error):
        return error
    if cause.sqlstate == _DISK_FULL:
        return DiskFull()
    if not logged:
        logger.warning(f"数据库出错：{_server_message(cause)}")
    return StoreUnavailable("连不上数据库" if cause.sqlstate is None else "数据库拒绝了这次操作")


def _server_message(error: psycopg.Error) -> str:
    """What the server says, without its details: those repeat what was to be stored."""
    message = error.diag.message_primary or str(error).partition("\n")[0]
    return f"{type(error).__name__} {message[:200]}"
