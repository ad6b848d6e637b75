"""The PostgreSQL server of several processes, or the way to it, goes away and comes back."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from random import Random
from typing import Final

from tests.between import Between, between
from tests.postgres import Server

from .several import Found, Several, now, several

SOON = 60
"""Messages after which it happens at the latest."""
PROCESSES = 3
LONGEST_STALL = 10.0
"""Seconds: longer than a transaction is waited for."""


async def _restart(server: Server, _: Between, __: Random) -> None:
    await server.restart()


async def _kill(server: Server, _: Between, __: Random) -> None:
    await server.kill()


async def _cut(_: Server, proxy: Between, random: Random) -> None:
    for _time in range(random.randint(1, 5)):
        proxy.cut()
        await asyncio.sleep(random.random() / 2)


async def _stall(_: Server, proxy: Between, random: Random) -> None:
    proxy.holds.clear()
    await asyncio.sleep(random.random() * LONGEST_STALL)
    proxy.holds.set()


OUTAGES: Final[tuple[Callable[[Server, Between, Random], Awaitable[None]], ...]] = (
    _restart, _kill, _cut, _stall,
)  # fmt: skip


async def interrupt(folder: Path, server: Server, found: Found, *, rounds: int, seed: int) -> None:
    """Under load restart the server, kill it, cut the connections to it and stall them, in turn;
    each time wait until every process takes a push again, and all has arrived."""
    async with (
        between(server) as proxy,
        several(folder, [proxy.url] * PROCESSES, found, seed) as group,
    ):
        for number in range(rounds):
            async with group.load():
                await group.more(group.random.randrange(1, SOON))
                await OUTAGES[number % len(OUTAGES)](server, proxy, group.random)
                back = now()
                found.seconds += await asyncio.gather(
                    *(_until_it_works(group, one, back) for one in range(PROCESSES))
                )
            await group.settle()
            group.count()


async def _until_it_works(group: Several, number: int, back: float) -> float:
    # In a lane of its own: in the others one pushes at a time, which is what their order goes by.
    await group.until_pushed(number, f"private:{20001 + number}")
    return now() - back
