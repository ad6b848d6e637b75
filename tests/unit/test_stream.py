"""An answer that is made while it is sent is complete, or is seen not to be."""

import asyncio
from collections.abc import AsyncGenerator

import pytest
from starlette.types import Message

from nonebot_plugin_report.errors import StoreUnavailable
from nonebot_plugin_report.web.outgoing import PIECE
from nonebot_plugin_report.web.page.stream import stream


class Client:
    """The other end of an answer."""

    def __init__(self, takes: int = 100, *, leaves: bool = False) -> None:
        """`takes`: pieces that it reads before it reads no more, or `leaves`."""
        self._takes = takes
        self._leaves = leaves
        self._gone = asyncio.Event()
        self.pieces: list[bytes] = []
        self.status = 0
        self.complete = False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            return
        if len(self.pieces) == self._takes:
            if self._leaves:
                self._gone.set()
            await asyncio.Event().wait()
        self.pieces.append(message["body"])
        self.complete = not message["more_body"]

    async def receive(self) -> Message:
        await self._gone.wait()
        return {"type": "http.disconnect"}


class Pieces:
    """Pieces, which note that they were closed."""

    def __init__(self, *pieces: bytes | Exception) -> None:
        self._pieces = pieces
        self.made = 0
        self.closed = False

    async def __call__(self) -> AsyncGenerator[bytes]:
        try:
            for piece in self._pieces:
                if isinstance(piece, Exception):
                    raise piece
                self.made += 1
                yield piece
        finally:
            self.closed = True


async def answer(client: Client, pieces: Pieces, method: str = "GET") -> None:
    response = await stream(pieces(), "text/csv", {}, take_seconds=0.05)
    await response({"type": "http", "method": method}, client.receive, client.send)
    assert pieces.closed


async def test_it_is_sent_in_pieces_that_others_run_between() -> None:
    client = Client()
    await answer(client, Pieces(b"a", b"", b"b" * (2 * PIECE + 1)))
    assert (client.status, client.complete) == (200, True)
    assert [len(piece) for piece in client.pieces] == [1, PIECE, PIECE, 1, 0]


async def test_what_nobody_reads_ends_and_is_not_complete() -> None:
    client, pieces = Client(takes=2), Pieces(*[b"x"] * 50)
    await answer(client, pieces)
    assert (client.complete, pieces.made) == (False, 3)


async def test_for_who_leaves_nothing_more_is_made() -> None:
    client, pieces = Client(takes=2, leaves=True), Pieces(*[b"x"] * 50)
    await answer(client, pieces)
    assert pieces.made == 3


async def test_what_cannot_be_continued_is_not_complete() -> None:
    client = Client()
    await answer(client, Pieces(b"x", StoreUnavailable("gone")))
    assert (client.pieces, client.complete) == ([b"x"], False)


async def test_what_fails_at_once_is_an_error_and_no_answer() -> None:
    with pytest.raises(StoreUnavailable):
        await stream(Pieces(StoreUnavailable("gone"))(), "text/csv", {})


async def test_to_who_asks_for_the_head_nothing_is_made() -> None:
    client, pieces = Client(), Pieces(*[b"x"] * 50)
    await answer(client, pieces, "HEAD")
    assert (client.pieces, client.complete, pieces.made) == ([b""], True, 1)
