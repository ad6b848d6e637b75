"""The page, as a friend or a stranger may use it: what that costs others, and what is left for the
owner."""

import asyncio
import io
import os
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import httpx2
import pybase64
import pytest
from PIL import Image as Pillow

from nonebot_plugin_report.pictures.decode import MAX_SCANNED
from nonebot_plugin_report.sources.parse import MAX_TEXT
from nonebot_plugin_report.web.page import live
from nonebot_plugin_report.web.page.door import COOKIE, MAX_LOGIN
from tests.attacks.measure import MEMORY, STANDSTILL, Cost, least_cost, watched
from tests.bot import TOKEN, Bot, running, until
from tests.dialects import jpeg

CONNECTIONS = 40
FRIEND = "friend-token-0123456789"
SETTINGS = {
    "log_level": "INFO",
    "report_tokens": {"friend": {"token": FRIEND, "to": ["private:10002"]}},
}
PICTURE = jpeg() + bytes(10 * 2**20)
LONG = "长" * MAX_TEXT


@asynccontextmanager
async def watched_bot(folder: Path) -> AsyncGenerator[Bot]:
    async with running(folder, settings=SETTINGS, patience=120.0) as bot:
        yield bot


def page(bot: Bot, cookie: str = "") -> httpx2.AsyncClient:
    headers = {
        "Origin": f"http://127.0.0.1:{bot.port}", "Cookie": f"{COOKIE}_{bot.port}={cookie}",
    }  # fmt: skip
    return httpx2.AsyncClient(
        base_url=f"{bot.url}/page", headers=headers, timeout=60.0, trust_env=False
    )


async def enter(bot: Bot, token: str) -> str:
    """Log in; the cookie."""
    async with page(bot) as client:
        answer = await client.post("/session", json={"token": token})
    assert answer.status_code == 200, answer.text
    return answer.headers["set-cookie"].partition("=")[2].partition(";")[0]


async def push(bot: Bot, token: str, **fields: object) -> str:
    async with bot.client(token) as client:
        answer = await client.post("", json=fields)
    assert answer.status_code == 200, answer.text
    return answer.json()["id"]


async def open_page(bot: Bot, path: str, cookie: str) -> asyncio.StreamReader:
    """Ask for something, and read its status alone."""
    reader, writer = await asyncio.open_connection("127.0.0.1", bot.port, limit=1)
    lines = f"Host: 127.0.0.1:{bot.port}\r\nCookie: {COOKIE}_{bot.port}={cookie}"
    writer.write(f"GET /report/page{path} HTTP/1.1\r\n{lines}\r\n\r\n".encode())
    await writer.drain()
    OPENED.append(writer)
    return reader


OPENED: list[asyncio.StreamWriter] = []


@pytest.fixture(autouse=True)
async def closed() -> AsyncGenerator[None]:
    yield
    await close_all()


async def close_all() -> None:
    while OPENED:
        writer = OPENED.pop()
        writer.transport.abort()
        with suppress(ConnectionError):
            await writer.wait_closed()


async def statuses(bot: Bot, paths: Sequence[str], cookie: str) -> list[int]:
    """The statuses of answers that nobody reads any further."""
    readers = [await open_page(bot, path, cookie) for path in paths]
    heads = await asyncio.gather(*(reader.readexactly(12) for reader in readers))
    return [int(head[9:]) for head in heads]


def within(cost: Cost) -> None:
    assert cost.waited <= STANDSTILL
    assert cost.memory <= MEMORY, f"{cost.memory / 2**20:.0f} MiB"


async def test_pictures_that_nobody_reads(tmp_path: Path) -> None:
    encoded = pybase64.b64encode_as_string(PICTURE)
    async with watched_bot(tmp_path) as bot:
        owners = await push(bot, TOKEN, content="x", screenshot=encoded)
        friends = await push(bot, FRIEND, content="x", screenshot=encoded)
        owner, friend = await enter(bot, TOKEN), await enter(bot, FRIEND)

        async def attack() -> None:
            for _ in range(CONNECTIONS):
                await open_page(bot, f"/reports/{friends}/pictures/0", friend)
            async with page(bot, owner) as client:
                answer = await client.get(f"/reports/{owners}/pictures/0")
            assert answer.content == PICTURE
            await close_all()

        cost = await least_cost(bot, attack)
    within(cost)


