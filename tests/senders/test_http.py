"""Numbers and dates of services are read in one place, and none of them can do harm."""

import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nonebot_plugin_report.model.delivery import Delivered, NotSent
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
        begun = time.process_time()
        outcome = await gotify.send(make_delivery())
        assert time.process_time() - begun < 0.1
    assert isinstance(outcome, NotSent)
    assert requests[0].headers["accept-encoding"] == "identity"
