"""The history as the page looks through it, on each engine."""

from collections.abc import AsyncGenerator, Sequence
from itertools import count

import pytest
from sqlalchemy import Connection

from nonebot_plugin_report.model.criteria import EVERYTHING, NEWEST, Criteria, Cursor, Sight
from nonebot_plugin_report.model.image import Image
from nonebot_plugin_report.model.report import Result
from nonebot_plugin_report.store.reader import Reader
from nonebot_plugin_report.store.search import FIRST_ROWS, Search

from .fakes import World, world
from .looking import FRIEND, FRIENDS, ME, found, send
from .places import Place

PICTURE = Image(b"\xff\xd8\xff picture", "image/jpeg", 3, 2)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("完成", ["地脉花，全部完成", "自动秘境已经完成"]),
        ("秘境", ["自动秘境已经完成"]),
        ("秘境 完成", ["自动秘境已经完成"]),
        ("境秘", []),
        ("完", ["地脉花，全部完成", "自动秘境已经完成"]),
        ("花全", []),
        ("花，全", ["地脉花，全部完成"]),
        ("甲乙丙", ["甲乙丙，乙丙丁"]),
        ("甲乙丙丁", []),
        ("strasse", ["Über die Straße ＡＢＣ"]),
        ("uber", ["Über die Straße ＡＢＣ"]),
        ("traß", ["Über die Straße ＡＢＣ"]),
        ("ＤＩＥ abc", ["Über die Straße ＡＢＣ"]),
        ("isk", ["100% disk_full"]),
        ("disk_full", ["100% disk_full"]),
        ("00", ["100% disk_full"]),
        ("0%", ["100% disk_full"]),
        ("disk%full", []),
        ("disk/_full", []),
        *((word, []) for word in ('"', "*", "''", "AND", "words:x", "...", "😀", "任" * 99)),
        ("' & \\ <-> :* \"", []),
    ],
)
async def test_words_are_found_by_any_part_of_them(
    looked_through: World, words: str, expected: Sequence[str]
) -> None:
    assert await found(looked_through, text=words) == expected


@pytest.fixture
async def looked_through(place: Place) -> AsyncGenerator[World]:
    async with world(place) as w:
        for text in (
            "甲乙丙，乙丙丁", "自动秘境已经完成", "Über die Straße ＡＢＣ", "100% disk_full",
            "地脉花，全部完成",
        ):  # fmt: skip
            await send(w, text)
        yield w


async def test_many_are_told_in_parts_and_none_twice(place: Place) -> None:
    async with world(place) as w:
        for number in range(FIRST_ROWS + 5):
            event = "first" if not number else "e" * (number % 2)
            await send(w, f"第{number}条", ME if number % 3 else FRIEND, event=event)
        backwards = [f"第{number}条" for number in reversed(range(FIRST_ROWS + 5))]
        assert await found(w) == backwards
        assert await found(w, source="master") == backwards
        assert await found(w, text="第") == backwards
        assert await found(w, text="第", event="first") == backwards[-1:]
        assert await found(w, event="e") == [one for one in backwards if int(one[1:-1]) % 2]
        assert await found(w, target=FRIEND) == [
            one for one in backwards if int(one[1:-1]) % 3 == 0
        ]


async def test_a_step_ends_in_time_and_tells_how_far_it_looked_back(place: Place) -> None:
    async with world(place) as w:
        for number in range(FIRST_ROWS + 1):
            await send(w, f"第{number}条")
        reader = Reader.of(place)
        reader.open()
        seconds = count()  # so slow that each chunk takes one

        def look(conn: Connection, before: Cursor) -> tuple[list[str], Cursor | None]:
            wanted = Criteria(text="没有的", before=before)
            return Search(conn, EVERYTHING, wanted, lambda: next(seconds)).find(30)

        ids, end = await reader.run(lambda conn: look(conn, NEWEST))
        assert ids == []
        assert end is not None
        assert end.at == w.clock.now - FIRST_ROWS + 1
        assert await reader.run(lambda conn: look(conn, end)) == ([], None)
        await reader.close()