async def test_exports_of_long_reports_that_are_read_and_that_are_not(tmp_path: Path) -> None:
    async with watched_bot(tmp_path) as bot:
        for number in range(150):
            await push(bot, FRIEND, content=LONG, message=f"{number} {LONG}"[:MAX_TEXT])
        await push(bot, TOKEN, content="x")
        owner, friend = await enter(bot, TOKEN), await enter(bot, FRIEND)
        async with page(bot, friend) as client:
            cost = await least_cost(bot, lambda: client.get("/reports.zip"))
        within(cost)
        taken = await statuses(bot, ["/reports.csv"] * 3, friend)
        assert sorted(taken) == [200, 503, 503], "one at a time"
        async with page(bot, owner) as client:
            for name in ("reports.csv", "reports.zip"):
                assert (
                    await client.get(f"/{name}", params={"source": "master"})
                ).status_code == 200


async def test_live_connections_of_all_of_a_friends_browsers(tmp_path: Path) -> None:
    async with watched_bot(tmp_path) as bot:
        await push(bot, TOKEN, content="x")
        taken: list[int] = []
        for _ in range(4):
            taken += await statuses(bot, ["/live"] * live.EACH, await enter(bot, FRIEND))
        assert taken.count(200) == live.EACH
        owner = await enter(bot, TOKEN)
        assert await statuses(bot, ["/live"] * (live.EACH + 1), owner) == [200] * live.EACH + [503]


def scanned(seed: int) -> bytes:
    """A JPEG of as many scans as are decoded."""
    picture, file = Pillow.new("RGB", (4096, 2160), (6 * seed, 80, 120)), io.BytesIO()
    picture.save(file, "JPEG", progressive=True, quality=60)
    data = file.getvalue()
    last = data[data.rindex(b"\xff\xda") : -2]
    more = MAX_SCANNED // (4096 * 2160) - data.count(b"\xff\xda")
    return data[:-2] + last * more + data[-2:]


async def test_thumbnails_of_pictures_that_take_long_to_decode(tmp_path: Path) -> None:
    async with watched_bot(tmp_path) as bot:
        ids = [
            await push(bot, FRIEND, content="x", screenshots=[
                pybase64.b64encode_as_string(scanned(4 * number + each)) for each in range(4)
            ])
            for number in range(CONNECTIONS // 4)
        ]  # fmt: skip
        encoded = pybase64.b64encode_as_string(jpeg())
        owners = await push(bot, TOKEN, content="x", screenshot=encoded)
        owner, friend = await enter(bot, TOKEN), await enter(bot, FRIEND)
        answered: list[str] = []

        async def ask(cookie: str, report_id: str, number: int) -> None:
            async with page(bot, cookie) as client:
                answer = await client.get(f"/reports/{report_id}/pictures/{number}?small=1")
            assert answer.status_code == 200, answer.text
            answered.append(report_id)

        async def has_begun() -> bool:
            return bool(answered)

        async with watched(bot) as cost, asyncio.TaskGroup() as tasks:
            for report_id in ids:
                for number in range(4):
                    tasks.create_task(ask(friend, report_id, number))
            await until(has_begun)
            tasks.create_task(ask(owner, owners, 0))
        assert answered.index(owners) < CONNECTIONS // 2
    assert cost.memory <= MEMORY


async def test_logins_that_fail_or_never_end(tmp_path: Path) -> None:
    async with watched_bot(tmp_path) as bot:
        await enter(bot, TOKEN)

        async def guess() -> None:
            async with page(bot) as client:
                keys = [os.urandom(16).hex() for _ in range(CONNECTIONS)]
                await asyncio.gather(*(client.post("/session", json={"key": key}) for key in keys))

        within(await least_cost(bot, guess))

        async def begin() -> None:
            head = (
                f"POST /report/page/session HTTP/1.1\r\nHost: 127.0.0.1:{bot.port}\r\n"
                f"Origin: http://127.0.0.1:{bot.port}\r\nContent-Length: {MAX_LOGIN}\r\n\r\n"
            )
            for _ in range(300):
                _, writer = await asyncio.open_connection("127.0.0.1", bot.port)
                OPENED.append(writer)
                writer.write(head.encode() + b"x" * (MAX_LOGIN - 1))
                await writer.drain()
            await enter(bot, TOKEN)
            await close_all()

        within(await least_cost(bot, begin))
