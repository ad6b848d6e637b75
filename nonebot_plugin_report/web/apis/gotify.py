"""Gotify's API, for what pushes to a Gotify server: `{route}/gotify/message`.

https://gotify.net/api-docs: message/createMessage, and its errors.
"""

from datetime import UTC, datetime
from functools import partial

from fastapi import FastAPI, Request, Response

from ...errors import Forbidden, Refused
from ...model.report import Report
from ...model.status import Receipt
from ...sources.gotify import read_gotify
from .. import openapi
from ..answers import json_answer, retry_after, status_of
from ..asgi import PlainRoute
from ..head import query_of
from . import schemas as schemas
from .entrance import Entrance, body_fields, query_fields


class GotifyApi:
    """Takes messages."""

    def __init__(self, entrance: Entrance) -> None:
        self._entrance = entrance

    def mount(self, app: FastAPI, route: str) -> None:
        """Add the routes."""
        for slash in ("", "/"):
            app.router.add_api_route(
                f"{route}/gotify/message{slash}", self.push, methods=["POST"],
                route_class_override=PlainRoute, summary="Gotify 的 API", tags=["gotify"],
                dependencies=openapi.TOKEN, openapi_extra=schemas.GOTIFY,
                responses=schemas.GOTIFY_ANSWERS, include_in_schema=not slash,
            )  # fmt: skip

    async def push(self, request: Request) -> Response:
        """收下一条写给 Gotify 的消息。"""
        return await self._entrance.push(request, partial(_read, request), self._answer, _refusal)

    def _answer(self, _: Report, receipt: Receipt) -> Response:
        return json_answer({
            "id": self._entrance.hub.number(receipt.id), "appid": 1, "title": "", "message": "",
            "priority": 0, "date": datetime.now(UTC).isoformat(timespec="seconds"),
        })  # fmt: skip


def _read(request: Request, content: bytes | bytearray) -> Report:
    fields = {**query_fields(request), **body_fields(content, request)}
    return read_gotify(fields, query_of(request))


def _refusal(error: Refused) -> Response:
    status = 401 if isinstance(error, Forbidden) else status_of(error)
    error_fields = {"error": str(error), "errorCode": status, "errorDescription": str(error)}
    answer = json_answer(error_fields, status)
    retry_after(answer, error)
    return answer
