"""A WebSocket server that takes the report as one text message, as BetterGI sends it.

Source: RFC 6455 sections 5.5.2 (a pong answers what came before it) and 7.1.5.
"""

import asyncio
from typing import ClassVar, Final
from urllib.parse import urlsplit

from pydantic import Field, PrivateAttr, SecretStr, field_validator
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import (
    ConnectionClosed,
    ConnectionClosedOK,
    InvalidHandshake,
    InvalidStatus,
    InvalidURI,
)

from ...model.delivery import Delivered, Delivery, NotSent, Outcome, Rejected, Unknown
from ...settings import Headers, Secret
from ..base import Channel as Base
from ..base import as_json
from ..http import Client

CONNECT_SECONDS: Final = 10.0
ANSWER_SECONDS: Final = 30.0


class Channel(Base):
    """Any WebSocket server."""

    label: ClassVar[str] = "WebSocket"
    pictures: ClassVar[str] = "base64，在 `screenshot` 里，几张时都在 `screenshots` 里；可关"
    limits: ClassVar[str] = "无"
    most_pictures: ClassVar[int] = 20

    url: Secret
    """ws:// 或 wss:// 开头的地址"""
    headers: Headers = Field(default_factory=dict[str, SecretStr])
    """附加的请求头，例如 {"Authorization": "Bearer …"}"""
    screenshot: bool = True
    """是否带上截图"""
    keep_open: bool = False
    """发完不断开，之后的都用同一个连接"""

    _connection: ClientConnection | None = PrivateAttr(default=None)

    @field_validator("url")
    @classmethod
    def _check_url(cls, url: SecretStr) -> SecretStr:
        try:
            parts = urlsplit(url.get_secret_value())
            valid = parts.scheme in ("ws", "wss") and parts.hostname and parts.port != 0
        except ValueError:
            valid = False
        if not valid:
            raise ValueError("应为 ws:// 或 wss:// 开头的完整地址")
        return url

    async def send(self, delivery: Delivery, http: Client) -> Outcome:
        """Send one message; it has arrived when the server answers what was sent after it."""
        del http  # not spoken here
        body = as_json(delivery, screenshot=self.screenshot)
        connection = await self._connect()
        if not isinstance(connection, ClientConnection):
            return connection
        outcome = await _give(connection, body, last=not self.keep_open)
        self._connection = connection if self.keep_open else None
        if not isinstance(outcome, Delivered):
            await self.close()
        return outcome

    async def close(self) -> None:
        """Close what was kept open."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()

    async def _connect(self) -> ClientConnection | NotSent | Rejected:
        if self._connection is not None and await _lives(self._connection):
            return self._connection
        try:
            return await connect(
                self.url.get_secret_value(),
                additional_headers={k: v.get_secret_value() for k, v in self.headers.items()},
                open_timeout=CONNECT_SECONDS,
                close_timeout=CONNECT_SECONDS,
                proxy=None,
                compression=None,  # a large picture takes it 0.3 s, for a quarter of its base64
            )
        except InvalidStatus as error:
            status = error.response.status_code
            if status in (401, 403, 404, 410):
                return Rejected(f"服务器拒绝了连接（HTTP {status}），检查 url 和 headers")
            return NotSent(f"服务器没有接受连接（HTTP {status}）")
        except (InvalidHandshake, InvalidURI, OSError, TimeoutError, ValueError, EOFError):
            return NotSent("连不上服务器；检查网络和 url")


async def _lives(connection: ClientConnection) -> bool:
    """Whether a connection that was kept still answers: a message into a dead one is lost."""
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            await (await connection.ping())
    except (ConnectionClosed, TimeoutError):
        return False
    return True


async def _give(connection: ClientConnection, body: bytes, *, last: bool) -> Outcome:
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            await connection.send(body, text=True)
            await (await connection.ping())
            if last:
                await connection.close()
    except ConnectionClosedOK:
        return Delivered()  # it read the message, and closed in good order
    except (ConnectionClosed, TimeoutError, OSError):
        return Unknown("连接在对方确认之前断开了")
    return Delivered()
