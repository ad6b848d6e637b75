"""The page's addresses."""

from typing import Final

from starlette.routing import Router

from ...hub import Hub
from ..caller import Callers
from ..outgoing import Outgoing
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


class Inside:
    """The routes below the page's own address."""

    def __init__(
        self, hub: Hub, callers: Callers, refusals: Refusals, outgoing: Outgoing, below: str
    ) -> None:
        """`below` is the path of the page's own address."""
        self.files: Final = Files()
        self.router: Final = Router()
        door = Door(hub, callers, refusals, outgoing)
        history, state, trial = HistoryApi(hub), StateApi(hub), TrialApi(hub)
        setup, export = SetupApi(hub), ExportApi(hub, outgoing)
        pictures = PicturesApi(hub, history, outgoing)
        handlers: dict[tuple[str, str], Handler] = {
            ("GET", "me"): state.me,
            ("DELETE", "session"): door.leave,
            ("GET", "sessions"): door.sessions,
            ("DELETE", "sessions/{id}"): door.end,
            ("GET", "reports"): history.part,
            ("GET", "reports/{id}"): history.report,
            ("DELETE", "reports/{id}"): history.delete,
            ("POST", "reports/{id}/resend"): history.resend,
            ("GET", "reports/{id}/pictures/{number}"): pictures.picture,
            ("GET", "known"): history.choices,
            ("GET", "live"): LiveApi(hub, door).follow,
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
        add = self.router.add_route
        add(f"{below}/static/{{name}}", self.files.file, methods=["GET"])
        add(f"{below}/session", door.enter, methods=["POST"])
        for (method, path), handler in handlers.items():
            add(f"{below}/{path}", door.guarded(handler), methods=[method])
