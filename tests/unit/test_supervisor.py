"""The plugin's work is begun anew after a fault, and says why nothing can be stored meanwhile."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from nonebot_plugin_report.errors import StoreInUse, StoreUnavailable
from nonebot_plugin_report.hub.supervisor import Supervisor


class Work:
    """Work that may be told to fail."""

    def __init__(self) -> None:
        self.opened = self.closed = 0
        self.cannot_open: StoreUnavailable | None = None
        self.fails = asyncio.Event()
        self.fault: Exception = StoreUnavailable("坏了")
        self.seen_while_closing = ""
        self.supervisor = Supervisor(self.open, self.run)

    @asynccontextmanager
    async def open(self) -> AsyncGenerator[None]:
        if self.cannot_open:
            raise self.cannot_open
        self.opened += 1
        try:
            yield
        finally:
            self.seen_while_closing = self.supervisor.fault
            self.closed += 1

    async def run(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.fail())

    async def fail(self) -> None:
        await self.fails.wait()
        self.fails.clear()
        raise self.fault


async def test_it_says_so_before_it_runs_and_while_it_stops() -> None:
    work = Work()
    assert "没有启动" in work.supervisor.fault
    await work.supervisor.start()
    assert work.supervisor.fault == ""
    await work.supervisor.stop()
    assert "正在停止" in work.seen_while_closing
    assert (work.opened, work.closed) == (1, 1)


async def test_a_store_that_cannot_be_opened_does_not_hold_the_start_up() -> None:
    work = Work()
    work.cannot_open = StoreUnavailable("磁盘满了")
    await work.supervisor.start()
    assert (work.supervisor.fault, work.supervisor.in_use) == ("磁盘满了", False)
    await work.supervisor.stop()
    assert work.opened == 0


async def test_a_store_that_another_process_has_is_told_from_one_that_is_broken() -> None:
    work = Work()
    work.cannot_open = StoreInUse("x")
    await work.supervisor.start()
    assert (work.supervisor.fault, work.supervisor.in_use) == ("x", True)
    await work.supervisor.stop()


async def test_what_worked_is_opened_anew_at_once() -> None:
    work = Work()
    await work.supervisor.start()
    work.fails.set()
    async with asyncio.timeout(4):  # less than the pause after a failure to open
        while work.opened < 2:
            await asyncio.sleep(0)
    assert work.supervisor.fault == ""
    await work.supervisor.stop()
    assert work.closed == 2


async def test_a_fault_of_our_own_does_not_end_it() -> None:
    work = Work()
    work.fault = RuntimeError("a mistake")
    await work.supervisor.start()
    work.fails.set()
    async with asyncio.timeout(4):
        while not work.supervisor.fault:
            await asyncio.sleep(0)
        while "内部出错" not in work.supervisor.fault:
            await asyncio.sleep(0)
    await work.supervisor.stop()
    assert work.closed == 1


async def test_what_never_started_can_be_stopped() -> None:
    await Work().supervisor.stop()
