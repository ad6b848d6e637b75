"""WebSocket, against a real server."""

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pybase64
import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response

from nonebot_plugin_report.errors import ConfigError
from nonebot_plugin_report.model.delivery import Delivered, Delivery, NotSent, Rejected, Unknown
from nonebot_plugin_report.senders import load

from .service import NOTHING, Service, channel, make_delivery, make_image


async def shows(delivery: Delivery) -> list[str]:
    listener = Listener()
    async with listening(listener) as url, channel("websocket", **SERVICE.settings(url)) as socket:
        assert await socket.send(delivery) == Delivered()
    return [str(value) for value in json.loads(listener.messages[0]).values()]


SERVICE = Service(
    kind="websocket",
    acts=NOTHING,
    shows=shows,
    settings=lambda url: {
        "url": url.replace("http", "ws", 1) + "/hook?key=s3cret-key-of-mine",
        "headers": {"Authorization": "Bearer s3cret-t0ken"},
    },
    secrets=("s3cret-key-of-mine", "s3cret-t0ken"),
)


class Listener:
    """Keeps what arrives; ends the connection at a message, where it is told to."""

    def __init__(self) -> None:
        self.messages: list[str | bytes] = []
        self.connections: list[Request] = []
        self.abort_at = -1

    async def __call__(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        self.connections.append(connection.request)
        async for message in connection:
            self.messages.append(message)
            if len(self.messages) == self.abort_at:
                connection.transport.abort()


@asynccontextmanager
async def listening(listener: Listener) -> AsyncGenerator[str]:
    async with serve(listener, "127.0.0.1", 0, max_size=None) as server:
        yield f"http://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}"


async def test_the_report_arrives_as_json_with_its_picture() -> None:
    listener, image = Listener(), make_image()
    async with (
        listening(listener) as url,
        channel("websocket", **SERVICE.settings(url)) as websocket,
    ):
        assert await websocket.send(make_delivery(image=image)) == Delivered()
        assert await websocket.send(make_delivery(number=2)) == Delivered()
    report = json.loads(listener.messages[0])
    assert report["event"] == "domain.end"
    assert pybase64.b64decode(report["screenshot"]) == image.data
    assert len(listener.connections) == 2
    assert listener.connections[0].headers["authorization"] == "Bearer s3cret-t0ken"


async def test_a_connection_can_be_kept_and_is_made_anew_when_it_died() -> None:
    listener = Listener()
    listener.abort_at = 3
    async with (
        listening(listener) as url,
        channel("websocket", **SERVICE.settings(url), keep_open=True) as websocket,
    ):
        for number in range(3):
            assert await websocket.send(make_delivery(number=number)) == Delivered()
        assert len(listener.connections) == 1
        assert await websocket.send(make_delivery(number=4)) == Delivered()
    assert len(listener.connections) == 2
    assert len(listener.messages) == 4


class Abrupt(ServerConnection):
    """Goes away when the first message comes."""

    def data_received(self, data: bytes) -> None:
        if self.request is None:
            super().data_received(data)
        else:
            self.transport.abort()


async def test_lost_midway_nobody_knows() -> None:
    async with serve(Listener(), "127.0.0.1", 0, create_connection=Abrupt) as server:
        url = f"http://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}"
        for keep_open in (False, True):
            settings = SERVICE.settings(url) | {"keep_open": keep_open}
            async with channel("websocket", **settings) as websocket:
                assert isinstance(await websocket.send(make_delivery()), Unknown)


async def test_nobody_there_is_not_sent() -> None:
    async with listening(Listener()) as url:
        settings = SERVICE.settings(url)
    async with channel("websocket", **settings) as websocket:
        outcome = await websocket.send(make_delivery())
    assert isinstance(outcome, NotSent)
    assert "s3cret" not in outcome.reason


async def test_a_server_that_wants_another_key_is_final() -> None:
    def refuse(connection: ServerConnection, request: Request) -> Response:
        return connection.respond(401, request.path)

    async with serve(Listener(), "127.0.0.1", 0, process_request=refuse) as server:
        url = f"http://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}"
        async with channel("websocket", **SERVICE.settings(url)) as websocket:
            outcome = await websocket.send(make_delivery())
    assert isinstance(outcome, Rejected)
    assert "s3cret" not in outcome.reason


def test_an_address_of_http_is_named() -> None:
    with pytest.raises(ConfigError, match="url：应为 ws:// 或 wss://"):
        load({"type": "websocket", "url": "http://127.0.0.1"})
