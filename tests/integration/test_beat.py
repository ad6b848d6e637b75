"""Signs of life over HTTP, and that their absence is told: one bot for all."""

import signal
import sqlite3
from collections.abc import AsyncGenerator

import httpx2
import pytest
import pytest_asyncio

from tests.bot import TOKEN, Bot, running, until
from tests.onebot import ScriptedV11

pytestmark = pytest.mark.asyncio(loop_scope="module")
FRIEND = "t0ken-of-a-friend"
SETTINGS = {
    "report_tokens": {"friend": {"token": FRIEND, "to": ["private:10002"]}},
    "report_watch": [
        {"beat": "pc", "every": "1s", "grace": 0, "to": "group:777"},
        {"beat": "nightly", "cron": "0 3 * * *", "token": "master"},
        {"beat": "weekly", "cron": "0 3 * * 1", "token": "master"},
        {"beat": "friends", "every": "1h", "token": "friend"},
    ],
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bot(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Bot]:
    async with running(tmp_path_factory.mktemp("beat"), settings=SETTINGS) as started:
        yield started


async def ask(bot: Bot, method: str, path: str, token: str | None = TOKEN) -> httpx2.Response:
    async with bot.client(token) as client:
        return await client.request(method, path)


async def test_silence_and_return_are_told_once_each_also_over_a_crash(bot: Bot) -> None:
    assert (await ask(bot, "GET", "/beat/pc")).json() == {"ok": True}
    async with ScriptedV11(url=bot.onebot_v11) as qq:
        (down,) = await qq.wait_for(1)
        assert (down.target, down.text.split("\n")[0]) == ("group:777", "❌ pc 没有心跳了")

    def stored() -> bool:
        with sqlite3.connect(bot.database) as store:
            query = "SELECT overdue_at FROM watch WHERE name = 'beat:pc'"
            found = store.execute(query).fetchone()
        return found is not None and found[0] is not None

    async def is_stored() -> bool:
        return stored()

    await until(is_stored)
    await bot.end(signal.SIGKILL)
    await bot.start()
    async with ScriptedV11(url=bot.onebot_v11) as qq:
        assert (await ask(bot, "POST", "/beat/pc/")).json() == {"ok": True}

        async def told() -> bool:
            return any(one.text.startswith("✅ pc 的心跳恢复了\n中断了") for one in qq.messages)

        await until(told)


KUMA = "?status=up&msg=OK&ping="


async def test_uptime_kumas_push_monitors_beat_here_at_the_root_too(bot: Bot) -> None:
    root = bot.url.removesuffix("/report")
    async with httpx2.AsyncClient(trust_env=False) as client:
        for address in (
            f"{bot.url}/api/push/nightly.{TOKEN}{KUMA}",
            f"{root}/api/push/nightly.{TOKEN}{KUMA}",
            f"{root}/api/push/{TOKEN}{KUMA}&name=nightly",
            f"{root}/api/push/friends.{FRIEND}{KUMA}",
        ):
            answer = await client.get(address)
            assert (answer.status_code, answer.json()) == (200, {"ok": True}), address
        wrong = await client.get(f"{root}/api/push/nightly.wrong-token-of-mine{KUMA}")
        assert wrong.status_code == 403
        assert wrong.json()["ok"] is False
        nameless = await client.get(f"{root}/api/push/{TOKEN}{KUMA}")
        assert nameless.status_code == 404
        assert "nightly" in nameless.json()["msg"]
    pushed = [line for line in bot.log.splitlines() if "/api/push/" in line]
    assert pushed
    assert all("/api/push/***" in line and TOKEN not in line for line in pushed)
    assert "wrong-token-of-mine" not in bot.log, "mistyped ones too"


@pytest.mark.parametrize(
    ("path", "token", "status", "told"),
    [
        ("/beat/pc", None, 403, "令牌"),
        ("/beat/pc", "wrong", 403, "令牌"),
        ("/beat/tablet", TOKEN, 404, "pc、nightly"),
        ("/beat/nightly", FRIEND, 404, "有的是：friends"),
    ],
)
async def test_a_beat_that_nobody_expects_is_refused_with_those_that_are_expected(
    bot: Bot, path: str, token: str | None, status: int, told: str
) -> None:
    answer = await ask(bot, "GET", path, token)
    assert answer.status_code == status
    assert told in answer.json()["msg"]


async def test_what_it_says_itself_is_told_at_once(bot: Bot) -> None:
    """server/routers/api-router.js of louislam/uptime-kuma: whatever is not `up` is down."""
    root = bot.url.removesuffix("/report")
    async with ScriptedV11(url=bot.onebot_v11) as qq, httpx2.AsyncClient(trust_env=False) as client:

        async def told(beginning: str) -> None:
            async def is_told() -> bool:
                return any(one.text.startswith(beginning) for one in qq.messages)

            await until(is_told)

        for name, path, words in (
            (
                "nightly",
                f"{bot.url}/beat/nightly?token={TOKEN}&status=down",
                "它自己报告出了问题",
            ),
            (
                "weekly",
                f"{root}/api/push/weekly.{TOKEN}?status=degraded&msg=%E7%A3%81%E7%9B%98&ping=3",
                "磁盘",
            ),
        ):
            assert (await client.get(path)).json() == {"ok": True}
            await told(f"❌ {name} 出了问题\n{words}")
            await client.get(f"{root}/api/push/{name}.{TOKEN}{KUMA}")
            await told(f"✅ {name} 的心跳恢复了")
            qq.messages.clear()


async def test_beats_cost_no_write_each(bot: Bot) -> None:
    size = bot.database.with_name("report.db-wal").stat().st_size
    async with bot.client(FRIEND) as client:
        for _ in range(300):
            assert (await client.get("/beat/friends")).status_code == 200
    grown = bot.database.with_name("report.db-wal").stat().st_size - size
    assert grown < 300 * 1024, "four pages were written at the most for each hundred"
    assert "Traceback" not in bot.log


TAKEN = """
app = nonebot.get_app()
@app.get("/api/push/{{token}}")
def theirs(token: str) -> str:
    return "theirs"
"""


async def test_at_the_root_others_come_first_and_without_a_token_only_json_beats(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    watch = [{"beat": "pc", "every": "1h"}]
    settings = {"report_watch": watch, "report_token": ""}
    folder = tmp_path_factory.mktemp("taken")
    async with running(
        folder, settings=settings, extra=TAKEN.replace("{{", "{").replace("}}", "}")
    ) as bot:
        root = bot.url.removesuffix("/report")
        async with httpx2.AsyncClient(trust_env=False) as client:
            assert (await client.get(f"{root}/api/push/x")).json() == "theirs"
            assert (await client.get(f"{bot.url}/beat/pc")).status_code == 415
            assert (await client.get(f"{bot.url}/api/push/pc")).status_code == 415
            for path in ("beat/pc", "api/push/pc"):
                assert (await client.post(f"{bot.url}/{path}", json={})).json() == {"ok": True}
