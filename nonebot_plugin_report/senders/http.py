"""The one place where HTTP is spoken to a channel, and where its failures become outcomes.

Imported by channels that are configured, so that a bot without any does not pay for the client.
"""

import asyncio
import logging
import math
from collections.abc import Callable, Container, Iterable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final, cast

import httpx2
import orjson

from ..model.delivery import Delivered, NotSent, Outcome, Rejected, Unknown
from .outcomes import delivered, said
from .pace import Pace
from .redact import Redactor

CONNECT_SECONDS: Final = 10.0
EXCHANGE_SECONDS: Final = 120.0
"""For all of a request and its answer."""
MAX_ANSWER: Final = 256 * 1024
"""Bytes of an answer that are read."""
MAX_RETRY_AFTER: Final = 86400.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What a service answered."""

    status: int
    headers: Mapping[str, str]
    body: object
    """Its JSON without the channel's secrets, or None where it is no JSON."""

    @property
    def fields(self) -> dict[str, Any]:
        """The JSON object, or an empty one where it is none."""
        body = self.body
        return cast("dict[str, Any]", body) if isinstance(body, dict) else {}

    @property
    def succeeded(self) -> bool:
        """The status says so; what the body says is the channel's to know."""
        return 200 <= self.status < 300

    @property
    def retry_after(self) -> float | None:
        """Seconds of the Retry-After header (RFC 9110 section 10.2.3)."""
        value = self.headers.get("retry-after", "").strip()
        wait = seconds_of(value)
        return _until(value) if wait is None else wait


Verdict = Callable[[Answer], Outcome | None]
"""What a channel makes of an answer; None: the status decides. Must be pure."""


def seconds_of(value: object, most: float = MAX_RETRY_AFTER) -> float | None:
    """Seconds that a service names, between none and `most`, or None where that is no number.

    Every wait and every lifetime of a service's is read here.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        seconds = float(value)
    except (ValueError, OverflowError):
        return None
    return min(max(seconds, 0.0), most) if math.isfinite(seconds) else None


def _until(date: str) -> float | None:
    """Seconds until a moment (RFC 9110, "HTTP-date")."""
    try:
        at = parsedate_to_datetime(date)
        seconds = (at - datetime.now(UTC)).total_seconds()
    except (ValueError, TypeError, OverflowError):  # no date, none with a zone, or of no calendar
        return None
    return seconds_of(seconds)


def judge_status(answer: Answer) -> Outcome:
    """What an HTTP status means, for a service that says no more."""
    status, wait = answer.status, answer.retry_after
    match status:
        case _ if answer.succeeded:
            return Delivered()
        case 429:
            return NotSent("发送太快，服务要求稍后再发（HTTP 429）", wait)
        case 408 | 425:
            return NotSent(f"服务要求重新发送（HTTP {status}）", wait)
        case _ if status >= 500:
            return NotSent(f"服务出错（HTTP {status}）", wait)
        case _ if 300 <= status < 400:
            return Rejected(f"服务要求跳转到别的地址（HTTP {status}），没有跟随；检查地址")
        case 401 | 403:
            return Rejected(f"没有权限（HTTP {status}），检查密钥或令牌")
        case 404 | 410:
            return Rejected(f"地址不存在（HTTP {status}），检查地址和密钥")
        case 413:
            return Rejected("内容太大（HTTP 413）")
        case _:
            return Rejected(f"服务拒绝了请求（HTTP {status}）")


def judge_code(
    answer: Answer,
    code: object,
    words: object,
    *,
    success: Container[int] = (0,),
    mends: Mapping[int, str],
    waits: Mapping[int, float],
) -> Outcome:
    """What an answer means, of a service that writes a code into its body.

    Args:
        answer: its answer.
        code: the code in it, of whatever type.
        words: what it says beside the code.
        success: the codes of a success.
        mends: what the user can do (Chinese) about each code that is final.
        waits: codes of "too fast", and the seconds to wait where the answer names none.
    """
    if isinstance(code, bool) or not isinstance(code, int):
        status = judge_status(answer)
        if not isinstance(status, Delivered):
            return status
        return NotSent("回答不是这种服务的格式，检查地址", answered=True)
    if code in mends:
        return Rejected(mends[code])
    if code in waits:
        return NotSent("发送太快，服务要求稍后再发", answer.retry_after or waits[code])
    if not answer.succeeded:
        return judge_status(answer)
    if code in success:
        return Delivered()
    return NotSent(f"没有成功（{f'{code} {said(words)}'.strip()}）", answered=True)


class Client:
    """One channel's way to its service. The connections below are shared."""

    def __init__(self, pool: httpx2.AsyncClient, pace: Pace, redactor: Redactor) -> None:
        self._pool = pool
        self._pace = pace
        self._redactor = redactor

    async def post(
        self,
        url: str,
        *,
        verdict: Verdict,
        notes: Iterable[str] = (),
        method: str = "POST",
        **content: Any,
    ) -> Outcome:
        """Send a message, in the channel's pace.

        Args:
            url: the address, secrets included: it goes nowhere else.
            verdict: what the answer means.
            notes: what was left out of the message, told where it arrives; empty ones say nothing.
            method: the HTTP method.
            content: httpx2's `json`, `data`, `files`, `content`, `params`, `headers`, `auth`.
        """
        await self._pace.turn()
        answer = await self._exchange(method, url, content)
        if not isinstance(answer, Answer):
            return answer
        outcome = verdict(answer) or judge_status(answer)
        return delivered(outcome.note, *notes) if isinstance(outcome, Delivered) else outcome

    async def fetch(
        self, url: str, *, method: str = "POST", **content: Any
    ) -> Answer | NotSent | Rejected:
        """A request before the message itself: a token, an upload. It counts for no pace.

        Any answer is given back, whatever its status; where none came, nothing was sent yet.
        """
        answer = await self._exchange(method, url, content)
        return NotSent(answer.reason) if isinstance(answer, Unknown) else answer

    async def _exchange(
        self, method: str, url: str, content: dict[str, Any]
    ) -> Answer | NotSent | Rejected | Unknown:
        if "json" in content:  # a large picture in it takes the client's own writer too long
            content["content"] = orjson.dumps(content.pop("json"))
            content["headers"] = {"Content-Type": "application/json", **content.get("headers", {})}
        hush = _ours.set(True)
        try:
            async with (
                asyncio.timeout(EXCHANGE_SECONDS),
                self._pool.stream(method, url, **content) as response,
            ):
                body = self._redactor.answer(await _read(response))
                return Answer(response.status_code, response.headers, body)
        except (httpx2.HTTPError, httpx2.InvalidURL, TimeoutError, ValueError) as error:
            return _judge(error)
        finally:
            _ours.reset(hush)


