"""The routes of a plugin whose settings are wrong: every one answers 503, and why."""

from typing import Final

from fastapi import FastAPI, Request, Response, WebSocket

from ..errors import StoreUnavailable
from .answers import refusal_answer
from .apis.entrance import METHODS
from .body import discard

MAX_DISCARDED: Final = 20 * 2**20
"""Bytes that are read of a body, so that its sender reads the answer: REPORT_MAX_BODY's default."""


def mount_refusals(app: FastAPI, route: str, reason: str) -> None:
    """Answer everything at and below a path, before all other routes of the app.

    `reason` is what is wrong and how to mend it (Chinese).
    """

    def answer() -> Response:
        return refusal_answer(StoreUnavailable(reason))

    async def refuse(request: Request) -> Response:
        await discard(request, MAX_DISCARDED)
        return answer()

    async def refuse_websocket(websocket: WebSocket) -> None:
        await websocket.send_denial_response(answer())

    routes = app.router.routes
    others = len(routes)
    for path in (route, f"{route}/{{rest:path}}"):
        app.router.add_route(path, refuse, methods=METHODS, include_in_schema=False)
        app.router.add_websocket_route(path, refuse_websocket)
    routes[:] = [*routes[others:], *routes[:others]]
