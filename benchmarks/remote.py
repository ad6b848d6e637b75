"""Calls to another process of the benchmark: a JSON line each way over a loopback socket."""

import asyncio
import json
import socket
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

Handler = Callable[..., Awaitable[Any]]
_LINE_LIMIT = 2**24
_CALL_SECONDS = 600.0


class Remote:
    """The calling side; blocks until the answer is there."""

    def __init__(self, port: int) -> None:
        """Connect to a process that serves on a port."""
        self._socket = socket.create_connection(("127.0.0.1", port), _CALL_SECONDS)
        self._stream = self._socket.makefile("rw", encoding="utf-8")

    def call(self, handler: str, **arguments: object) -> Any:
        """Run a handler there, and return its answer.

        Raises:
            RuntimeError: it failed there.
        """
        self._stream.write(json.dumps([handler, arguments]) + "\n")
        self._stream.flush()
        answer = json.loads(self._stream.readline())
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer["result"]


async def serve(port: int, handlers: Mapping[str, Handler]) -> None:
    """Answer calls until the process is ended."""

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while request := await reader.readline():
            name, arguments = json.loads(request)
            try:
                answer = {"result": await handlers[name](**arguments)}
            except Exception as error:  # noqa: BLE001 - told to the caller, who stops the benchmark
                answer = {"error": f"{name}: {error!r}"}
            writer.write(json.dumps(answer).encode("utf-8") + b"\n")
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(converse, "127.0.0.1", port, limit=_LINE_LIMIT)
    await server.serve_forever()