async def _read(response: httpx2.Response) -> object:
    body = bytearray()
    # As it came: what is compressed, although we ask for none of that, inflates without a bound.
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) > MAX_ANSWER:
            return None
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return None


def _judge(error: Exception) -> NotSent | Rejected | Unknown:
    """What httpx2's exceptions mean for a message. Their texts may hold the address: not used."""
    match error:
        case httpx2.ProxyError():
            return NotSent("代理拒绝了连接；检查 proxy")
        case httpx2.ConnectError() if "CERTIFICATE" in str(error).upper():
            return NotSent("服务的证书不可信；检查地址和本机时间")
        case httpx2.ConnectError() | httpx2.ConnectTimeout() | httpx2.PoolTimeout():
            return NotSent("连不上服务；检查网络、地址和代理")
        case httpx2.InvalidURL() | httpx2.UnsupportedProtocol() | httpx2.LocalProtocolError():
            return Rejected("地址或密钥里有不能发送的字符")
        case UnicodeError():  # a header that is no ASCII
            return Rejected("密钥里有不能发送的字符")
        case httpx2.TimeoutException() | TimeoutError():
            return Unknown("服务没有在时限内回答")
        case _:
            return Unknown("连接在回答之前断开了")


def open_pool(proxy: str | None, answer_seconds: float) -> httpx2.AsyncClient:
    """Connections that many channels share.

    Redirects are not followed: they would take credentials elsewhere. The environment's proxies
    are not used: each channel has a setting, and a service in the local network needs none.

    Args:
        proxy: its address, or None.
        answer_seconds: how long a service may be silent.
    """
    for name in _LOGGERS:
        logger = logging.getLogger(name)
        if _not_ours not in logger.filters:
            logger.addFilter(_not_ours)
    return httpx2.AsyncClient(
        proxy=proxy,
        trust_env=False,
        follow_redirects=False,
        timeout=httpx2.Timeout(answer_seconds, connect=CONNECT_SECONDS),
        limits=httpx2.Limits(max_connections=100, max_keepalive_connections=20),
        headers={"User-Agent": "nonebot-plugin-report-hub", "Accept-Encoding": "identity"},
    )


# The client logs whole addresses, and keys stand in them. Other users of it keep their lines.
_ours: ContextVar[bool] = ContextVar("ours", default=False)
_LOGGERS: Final = (
    "httpx2",
    "httpcore2.connection",
    "httpcore2.http11",
    "httpcore2.http2",
    "httpcore2.proxy",
    "httpcore2.socks",
)


def _not_ours(_: logging.LogRecord) -> bool:
    return not _ours.get()
