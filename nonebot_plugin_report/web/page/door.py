"""Guards the page: sessions by cookie, and a check that requests come from the page itself."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final, cast
from urllib.parse import urlsplit

import orjson
from fastapi import Request, Response
from loguru import logger
from starlette.requests import ClientDisconnect

from ...access.sessions import SESSION_SECONDS, Viewer
from ...errors import (
    BodyTooLarge,
    Forbidden,
    InvalidReport,
    NotFound,
    Refused,
    StoreUnavailable,
    Unreadable,
)
from ...hub import Hub
from ...store.sessions import Session
from ..answers import error_answer, json_answer
from ..asgi import Endpoint
from ..caller import Callers, is_our_name
from ..head import headers_of
from ..outgoing import PIECE, Content, Outgoing
from ..refusals import Refusals
from .files import private

COOKIE: Final = "report_session"
"""Beginning of the cookie's name; see `cookie_name`."""
MAX_COOKIES: Final = 2**13
"""Characters of all cookies of a request; a longer header is not read."""
MAX_QUERY: Final = 2**14
"""Bytes of a query: seven fields of `history.LONGEST_WORD` characters, percent-encoded."""
MAX_QUERY_FIELDS: Final = 32
MAX_BODY: Final = 2**17
"""Bytes of a body that the page sends: rules are the longest."""
MAX_LOGIN: Final = 2**14
"""Bytes of a login: anybody may send one, and many at once."""
BODY_SECONDS: Final = 10.0
"""Seconds in which a body must arrive."""
_ID_LENGTH: Final = 16
"""Characters of a session's digest that are its id on the page."""

Handler = Callable[[Request, Viewer], Awaitable[Response]]
Fields = dict[str, Any]


class Door:
    """Lets browsers in, and gives handlers the viewer of a request."""

    def __init__(self, hub: Hub, callers: Callers, refusals: Refusals, outgoing: Outgoing) -> None:
        """`outgoing` grants the memory for long answers."""
        self._hub = hub
        self._outgoing = outgoing
        self._sessions = hub.sessions
        self._callers = callers
        self._refusals = refusals
        self._ask_for_link = f"{hub.chat_command} 网页"
        self._public = urlsplit(hub.config.report_public_url or "")

    def guarded(self, handler: Handler) -> Endpoint:
        """Make an endpoint that requires a session."""

        async def respond(request: Request) -> Response:
            if request.method not in ("GET", "HEAD"):
                self.require_own_page(request)
            viewer = await self.viewer(request)
            if viewer is None:
                return json_answer({"error": "请先登录", "command": self._ask_for_link}, 401)
            return await self._in_room(await handler(request, viewer), viewer)

        return self._answering(respond)

    async def _in_room(self, answer: Response, viewer: Viewer) -> Response:
        """Let a long answer wait for memory before it is sent."""
        body = bytes(answer.body)
        if len(body) <= PIECE:
            return answer

        async def load() -> Content:
            return Content("application/json", len(body), (body,))

        return await self._outgoing.answer(viewer.grant, len(body), load)

    def _answering(self, respond: Endpoint) -> Endpoint:
        """Make an endpoint that turns errors into answers, and forbids caches to keep them."""

        async def endpoint(request: Request) -> Response:
            try:
                _check_query(request)
                answer = await respond(request)
            except (NotFound, Unreadable) as error:
                answer = error_answer(404, str(error))
            except Refused as error:
                answer = await self._refusals.answer(error)
            except ClientDisconnect:
                answer = Response(status_code=400)  # nobody reads it
            return private(answer)

        return endpoint

    async def viewer(self, request: Request) -> Viewer | None:
        """Find the logged-in viewer, or None."""
        secret = _read_cookie(request, cookie_name(request))
        return await self._sessions.viewer(secret) if secret else None

    def require_own_page(self, request: Request) -> None:
        """Refuse a request that another page made the browser send, including a page whose name
        resolves to this machine (DNS rebinding).

        Raises:
            Forbidden: with the mend.
        """
        origin, host = request.headers.get("origin", ""), request.headers.get("host", "")
        by_name = is_our_name(host, self._public.hostname or "") and origin in (
            f"http://{host}", f"https://{host}",
        )  # fmt: skip
        # A proxy may replace the host header.
        by_setting = origin == f"{self._public.scheme}://{self._public.netloc}"
        if not (by_name or by_setting):
            raise Forbidden(
                "这个请求不是从本页面发出的；用域名打开的，请把它写进 REPORT_PUBLIC_URL"
            )

    @property
    def enter(self) -> Endpoint:
        """The endpoint that lets a browser in."""
        return self._answering(self._enter)

    async def _enter(self, request: Request) -> Response:
        """登录：用链接里的钥匙，或令牌。"""
        self.require_own_page(request)
        fields = await read_fields(request, MAX_LOGIN)
        secret = await self._login(request, fields)
        answer = json_answer({"status": "ok"})
        # Without a path the cookie returns to its origin, whatever a proxy puts before our route.
        answer.set_cookie(
            cookie_name(request), secret, int(SESSION_SECONDS), path=None, httponly=True,
            samesite="strict", secure=request.headers["origin"].startswith("https:"),
        )  # fmt: skip
        return answer

    async def _login(self, request: Request, fields: Fields) -> str:
        """Open a session; return the secret for its cookie."""
        agent, address = request.headers.get("user-agent", ""), self._callers.address(request)
        key, token = text_of(fields, "key"), text_of(fields, "token").strip()
        if await self._hub.fault():
            raise StoreUnavailable("现在收不下推送，也登不进来；看看机器人的日志")
        if key:
            secret = await self._sessions.enter_by_link(key, agent)
            why = "链接用过了，或者过了十分钟；请再要一个"
        elif self._callers.open:
            raise Forbidden(
                f"没有设置 REPORT_TOKEN；请在 QQ 里对机器人说「{self._ask_for_link}」要一个链接"
            )
        else:
            secret = await self._sessions.enter_by_token(token, agent) if token else None
            why = "令牌不正确"
        if secret is None:
            raise self._callers.wrong(address, why)
        logger.info(f"{address} 登录了网页")
        return secret

    async def leave(self, _: Request, viewer: Viewer) -> Response:
        """退出。"""
        await self._sessions.end(viewer.session)
        return json_answer({"status": "ok"})

    async def sessions(self, _: Request, viewer: Viewer) -> Response:
        """登录着的浏览器。"""
        return json_answer(
            {
                "sessions": [
                    {
                        "id": one.digest[:_ID_LENGTH],
                        "who": self._sessions.holder(one),
                        "agent": one.agent,
                        "created_at": one.created_at,
                        "seen_at": one.seen_at,
                        "this": one.digest == viewer.session.digest,
                    }
                    for one in self._sessions.visible(viewer)
                ]
            }
        )

    async def end(self, request: Request, viewer: Viewer) -> Response:
        """让一个浏览器退出。"""
        await self._sessions.end(self._find_session(viewer, str(request.path_params["id"])))
        return json_answer({"status": "ok"})

    def _find_session(self, viewer: Viewer, name: str) -> Session:
        for session in self._sessions.visible(viewer):
            if session.digest[:_ID_LENGTH] == name:
                return session
        raise NotFound("没有这个登录")


