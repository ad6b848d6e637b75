"""Defines a channel: one file with one class `Channel`, whose fields are its settings.

To add one, write `channels/<type>.py` (or a module of your own, and its dotted name as `type`) with
a class `Channel(base.Channel)`: its class variables are for users' tables, its fields are the
settings, and `send` speaks the service's protocol. Start from a copy of `channels/feishu.py`.
Nothing is registered anywhere.
"""

from abc import abstractmethod
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, Final

import pybase64
from pydantic import PrivateAttr

from ..model.delivery import Away, Delivered, Delivery, Outcome, Rejected
from ..model.report import dump
from ..settings import ProxyUrl, Settings
from .outcomes import PICTURE_REJECTED, delivered
from .pace import Rate

if TYPE_CHECKING:
    from .http import Client

Settled = Delivered | Rejected
"""Outcomes that are final."""
REMEMBERED: Final = 1000
"""Deliveries for which a channel remembers the parts that were sent."""


class Channel(Settings):
    """A service that delivers messages. An instance is one entry of REPORT_CHANNELS."""

    label: ClassVar[str]
    """Its name (Chinese), put before each reason."""
    pictures: ClassVar[str]
    """How pictures are sent (Chinese), for the table in docs/channels.md."""
    limits: ClassVar[str]
    """The service's limits (Chinese), for the same table."""
    rates: ClassVar[tuple[Rate, ...]] = ()
    """The service's rate limits; messages above them wait."""
    most_pictures: ClassVar[int] = 1
    """Pictures of one message that the service can show. The transport leaves out further pictures
    and notes their number."""
    asks_first: ClassVar[bool] = False
    """Whether the channel needs an answer (to an upload, to the text) before it can send the rest.
    Such a channel begins before the others, which end while it waits."""
    needs_bot: ClassVar[bool] = False
    """Whether the channel sends through a bot of the running NoneBot."""

    def blocked(self) -> str | None:
        """Return why nothing can be sent now (Chinese), or None. Deliveries wait as long."""
        return None

    @abstractmethod
    async def send(self, delivery: Delivery, http: "Client") -> Outcome:
        """Send one delivery. Reasons are Chinese and hold no secret; a failure is an outcome."""
        ...

    async def seen(
        self, delivery: Delivery, since: float, until: float, http: "Client"
    ) -> int | None:
        """Count the messages equal to this delivery that its receiver got between two moments
        (epoch seconds); None: the service has no history to read."""
        del delivery, since, until, http
        return None

    async def close(self) -> None:
        """Close the connections that stay open between deliveries."""


class Unavailable(Channel):
    """A configured channel whose library is not installed. Its deliveries wait."""

    label: ClassVar[str] = "用不了"
    pictures: ClassVar[str] = "不能发"
    limits: ClassVar[str] = "无"

    reason: str
    """为什么"""

    def blocked(self) -> str:
        """Return the reason."""
        return self.reason

    async def send(self, delivery: Delivery, http: "Client") -> Outcome:
        """Put the delivery off."""
        del delivery, http
        return Away(self.reason)


class HttpChannel(Channel):
    """A channel that is reached by HTTP."""

    proxy: ProxyUrl | None = None
    """HTTP 或 SOCKS5 代理，例如 http://127.0.0.1:10809、socks5://127.0.0.1:10808；不写则直接连接"""


class PartedChannel(HttpChannel):
    """A channel that may need several messages for one delivery, each sent once."""

    _done: OrderedDict[str, list[Settled]] = PrivateAttr(
        default_factory=OrderedDict[str, list[Settled]]
    )

    async def send_parts(
        self,
        delivery: Delivery,
        *parts: Callable[[], Awaitable[Outcome]],
        independent: bool = False,
    ) -> Outcome:
        """Send the parts in order, continuing where an earlier attempt stopped.

        If a later part is rejected, the delivery still succeeds, with a note.

        Args:
            delivery: the delivery that the parts belong to.
            parts: each sends one message.
            independent: the parts are for several receivers, and any of them will do. Otherwise
                the first, the text, has to arrive, and the others are its pictures.
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
    """Merge the outcomes of all parts: delivered if any part was."""
    if not any(isinstance(one, Delivered) for one in done):
        return done[0]
    notes = [
        one.note if isinstance(one, Delivered) else rejected.format(one.reason) for one in done
    ]
    return delivered(*notes)


def as_json(delivery: Delivery, *, screenshot: bool) -> bytes:
    """Encode the report as JSON. With `screenshot`, that field holds the first picture as base64,
    and `screenshots` holds all pictures where there are several."""
    images = delivery.message.images if screenshot else ()
    encoded = [pybase64.b64encode_as_string(one.data) for one in images]
    return dump(
        replace(delivery.message.report, remark=""),  # it is for who owns this bot
        id=delivery.report_id,
        text=delivery.message.text,
        screenshot=encoded[0] if encoded else None,
        **({"screenshots": encoded} if len(encoded) > 1 else {}),
    )
