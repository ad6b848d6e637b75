"""Where the stores of these tests are, and a look into them past our own code."""

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from math import ceil
from pathlib import Path
from typing import Any

import psycopg

Place = Path | str
"""An SQLite file, or the address of a database on a PostgreSQL server."""
Fresh = Callable[[], Place]
"""Makes an empty store, for those who need many."""


class ServerClock:
    """The clock of a server, as one database sees it: there a function of ours is found before
    PostgreSQL's own of that name."""

    _OPTION = "?options=-csearch_path%3Dpublic,clock,pg_catalog"
    _MAKE = (
        "CREATE SCHEMA IF NOT EXISTS clock",
        "CREATE TABLE IF NOT EXISTS clock.reading (at float NOT NULL)",
        "CREATE OR REPLACE FUNCTION clock.clock_timestamp() RETURNS timestamptz LANGUAGE sql"
        " AS 'SELECT to_timestamp(at) FROM clock.reading'",
        "DELETE FROM clock.reading",
        "INSERT INTO clock.reading VALUES (0)",
    )

    def __init__(self, address: str) -> None:
        self._server = psycopg.connect(address, autocommit=True)

    @classmethod
    def make(cls, address: str) -> str:
        """Give a database such a clock. Returns the address by which it is seen."""
        with psycopg.connect(address, autocommit=True) as server:
            for statement in cls._MAKE:
                server.execute(statement.encode())
        return address + cls._OPTION

    @classmethod
    def of(cls, place: Place) -> "ServerClock | None":
        """The clock of a place that has one."""
        return cls(place) if isinstance(place, str) and place.endswith(cls._OPTION) else None

    def set(self, now: float) -> None:
        """Set it (epoch seconds); it knows microseconds, and nothing is due before its time."""
        self._server.execute("UPDATE clock.reading SET at = %s", (ceil(now * 1e6) / 1e6,))

    def close(self) -> None:
        self._server.close()


def rows(place: Place, query: str, *values: object) -> list[tuple[Any, ...]]:
    """What somebody else reads there; `?` in the query stands for a value."""
    if isinstance(place, Path):
        with closing(sqlite3.connect(place)) as conn:
            return conn.execute(query, values).fetchall()
    with psycopg.connect(place, autocommit=True) as server:
        return _execute(server, query, values).fetchall()


def change(place: Place, statement: str) -> None:
    """Change a store as somebody else might."""
    if isinstance(place, Path):
        with closing(sqlite3.connect(place)) as conn, conn:
            assert conn.execute(statement).rowcount > 0
    else:
        with psycopg.connect(place, autocommit=True) as server:
            assert _execute(server, statement, ()).rowcount > 0


def _execute(server: psycopg.Connection, query: str, values: Sequence[object]) -> psycopg.Cursor:
    return server.execute(query.replace("?", "%s").encode(), values or None)
