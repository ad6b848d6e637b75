"""A proxy between a process and its PostgreSQL server, for all that can go wrong in between."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from tests.postgres import Server


@dataclass
class Between:
    """A proxy between a process and its server, that can hold back what either says."""

    server: Server
    port: int = 0
    holds: asyncio.Event = field(default_factory=asyncio.Event)
    """Set: all goes through."""
    last_word: bytes = b"never said"
    """What comes of this from the process is passed on, and then all is cut."""
    last_but_one: bytes = b"never said"
    """What comes of this from the process is passed on, and nothing after it until `holds`."""
    links: list[asyncio.StreamWriter] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far = await asyncio.open_connection("127.0.0.1", self.server.port)
        except OSError:
            writer.close()
            return
        self.links += [writer, far]
        with suppress(OSError, asyncio.CancelledError):
            await asyncio.gather(
                self.pass_on(reader, far, ours=True), self.pass_on(far_reader, writer, ours=False)
            )
        writer.close()
        far.close()

    async def pass_on(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, ours: bool
    ) -> None:
        while read := await reader.read(65536):
            await self.holds.wait()
            writer.write(read)
            if ours and self.last_word in read:
                await writer.drain()
                self.cut()
            if ours and self.last_but_one in read:
                self.holds.clear()
        await self.holds.wait()
        writer.close()

    def cut(self) -> None:
        """End all connections."""
        for one in self.links:
            one.transport.abort()
        self.links.clear()


@asynccontextmanager
async def between(server: Server) -> AsyncGenerator[Between]:
    made = Between(server)
    made.holds.set()
    async with await asyncio.start_server(made.serve, "127.0.0.1", 0) as listening:
        made.port = listening.sockets[0].getsockname()[1]
        try:
            yield made
        finally:
            made.holds.set()
            made.cut()
