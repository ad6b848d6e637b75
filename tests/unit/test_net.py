"""Whatever a door raises, its client is told to try again, and the log once where it happened."""

from collections.abc import Generator
from typing import Any

import orjson
import pytest
from loguru import logger
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from nonebot_plugin_report.web.net import INTERNAL_ERROR, MAX_FAULTS, REASON, Net

SECRET = "s3cret-of-a-request"


@pytest.fixture
def lines() -> Generator[list[str]]:
    written: list[str] = []
    sink = logger.add(written.append, format="{message}", level="ERROR")  # pyright: ignore[reportArgumentType] - a message is a string
    yield written
    logger.remove(sink)


def failing(error: Exception, *before: Message) -> ASGIApp:
    async def door(scope: Scope, receive: Receive, send: Send) -> None:
        for message in before:
            await send(message)
        token = SECRET
        raise error if token else AssertionError

    return door


async def answers(door: ASGIApp, net: Net, kind: str = "http") -> list[Message]:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    await net.below(door)({"type": kind}, receive, send)
    return sent


async def test_a_client_is_told_to_try_again_and_the_log_where_it_happened(
    lines: list[str],
) -> None:
    net = Net()
    for _ in range(25):
        start, body = await answers(failing(ValueError(SECRET)), net)
        assert start["status"] == 503
        assert b"retry-after" in dict(start["headers"])
        assert orjson.loads(body["body"]) == {"status": "error", "error": REASON}
    assert len(lines) == 2, "the first, and the tenth"
    assert "ValueError" in lines[0]
    assert "in door" in lines[0]
    assert "10 次" in lines[1]
    assert SECRET not in "".join(lines)


async def test_an_answer_that_has_begun_is_not_begun_again() -> None:
    begun: Message = {"type": "http.response.start", "status": 200, "headers": []}
    assert await answers(failing(ValueError(), begun), Net()) == [begun]


async def test_a_websocket_is_closed() -> None:
    (closed,) = await answers(failing(ValueError()), Net(), "websocket")
    assert (closed["type"], closed["code"]) == ("websocket.close", INTERNAL_ERROR)


async def test_who_is_gone_is_no_fault_and_what_the_framework_answers_is_left_to_it(
    lines: list[str],
) -> None:
    assert await answers(failing(ClientDisconnect()), Net()) == []
    with pytest.raises(HTTPException):
        await answers(failing(HTTPException(405)), Net())
    assert lines == []


async def test_no_more_different_faults_are_logged_than_anybody_reads(lines: list[str]) -> None:
    net = Net()
    for number in range(MAX_FAULTS + 5):
        kind: Any = type(f"Fault{number}", (Exception,), {})
        await answers(failing(kind()), net)
    assert len(lines) == MAX_FAULTS
