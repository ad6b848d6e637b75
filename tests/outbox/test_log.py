"""What the log says of deliveries: one line of each, and none of what they hold."""

from collections.abc import Iterator

import pytest
from loguru import logger

from nonebot_plugin_report.model.delivery import Delivered, NotSent, Rejected
from nonebot_plugin_report.model.scheduling import Policy
from nonebot_plugin_report.model.target import Lane, Target
from nonebot_plugin_report.outbox.delivery_log import LINES, LOG_SECONDS

from .fakes import world
from .places import Place

ME = Target("private", "10001")
SECRET = "银行卡密码"


@pytest.fixture
def lines() -> Iterator[list[str]]:
    kept: list[str] = []
    sink = logger.add(
        lambda line: kept.append(line.strip()), level="INFO", format="{level}|{message}"
    )
    yield kept
    logger.remove(sink)
    assert SECRET not in "".join(kept)


async def test_each_report_that_is_delivered_has_its_line(place: Place, lines: list[str]) -> None:
    async with world(place) as w:
        for lane in (Lane(ME), Lane(Target("channel", "phone"))):
            receipt = await w.accept(SECRET, lane.target)
            w.clock.now += 0.2
            await w.drain(lane.target)
            assert lines == [f"INFO|{receipt.id} → {lane} 送达，0.2 秒"]
            lines.clear()


async def test_what_had_to_wait_says_how_long(place: Place, lines: list[str]) -> None:
    async with world(place) as w:
        w.far.away.add(Lane(ME))
        receipt = await w.accept(SECRET, ME)
        await w.drain(ME)
        w.far.away.clear()
        w.clock.now += 3 * 3600 + 5 * 60
        await w.drain(ME)
        assert lines == [
            f"INFO|{ME} 的推送先存着：机器人没有连接",
            f"INFO|{receipt.id} → {ME} 送达，等了 3 小时 5 分",
        ]


async def test_what_was_tried_before_says_so(place: Place, lines: list[str]) -> None:
    async with world(place) as w:
        w.far.outcomes[Lane(ME)] = [NotSent("断网"), NotSent("断网")]
        receipt = await w.accept(SECRET, ME)
        while (again := await w.drain(ME)) is not None:
            w.clock.now = again
        assert lines[-1].startswith(f"INFO|{receipt.id} → {ME} 送达，")
        assert lines[-1].endswith("，第 3 次才送到")


async def test_what_was_left_out_is_a_warning(place: Place, lines: list[str]) -> None:
    async with world(place) as w:
        w.far.outcomes[Lane(ME)] = [Delivered("截图太大，没有发出")]
        receipt = await w.accept(SECRET, ME)
        await w.drain(ME)
        assert lines == [f"WARNING|{receipt.id} → {ME} 送达，0.0 秒，但截图太大，没有发出"]


async def test_each_report_of_a_message_for_many_has_its_line(
    place: Place, lines: list[str]
) -> None:
    async with world(place, policy=Policy(merge=3)) as w:
        receipts = [await w.accept(SECRET, ME) for _ in range(2)]
        w.clock.now += 3
        await w.drain(ME)
        assert lines == [
            f"INFO|{one.id} → {ME} 送达，3.0 秒，和另外 1 条合并送达" for one in receipts
        ]


async def test_each_report_that_has_to_wait_says_so(place: Place, lines: list[str]) -> None:
    async with world(place) as w:
        w.far.away.add(Lane(ME))
        await w.accept(SECRET, ME)
        await w.drain(ME)
        waiting = await w.accept(SECRET, ME)
        assert lines == [
            f"INFO|{ME} 的推送先存着：机器人没有连接",
            f"INFO|{waiting.id} → {ME} 先存着：机器人没有连接",
        ]


async def test_a_flood_does_not_fill_the_log(place: Place, lines: list[str]) -> None:
    async with world(place) as w:
        for _ in range(LINES + 3):
            await w.accept(SECRET, ME)
        await w.drain(ME)
        assert len(lines) == LINES
        w.far.outcomes[Lane(ME)] = [Rejected("不是好友")]
        await w.accept(SECRET, ME)
        await w.drain(ME)
        assert "没能送达" in lines[LINES]
        w.clock.now += LOG_SECONDS
        await w.accept(SECRET, ME)
        await w.drain(ME)
        assert lines[LINES + 1] == "INFO|另有 3 条送达，没有逐条写出"
        assert "送达，0.0 秒" in lines[LINES + 2]
