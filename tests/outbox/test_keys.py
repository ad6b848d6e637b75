"""Which reports are the same, by their key and by what they say."""

import asyncio
from unittest.mock import patch

from nonebot_plugin_report.errors import DiskFull
from nonebot_plugin_report.model.delivery import Outgoing
from nonebot_plugin_report.model.image import Image
from nonebot_plugin_report.model.message import Message
from nonebot_plugin_report.model.status import Receipt
from nonebot_plugin_report.model.target import Lane, Target
from nonebot_plugin_report.sources.parse import parse
from nonebot_plugin_report.store.room import Room
from tests.dialects import jpeg

from .fakes import world
from .places import Place, rows

ME = Target("private", "10001")
GROUP = Target("group", "777")
PICTURE = Image(jpeg(), "image/jpeg", 64, 36)


async def test_the_same_key_is_the_same_report(place: Place) -> None:
    async with world(place) as w:
        first = await w.accept("1", ME, key="abc")
        again = await asyncio.gather(*(w.accept("2", GROUP, key="abc") for _ in range(5)))
        assert {one.id for one in again} == {first.id}
        assert {one.status for one in again} == {"duplicate"}
        assert again[0].targets == (ME,)
        assert rows(place, "SELECT count(*) FROM delivery") == [(1,)]
        state = await w.state("abc")
        assert state is not None
        assert state.id == first.id


async def test_an_id_is_the_same_report_only_with_the_same_words(place: Place) -> None:
    async def accept(**fields: object) -> Receipt:
        report = parse({"id": "abc", "content": "1", **fields})
        return await w.outbox.accept(report, [Outgoing(ME, Message(report.content))])

    async with world(place) as w:
        first = await accept()
        w.clock.now += 1
        again = await accept(timestamp="2026-11-30T12:00:00Z")
        assert (again.status, again.id) == ("duplicate", first.id)
        different = [{"content": "2"}, {"send_to": "10002"}, {"screenshot": PICTURE.data}]
        for fields in different:
            w.clock.now += 1
            assert (await accept(**fields)).status == "accepted"
            assert (await accept(**fields)).status == "duplicate"
        state = await w.state("abc")
        assert state is not None
        assert state.id not in (first.id, again.id)
        newest = await accept(**different[-1])
        assert state.id == newest.id, "the newest that came with the id"
        await w.drain(ME)
        assert w.far.texts(Lane(ME)) == ["1", "2", "1", "1"]


async def test_a_key_that_counts_alone_is_the_same_report_whatever_came_with_it_as_an_id(
    place: Place,
) -> None:
    async with world(place) as w:
        said = parse({"id": "abc", "content": "1"})
        first = await w.outbox.accept(said, [Outgoing(ME, Message("1"))])
        again = await w.accept("2", ME, key="abc")
        assert (again.status, again.id) == ("duplicate", first.id)


async def test_an_id_whose_picture_had_no_room_is_the_same_report(place: Place) -> None:
    report = parse({"id": "abc", "content": "1", "screenshot": PICTURE.data})
    outgoing = [Outgoing(ME, Message("1", report.images))]
    async with world(place) as w:
        with patch.object(Room, "check", side_effect=DiskFull):
            first = await w.outbox.accept(report, outgoing)
        assert first.status == "accepted"
        assert (await w.outbox.accept(report, outgoing)).status == "duplicate"


async def test_ids_that_come_at_the_same_time_store_one(place: Place) -> None:
    reports = [parse({"id": "k", "content": str(number % 2)}) for number in range(20)]
    async with world(place) as w:
        receipts = await asyncio.gather(
            *(w.outbox.accept(one, [Outgoing(ME, Message(one.content))]) for one in reports)
        )
        assert [one.status for one in receipts].count("accepted") == 2
        assert len({one.id for one in receipts}) == 2


async def test_keys_that_come_at_the_same_time_store_one(place: Place) -> None:
    async with world(place) as w:
        receipts = await asyncio.gather(*(w.accept("x", ME, key="k") for _ in range(20)))
        assert len({one.id for one in receipts}) == 1
        assert [one.status for one in receipts].count("accepted") == 1
