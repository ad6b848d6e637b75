"""Statements that SQLAlchemy compiles once and the driver then runs.

For a statement of a few microseconds, SQLAlchemy's own execution costs ten times as much. So what
is run for each push is a `Statement`: still written once, in SQLAlchemy Core.
"""

from collections import namedtuple
from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Any, Final, Protocol

from sqlalchemy import ClauseElement, Connection
from sqlalchemy.sql.selectable import SelectBase

Values = Mapping[str, object]
"""A value for each parameter, by its name."""


class Cursor(Protocol):
    """What is needed of a driver's cursor (PEP 249)."""

    rowcount: int

    def fetchall(self) -> Sequence[Sequence[Any]]:
        """All rows that are left."""
        ...


class Statement:
    """One statement."""

    def __init__(self, source: ClauseElement, ending: str = "") -> None:
        """`source` has a `bindparam` for each value that differs; no type of its columns needs
        more than what the driver itself does. `ending` is SQL of every engine that SQLAlchemy
        writes for each of them apart."""
        self._source = source
        self._ending = ending
        self._engine = ""
        """The dialect that it is compiled for."""
        self._sql = ""
        self._arguments: Callable[[Values], object] = dict
        self._row: Callable[[Iterable[Any]], Any] = tuple
        self._options: dict[str, bool] = {}
        _all.append(self)

    def run(self, conn: Connection, values: Values) -> Cursor:
        """Run it."""
        if self._engine != conn.dialect.name:
            self.prepare(conn)
        return driver(conn).execute(self._sql, self._arguments(values), **self._options)

    def run_one(self, conn: Connection, values: Values, otherwise: type[Exception]) -> None:
        """Change one row.

        Raises:
            otherwise: there is none. An engine that answers later has `check` raise it.
        """
        cursor = self.run(conn, values)
        if cursor.rowcount < 0:
            conn.info.setdefault(_UNCHECKED, []).append((cursor, otherwise))
        elif cursor.rowcount != 1:
            raise otherwise

    def run_for_each(self, conn: Connection, rows: Iterable[Values]) -> None:
        """Change rows, once for each of these."""
        if self._engine != conn.dialect.name:
            self.prepare(conn)
        driver(conn).cursor().executemany(self._sql, [self._arguments(row) for row in rows])

    def rows(self, conn: Connection, values: Values) -> list[Any]:
        """The rows that are found; their columns are attributes."""
        return [self._row(row) for row in self.run(conn, values).fetchall()]

    def row(self, conn: Connection, values: Values) -> Any:
        """The only row that is found, or None."""
        rows = self.rows(conn, values)
        return rows[0] if rows else None

    def prepare(self, conn: Connection) -> None:
        """Compile it."""
        compiled: Any = self._source.compile(dialect=conn.dialect)
        constants: dict[str, object] = {
            name: value for name, value in compiled.params.items() if value is not None
        }
        self._arguments = (
            _arguments(compiled.positiontup, constants)
            if compiled.positional
            else lambda values: {**constants, **values}
        )
        # Otherwise a picture comes as hexadecimal digits.
        self._options = {"binary": True} if conn.dialect.name == "postgresql" else {}
        if isinstance(self._source, SelectBase):
            columns: list[str] = self._source.selected_columns.keys()
            self._row = namedtuple("Row", columns)._make  # noqa: PYI024 # pyright: ignore[reportUntypedNamedTuple] - its columns are known only now
        self._sql, self._engine = f"{compiled} {self._ending}".rstrip(), conn.dialect.name


_all: Final[list[Statement]] = []


def prepare(conn: Connection) -> None:
    """Compile all statements that are imported: the first push would wait for it."""
    for statement in _all:
        statement.prepare(conn)


_UNCHECKED: Final = "unchecked"


def check(conn: Connection) -> None:
    """Raise what `run_one` could not know yet. All answers must be there."""
    for cursor, otherwise in conn.info.pop(_UNCHECKED, ()):
        if cursor.rowcount != 1:
            raise otherwise


def forget_unchecked(conn: Connection) -> None:
    """The transaction is undone: nobody checks any more what it changed."""
    conn.info.pop(_UNCHECKED, None)


def driver(conn: Connection) -> Any:
    """The driver's connection."""
    return conn.connection.dbapi_connection


def _arguments(names: Sequence[str], constants: Values) -> Callable[[Values], object]:
    if constants:
        return lambda values: [values[one] if one in values else constants[one] for one in names]
    return itemgetter(*names) if len(names) > 1 else lambda values: [values[one] for one in names]
