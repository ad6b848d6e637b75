"""Who asks for much waits behind themselves."""

import asyncio

import pytest

from nonebot_plugin_report.errors import Busy
from nonebot_plugin_report.store.turns import MAX_WAITING, Turns


async def settle() -> None:
    """Let every task go on as far as it can."""
    for _ in range(10):
        await asyncio.sleep(0)


class Work:
    """Pieces of work that end when they are told to."""

    def __init__(self, turns: Turns, tasks: asyncio.TaskGroup) -> None:
        self._turns = turns
        self._tasks = tasks
        self._end = asyncio.Event()
        self.begun: list[str] = []

    async def _do(self, holder: str) -> None:
        async with self._turns.of(holder):
            self.begun.append(holder)
            await self._end.wait()
            self._end.clear()

    async def ask(self, holder: str) -> asyncio.Task[None]:
        task = self._tasks.create_task(self._do(holder))
        await settle()
        return task

    async def end_one(self) -> None:
        self._end.set()
        await settle()


async def test_holders_come_in_rotation_one_at_a_time() -> None:
    async with asyncio.TaskGroup() as tasks:
        work = Work(Turns(), tasks)
        for holder in ["friend"] * 4 + ["owner", "owner", "guest"]:
            await work.ask(holder)
        assert work.begun == ["friend"]
        for _ in range(7):
            await work.end_one()
    assert work.begun == ["friend", "friend", "owner", "guest", "friend", "owner", "friend"]


async def test_who_gives_up_takes_no_turn() -> None:
    async with asyncio.TaskGroup() as tasks:
        work = Work(Turns(), tasks)
        first, second = await work.ask("a"), await work.ask("a")
        await work.ask("b")
        second.cancel()
        await settle()
        first.cancel()
        await settle()
        assert work.begun == ["a", "b"]
        await work.ask("c")
        await work.end_one()
        assert work.begun == ["a", "b", "c"]
        await work.end_one()


async def test_who_gives_up_as_the_turn_comes_passes_it_on() -> None:
    async with asyncio.TaskGroup() as tasks:
        work = Work(Turns(), tasks)
        first, second = await work.ask("a"), await work.ask("b")
        await work.ask("c")
        first.cancel()
        await asyncio.sleep(0)
        second.cancel()
        await settle()
        assert work.begun == ["a", "c"]
        await work.end_one()


async def test_too_many_of_one_holder_are_refused_and_others_are_not() -> None:
    turns = Turns()
    async with asyncio.TaskGroup() as tasks:
        work = Work(turns, tasks)
        waiting = [await work.ask("a") for _ in range(MAX_WAITING + 1)]
        with pytest.raises(Busy):
            async with turns.of("a"):
                pass
        await work.ask("b")
        for task in waiting:
            task.cancel()
        await settle()
        assert work.begun == ["a", "b"]
        await work.end_one()
