"""What any program may send to the page's addresses, rather than a browser."""

import asyncio
import signal
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nonebot_plugin_report.web.page.door import (
    COOKIE,
    MAX_BODY,
    MAX_COOKIES,
    MAX_LOGIN,
    MAX_QUERY,
    MAX_QUERY_FIELDS,
)
from tests.bot import TOKEN, Bot, running

from .test_door import CHANGES, READS, cookie_of, enter, visitor

pytestmark = pytest.mark.asyncio(loop_scope="module")

POSTS = [path for method, path in CHANGES if method == "POST"]
DAYS = [
    "1969-12-31", "1970-01-01", "1970-01-02", "0001-01-01", "0202-11-27", "2999-12-31",
    "3000-01-01", "9999-12-31", "20261127", "2026-W48-5",
]  # fmt: skip


def head_of(bot: Bot, method: str, path: str, **headers: str) -> bytes:
    """A request up to its body."""
    lines = {"Host": f"127.0.0.1:{bot.port}", **headers}
    written = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"{method} /report/page{path} HTTP/1.1\r\n{written}\r\n".encode()


async def status_of(bot: Bot, request: bytes) -> int:
    """The status by which bytes are answered."""
    reader, writer = await asyncio.open_connection("127.0.0.1", bot.port)
    try:
        writer.write(request)
        return int((await reader.readline()).split()[1])
    finally:
        writer.close()


async def hang_up(bot: Bot, path: str, cookie: str) -> None:
    """Begin a POST of the page's own, and leave in the midst of its body."""
    _, writer = await asyncio.open_connection("127.0.0.1", bot.port)
    head = head_of(
        bot, "POST", path, **{"Content-Length": "100"}, Origin=f"http://127.0.0.1:{bot.port}",
        Cookie=f"{COOKIE}_{bot.port}={cookie}",
    )  # fmt: skip
    writer.write(head + b'{"token": ')
    await writer.drain()
    writer.close()
    await writer.wait_closed()


async def test_who_hangs_up_in_a_post_is_no_fault_and_no_attempt(tmp_path: Path) -> None:
    async with running(tmp_path) as bot:
        cookie = cookie_of(await enter(bot, token=TOKEN))
        pushed = await bot.push(content="x")
        for path in POSTS * 4:
            await hang_up(bot, path.format(id=pushed["id"]), cookie)
        assert (await enter(bot, token="wrong")).status_code == 403, "the first attempt"
        await bot.end(signal.SIGTERM)
        assert "Traceback" not in bot.log
        assert "登录了网页" in bot.log


async def test_a_body_is_read_up_to_a_bound(bot: Bot) -> None:
    long, longer = "x" * (MAX_LOGIN - 100), "x" * MAX_LOGIN
    assert (await enter(bot, token=long)).status_code in (403, 429)
    assert (await enter(bot, token=longer)).status_code == 413
    async with visitor(bot, cookie_of(await enter(bot, token=TOKEN))) as client:
        assert (await client.post("/rules", json={"rules": longer})).status_code == 200
        assert (await client.post("/rules", json={"rules": "x" * MAX_BODY})).status_code == 413


async def test_a_query_and_cookies_are_read_up_to_a_bound(bot: Bot) -> None:
    cookie = cookie_of(await enter(bot, token=TOKEN))
    async with visitor(bot, cookie) as client:
        for query, status in (
            ("x" * MAX_QUERY, 200), ("x" * MAX_QUERY + "x", 422),
            ("&" * (MAX_QUERY_FIELDS - 1), 200), ("&" * MAX_QUERY_FIELDS, 422),
        ):  # fmt: skip
            assert (await client.get(f"/me?{query}")).status_code == status, len(query)
    own = f"{COOKIE}_{bot.port}={cookie}"
    for before, status in (("a=b; c; ", 200), ("x" * MAX_COOKIES + "; ", 401)):
        request = head_of(bot, "GET", "/me", Cookie=before + own)
        assert await status_of(bot, request) == status
    other = head_of(bot, "GET", "/me", Cookie=f"{own}; {COOKIE}_{bot.port}={'x' * 32}")
    assert await status_of(bot, other) == 200, "another path's cookie comes behind ours"


@pytest.mark.parametrize("day", DAYS)
async def test_a_day_on_which_nothing_can_have_come_shows_nothing(bot: Bot, day: str) -> None:
    await bot.push(content="x")
    async with visitor(bot, cookie_of(await enter(bot, token=TOKEN))) as client:
        answer = await client.get("/reports", params={"day": day})
        assert (answer.status_code, answer.json()["reports"]) == (200, [])
        assert (await client.get("/reports.csv", params={"day": day})).status_code == 200


_WORDS = st.text(max_size=40) | st.sampled_from(
    [*DAYS, "private:10001", "channel:x", "0" * 20, "z" * 20, "-1", "1e999", "nan", "\ud7ff", "\0"]
)
_VALUES = st.recursive(
    _WORDS
    | st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_WORDS, inner, max_size=3),
    max_leaves=6,
)
_FIELDS = [
    "words", "event", "result", "source", "target", "before", "day", "days", "after", "small",
]  # fmt: skip


async def test_nothing_that_is_sent_is_answered_as_a_fault_of_ours(bot: Bot) -> None:
    cookie = cookie_of(await enter(bot, token=TOKEN))
    pushed = await bot.push(content="x")
    sent: list[tuple[str, str, dict[str, str], Any]] = []
    paths = sorted({path.partition("?")[0] for path in [*READS, *(each for _, each in CHANGES)]})

    @settings(max_examples=60, database=None)
    @given(
        st.sampled_from(["GET", "HEAD", "POST", "DELETE", "PUT"]),
        st.sampled_from([*paths, "/live", "/static/{word}", "/sessions/{word}", "/reports/{word}",
                         "/reports/{id}/pictures/{word}"]),
        _WORDS,
        st.dictionaries(st.sampled_from(_FIELDS), _WORDS, max_size=4),
        st.dictionaries(
            st.sampled_from(["target", "targets", "seconds", "rules", "key", "token"]), _VALUES
        ),
    )  # fmt: skip
    def draw(method: str, path: str, word: str, query: dict[str, str], body: Any) -> None:
        # Of these the one ends the session, the other has no end.
        if path != "/session" and (path != "/live" or method != "GET"):
            named = path.format(id=pushed["id"], word=quote(word, safe=""))
            sent.append((method, named, query, body))

    draw()
    async with visitor(bot, cookie) as client:
        for method, path, query, body in sent:
            answer = await client.request(method, path, params=query, json=body)
            # An export has to wait until the one before has let go of its place.
            is_answered = answer.status_code < 500 or answer.status_code == 503
            assert is_answered, (method, path, query, body)


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "["}, {"Host": "[::1"}, {"Host": "\xff:80"}, {"Host": ""}, {"Host": "a:b:c"},
        {"Cookie": "\xff=;=;;"}, {"Origin": "http://["}, {"Last-Event-ID": "\xff"},
        {"Accept": "text/html\xff"}, {"If-None-Match": "\xff"}, {"User-Agent": "\xff" * 500},
    ],
)  # fmt: skip
@pytest.mark.parametrize("path", ["/me", "/session", "/static/app.js", "/", "/../"])
async def test_no_header_is_answered_as_a_fault_of_ours(
    bot: Bot, headers: dict[str, str], path: str
) -> None:
    for method in ("GET", "POST"):
        lines = {"Accept": "text/html", "Content-Length": "2", **headers}
        request = head_of(bot, method, path, **lines).decode().encode("latin-1") + b"{}"
        assert await status_of(bot, request) < 500
