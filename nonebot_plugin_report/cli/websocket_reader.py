"""Reads WebSockets in small pieces: tens of thousands of frames fit into what uvicorn reads at
once, and until all of them are taken apart nobody else's turn comes."""

import asyncio
from collections.abc import Callable
from typing import Any, Final, cast

from uvicorn.protocols.websockets.auto import AutoWebSocketsProtocol

READ_SIZE: Final = 2**11
"""Bytes of one turn of the event loop: 340 empty frames, or a screenshot in 400 turns."""


class WebSocketReader(asyncio.BufferedProtocol):
    """uvicorn's protocol, fed piece by piece; for uvicorn's setting `ws`.

    https://docs.python.org/3/library/asyncio-protocol.html#buffered-streaming-protocols
    """

    def __init__(self, **settings: Any) -> None:
        """Take what uvicorn gives its own protocol."""
        make = cast(
            "Callable[..., asyncio.Protocol]", AutoWebSocketsProtocol
        )  # as websockets is there
        self._protocol = make(**settings)
        self._transport: asyncio.Transport | None = None
        self._buffer = bytearray(READ_SIZE)
        self._is_resting = False
        """The next piece waits for the next turn of the loop; uvloop would read 32 in one."""
        self._is_held_back = False
        """The client does not read its answers, so that nothing of it is read."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin, as the protocol after the one that read the request."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is no subclass
        self._protocol.connection_made(transport)

    def data_received(self, data: bytes) -> None:
        """Read the request, which uvicorn hands over when the connection changes its protocol."""
        self._protocol.data_received(data)
        self._read_later()

    def get_buffer(self, sizehint: int) -> bytearray:
        """Where the next bytes go."""
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Take the bytes that are there."""
        self._protocol.data_received(bytes(self._buffer[:nbytes]))
        self._read_later()

    def eof_received(self) -> bool | None:
        """End of what the client sends."""
        return self._protocol.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        """End of the connection."""
        self._protocol.connection_lost(exc)

    def pause_writing(self) -> None:
        """Stop reading: pings are answered without asking whether the answers are read."""
        self._protocol.pause_writing()
        if self._is_resting or self._is_reading():
            self._is_held_back = True
            self._pause()

    def resume_writing(self) -> None:
        """Read again."""
        self._protocol.resume_writing()
        if self._is_held_back:
            self._is_held_back = False
            self._resume()

    def _read_later(self) -> None:
        """Read on in the next turn, unless the protocol itself has paused."""
        if self._is_reading():
            self._is_resting = True
            self._pause()
            asyncio.get_running_loop().call_soon(self._read_on)

    def _read_on(self) -> None:
        self._is_resting = False
        self._resume()

    def _is_reading(self) -> bool:
        return self._transport is not None and self._transport.is_reading()

    def _pause(self) -> None:
        if self._transport is not None:
            self._transport.pause_reading()

    def _resume(self) -> None:
        if self._is_resting or self._is_held_back or self._transport is None:
            return
        if not self._transport.is_closing():
            self._transport.resume_reading()
