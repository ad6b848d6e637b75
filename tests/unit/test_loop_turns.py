"""Work on the event loop leaves it to others in between, and goes by holder."""

import asyncio
from collections.abc import Callable

import pytest

from nonebot_plugin_report.web.loop_turns import LOOP_SECONDS, LoopTurns


class Work:
    """Jobs that take a time of their own, and the turn of the loop in which each ran."""

    def __init__(self) -> None:
        self.now = 0.0
        self.turn = 0
        self.ran: list[tuple[str, int]] = []
        self.turns = LoopTurns(lambda: self.now)

    def job(self, name: str, seconds: float) -> Callable[[], None]:
        def run() -> None:
            self.now += seconds
            self.ran.append((name, self.turn))

        return run

    async def count(self) -> None:
        while True:
            self.turn += 1
            await asyncio.sleep(0)


async def ran(*jobs: tuple[str, float]) -> list[tuple[str, int]]:
    """In which turn of the loop each job ran that came at the same time."""
    work = Work()
    async with asyncio.TaskGroup() as group:
        counting = group.create_task(work.count())
        async with asyncio.TaskGroup() as pushes:
            for name, seconds in jobs:
                pushes.create_task(work.turns.run(name, work.job(name, seconds)))
        counting.cancel()
    return work.ran


async def test_light_work_is_done_at_once() -> None:
    assert {turn for _, turn in await ran(*[("a", LOOP_SECONDS / 100)] * 50)} == {1}


async def test_heavy_work_leaves_the_loop_to_others_in_between_and_goes_by_holder() -> None:
    heavy = await ran(*[("a", 2 * LOOP_SECONDS)] * 4, ("b", 2 * LOOP_SECONDS), ("c", 0.0))
    assert "".join(name for name, _ in heavy) == "aabcaa"
    turns = [turn for _, turn in heavy]
    assert turns == sorted(set(turns))


async def test_a_job_that_fails_or_is_cancelled_stops_nobody() -> None:
    work = Work()

    def fail() -> None:
        work.now += 1
        raise BrokenPipeError

    async def run_failing() -> None:
        with pytest.raises(BrokenPipeError):
            await work.turns.run("a", fail)

    async with asyncio.TaskGroup() as group:
        group.create_task(run_failing())
        early = group.create_task(work.turns.run("a", work.job("early", 1)))
        late = group.create_task(work.turns.run("b", work.job("late", 1)))
        group.create_task(work.turns.run("c", work.job("last", 1)))
        await asyncio.sleep(0)
        early.cancel()
        await asyncio.sleep(0)
        late.cancel()  # its turn came at the same moment
    assert [name for name, _ in work.ran] == ["last"]
