"""One attempt to send. What may have arrived before is looked for, and not sent again if it did."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from ..model.delivery import Delivered, Delivery, Outcome, Sender, Unknown
from ..store.queue import Queue
from .retry import REPEAT_DELAYS

FOUND: Final = "没有收到确认，是在聊天记录里看到的"
"""The note of a delivery that was found."""
_LEFT_OPEN: Final = "上一次发送的时候机器人停了"
LEEWAY: Final = 10.0
"""Seconds by which the clocks of this computer and of a service may differ."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """What came of it."""

    outcome: Outcome
    sent: bool = True
    """Something was sent; otherwise the outcome is that of an earlier attempt."""


class Attempts:
    """Makes attempts."""

    def __init__(self, sender: Sender, queue: Queue, clock: Callable[[], float]) -> None:
        """`clock` gives epoch seconds."""
        self._sender = sender
        self._queue = queue
        self._clock = clock

    async def make(self, delivery: Delivery, now: float, *, alone: bool) -> Attempt:
        """Send a delivery, unless an earlier attempt has arrived.

        `now`: epoch seconds; `alone`: its words are those that are stored; otherwise it stands for
        several.

        Raises:
            StoreUnavailable: it cannot be known.
        """
        since = now if delivery.tried_at is None else delivery.tried_at
        if delivery.repeats:
            if delivery.tried_at is None:  # a process was killed while it was sending
                since = delivery.created_at
            if await self._look(delivery, since, alone=alone):
                return Attempt(Delivered(FOUND), sent=False)
            if delivery.repeats > len(REPEAT_DELAYS):
                return Attempt(Unknown(delivery.handling.reason or _LEFT_OPEN), sent=False)
        outcome = await self._sender.send(delivery)
        if isinstance(outcome, Unknown):
            arrived = await self._look(delivery, since, alone=alone)
            if arrived:
                outcome = Delivered(FOUND)
            elif arrived is None:
                outcome = Unknown(outcome.reason)
        return Attempt(outcome)

    async def _look(self, delivery: Delivery, since: float, *, alone: bool) -> bool | None:
        """Look whether more messages with these words arrived than others account for; None: that
        cannot be found out."""
        seen = await self._sender.seen(delivery, since - LEEWAY, self._clock() + LEEWAY)
        if not seen:
            return None if seen is None else False
        words = delivery.message.text if alone else None
        # Some more than can be among those that were seen: one too many costs a repeat, one too
        # few a message.
        others = await self._queue.alike(delivery.lane.target, words, since - 2 * LEEWAY)
        return seen > others
