"""What a channel is: one file with one class `Channel`, whose fields are its settings.

To add one, write `senders/<type>.py` (or a module of your own, and its dotted name as `type`) with
a class `Channel(base.Channel)`: its class variables say what users read, its fields are the
settings, its `send` is the wire. Copy `feishu.py`. Nothing else has to know of it.
"""

import asyncio
from abc import abstractmethod
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, ClassVar, Final

import pybase64
from pydantic import PrivateAttr

from ..delivery import Delivered, Delivery, Message, Outcome, Rejected
from ..report import clean, dump
from ..settings import SecretUrl, Settings

if TYPE_CHECKING:
    from .http import Client

Settled = Delivered | Rejected
"""What is not tried again."""
Rate = tuple[int, float]
"""So many messages in so many seconds."""
REMEMBERED: Final = 1000
"""Deliveries of which a channel remembers what part of them has gone out."""
_SAID_LENGTH: Final = 120
PICTURE_REJECTED: Final = "只发了文字，图片被拒绝：{}"


class Channel(Settings):
    """A way to reach somebody. An instance is a channel of the user's, with its settings."""

    label: ClassVar[str]
    """Its name in Chinese; stands before each reason."""
    pictures: ClassVar[str]
    """What becomes of a picture (Chinese), for the table in docs/channels.md."""
    limits: ClassVar[str]
    """What it can take (Chinese), likewise."""
    rates: ClassVar[tuple[Rate, ...]] = ()
    """How many messages the service takes in a time; more wait for their turn."""
    needs_bot: ClassVar[bool] = False
    """It sends by a bot of the running NoneBot, so nothing can be sent without that."""

    def blocked(self) -> str | None:
        """Why nothing can go out now (Chinese), or None. What waits is not tried until then."""
        return None

    @abstractmethod
    async def send(self, delivery: Delivery, http: "Client") -> Outcome:
        """Send one delivery. Reasons are Chinese and hold no secret; a failure is an outcome."""
        ...

    async def close(self) -> None:
        """Let go of what is kept open between two deliveries."""


class HttpChannel(Channel):
    """A channel that is reached by HTTP."""

    proxy: SecretUrl | None = None
    """HTTP 代理，例如 http://127.0.0.1:10809；不写则直接连接"""


class PartedChannel(HttpChannel):
    """A channel that needs several messages for one delivery: none of them goes out twice."""

    _done: OrderedDict[str, list[Settled]] = PrivateAttr(
        default_factory=OrderedDict[str, list[Settled]]
    )

    async def send_parts(
        self,
        delivery: Delivery,
        *parts: Callable[[], Awaitable[Outcome]],
        independent: bool = False,
    ) -> Outcome:
        """Send the parts in order, going on where an earlier try of this delivery stopped.

        Where a later part is rejected, the delivery is made all the same, and says so.

        Args:
            delivery: what the parts belong to.
            parts: each sends one message.
            independent: the parts are for several receivers, and any of them will do. Otherwise
                the first, the text, has to arrive, and the second is its picture.
        """
        done = list(self._done.get(delivery.id, ()))
        for part in parts[len(done) :]:
            outcome = await part()
            if not isinstance(outcome, Delivered | Rejected):
                return outcome
            if isinstance(outcome, Rejected) and not (independent or done):
                return outcome
            done.append(outcome)
            self._remember(delivery.id, done)
        self._done.pop(delivery.id, None)
        return _summed(done, "有的没有收到：{}" if independent else PICTURE_REJECTED)

    def _remember(self, delivery_id: str, done: list[Settled]) -> None:
        self._done[delivery_id] = done
        if len(self._done) > REMEMBERED:
            self._done.popitem(last=False)


def _summed(done: list[Settled], rejected: str) -> Outcome:
    """One outcome of the parts': made where any of them was."""
    if not any(isinstance(one, Delivered) for one in done):
        return done[0]
    notes = [
        one.note if isinstance(one, Delivered) else rejected.format(one.reason) for one in done
    ]
    return delivered(*notes)


def delivered(*notes: str) -> Delivered:
    """It arrived; each note that is not empty says what had to be left out."""
    return Delivered("；".join(dict.fromkeys(filter(None, notes))))


def as_json(delivery: Delivery, *, screenshot: bool) -> bytes:
    """The report as a program takes it, the picture as base64 where it is wanted."""
    image = delivery.message.image if screenshot else None
    return dump(
        delivery.message.report,
        id=delivery.report_id,
        text=delivery.message.text,
        screenshot=image and pybase64.b64encode_as_string(image.data),
    )


def lost_picture(message: Message) -> str:
    """The note of a channel without pictures, where there was one."""
    return "" if message.image is None else "这个渠道不能发图片"


async def or_text(outcome: Outcome, send_text: Callable[[], Awaitable[Outcome]]) -> Outcome:
    """Send the text alone where the message with its picture was rejected."""
    if not isinstance(outcome, Rejected):
        return outcome
    alone = await send_text()
    if not isinstance(alone, Delivered):
        return alone
    return delivered(alone.note, PICTURE_REJECTED.format(outcome.reason))


def said(text: object) -> str:
    """What a service says of a failure, short and on one line, to stand in a reason."""
    words = " ".join(clean(text).split()) if isinstance(text, str) else ""
    return words[:_SAID_LENGTH]


class Pace:
    """Holds back what would pass a channel's rates."""

    def __init__(self, rates: tuple[Rate, ...]) -> None:
        self._rates = rates
        self._turns: list[float] = []
        """When the last messages went or will go, in seconds of the event loop's clock."""

    async def turn(self) -> None:
        """Wait until one more message may go out."""
        if not self._rates:
            return
        now = asyncio.get_running_loop().time()
        at = max([now, *self._turns[-1:]])
        for count, period in self._rates:
            if len(self._turns) >= count:
                at = max(at, self._turns[-count] + period)
        self._turns = [*self._turns, at][-max(count for count, _ in self._rates) :]
        await asyncio.sleep(at - now)
