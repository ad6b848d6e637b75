"""The disk is full, or answers with errors: at each operation in turn that a push makes."""

import asyncio
import errno
import json
import signal
from base64 import b64encode
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Final

import httpx2

from nonebot_plugin_report.store.rows import PICTURE_NOT_STORED
from tests.bot import TOKEN, Bot, until
from tests.onebot import ScriptedV11

from .shim import Shim

ERRORS: Final = {"disk full": errno.ENOSPC, "I/O error": errno.EIO}
ONCE, FOR_GOOD = 1, -1
PICTURE: Final = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489"
    "0000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
)
"""The head of a PNG of one point; each gets bytes of its own at its end."""


@dataclass(slots=True)
class Failures:
    """What was found when the disk failed."""

    rounds: int = 0
    refused: int = 0
    """Answered 503 while it failed."""
    answered: list[str] = field(default_factory=list[str])
    """Answered 200, while it failed or afterwards."""
    lost: list[str] = field(default_factory=list[str])
    """Answered 200, and gone after a kill -9."""
    others: list[str] = field(default_factory=list[str])
    """Answers that were neither 200 nor 503."""
    slowest: float = 0.0
    """Seconds until a push was taken again, once the disk worked."""


async def fail(folder: Path, *, step: int = 1) -> Failures:
    """Let the first operation of a push fail, the second of the next, and so on (every `step`th),
    once and for good, by each error; each time the disk works again afterwards."""
    data, beside = folder / "data", folder / "beside"
    data.mkdir()
    beside.mkdir()
    shim, found = Shim(data, beside), Failures()
    settings = {"report_database_url": "sqlite:///data/report.db"}
    bot = Bot(folder, settings, environment=shim.environment)
    await bot.start()
    async with bot.client(None) as client:
        for error in ERRORS.values():
            for often in (ONCE, FOR_GOOD):
                for after in count(0, step):
                    shim.fail(after, often, error)
                    await _push(client, found, may_refuse=True)
                    if shim.heal() <= after:
                        break  # a push makes no more
                    began = asyncio.get_running_loop().time()
                    await until(lambda: _push(client, found, may_refuse=False))
                    took = asyncio.get_running_loop().time() - began
                    found.slowest = max(found.slowest, took)
                    found.rounds += 1
    await bot.end(signal.SIGKILL)
    assert "Traceback" not in bot.log, bot.log[-5000:]
    bot.environment = {}
    await bot.start()
    async with ScriptedV11(url=bot.onebot_v11) as qq:

        async def empty() -> bool:
            return (await bot.health())["waiting"] == 0

        await until(empty, 120)
        arrived = {
            message.text.partition("\n")[0]
            for message in qq.messages
            if message.images or PICTURE_NOT_STORED in message.text
        }
    await bot.end()
    found.lost = [one for one in found.answered if one not in arrived]
    return found


async def _push(client: httpx2.AsyncClient, found: Failures, *, may_refuse: bool) -> bool:
    text = str(len(found.answered) + found.refused)
    picture = b64encode(PICTURE + text.encode()).decode()
    body = json.dumps({"content": text, "screenshot": picture})
    answer = await client.post("", params={"token": TOKEN}, content=body)
    if answer.status_code == 200:
        found.answered.append(text)
    elif answer.status_code == 503:
        found.refused += may_refuse
    else:
        found.others.append(f"{answer.status_code} {answer.text}")
    return answer.status_code == 200
