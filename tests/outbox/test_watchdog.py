"""What is remembered of events across restarts: a real file, a clock of the test's own."""

import asyncio
import sqlite3
from pathlib import Path

import pytest

from nonebot_plugin_report.errors import StoreUnavailable
from nonebot_plugin_report.model.report import Report
from nonebot_plugin_report.watchdog.beats import DOWN, UP, Beat
from nonebot_plugin_report.watchdog.durations import Durations
from nonebot_plugin_report.watchdog.watchdog import LAG, LOOK_EVERY, Watchdog
from nonebot_plugin_report.watchdog.watches import LATE, OVERDUE, Watch

from .fakes import Clock, World, world
from .places import Place

HOUR = 3600.0
DRAGON = Watch.model_validate({"after": "dragon.start", "expect": "dragon.end", "within": "3h"})


class Told:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.reports: list[Report] = []

    async def __call__(self, _: Watch, report: Report) -> None:
        self.reports.append(report)

    @property
    def events(self) -> list[str]:
        return [report.event for report in self.reports]


def owned(_: object, source: str) -> bool:
    return source == "master"


async def opened(w: World, told: object) -> Watchdog:
    watchdog = Watchdog(w.store, [DRAGON], w.clock, told, owned)  # pyright: ignore[reportArgumentType] - Told, or a function of a test's
    await watchdog.open()
    return watchdog


async def accept(w: World, event: str, source: str = "master", story: str = "") -> str:
    report = Report(event=event, story=story)
    receipt = await w.outbox.accept(report, [], source=source, note="x")
    return receipt.id


async def push(w: World, watchdog: Watchdog, event: str) -> None:
    """An event is stored, and the watchdog hears of it."""
    watchdog.accepted(await accept(w, event), event, "master")


async def test_a_watch_goes_on_over_restarts(place: Place) -> None:
    clock, told = Clock(), Told()
    async with world(place, clock=clock) as w:
        watchdog = await opened(w, told)
        await push(w, watchdog, "dragon.start")
        await watchdog.catch_up()
    clock.now += 3 * HOUR + LAG
    for _ in range(2):
        async with world(place, clock=clock) as w:
            await (await opened(w, told)).catch_up()
    assert told.events == [OVERDUE], "once, also after another restart"
    clock.now += HOUR + LAG
    async with world(place, clock=clock) as w:
        watchdog = await opened(w, told)
        await push(w, watchdog, "dragon.end")
        clock.now += LAG + 1
        await watchdog.catch_up()
    assert told.events == [OVERDUE, LATE]


async def test_what_was_stored_and_not_looked_at_before_a_kill_is_looked_at_after(
    place: Place,
) -> None:
    clock, told = Clock(), Told()
    async with world(place, clock=clock) as w:
        watchdog = await opened(w, told)
        await watchdog.catch_up()
        await accept(w, "dragon.start")  # killed here: the watchdog never hears of it
    clock.now += 3 * HOUR + LAG
    async with world(place, clock=clock) as w:
        watchdog = await opened(w, told)
        await watchdog.catch_up()
        assert told.events == [OVERDUE]
        await accept(w, "dragon.end")
    clock.now += HOUR + LAG
    async with world(place, clock=clock) as w:
        await (await opened(w, told)).catch_up()
        await (await opened(w, told)).catch_up()
    assert told.events == [OVERDUE, LATE]


async def test_what_the_plugin_says_itself_is_no_sign_of_life(place: Place) -> None:
    clock, told = Clock(), Told()
    async with world(place, clock=clock) as w:
        watchdog = await opened(w, told)
        await watchdog.catch_up()
        await accept(w, "dragon.start", "self")
    clock.now += 4 * HOUR
    async with world(place, clock=clock) as w:
        await (await opened(w, told)).catch_up()
    assert told.events == []


