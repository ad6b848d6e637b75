"""What was delivered long ago costs nothing to those who look for what waits."""

import sqlite3
from collections.abc import Generator, Iterable
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event

from nonebot_plugin_report.model.delivery import NotSent, Outgoing, Rejected, Unknown
from nonebot_plugin_report.model.message import Message
from nonebot_plugin_report.model.report import Report
from nonebot_plugin_report.model.target import Lane, Target
from nonebot_plugin_report.store import Store
from nonebot_plugin_report.watchdog.durations import Durations
from tests.senders.service import make_image

from .fakes import Clock, FarEnd, world

ME = Target("private", "10001")


@pytest.mark.parametrize("backwards", [False, True], ids=["as they are", "the other way round"])
async def test_what_waits_is_found_by_its_index_in_whatever_order_indexes_were_made(
    tmp_path: Path, *, backwards: bool
) -> None:
    path = tmp_path / "report.db"
    await _made(path, backwards=backwards)
    store = Store(path)
    with statements() as asked:
        await store.open()
        asked.clear()
        await store.housekeeping.recover()
        await store.leases.waiting_lanes()
        await store.leases.resume()
        await store.history.backlog()
        await store.close()
    plans = _plans(path, asked)
    assert len(plans) > 3
    assert [one for _, one in plans if "delivery USING INDEX delivery_lane" in one] == []
    (counted,) = {one for sql, one in plans if sql.startswith("SELECT count(")}
    assert counted == "SCAN delivery USING COVERING INDEX delivery_queue"


@contextmanager
def statements() -> Generator[list[str]]:
    """The statements that connections run which are made within, with their values."""
    asked: list[str] = []

    def listen(connection: Any, _: object) -> None:
        connection.set_trace_callback(asked.append)

    event.listen(Engine, "connect", listen)
    try:
        yield asked
    finally:
        event.remove(Engine, "connect", listen)


async def test_however_much_is_stored_no_push_looks_through_it(path: Path) -> None:
    with statements() as asked:
        async with world(path) as w:
            asked.clear()
            durations = Durations(w.store.history, w.store.stories, w.clock)
            for report in (
                Report(images=(make_image(),)), Report(key="k"), Report(key="k"),
                Report(key="k", key_with_words=True),
                Report(event="a.start"), Report(event="a.end"), Report(event="b.end"),
                Report(event="a.firing", story="1"), Report(event="a.resolved", story="1"),
                Report(event="a.resolved", story="2"),
            ):  # fmt: skip
                assert await durations.elapsed(report, "master") in (None, 0.0)
                assert await w.store.history.last_key("x@", "master", w.clock()) is None
                await w.state("k", "master")
                message = Message("x", report.images)
                await w.outbox.accept(report, [Outgoing(ME, message)], source="master")
                durations.accepted(report, "master")
                await w.store.unread.keep("unifi", b"x", w.clock())
    plans = _plans(path, asked)
    assert len(plans) > 30
    assert scans(plans) == []
    assert [sql for sql in asked if " LIKE " in sql] == [], "within an index, too, it would look"


async def test_however_much_waits_or_was_sent_no_lane_looks_through_it(tmp_path: Path) -> None:
    path, clock, far = tmp_path / "report.db", Clock(), FarEnd()
    lane = Lane(ME)
    far.outcomes[lane] = [NotSent("忙"), Unknown("没有回答"), Rejected("不是好友")]
    far.shown = {lane: []}
    async with world(path, clock=clock, far=far) as w:
        with statements() as asked:
            await w.store.close()
            await w.store.open()
            asked.clear()
            pictured = Message("x", (make_image(),))
            await w.outbox.accept(Report(), [Outgoing(ME, pictured)])
            for number in range(60):
                await w.accept(str(number), ME)
                await w.drain(ME)
                clock.now += 600
            far.away.add(lane)
            await w.accept("y", ME)
            await w.drain(ME)
            await w.outbox.expire()
            await w.outbox.fall_back()
            assert len(far.sent) > 60
    plans = [
        (sql, plan)
        for sql, plan in _plans(path, asked)
        if "count(" not in sql  # what the world of the tests asks to flush
    ]
    assert len(plans) > 100
    assert scans(plans) == []


def scans(plans: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """The plans that go through a table or an index from its one end to the other. Only sweeps go
    through the lanes, which are as few as those who were ever sent anything."""
    return [
        (sql, plan)
        for sql, plan in plans
        if plan.startswith("SCAN ")
        and not plan.startswith(("SCAN CONSTANT ROW", "SCAN (", "SCAN lane"))
    ]


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


def _plans(path: Path, asked: Iterable[str]) -> list[tuple[str, str]]:
    """Each statement with each line of its plan."""
    looked = [sql for sql in asked if sql.startswith(("SELECT", "INSERT", "UPDATE", "DELETE"))]
    with closing(sqlite3.connect(path)) as connection:
        return [
            (sql, row[3])
            for sql in looked
            for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}")
        ]
