"""Several bots on one PostgreSQL under load, each with a QQ of its own, and what is seen there."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from random import Random
from typing import Self

import httpx2

from nonebot_plugin_report.cli.demo.onebot import Received
from tests.bot import TOKEN, Bot, running, until
from tests.onebot import ScriptedV11

LANES = [f"private:{10001 + number}" for number in range(9)]
PATIENCE = 90.0
"""Seconds for which what was answered 200 may take."""
PAUSE = 0.05
"""Seconds before who was refused pushes again."""


@dataclass(slots=True)
class Found:
    """What was found after faults."""

    rounds: int = 0
    answered: int = 0
    """Pushes that were answered 200."""
    refused: int = 0
    """Pushes that were answered 503."""
    others: list[str] = field(default_factory=list[str])
    """Answers that were neither."""
    lost: list[str] = field(default_factory=list[str])
    """The words of what was answered 200 and did not arrive."""
    out_of_order: list[str] = field(default_factory=list[str])
    """Messages that came for the first time after one of their lane that was pushed later."""
    repeated: list[int] = field(default_factory=list[int])
    """For each lane and round in which any did: how many arrived again."""
    seconds: list[float] = field(default_factory=list[float])
    """For each lane, or process, that a fault was about: seconds until it went on."""
    ended: int = 0
    """Processes that ended by themselves, or had an error of their own."""
    late: int = 0
    """Outcomes that were refused, as another process had the lane by then."""


class _QQ(ScriptedV11):
    """Tells where it is heard."""

    def __init__(self, group: "Several", number: int) -> None:
        super().__init__(url=group.bots[number].onebot_v11, self_id=str(20000 + number))
        self._group, self._number = group, number

    def received(self, message: Received) -> None:
        """Keep it for the test."""
        super().received(message)
        self._group.hear(message, self._number)


Process = tuple[int, int]
"""A bot's number, and how often it has come back."""


@dataclass(slots=True)
class _Heard:
    """A message that arrived."""

    message: Received
    process: Process
    """That sent it."""