async def test_what_is_asked_for_holds_for_what_is_new_and_for_what_is_indexed(
    place: Place,
) -> None:
    async with world(place) as w:
        await send(w, "1", event="a", result=Result.FAIL)
        await send(w, "2", event="a", result=Result.SUCCESS, source="alice")
        await send(w, "3", event="b", result="跳过", source="alice", data='{"result":1}')
        assert await found(w, event="a") == ["2", "1"]
        assert await found(w, result="1") == ["1"]
        assert await found(w, result="跳过", source="alice") == ["3"]
        assert await found(w, event="a", source="alice") == ["2"]
        assert await found(w, event="b", result="1") == []
        assert await found(w, Sight(source="alice")) == ["3", "2"]
        assert await found(w, Sight("alice", FRIEND)) == ["3", "2"]
        assert await found(w, target=ME) == ["3", "2", "1"]
        assert await found(w, target=FRIEND) == []
        known = await w.store.archive.choices()
        assert (known.events, known.sources) == (("a", "b"), ("alice", "master"))
        assert sorted(known.results) == ["0", "1", "跳过"]
        assert known.targets == (ME,)


async def test_what_is_not_ones_own_is_found_only_by_what_one_was_sent(place: Place) -> None:
    async with world(place) as w:
        await send(w, "我的", source="bind:10002", event="a")
        await send(w, "geheim", FRIEND, ME, sent="给你的", event="a")
        await send(w, "别人的")
        assert await found(w, FRIENDS) == ["给你的", "我的"]
        assert await found(w, FRIENDS, event="a") == ["我的"], "its event is not theirs to know"
        assert await found(w, FRIENDS, target=FRIEND) == ["给你的"]
        assert await found(w, FRIENDS, target=ME) == ["我的"]
        assert await found(w, FRIENDS, source="master") == []
        assert await found(w, FRIENDS, text="geheim") == []
        assert await found(w, FRIENDS, text="给你") == ["给你的"]
        assert await found(w, text="geheim") == ["geheim"]
        seen = await w.store.archive.part(FRIENDS, Criteria(), 9)
        assert {one.listed.state.source for one in seen.views} == {"bind:10002", ""}


async def test_a_deleted_report_is_found_no_more_and_its_picture_is_read_while_it_is_there(
    place: Place,
) -> None:
    async with world(place) as w:
        gone, kept = await send(w, "要删的", images=(PICTURE,)), await send(w, "要留的")
        (shown,) = await w.store.archive.views(EVERYTHING, [gone])
        picture = await w.store.archive.picture(shown.pictures[0])
        assert picture is not None
        assert picture.data == PICTURE.data
        await w.drain(ME)
        assert await w.store.housekeeping.delete_report(gone, w.clock())
        assert await found(w, text="要") == ["要留的"]
        assert await w.store.archive.view(EVERYTHING, gone) is None
        assert (await w.store.archive.view(EVERYTHING, kept)) is not None
        counted = await w.store.archive.days(EVERYTHING, 0, Cursor(w.clock() + 1, ""))
        assert sum(day.count for day in counted.counts) == 1


async def test_that_a_report_is_deleted_is_told_to_those_who_could_see_it(place: Place) -> None:
    async with world(place) as w:
        both = await send(w, "发给两个人的", ME, FRIEND)
        mine = await send(w, "发给我的")
        theirs = await send(w, "朋友推的", source="bind:10002")
        await w.drain(ME)
        await w.drain(FRIEND)
        for report_id in (both, mine, theirs):
            assert await w.store.housekeeping.delete_report(report_id, w.clock())
        for sight, ids in {
            EVERYTHING: {both, mine, theirs}, FRIENDS: {both, theirs}, Sight("alice"): set[str](),
        }.items():  # fmt: skip
            assert set(await w.store.archive.deleted(sight, w.clock() - 1)) == ids
            assert await w.store.archive.deleted(sight, w.clock() + 1) == []


async def test_what_waits_is_not_deleted(place: Place) -> None:
    async with world(place) as w:
        waiting = await send(w, "x")
        assert not await w.store.housekeeping.delete_report(waiting, w.clock())
        assert await w.state(waiting, "") is not None


async def test_days_and_runs_are_told_by_whose_they_are(place: Place) -> None:
    async with world(place) as w:
        for source in ("master", "bind:10002"):
            await send(w, "开始", event="dragon.start", source=source)
            w.clock.now += 600
            await send(w, "完成", event="dragon.end", result=Result.SUCCESS, source=source)
            await send(w, "没有开始", event="dragon.end", source=source)
        for sight, times in ((EVERYTHING, 2), (FRIENDS, 1)):
            runs = await w.store.archive.runs(sight)
            assert [(one.event, one.seconds) for one in runs] == [("dragon", 601.0)] * times
            days = (await w.store.archive.days(sight, 0, Cursor(w.clock() + 1, ""))).counts
            assert sum(day.count for day in days if day.result == "0") == times