@pytest.mark.usefixtures("impatient")
async def test_what_is_told_again_after_a_crash_has_the_same_key(path: Path) -> None:
    clock, told = Clock(), Told()
    other = sqlite3.connect(path, isolation_level=None)

    async def tell_then_lock(watch: Watch, report: Report) -> None:
        await told(watch, report)
        other.execute("BEGIN EXCLUSIVE")

    async with world(path, clock=clock) as w:
        watchdog = await opened(w, tell_then_lock)
        await push(w, watchdog, "dragon.start")
        await watchdog.catch_up()
        clock.now += 3 * HOUR
        await watchdog.catch_up()
        other.execute("ROLLBACK")
    other.close()
    async with world(path, clock=clock) as w:
        await (await opened(w, told)).catch_up()
    first, second = told.reports
    assert first.key == second.key != ""


@pytest.mark.usefixtures("impatient")
async def test_what_could_not_be_told_or_written_is_so_later(path: Path) -> None:
    clock, told = Clock(), Told()
    down = True

    async def tell(watch: Watch, report: Report) -> None:
        if down:
            raise StoreUnavailable("x")
        await told(watch, report)

    async with world(path, clock=clock) as w:
        watchdog = await opened(w, tell)
        await push(w, watchdog, "dragon.start")
        with sqlite3.connect(path, isolation_level=None) as other:
            other.execute("BEGIN EXCLUSIVE")
            await watchdog.catch_up()
            other.execute("ROLLBACK")
        other.close()
        clock.now += 3 * HOUR
        await watchdog.catch_up()
        assert told.events == []
        down = False
        await watchdog.catch_up()
        await watchdog.catch_up()
        assert told.events == [OVERDUE]
    async with world(path, clock=clock) as w:
        await (await opened(w, tell)).catch_up()
        assert told.events == [OVERDUE], "it was written down"


async def test_what_comes_while_something_is_written_is_told_at_once_too(path: Path) -> None:
    beat = Beat.model_validate({"beat": "pc", "every": "5m"})
    told: asyncio.Queue[str] = asyncio.Queue()

    async def tell(_: object, report: Report) -> None:
        if report.event == DOWN:
            # Once this is told, its state is written; then comes the next one.
            asyncio.get_running_loop().call_soon(watchdog.beat, "pc", "master")
        await told.put(report.event)

    async with world(path) as w, asyncio.TaskGroup() as tasks:
        watchdog = Watchdog(w.store, [beat], w.clock, tell, owned)
        await watchdog.open()
        running = tasks.create_task(watchdog.run())
        watchdog.beat("pc", "master", down="磁盘满了")
        async with asyncio.timeout(LOOK_EVERY / 2):  # it looks by itself only then
            assert [await told.get(), await told.get()] == [DOWN, UP]
        running.cancel()


async def end(
    w: World, durations: Durations, event: str, source: str = "master", story: str = ""
) -> float | None:
    """An event of a source; returns how long its task took."""
    report = Report(title=event, event=event, story=story)
    elapsed = await durations.elapsed(report, source)
    await accept(w, event, source, story)
    durations.accepted(report, source)
    return elapsed


async def test_an_end_knows_its_start_also_after_a_restart(place: Place) -> None:
    clock = Clock()
    async with world(place, clock=clock) as w:
        durations = Durations(w.store.history, w.store.stories, clock)
        await end(w, durations, "domain.start", "alice")
        clock.now += 60
        await end(w, durations, "domain.start", "bob")
        clock.now += 60
        assert await end(w, durations, "domain.end", "bob") == pytest.approx(60, abs=0.01)
        assert await end(w, durations, "domain.end", "bob") is None, "its start was used"
    async with world(place, clock=clock) as w:
        durations = Durations(w.store.history, w.store.stories, clock)
        assert await end(w, durations, "domain.end", "bob") is None
        assert await end(w, durations, "dragon.end", "alice") is None, "another task"
        assert await end(w, durations, "domain.end", "alice") == pytest.approx(120, abs=0.01)


async def test_a_start_of_long_ago_is_not_this_ends(place: Place) -> None:
    clock = Clock()
    async with world(place, clock=clock) as w:
        durations = Durations(w.store.history, w.store.stories, clock)
        await end(w, durations, "domain.start")
        clock.now += 25 * HOUR
        assert await end(w, durations, "domain.end") is None


async def test_a_clock_that_is_set_makes_no_task_longer(place: Place) -> None:
    clock = Clock()
    async with world(place, clock=clock) as w:
        durations = Durations(w.store.history, w.store.stories, clock)
        await end(w, durations, "domain.start")
        clock.now += 60 - 8 * HOUR
        durations.shift(-8 * HOUR)
        assert await end(w, durations, "domain.end") == pytest.approx(60)


