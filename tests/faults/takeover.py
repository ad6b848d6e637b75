"""One of several processes is killed, or stops for a while, under load; others take its lanes."""

import asyncio
import signal
from pathlib import Path
from typing import Protocol

from tests.onebot import Hold, Ok

from .several import LANES, Found, Process, Several, now, said, several

SOON = 60
"""Messages after which one is killed or stopped at the latest."""
PROCESSES = 3


class Fault(Protocol):
    """What happens to one of several processes, some rounds of it."""

    async def __call__(
        self, folder: Path, url: str, found: Found, *, rounds: int, seed: int
    ) -> None: ...


async def kill_one(folder: Path, url: str, found: Found, *, rounds: int, seed: int) -> None:
    """Kill one of three, have the others deliver all, and start it again meanwhile."""
    async with several(folder, [url] * PROCESSES, found, seed) as group:
        for _ in range(rounds):
            async with group.load():
                await group.more(group.random.randrange(1, SOON))
                victim = _one_with_lanes(group)
                since = now()
                await group.bots[victim].end(signal.SIGKILL)
            killed, lanes = group.process(victim), group.lanes_of(victim)
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(group.come_back(victim))
                await _others_go_on(group, killed, lanes, since)
            group.count()


async def stop_one(folder: Path, url: str, found: Found, *, rounds: int, seed: int) -> None:
    """Stop one of three until the others have delivered all; then let it go on. In the first round
    and every other QQ has just taken a message of each of its lanes, and not said so yet."""
    async with several(folder, [url] * PROCESSES, found, seed) as group:
        for number in range(rounds):
            holds = number % 2 == 0
            async with group.load():
                await group.more(group.random.randrange(1, SOON))
                victim = _one_with_lanes(group)
                bot, qq = group.bots[victim], group.qqs[victim]
                if holds:
                    qq.default = Hold()
                    await group.more(len(LANES))
                assert bot.process is not None
                since = now()
                bot.process.send_signal(signal.SIGSTOP)
            stopped, lanes = group.process(victim), group.lanes_of(victim)
            logged = (bot.folder / "log").stat().st_size
            await _others_go_on(group, stopped, lanes, since)
            bot.process.send_signal(signal.SIGCONT)
            qq.default = Ok()
            qq.release()
            if holds and lanes:
                found.late += await said(bot, "另一个进程接管了", logged)
            for lane in LANES:
                await group.until_pushed(victim, lane)
            await group.settle()
            group.count()


def _one_with_lanes(group: Several) -> int:
    """One of the processes that have lanes, if any has."""
    order = group.random.sample(range(PROCESSES), PROCESSES)
    return next((one for one in order if group.lanes_of(one)), order[0])


async def _others_go_on(group: Several, victim: Process, lanes: list[str], since: float) -> None:
    """Push something more to the others, and wait until all has arrived. One that was killed and is
    back is another, too."""
    others = [one for one in range(PROCESSES) if one != victim[0]]
    for lane in LANES:
        await group.until_pushed(group.random.choice(others), lane)
    await group.settle()
    gone_on = (group.gone_on(lane, victim, since) for lane in lanes)
    group.found.seconds += [seconds for seconds in gone_on if seconds is not None]
