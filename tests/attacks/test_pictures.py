"""Pictures that are made to hold the bot up or to fill its memory."""

import io
import os
import struct
import zlib
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pybase64
import pytest
from PIL import Image as Pillow

from tests.attacks.measure import MEMORY, STANDSTILL, TRIES, Cost, least_cost, watched
from tests.bot import Bot, running
from tests.onebot import ScriptedV11
from tests.senders.server import Server
from tests.senders.service import Service
from tests.senders.test_conformance import service_of

RECEIVERS = 12
LARGE = 6_000_000
"""Bytes; as base64, what REPORT_MAX_BODY lets in."""


def written(picture: Pillow.Image, kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def chunked() -> bytes:
    """A PNG of very many parts."""
    data = written(Pillow.new("L", (8, 8)), "PNG")
    part = b"\0\0\0\0tEXt" + struct.pack(">I", zlib.crc32(b"tEXt"))
    return data[:33] + part * 200_000 + data[33:]


def segmented() -> bytes:
    """A JPEG of very many."""
    return b"\xff\xd8" + b"\xff\xe1\0\2" * 600_000


def large() -> bytes:
    """A JPEG of as many bytes as can be sent."""
    data = written(Pillow.new("RGB", (64, 64)), "JPEG")
    return data + os.urandom(LARGE - len(data))


def filled(width: int, height: int, mode: str = "RGB") -> bytes:
    return written(Pillow.new(mode, (width, height)), "PNG", compress_level=9)


@asynccontextmanager
async def reaching(
    folder: Path, *kinds: str, count: int = 1, **more: Any
) -> AsyncGenerator[tuple[Bot, list[Server]]]:
    """A bot with so many channels of each kind, each with a service of its own."""
    channels: dict[str, Any] = {}
    async with AsyncExitStack() as stack:
        servers: list[Server] = []
        for kind in kinds:
            service: Service = service_of(kind)
            assert service.answer is not None
            for number in range(count):
                server = await stack.enter_async_context(Server(service.answer))
                channels[f"{kind}{number}"] = {"type": kind, **service.settings(server.url), **more}
                servers.append(server)
        settings = {"report_channels": channels}
        bot = await stack.enter_async_context(running(folder, settings=settings))
        bot.settings = settings
        yield bot, servers


async def push_to_channels(bot: Bot, picture: bytes) -> None:
    names = list(bot.settings["report_channels"])
    encoded = pybase64.b64encode_as_string(picture)
    made = await bot.push(event="domain.end", message="x", screenshot=encoded, channel=names)
    await bot.until_state(made["id"], "delivered")


def within(cost: Cost) -> None:
    assert cost.waited <= STANDSTILL
    assert cost.memory <= MEMORY, f"{cost.memory / 2**20:.0f} MiB"


@pytest.mark.parametrize("make", [chunked, segmented])
async def test_a_picture_of_very_many_parts(tmp_path: Path, make: Any) -> None:
    encoded = pybase64.b64encode_as_string(make())
    async with running(tmp_path) as bot:
        await bot.push(content="warm")
        cost = await least_cost(bot, lambda: bot.push(content="x", screenshot=encoded))
    within(cost)


@pytest.mark.parametrize(
    "picture",
    [filled(8000, 6200), filled(9000, 1100), filled(9000, 1100, "RGBA")],
    ids=["50 megapixels", "10 megapixels", "10 transparent megapixels"],
)
async def test_a_small_file_that_is_a_huge_picture_to_six_channels(
    tmp_path: Path, picture: bytes
) -> None:
    assert len(picture) < 300_000
    async with reaching(tmp_path, "telegram", count=6) as (bot, servers):
        cost = await least_cost(bot, lambda: push_to_channels(bot, picture))
        assert all(server.requests for server in servers)
    within(cost)


async def cost_of_sending(bot: Bot, **receivers: Any) -> Cost:
    """The cost of a large picture once it is received, of some tries as `least_cost` has it."""
    encoded = pybase64.b64encode_as_string(large())
    costs: list[Cost] = []
    for _ in range(TRIES):
        made = await bot.push(event="domain.end", message="x", screenshot=encoded, **receivers)
        async with watched(bot) as cost:
            await bot.until_state(made["id"], "delivered")
        costs.append(cost)
        if cost.waited <= STANDSTILL:
            break
    return Cost(min(one.waited for one in costs), max(one.memory for one in costs))


async def test_a_large_picture_to_many_receivers_on_qq(tmp_path: Path) -> None:
    receivers = [str(20001 + number) for number in range(RECEIVERS)]
    async with (
        running(tmp_path) as bot,
        ScriptedV11(url=bot.onebot_v11) as onebot,
    ):
        cost = await cost_of_sending(bot, send_to=receivers)
    assert len(onebot.messages) % RECEIVERS == 0
    within(cost)


@pytest.mark.parametrize("kind", ["webhook", "onebot", "discord", "feishu"])
async def test_a_large_picture_to_many_channels(tmp_path: Path, kind: str) -> None:
    async with reaching(tmp_path, kind, count=4) as (bot, _):
        cost = await cost_of_sending(bot, channel=list(bot.settings["report_channels"]))
    within(cost)


async def test_many_huge_pictures_that_are_to_be_covered(tmp_path: Path) -> None:
    """Drawn on one after the other, before the answer; the bomb among them is not decoded."""
    several = [
        *(written(Pillow.new("RGB", (4096, 2160), (15 * n, 0, 0)), "JPEG") for n in range(17)),
        filled(8000, 6200), filled(3840, 2160), filled(3840, 2160, "RGBA"),
    ]  # fmt: skip
    encoded = [pybase64.b64encode_as_string(one) for one in several]
    async with (
        running(tmp_path, settings={"report_mask": "uid"}) as bot,
        ScriptedV11(url=bot.onebot_v11) as onebot,
    ):
        await bot.push(content="warm", screenshot=encoded[0])
        cost = await least_cost(
            bot, lambda: bot.push(content="x", screenshots=encoded, send_to_group=777)
        )
        sent = [one for one in await onebot.wait_for(2) if one.target == "group:777"]
    assert len(sent[0].images) == len(several) - 1
    within(cost)
