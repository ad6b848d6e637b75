"""Sends answers while they are made: exports and live events.

An answer that its client does not read, or that fails, ends without the mark of a complete answer
(RFC 9112, section 8), so that nobody takes a part for the whole.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing
from typing import Final

from fastapi import Response
from loguru import logger
from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive, Scope, Send

from ...errors import Refused
from ..outgoing import PIECE

TAKE_SECONDS: Final = 30.0
"""Seconds in which a client must take a piece."""


async def stream(
    pieces: AsyncGenerator[bytes],
    media_type: str,
    headers: Mapping[str, str],
    take_seconds: float = TAKE_SECONDS,
) -> Response:
    """Begin an answer. Errors before its first piece are raised. `take_seconds` replaces
    `TAKE_SECONDS`.

    Raises:
        ReportError: as raised by `pieces`.
    """
    first = await anext(pieces)
    return _Stream(first, pieces, media_type, headers, take_seconds)


class _Stream(Response):
    """An answer of unknown length. The caller must send it or close its pieces."""

    def __init__(
        self,
        first: bytes,
        pieces: AsyncGenerator[bytes],
        media_type: str,
        headers: Mapping[str, str],
        take_seconds: float,
    ) -> None:
        super().__init__(media_type=media_type, headers=dict(headers))
        del self.headers["Content-Length"]
        self._first = first
        self._pieces = pieces
        self._take_seconds = take_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the answer, as an ASGI application."""
        try:
            async with aclosing(self._pieces), asyncio.TaskGroup() as tasks:
                watch = tasks.create_task(_until_disconnected(receive))
                await self._send(send, only_head=scope["method"] == "HEAD")
                watch.cancel()
        except* (ClientDisconnect, TimeoutError):
            pass
        except* Refused as group:
            logger.warning(f"网页上的导出中断了：{group.exceptions[0]}")

    async def _send(self, send: Send, *, only_head: bool) -> None:
        start = {"status": self.status_code, "headers": self.raw_headers}
        await self._send_in_time(send, {"type": "http.response.start", **start})
        if not only_head:
            async for piece in self._all():
                for at in range(0, len(piece), PIECE):
                    await self._send_in_time(send, _body(piece[at : at + PIECE], more=True))
                    await asyncio.sleep(0)  # others run in between
        await self._send_in_time(send, _body(b"", more=False))

    async def _send_in_time(self, send: Send, message: Message) -> None:
        async with asyncio.timeout(self._take_seconds):
            await send(message)

    async def _all(self) -> AsyncIterator[bytes]:
        yield self._first
        async for piece in self._pieces:
            yield piece


def _body(piece: bytes, *, more: bool) -> Message:
    return {"type": "http.response.body", "body": piece, "more_body": more}


async def _until_disconnected(receive: Receive) -> None:
    while True:
        if (await receive())["type"] == "http.disconnect":
            raise ClientDisconnect
