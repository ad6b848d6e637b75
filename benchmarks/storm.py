"""What comes of a thousand messages while QQ answers badly, with its history and without.

In one process: the outbox on a store on the disk, and the real OneBot sender with a bot whose
`call_api` follows the script. Time is virtual: it goes on to the next push, or to when the outbox
wants to look again, and a call takes none; so an hour passes in seconds, and the waits are those
that the outbox decides on. One message a second is pushed, to ten people in turn.

The script, by the seed, the same for both: of a hundred messages ten arrive and are answered with
NapCat's time-out, five do not and are answered so (one of them however often it is sent, as risk
control does it), and five are refused for a minute; twice the connection breaks in the middle of a
message, which arrives or not, and comes back after a minute.
"""

import asyncio
import heapq
import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from types import SimpleNamespace
from typing import Any

from loguru import logger
from nonebot.adapters import Bot
from nonebot.adapters.onebot.v11 import ActionFailed

from nonebot_plugin_report.model.delivery import Outgoing, State
from nonebot_plugin_report.model.message import Message
from nonebot_plugin_report.model.report import Report
from nonebot_plugin_report.model.status import Receipt
from nonebot_plugin_report.model.target import Lane, Target
from nonebot_plugin_report.outbox import Limits, Outbox
from nonebot_plugin_report.senders.qq.sender import OneBotSender
from nonebot_plugin_report.senders.router import Router
from nonebot_plugin_report.store import Store

from . import figures

COUNT = 1000
TARGETS = tuple(Target("private", str(10001 + n)) for n in range(10))
LATE, LOST, REFUSED = 0.10, 0.05, 0.05
HELD_BACK = 0.01
"""Of those that are lost: each time."""
REFUSED_FOR = 60.0
BREAKS = (300.0, 650.0)
AWAY_FOR = 60.0
BEGIN = 1_790_000_000.0
SEED = 13
SELF_ID = "10000"
TIMED_OUT = "Timeout: NTEvent serviceAndMethod:NodeIKernelMsgService/sendMsg"


@dataclass
class Clock:
    """Epoch seconds."""

    now: float = BEGIN

    def __call__(self) -> float:
        return self.now


@dataclass
class Chats:
    """QQ, as the script has it."""

    clock: Clock
    has_history: bool
    arrived: list[tuple[float, str, str]] = field(default_factory=list)
    """When, to whom, and what."""
    tried: dict[str, float] = field(default_factory=dict)
    breaks: list[float] = field(default_factory=lambda: [BEGIN + at for at in BREAKS])
    away_until: float = 0.0

    def send(self, user: str, text: str) -> dict[str, int]:
        fate = random.Random(f"{SEED} {text}").random()
        now = self.clock.now
        first = text not in self.tried
        began = self.tried.setdefault(text, now)
        if self.breaks and now >= self.breaks[0]:
            self.breaks.pop(0)
            self.away_until = now + AWAY_FOR
            if fate < 0.5:
                self.arrived.append((now, user, text))
            raise ConnectionResetError
        if LATE + LOST <= fate < LATE + LOST + REFUSED and now < began + REFUSED_FOR:
            raise ActionFailed(status="failed", retcode=1200, message="sendMsg failed")
        held_back = LATE <= fate < LATE + HELD_BACK
        lost = held_back or (first and LATE <= fate < LATE + LOST)
        if not lost:
            self.arrived.append((now, user, text))
        if held_back or (first and fate < LATE + LOST):
            raise ActionFailed(status="failed", retcode=1200, message=TIMED_OUT)
        return {"message_id": len(self.arrived)}

    def history(self, user: str, count: int) -> dict[str, Any]:
        if not self.has_history:
            raise ActionFailed(status="failed", retcode=1404, message="不支持的动作")
        own = [(at, text) for at, to, text in self.arrived if to == user]
        return {
            "messages": [
                {
                    "time": int(at), "user_id": int(SELF_ID), "sender": {"user_id": int(SELF_ID)},
                    "message_id": 900 + number, "message_seq": 900 + number,
                    "real_seq": str(number), "raw_message": text,
                    "message": [{"type": "text", "data": {"text": text}}],
                }
                for number, (at, text) in enumerate(own, 1)
            ][-count:]
        }  # fmt: skip


