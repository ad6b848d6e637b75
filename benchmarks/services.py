"""A process that is every service that the channels reach: each answers after a while, and counts.

Each has a port of its own. A service takes whatever it gets; the tests look at what that is.
"""

import asyncio
import json
import sys
import time
from dataclasses import dataclass, field
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

from .remote import serve

DELAY = 0.05
"""Seconds from the last byte of a request to its answer."""
SUCCESS: dict[str, object] = {
    "code": 0, "errcode": 0, "retcode": 0, "ok": True, "status": "ok", "id": "1",
    "result": {"message_id": 1}, "data": {"image_key": "img_1", "message_id": 1},
    "access_token": "a", "expires_in": "7200", "tenant_access_token": "t", "expire": 7200,
    "file_info": "f",
}  # fmt: skip
"""What one or the other service answers."""
OWN: dict[str, dict[str, object]] = {
    "bark": {"code": 200, "message": "success"},
    "gotify": {"id": 1},
    "meow": {"status": 200},
    "pushplus": {"code": 200},
}


@dataclass(slots=True)
class Services:
    """The servers, and when each request had arrived, by `time.monotonic`."""

    arrivals: list[tuple[str, float]] = field(default_factory=list[tuple[str, float]])

    async def open(self, names: list[str]) -> dict[str, int]:
        """Start a server for each name; their ports."""
        return {name: await self._open(name) for name in names}

    async def take(self) -> list[tuple[str, float]]:
        """What arrived since the last call."""
        taken, self.arrivals = self.arrivals, []
        return taken

    async def _open(self, name: str) -> int:
        if name == "email":
            loop = asyncio.get_running_loop()
            server = await loop.create_server(lambda: SMTP(self), "127.0.0.1", 0)
            return server.sockets[0].getsockname()[1]

        async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                await self._converse(name, reader, writer)
            except (asyncio.IncompleteReadError, ConnectionError):
                writer.close()

        started = await asyncio.start_server(converse, "127.0.0.1", 0)
        return started.sockets[0].getsockname()[1]

    async def _converse(
        self, name: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        body = json.dumps(SUCCESS | OWN.get(name, {})).encode("ascii")
        head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(body)}"
        answer = head.encode("ascii") + b"\r\n\r\n" + body
        while True:
            asked = await reader.readuntil(b"\r\n\r\n")
            lines = asked.decode("latin-1").lower().split("\r\n")
            length = next((one for one in lines if one.startswith("content-length:")), ":0")
            await reader.readexactly(int(length.partition(":")[2]))
            self.arrivals.append((name, time.monotonic()))
            await asyncio.sleep(DELAY)
            writer.write(answer)
            await writer.drain()

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        """Take a mail."""
        self.arrivals.append(("email", time.monotonic()))
        await asyncio.sleep(DELAY)
        return "250 OK"


async def main(port: int) -> None:
    """Serve the benchmark's calls until ended."""
    services = Services()
    handlers: dict[str, Any] = {"open": services.open, "take": services.take}
    await serve(port, handlers)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
