"""Rubbish in a row: SQLite takes any value in any column. It is set aside, and stops nobody."""

import asyncio
import shutil
import sqlite3
from collections.abc import AsyncGenerator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from nonebot_plugin_report.model.criteria import EVERYTHING, NEWEST, Criteria, Sight
from nonebot_plugin_report.model.delivery import Handling, Outgoing, Rejected, State
from nonebot_plugin_report.model.image import Image
from nonebot_plugin_report.model.message import Message
from nonebot_plugin_report.model.report import Report, Result
from nonebot_plugin_report.model.scheduling import Policy
from nonebot_plugin_report.model.status import Process
from nonebot_plugin_report.model.target import Lane, Target
from nonebot_plugin_report.model.watch import WatchState
from nonebot_plugin_report.outbox.lanes import EXPIRY_PATIENCE
from nonebot_plugin_report.store.backup import back_up
from nonebot_plugin_report.store.moving import move
from nonebot_plugin_report.store.schema import metadata
from nonebot_plugin_report.store.sessions import Session
from nonebot_plugin_report.store.tokens import Binding

from .fakes import Clock, FarEnd, World, world
from .places import rows

RUBBISH = ("NULL", "x'ff00'", "CAST(x'ff41' AS TEXT)", "'{rubbish'", "-5", "1e300", "1 << 62")
VICTIMS = [Target("private", str(10001 + number)) for number in range(len(RUBBISH))]
HEALTHY, PHONE = Target("group", "777"), Target("channel", "phone")
COLUMNS = [
    (table.name, column.name)
    for table in metadata.sorted_tables
    for column in table.columns
    if table.name != "meta"
]


@dataclass
class Prepared:
    """A store in which something of each kind waits, has gone, or is remembered."""

    path: Path
    now: float
    waiting: str
    """The id of the report that waits for the healthy target."""


async def fill(w: World, number: int, target: Target) -> None:
    """One row of each kind, all of one number."""
    image = Image(b"\xff\xd8\xff" + bytes([number]), "image/jpeg", 3, 2)
    name = f"victim {number}"
    report = Report(
        content=name, event="task.end", result=Result.FAIL, images=(image,), key=name, story=name
    )
    message = Message(name, (image,), report)
    w.far.outcomes[Lane(target)] = [Rejected("不在群里")]
    handling = Handling(fallback=(PHONE,), fallback_after=3600.0)
    sent, source = [Outgoing(target, message, handling)], f"bind:{number}"
    await w.outbox.accept(report, sent, source=source)
    await w.drain(target)  # it fails
    report = Report(content=name, event="task.start", images=(image,))
    await w.outbox.accept(report, sent, source=source)  # it waits
    await w.store.leases.park(Lane(target), w.outbox.owner, "机器人没有连接", w.clock())
    await w.store.mutes.set(target, w.clock() + 60)
    await w.store.bindings.add(Binding(str(number), f"token {number}", w.clock()))
    session = Session(f"digest {number}", f"user:{target}", "Firefox", w.clock(), w.clock())
    await w.store.sessions.add(session)
    await w.store.sessions.add_link(f"link {number}", f"user:{target}", w.clock(), w.clock() + 60)
    await w.store.watches.save({name: WatchState(w.clock(), w.clock() + 60)}, "")
    await w.store.unread.keep(name, b"body", w.clock())
    await w.store.terms.take(name, w.outbox.owner, w.clock(), 60.0)
    process = Process(name, "host", number, ("1",), w.clock(), w.clock())
    await w.store.processes.sign(process)
    w.store.spent.add(name, w.clock())


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def prepared(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Prepared]:
    path = tmp_path_factory.mktemp("prepared") / "report.db"
    async with world(path) as w:
        for number, target in enumerate(VICTIMS):
            await fill(w, number, target)
            w.clock.now += 1
        receipt = await w.accept("healthy", HEALTHY, key="healthy")
        await fill(w, 99, Target("private", "99999"))
    with closing(sqlite3.connect(path)) as conn, conn:
        conn.execute("PRAGMA writable_schema = ON")
        nullable = "UPDATE sqlite_schema SET sql = replace(sql, ' NOT NULL', '')"
        conn.execute(f"{nullable} WHERE type = 'table'")
    yield Prepared(path, w.clock.now + 10, receipt.id)


def damage(path: Path, table: str, column: str) -> None:
    """Put each kind of rubbish into the column of another row, the oldest ones."""
    with closing(sqlite3.connect(path, isolation_level=None)) as conn:
        numbers = conn.execute(f"SELECT rowid FROM {table} ORDER BY rowid").fetchall()
        for (number,), rubbish in zip(numbers, RUBBISH, strict=False):
            try:
                conn.execute(f"UPDATE {table} SET {column} = {rubbish} WHERE rowid = {number}")
            except sqlite3.IntegrityError:  # another has it: keys stay different
                assert conn.execute("PRAGMA integrity_check").fetchone() == ("ok",)


