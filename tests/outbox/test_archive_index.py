"""The history as the page looks through it, on each engine; and its index where that is a file
beside the database."""

import asyncio
from pathlib import Path

import pytest

from nonebot_plugin_report.model.archive import EVERYTHING, Sight, Wanted
from nonebot_plugin_report.model.delivery import Outgoing
from nonebot_plugin_report.model.message import Message
from nonebot_plugin_report.model.report import Report, Result
from nonebot_plugin_report.model.target import Target
from nonebot_plugin_report.store.archive import SETTLED
from nonebot_plugin_report.store.index import STEP
from tests.senders.service import make_image

from .fakes import Clock, World, world
from .places import Place

ME, FRIEND = Target("private", "10001"), Target("private", "10002")
FRIENDS = Sight("bind:10002", FRIEND)


async def send(
    w: World, content: str, *targets: Target, source: str = "master", sent: str = "", **more: object
) -> str:
    report = Report(content=content, **more)  # pyright: ignore[reportArgumentType] - fields of a report
    message = Message(sent or content, report.images, report)
    outgoing = [Outgoing(one, message) for one in targets or (ME,)]
    w.clock.now += 1
    return (await w.outbox.accept(report, outgoing, source=source)).id


async def found(w: World, sight: Sight = EVERYTHING, **wanted: object) -> list[str]:
    """What the reports say that are found, in the order in which they are told."""
    said: list[str] = []
    before = ""
    while True:
        part = await w.store.archive.part(sight, Wanted(**wanted, before=before), 30)  # pyright: ignore[reportArgumentType] - its fields
        for one in part.shown:
            report = one.listed.report
            said.append(report.content if report is not None else one.listed.text)
        if not (before := part.rest):
            return said


async def indexed(w: World) -> None:
    """All is in the index."""
    w.clock.now += SETTLED + 1
    while await w.store.archive.step(w.clock()):
        pass


async def test_words_are_found_by_any_part_of_two_characters_and_single_ones_by_their_beginning(
    place: Place,
) -> None:
    async with world(place) as w:
        await send(w, "任务错误：卡住了")
        await send(w, "Größe MÜLLER ＡＢＣ")
        await send(w, "100% disk_full")
        await indexed(w)
        for words, said in {
            "任务": "任务错误：卡住了", "务错": "任务错误：卡住了", "误": "任务错误：卡住了",
            "错误 卡住": "任务错误：卡住了", "müller": "Größe MÜLLER ＡＢＣ",
            "muller": "Größe MÜLLER ＡＢＣ", "abc": "Größe MÜLLER ＡＢＣ",
            "röß": "Größe MÜLLER ＡＢＣ",
            "isk": "100% disk_full", "disk_full": "100% disk_full", "00": "100% disk_full",
        }.items():  # fmt: skip
            assert await found(w, words=words) == [said], words
        for words in ("务任", "没有", '"', "*", "''", "AND", "words:x", "-", "😀", "任" * 99):
            assert await found(w, words=words) == [], words


async def test_many_are_told_in_parts_and_none_twice(place: Place) -> None:
    async with world(place) as w:
        for number in range(100):
            await send(w, f"第{number}条", ME if number % 3 else FRIEND, event="e" * (number % 2))
        backwards = [f"第{number}条" for number in reversed(range(100))]
        assert await found(w) == backwards
        await indexed(w)
        assert await found(w) == backwards
        assert await found(w, words="第") == backwards
        assert await found(w, event="e") == backwards[::2]
        assert await found(w, target=FRIEND) == [backwards[99 - at] for at in range(99, -1, -3)]


async def test_conditions_hold_together_before_and_after_they_are_in_the_index(
    place: Place,
) -> None:
    async with world(place) as w:
        await send(w, "1", event="a", result=Result.FAIL)
        await send(w, "2", event="a", result=Result.SUCCESS, source="alice")
        await send(w, "3", event="b", result="跳过", source="alice")
        for _ in range(2):
            assert await found(w, event="a") == ["2", "1"]
            assert await found(w, result="1") == ["1"]
            assert await found(w, result="跳过", source="alice") == ["3"]
            assert await found(w, event="a", source="alice") == ["2"]
            assert await found(w, event="b", result="1") == []
            await indexed(w)


async def test_what_is_not_ones_own_is_found_only_by_what_one_was_sent(place: Place) -> None:
    async with world(place) as w:
        await send(w, "我的", source="bind:10002", event="a")
        await send(w, "geheim", FRIEND, ME, sent="给你的", event="a")
        await send(w, "别人的")
        for _ in range(2):
            assert await found(w, FRIENDS) == ["给你的", "我的"]
            assert await found(w, FRIENDS, event="a") == ["我的"], "its event is not theirs to know"
            assert await found(w, FRIENDS, target=FRIEND) == ["给你的"]
            assert await found(w, FRIENDS, target=ME) == ["我的"]
            assert await found(w, FRIENDS, source="master") == []
            await indexed(w)
        assert await found(w, FRIENDS, words="geheim") == []
        assert await found(w, FRIENDS, words="给你") == ["给你的"]
        assert await found(w, words="geheim") == ["geheim"]
        seen = await w.store.archive.part(FRIENDS, Wanted(), 9)
        assert {one.listed.state.source for one in seen.shown} == {"bind:10002", ""}


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


async def test_a_deleted_report_is_not_found_nor_counted(place: Place) -> None:
    async with world(place) as w:
        gone = await send(w, "要删的", event="a")
        await send(w, "留下的", event="a")
        await indexed(w)
        await w.drain(ME)
        await w.store.archive.forget(gone)
        assert await w.store.housekeeping.delete_report(gone)
        assert await found(w, words="的") == ["留下的"]
        assert sum(one.count for one in await w.store.archive.days(EVERYTHING, "")) == 1


async def test_what_waits_is_not_deleted(place: Place) -> None:
    async with world(place) as w:
        waiting = await send(w, "x")
        assert not await w.store.housekeeping.delete_report(waiting)
        assert await w.state(waiting, "") is not None


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


async def test_days_and_runs_are_told_by_whose_they_are(place: Place) -> None:
    async with world(place) as w:
        for source in ("master", "bind:10002"):
            await send(w, "开始", event="dragon.start", source=source)
            w.clock.now += 600
            await send(w, "完成", event="dragon.end", result=Result.SUCCESS, source=source)
            await send(w, "没有开始", event="dragon.end", source=source)
        await indexed(w)
        for sight, times in ((EVERYTHING, 2), (FRIENDS, 1)):
            runs = await w.store.archive.runs(sight)
            assert [(one.event, one.seconds) for one in runs] == [("dragon", 601.0)] * times
            days = await w.store.archive.days(sight, "")
            assert sum(one.count for one in days if one.result == "0") == times
