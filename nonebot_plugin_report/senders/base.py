"""What a channel is: one file with one class `Channel`, whose fields are its settings.

To add one, write `senders/<type>.py` (or a module of your own, and its dotted name as `type`) with
a class `Channel(base.Channel)`: its class variables say what users read, its fields are the
settings, its `send` is the wire. Copy `feishu.py`. Nothing else has to know of it.
"""

from abc import abstractmethod
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, ClassVar, Final

import pybase64
from pydantic import PrivateAttr

from ..model.delivery import Delivered, Delivery, Outcome, Rejected
from ..model.report import dump
from ..settings import SecretUrl, Settings
from .outcomes import PICTURE_REJECTED, delivered
from .pace import Rate

if TYPE_CHECKING:
    from .http import Client

Settled = Delivered | Rejected
"""What is not tried again."""
REMEMBERED: Final = 1000
"""Deliveries of which a channel remembers what part of them has gone out."""


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


def as_json(delivery: Delivery, *, screenshot: bool) -> bytes:
    """The report as a program takes it, the picture as base64 where it is wanted."""
    image = delivery.message.image if screenshot else None
    return dump(
        delivery.message.report,
        id=delivery.report_id,
        text=delivery.message.text,
        screenshot=image and pybase64.b64encode_as_string(image.data),
    )
