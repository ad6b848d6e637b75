"""The page's addresses."""

from collections.abc import Awaitable, Callable
from typing import Final

from fastapi import FastAPI, Request, Response

from ...hub import Hub
from ..caller import Callers
from ..refusals import Refusals
from .door import Door, Handler
from .export import ExportApi
from .files import Files
from .history import HistoryApi
from .live import LiveApi
from .pictures import PicturesApi
from .setup import SetupApi
from .state import StateApi
from .trial import TrialApi

BELOW: Final = "page"
"""Where the page's own addresses are, below our route."""


class Page:
    """The page of a hub."""

    def __init__(self, hub: Hub, callers: Callers, refusals: Refusals) -> None:
        self._files = Files()
        self._door = Door(hub, callers, refusals)
        history, state, trial = HistoryApi(hub), StateApi(hub), TrialApi(hub)
        setup, export = SetupApi(hub), ExportApi(hub)
        self._handlers: dict[tuple[str, str], Handler] = {
            ("GET", "me"): state.me,
            ("DELETE", "session"): self._door.leave,
            ("GET", "sessions"): self._door.sessions,
            ("DELETE", "sessions/{id}"): self._door.end,
            ("GET", "reports"): history.part,
            ("GET", "reports/{id}"): history.one,
            ("DELETE", "reports/{id}"): history.delete,
            ("POST", "reports/{id}/resend"): history.resend,
            ("GET", "reports/{id}/pictures/{number}"): PicturesApi(hub, history).picture,
            ("GET", "known"): history.known,
            ("GET", "live"): LiveApi(hub, self._door).follow,
            ("GET", "state"): state.state,
            ("GET", "charts"): state.charts,
            ("POST", "mute"): state.mute,
            ("POST", "test"): state.test,
            ("GET", "setup"): setup.setup,
            ("GET", "findings"): setup.findings,
            ("GET", "rules"): trial.rules,
            ("POST", "rules"): trial.attempt,
            ("GET", "reports.csv"): export.table,
            ("GET", "reports.zip"): export.pictured,
        }

    def mount(
        self, app: FastAPI, route: str, otherwise: Callable[[Request], Awaitable[Response]]
    ) -> None:
        """Add the routes; `otherwise` answers who asks for our route and is no browser."""

        async def index(request: Request) -> Response:
            if "text/html" not in request.headers.get("accept", ""):
                return await otherwise(request)
            if not request.url.path.endswith("/"):
                # Relative, as what stands before our route only a proxy knows.
                where = f"{route.rpartition('/')[2]}/"
                return Response(status_code=307, headers={"Location": where, "Vary": "Accept"})
            answer = self._files.index()
            answer.headers["Vary"] = "Accept"
            return answer

        add = app.router.add_route
        for slash in ("", "/"):
            add(f"{route}{slash}", index, methods=["GET"], include_in_schema=False)
        below = f"{route}/{BELOW}"
        add(f"{below}/static/{{name}}", self._files.file, methods=["GET"], include_in_schema=False)
        add(f"{below}/session", self._door.enter, methods=["POST"], include_in_schema=False)
        for (method, path), handler in self._handlers.items():
            endpoint = self._door.guarded(handler)
            add(f"{below}/{path}", endpoint, methods=[method], include_in_schema=False)