class Several:
    """Some bots on one store, who pushes to them, and what arrives."""

    def __init__(self, bots: Sequence[Bot], found: Found, random: Random) -> None:
        self.bots, self.found, self.random = bots, found, random
        self.qqs = [_QQ(self, number) for number in range(len(bots))]
        self._clients: list[httpx2.AsyncClient] = []
        self._stack = AsyncExitStack()
        self._numbers = count()
        self._answered: set[str] = set()
        self._waiting: set[str] = set()
        """Of those, what has not arrived."""
        self._heard: list[_Heard] = []
        self._returns = [0] * len(bots)
        self._counted = 0
        """How many of these were counted."""
        self._arrived = Counter[str]()
        """How often each arrived, of those that were counted."""
        self._newest = Counter[str]()
        """The greatest number that arrived in each lane."""
        self._arrival = asyncio.Event()

    async def __aenter__(self) -> Self:
        for bot, qq in zip(self.bots, self.qqs, strict=True):
            self._clients.append(await self._stack.enter_async_context(bot.client(None)))
            await self._stack.enter_async_context(qq)
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._stack.aclose()

    def hear(self, message: Received, number: int) -> None:
        """A message has arrived, from a bot."""
        self._heard.append(_Heard(message, self.process(number)))
        self._waiting.discard(message.text)
        self._arrival.set()

    async def more(self, messages: int) -> None:
        """Wait until so many more have arrived."""
        wanted = len(self._heard) + messages
        async with asyncio.timeout(PATIENCE):
            while len(self._heard) < wanted:
                self._arrival.clear()
                await self._arrival.wait()

    def process(self, number: int) -> Process:
        """What a bot runs as."""
        return number, self._returns[number]

    def lanes_of(self, number: int) -> list[str]:
        """The lanes in which a bot was the last that sent anything."""
        last = {one.message.target: one.process for one in self._heard}
        return [lane for lane, by in last.items() if by == self.process(number)]

    def gone_on(self, lane: str, without: Process, since: float) -> float | None:
        """Seconds from a moment until another than a certain process sent in a lane; None: none
        did."""
        after = (
            one.message.at - since
            for one in self._heard
            if one.message.target == lane and one.message.at > since and one.process != without
        )
        return next(after, None)

    @asynccontextmanager
    async def load(self) -> AsyncGenerator[None]:
        """Meanwhile push to all bots and lanes, one push at a time in each lane."""
        async with asyncio.TaskGroup() as tasks:
            pushing = [tasks.create_task(self._keep_pushing(lane)) for lane in LANES]
            try:
                yield
            finally:
                for one in pushing:
                    one.cancel()

    async def push(self, number: int, lane: str) -> str | None:
        """Push to a bot; what was answered 200 is noted. Returns its words; None: it was refused,
        or there was no answer."""
        text = f"{next(self._numbers)}"
        body = {"content": text, "send_to": int(lane.partition(":")[2])}
        try:
            answer = await self._clients[number].post("", params={"token": TOKEN}, json=body)
        except httpx2.TransportError:
            return None
        match answer.status_code:
            case 200:
                self.found.answered += 1
                self._answered.add(text)
                if all(one.message.text != text for one in reversed(self._heard[-1000:])):
                    self._waiting.add(text)
                return text
            case 503:
                self.found.refused += 1
            case other:
                self.found.others.append(f"{other} {answer.text}")
        return None

    async def until_pushed(self, number: int, lane: str) -> str:
        """Push to a bot again and again until it answers 200."""
        while (text := await self.push(number, lane)) is None:
            await asyncio.sleep(PAUSE)
        return text

    async def come_back(self, number: int) -> None:
        """Start a bot that was killed, and connect its QQ."""
        await self.bots[number].start()
        self._returns[number] += 1
        await self.qqs[number].reconnect()

    async def settle(self) -> None:
        """Wait until all that was answered 200 has arrived."""
        try:
            async with asyncio.timeout(PATIENCE):
                while self._waiting:
                    self._arrival.clear()
                    await self._arrival.wait()
        except TimeoutError:
            self.found.lost += sorted(self._waiting)
            self._waiting.clear()

    def count(self) -> None:
        """A round is over: count what arrived in it."""
        self.found.rounds += 1
        again = Counter[str]()
        for one in self._heard[self._counted :]:
            text, lane = one.message.text, one.message.target
            if self._arrived[text]:
                again[lane] += 1
            elif text in self._answered:  # of others it is not known when they were taken
                if int(text) < (newest := self._newest[lane]):
                    self.found.out_of_order.append(f"{lane}: {text} after {newest}")
                self._newest[lane] = max(newest, int(text))
            self._arrived[text] += 1
        self._counted = len(self._heard)
        self.found.repeated += again.values()

    async def _keep_pushing(self, lane: str) -> None:
        while True:
            if await self.push(self.random.randrange(len(self.bots)), lane) is None:
                await asyncio.sleep(PAUSE)


@asynccontextmanager
async def several(
    folder: Path,
    urls: Sequence[str],
    found: Found,
    seed: int,
    *,
    settings: Mapping[str, object] | None = None,
    environments: Sequence[Mapping[str, str]] = (),
) -> AsyncGenerator[Several]:
    """A bot for each address of the one store."""
    shared = {"log_level": "INFO", **(settings or {})}
    async with AsyncExitStack() as stack:
        bots: list[Bot] = []
        for number, url in enumerate(urls):  # one after another: there may be several groups
            bot = running(
                folder / str(number),
                settings={"report_database_url": url, **shared},
                environment=dict(environments[number]) if environments else {},
                patience=PATIENCE,
            )
            bots.append(await stack.enter_async_context(bot))
        async with Several(bots, found, Random(seed)) as group:
            yield group
        for bot in bots:
            gone = bot.process is None or bot.process.returncode is not None
            found.ended += gone or "Traceback" in bot.log


def now() -> float:
    """The clock of arrivals."""
    return time.monotonic()


async def said(bot: Bot, words: str, since: int) -> int:
    """Wait until a bot's log has these words after its first `since` bytes; how often it has."""

    async def there() -> int:
        with (bot.folder / "log").open("rb") as log:
            log.seek(since)
            return log.read().count(words.encode())

    return await until(there)
