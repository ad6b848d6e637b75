"""Numbers and dates of services are read in one place, and none of them can do harm."""

import asyncio
import tracemalloc
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nonebot_plugin_report.errors import ConfigError
from nonebot_plugin_report.model.delivery import Delivered, NotSent
from nonebot_plugin_report.senders import load
from nonebot_plugin_report.senders.http import MAX_RETRY_AFTER, Answer, judge_code, seconds_of

from .server import Reply, Request, Server
from .service import channel, make_delivery
from .test_qqbot import SERVICE as QQBOT

ODD = [
    "inf", "-inf", "nan", "1e400", "9" * 5000, "", " ", "soon", "0x10", "--1",
    "Wed, 21 Oct 99999999999 07:28:00 GMT", "Wed, 21 Oct 0 07:28:00 GMT",
    "Fri, 31 Dec 9999 23:59:59 -9999", "Wed, 21 Oct 2015 07:28:00", "Mon, 99 Foo 2015 99:99:99 GMT",
    "Sat, 01 Jan 0001 00:00:00 +2359", "Wed, 21 Oct 2015 07:28:00 +99999999999999",
    "1 Jan " + "9" * 5000 + " 00:00 GMT", "1 Jan 2030 00:00:00." + "9" * 400 + " GMT",
]  # fmt: skip


def retry_after(value: str) -> float | None:
    return Answer(429, {"retry-after": value}, None).retry_after


@pytest.mark.parametrize("value", ODD, ids=lambda value: value[:40])
def test_an_odd_retry_after_is_none_or_within_bounds(value: str) -> None:
    wait = retry_after(value)
    assert wait is None or 0 <= wait <= MAX_RETRY_AFTER


@pytest.mark.parametrize(("value", "wait"), [
    ("77", 77), (" 1.5 ", 1.5), ("-5", 0), ("-0", 0), ("1e9", MAX_RETRY_AFTER),
    ("123456789012345678901234567890", MAX_RETRY_AFTER),
    ("Wed, 21 Oct 2015 07:28:00 GMT", 0), ("Fri, 31 Dec 9999 23:59:59 GMT", MAX_RETRY_AFTER),
])  # fmt: skip
def test_what_a_retry_after_says(value: str, wait: float) -> None:
    assert retry_after(value) == wait


def test_a_date_is_counted_from_now() -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=100), usegmt=True)
    wait = retry_after(date)
    assert wait is not None
    assert 90 < wait <= 100


@given(st.text(max_size=60) | st.from_regex(
    r"\A(Mon, )?-?\d{1,12} (Jan|Dec) -?\d{1,20} \d{1,12}:\d{1,12}(:\d{1,12})? [+-]?\d{0,20}(GMT)?\Z"
))  # fmt: skip
def test_no_retry_after_is_an_error(value: str) -> None:
    wait = retry_after(value)
    assert wait is None or 0 <= wait <= MAX_RETRY_AFTER


@pytest.mark.parametrize(
    "value", [None, True, [], {}, 10**400, float("inf"), float("nan"), "²", "9" * 5000, "0x1"]
)
def test_what_is_no_number_of_seconds(value: Any) -> None:
    assert seconds_of(value) is None


def test_true_and_false_are_no_codes() -> None:
    for code in (True, False):
        answer = Answer(200, {}, {"code": code})
        outcome = judge_code(answer, code, "", success=(0, 1), fixes={}, waits={})
        assert isinstance(outcome, NotSent)


@pytest.mark.parametrize("lifetime", ["9" * 4000, "inf", "²", -5, 2**63, "", "0x10"])
async def test_a_token_of_any_lifetime_is_used(lifetime: object) -> None:
    def answer(request: Request) -> Reply:
        assert QQBOT.answer is not None
        reply = QQBOT.answer(request)
        if "access_token" in (reply.json or {}):
            return Reply(json=reply.json | {"expires_in": lifetime})
        return reply

    async with (
        Server(answer) as server,
        channel("qqbot", **QQBOT.settings(server.url)) as qqbot,
    ):
        assert await qqbot.send(make_delivery()) == Delivered()


async def test_an_answer_that_is_packed_is_not_unpacked() -> None:
    import gzip

    from .test_gotify import SERVICE as GOTIFY

    packed = gzip.compress(b'{"id": 1, "x": "' + b"x" * 200_000_000 + b'"}', 1)
    reply = Reply(body=packed, headers={"content-encoding": "gzip"})
    requests: list[Request] = []

    def answer(request: Request) -> Reply:
        requests.append(request)
        return reply

    async with (
        Server(answer) as server,
        channel("gotify", **GOTIFY.settings(server.url)) as gotify,
    ):
        tracemalloc.start()
        outcome = await gotify.send(make_delivery())
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert most < 20_000_000
    assert isinstance(outcome, NotSent)
    assert requests[0].headers["accept-encoding"] == "identity"


@asynccontextmanager
async def socks_proxy(port: int) -> AsyncGenerator[tuple[str, list[bytes]]]:
    """A SOCKS 5 proxy (RFC 1928) for one connection, which leads every name to a port here."""
    asked: list[bytes] = []
    served = asyncio.Event()

    async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        while data := await source.read(65536):
            sink.write(data)
        sink.close()
        await sink.wait_closed()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        _, methods = await reader.readexactly(2)
        await reader.readexactly(methods)
        writer.write(b"\x05\x00")
        assert await reader.readexactly(4) == b"\x05\x01\x00\x03"
        asked.append(await reader.readexactly((await reader.readexactly(1))[0]))
        await reader.readexactly(2)
        there, back = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"\x05\x00\x00\x01" + bytes(6))
        await asyncio.gather(pump(reader, back), pump(there, writer))
        served.set()

    proxy = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"socks5://127.0.0.1:{proxy.sockets[0].getsockname()[1]}", asked
        await served.wait()
    finally:
        proxy.close()


async def test_a_service_is_reached_by_a_socks_proxy() -> None:
    async with Server(lambda _: Reply()) as server, socks_proxy(server.port) as (proxy, asked):
        async with channel("webhook", url="http://abroad.example/x", proxy=proxy) as webhook:
            assert await webhook.send(make_delivery()) == Delivered()
        assert asked == [b"abroad.example"]
        assert server.requests[0].path == "/x"


@pytest.mark.parametrize("proxy", ["127.0.0.1:10808", "socks4://127.0.0.1:1", "socks5:10808"])
def test_what_is_no_proxy_is_named_and_not_repeated(proxy: str) -> None:
    with pytest.raises(ConfigError, match="proxy：应为 http:// 或 socks5:// 开头") as refused:
        load({"type": "webhook", "url": "http://127.0.0.1/", "proxy": proxy})
    assert proxy not in str(refused.value)
