"""A process that pushes: as little Python for each request as will do, so that it costs little."""

import asyncio
import sys
import time
from collections.abc import Sequence
from itertools import cycle

from . import payloads
from .remote import serve

Times = list[tuple[float, float]]
"""For each push when it was sent and when its answer was there, by `time.monotonic`."""


class Connection(asyncio.Protocol):
    """A kept HTTP/1.1 connection with one request at a time."""

    _transport: asyncio.Transport
    _answered: "asyncio.Future[None]"

    def __init__(self) -> None:
        self._received = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        self._fail("the connection was closed")

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, found, body = self._received.partition(b"\r\n\r\n")
        if not found or len(body) < _content_length(head):
            return
        if head.startswith(b"HTTP/1.1 200 "):
            self._received.clear()
            self._answered.set_result(None)
        else:
            self._fail(self._received.decode("utf-8", "replace"))

    async def ask(self, request: bytes) -> None:
        """Send a request; returns when it was answered with 200.

        Raises:
            ConnectionError: it was not.
        """
        self._answered = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        await self._answered

    def close(self) -> None:
        """Close the connection."""
        self._transport.abort()

    def _fail(self, reason: str) -> None:
        if hasattr(self, "_answered") and not self._answered.done():
            self._answered.set_exception(ConnectionError(reason))


class Pusher:
    """Numbers its screenshots, so that no two in its life are the same."""

    def __init__(self) -> None:
        self._pushed = 0

    async def push(
        self,
        port: int,
        plan: list[list[object]],
        *,
        screenshot: bool,
        every: float = 0.0,
        others: Sequence[int] = (),
    ) -> Times:
        """Push over one connection for each list of the plan; its members are the `send_to`s.

        `others`: ports that have a share of the connections, in turn. `every`: seconds between the
        pushes of a connection; 0: as soon as the last was answered.
        """
        requests: list[list[bytes]] = []
        for targets in plan:
            made = payloads.requests(targets, screenshot=screenshot, first=self._pushed)
            requests.append(made)
            self._pushed += len(targets)
        loop = asyncio.get_running_loop()
        connections = [
            (await loop.create_connection(Connection, "127.0.0.1", to))[1]
            for to, _ in zip(cycle([port, *others]), plan, strict=False)
        ]
        async with asyncio.TaskGroup() as tasks:
            work = [
                tasks.create_task(_ask_all(connection, mine, every))
                for connection, mine in zip(connections, requests, strict=True)
            ]
        for connection in connections:
            connection.close()
        return sorted(times for task in work for times in task.result())


async def _ask_all(connection: Connection, requests: list[bytes], every: float) -> Times:
    times: Times = []
    due = time.monotonic()
    for request in requests:
        if every:
            await asyncio.sleep(due - time.monotonic())
            due += every
        sent = time.monotonic()
        await connection.ask(request)
        times.append((sent, time.monotonic()))
    return times


def _content_length(head: bytearray) -> int:
    start = head.lower().index(b"content-length:") + len(b"content-length:")
    return int(bytes(head[start:]).partition(b"\r\n")[0])


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), {"push": Pusher().push}))
