"""Large answers go out within a budget, which each token has a share of."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fastapi import Response
from starlette.types import Message

from nonebot_plugin_report.errors import Busy, NotFound
from nonebot_plugin_report.model.grant import Grant
from nonebot_plugin_report.web.outgoing import (
    MAX_OUTGOING,
    MAX_SHARE,
    MAX_WAITING,
    PIECE,
    Content,
    Outgoing,
)

HALF = MAX_SHARE // 2


class Reader:
    """A client that reads an answer piece by piece, as it likes."""

    def __init__(self, *, reads: bool = True) -> None:
        self.body = b""
        self.pieces: list[int] = []
        self.status = 0
        self.headers: dict[bytes, bytes] = {}
        self.complete = False
        self._reads = asyncio.Event()
        if reads:
            self._reads.set()

    def read(self) -> None:
        self._reads.set()

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status, self.headers = message["status"], dict(message["headers"])
            return
        await self._reads.wait()
        self.body += message["body"]
        self.pieces.append(len(message["body"]))
        self.complete = not message["more_body"]


async def receive() -> Message:
    raise AssertionError("nobody asks for the request")


def content(body: bytes) -> Content:
    return Content("image/png", len(body), iter([body]))


def grant(holder: str) -> Grant:
    """A grant of limited scope; of "owner" and "owner too": that they may see everything."""
    return Grant(holder, None if holder.startswith("owner") else frozenset())


async def ask(outgoing: Outgoing, holder: str, size: int, body: bytes = b"x") -> Response:
    async def load() -> Content:
        return content(body)

    return await outgoing.answer(grant(holder), size, load)


async def turns() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_an_answer_arrives_whole_and_in_pieces() -> None:
    body, outgoing, reader = bytes(3 * PIECE + 5), Outgoing(), Reader()
    answer = await ask(outgoing, "a", len(body), body)
    assert outgoing.used == len(body)
    await answer({"type": "http"}, receive, reader.send)
    assert (reader.status, reader.body, reader.complete) == (200, body, True)
    assert max(reader.pieces) == PIECE
    assert reader.headers[b"content-length"] == str(len(body)).encode()
    assert reader.headers[b"content-type"] == b"image/png"
    assert outgoing.used == 0


async def test_what_a_holder_does_not_read_takes_nobody_elses_room() -> None:
    outgoing, reader = Outgoing(), Reader(reads=False)
    async with asyncio.TaskGroup() as group:
        for _ in range(2):
            answer = await ask(outgoing, "a", HALF)
            group.create_task(answer({"type": "http"}, receive, reader.send))
        more = [group.create_task(ask(outgoing, "a", HALF)) for _ in range(MAX_WAITING)]
        await turns()
        assert not any(one.done() for one in more)
        with pytest.raises(Busy):
            await ask(outgoing, "a", HALF)
        assert (await ask(outgoing, "b", MAX_SHARE)).status_code == 200
        assert outgoing.used == MAX_OUTGOING
        reader.read()
        await turns()
        assert [one.done() for one in more] == [True, True] + [False] * (MAX_WAITING - 2)
        for one in more:
            one.cancel()


async def test_an_answer_that_is_larger_than_the_room_goes_out_alone() -> None:
    outgoing = Outgoing()
    small = await ask(outgoing, "b", 1)
    async with asyncio.TaskGroup() as group:
        large = group.create_task(ask(outgoing, "a", 2 * MAX_OUTGOING))
        await turns()
        assert not large.done()
        await small({"type": "http"}, receive, Reader().send)
    await large.result()({"type": "http"}, receive, Reader().send)
    assert outgoing.used == 0


@pytest.mark.parametrize("owner", ["owner", "owner too"])
async def test_an_owner_waits_for_nobody_else_and_nobody_for_them(owner: str) -> None:
    outgoing = Outgoing(room_seconds=0.01)
    await ask(outgoing, "a", 2 * MAX_OUTGOING)
    await ask(outgoing, owner, 2 * MAX_OUTGOING)
    with pytest.raises(Busy):
        await ask(outgoing, "b", 1)
    outgoing = Outgoing(room_seconds=0.01)
    await ask(outgoing, owner, 2 * MAX_OUTGOING)
    await ask(outgoing, "a", 2 * MAX_OUTGOING)
    assert outgoing.used == 4 * MAX_OUTGOING


async def test_what_is_not_read_in_time_ends_and_gives_its_room_back() -> None:
    outgoing, reader = Outgoing(first_seconds=0.01), Reader(reads=False)
    await (await ask(outgoing, "a", 5))({"type": "http"}, receive, reader.send)
    assert (reader.status, reader.complete, outgoing.used) == (200, False, 0)


async def test_who_waits_too_long_is_told_so_and_takes_no_room() -> None:
    outgoing = Outgoing(room_seconds=0.01)
    await ask(outgoing, "a", MAX_SHARE)
    with pytest.raises(Busy, match="请稍后重试"):
        await ask(outgoing, "a", 1)
    assert outgoing.used == MAX_SHARE


def failing() -> Iterator[tuple[str, Callable[[], Any]]]:
    async def missing() -> Content:
        raise NotFound

    async def cancelled() -> Content:
        raise asyncio.CancelledError

    yield "missing", missing
    yield "cancelled", cancelled


async def test_what_could_not_be_loaded_gives_its_room_back() -> None:
    for name, load in failing():
        outgoing = Outgoing()
        with pytest.raises((NotFound, asyncio.CancelledError)):
            await outgoing.answer(grant("a"), 5, load)
        assert outgoing.used == 0, name


async def test_who_leaves_while_waiting_takes_no_room() -> None:
    outgoing = Outgoing()
    first = await ask(outgoing, "a", MAX_SHARE)
    async with asyncio.TaskGroup() as group:
        waiting, late = (group.create_task(ask(outgoing, "a", 1)) for _ in range(2))
        await turns()
        waiting.cancel()
        await turns()
        await first({"type": "http"}, receive, Reader().send)
        late.cancel()  # its turn came at the same moment
    assert outgoing.used == 0
