"""Bodies are processed in turns that go from token to token."""

import asyncio
import threading

import pytest

from nonebot_plugin_report.errors import InvalidReport
from nonebot_plugin_report.sources.bodies.lift import ESCAPES
from nonebot_plugin_report.web.body import (
    HEAD,
    LARGE,
    MAX_PARTS,
    MAX_QUOTES,
    Body,
    Intake,
    has_many_parts,
)

PLAIN = b'{"image":"' + b"A" * HEAD + b'"}'


async def process(intake: Intake, content: bytes, owner: str, order: list[str]) -> bool:
    """Process a body; whether a thread did."""

    def job(_: bytearray) -> bool:
        order.append(owner)
        return threading.current_thread() is not threading.main_thread()

    body = Body(intake)
    await body.add(content, owner)
    async with body:
        return await body.work(job)


async def test_a_tokens_large_bodies_wait_for_themselves_and_not_others_for_them() -> None:
    intake, order = Intake(2 * LARGE), list[str]()
    content = bytes(LARGE + 1)
    async with asyncio.TaskGroup() as group, intake.alone.of("before"):
        for owner in ("a", "a", "a", "a", "b"):
            group.create_task(process(intake, content, owner, order))
        async with asyncio.timeout(10):
            while intake.alone.waiting < 5:
                await asyncio.sleep(0)
    assert "".join(order) in ("abaaa", "baaaa"), "they arrive in any order"
    assert (intake.in_memory, intake.in_files) == (0, 0)


MARKUP = (b"<", b"\0")
"""A short body with one of these may be HTML, in UTF-16 too, which goes to the thread."""


@pytest.mark.parametrize("mark", [b'"', b"%", b"&", b"<", b"\xed", b"\0"])
async def test_a_longer_body_of_many_parts_is_processed_in_the_thread(mark: bytes) -> None:
    intake = Intake(2 * LARGE)
    assert not await process(intake, PLAIN, "a", [])
    if mark not in MARKUP:
        assert not await process(intake, mark * MAX_QUOTES, "a", []), "it is short"
    assert await process(intake, PLAIN + mark * MAX_PARTS, "a", [])
    assert not has_many_parts(PLAIN.replace(b'"', b"") + mark * MAX_PARTS)


async def test_a_longer_body_of_more_escapes_than_a_picture_has_is_processed_in_the_thread() -> (
    None
):
    intake = Intake(2 * LARGE)
    picture = (b"A" * (2 * ESCAPES) + rb"\u002B") * (HEAD // ESCAPES)
    assert not await process(intake, picture, "a", [])
    assert await process(intake, rb"\ud800" * HEAD, "a", [])


@pytest.mark.parametrize("number", [MAX_QUOTES, MAX_QUOTES + 1])
async def test_a_short_body_of_many_quotes_is_processed_in_the_thread(number: int) -> None:
    intake = Intake(LARGE)
    for mark in (b'"', b"\xed\xa0\x80"):
        assert await process(intake, mark * number, "a", []) == (number > MAX_QUOTES)
    assert not await process(intake, b"%&;" * (HEAD // 3), "a", []), "these take little time"


async def test_who_leaves_while_their_body_waits_leaves_nothing_behind() -> None:
    intake = Intake(2 * LARGE)
    async with intake.alone.of("before"):
        task = asyncio.ensure_future(process(intake, bytes(LARGE + 1), "a", []))
        async with asyncio.timeout(10):
            while not intake.alone.waiting:
                await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert (intake.in_memory, intake.in_files) == (0, 0)


async def test_what_is_nested_deeper_than_it_can_be_read_is_refused() -> None:
    def nested(_: bytearray) -> None:
        raise RecursionError

    body = Body(Intake(LARGE), b"x", "a")
    async with body:
        with pytest.raises(InvalidReport, match="嵌套"):
            await body.work(nested)


async def test_a_short_body_with_marks_of_markdown_or_html_is_processed_in_the_thread() -> None:
    intake = Intake(LARGE)
    for words in (b"**done** [log](https://a.example)", b"<p>done</p>", rb"\u003cp>"):
        assert await process(intake, words, "a", [])
    assert not await process(intake, b'{"event": "domain.end", "message": "3*4 #1"}', "a", [])
