"""Bodies that were made to keep others waiting, or to fill the memory."""

import asyncio
import gzip
import json
from base64 import b64encode
from collections.abc import AsyncGenerator, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from urllib.parse import urlencode

import httpx2
import pybase64
import pytest

from tests.attacks.measure import MEMORY, STANDSTILL, least_cost
from tests.bot import TOKEN, Bot, running, until
from tests.dialects import jpeg

MAX_BODY = 20 * 2**20
"""REPORT_MAX_BODY."""
PLAIN = 8 * 2**20
"""As large as JSON may be without a picture."""
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
PARTS = "multipart/form-data; boundary=B"
SHOT = jpeg()


async def send(bot: Bot, body: bytes, kind: str = JSON, token: str | None = TOKEN) -> int:
    """One push with the token in the URL, if there is one."""
    async with bot.client(None) as client:
        query = {"token": token} if token else {}
        headers = {"Content-Type": kind}
        answer = await client.post("", params=query, content=body, headers=headers)
    return answer.status_code


def filled(text: bytes, size: int = MAX_BODY) -> bytes:
    """A body as large as it may be, of which nothing arrives but a word."""
    start, end = b'{"content":"x","pad":', b"}"
    room = size - len(start) - len(end)
    return start + text[:1] + text[1:-1] * ((room - 2) // len(text[1:-1])) + text[-1:] + end


def parts(*contents: bytes) -> bytes:
    """A form of several files."""
    head = b'--B\r\nContent-Disposition: form-data; name="a"; filename="b"\r\n\r\n'
    return b"".join(head + one + b"\r\n" for one in contents) + b"--B--\r\n"


APPRISE = b"<?xml version='1.0'?><a><Notification><Message>x</Message>"
ATTACHED = b'<Attachment filename="a" mimetype="image/png">'
BODIES = {
    "a slow charset": (b"a" * 250_000, "text/plain; charset=punycode", 200),
    "a charset that only raises": (b"a", "text/plain; charset=undefined", 200),
    "another": ("例え".encode(), "text/plain; charset=idna", 200),
    "a charset in the words of RFC 2231": (
        b"a",
        f"text/plain; charset*=punycode''{'a' * 15_000}",
        200,
    ),
    "many lists": (b"[" + b"[]," * (MAX_BODY // 3 - 2) + b"[]]", JSON, 422),
    "many numbers": (filled(b"[" + b"1," + b"]"), JSON, 422),
    "a long text of commas": (filled(b'","'), JSON, 200),
    "a long text of quotes": (filled(b'"' + rb"\"" + b'"'), JSON, 422),
    "a long number": (b'{"content":' + b"1" * (MAX_BODY - 12) + b"}", JSON, 422),
    "nothing but quotes": (b'"' * MAX_BODY, JSON, 422),
    "UTF-16": (filled(b'"x"').decode().encode("utf-16-le")[:MAX_BODY], JSON, 422),
    "one wide character": (filled(b'"x"')[:-8] + '😀"}'.encode(), JSON, 200),
    "and half of one": (filled(b'"x"')[:-20] + '😀\\ud800"}'.encode(), JSON, 200),
    "halves that are escaped": (b'{"content":"' + rb"\ud800" * 170_000 + b'"}', JSON, 200),
    "as many in a longer one": (
        b'{"content":"' + (rb"\ud800" + b"x" * 11) * (PLAIN // 17 - 2) + b'"}',
        JSON,
        200,
    ),
    "halves in UTF-8": (b'{"content":"' + b"\xed\xa0\x80" * 690_000 + b'"}', JSON, 200),
    "both of each": (b'{"content":"' + b"\xed\xa0\xbd\xed\xb8\x80" * 340_000 + b'"}', JSON, 200),
    "halves outside of strings": (b'{"a":' + b"\xed\xa0\x80" * 340_000 + b"}", JSON, 200),
    "one that is escaped": (filled(b'"x"')[:-14] + b'\\ud83d\\ude00"}', JSON, 200),
    "a quote too many": (filled(b'"x"')[:-5] + b'"xx"}', JSON, 200),
    "space behind a quote": (filled(b'"" "', PLAIN), JSON, 200),
    "brackets behind one": (filled(b'""}"', PLAIN), JSON, 200),
    "backslashes": (filled(rb'"\\"', PLAIN)[:-3] + b'\\"}', JSON, 200),
    "quotes that are escaped": (filled(b'"' + rb"\"" + b'"', PLAIN), JSON, 200),
    "a form of escapes": (b"content=" + b"%41" * (MAX_BODY // 3 - 3), FORM, 200),
    "a form of percent signs": (b"content=" + b"%" * (MAX_BODY - 9), FORM, 200),
    "a form of wrong escapes": (b"content=" + b"%zz" * (MAX_BODY // 3 - 3), FORM, 200),
    "a form of a picture": (b"image=" + b"iVBORw0K%2F%2B" * (MAX_BODY // 14 - 1), FORM, 200),
    "a form of line ends": (parts(b"\r\n--" * ((MAX_BODY - 200) // 4)), PARTS, 200),
    "a form of empty parts": (parts(b"") * (MAX_BODY // 100), PARTS, 422),
    "a form of a hundred pictures": (parts(*[SHOT + bytes(200_000)] * 98), PARTS, 200),
    "a form of one picture": (parts(SHOT + bytes(MAX_BODY - 2000)), PARTS, 200),
    "a picture": (SHOT + bytes(MAX_BODY - 2000), "image/jpeg", 200),
    "Apprise's XML of one file": (
        APPRISE + ATTACHED + b"A" * (MAX_BODY - 200) + b"</Attachment>",
        "application/xml",
        200,
    ),
    "Apprise's XML of beginnings": (
        (APPRISE + b"<a>" * MAX_BODY)[: MAX_BODY // 2] + ATTACHED * (MAX_BODY // 100),
        "application/xml",
        200,
    ),
    "Apprise's JSON of one file": (
        b'{"version":"1.0","message":"x","type":"info","attachments":[{"mimetype":"image/png",'
        b'"base64":"' + b"A" * (MAX_BODY - 200) + b'"}]}',
        JSON,
        200,
    ),
    "JSON in UTF-16 without a label": (
        ('\ufeff{"content":"' + "x" * (MAX_BODY // 2 - 20) + '"}').encode("utf-16-le"),
        FORM,
        200,
    ),
    "Markdown of pictures that end nowhere": (b"![" * 32_000, "text/markdown", 200),
    "Markdown of lists": (b"- a\n" * 16_000, "text/markdown", 200),
    "Markdown of a table": (b"|a|b\n|-|-\n" + b"|a|b\n" * 12_000, "text/markdown", 200),
    "HTML of rows": (b"<tr><td>a" * 7_000, "text/html", 200),
    "HTML of elements that end nowhere": (b"<p>" + b"<a " * 21_000, "text/html", 200),
    "HTML of comments that end nowhere": (b"<p>a" + b"<!--" * 16_000, "text/html", 200),
    "a tool's words without an end": (
        json.dumps({"title": "AUTO-MAS 敬上", "content": "任务已全部完成！\n" * 7_000}).encode(),
        JSON,
        200,
    ),
    "a trace without an end": (
        json.dumps({"content": "Traceback (most recent call last):\n  x\n" * 1_600}).encode(),
        JSON,
        200,
    ),
    "a picture in a text that is none": (
        b'{"image":"' + b"A" * (MAX_BODY - 99) + b'","content":"a "b""}',
        JSON,
        200,
    ),
}


@pytest.fixture
async def bot(tmp_path: Path) -> AsyncGenerator[Bot]:
    async with running(tmp_path, settings={"log_level": "INFO"}) as started:
        yield started


async def test_no_body_keeps_others_waiting_or_fills_the_memory(bot: Bot) -> None:
    for name, (body, kind, expected) in BODIES.items():
        cost = await least_cost(bot, partial(pushed, bot, body, kind, expected))
        assert cost.waited <= STANDSTILL, name
        assert cost.memory <= MEMORY + MAX_BODY, name


async def pushed(bot: Bot, body: bytes, kind: str, expected: int) -> None:
    """One push, answered as it should be."""
    assert await send(bot, body, kind) == expected


SMALL = {
    "a form of percent signs": (b"content=" + b"%" * 60_000, FORM),
    "halves in UTF-8": (b'{"content":"' + b"\xed\xa0\x80" * 21_000 + b'"}', JSON),
    "backslashes in broken JSON": (
        b'{"k": "' + (b"\\" * 63 + b'","k": "}') * 450 + b'"}',
        JSON,
    ),
    "quotes in broken JSON": (b'{"' + b',":\\' * 6_000 + b'"}', JSON),
    "objects in data": (b'{"content":"x","data":[' + b'{"a":"b"},' * 6_000 + b"1]}", JSON),
    "parts of long headers": (
        parts(b"x").replace(b'name="a"', b'name="a"' + b"; a*=%41" * 450),
        PARTS,
    ),
}


async def test_many_small_bodies_at_once_keep_nobody_waiting(bot: Bot) -> None:
    for name, (body, kind) in SMALL.items():

        async def attack(body: bytes = body, kind: str = kind) -> None:
            statuses = await asyncio.gather(*(send(bot, body, kind) for _ in range(32)))
            assert set(statuses) <= {200, 422}

        assert (await least_cost(bot, attack)).waited <= STANDSTILL, name


async def test_a_onebot_form_is_in_memory_no_more_often_than_another(bot: Bot) -> None:
    picture = pybase64.b64encode(SHOT + bytes(14 * 2**20)).decode()
    message = json.dumps([{"type": "image", "data": {"file": f"base64://{picture}"}}])
    body = urlencode({"user_id": 10001, "message": message.replace(" ", "")}).encode()

    async def attack() -> None:
        async with bot.client() as client:
            answer = await client.post(
                "/onebot/send_msg", content=body, headers={"Content-Type": FORM}
            )
        assert answer.status_code == 200, answer.text

    cost = await least_cost(bot, attack)
    assert cost.memory <= MEMORY + MAX_BODY
    assert cost.waited <= STANDSTILL


def zipped() -> dict[str, tuple[bytes, str, int]]:
    return {
        "one that fits": (gzip.compress(bytes(MAX_BODY // 2), 1), "text/plain", 415),
        "words that fit": (gzip.compress(b"x" * (MAX_BODY - 1), 1), "text/plain", 200),
        "ten times the limit": (gzip.compress(bytes(MAX_BODY * 10), 1), "text/plain", 413),
        "a form": (gzip.compress(parts(SHOT + bytes(MAX_BODY - 2000)), 1), PARTS, 200),
        "empty blocks": (gzip.compress(b"") * 10_000, "text/plain", 422),
    }


async def test_no_zip_bomb_costs_more_than_a_body(bot: Bot) -> None:
    for name, (body, kind, expected) in zipped().items():

        async def pushed(body: bytes = body, kind: str = kind, expected: int = expected) -> None:
            headers = {"Content-Type": kind, "Content-Encoding": "gzip"}
            async with bot.client() as client:
                answer = await client.post("", content=body, headers=headers)
            assert answer.status_code == expected, answer.text

        cost = await least_cost(bot, pushed)
        assert cost.waited <= STANDSTILL, name
        assert cost.memory <= MEMORY + MAX_BODY, name


async def test_twenty_large_bodies_at_once_are_all_answered(bot: Bot) -> None:
    body = filled(b'"x"', PLAIN)

    async def slowly() -> AsyncGenerator[bytes]:
        for start in range(0, PLAIN, PLAIN // 20):
            yield body[start : start + PLAIN // 20]
            await asyncio.sleep(0.02)

    async def push(number: int) -> int:
        async with httpx2.AsyncClient(trust_env=False, timeout=60) as client:
            content = slowly() if number % 2 else body
            answer = await client.post(
                bot.url, params={"token": TOKEN}, content=content, headers={"Content-Type": JSON}
            )
        return answer.status_code

    async def attack() -> None:
        assert await asyncio.gather(*(push(number) for number in range(20))) == [200] * 20

    cost = await least_cost(bot, attack)
    assert cost.waited <= STANDSTILL
    assert cost.memory <= MEMORY + MAX_BODY


async def test_of_a_strangers_body_nothing_is_read_as_json(bot: Bot) -> None:
    body = b'{"data":' + b"[" + b"[]," * 20_000 + b"[]]}"

    async def attack() -> None:
        statuses = await asyncio.gather(*(send(bot, body[:60_000], token=None) for _ in range(60)))
        assert set(statuses) == {403}

    cost = await least_cost(bot, attack)
    assert cost.waited <= STANDSTILL
    assert await send(bot, body, token=None) == 403


SHOTS = b64encode(SHOT + bytes(2**20))
BEHIND: dict[str, tuple[bytes, str]] = {
    "JSON": (
        b'{"screenshot": "%b", "content": "x", "data": {"token": "another"}, "token": "%b"}', JSON
    ),
    "a form": (b"screenshot=%b&content=x&token=%b", FORM),
    "parts": (
        b'--B\r\nContent-Disposition: form-data; name="a"; filename="b"\r\n\r\n%b\r\n--B\r\n'
        b'Content-Disposition: form-data; name="token"\r\n\r\n%b\r\n--B--\r\n',
        PARTS,
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", BEHIND)
async def test_a_token_behind_a_screenshot_is_found(bot: Bot, kind: str) -> None:
    body, media = BEHIND[kind]
    shot = SHOT + bytes(2**20) if kind == "parts" else SHOTS
    for token, expected in ((TOKEN, 200), (f" {TOKEN}", 200), ("wrong", 403)):
        written = token.replace(" ", "+") if media == FORM else token
        content = body % (shot, written.encode())
        assert await send(bot, content, media, token=None) == expected, token
    assert await send(bot, (body % (shot, b""))[:-20], media, token=None) in (403, 422)


async def test_strangers_bodies_are_read_on_one_at_a_time_for_each_address(bot: Bot) -> None:
    """What was begun first and never ends keeps its place; what is behind it is read when it goes.
    A right token beside the body waits for nobody."""
    body, media = BEHIND["JSON"]
    content = body % (SHOTS, TOKEN.encode())
    _, writer = await asyncio.open_connection("127.0.0.1", bot.port)
    head = f"POST /report HTTP/1.1\r\nHost: x\r\nContent-Type: {JSON}\r\n"
    writer.write(f"{head}Content-Length: {len(content)}\r\n\r\n".encode() + content[: 2**19])
    await writer.drain()

    async def reads() -> bool:
        return await send(bot, b'{"content": "x"}') == 200 and bot.process is not None and any(
            "(deleted)" in str(link.readlink()) for link in open_files(bot.process.pid)
        )  # fmt: skip

    await until(reads)
    async with asyncio.TaskGroup() as group:
        second = group.create_task(send(bot, content, media, token=None))
        assert await send(bot, content, media) == 200
        assert not second.done()
        writer.close()
    assert second.result() == 200


def open_files(pid: int) -> Iterator[Path]:
    for link in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(OSError):
            link.readlink()
            yield link


async def test_a_stranger_who_shows_no_token_gets_the_mend(bot: Bot) -> None:
    async with bot.client(None) as client:
        answer = await client.post("", json={"content": "x" * 100_000})
    assert answer.status_code == 403
    assert "?token=" in answer.json()["error"]


async def test_strange_requests_are_answered(bot: Bot) -> None:
    async with bot.client() as client:
        long = await client.post("?" + "a&" * 30_000, json={"content": "x"})
        assert long.status_code == 422
        assert (await client.get("/" + "x" * 60_000)).status_code == 422
        assert (await client.get("/%00")).status_code == 404
        keyed = await client.post("", json={"content": "x"}, headers={"Idempotency-Key": "x" * 999})
        assert keyed.status_code == 422
    assert "Traceback" not in bot.log
