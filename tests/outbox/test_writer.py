"""The writer's thread: what one operation, the disk or another program does costs nobody else."""

import asyncio
import os
import sqlite3
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, text

from nonebot_plugin_report.errors import StoreUnavailable, Unreadable
from nonebot_plugin_report.model.delivery import State
from nonebot_plugin_report.model.target import Lane, Target
from nonebot_plugin_report.store import sqlite, writer
from nonebot_plugin_report.store.sqlite import LOG_BYTES
from nonebot_plugin_report.store.writer import MAX_BATCH, Operation, Writer

from .fakes import World, world
from .places import Place, rows

ME = Target("private", "10001")


def writer_of(w: World) -> Writer:
    return w.store._writer  # pyright: ignore[reportPrivateUsage] - what the store itself runs on


class _Failing:
    """A connection whose commits fail, as SQLite tells it: `code` is its error."""

    def __init__(self, connection: sqlite3.Connection, code: int) -> None:
        self._connection = connection
        self._code = code

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def execute(self, statement: str) -> sqlite3.Cursor:
        if statement == "COMMIT":
            error = sqlite3.OperationalError("disk I/O error")
            error.sqlite_errorcode, error.sqlite_errorname = self._code, "SQLITE_IOERR_FSYNC"
            raise error
        return self._connection.execute(statement)


async def test_after_a_failed_sync_everything_is_refused_until_it_is_opened_anew(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver = sqlite.driver
    async with world(path) as w:
        first = await w.accept("1", ME)
        with monkeypatch.context() as patch:
            patch.setattr(
                sqlite, "driver", lambda conn: _Failing(driver(conn), sqlite3.SQLITE_IOERR | 4 << 8)
            )
            with pytest.raises(StoreUnavailable, match="磁盘读写出错"):
                await w.accept("2", ME)
        for _ in range(3):  # the disk works again, but what stands before in the log may be lost
            with pytest.raises(StoreUnavailable, match="磁盘读写出错"):
                await w.accept("3", ME)
        with pytest.raises(StoreUnavailable, match="磁盘读写出错"):
            await w.store.check()
        await w.store.close()
        await w.store.open()
        await w.accept("4", ME)
        await w.drain(ME)
        assert w.far.texts(Lane(ME)) == ["1", "4"]
        assert await w.states(first) == [State.DELIVERED]


async def test_a_log_that_another_program_cut_off_is_noticed_before_the_next_answer(
    path: Path,
) -> None:
    async with world(path) as w:
        await w.accept("1", ME)
        os.truncate(f"{path}-wal", 0)
        for _ in range(2):
            with pytest.raises(StoreUnavailable, match="截断"):
                await w.accept("2", ME)
        with pytest.raises(StoreUnavailable, match="截断"):
            await w.store.check()
        await w.store.close()
        await w.store.open()
        await w.outbox.open()
        third = await w.accept("3", ME)
        await w.drain(ME)
        assert "3" in w.far.texts(Lane(ME))
        assert await w.states(third) == [State.DELIVERED]


async def test_the_log_stays_short_while_pushes_keep_coming(path: Path) -> None:
    longest = 0

    async def push(pusher: int) -> None:
        nonlocal longest
        for number in range(60):
            await w.accept(f"{pusher} {number} " + "x" * 200_000, ME)
            longest = max(longest, Path(f"{path}-wal").stat().st_size)

    async def look() -> None:
        while True:
            await w.store.history.recent(5, None)

    async with world(path) as w, asyncio.TaskGroup() as tasks:
        looking = tasks.create_task(look())
        await asyncio.gather(*map(push, range(4)))
        looking.cancel()
    assert longest <= 2 * LOG_BYTES


async def test_one_operation_that_fails_refuses_nobody_else(place: Place) -> None:
    def fail(_: Connection) -> None:
        raise Unreadable

    def misspell(conn: Connection) -> None:
        conn.execute(text("SELECT nothing"))

    async with world(place) as w:
        operations: list[Operation] = [fail, misspell]
        results = await asyncio.gather(
            *(writer_of(w).run(each) for each in operations), w.accept("1", ME), w.accept("2", ME),
            return_exceptions=True,
        )  # fmt: skip
        assert [type(each).__name__ for each in results] == [
            "Unreadable", "StoreUnavailable", "Receipt", "Receipt",
        ]  # fmt: skip
        await w.drain(ME)
        assert w.far.texts(Lane(ME)) == ["1", "2"]


@pytest.mark.parametrize("error", [RuntimeError("x"), MemoryError(), SystemExit(1)])
async def test_an_error_that_nobody_expects_refuses_its_operation_and_the_thread_goes_on(
    path: Path, error: BaseException
) -> None:
    def fail(_: Connection) -> None:
        raise error

    async with world(path) as w:
        with pytest.raises(StoreUnavailable, match="出错"):
            await writer_of(w).run(fail)
        await w.accept("1", ME)
        await w.drain(ME)
        assert w.far.texts(Lane(ME)) == ["1"]


async def test_no_operation_runs_on_the_event_loop(place: Place) -> None:
    async with world(place) as w:
        threads = {await writer_of(w).run(lambda _: threading.get_ident()) for _ in range(3)}
        assert len(threads) == 1
        assert threading.get_ident() not in threads


async def test_more_than_one_transaction_takes_all_keep_their_order(place: Place) -> None:
    async with world(place) as w:
        count = 3 * MAX_BATCH + 1
        await asyncio.gather(*(w.accept(str(number), ME) for number in range(count)))
        assert [key for (key,) in rows(place, "SELECT text FROM report ORDER BY id")] == [
            str(number) for number in range(count)
        ]


async def test_whoever_hangs_up_has_pushed_nevertheless(place: Place) -> None:
    async with world(place) as w:
        async with asyncio.TaskGroup() as tasks:
            pushing = tasks.create_task(w.accept("1", ME))
            await asyncio.sleep(0)
            pushing.cancel()
        assert pushing.cancelled()
        await w.store.history.backlog()
        await w.drain(ME)
        assert w.far.texts(Lane(ME)) == ["1"]


async def test_what_waits_as_the_store_is_closed_is_stored_and_what_comes_then_is_refused(
    path: Path,
) -> None:
    async with world(path) as w:
        async with asyncio.TaskGroup() as tasks:
            pushing = [tasks.create_task(w.accept(str(number), ME)) for number in range(5)]
            await asyncio.sleep(0)
            await w.store.close()
        assert {each.result().status for each in pushing} == {"accepted"}
        with pytest.raises(StoreUnavailable):
            await w.accept("late", ME)
        await w.store.open()


class _Stuck:
    """An engine that does not answer until it is interrupted."""

    def __init__(self) -> None:
        self._interrupted = threading.Event()

    def open(self) -> None: ...

    def close(self) -> None: ...

    def transact(self, operations: Sequence[Operation], *, durable: bool) -> list[Any]:
        self._interrupted.wait()
        raise StoreUnavailable

    def translate(self, error: Exception) -> Exception:
        return error

    def check(self) -> None: ...

    def interrupt(self) -> None:
        self._interrupted.set()


async def test_a_transaction_that_takes_too_long_is_interrupted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(writer, "DEADLINE", 0.05)
    stuck = Writer(_Stuck())
    await stuck.open()
    with pytest.raises(StoreUnavailable):
        await stuck.run(lambda _: None)
    await stuck.close()
