"""The index of the history: when it is made, by whom, and when anew."""

import asyncio
from pathlib import Path

import pytest

from nonebot_plugin_report.model.archive import EVERYTHING, Wanted
from nonebot_plugin_report.store import Store
from nonebot_plugin_report.store.index import STEP
from tests.bot import until
from tests.postgres import Databases
from tests.senders.service import make_image

from .fakes import Clock, world
from .looking import ME, found, indexed, send
from .places import Place


async def test_a_report_whose_picture_took_longer_is_not_left_out(place: Place) -> None:
    async with world(place) as w:
        await indexed(w)
        late = make_image()
        slow = asyncio.ensure_future(send(w, "慢的", images=(late,)))
        await asyncio.sleep(0)  # its id is made, and its picture being written
        await send(w, "快的")
        await slow
        await indexed(w)
        assert set(await found(w, words="慢的")) == {"慢的"}
        assert set(await found(w, words="快的")) == {"快的"}


@pytest.mark.parametrize("broken", [b"", b"no database at all", b"SQLite format 3\0" + b"x" * 999])
async def test_an_index_that_is_broken_or_missing_is_made_anew(path: Path, broken: bytes) -> None:
    clock = Clock()
    async with world(path, clock=clock) as w:
        await send(w, "找得到的")
        await indexed(w)
    index = path.with_name("report.db-index")
    index.write_bytes(broken)
    async with world(path, clock=clock) as w:
        await indexed(w)
        assert await found(w, words="找得到") == ["找得到的"]
    index.unlink()
    async with world(path, clock=clock) as w:
        await indexed(w)
        assert await found(w, words="找得到") == ["找得到的"]


async def test_who_never_looks_has_no_index(path: Path) -> None:
    async with world(path) as w:
        await send(w, "x")
        assert not path.with_name("report.db-index").exists()


async def test_an_index_of_what_is_mostly_gone_begins_anew(place: Place) -> None:
    clock = Clock()
    async with world(place, clock=clock) as w:
        for number in range(2 * STEP):
            await send(w, f"旧的{number}")
        await indexed(w)
        clock.now += 100 * 86400
        await w.drain(ME)
        await w.outbox.prune()
        await send(w, "新的")
        await indexed(w)
    async with world(place, clock=clock) as w:
        await indexed(w)
        assert await found(w, words="新的") == ["新的"]
        assert await found(w, words="旧的") == []
        assert sum(one.count for one in await w.store.archive.days(EVERYTHING, "")) == 1


async def test_one_of_several_processes_makes_the_index_and_all_look_things_up_in_it(
    databases: Databases,
) -> None:
    address = databases.fresh()
    async with world(address) as w, asyncio.TaskGroup() as tasks:
        others = Store(address)
        await others.open()
        await send(w, "哪个进程都行")

        def clock() -> float:
            return w.clock.now + 60

        following = [
            tasks.create_task(w.store.keep_index(clock)),
            tasks.create_task(others.keep_index(clock, lambda: False)),
        ]

        async def there() -> bool:
            part = await others.archive.part(EVERYTHING, Wanted(words="进程"), 5)
            return len(part.shown) == 1

        await until(there)
        # Two that lead for a moment add nothing twice.
        await send(w, "两个同时")
        await asyncio.gather(*(one.archive.step(clock()) for one in (w.store, others) * 3))
        assert sum(one.count for one in await w.store.archive.days(EVERYTHING, "2000")) == 2
        for one in following:
            one.cancel()
        await others.close()
