"""Stands before each of our routes: what a request may weigh before anything of it is read.

Reading a query or headers costs the event loop's time, which is everybody's. So their length and
number are bounded here for whatever door is behind, and long ones are read one a turn of the loop.
"""

import asyncio
from collections.abc import Iterable
from typing import Final

from starlette.requests import Request
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

from ..errors import InvalidReport
from .body import discard
from .caller import Callers
from .refusals import Refusals

MAX_PATH: Final = 2**13
"""Bytes of a path, as it was sent: Bark's have words in it, nine bytes for a Chinese character."""
MAX_QUERY: Final = 2**15
"""Bytes of a URL's query: all of a message may stand there. Uptime Kuma's have several thousand."""
MAX_QUERY_FIELDS: Final = 100
MAX_HEADERS: Final = 100
"""https://httpd.apache.org/docs/2.4/mod/core.html#limitrequestfields: as many as there."""
MAX_HEADER_BYTES: Final = 2**14
"""All headers together: https://nodejs.org/api/cli.html#--max-http-header-sizesize, as there."""
LIGHT: Final = 2**11
"""Bytes of query and headers that are read at once; more wait for a turn of their own."""


class Guard:
    """Bounds what stands before a body, for all routes alike."""

    def __init__(self, callers: Callers, refusals: Refusals, limit: int) -> None:
        """`limit` is the most bytes that are discarded of a refused request's body."""
        self._callers = callers
        self._refusals = refusals
        self._limit = limit
        self._turn = asyncio.Lock()

    def stand_before(self, routes: Iterable[BaseRoute]) -> None:
        """Guard routes; whatever was added to an application that is not guarded is no door.

        Raises:
            TypeError: a route of another kind, which cannot be guarded.
        """
        for route in routes:
            if not isinstance(route, Route | WebSocketRoute):
                raise TypeError(f"cannot guard {route!r}")
            route.app = self.guarded(route.app)

    def guarded(self, app: ASGIApp) -> "Guarded":
        """An application behind this guard."""
        return Guarded(self, app)

    async def admit(self, scope: Scope) -> None:
        """Wait until a request may be read.

        Raises:
            InvalidReport: it is too long to be read.
        """
        if weigh(scope) <= LIGHT:
            return
        await self._turn.acquire()
        # The next one goes on in another turn of the loop, after whoever is ready by then.
        asyncio.get_running_loop().call_soon(self._turn.release)

    async def refuse(
        self, error: InvalidReport, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Answer a request that is too long."""
        if scope["type"] == "websocket":
            websocket = WebSocket(scope, receive, send)
            self._refusals.log(error, self._callers.address(websocket))
            try:
                await websocket.send_denial_response(await self._refusals.answer(error))
            except (WebSocketDisconnect, RuntimeError):
                return  # the client is gone
            return
        request = Request(scope, receive, send)
        await discard(request, self._limit)
        self._refusals.log(error, self._callers.address(request))
        answer = await self._refusals.answer(error)
        await answer(scope, receive, send)


class Guarded:
    """An application behind a guard."""

    def __init__(self, guard: Guard, app: ASGIApp) -> None:
        self._guard = guard
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, as ASGI has it."""
        try:
            await self._guard.admit(scope)
        except InvalidReport as error:
            await self._guard.refuse(error, scope, receive, send)
            return
        await self._app(scope, receive, send)


def weigh(scope: Scope) -> int:
    """The bytes of a request's path, query and headers.

    Raises:
        InvalidReport: they are more, or of more parts, than are read.
    """
    path, query, headers = scope.get("raw_path") or b"", scope["query_string"], scope["headers"]
    if len(path) > MAX_PATH:
        raise InvalidReport("网址", f"? 前面最多 {MAX_PATH} 个字符")
    if len(query) > MAX_QUERY:
        raise InvalidReport("网址", f"? 后面最多 {MAX_QUERY} 个字符，多的请用 POST")
    if query.count(b"&") >= MAX_QUERY_FIELDS:
        raise InvalidReport("网址", f"? 后面最多 {MAX_QUERY_FIELDS} 个字段")
    if len(headers) > MAX_HEADERS:
        raise InvalidReport("请求头", f"最多 {MAX_HEADERS} 个")
    length = sum(len(name) + len(value) for name, value in headers)
    if length > MAX_HEADER_BYTES:
        raise InvalidReport("请求头", f"加起来最多 {MAX_HEADER_BYTES} 个字符")
    return len(path) + len(query) + length
