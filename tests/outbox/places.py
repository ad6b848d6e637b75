"""Where the stores of these tests are, and a look into them past our own code."""

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg

Place = Path | str
"""An SQLite file, or the address of a database on a PostgreSQL server."""
Fresh = Callable[[], Place]
"""Makes an empty store, for those who need many."""


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
