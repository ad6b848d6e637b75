"""Requests as another web site has the user's browser send them, to a bot on the user's machine:
the API and the page, with REPORT_TOKEN and without."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Origin

from tests.bot import TOKEN, Bot, running
from tests.page.test_door import CHANGES

EVIL = "https://evil.example"
BODY = b'{"content": "x", "message": "x", "user_id": "10002"}'
PUSHES = [
    ("POST", "/report"), ("PUT", "/report"), ("GET", "/report/push"), ("POST", "/report/ntfy/x"),
    ("GET", "/report/ntfy/x/publish"), ("POST", "/report/gotify/message"),
    ("POST", "/report/onebot/send_private_msg"), ("GET", "/report/onebot/send_private_msg"),
]  # fmt: skip
CONTENT_TYPES = [
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=B",
    "",
]
"""What a page may send without asking first:
https://fetch.spec.whatwg.org/#cors-safelisted-request-header."""


def ways(bot: Bot) -> Iterator[dict[str, str]]:
    """The headers of a browser that sends for another site."""
    cross = {"Origin": EVIL, "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}
    for content_type in (*CONTENT_TYPES, "application/json"):
        yield {**cross, "Content-Type": content_type}
    for origin in (EVIL, "null", "http://localhost:1", f"http://127.0.0.1:{bot.port}.evil.example"):
        yield {"Origin": origin, "Content-Type": "application/json"}
    # An image, a link, a form that opens a window: no Origin.
    yield {
        "Sec-Fetch-Site": "cross-site",
        "Sec-Fetch-Mode": "navigate",
        "Content-Type": "text/plain",
    }
    for host in ("evil.example", f"evil.example:{bot.port}", f"127.0.0.1.evil.example:{bot.port}"):
        rebound = {"Host": host, "Content-Type": "application/json"}
        yield rebound
        yield {**rebound, "Origin": f"http://{host}", "Sec-Fetch-Site": "same-origin"}


async def waiting(bot: Bot, token: str | None) -> int:
    async with bot.client(token) as client:
        answer = await client.get("/health", params={"detail": ""})
    return answer.json()["waiting"]


async def ask_everywhere(bot: Bot, client: httpx2.AsyncClient) -> None:
    """Try to push by each door in each way."""
    params = {"message": "x", "content": "x", "user_id": "10002"}
    attempts = [(method, path, headers) for method, path in PUSHES for headers in ways(bot)]
    turn = asyncio.Semaphore(32)

    async def ask(method: str, path: str, headers: dict[str, str]) -> None:
        async with turn:
            answer = await client.request(
                method,
                path,
                params=params,
                headers=headers,
                content=BODY if method != "GET" else b"",
            )
        assert 400 <= answer.status_code < 500, (method, path, headers, answer.text)
        assert "access-control-allow-origin" not in answer.headers

    await asyncio.gather(*(ask(*attempt) for attempt in attempts))


async def change_everywhere(bot: Bot, client: httpx2.AsyncClient) -> None:
    """Try each change of the page in each way."""
    for method, path in CHANGES:
        for headers in ways(bot):
            answer = await client.request(
                method, f"/report/page{path}", headers=headers, content=b"{}"
            )
            assert 400 <= answer.status_code < 500, (path, headers)
            assert "set-cookie" not in answer.headers
            assert "access-control-allow-origin" not in answer.headers


async def push_by_websocket(bot: Bot, origin: str) -> None:
    """Push from another site; returns when it was taken."""
    address = f"ws://127.0.0.1:{bot.port}/report/ws"
    async with connect(address, proxy=None, origin=Origin(origin)) as websocket:
        await websocket.send(BODY)
        while b"status" not in await websocket.recv(decode=False):
            pass


@pytest.mark.parametrize("token", ["", TOKEN])
async def test_another_site_pushes_changes_and_reads_nothing(tmp_path: Path, token: str) -> None:
    settings = {"report_token": token, "log_level": "INFO"}
    async with (
        running(tmp_path, settings=settings) as bot,
        httpx2.AsyncClient(
            base_url=f"http://127.0.0.1:{bot.port}", trust_env=False, timeout=120
        ) as client,
    ):
        before = await waiting(bot, token or None)
        await ask_everywhere(bot, client)
        await change_everywhere(bot, client)
        for headers in ({}, {"Access-Control-Request-Method": "POST"}):
            answer = await client.options("/report", headers={"Origin": EVIL, **headers})
            assert "access-control-allow-origin" not in answer.headers
        for origin in (EVIL, "null"):
            with pytest.raises((InvalidStatus, ConnectionClosed)):
                await push_by_websocket(bot, origin)
        assert await waiting(bot, token or None) == before
