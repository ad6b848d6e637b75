"""Room for large pictures: in turn, and nobody slow holds up the others for ever."""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

from nonebot_plugin_report.model.delivery import Delivery, Outcome, Outgoing
from nonebot_plugin_report.model.image import Image
from nonebot_plugin_report.model.message import Message
from nonebot_plugin_report.model.report import Report
from nonebot_plugin_report.model.target import Target
from nonebot_plugin_report.outbox.budget import Budget
from nonebot_plugin_report.outbox.picture_cache import ROOM_BYTES

from .fakes import FarEnd, world


async def enter(
    budget: Budget, size: int, entered: asyncio.Queue[int], leave: asyncio.Event
) -> None:
    async with budget.room(size):
        entered.put_nowait(size)
        await leave.wait()


async def test_who_finds_no_room_waits_for_it_in_turn() -> None:
    budget, entered = Budget(10, patience=60.0), asyncio.Queue[int]()
    first, rest = asyncio.Event(), asyncio.Event()
    async with asyncio.timeout(5), asyncio.TaskGroup() as tasks:
        tasks.create_task(enter(budget, 8, entered, first))
        assert await entered.get() == 8
        for size in (7, 1, 99):
            tasks.create_task(enter(budget, size, entered, rest))
        await asyncio.sleep(0)
        assert entered.empty(), "one that is small does not pass one that waits"
        tasks.create_task(enter(budget, 0, entered, rest))
        assert await entered.get() == 0, "without a picture nobody waits"
        first.set()
        assert [await entered.get(), await entered.get()] == [7, 1]
        rest.set()
        assert await entered.get() == 99, "what is larger than all of it has all of it"
    assert entered.empty()


async def test_who_gives_up_leaves_its_place() -> None:
    budget, entered, leave = Budget(10, patience=60.0), asyncio.Queue[int](), asyncio.Event()
    async with asyncio.timeout(5), asyncio.TaskGroup() as tasks:
        tasks.create_task(enter(budget, 10, entered, leave))
        await entered.get()
        impatient = tasks.create_task(enter(budget, 10, entered, leave))
        tasks.create_task(enter(budget, 5, entered, leave))
        await asyncio.sleep(0)
        impatient.cancel()
        leave.set()
        assert await entered.get() == 5


async def test_who_was_admitted_and_cancelled_at_once_gives_it_back() -> None:
    budget, entered, leave = Budget(10, patience=60.0), asyncio.Queue[int](), asyncio.Event()
    async with asyncio.timeout(5), asyncio.TaskGroup() as tasks:
        tasks.create_task(enter(budget, 10, entered, leave))
        await entered.get()
        second = tasks.create_task(enter(budget, 10, entered, leave))
        await asyncio.sleep(0)
        leave.set()
        await asyncio.sleep(0)
        second.cancel()
        tasks.create_task(enter(budget, 10, entered, leave))
        assert await entered.get() == 10


async def test_who_takes_too_long_holds_up_nobody() -> None:
    budget, entered, leave = Budget(10, patience=0.01), asyncio.Queue[int](), asyncio.Event()
    async with asyncio.timeout(5), asyncio.TaskGroup() as tasks:
        tasks.create_task(enter(budget, 10, entered, leave))
        tasks.create_task(enter(budget, 9, entered, leave))
        assert [await entered.get(), await entered.get()] == [10, 9]
        leave.set()
    async with budget.room(10):
        pass


async def test_those_with_the_same_picture_hold_room_for_it_once_until_the_last_has_gone() -> None:
    budget, entered, leave = Budget(10, patience=60.0), asyncio.Queue[int](), asyncio.Event()
    async with asyncio.timeout(5), asyncio.TaskGroup() as tasks:
        async with AsyncExitStack() as second:
            async with budget.room(10, "picture"):
                await second.enter_async_context(budget.room(10, "picture"))
                tasks.create_task(enter(budget, 1, entered, leave))
            for _ in range(10):
                await asyncio.sleep(0)
            assert entered.empty(), "the second is still being sent"
        assert await entered.get() == 1
        leave.set()


async def test_who_gives_up_waiting_for_a_shared_picture_does_not_take_it_from_the_others() -> None:
    budget, entered, leave = Budget(10, patience=60.0), asyncio.Queue[int](), asyncio.Event()

    async def together(number: int) -> None:
        async with budget.room(5, "picture"):
            await entered.put(number)
            await leave.wait()

    async with asyncio.timeout(5), asyncio.TaskGroup() as tasks:
        async with budget.room(10):
            first, _ = tasks.create_task(together(1)), tasks.create_task(together(2))
            await asyncio.sleep(0)
            first.cancel()
            await asyncio.sleep(0)
        assert await entered.get() == 2
        leave.set()
    async with asyncio.timeout(5), budget.room(10):
        pass


@dataclass
class SlowEnd(FarEnd):
    """A far end that answers when it may."""

    answer: asyncio.Event = field(default_factory=asyncio.Event)

    async def send(self, delivery: Delivery) -> Outcome:
        outcome = await super().send(delivery)
        await self.answer.wait()
        return outcome


async def test_a_picture_leaves_to_all_who_get_it_while_qq_is_slow(path: Path) -> None:
    far, targets = SlowEnd(), [Target("private", str(number)) for number in range(10001, 10013)]
    image = Image(b"1" * ROOM_BYTES, "image/png", 10, 10)
    async with world(path, far=far) as w, asyncio.timeout(30), asyncio.TaskGroup() as tasks:
        message = Message("words", (image,))
        outgoing = [Outgoing(one, message) for one in targets]
        await w.outbox.accept(Report(content="words", images=(image,)), outgoing)
        for one in targets:
            tasks.create_task(w.drain(one))
        while len(far.sent) < 12:  # or none answers, and the time is over
            await asyncio.sleep(0.01)
        far.answer.set()


async def test_a_picture_is_read_once_for_all_who_get_it_at_the_same_time(path: Path) -> None:
    targets = [Target("private", str(number)) for number in range(10001, 10006)]
    image = Image(b"1" * 1000, "image/png", 10, 10)
    async with world(path) as w:
        outgoing = [Outgoing(one, Message("words", (image,))) for one in targets]
        await w.outbox.accept(Report(content="words", images=(image,)), outgoing)
    far = SlowEnd()
    async with world(path, far=far) as w, asyncio.timeout(30), asyncio.TaskGroup() as tasks:
        for one in targets:
            tasks.create_task(w.drain(one))
        while len(far.sent) < len(targets):
            await asyncio.sleep(0.01)
        assert len({id(one.message.image) for one in far.sent}) == 1, "each is in memory once"
        far.answer.set()
