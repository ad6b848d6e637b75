"""Who is at the page: sessions by cookie, and which requests come from the page itself."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final, cast
from urllib.parse import urlsplit

import orjson
from fastapi import Request, Response
from loguru import logger

from ...access.sessions import SESSION_SECONDS, Viewer
from ...errors import BodyTooLarge, Forbidden, InvalidReport, NotFound, Refused
from ...hub import Hub
from ...store.sessions import Session
from ..answers import error_answer, json_answer
from ..caller import Callers, is_our_name
from ..refusals import Refusals
from .files import private

COOKIE: Final = "report_session"
"""How the cookie's name begins; see `cookie_name`."""
MAX_BODY: Final = 2**17
"""Bytes of what the page sends: rules are the longest."""
BODY_SECONDS: Final = 10.0
"""Seconds in which that must arrive."""
_SHOWN: Final = 16
"""Characters of a session's digest by which the page names it."""

Handler = Callable[[Request, Viewer], Awaitable[Response]]
Fields = dict[str, Any]


class Door:
    """Lets browsers in, and handlers know who asks."""

    def __init__(self, hub: Hub, callers: Callers, refusals: Refusals) -> None:
        self._hub = hub
        self._sessions = hub.sessions
        self._callers = callers
        self._refusals = refusals
        self._public = urlsplit(hub.config.report_public_url or "")

    def guarded(self, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
        """An endpoint for those who are in; what it answers is kept by nobody."""

        async def endpoint(request: Request) -> Response:
            try:
                if request.method not in ("GET", "HEAD"):
                    self.require_own_page(request)
                viewer = await self.viewer(request)
                if viewer is None:
                    return private(error_answer(401, "请先登录"))
                return private(await handler(request, viewer))
            except (Refused, NotFound) as error:
                return await self._refusal(error)

        return endpoint

    async def viewer(self, request: Request) -> Viewer | None:
        """Who asks; None: nobody who is in."""
        secret = request.cookies.get(cookie_name(request))
        return await self._sessions.viewer(secret) if secret else None

    def require_own_page(self, request: Request) -> None:
        """Refuse what another page than ours had the browser send, also one whose name was made to
        resolve to this machine (DNS rebinding).

        Raises:
            Forbidden: with what to do about it.
        """
        origin, host = request.headers.get("origin", ""), request.headers.get("host", "")
        by_name = is_our_name(host, self._public.hostname or "") and origin in (
            f"http://{host}", f"https://{host}",
        )  # fmt: skip
        # A proxy may not tell by which name it was asked.
        by_setting = origin == f"{self._public.scheme}://{self._public.netloc}"
        if not (by_name or by_setting):
            raise Forbidden(
                "这个请求不是从本页面发出的；用域名打开的，请把它写进 REPORT_PUBLIC_URL"
            )

    async def enter(self, request: Request) -> Response:
        """登录：用链接里的钥匙，或令牌。"""
        try:
            self.require_own_page(request)
            fields = await read_fields(request)
            secret = await self._enter(request, fields)
        except (Refused, NotFound) as error:
            return await self._refusal(error)
        answer = private(json_answer({"status": "ok"}))
        # Without a path it is sent to where it came from, whatever a proxy puts before our route.
        answer.set_cookie(
            cookie_name(request), secret, int(SESSION_SECONDS), path=None, httponly=True,
            samesite="strict", secure=request.headers["origin"].startswith("https:"),
        )  # fmt: skip
        return answer

    async def _enter(self, request: Request, fields: Fields) -> str:
        agent, address = request.headers.get("user-agent", ""), self._callers.address(request)
        key, token = text_of(fields, "key"), text_of(fields, "token").strip()
        if await self._hub.fault():
            raise NotFound("现在收不下推送，也登不进来；看看机器人的日志")
        if key:
            secret = await self._sessions.enter_by_link(key, agent)
            why = "链接用过了，或者过了十分钟；请再要一个"
        elif self._callers.open:
            raise Forbidden("没有设置 REPORT_TOKEN；请在 QQ 里对机器人说「推送 网页」要一个链接")
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
                        "id": one.digest[:_SHOWN],
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
        await self._sessions.end(self._named(viewer, str(request.path_params["id"])))
        return json_answer({"status": "ok"})

    def _named(self, viewer: Viewer, name: str) -> Session:
        for one in self._sessions.visible(viewer):
            if one.digest[:_SHOWN] == name:
                return one
        raise NotFound("没有这个登录")

    async def _refusal(self, error: Refused | NotFound) -> Response:
        if isinstance(error, NotFound):
            return private(error_answer(404, str(error)))
        return private(await self._refusals.answer(error))


def cookie_name(request: Request) -> str:
    """The name of this bot's cookie: of all bots on one host a browser sends each the cookies of
    the others, whatever their ports (RFC 6265, section 8.5). The port is the one that the browser
    knows, so that all bots behind one address have one cookie."""
    port = request.headers.get("host", "").rpartition(":")[2]
    return f"{COOKIE}_{port}" if port.isdecimal() else COOKIE


async def read_fields(request: Request) -> Fields:
    """The fields of what the page sends.

    Raises:
        BodyTooLarge: it is too long.
        InvalidReport: it is no JSON object.
    """
    content = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.stream():
                content += chunk
                if len(content) > MAX_BODY:
                    raise BodyTooLarge(f"最多 {MAX_BODY // 1024} KB")
        fields = orjson.loads(content or b"{}")
    except (TimeoutError, orjson.JSONDecodeError):
        raise InvalidReport("body", "应为 JSON") from None
    if not isinstance(fields, dict):
        raise InvalidReport("body", "应为 JSON 对象")
    return cast("Fields", fields)


def text_of(fields: Fields, name: str) -> str:
    """A field's text; empty: it says nothing.

    Raises:
        InvalidReport: it is something else.
    """
    found = fields.get(name)
    if not isinstance(found, str | None):
        raise InvalidReport(name, "应为字符串")
    return found or ""


def require_master(viewer: Viewer) -> None:
    """Refuse whoever is not the owner.

    Raises:
        Forbidden: they are not.
    """
    if not viewer.is_master:
        raise Forbidden("只有主人可以")
