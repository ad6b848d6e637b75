"""Tokens guessed, names rebound, addresses forged, and probes for ever."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx2
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from tests.attacks.measure import STANDSTILL, least_cost
from tests.bot import Bot, running


async def guess(bot: Bot, count: int, **headers: str) -> list[int]:
    """Wrong tokens side by side, each with another name."""
    async with httpx2.AsyncClient(trust_env=False, timeout=30) as client:
        answers = await asyncio.gather(
            *(
                client.post(bot.url, params={"token": f"wrong{n}"}, json={}, headers=headers)
                for n in range(count)
            )
        )
    return [one.status_code for one in answers]


async def test_a_neighbour_who_guesses_costs_a_right_token_nothing(tmp_path: Path) -> None:
    settings = {"report_trusted_proxies": ["127.0.0.0/8"]}
    neighbour = {"X-Forwarded-For": "172.17.0.1"}
    async with running(tmp_path, settings=settings) as bot:
        async with bot.client() as client:

            async def attack() -> None:
                assert 429 in await guess(bot, 80, **neighbour)
                pushed = await client.post("", json={"content": "x"}, headers=neighbour)
                assert pushed.status_code == 200

            cost = await least_cost(bot, attack)
        assert cost.waited <= STANDSTILL
        elsewhere = {"X-Forwarded-For": "10.1.1.1"}
        assert await guess(bot, 1, **elsewhere) == [403], "counted by what the proxy says"
        forged = {"X-Forwarded-For": "10.2.2.2, 172.17.0.1"}
        assert await guess(bot, 1, **forged) == [429], "what the client itself says is not believed"


async def test_who_guesses_from_ever_new_addresses_is_slowed_too(tmp_path: Path) -> None:
    async with running(tmp_path, settings={"report_trusted_proxies": "127.0.0.1"}) as bot:
        statuses = [
            status
            for n in range(26)
            for status in await guess(bot, 9, **{"X-Forwarded-For": f"10.0.{n}.1"})
        ]
        assert statuses[:9] == [403] * 9
        assert statuses[-1] == 429
        await bot.push(content="x")


async def test_probes_without_a_token_work_for_ever_and_write_nothing(tmp_path: Path) -> None:
    async with running(tmp_path) as bot:
        async with bot.client(None) as client:
            for _ in range(40):
                answer = await client.get("/health")
                assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
        assert probed(bot) is None
        assert (await bot.health())["bots"] == []
        at = probed(bot)
        assert at is not None, "a probe that writes is for the owner"
        await bot.health()
        assert probed(bot) == at, "now and then"
        async with bot.client("wrong") as client:
            assert (await client.get("/health")).status_code == 403
        assert await guess(bot, 1) == [403], "nothing was counted but that one"


def probed(bot: Bot) -> str | None:
    """When something was written to see whether it can be."""
    with closing(sqlite3.connect(bot.database)) as connection:
        found = connection.execute("SELECT value FROM meta WHERE name = 'probed_at'").fetchone()
    return found and found[0]


async def test_a_rebound_name_reads_nothing_where_no_token_is_set(tmp_path: Path) -> None:
    settings: dict[str, Any] = {
        "report_token": "",
        "report_public_url": "http://bot.example:8080",
    }
    async with running(tmp_path, settings=settings) as bot, bot.client(None) as client:
        rebound = {"Host": f"evil.example:{bot.port}"}
        pushed = (await client.post("", json={"content": "x"})).json()
        for path in ("/health", f"/{pushed['id']}"):
            refused = await client.get(path, headers=rebound)
            assert refused.status_code == 403
            assert "REPORT_PUBLIC_URL" in refused.json()["error"]
            assert (await client.get(path)).status_code == 200
        assert (await client.post("", json={"content": "x"}, headers=rebound)).status_code == 403
        for host in ("localhost", "[::1]", "192.168.1.2", f"bot.example:{bot.port}"):
            answer = await client.get("/health", headers={"Host": host})
            assert answer.status_code == 200, host
        try:
            await connect(
                f"ws://evil.example:{bot.port}/report/ws",
                host="127.0.0.1", port=bot.port, proxy=None, compression=None,
            )  # fmt: skip
            raise AssertionError("accepted")
        except InvalidStatus as refused:
            assert refused.response.status_code == 403
    async with running(tmp_path / "with") as bot, bot.client() as client:
        answer = await client.get("/health", headers={"Host": "any.example"})
        assert answer.status_code == 200
