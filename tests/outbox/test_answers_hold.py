"""Whatever QQ answers or doesn't, and whenever the process ends: what an answer is worth."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import Enum

from hypothesis import example, given, settings
from hypothesis import strategies as st

from nonebot_plugin_report.model.delivery import (
    Away,
    Delivered,
    Delivery,
    NotSent,
    Outcome,
    State,
    Unknown,
)
from nonebot_plugin_report.model.status import DeliveryState, Receipt
from nonebot_plugin_report.model.target import Lane, Target
from nonebot_plugin_report.outbox.retry import REPEAT_DELAYS, REPEAT_SPREAD

from .fakes import Clock, FarEnd, World
from .places import Fresh, Place, ServerClock

ME = Target("private", "10001")
MESSAGES = 4
LATE = 45.0
"""Seconds after which a history shows what arrives late."""
LONGEST = sum(REPEAT_DELAYS) * (1 + REPEAT_SPREAD) + 1.0


class Act(Enum):
    """What comes of an attempt."""

    ANSWERED = "it arrives, and that is answered"
    UNANSWERED = "it arrives, without an answer"
    LATE = "it arrives later, without an answer"
    LOST = "it does not arrive, and nobody says so"
    REFUSED = "refused"
    TOO_FAST = "refused for half a minute"
    AWAY = "nobody is there for a minute"
    KILLED_BEFORE = "the process dies before it leaves"
    KILLED_AFTER = "the process dies after it arrived"
    CLOSED = "the process ends in good order as it is leaving, and it does not arrive"


DOUBTFUL = (Act.UNANSWERED, Act.LATE, Act.LOST, Act.KILLED_BEFORE, Act.KILLED_AFTER, Act.CLOSED)


class Killed(BaseException):
    """The process is gone."""


@dataclass
class Chat(FarEnd):
    """A chat that goes by a script, and then answers all."""

    clock: Clock = field(default_factory=Clock)
    script: list[Act] = field(default_factory=list)
    can_look: bool = True
    visible: dict[str, float] = field(default_factory=dict)
    """From when the history shows each text."""
    acts: defaultdict[str, list[Act]] = field(default_factory=lambda: defaultdict(list))
    """What came of each text's attempts."""
    first: dict[str, float] = field(default_factory=dict)

    def shows(self, text: str) -> bool:
        return self.can_look and self.visible.get(text, float("inf")) <= self.clock.now

    async def seen(self, delivery: Delivery, since: float, until: float) -> int | None:
        text = delivery.message.text
        if not self.can_look:
            return None
        return int(self.shows(text) and since <= self.visible[text] <= until)

    async def send(self, delivery: Delivery) -> Outcome:
        text, now = delivery.message.text, self.clock.now
        assert not self.shows(text), "what the history shows is not sent again"
        act = self.script.pop(0) if self.script else Act.ANSWERED
        self.acts[text].append(act)
        self.first.setdefault(text, now)
        if act in (Act.ANSWERED, Act.UNANSWERED, Act.KILLED_AFTER):
            self.visible.setdefault(text, now)
        elif act is Act.LATE:
            self.visible.setdefault(text, now + LATE)
        return self.outcome(act)

    def outcome(self, act: Act) -> Outcome:
        match act:
            case Act.ANSWERED:
                return Delivered()
            case Act.UNANSWERED | Act.LATE | Act.LOST:
                return Unknown("没有回答")
            case Act.REFUSED:
                return NotSent("x", answered=True)
            case Act.TOO_FAST:
                return NotSent("太快", retry_after=30.0)
            case Act.AWAY:
                return Away("被禁言", 60.0)
            case Act.KILLED_BEFORE | Act.KILLED_AFTER | Act.CLOSED:
                raise Killed(act)


@asynccontextmanager
async def process(place: Place, chat: Chat) -> AsyncGenerator[World]:
    """One life of a process: it lets go of its lanes unless it is killed."""
    w = World(place, clock=chat.clock, far=chat)
    with chat.clock.shown_by(ServerClock.of(place)):
        await w.store.open()
        await w.outbox.open()
        try:
            yield w
            await w.outbox.close()
        except Killed as how:
            if how.args == (Act.CLOSED,):
                await w.outbox.close()
        finally:
            await w.store.close()


async def live(place: Place, chat: Chat) -> dict[str, DeliveryState]:
    """Deliver until all has ended, however many lives that takes."""
    receipts: dict[str, Receipt] = {}
    async with process(place, chat) as w:
        receipts = {str(n): await w.accept(str(n), ME) for n in range(MESSAGES)}
    for _ in range(100):
        async with process(place, chat) as w:
            while (due := await w.drain(ME)) is not None:
                chat.clock.now = max(due, chat.clock.now)
            return {text: await the_state(w, receipt) for text, receipt in receipts.items()}
        chat.clock.now += 1.0  # it is started again
    raise AssertionError("it does not come to an end")


async def the_state(w: World, receipt: Receipt) -> DeliveryState:
    found = await w.state(receipt.id)
    assert found is not None, "no report vanishes"
    return found.deliveries[0]


@settings(max_examples=12, deadline=None)
@given(script=st.lists(st.sampled_from(Act), max_size=24), can_look=st.booleans())
@example(script=[Act.LOST] * 16, can_look=True)
@example(script=[Act.KILLED_AFTER] * 8, can_look=False)
@example(script=[Act.UNANSWERED, Act.LATE, Act.LOST, Act.KILLED_AFTER], can_look=True)
def test_what_an_answer_is_worth(fresh: Fresh, script: list[Act], can_look: bool) -> None:
    with asyncio.Runner() as runner:
        clock = Clock()
        chat = Chat(clock=clock, script=list(script), can_look=can_look)
        states = runner.run(live(fresh(), chat))
    for text, one in states.items():
        acts = Counter(chat.acts[text])
        doubtful = sum(acts[act] for act in DOUBTFUL)
        assert one.state.failed or one.state is State.DELIVERED, "each comes to an end"
        assert one.state is not State.EXPIRED
        assert acts, "none is given up before it was tried"
        assert doubtful <= 1 + len(REPEAT_DELAYS), "it is repeated three times at most"
        if one.state is State.DELIVERED:
            assert text in chat.visible, "what is told as delivered has arrived"
        elif one.state is State.UNCONFIRMED:
            assert one.finished_at is not None
            shown_at = chat.visible.get(text, float("inf"))
            assert not can_look or shown_at > one.finished_at, "it was not shown until then"
        if acts.total() == doubtful + acts[Act.ANSWERED]:
            assert one.finished_at is not None
            lives = sum(acts[act] for act in (Act.KILLED_BEFORE, Act.KILLED_AFTER, Act.CLOSED))
            assert one.finished_at - chat.first[text] <= LONGEST + 61.0 * lives
    order = list(chat.first)
    assert order == sorted(order, key=int), "the order holds"
    assert Lane(ME) not in chat.away