class ScriptedBot(Bot):
    """A bot of OneBot 11 whose calls the script answers."""

    def __init__(self, chats: Chats) -> None:
        connections = {SELF_ID: None}
        adapter = SimpleNamespace(get_name=lambda: "OneBot V11", connections=connections)
        super().__init__(adapter, SELF_ID)  # pyright: ignore[reportArgumentType] - all that is used of one
        self._chats = chats

    async def call_api(self, api: str, **data: Any) -> Any:
        if api == "send_private_msg":
            text = "".join(one["data"]["text"] for one in data["message"])
            return self._chats.send(str(data["user_id"]), text)
        return self._chats.history(str(data["user_id"]), data["count"])

    async def send(self, event: Any, message: Any, **kwargs: Any) -> Any:
        raise NotImplementedError


class Storm:
    """One storm over one outbox."""

    def __init__(self, folder: Path, *, has_history: bool) -> None:
        self.clock = Clock()
        self.chats = Chats(self.clock, has_history)
        self.bot = ScriptedBot(self.chats)
        self.store = Store(folder / "report.db")
        limits = Limits(86400.0, 86400.0, 86400.0)
        jitter = random.Random(SEED).random
        sender = Router(OneBotSender(self.bots, 0.0), {})
        self.outbox = Outbox(self.store, sender, limits, clock=self.clock, jitter=jitter)
        self.receipts: dict[str, Receipt] = {}
        self.due: list[tuple[float, int]] = []
        """When to push (the number of a message), or to look at a lane (below 0)."""

    def bots(self) -> Mapping[str, Bot]:
        return {} if self.clock.now < self.chats.away_until else {SELF_ID: self.bot}

    async def run(self) -> None:
        self.due = [(BEGIN + number, number) for number in range(COUNT)]
        await self.store.open()
        await self.outbox.open()
        away = 0.0
        while self.due:
            at, what = heapq.heappop(self.due)
            self.clock.now = max(self.clock.now, at)
            if away and self.clock.now >= away:
                away = 0.0
                await self.outbox.lanes.resume()
                for lane in range(len(TARGETS)):
                    await self.drain(lane)
            await (self.push(what) if what >= 0 else self.drain(-1 - what))
            if not away and self.chats.away_until > self.clock.now:
                away = self.chats.away_until
                heapq.heappush(self.due, (away, -1))

    async def push(self, number: int) -> None:
        text = f"第 {number} 条"
        target = TARGETS[number % len(TARGETS)]
        outgoing = [Outgoing(target, Message(text))]
        self.receipts[text] = await self.outbox.accept(Report(content=text), outgoing)
        await self.drain(number % len(TARGETS))

    async def drain(self, lane: int) -> None:
        due = await self.outbox.lanes.drain(Lane(TARGETS[lane]))
        if due is not None:
            heapq.heappush(self.due, (max(due, self.clock.now + 0.001), -1 - lane))

    async def report(self, name: str) -> None:
        states = Counter[State]()
        waits: list[float] = []
        for text, receipt in self.receipts.items():
            found = await self.store.history.state(receipt.id, "")
            assert found is not None, text
            states[found.deliveries[0].state] += 1
            waits.append((found.deliveries[0].finished_at or self.clock.now) - found.received_at)
        copies = Counter(text for _, _, text in self.chats.arrived)
        figures.line(f"{name}: arrived", f"{len(copies):,} of {COUNT:,}")
        figures.line("  twice or more often", f"{sum(count > 1 for count in copies.values()):,}")
        figures.line("  told as delivered", f"{states[State.DELIVERED]:,}")
        figures.line("  told as unconfirmed", f"{states[State.UNCONFIRMED]:,}")
        figures.line(
            "  still waiting, rejected", f"{states[State.WAITING]}, {states[State.REJECTED]}"
        )
        figures.line("  longest wait; median", f"{max(waits):,.0f} s; {median(waits):.1f} s")
        await self.outbox.close()
        await self.store.close()


def run(folder: Path) -> None:
    """Measure and print."""
    logger.remove()
    figures.heading(f"Storm: {COUNT:,} messages while QQ answers badly")
    for has_history in (True, False):
        own = folder / str(has_history)
        own.mkdir()
        asyncio.run(_one(own, has_history=has_history))


async def _one(folder: Path, *, has_history: bool) -> None:
    storm = Storm(folder, has_history=has_history)
    await storm.run()
    await storm.report("looking" if has_history else "without a history")
