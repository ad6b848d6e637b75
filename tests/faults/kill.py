"""kill -9 at random moments under load."""

import asyncio
import signal
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import httpx2

from tests.bot import TOKEN, Bot, until
from tests.onebot import ScriptedV11

LANES = 4
SOON = 60
"""Messages after which it is killed at the latest."""


@dataclass(slots=True)
class Kills:
    """What was found after kills."""

    rounds: int = 0
    answered: list[str] = field(default_factory=list[str])
    """The words of what was answered 200."""
    arrived: Counter[str] = field(default_factory=Counter[str])
    """How often each arrived."""
    repeated: list[int] = field(default_factory=list[int])
    """For each lane and round how many arrived again."""
    out_of_order: int = 0
    """Messages that came for the first time after one of their lane that was pushed later."""

    @property
    def lost(self) -> list[str]:
        return [one for one in self.answered if not self.arrived[one]]


async def kill(folder: Path, *, rounds: int, seed: int) -> Kills:
    """Start a bot, push to several people at once, kill it, and start it again."""
    bot, random, kills = Bot(folder), Random(seed), Kills()
    numbers = iter(range(1_000_000_000))
    for _ in range(rounds):
        await bot.start()
        async with ScriptedV11(url=bot.onebot_v11) as qq, asyncio.TaskGroup() as tasks:
            for lane in range(LANES):
                tasks.create_task(_keep_pushing(bot, numbers, kills.answered, lane))
            await qq.wait_for(random.randrange(1, SOON))
            await bot.end(signal.SIGKILL)
            _count(kills, qq)
        kills.rounds += 1
    await bot.start()
    async with ScriptedV11(url=bot.onebot_v11) as qq:

        async def empty() -> bool:
            return (await bot.health())["waiting"] == 0

        await until(empty)
        _count(kills, qq)
    await bot.end()
    return kills


async def _keep_pushing(bot: Bot, numbers: Iterator[int], answered: list[str], lane: int) -> None:
    """Push until the bot is killed; what was answered 200 is noted."""
    async with bot.client(None) as client:
        while True:
            text = f"{next(numbers)}"
            try:
                answer = await client.post(
                    "", params={"token": TOKEN}, json={"content": text, "send_to": 10001 + lane}
                )
            except httpx2.TransportError:
                return
            assert answer.status_code == 200, answer.text
            answered.append(text)


def _count(kills: Kills, qq: ScriptedV11) -> None:
    again, newest = Counter[str](), Counter[str]()
    for one in qq.messages:
        number = int(one.text)
        if kills.arrived[one.text]:
            again[one.target] += 1
        else:
            kills.out_of_order += number < newest[one.target]
            newest[one.target] = max(number, newest[one.target])
        kills.arrived[one.text] += 1
    kills.repeated += again.values()
