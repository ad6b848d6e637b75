"""HTTP to the channels' services; its failures become outcomes here.

Imported only when a channel is configured: the HTTP client is slow to load.
"""

import asyncio
import logging
import math
import ssl
import time
from collections.abc import Callable, Container, Iterable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final, cast

import httpx2
import orjson

from ..model.delivery import Delivered, NotSent, Outcome, Rejected, Unknown
from .outcomes import delivered, short_reason
from .pace import Pace
from .redact import Redactor

CONNECT_SECONDS: Final = 10.0
EXCHANGE_SECONDS: Final = 120.0
"""For a whole request with its answer."""
MAX_ANSWER: Final = 256 * 1024
"""Bytes of an answer that are read."""
MAX_RETRY_AFTER: Final = 86400.0


@dataclass(frozen=True, slots=True)
class Answer:
    """A service's answer."""

    status: int
    headers: Mapping[str, str]
    body: object
    """Its JSON without the channel's secrets, or None where it is no JSON."""

    @property
    def fields(self) -> dict[str, Any]:
        """The JSON object; empty where the body is none."""
        body = self.body
        return cast("dict[str, Any]", body) if isinstance(body, dict) else {}

    @property
    def succeeded(self) -> bool:
        """Whether the status is a success. The channel judges the body."""
        return 200 <= self.status < 300

    @property
    def retry_after(self) -> float | None:
        """Seconds of the Retry-After header (RFC 9110 section 10.2.3)."""
        value = self.headers.get("retry-after", "").strip()
        wait = seconds_of(value)
        return _until(value) if wait is None else wait


Verdict = Callable[[Answer], Outcome | None]
"""Turns an answer into an outcome; None: decide by the status. Must be pure."""


def seconds_of(value: object, most: float = MAX_RETRY_AFTER) -> float | None:
    """Read seconds that a service names, between 0 and `most`; None: the value is no number.

    Reads every delay and lifetime of the services.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        seconds = float(value)
    except (ValueError, OverflowError):
        return None
    return min(max(seconds, 0.0), most) if math.isfinite(seconds) else None


def _until(date: str) -> float | None:
    """Compute the seconds until a moment (RFC 9110, "HTTP-date")."""
    try:
        at = parsedate_to_datetime(date)
        seconds = (at - datetime.now(UTC)).total_seconds()
    except (ValueError, TypeError, OverflowError):  # not a date, or without a zone, or out of range
        return None
    return seconds_of(seconds)


def judge_status(answer: Answer) -> Outcome:
    """Judge an HTTP status, for a service that says nothing more."""
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
    detail: object,
    *,
    success: Container[int] = (0,),
    fixes: Mapping[int, str],
    waits: Mapping[int, float],
) -> Outcome:
    """Judge an answer of a service that puts a code into the body.

    Args:
        answer: the service's answer.
        code: the code in the body, of any type.
        detail: the service's text beside the code.
        success: the codes of a success.
        fixes: for each final code, what the user can do about it (Chinese).
        waits: codes of "too fast", with the seconds to wait where the answer names none.
    """
    if isinstance(code, bool) or not isinstance(code, int):
        status = judge_status(answer)
        if not isinstance(status, Delivered):
            return status
        return NotSent("回答不是这种服务的格式，检查地址", answered=True)
    if code in fixes:
        return Rejected(fixes[code])
    if code in waits:
        return NotSent("发送太快，服务要求稍后再发", answer.retry_after or waits[code])
    if not answer.succeeded:
        return judge_status(answer)
    if code in success:
        return Delivered()
    return NotSent(f"没有成功（{f'{code} {short_reason(detail)}'.strip()}）", answered=True)


class AccessToken:
    """A token that a service gives out for a time, kept until shortly before its end."""

    def __init__(self, margin: float) -> None:
        """`margin`: seconds before the token's end from which it is no longer used."""
        self._margin = margin
        self._token = ""
        self._until = 0.0

    @property
    def valid(self) -> str | None:
        """The token; None: ask for a new one."""
        return self._token if time.monotonic() < self._until else None

    def keep(self, token: str, lifetime: object) -> str:
        """Keep a new token for the lifetime (seconds) that the service gives."""
        self._token = token
        self._until = time.monotonic() + (seconds_of(lifetime) or 0.0) - self._margin
        return token

    def drop(self) -> None:
        """Drop the token: the service no longer takes it."""
        self._until = 0.0


