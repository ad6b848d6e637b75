"""The routes as an app has them."""

from pathlib import Path

from fastapi import FastAPI

from nonebot_plugin_report.config import Config
from nonebot_plugin_report.hub import Hub
from nonebot_plugin_report.web.routes import Receiver

WITHOUT_TWIN = {"/report/page/", "/report/page/{rest:path}", "/report/{rest:path}"}
"""Where a browser is sent on, and what answers all that is below."""


def paths() -> set[str]:
    """The paths of all our routes."""
    app = FastAPI(openapi_url=None)
    Receiver(Hub(Config(), Path("report.db"), bots=dict, superusers=[])).mount(app)
    return {str(getattr(route, "path", "")) for route in app.router.routes} - WITHOUT_TWIN


def test_each_route_is_there_with_and_without_a_slash_at_its_end() -> None:
    plain = {path for path in paths() if not path.endswith("/")}
    assert {path.removesuffix("/") for path in paths() if path.endswith("/")} == plain
