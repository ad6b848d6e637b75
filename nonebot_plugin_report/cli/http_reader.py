"""Reads HTTP as uvicorn does, but for two kinds of requests whose push would be lost.

Java's HttpClient offers HTTP/2 (`Upgrade: h2c`), after which httptools takes no body
(https://github.com/encode/uvicorn/issues/2722): h11 reads such a connection. And a URL that
was not encoded, as curl sends what is pasted into it, is refused by either: it is encoded here.
"""

import asyncio
import re
from collections.abc import Callable
from typing import Any, Final, cast

from uvicorn.protocols.http.auto import AutoHTTPProtocol
from uvicorn.protocols.http.h11_impl import H11Protocol

MAX_HEAD: Final = 2**16
"""Bytes of a request's head that are waited for; h11 reads as many."""
_END: Final = b"\r\n\r\n"
_UPGRADE: Final = re.compile(rb"\r\nUpgrade:[ \t]*h2c[ \t]*\r\n", re.IGNORECASE)
_RAW: Final = re.compile(rb"[\x80-\xff]")


class HttpReader(asyncio.Protocol):
    """Reads a connection's first head, and hands the connection over to uvicorn's protocol that
    can read the rest; for uvicorn's setting `http`."""

    def __init__(self, **settings: Any) -> None:
        """Take what uvicorn gives its own protocol."""
        self._settings = settings
        self._connections: set[object] = settings["server_state"].connections
        self._transport: asyncio.Transport | None = None
        self._head = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is no subclass
        self._connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """End before a head was whole."""
        self._connections.discard(self)

    def shutdown(self) -> None:
        """Close the connection: uvicorn stops, and nothing has been asked."""
        if self._transport is not None:
            self._transport.close()

    def data_received(self, data: bytes) -> None:
        """Read the next bytes, until the head is whole. Clients offer another protocol with the
        first request of a connection, and curl makes one for each URL."""
        self._head += data
        if self._transport is None or (_END not in self._head and len(self._head) <= MAX_HEAD):
            return
        content = encode_url(bytes(self._head))
        upgrades = _UPGRADE.search(content, 0, content.find(_END) + len(_END))
        make = cast(
            "Callable[..., asyncio.Protocol]", H11Protocol if upgrades else AutoHTTPProtocol
        )
        protocol = make(**self._settings)
        self._connections.discard(self)
        protocol.connection_made(self._transport)
        self._transport.set_protocol(protocol)
        protocol.data_received(content)


def encode_url(content: bytes) -> bytes:
    """Encode the bytes of a request's first line that may not stand there.

    >>> encode_url("GET /?a=你 HTTP/1.1".encode())
    b'GET /?a=%E4%BD%A0 HTTP/1.1'
    """
    line, end, others = content.partition(b"\r\n")
    if line.isascii():
        return content
    return _RAW.sub(lambda raw: b"%%%02X" % raw[0][0], line) + end + others
