"""What is remembered of events across restarts: a real file, a clock of the test's own."""

import asyncio
import sqlite3
from pathlib import Path

import pytest

from nonebot_plugin_report.diary import Diary
from nonebot_plugin_report.errors import StoreUnavailable
from nonebot_plugin_report.report import Report
from nonebot_plugin_report.watch import LATE, OVERDUE, Watch

from .fakes import Clock, World, world

HOUR = 3600.0
DRAGON = Watch.model_validate({"after": "dragon.start", "expect": "dragon.end", "within": "3h"})


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "report.db"


class Told:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.reports: list[Report] = []

    async def __call__(self, _: Watch, report: Report) -> None:
        self.reports.append(report)

    @property
    def events(self) -> list[str]:
        return [report.event for report in self.reports]


async def opened(w: World) -> Diary:
    diary = Diary(w.store, [DRAGON], w.clock)
    await diary.open()
    return diary


async def accept(w: World, diary: Diary, event: str, source: str = "master") -> float | None:
    """An event of a source; returns how long its task took."""
    elapsed = await diary.elapsed(event, source)
    await w.outbox.accept(Report(event=event), [], source=source, note="x")
    diary.note(event, source)
    return elapsed


async def test_a_watch_goes_on_over_restarts(path: Path) -> None:
    clock, told = Clock(), Told()
    async with world(path, clock=clock) as w:
        diary = await opened(w)
        await accept(w, diary, "dragon.start")
        await diary.catch_up(told)
    clock.now += 3 * HOUR
    for _ in range(2):
        async with world(path, clock=clock) as w:
            diary = await opened(w)
            diary.look()
            await diary.catch_up(told)
    assert told.events == [OVERDUE], "once, also after another restart"
    clock.now += HOUR
    async with world(path, clock=clock) as w:
        diary = await opened(w)
        await accept(w, diary, "dragon.end")
        await diary.catch_up(told)
    assert told.events == [OVERDUE, LATE]


async def test_what_is_told_again_after_a_crash_has_the_same_key(path: Path) -> None:
    clock, told = Clock(), Told()
    other = sqlite3.connect(path, isolation_level=None)

    async def tell_then_lock(watch: Watch, report: Report) -> None:
        await told(watch, report)
        other.execute("BEGIN EXCLUSIVE")

    async with world(path, clock=clock) as w:
        diary = await opened(w)
        await accept(w, diary, "dragon.start")
        await diary.catch_up(told)
        clock.now += 3 * HOUR
        diary.look()
        with pytest.raises(StoreUnavailable):
            await diary.catch_up(tell_then_lock)
        other.execute("ROLLBACK")
    other.close()
    async with world(path, clock=clock) as w:
        diary = await opened(w)
        diary.look()
        await diary.catch_up(told)
    first, second = told.reports
    assert first.key == second.key != ""


async def test_what_could_not_be_told_or_written_is_so_later(path: Path) -> None:
    clock, told = Clock(), Told()
    async with world(path, clock=clock) as w:
        diary = await opened(w)
        await accept(w, diary, "dragon.start")
        with sqlite3.connect(path, isolation_level=None) as other:
            other.execute("BEGIN EXCLUSIVE")
            with pytest.raises(StoreUnavailable):
                await diary.catch_up(told)
            other.execute("ROLLBACK")
        other.close()
        assert diary.has_news
        clock.now += 3 * HOUR
        diary.look()
        down = True

        async def tell(watch: Watch, report: Report) -> None:
            if down:
                raise StoreUnavailable("x")
            await told(watch, report)

        with pytest.raises(StoreUnavailable):
            await diary.catch_up(tell)
        assert diary.has_news
        down = False
        await asyncio.gather(diary.catch_up(tell), diary.catch_up(tell))
        assert told.events == [OVERDUE]
        assert not diary.has_news
    async with world(path, clock=clock) as w:
        diary = await opened(w)
        diary.look()
        assert not diary.has_news, "it was written down"


async def test_an_end_knows_its_start_also_after_a_restart(path: Path) -> None:
    clock = Clock()
    async with world(path, clock=clock) as w:
        diary = await opened(w)
        await accept(w, diary, "domain.start", "alice")
        clock.now += 60
        await accept(w, diary, "domain.start", "bob")
        clock.now += 60
        assert await accept(w, diary, "domain.end", "bob") == pytest.approx(60, abs=0.01)
        assert await accept(w, diary, "domain.end", "bob") is None, "its start was used"
    async with world(path, clock=clock) as w:
        diary = await opened(w)
        assert await accept(w, diary, "domain.end", "bob") is None
        assert await accept(w, diary, "dragon.end", "alice") is None, "another task"
        assert await accept(w, diary, "domain.end", "alice") == pytest.approx(120, abs=0.01)


async def test_a_start_of_long_ago_is_not_this_ends(path: Path) -> None:
    clock = Clock()
    async with world(path, clock=clock) as w:
        diary = await opened(w)
        await accept(w, diary, "domain.start")
        clock.now += 25 * HOUR
        assert await accept(w, diary, "domain.end") is None