def cookie_name(request: Request) -> str:
    """Return the name of this bot's cookie, with the port that the browser uses.

    A browser sends the cookies of a host to all its ports (RFC 6265, section 8.5), so bots on one
    host need different names. All bots behind one address share a cookie.
    """
    port = request.headers.get("host", "").rpartition(":")[2]
    return f"{COOKIE}_{port}" if port.isdecimal() else COOKIE


def _read_cookie(request: Request, name: str) -> str:
    """Read the value of a cookie, or nothing. Of several with one name the first counts: its path
    is the longest (RFC 6265, section 5.4)."""
    header = headers_of(request).get("cookie", "")
    if len(header) > MAX_COOKIES:
        return ""
    pairs = (pair.strip().partition("=") for pair in header.split(";"))
    return next((value for key, _, value in pairs if key == name), "")


def _check_query(request: Request) -> None:
    """Refuse a query that would take long to parse.

    Raises:
        InvalidReport: the query is too long, or has too many fields.
    """
    query: bytes = request.scope["query_string"]
    if len(query) > MAX_QUERY or query.count(b"&") >= MAX_QUERY_FIELDS:
        raise InvalidReport("网址", f"? 后面最多 {MAX_QUERY} 个字符、{MAX_QUERY_FIELDS} 项")


async def read_fields(request: Request, limit: int = MAX_BODY) -> Fields:
    """Read the JSON object that the page sends, of at most `limit` bytes.

    Raises:
        BodyTooLarge: the body is too long.
        ClientDisconnect: the client left before the whole body arrived.
        InvalidReport: the body is no JSON object, or did not arrive in time.
    """
    content = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.stream():
                content += chunk
                if len(content) > limit:
                    raise BodyTooLarge(f"最多 {limit // 1024} KB")
        fields = orjson.loads(content or b"{}")
    except (TimeoutError, orjson.JSONDecodeError):
        raise InvalidReport("body", "应为 JSON") from None
    if not isinstance(fields, dict):
        raise InvalidReport("body", "应为 JSON 对象")
    return cast("Fields", fields)


def text_of(fields: Fields, name: str) -> str:
    """Read a field's text; empty where the field is missing or null.

    Raises:
        InvalidReport: the field is no string.
    """
    value = fields.get(name)
    if not isinstance(value, str | None):
        raise InvalidReport(name, "应为字符串")
    return value or ""


def require_master(viewer: Viewer) -> None:
    """Refuse a viewer other than the owner.

    Raises:
        Forbidden: the viewer is not the owner.
    """
    if not viewer.is_master:
        raise Forbidden("只有主人可以")
