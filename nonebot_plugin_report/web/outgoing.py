"""Streams large answers (pictures, exports) within a budget of bytes that all clients share.

A client may ask for many large answers and read none of them. So an answer's bytes are loaded when
there is room for them, each token has a share of that room, and an answer must be read in time.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from fastapi import Response
from starlette.types import Receive, Scope, Send

from ..errors import Busy
from ..model.grant import Grant

MAX_OUTGOING: Final = 32 * 2**20
"""Bytes of all answers but the owner's that are being read; a larger one goes out alone."""
MAX_SHARE: Final = 16 * 2**20
"""Bytes of one token's answers; a larger one goes out alone among that token's."""
MAX_WAITING: Final = 32
"""Answers of one token that wait for room."""
ROOM_SECONDS: Final = 20.0
"""Seconds for which an answer waits for room."""
FIRST_SECONDS: Final = 30.0
"""Seconds in which an answer must be read, and one more for each:"""
BYTES_PER_SECOND: Final = 64 * 2**10
PIECE: Final = 64 * 2**10
"""Bytes sent at once: what the web server holds of an answer that is not read."""


@dataclass(frozen=True, slots=True)
class Content:
    """An answer's body."""

    media_type: str
    length: int
    """Bytes of all pieces."""
    pieces: Iterable[bytes]
    """Iterated once, while they are sent."""


@dataclass(frozen=True, slots=True, eq=False)
class _Waiter:
    holder: Grant
    size: int
    turn: asyncio.Future[None]


class Outgoing:
    """The room for large answers."""

    def __init__(
        self, *, room_seconds: float = ROOM_SECONDS, first_seconds: float = FIRST_SECONDS
    ) -> None:
        """Take the seconds of `ROOM_SECONDS` and `FIRST_SECONDS`."""
        self._room_seconds = room_seconds
        self._first_seconds = first_seconds
        self._used = Counter[str]()
        """Bytes by the holder's name."""
        self._used_by_others = 0
        self._waiters: list[_Waiter] = []

    @property
    def used(self) -> int:
        """Bytes of the answers that are being loaded or read."""
        return self._used.total()

    async def answer(
        self, holder: Grant, size: int, load: Callable[[], Awaitable[Content]]
    ) -> Response:
        """Make the answer that streams what `load` gives.

        Args:
            holder: the grant of the token that asks, or of the one behind a session.
            size: bytes in memory of what will be loaded, as far as is known before.
            load: loads it; called once there is room.

        Raises:
            Busy: there was no room in time, or too many answers of the holder wait for it.
            ReportError: whatever `load` raises.
        """
        await self._reserve(holder, size)
        try:
            content = await load()
        except BaseException:
            self._free(holder, size)
            raise
        seconds = self._first_seconds + content.length / BYTES_PER_SECOND
        return _Streamed(content, seconds, lambda: self._free(holder, size))

    @asynccontextmanager
    async def room(self, holder: Grant, size: int) -> AsyncGenerator[None]:
        """Wait for room for so many bytes of an answer, and have it.

        Raises:
            Busy: there was no room in time, or too many answers of the holder wait for it.
        """
        await self._reserve(holder, size)
        try:
            yield
        finally:
            self._free(holder, size)

    async def _reserve(self, holder: Grant, size: int) -> None:
        if self._has_room(holder, size):
            self._take(holder, size)
            return
        if sum(one.holder.name == holder.name for one in self._waiters) >= MAX_WAITING:
            raise Busy("同时要的图片或文件太多，请稍后重试")
        waiter = _Waiter(holder, size, asyncio.get_running_loop().create_future())
        self._waiters.append(waiter)
        try:
            async with asyncio.timeout(self._room_seconds):
                await waiter.turn
        except TimeoutError:
            self._give_up(waiter)
            raise Busy("前面要的图片或文件还没有读完，请稍后重试") from None
        except asyncio.CancelledError:
            self._give_up(waiter)
            raise

    def _has_room(self, holder: Grant, size: int) -> bool:
        own = self._used[holder.name]
        if own and own + size > MAX_SHARE:
            return False
        # The owner's share is apart from what all others have together.
        others = self._used_by_others
        return holder.is_master or not others or others + size <= MAX_OUTGOING

    def _take(self, holder: Grant, size: int) -> None:
        self._used[holder.name] += size
        self._used_by_others += 0 if holder.is_master else size

    def _give_up(self, waiter: _Waiter) -> None:
        if waiter in self._waiters:
            self._waiters.remove(waiter)
        else:  # its turn came at the same moment
            self._free(waiter.holder, waiter.size)

    def _free(self, holder: Grant, size: int) -> None:
        self._take(holder, -size)
        if not self._used[holder.name]:
            del self._used[holder.name]
        for waiter in list(self._waiters):  # the first comes first
            if self._has_room(waiter.holder, waiter.size):
                self._waiters.remove(waiter)
                self._take(waiter.holder, waiter.size)
                waiter.turn.set_result(None)


class _Streamed(Response):
    """An answer that is sent piece by piece, as fast as it is read."""

    def __init__(self, content: Content, seconds: float, free: Callable[[], None]) -> None:
        """`seconds`: in which it must be read; `free` gives its room back."""
        super().__init__(media_type=content.media_type)
        self.headers["Content-Length"] = str(content.length)
        self._content = content
        self._seconds = seconds
        self._free = free

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it, as ASGI has it."""
        try:
            async with asyncio.timeout(self._seconds):
                await self._send(send)
        except TimeoutError:
            return  # the web server closes the connection of an answer that is not complete
        finally:
            self._free()

    async def _send(self, send: Send) -> None:
        start = {"status": self.status_code, "headers": self.raw_headers}
        await send({"type": "http.response.start", **start})
        for piece in _cut(self._content.pieces):
            await send({"type": "http.response.body", "body": piece, "more_body": True})
            await asyncio.sleep(0)  # others run in between
        await send({"type": "http.response.body", "body": b"", "more_body": False})


def _cut(pieces: Iterable[bytes]) -> Iterator[bytes]:
    for piece in pieces:
        for start in range(0, len(piece), PIECE):
            yield piece[start : start + PIECE]
