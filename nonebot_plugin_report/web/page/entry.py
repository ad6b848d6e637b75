"""Adds the page's routes to the app; the page itself is loaded with the first browser."""

from functools import cached_property
from typing import TYPE_CHECKING

from fastapi import FastAPI, Request, Response
from starlette.types import Receive, Scope, Send

from ...hub import Hub
from ..apis.entrance import METHODS
from ..asgi import Endpoint
from ..caller import Callers
from ..outgoing import Outgoing
from ..refusals import Refusals

if TYPE_CHECKING:
    from .routes import Inside


class Page:
    """The page of a hub."""

    def __init__(
        self, hub: Hub, callers: Callers, refusals: Refusals, outgoing: Outgoing,
        otherwise: Endpoint,
    ) -> None:  # fmt: skip
        """`otherwise` answers requests for our route that come from no browser."""
        self._hub = hub
        self._callers = callers
        self._refusals = refusals
        self._outgoing = outgoing
        self._otherwise = otherwise
        self._route = hub.config.report_route

    def mount(self, app: FastAPI) -> None:
        """Add the routes."""
        add = app.router.add_route
        for slash in ("", "/"):
            add(f"{self._route}{slash}", self._index, methods=["GET"], include_in_schema=False)
        add(f"{self._below}/", self._back, methods=["GET"], include_in_schema=False)
        add(f"{self._below}/{{rest:path}}", self, include_in_schema=False)  # pyright: ignore[reportArgumentType] - Starlette takes applications, too

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer requests below the page's own address, as an ASGI application."""
        await self._inside.router(scope, receive, send)

    @property
    def _below(self) -> str:
        return f"{self._route}/page"

    @cached_property
    def _inside(self) -> "Inside":
        from .routes import Inside

        inside = Inside(self._hub, self._callers, self._refusals, self._outgoing, self._below)
        inside.router.add_route(f"{self._route}/{{rest:path}}", self._otherwise, methods=METHODS)
        return inside

    async def _index(self, request: Request) -> Response:
        if not _is_browser(request):
            return await self._otherwise(request)
        if not request.scope["path"].endswith("/"):
            return _redirect(f"{self._route.rpartition('/')[2]}/")
        answer = self._inside.files.index()
        answer.headers["Vary"] = "Accept"
        return answer

    async def _back(self, request: Request) -> Response:
        """Redirect from an address below the page that is no page itself."""
        return _redirect("../") if _is_browser(request) else await self._otherwise(request)


def _is_browser(request: Request) -> bool:
    return "text/html" in request.headers.get("accept", "")


def _redirect(where: str) -> Response:
    """Redirect to a relative address: only a proxy knows the path before our route."""
    return Response(status_code=307, headers={"Location": where, "Vary": "Accept"})
