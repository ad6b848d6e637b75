"""The ready bot's WebSockets: what a client writes at once is read piece by piece."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from importlib.util import find_spec
from typing import Any, cast

import pytest
import uvicorn
from websockets.asyncio.client import ClientConnection, connect

from nonebot_plugin_report.cli.websocket_reader import READ_SIZE, WebSocketReader
from tests.bot import until
from tests.ports import free_port

PING = b"\x89\xfd\0\0\0\0" + b"x" * 125
LOOPS = ["asyncio", *(["uvloop"] if find_spec("uvloop") else [])]


class Watched(WebSocketReader):
    """Notes what it reads, and when."""

    pieces: list[tuple[int, int]]
    """Turn of the loop and bytes of each."""
    held_back: bool
    turn = 0

    def buffer_updated(self, nbytes: int) -> None:
        self.pieces.append((Watched.turn, nbytes))
        super().buffer_updated(nbytes)

    def pause_writing(self) -> None:
        Watched.held_back = True
        super().pause_writing()

    def resume_writing(self) -> None:
        Watched.held_back = False
        super().resume_writing()


async def echo(scope: Any, receive: Any, send: Any) -> None:
    assert scope["type"] == "websocket"
    await receive()
    await send({"type": "websocket.accept"})
    while (message := await receive())["type"] == "websocket.receive":
        await send({"type": "websocket.send", "bytes": message["bytes"]})


@asynccontextmanager
async def connected() -> AsyncGenerator[ClientConnection]:
    Watched.pieces, Watched.held_back = [], False
    port = free_port()
    ws = cast("type[asyncio.Protocol]", Watched)  # uvicorn takes what loops take
    config = uvicorn.Config(echo, port=port, ws=ws, lifespan="off", log_level="error")
    server = uvicorn.Server(config)

    async def is_there() -> bool:
        return server.started

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(server.serve())
        await until(is_there)
        address = f"ws://127.0.0.1:{port}/"
        try:
            async with connect(address, proxy=None, compression=None) as websocket:
                yield websocket
        finally:
            server.should_exit = True


def run(loop: str, scenario: Callable[[], Awaitable[None]]) -> None:
    async def main() -> None:
        count_turn()
        await scenario()

    def count_turn() -> None:
        Watched.turn += 1
        asyncio.get_running_loop().call_soon(count_turn)

    if loop == "uvloop":
        import uvloop

        uvloop.run(main())
    else:
        asyncio.run(main())


@pytest.mark.parametrize("loop", LOOPS)
def test_a_turn_of_the_loop_takes_one_piece_and_a_long_message_arrives_whole(loop: str) -> None:
    async def scenario() -> None:
        async with connected() as websocket:
            for size in (0, READ_SIZE, 40 * READ_SIZE):
                await websocket.send(bytes(size))
                assert await websocket.recv() == bytes(size)
            websocket.transport.write(PING * 500)
            await websocket.send(b"last")
            assert await websocket.recv() == b"last"
            turns = [turn for turn, _ in Watched.pieces]
            assert len(turns) == len(set(turns)) > 70
            assert max(length for _, length in Watched.pieces) == READ_SIZE

    run(loop, scenario)


@pytest.mark.parametrize("loop", LOOPS)
def test_answers_to_pings_that_nobody_reads_pile_up_nowhere(loop: str) -> None:
    async def scenario() -> None:
        async with connected() as websocket:
            websocket.transport.pause_reading()
            websocket.transport.write(PING * 250_000)

            async def is_held_back() -> bool:
                return Watched.held_back

            await until(is_held_back)
            pieces = len(Watched.pieces)
            for _ in range(50):
                await asyncio.sleep(0)
            assert len(Watched.pieces) == pieces
            assert Watched.held_back
            websocket.transport.resume_reading()

            async def goes_on() -> bool:
                return len(Watched.pieces) > pieces

            await until(goes_on)
            websocket.transport.abort()

    run(loop, scenario)
