"""The history as the page looks through it, on each engine."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import replace

import pytest

from nonebot_plugin_report.model.archive import EVERYTHING, Sight, Wanted
from nonebot_plugin_report.model.delivery import Outgoing
from nonebot_plugin_report.model.image import Image
from nonebot_plugin_report.model.message import Message
from nonebot_plugin_report.model.report import Report, Result
from nonebot_plugin_report.model.target import Target
from nonebot_plugin_report.store import Store
from nonebot_plugin_report.store.search import CHUNK
from tests.bot import until
from tests.postgres import Databases

from .fakes import World, world
from .places import Place

ME = Target("private", "10001")
FRIEND = Target("private", "10002")
PICTURE = Image(b"\xff\xd8\xff picture", "image/jpeg", 3, 2)


async def push(w: World, text: str, *, source: str = "master", **fields: object) -> str:
    """A report to me, and its id."""
    report = Report(content=text, **fields)  # pyright: ignore[reportArgumentType] - its own fields
    outgoing = [Outgoing(ME, Message(text, report.images))]
    receipt = await w.outbox.accept(report, outgoing, source=source)
    w.clock.now += 1
    return receipt.id


async def indexed(w: World) -> None:
    """All that there is is in the index."""
    while await w.store.archive.step(w.clock.now + 60):
        pass


async def found(w: World, sight: Sight = EVERYTHING, **wanted: object) -> Sequence[str]:
    """The words of those that are found."""
    part = await w.store.archive.part(sight, Wanted(**wanted), 50)  # pyright: ignore[reportArgumentType] - its own fields
    return [one.listed.text for one in part.shown]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("完成", ["地脉花，全部完成", "自动秘境已经完成"]),
        ("秘境", ["自动秘境已经完成"]),
        ("秘境 完成", ["自动秘境已经完成"]),
        ("境秘", []),
        ("完", ["地脉花，全部完成", "自动秘境已经完成"]),
        ("花全", []),  # no word of its own
        ("甲乙丙", ["甲乙丙，乙丙丁"]),
        ("甲乙丙丁", []),  # its pairs are there, but apart
        ("strasse", ["Über die Straße"]),
        ("uber", ["Über die Straße"]),
        ("ＤＩＥ", ["Über die Straße"]),
        ("traß", ["Über die Straße"]),
        ("' & \\ <-> :* \"", []),
        ("...", []),
    ],
)
async def test_words_are_found_by_their_parts(
    looked_through: World, words: str, expected: Sequence[str]
) -> None:
    assert await found(looked_through, words=words) == expected


@pytest.fixture
async def looked_through(place: Place) -> AsyncGenerator[World]:
    async with world(place) as w:
        for text in ("甲乙丙，乙丙丁", "自动秘境已经完成", "Über die Straße", "地脉花，全部完成"):
            await push(w, text)
        await indexed(w)
        yield w


async def test_what_is_asked_for_holds_for_what_is_new_and_for_what_is_indexed(
    place: Place,
) -> None:
    async with world(place) as w:
        for _ in range(2):
            await push(w, "a", event="domain.end", result=Result.SUCCESS)
            await push(w, "b", event="domain.end", result=Result.FAIL, source="alice")
            await push(w, "c", event="own", result="skipped", data='{"result":1}')
            for _ in range(2):
                assert set(await found(w, event="domain.end")) == {"a", "b"}
                assert set(await found(w, result="1")) == {"b"}
                assert set(await found(w, result="skipped", event="own")) == {"c"}
                assert set(await found(w, result="0", source="alice")) == set()
                assert set(await found(w, Sight(source="alice"))) == {"b"}
                assert set(await found(w, Sight("alice", FRIEND))) == {"b"}
                assert set(await found(w, target=ME)) == {"a", "b", "c"}
                assert await found(w, target=FRIEND) == []
                await indexed(w)
        known = await w.store.archive.known()
        assert (known.events, known.sources) == (("domain.end", "own"), ("master", "alice"))
        assert sorted(known.results) == ["0", "1", "skipped"]
        assert known.targets == (ME,)
        days = await w.store.archive.days(EVERYTHING, "2000-01-01")
        assert sum(one.count for one in days) == 6


async def test_all_of_it_is_gone_through_in_parts(place: Place) -> None:
    async with world(place) as w:
        ids = [await push(w, f"第{n}条", event="" if n else "first") for n in range(CHUNK + 5)]
        await indexed(w)
        rare = Wanted(words="条", event="first")
        for wanted in (Wanted(), Wanted(words="条"), Wanted(source="master"), rare):
            seen, before = list[str](), ""
            while True:
                asked = replace(wanted, before=before)
                part = await w.store.archive.part(EVERYTHING, asked, 90)
                seen += [one.listed.state.id for one in part.shown]
                if not (before := part.rest):
                    break
            assert seen == (ids[:1] if wanted is rare else ids[::-1])


async def test_a_deleted_report_is_found_no_more_and_its_picture_is_read_while_it_is_there(
    place: Place,
) -> None:
    async with world(place) as w:
        gone, kept = await push(w, "要删的", images=(PICTURE,)), await push(w, "要留的")
        await indexed(w)
        (shown,) = await w.store.archive.some(EVERYTHING, [gone])
        picture = await w.store.archive.picture(shown.pictures[0])
        assert picture is not None
        assert picture.data == PICTURE.data
        await w.drain(ME)
        await w.store.archive.forget(gone)
        assert await w.store.housekeeping.delete_report(gone)
        assert await found(w, words="要") == ["要留的"]
        assert await w.store.archive.one(EVERYTHING, gone) is None
        assert (await w.store.archive.one(EVERYTHING, kept)) is not None
        assert sum(one.count for one in await w.store.archive.days(EVERYTHING, "2000")) == 1


async def test_one_of_several_processes_makes_the_index_and_all_look_things_up_in_it(
    databases: Databases,
) -> None:
    address = databases.fresh()
    async with world(address) as w, asyncio.TaskGroup() as tasks:
        others = Store(address)
        await others.open()
        await push(w, "哪个进程都行")

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
        await push(w, "两个同时")
        await asyncio.gather(*(one.archive.step(clock()) for one in (w.store, others) * 3))
        assert sum(one.count for one in await w.store.archive.days(EVERYTHING, "2000")) == 2
        for one in following:
            one.cancel()
        await others.close()
