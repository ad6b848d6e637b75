"""A clock and a far end that tests decide over; the store is a real file."""

from collections import defaultdict
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field

from nonebot_plugin_report.model.delivery import Delivered, Delivery, Outcome, Outgoing, State
from nonebot_plugin_report.model.message import Message
from nonebot_plugin_report.model.report import Report
from nonebot_plugin_report.model.scheduling import Policy
from nonebot_plugin_report.model.status import Receipt, ReportState
from nonebot_plugin_report.model.target import Lane, Target
from nonebot_plugin_report.outbox import Limits, Outbox
from nonebot_plugin_report.store import Store

from .places import Place, ServerClock

LIMITS = Limits(expire=86400.0, retention=30 * 86400.0, image_retention=3 * 86400.0)


class Clock:
    """Epoch seconds that pass when told to, for the process and for the server."""

    def __init__(self, now: float = 1_790_000_000.0) -> None:
        self._now = now
        self._servers: list[ServerClock] = []

    @property
    def now(self) -> float:
        return self._now

    @now.setter
    def now(self, now: float) -> None:
        self._now = now
        for one in self._servers:
            one.set(now)

    def __call__(self) -> float:
        return self._now

    @contextmanager
    def shown_by(self, server: ServerClock | None) -> Generator[None]:
        """While a server goes by it."""
        if server is None:
            yield
            return
        server.set(self._now)
        self._servers.append(server)
        try:
            yield
        finally:
            self._servers.remove(server)
            server.close()


@dataclass
class FarEnd:
    """A sender: what it is asked to send it keeps, and it answers what the test wants."""

    outcomes: defaultdict[Lane, list[Outcome]] = field(default_factory=lambda: defaultdict(list))
    away: set[Lane] = field(default_factory=set)
    sent: list[Delivery] = field(default_factory=list)
    shown: dict[Lane, list[tuple[float, str]]] | None = None
    """What the history of each chat shows: when it came, and its words; None: there is none."""

    def blocked(self, lane: Lane) -> str | None:
        return "机器人没有连接" if lane in self.away else None

    async def send(self, delivery: Delivery) -> Outcome:
        assert delivery.lane not in self.away, "nothing may be sent while the bot is away"
        self.sent.append(delivery)
        waiting = self.outcomes[delivery.lane]
        return waiting.pop(0) if waiting else Delivered()

    async def seen(self, delivery: Delivery, since: float, until: float) -> int | None:
        if self.shown is None or delivery.lane in self.away:
            return None
        shown = self.shown.get(delivery.lane, [])
        return sum(since <= at <= until and text == delivery.message.text for at, text in shown)

    def texts(self, lane: Lane) -> list[str]:
        return [one.message.text for one in self.sent if one.lane == lane]


@dataclass
class World:
    """An outbox on a store, and all that is around it."""

    place: Place
    clock: Clock = field(default_factory=Clock)
    far: FarEnd = field(default_factory=FarEnd)
    limits: Limits = LIMITS
    policy: Policy = field(default_factory=Policy)
    store: Store = field(init=False)
    outbox: Outbox = field(init=False)

    def __post_init__(self) -> None:
        self.store = Store(self.place)
        self.outbox = Outbox(
            self.store, self.far, self.limits, policy=lambda _: self.policy, clock=self.clock,
            jitter=lambda: 0.5,
        )  # fmt: skip

    async def accept(self, text: str, *targets: Target, key: str = "") -> Receipt:
        outgoing = [Outgoing(target, Message(text)) for target in targets]
        return await self.outbox.accept(Report(content=text, key=key), outgoing)

    async def drain(self, target: Target) -> float | None:
        return await self.outbox.lanes.drain(Lane(target))

    async def state(self, report_id: str, source: str = "") -> ReportState | None:
        return await self.store.history.state(report_id, source)

    async def states(self, receipt: Receipt) -> list[State]:
        state = await self.state(receipt.id)
        assert state is not None
        return [one.state for one in state.deliveries]


@asynccontextmanager
async def world(place: Place, **options: object) -> AsyncGenerator[World]:
    """An open outbox whose lanes are drained by hand."""
    made = World(place, **options)  # pyright: ignore[reportArgumentType] - the dataclass's own fields
    with made.clock.shown_by(ServerClock.of(place)):
        await made.store.open()
        await made.outbox.open()
        try:
            yield made
        finally:
            await made.outbox.close()
            await made.store.close()
