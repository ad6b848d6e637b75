"""Answers with pictures that are asked for and not read."""

import asyncio
import json
from base64 import b64encode
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from tests.attacks.measure import MEMORY, STANDSTILL, least_cost
from tests.bot import TOKEN, Bot, running
from tests.dialects import jpeg

CONNECTIONS = 40
PICTURE = jpeg() + bytes(10 * 2**20)
FRIEND = "friend-token-0123456789"
SETTINGS = {
    "log_level": "INFO",
    "report_tokens": {"friend": {"token": FRIEND, "to": ["private:10002"]}},
}


@pytest.fixture
async def bot(tmp_path: Path) -> AsyncGenerator[Bot]:
    async with running(tmp_path, settings=SETTINGS) as started:
        yield started


async def send_picture(bot: Bot, token: str, user: int) -> int:
    """Send a message with a picture; its number."""
    file = f"base64://{b64encode(PICTURE).decode()}"
    message = [{"type": "image", "data": {"file": file}}]
    async with bot.client(token) as client:
        sent = await client.post(
            "/onebot/send_msg",
            content=json.dumps({"user_id": user, "message": message}),
            headers={"Content-Type": "application/json"},
        )
    return int(sent.json()["data"]["message_id"])


async def ask(bot: Bot, target: str) -> asyncio.StreamWriter:
    """Ask for something, and read none of it."""
    _, writer = await asyncio.open_connection("127.0.0.1", bot.port, limit=1)
    writer.write(f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
    await writer.drain()
    return writer


async def test_pictures_that_nobody_reads_fill_no_memory_and_take_no_room_of_others(
    bot: Bot,
) -> None:
    own = await send_picture(bot, TOKEN, 10001)
    friends = await send_picture(bot, FRIEND, 10002)

    async def attack() -> None:
        target = f"/report/onebot/get_msg?access_token={FRIEND}&message_id={friends}"
        writers = await asyncio.gather(*(ask(bot, target) for _ in range(CONNECTIONS)))
        async with bot.client() as client:
            answer = await client.post("/onebot/get_msg", json={"message_id": own})
        assert len(answer.content) > len(PICTURE)
        for writer in writers:
            writer.close()

    cost = await least_cost(bot, attack)
    assert cost.memory <= MEMORY
    assert cost.waited <= STANDSTILL