class Client:
    """One channel's HTTP client, with connections of its own: a pool looks at all that it holds
    with each request."""

    def __init__(
        self,
        pace: Pace,
        redactor: Redactor,
        tls: ssl.SSLContext,
        *,
        proxy: str | None,
        answer_seconds: float,
    ) -> None:
        """`tls` is a context of `tls_context`, `proxy` an address or None; a service may be silent
        for `answer_seconds`.

        Redirects are not followed, and no cookies kept: they would carry credentials elsewhere. The
        environment's proxies are not used: each channel has a setting, and a service in the local
        network needs none.
        """
        _hush()
        self._pace = pace
        self._redactor = redactor
        self._answer_seconds = answer_seconds
        # The transport without httpx2's client: what that adds (redirects, cookies, flows of
        # authentication) is not wanted here, and takes its time with each request.
        self._transport = httpx2.AsyncHTTPTransport(
            verify=tls, trust_env=False, limits=_LIMITS, proxy=proxy
        )

    async def post(
        self,
        url: str,
        *,
        verdict: Verdict,
        notes: Iterable[str] = (),
        method: str = "POST",
        **content: Any,
    ) -> Outcome:
        """Send a message, within the channel's rate limits.

        Args:
            url: the address, which may hold secrets; it is never logged.
            verdict: judges the answer.
            notes: notes of parts left out, for the outcome; empty ones are skipped.
            method: the HTTP method.
            content: httpx2's `json`, `data`, `files`, `content`, `params`, `headers`; and as
                `answer_seconds` how long the service may be silent, if that is not the usual.
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
        """Send a request before the message itself: a token, an upload. No rate limit applies.

        Any answer is returned, whatever its status; without one, nothing was sent yet.
        """
        answer = await self._exchange(method, url, content)
        return NotSent(answer.reason) if isinstance(answer, Unknown) else answer

    async def close(self) -> None:
        """Close the connections."""
        await self._transport.aclose()

    async def _exchange(
        self, method: str, url: str, content: dict[str, Any]
    ) -> Answer | NotSent | Rejected | Unknown:
        hush = _ours.set(True)
        try:
            async with asyncio.timeout(EXCHANGE_SECONDS):
                request = self._request(method, url, **content)
                response = await self._transport.handle_async_request(request)
                try:
                    body = self._redactor.answer(await _read(response))
                finally:
                    await response.aclose()
                return Answer(response.status_code, response.headers, body)
        except (httpx2.HTTPError, httpx2.InvalidURL, TimeoutError, ValueError) as error:
            return _judge(error)
        finally:
            _ours.reset(hush)

    def _request(
        self,
        method: str,
        url: str,
        *,
        json: object = None,
        headers: Mapping[str, str] | None = None,
        answer_seconds: float | None = None,
        **content: Any,
    ) -> httpx2.Request:
        merged = _HEADERS.copy()
        if json is not None:  # httpx2's own encoder is slow for a large picture
            content["content"] = orjson.dumps(json)
            merged["Content-Type"] = "application/json"
        merged.update(headers)
        seconds = self._answer_seconds if answer_seconds is None else answer_seconds
        timeout = httpx2.Timeout(seconds, connect=CONNECT_SECONDS).as_dict()
        request = httpx2.Request(
            method, url, headers=merged, extensions={"timeout": timeout}, **content
        )
        request.read()  # a form's parts would be written one by one, each in a turn of its own
        return request


async def _read(response: httpx2.Response) -> object:
    body = bytearray()
    # Raw: a compressed body, though we ask for none, could inflate without a bound.
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) > MAX_ANSWER:
            return None
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return None


def _judge(error: Exception) -> NotSent | Rejected | Unknown:
    """Judge an exception of httpx2. Its text may hold the address and is not used."""
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


def tls_context() -> ssl.SSLContext:
    """Make the TLS context of all clients, with the system's certificates. Slow: reads files."""
    return httpx2.create_ssl_context(trust_env=False)


_LIMITS: Final = httpx2.Limits(max_connections=100, max_keepalive_connections=20)
_HEADERS: Final = httpx2.Headers(
    {
        "User-Agent": "nonebot-plugin-report-hub",
        "Accept": "*/*",
        "Accept-Encoding": "identity",
    }
)


# The client logs whole addresses, which hold keys. Other users' lines are kept.
_ours: ContextVar[bool] = ContextVar("ours", default=False)
_LOGGERS: Final = (
    "httpx2",
    "httpcore2.connection",
    "httpcore2.http11",
    "httpcore2.http2",
    "httpcore2.proxy",
    "httpcore2.socks",
)


def _hush() -> None:
    for name in _LOGGERS:
        logger = logging.getLogger(name)
        if _not_ours not in logger.filters:
            logger.addFilter(_not_ours)


def _not_ours(_: logging.LogRecord) -> bool:
    return not _ours.get()
