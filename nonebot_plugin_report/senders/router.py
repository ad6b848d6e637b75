"""Hands each delivery to QQ or its channel, and turns every result into an outcome."""

import asyncio
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from loguru import logger

from ..model.delivery import Away, Delivered, Delivery, NotSent, Outcome, Rejected, Sender, Unknown
from ..model.message import Message
from ..model.report import DIGEST
from ..model.target import Lane
from ..model.trace import fold_traces
from .base import Channel, HttpChannel
from .outcomes import delivered
from .pace import Pace
from .redact import Redactor

if TYPE_CHECKING:
    import ssl

    from .http import Client

SEND_SECONDS: Final = 600.0
"""Seconds for one attempt of a delivery, waiting for its turn included."""
SEEN_SECONDS: Final = 30.0
"""Seconds for looking whether a delivery arrived."""
HEAD_START: Final = 2
"""Turns of the event loop in which a request is written: its head, and its body."""
SHORT_ID: Final = 12
"""Characters of a report's id that no other report's begins with."""
_ON_THE_PAGE: Final = "在网页的历史里看"
NO_PICTURES: Final = "这个渠道不能发图片"
_GONE: Final = "REPORT_CHANNELS 里已经没有这个渠道"


@dataclass(slots=True)
class Router:
    """Sends through QQ's bots and the configured channels."""

    qq: Sender
    channels: Mapping[str, Channel]
    """By name."""
    answer_seconds: float = 30.0
    """Seconds to wait for a service's answer."""
    chat_command: str = "/推送"
    """What chat commands begin with, prefix and name, for hints."""
    _redactors: dict[str, Redactor] = field(init=False)
    _clients: dict[str, "Client"] = field(default_factory=dict[str, "Client"])
    _tls: "ssl.SSLContext | None" = None
    _opening: asyncio.Lock = field(default_factory=asyncio.Lock)

    def __post_init__(self) -> None:
        self._redactors = {name: Redactor(channel) for name, channel in self.channels.items()}

    def blocked(self, lane: Lane) -> str | None:
        """Return why nothing can be sent in this lane now (Chinese), or None."""
        if lane.target.kind != "channel":
            return self.qq.blocked(lane)
        channel = self.channels.get(lane.target.id)
        if channel is None:
            return _GONE
        return self._prefixed(lane.target.id, reason) if (reason := channel.blocked()) else None

    async def send(self, delivery: Delivery) -> Outcome:
        """Send through the lane's bot or channel. Exceptions of a channel become outcomes."""
        delivery = self._folded(delivery)
        if delivery.lane.target.kind != "channel":
            return await self.qq.send(delivery)
        name = delivery.lane.target.id
        channel = self.channels.get(name)
        if channel is None:
            return Away(_GONE)
        delivery, left_out = _with_room(delivery, channel.most_pictures)
        try:
            async with asyncio.timeout(SEND_SECONDS):
                if not channel.asks_first:
                    for _ in range(HEAD_START):
                        await asyncio.sleep(0)
                outcome = await channel.send(delivery, await self._client(name, channel))
        except TimeoutError:
            outcome = Unknown("没有在时限内发完")
        except Exception as error:  # noqa: BLE001 - a channel may be anybody's code
            where = traceback.extract_tb(error.__traceback__)[-1]
            kind = type(error).__name__
            # Without the exception's text, which may hold a secret or the message.
            logger.error(f"渠道 {name} 内部出错：{kind}，在 {where.filename}:{where.lineno}")
            outcome = NotSent(f"内部出错（{kind}），见日志", answered=True)
        if isinstance(outcome, Delivered):
            outcome = delivered(outcome.note, left_out)
        return self._prefixed_outcome(name, outcome)

    async def seen(self, delivery: Delivery, since: float, until: float) -> int | None:
        """Count such messages that arrived, where the lane's bot or channel can look."""
        delivery = self._folded(delivery)
        if delivery.lane.target.kind != "channel":
            return await self.qq.seen(delivery, since, until)
        name = delivery.lane.target.id
        if (channel := self.channels.get(name)) is None:
            return None
        delivery, _ = _with_room(delivery, channel.most_pictures)
        try:
            async with asyncio.timeout(SEEN_SECONDS):
                client = await self._client(name, channel)
                return await channel.seen(delivery, since, until, client)
        except Exception as error:  # noqa: BLE001 - a channel may be anybody's code
            # Without the exception's text, as above.
            logger.debug(f"没能看渠道 {name} 收到了什么：{type(error).__name__}")
            return None

    def _folded(self, delivery: Delivery) -> Delivery:
        """Leave stack traces out of a message: what is stored has them whole."""
        if delivery.lane.target.kind == "channel":
            note = _ON_THE_PAGE
        elif delivery.message.report.event == DIGEST:
            note = f"发 {self.chat_command} 最近"
        else:
            note = f"发 {self.chat_command} 详情 {delivery.report_id[:SHORT_ID]}"
        message = _fold(delivery.message, note)
        return delivery if message is delivery.message else replace(delivery, message=message)

    async def close(self) -> None:
        """Close the connections."""
        for channel in self.channels.values():
            await channel.close()
        for client in self._clients.values():
            await client.close()
        self._clients.clear()

    async def _client(self, name: str, channel: Channel) -> "Client":
        async with self._opening:
            if (client := self._clients.get(name)) is None:
                client = self._clients[name] = await self._open(name, channel)
        return client

    async def _open(self, name: str, channel: Channel) -> "Client":
        from .http import Client, tls_context

        if self._tls is None:
            self._tls = await asyncio.to_thread(tls_context)
        proxy = None
        if isinstance(channel, HttpChannel) and channel.proxy is not None:
            proxy = channel.proxy.get_secret_value()
        return Client(
            Pace(channel.rates),
            self._redactors[name],
            self._tls,
            proxy=proxy,
            answer_seconds=self.answer_seconds,
        )

    def _prefixed(self, name: str, reason: str) -> str:
        return f"{self.channels[name].label}：{self._redactors[name].mask(reason)}"

    def _prefixed_outcome(self, name: str, outcome: Outcome) -> Outcome:
        """Prefix an outcome's text with the channel's name, and mask secrets in it."""
        match outcome:
            case Delivered(note):
                return Delivered(self._prefixed(name, note) if note else "")
            case NotSent(reason, retry_after, answered):
                return NotSent(self._prefixed(name, reason), retry_after, answered)
            case Away(reason, retry_after):
                return Away(self._prefixed(name, reason), retry_after)
            case Rejected(reason):
                return Rejected(self._prefixed(name, reason))
            case Unknown(reason, retry_after):
                return Unknown(self._prefixed(name, reason), retry_after)


def _fold(message: Message, note: str) -> Message:
    folded = fold_traces(message.text, note)
    if not folded.lines:
        return message
    parts = tuple(_fold(part, note) for part in message.parts)
    return replace(message, text=folded.text, parts=parts)


def _with_room(delivery: Delivery, most: int) -> tuple[Delivery, str]:
    """Keep as many pictures as a channel can show, and note the number of the others."""
    message = delivery.message
    more = len(message.images) - most
    if more <= 0:
        return delivery, ""
    limited = replace(delivery, message=replace(message, images=message.images[:most]))
    return limited, f"这个渠道一次最多发 {most} 张图片，少了 {more} 张" if most else NO_PICTURES
