"""Bodies that arrive: their room, files and places are free again however their reading ends."""

import asyncio
from typing import Any

import pytest
from starlette.requests import Request

from nonebot_plugin_report.errors import Busy, Forbidden
from nonebot_plugin_report.model.grant import MASTER, Grant
from nonebot_plugin_report.web.body import ARRIVING_LONG, HEAD, LARGE, Intake
from nonebot_plugin_report.web.strangers import MAX_WAITING, PLACES, Strangers

LIMIT = 4 * LARGE


def request(content: bytes, *, is_whole: bool = True) -> Request:
    """A request whose body is there; without its end, it is waited for for ever."""
    pieces = [content[start : start + HEAD] for start in range(0, len(content), HEAD)]

    async def receive() -> dict[str, Any]:
        if not pieces:
            await asyncio.Event().wait()
        piece = pieces.pop(0)
        more = bool(pieces) or not is_whole
        return {"type": "http.request", "body": piece, "more_body": more}

    return Request({"type": "http", "headers": []}, receive)


class Found:
    """Finds the token at some byte of a body."""

    source = "10.0.0.1"

    def __init__(self, at: int | None) -> None:
        self._at = at
        self._size = 0

    def feed(self, piece: bytes) -> Grant | None:
        self._size += len(piece)
        return MASTER if self._at is not None and self._size > self._at else None

    def finish(self) -> None:
        raise Forbidden


async def free(intake: Intake) -> bool:
    """Whether as many long bodies of a token may arrive as ever, and nothing is kept."""
    slots = [await intake.long_slot(MASTER.name) for _ in range(ARRIVING_LONG)]
    for slot in slots:
        slot.release()
    return (intake.in_memory, intake.in_files) == (0, 0)


async def test_a_body_that_is_cancelled_while_it_waits_keeps_nothing() -> None:
    intake = Intake(LIMIT)
    first, second = [await intake.read(request(bytes(2 * LARGE)), MASTER) for _ in range(2)]
    async with first, asyncio.TaskGroup() as group:
        waiting = group.create_task(second.__aenter__())
        await asyncio.sleep(0)
        waiting.cancel()
    async with asyncio.timeout(10):
        assert await free(intake)
        async with await intake.read(request(bytes(2 * LARGE)), MASTER) as body:
            assert body.size == 2 * LARGE


@pytest.mark.parametrize("at", [None, 10, 2 * HEAD])
@pytest.mark.parametrize("grant", [None, MASTER])
async def test_a_body_that_is_cancelled_while_it_arrives_keeps_nothing(
    grant: Grant | None, at: int | None
) -> None:
    intake = Intake(LIMIT)
    for size in (10, HEAD + 1, 3 * HEAD, 2 * LARGE):
        content = request(bytes(size), is_whole=False)
        async with asyncio.TaskGroup() as group:
            reading = group.create_task(intake.read(content, grant, Found(at)))
            await asyncio.sleep(0.01)
            reading.cancel()
        async with asyncio.timeout(10):
            assert await free(intake)


async def test_a_strangers_body_is_read_until_its_token_is_found() -> None:
    intake = Intake(LIMIT)
    for at in (0, HEAD, 5 * HEAD, 2 * LARGE - 1):
        async with await intake.read(request(bytes(2 * LARGE)), None, Found(at)) as body:
            assert body.size == 2 * LARGE
    with pytest.raises(Forbidden):
        await intake.read(request(bytes(2 * LARGE)), None, Found(None))
    assert await free(intake)


async def test_strangers_have_a_place_for_each_address_and_few_altogether() -> None:
    strangers = Strangers()
    entered: list[str] = []
    let_go = asyncio.Event()

    async def enter(address: str) -> None:
        async with strangers.place(address):
            entered.append(address)
            await let_go.wait()

    async with asyncio.TaskGroup() as group, strangers.place("a"):
        for address in ("a", *"bcdefg"):
            group.create_task(enter(address))
        await asyncio.sleep(0.01)
        assert entered == list("bcd")
        assert len(entered) == PLACES - 1
        let_go.set()
        await asyncio.sleep(0.01)
        assert entered == list("bcdefg"), "the other of a waits for the first"
        waiting = [group.create_task(enter("a")) for _ in range(MAX_WAITING - 2)]
        await asyncio.sleep(0.01)
        with pytest.raises(Busy):
            await strangers.place("a").__aenter__()
        for task in waiting:
            task.cancel()
    assert entered == list("bcdefga")
