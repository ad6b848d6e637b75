"""What was delivered long ago costs nothing to those who look for what waits."""

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event

from nonebot_plugin_report.store import Store


@pytest.mark.parametrize("backwards", [False, True], ids=["as they are", "the other way round"])
async def test_what_waits_is_found_by_its_index_in_whatever_order_indexes_were_made(
    tmp_path: Path, *, backwards: bool
) -> None:
    path = tmp_path / "report.db"
    await _made(path, backwards=backwards)
    asked: list[str] = []

    def listen(connection: Any, _: object) -> None:
        connection.set_trace_callback(asked.append)

    store = Store(path)
    event.listen(Engine, "connect", listen)
    try:
        await store.open()
        asked.clear()
        await store.housekeeping.recover()
        await store.leases.waiting_lanes()
        await store.leases.resume()
        await store.history.backlog()
    finally:
        event.remove(Engine, "connect", listen)
        await store.close()
    plans = list(_plans(path, asked))
    assert len(plans) > 3
    assert [one for one in plans if "delivery USING INDEX delivery_lane" in one] == []


async def _made(path: Path, *, backwards: bool) -> None:
    """A store whose indexes on deliveries were made in one order or the other: where two would do,
    SQLite takes one of them by that."""
    store = Store(path)
    await store.open()
    await store.close()
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        indexes = connection.execute(
            "SELECT name, sql FROM sqlite_master "
            "WHERE type = 'index' AND tbl_name = 'delivery' AND sql IS NOT NULL ORDER BY name"
        ).fetchall()
        for name, _ in indexes:
            connection.execute(f"DROP INDEX {name}")
        for _, sql in reversed(indexes) if backwards else indexes:
            connection.execute(sql)


def _plans(path: Path, asked: Iterable[str]) -> Iterable[str]:
    with closing(sqlite3.connect(path)) as connection:
        for sql in asked:
            if "delivery" in sql:
                for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}"):
                    yield row[3]