async def test_each_story_has_its_own_start_also_after_a_restart(place: Place) -> None:
    clock = Clock()
    async with world(place, clock=clock) as w:
        durations = Durations(w.store.history, w.store.stories, clock)
        await end(w, durations, "monitor.down", story="7")
        clock.now += 60
        await end(w, durations, "monitor.down", story="8")
        clock.now += 60
        await end(w, durations, "monitor.down", story="7")  # told again, as it goes on
        assert await end(w, durations, "monitor.up", story="8") == pytest.approx(60, abs=0.01)
    async with world(place, clock=clock) as w:
        durations = Durations(w.store.history, w.store.stories, clock)
        assert await end(w, durations, "monitor.up", story="8") is None, "its start was used"
        assert await end(w, durations, "alert.resolved", story="7") is None, "something else"
        assert await end(w, durations, "monitor.up", story="7") == pytest.approx(120, abs=0.01)
        assert await end(w, durations, "monitor.up", story="7") is None


async def test_what_a_tool_itself_says_counts_and_a_script_without_story_is_left_alone(
    place: Place,
) -> None:
    clock = Clock()
    async with world(place, clock=clock) as w:
        durations = Durations(w.store.history, w.store.stories, clock)
        said = Report(event="alert.resolved", story="a", elapsed=5.0)
        assert await durations.elapsed(said, "master") == 5.0
        await end(w, durations, "disk.down")
        assert await end(w, durations, "disk.up") is None


@pytest.mark.parametrize("by", [-8 * HOUR, 8 * HOUR])
async def test_when_a_beat_last_came_is_told_right_after_the_clock_was_set(
    path: Path, by: float
) -> None:
    told, beat = Told(), Beat.model_validate({"beat": "pc", "every": "5m"})
    async with world(path) as w:
        watchdog = Watchdog(w.store, [beat], w.clock, told, owned)  # pyright: ignore[reportArgumentType] - as above
        await watchdog.open()
        begun = w.clock.now
        watchdog.beat("pc", "master")
        await watchdog.catch_up()
        w.clock.now += 60
        watchdog.beat("pc", "master")  # not stored yet
        w.clock.now += by
        await watchdog.save()
        await w.outbox.shift(begun, by)
        await watchdog.shift()
        w.clock.now += 10 * 60
        await watchdog.catch_up()
    (report,) = told.reports
    assert "上一次是 10 分前" in report.content, report.content


@pytest.mark.parametrize("by", [-60.0, 60.0])
async def test_a_daily_watch_does_not_begin_anew_when_the_clock_is_set(
    path: Path, by: float
) -> None:
    told = Told()
    daily = Watch.model_validate({"since": "00:00", "expect": "dragon.end", "within": "24h"})
    async with world(path) as w:
        watchdog = Watchdog(w.store, [daily], w.clock, told, owned)  # pyright: ignore[reportArgumentType] - as above
        await watchdog.open()
        begun = w.clock.now
        for _ in range(2):  # it begins with the next day
            w.clock.now += 24 * HOUR
            await watchdog.catch_up()
        await push(w, watchdog, "dragon.end")
        await watchdog.catch_up()
        await watchdog.save()
        before = await w.store.watches.all()
        await w.outbox.shift(begun, by)
        w.clock.now += by
        await watchdog.shift()
        await watchdog.catch_up()
        assert await w.store.watches.all() == before


async def test_how_often_it_is_down_is_told_is_bounded_over_restarts_too(place: Place) -> None:
    beat = Beat.model_validate({"beat": "pc", "every": "5m"})
    clock, told = Clock(), Told()
    for _ in range(5):
        async with world(place, clock=clock) as w:
            watchdog = Watchdog(w.store, [beat], w.clock, told, owned)  # pyright: ignore[reportArgumentType] - Told keeps what a function would be given
            await watchdog.open()
            watchdog.beat("pc", "master", down="磁盘满了")
            watchdog.beat("pc", "master")
            await watchdog.catch_up()
    assert told.events == [DOWN, UP]
