"""Our endpoints as the web server calls them (ASGI), past layers of the web framework that they do
without: these cost a push as much as all of its routing and wording."""

from collections.abc import Callable, Coroutine, Iterable
from typing import Any, Final

from fastapi import FastAPI, Request, Response
from fastapi.routing import APIRoute
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Receive, Scope, Send

Endpoint = Callable[[Request], Coroutine[Any, Any, Response]]


class PlainRoute(APIRoute):
    """A route whose endpoint reads the request itself. FastAPI, which otherwise parses it and wraps
    each message both ways, documents it only."""

    def __init__(self, path: str, endpoint: Endpoint, **options: Any) -> None:
        super().__init__(path, endpoint, **options)
        self.app = plain(endpoint)


class Shortcut:
    """Leads from the innermost middleware straight to a door, past the router and the handlers of
    exceptions that it never raises."""

    def __init__(self, app: ASGIApp, paths: Iterable[str], door: ASGIApp) -> None:
        """`app` is what everything else is for."""
        self._app = app
        self._paths: Final = frozenset(paths)
        self._door = door

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, as ASGI has it."""
        if (
            scope["type"] == "http"
            and scope["path"] in self._paths
            and scope["method"] in ("POST", "PUT")
        ):
            await self._door(scope, receive, send)
        else:
            await self._app(scope, receive, send)


def add_shortcut(app: FastAPI, paths: Iterable[str], door: ASGIApp) -> None:
    """Lead what is sent by POST or PUT to some paths straight to their door."""
    # At the end, so that all middlewares of others, whose users rely on them, come before.
    app.user_middleware.append(Middleware(Shortcut, paths, door))


def plain(endpoint: Endpoint) -> ASGIApp:
    """An endpoint as an application."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        response = await endpoint(Request(scope, receive, send))
        if response.status_code == 200:
            _without_line(receive)
        await response(scope, receive, send)

    return answer


def _without_line(receive: Receive) -> None:
    """Have uvicorn (0.32 to 0.54) log no line for this request: it would make one, which our filter
    then leaves out (`log_mask`)."""
    cycle: Any = getattr(receive, "__self__", None)
    if hasattr(cycle, "access_log"):
        cycle.access_log = False
