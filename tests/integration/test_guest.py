"""In somebody's own bot the process is not ours: what others rely on stays as it was."""

import gc
from pathlib import Path

import httpx2

from tests.bot import Bot, running

NEIGHBOUR = """
import gc

@nonebot.get_app().get("/neighbour")
async def neighbour():
    return {"frozen": gc.get_freeze_count(), "enabled": gc.isenabled(), "when": gc.get_threshold()}
"""


async def ask(bot: Bot, path: str) -> httpx2.Response:
    async with httpx2.AsyncClient(trust_env=False) as client:
        return await client.get(f"http://127.0.0.1:{bot.port}{path}")


async def test_the_garbage_collector_is_left_alone(tmp_path: Path) -> None:
    async with running(tmp_path, extra=NEIGHBOUR) as bot:
        answer = (await ask(bot, "/neighbour")).json()
    assert answer == {"frozen": 0, "enabled": True, "when": list(gc.get_threshold())}
