"""Finds the door of an address that is nearly one of ours.

Double and trailing slashes are the same address; clients whose server's address is the push address
add the path of their service; and a push whose token is right is taken wherever it comes to. In the
ready bot that holds at the root, too, since some clients drop the path of a server's address.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from fastapi import FastAPI, Request, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from ..sources.onebot import SENDS
from ..sources.qmsg import ACTIONS
from ..sources.telegram import SENDS as TELEGRAM_SENDS
from .answers import error_answer
from .apis.ntfy import GET_WORDS
from .astray import Astray
from .body import discard
from .credentials import (
    HEADER_IN_QUERY,
    KEY_NAMES,
    QUERY_NAMES,
    Credential,
    read_credentials,
)
from .head import query_of
from .paths import decode_segment, read_segments, readdress

Segments = Sequence[bytes]
Push = Callable[[Request, Sequence[Credential]], Awaitable[Response]]
"""Takes a push, with what may be a token in the path."""
CHECKS: Final = frozenset({"get_login_info", "get_status", "get_version_info"})
"""OneBot's actions by which clients see whether a server is there."""
RESERVED: Final = frozenset({b"page", b"health", b"metrics", b"unread", b"beat", b"ws"})
"""First segments below our route at which no push is taken by another method than theirs."""
SERVICES: Final = frozenset({b"ntfy", b"gotify", b"onebot", b"bark", b"telegram", b"qmsg"})
"""First segments of other services' APIs, at which a GET asks for something: to subscribe, say."""
NO_WORDS: Final = frozenset({
    *QUERY_NAMES, *KEY_NAMES, HEADER_IN_QUERY, "source", "send_to", "send_to_group", "to",
    "to_group", "channel", "send_from", "from", "crc_token",
})  # fmt: skip
"""Names in a query that say who pushes, or to whom, or (Netdata's) ask who is there."""


class Elsewhere:
    """Answers at the addresses below our route that no other door has, as an ASGI application."""

    def __init__(
        self,
        app: FastAPI,
        route: str,
        limit: int,
        push: Push,
        push_by_get: Push,
        astray: Astray,
    ) -> None:
        """`limit` is the most bytes that are discarded of a refused request's body."""
        self._app = app
        self._route = route
        self._own = [part.encode() for part in route.split("/") if part]
        self._limit = limit
        self._push = push
        self._push_by_get = push_by_get
        self._astray = astray

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, as ASGI has it."""
        segments = read_segments(scope)
        below = segments[len(self._own) :]
        readdressed = readdress(scope, [*self._own, *(find_service(below) or below)])
        if readdressed["path"] != scope["path"]:
            await self._app.router(readdressed, receive, send)
            return
        if scope["type"] == "websocket":
            await self._astray(scope, receive, send)
            return
        request = Request(scope, receive, send)
        answer = await self._answer(request, below)
        await answer(scope, receive, send)

    async def _answer(self, request: Request, below: Segments) -> Response:
        tokens = [Credential(decode_segment(one), is_explicit=False) for one in below]
        first = below[0] if below else b""
        if first in RESERVED:
            return await self.refuse(request)
        if request.method in ("POST", "PUT"):
            return await self._push(request, tokens)
        if request.method == "GET" and has_words(request) and first not in SERVICES:
            return await self._push_by_get(request, tokens)
        return await self.refuse(request)

    async def visit(self, request: Request) -> Response:
        """Answer at our route itself, or below the page: a GET that carries words is a push."""
        is_plain = len(read_segments(request.scope)) == len(self._own)
        if is_plain and request.method == "GET" and has_words(request):
            return await self._push_by_get(request, ())
        return await self.refuse(request)

    async def refuse(self, request: Request) -> Response:
        """Refuse a request with the addresses that there are."""
        await discard(request, self._limit)
        route = self._route
        usage = (
            f"推送：POST {route}；只能用 GET 的工具：GET {route}/push；"
            f"状态：GET {route}/编号；检查：GET {route}/health"
        )
        rest = read_segments(request.scope)[len(self._own) :]
        if len(rest) > 1:
            return error_answer(404, f"没有这个地址。{usage}")
        answer = error_answer(405, f"这个地址不能这样用。{usage}")
        answer.headers["Allow"] = "GET" if rest else "POST, PUT"
        return answer


class Root:
    """Answers in the ready bot at the addresses that nobody has, as an ASGI application."""

    def __init__(self, app: FastAPI, route: str, otherwise: ASGIApp, astray: Astray) -> None:
        """`otherwise` answers what is for no door of ours."""
        self._app = app
        self._own = [part.encode() for part in route.split("/") if part]
        self._otherwise = otherwise
        self._astray = astray

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, as ASGI has it."""
        segments = read_segments(scope)
        if segments[: len(self._own)] == self._own:  # behind a double slash
            below: Segments | None = segments[len(self._own) :]
        elif scope["type"] == "http":
            request = Request(scope)
            has_token = any(True for _ in read_credentials(request))
            below = find_at_root(request.method, segments, has_token=has_token)
        else:
            below = None
        if below is not None:
            await self._app.router(readdress(scope, [*self._own, *below]), receive, send)
        elif scope["type"] == "websocket":
            await self._astray(scope, receive, send)
        else:
            await self._otherwise(scope, receive, send)


def has_words(request: Request) -> bool:
    """Whether a query carries something to send."""
    return any(value and name not in NO_WORDS for name, value in query_of(request).items())


def find_service(segments: Segments) -> Segments | None:
    """Find the door of a service below our route for a path of that service; None: it is none."""
    match [segment.decode("latin-1") for segment in segments]:
        case [action] if _is_onebot(action):
            return [b"onebot", *segments]
        case ["message"]:
            return [b"gotify", *segments]
        case [bot, method] if bot.startswith("bot") and method.lower() in TELEGRAM_SENDS | {
            "getme"
        }:
            return [b"telegram", *segments]
        case [action, _] if action in ACTIONS:
            return [b"qmsg", *segments]
        case _:
            return None


def find_at_root(method: str, segments: Segments, *, has_token: bool) -> Segments | None:
    """Find the door below our route for a path at the root; None: it is for nobody here.

    Args:
        method: the request's.
        segments: the path's.
        has_token: whether something beside the body may be a token.
    """
    if service := find_service(segments):
        return service
    is_push = method in ("POST", "PUT")
    match [segment.decode("latin-1") for segment in segments]:
        case []:
            return ([b"ntfy"] if has_token else [b"bark"]) if is_push else None
        case ["push"] if is_push:
            return [b"bark", b"push"]
        case ["ping" | "healthz" | "info"] if method == "GET":
            return [b"bark", *segments]
        case ["notify", *_] | ["webapi", "entry.cgi"]:
            return segments
        case [_]:
            return [b"ntfy" if has_token else b"bark", *segments] if is_push else None
        case [_, word] if method == "GET" and word in (*GET_WORDS, "auth"):
            return [b"ntfy", *segments]
        case [first, *_] if is_push and first.encode() not in RESERVED:
            return segments
        case [_, _] | [_, _, _] | [_, _, _, _] if method == "GET":
            return [b"bark", *segments]
        case _:
            return None


def _is_onebot(action: str) -> bool:
    bare = action.removesuffix("_async").removesuffix("_rate_limited")
    return bare in SENDS or bare in CHECKS
