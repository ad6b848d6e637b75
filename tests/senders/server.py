"""A real HTTP server on loopback that answers, or fails to, as a test wants."""

import asyncio
import json
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

import h11

from tests.ports import free_port


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a multipart/form-data body."""

    content: bytes
    filename: str | None
    media_type: str


@dataclass(frozen=True, slots=True)
class Request:
    """What arrived, whole."""

    method: str
    target: str
    """Path and query, as they stood in the request line."""
    headers: dict[str, str]
    """Names in lower case."""
    body: bytes

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.target).query, strict_parsing=True))

    def json(self) -> Any:
        assert self.headers["content-type"].startswith("application/json")
        return json.loads(self.body)

    def form(self) -> dict[str, str]:
        """An application/x-www-form-urlencoded body."""
        assert self.headers["content-type"].startswith("application/x-www-form-urlencoded")
        return dict(parse_qsl(self.body.decode(), strict_parsing=True, keep_blank_values=True))

    def multipart(self) -> dict[str, Part]:
        """The parts by name, read by the standard library's MIME parser."""
        head = f"Content-Type: {self.headers['content-type']}\r\n\r\n".encode()
        message = BytesParser(policy=HTTP).parsebytes(head + self.body)
        assert message.get_content_type() == "multipart/form-data"
        parts: dict[str, Part] = {}
        for part in message.iter_parts():
            name = part.get_param("name", header="content-disposition")
            content = part.get_payload(decode=True)
            assert isinstance(name, str)
            assert isinstance(content, bytes)
            parts[name] = Part(content, part.get_filename(), part.get_content_type())
        return parts


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: `json` as JSON, else `body`."""

    status: int = 200
    json: Any = None
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class Silence:
    """Read the request and never answer."""


@dataclass(frozen=True, slots=True)
class Reset:
    """Read the request and reset the connection."""


@dataclass(frozen=True, slots=True)
class Raw:
    """Read the request, write these bytes, close."""

    bytes: bytes


Behaviour = Reply | Silence | Reset | Raw


@dataclass
class Server:
    """In an `async with` it listens; `answer` may be changed at any time."""

    answer: Callable[[Request], Behaviour]
    delay: float = 0.0
    """Seconds before each answer."""
    requests: list[Request] = field(default_factory=list[Request])
    faults: list[BaseException] = field(default_factory=list[BaseException])
    """What `answer` raised: a request that the service would not have understood."""
    port: int = field(default_factory=free_port)
    connections: int = 0
    _server: asyncio.Server = field(init=False)
    _open: set[asyncio.StreamWriter] = field(default_factory=set[asyncio.StreamWriter])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        return self

    async def __aexit__(self, *error: object) -> None:
        self._server.close()
        for writer in set(self._open):
            writer.transport.abort()
        await asyncio.sleep(0)
        if self.faults and error[0] is None:
            raise self.faults[0]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        self.connections += 1
        connection = h11.Connection(h11.SERVER)
        try:
            while (request := await _read(connection, reader, writer)) is not None:
                self.requests.append(request)
                if not await self._react(connection, writer, request):
                    return
                connection.start_next_cycle()
        except (ConnectionError, h11.RemoteProtocolError):
            return
        finally:
            self._open.discard(writer)
            writer.close()

    async def _react(
        self, connection: h11.Connection, writer: asyncio.StreamWriter, request: Request
    ) -> bool:
        """Answer; whether the connection goes on."""
        try:
            behaviour = self.answer(request)
        except BaseException as error:  # noqa: BLE001 - told to the test when the server ends
            self.faults.append(error)
            behaviour = Reply(500)
        await asyncio.sleep(self.delay)
        match behaviour:
            case Silence():
                await writer.wait_closed()
                return False
            case Reset():
                sock: socket.socket = writer.get_extra_info("socket")
                # Lingering for no time makes closing a reset (socket(7), SO_LINGER).
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                writer.transport.abort()
                return False
            case Raw(content):
                writer.write(content)
                await writer.drain()
                return False
            case Reply():
                writer.write(_written(connection, behaviour))
                await writer.drain()
                return connection.our_state is h11.DONE


async def _read(
    connection: h11.Connection, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> Request | None:
    head: h11.Request | None = None
    body = bytearray()
    while True:
        event = connection.next_event()
        if event is h11.NEED_DATA:
            if connection.they_are_waiting_for_100_continue:
                writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            connection.receive_data(await reader.read(65536))
        elif isinstance(event, h11.Request):
            head = event
        elif isinstance(event, h11.Data):
            body += event.data
        elif isinstance(event, h11.EndOfMessage):
            assert head is not None
            headers = {name.decode(): value.decode("latin-1") for name, value in head.headers}
            return Request(head.method.decode(), head.target.decode(), headers, bytes(body))
        else:
            return None


def _written(connection: h11.Connection, reply: Reply) -> bytes:
    body = reply.body if reply.json is None else json.dumps(reply.json).encode()
    media_type = "text/html" if reply.json is None else "application/json"
    headers = {"content-type": media_type, "content-length": str(len(body)), **reply.headers}
    response = h11.Response(status_code=reply.status, headers=list(headers.items()))
    return b"".join(
        connection.send(event) or b""
        for event in (response, h11.Data(data=body), h11.EndOfMessage())
    )
