"""Signs of life for the watchdog: `{route}/beat/{name}`, and Uptime Kuma's push monitor.

https://github.com/louislam/uptime-kuma/blob/master/server/routers/api-router.js: `/api/push/:token`
with `status`, `msg` and `ping`. Its clients know one word, which there is both name and secret.
"""

from collections.abc import Sequence
from typing import Any, Final

from fastapi import FastAPI, Request, Response
from loguru import logger
from starlette.routing import Match

from ...errors import NotFound, Refused
from ...model.grant import Grant
from ...model.report import Result, read_result
from ...model.text import clean
from .. import openapi
from ..answers import json_answer, retry_after, status_of
from ..asgi import PlainRoute
from ..credentials import BEAT_PATH, Credential
from ..head import query_of
from . import schemas
from .entrance import Entrance

PUSH: Final = f"{BEAT_PATH}{{token}}"
MAX_MESSAGE: Final = 1000
"""Characters shown of a client's `msg`."""


class BeatApi:
    """Takes signs of life."""

    def __init__(self, entrance: Entrance) -> None:
        self._entrance = entrance
        self._watchdog = entrance.hub.watchdog

    def mount(self, app: FastAPI, route: str) -> None:
        """Add the routes."""
        app.router.add_api_route(
            f"{route}/beat/{{name}}", self.beat, methods=["GET"],
            route_class_override=PlainRoute, summary="一次心跳", tags=["beat"],
            dependencies=openapi.TOKEN, openapi_extra=schemas.BEAT, responses=schemas.BEAT_ANSWERS,
        )  # fmt: skip
        self._add(app, f"{route}/beat/{{name}}", self.beat, methods=("POST",))
        self._add(app, f"{route}{PUSH}", self.push)

    def mount_at_root(self, app: FastAPI) -> None:
        """Where Uptime Kuma has it, for clients that only let one set a host: unless somebody else
        has that path, and only if there is something to beat."""
        if not self._watchdog.beats:
            return
        asked: dict[str, Any] = {
            "type": "http", "method": "GET", "path": "/api/push/x", "root_path": "", "headers": [],
        }  # fmt: skip
        if any(one.matches(asked)[0] is not Match.NONE for one in app.router.routes):
            logger.info("别的插件在用 /api/push，心跳只在本插件的路径下")
            return
        self._add(app, PUSH, self.push)

    def _add(
        self, app: FastAPI, path: str, endpoint: object, methods: Sequence[str] = ("GET", "POST")
    ) -> None:
        app.router.add_api_route(
            path, endpoint, methods=list(methods), route_class_override=PlainRoute,  # pyright: ignore[reportArgumentType] - one of the two below
            include_in_schema=False,
        )  # fmt: skip

    async def beat(self, request: Request) -> Response:
        """一次心跳。"""
        return await self._take(request, str(request.path_params["name"]))

    async def push(self, request: Request) -> Response:
        """一次心跳，写成 Uptime Kuma 的样子。"""
        name, token = self._apart(str(request.path_params["token"]))
        return await self._take(request, query_of(request).get("name") or name, token)

    async def _take(self, request: Request, name: str, token: str | None = None) -> Response:
        grant: Grant | None = None
        try:
            tokens = [Credential(token, is_explicit=True)] if token else []
            grant = self._entrance.admit(request, tokens)
            self._watchdog.beat(name, grant.name, down=_why_down(request))
        except (Refused, NotFound) as error:
            await self._entrance.refuse(error, request, grant)
            status = status_of(error) if isinstance(error, Refused) else 404
            answer = json_answer({"ok": False, "msg": str(error)}, status)
            retry_after(answer, error)
            return answer
        return json_answer({"ok": True})

    def _apart(self, word: str) -> tuple[str, str | None]:
        """The name and the token in Uptime Kuma's one word, `name.token`; the name may be left out
        where only one is configured."""
        if self._entrance.open:
            return word, None
        name, dot, token = word.partition(".")
        if dot and not self._entrance.knows(word):
            return name, token
        only = list(self._watchdog.beats)
        return only[0] if len(only) == 1 else "", word


def _why_down(request: Request) -> str | None:
    """The client's words for what is wrong, empty if it has none; None: all is well. Uptime Kuma
    knows no other word for that than `up`."""
    query = query_of(request)
    status = query.get("status", "")
    if not status or read_result(status) is Result.SUCCESS:
        return None
    return clean(query.get("msg", "")[:MAX_MESSAGE]).strip()