async def read_everything(w: World) -> None:
    """Read and change all that a bot does."""
    store, now = w.store, w.clock()
    history, archive, owner = store.history, store.archive, Sight("bind:3", VICTIMS[3])
    await history.backlog()
    for wanted in (None, *VICTIMS, HEALTHY):
        for one in (*await history.recent(50, wanted), *await history.failed(0.0, 50, wanted)):
            assert await history.state(one.state.id, "") is not None
            await history.report(one.state.id)
            await history.messages(one.state.id, VICTIMS)
            await history.state_for(one.state.id, "", wanted or HEALTHY)
            await archive.sent(one.state.id, wanted)
    await history.beginning("0", None)
    await history.beginning("0", VICTIMS[0])
    await history.last_bound([f"bind:{number}" for number in range(9)])
    for number in range(len(VICTIMS)):
        await history.last_key(f"victim {number}", f"bind:{number}", 0.0)
        for event in ("task.start", "task.end"):
            await history.received(event, f"bind:{number}", 0.0)
        await store.stories.find_start(
            f"victim {number}", f"bind:{number}", "task.start", "task.end", 0.0
        )
        await store.unread.last(f"victim {number}", 0.0)
        await store.spent.last(f"victim {number}", 0.0, 9)
        await store.sessions.take_link(f"link {number}", now)
    await history.arrivals("0", "")
    assert HEALTHY in await history.reached([HEALTHY])
    for sight in (EVERYTHING, owner):
        for looked_for in (Criteria(), Criteria(text="victim"), Criteria(event="task.end")):
            part = await archive.part(sight, looked_for, 50)
            for shown in part.views:
                assert shown.listed.state.heading is not None
                for digest in shown.pictures:
                    await archive.picture(digest)
        await archive.since(sight, 0.0, [], 50)
        await archive.choices()
        await archive.runs(sight)
        await archive.days(sight, 0.0, NEWEST)
        await archive.deleted(sight, 0.0)
    assert await store.mutes.all()
    await store.bindings.all()
    await store.sessions.all()
    await store.watches.all()
    await store.watches.read_until()
    await store.processes.all(now)
    await w.outbox.expire()
    await w.outbox.fall_back()
    await w.outbox.prune()
    await w.outbox.shift(now - 100, 5.0)
    w.clock.now += 5


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(("table", "column"), COLUMNS)
async def test_what_cannot_be_read_stops_nobody(
    prepared: Prepared, tmp_path: Path, table: str, column: str
) -> None:
    path = tmp_path / "report.db"
    shutil.copytree(prepared.path.parent, tmp_path, dirs_exist_ok=True)
    await asyncio.to_thread(damage, path, table, column)
    async with world(path, clock=Clock(prepared.now), far=FarEnd()) as w:
        await read_everything(w)
        lanes = {*await w.store.leases.waiting_lanes(), *map(Lane, VICTIMS), Lane(HEALTHY)}
        for lane in lanes:
            await w.outbox.lanes.drain(lane)
        await w.store.history.backlog()
        assert w.far.texts(Lane(HEALTHY)) == ["healthy"]
        assert (await w.accept("healthy", HEALTHY, key="healthy")).status == "duplicate"
        state = await w.state(prepared.waiting)
        assert state is not None
        assert [one.state for one in state.deliveries] == [State.DELIVERED]
        w.clock.now += EXPIRY_PATIENCE + 1  # what has expired is ended, a lost lane looked at
        await w.accept("new", *VICTIMS, HEALTHY)
        for lane in map(Lane, (*VICTIMS, HEALTHY)):
            await w.outbox.lanes.drain(lane)
            assert "new" in w.far.texts(lane)
        await w.store.history.backlog()
    if table == "delivery":
        left = rows(path, "SELECT reason FROM delivery WHERE state = 'waiting' AND lane LIKE ?",
                    "private:%")  # fmt: skip
        assert not left, "all were sent, or set aside with a reason"
    await asyncio.to_thread(back_up, path, tmp_path / "backup.db")
    moved = await move(path, tmp_path / "moved.db", lambda *_: None)
    assert moved.reports > len(VICTIMS)


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(
    ("table", "column"), [one for one in COLUMNS if one[0] in ("report", "delivery", "image")]
)
async def test_what_cannot_be_read_does_not_spoil_a_digest(
    prepared: Prepared, tmp_path: Path, table: str, column: str
) -> None:
    path = tmp_path / "report.db"
    shutil.copytree(prepared.path.parent, tmp_path, dirs_exist_ok=True)
    with closing(sqlite3.connect(path)) as conn, conn:
        conn.execute("UPDATE delivery SET lane = 'group:777' WHERE state = 'waiting'")
    await asyncio.to_thread(damage, path, table, column)
    clock = Clock(prepared.now + 3600)
    async with world(path, clock=clock, far=FarEnd(), policy=Policy(absence=1800.0)) as w:
        await w.drain(HEALTHY)
        await w.drain(HEALTHY)
        texts = "\n".join(w.far.texts(Lane(HEALTHY)))
        assert "healthy" in texts
        assert (await w.accept("new", HEALTHY)).status == "accepted"
