"""WebSockets of those who have no token, of those whose token was taken away, and of many."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from nonebot_plugin_report.web.websocket import MAX_REFUSED, WEBSOCKETS
from tests.attacks.measure import MEMORY, STANDSTILL, least_cost
from tests.bot import TOKEN, Bot, running, until
from tests.integration.test_commands import FRIEND, bound_token, say
from tests.onebot import ScriptedV11


@pytest.fixture
async def bot(tmp_path: Path) -> AsyncGenerator[Bot]:
    settings = {"report_bind": ["friends"], "log_level": "INFO"}
    async with running(tmp_path, settings=settings) as started:
        yield started


def dial(bot: Bot, token: str = "", **options: Any) -> connect:
    query = f"?token={token}" if token else ""
    options = {"compression": None, "max_size": None} | options
    return connect(f"ws://127.0.0.1:{bot.port}/report/ws{query}", proxy=None, **options)


async def closed(websocket: ClientConnection) -> int | None:
    """The code with which the bot closes it."""
    async with asyncio.timeout(20):
        try:
            while True:
                await websocket.recv()
        except ConnectionClosed:
            return websocket.close_code


async def test_a_stranger_may_not_compress(bot: Bot) -> None:
    bomb = "[" * (16 * 2**20 - 1)

    async def attack() -> None:
        try:
            async with dial(bot, compression="deflate") as websocket:
                for _ in range(4):
                    await websocket.send(bomb)
                await closed(websocket)
        except (InvalidStatus, ConnectionClosed):
            pass

    cost = await least_cost(bot, attack)
    assert cost.waited <= STANDSTILL
    assert cost.memory <= MEMORY
    with pytest.raises(InvalidStatus) as refused:
        await dial(bot, compression="deflate")
    assert refused.value.response.status_code == 403


async def test_the_first_wrong_token_ends_it(bot: Bot) -> None:
    for content in ({"content": "x"}, {"content": "x", "token": "wrong"}):
        async with dial(bot) as websocket:
            await websocket.send(json.dumps(content))
            assert json.loads(await websocket.recv())["code"] == 403
            assert await closed(websocket) == 1008
    async with dial(bot) as websocket:
        await websocket.send(json.dumps({"content": "x", "token": TOKEN}))
        assert json.loads(await websocket.recv())["status"] == "accepted"
        await websocket.send(json.dumps({"content": "x", "token": "wrong"}))
        assert json.loads(await websocket.recv())["code"] == 403
        assert await closed(websocket) == 1008


async def test_those_who_show_no_token_are_few_and_not_for_long(bot: Bot) -> None:
    lines = [await dial(bot) for _ in range(WEBSOCKETS)]
    with pytest.raises(InvalidStatus) as refused:
        await dial(bot)
    assert refused.value.response.status_code == 503
    async with dial(bot, TOKEN) as websocket:
        await websocket.send(json.dumps({"content": "x"}))
        assert json.loads(await websocket.recv())["status"] == "accepted"
    assert await closed(lines[0]) == 1008
    for line in lines:
        await line.close()


async def test_a_long_message_of_a_stranger_costs_little(bot: Bot) -> None:
    message = "[" * (15 * 2**20)

    async def attack() -> None:
        async with dial(bot) as websocket:
            await websocket.send(message)
            assert await closed(websocket) == 1008

    cost = await least_cost(bot, attack)
    assert cost.waited <= STANDSTILL
    assert cost.memory <= MEMORY


async def test_a_token_that_was_taken_away_is_good_for_no_further_message(bot: Bot) -> None:
    async with ScriptedV11(url=bot.onebot_v11) as qq:
        token = await bound_token(qq)
        async with dial(bot, token) as websocket:
            await websocket.send(json.dumps({"content": "x"}))
            assert json.loads(await websocket.recv())["status"] == "accepted"
            await say(qq, FRIEND, "/推送解绑")

            async def gone() -> bool:
                async with bot.client(token) as client:
                    return (await client.get("/health")).status_code == 403

            await until(gone)
            await websocket.send(json.dumps({"content": "x"}))
            assert json.loads(await websocket.recv())["code"] == 403
            assert await closed(websocket) == 1008


async def test_who_goes_before_the_answer_leaves_no_traceback(bot: Bot) -> None:
    for _ in range(20):
        async with dial(bot) as websocket:
            await websocket.send(json.dumps({"content": "x", "token": "wrong"}))
            websocket.transport.abort()
    await bot.push(content="x")
    assert "Traceback" not in bot.log


async def test_refused_messages_one_after_the_other_end_it(bot: Bot) -> None:
    """Tens of thousands fit into one write, and each was answered."""
    refused, taken = "{}", '{"content": "x"}'
    messages = [*[refused] * (MAX_REFUSED - 1), taken, *[refused] * (2 * MAX_REFUSED)]
    answers = Counter[str]()
    async with dial(bot, TOKEN) as websocket:
        for message in messages:
            await websocket.send(message)
        with suppress(ConnectionClosed):
            while True:
                answer = json.loads(await websocket.recv())
                answers["code" if "code" in answer else "status"] += 1
        assert answers == {"status": 1, "code": 2 * MAX_REFUSED - 1}
        assert websocket.close_code == 1008
        assert websocket.close_reason == f"连着 {MAX_REFUSED} 条都没有收下"


async def test_many_messages_in_one_write_are_answered_in_turn_with_others(bot: Bot) -> None:
    """Each was read before anybody else's turn came: 32,000 held the bot for seconds."""
    content = b'{"content":"x","id":"a"}'
    frame = bytes((0x81, 0x80 + len(content), 0, 0, 0, 0)) + content
    reader, writer = await asyncio.open_connection("127.0.0.1", bot.port)
    writer.write(
        f"GET /report/ws?token={TOKEN} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode()
    )
    await reader.readuntil(b"\r\n\r\n")
    writer.write(frame * 2000)
    answered = 0

    async def count_answers() -> None:
        nonlocal answered
        while answered < 2000:
            answered += (await reader.read(2**16)).count(b'"status"')

    async with asyncio.TaskGroup() as group, bot.client() as client:
        counting = group.create_task(count_answers())
        for _ in range(3):
            await client.get("/health")
        assert answered < 2000, "others were answered in between"
        await counting
    writer.close()
