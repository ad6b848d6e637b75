"""The history by a clock that was wrong for a while."""

import os
import subprocess
import sys
from ctypes.util import find_library
from pathlib import Path

import pytest

from nonebot_plugin_report.model.criteria import EVERYTHING, Cursor
from nonebot_plugin_report.outbox.lanes import EXPIRY_PATIENCE
from nonebot_plugin_report.store.housekeeping import BATCH

from .fakes import LIMITS, Clock, World, world
from .looking import ME, found, send
from .places import Place

HOUR = 3600.0
DAY = 24 * HOUR
YEAR = 365 * DAY


async def set_right(w: World, since: float, by: float) -> None:
    """The clock is set, which was wrong since its first reading."""
    w.clock.now += by
    await w.outbox.shift(since, by)


async def prune(w: World) -> None:
    w.clock.now += EXPIRY_PATIENCE + 1
    await w.drain(ME)
    await w.outbox.prune()


@pytest.mark.parametrize("ahead", [8 * HOUR, 10 * YEAR])
async def test_what_comes_after_a_clock_was_ahead_is_the_newest_and_found(
    place: Place, ahead: float
) -> None:
    async with world(place) as w:
        await send(w, "第0条")
        w.clock.now += ahead
        since = w.clock.now
        for number in range(1, BATCH + 3):
            await send(w, f"第{number}条")
        await set_right(w, since, -ahead)
        await send(w, "之后的第一条")
        newest_first = ["之后的第一条", *(f"第{number}条" for number in reversed(range(BATCH + 3)))]
        assert await found(w) == newest_first
        assert await found(w, text="之后") == ["之后的第一条"]
        assert await found(w, text="第一条", since=w.clock.now - HOUR) == ["之后的第一条"]
        counted = await w.store.archive.days(EVERYTHING, 0, Cursor(w.clock.now + 1, ""))
        assert sum(day.count for day in counted.counts) == BATCH + 4
        w.clock.now += LIMITS.retention
        await prune(w)
        assert await found(w) == []


async def test_a_clock_that_was_behind_at_a_start_leaves_what_came_before_it(
    place: Place,
) -> None:
    clock = Clock()
    async with world(place, clock=clock) as w:
        await send(w, "以前的")
        await w.drain(ME)
    clock.now -= 6 * YEAR
    async with world(place, clock=clock) as w:
        since = clock.now
        for number in range(BATCH + 3):
            await send(w, f"第{number}条")
        await set_right(w, since, 6 * YEAR)
        assert await found(w) == [
            *(f"第{number}条" for number in reversed(range(BATCH + 3))),
            "以前的",
        ]
        await prune(w)
        assert len(await found(w)) == BATCH + 4


async def test_what_a_clock_that_was_set_between_two_runs_dated_years_ahead_is_kept_no_longer(
    place: Place,
) -> None:
    clock = Clock()
    async with world(place, clock=clock) as w:
        clock.now += 10 * YEAR
        await send(w, "十年后的")
        await w.drain(ME)
    clock.now -= 10 * YEAR
    async with world(place, clock=clock) as w:
        await prune(w)
        await send(w, "现在的")
        assert await found(w) == ["现在的", "十年后的"]
        w.clock.now += LIMITS.retention
        await prune(w)
        assert await found(w) == []


async def test_a_clock_that_is_ahead_at_a_start_deletes_nothing_until_it_was_looked_at_again(
    place: Place,
) -> None:
    clock = Clock()
    async with world(place, clock=clock) as w:
        await send(w, "留着")
        await w.drain(ME)
    clock.now += 10 * YEAR
    async with world(place, clock=clock) as w:
        await w.outbox.prune()
        assert await found(w) == ["留着"]


_WITHOUT_URI = """
import ctypes, sys
SQLITE_CONFIG_URI = 17
assert ctypes.CDLL(sys.argv[1]).sqlite3_config(SQLITE_CONFIG_URI, 0) == 0
import asyncio
from pathlib import Path
from nonebot_plugin_report.model.criteria import EVERYTHING, Criteria
from nonebot_plugin_report.store import Store

async def main():
    store = Store(Path(sys.argv[2]))
    await store.open()
    part = await store.archive.part(EVERYTHING, Criteria(), 30)
    await store.close()
    print(len(part.views))

asyncio.run(main())
"""


async def test_the_history_is_read_by_an_sqlite_that_was_built_without_uris(path: Path) -> None:
    library = find_library("sqlite3")
    if library is None:
        pytest.skip("SQLite is built into this Python")
    async with world(path) as w:
        await send(w, "x")
    command = [sys.executable, "-c", _WITHOUT_URI, library, str(path)]
    # Coverage opens an SQLite of its own before anything can be set.
    env = {name: value for name, value in os.environ.items() if "COV" not in name}
    ended = subprocess.run(command, capture_output=True, text=True, check=False, env=env)  # noqa: ASYNC221 - our own, and nothing else runs
    assert (ended.returncode, ended.stdout.strip()) == (0, "1"), ended.stderr
