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
from ..answers import json_answer, refusal_in_words, status_of
from ..asgi import PlainRoute
from ..head import query_of
from . import schemas
from .entrance import Entrance, read_fields, with_notes


class GotifyApi:
    """Takes messages."""

    def __init__(self, entrance: Entrance) -> None:
        self._entrance = entrance

    def mount(self, app: FastAPI, route: str) -> None:
        """Add the routes."""
        add = app.router.add_api_route
        add(
            f"{route}/gotify/message", self.push, methods=["POST"],
            route_class_override=PlainRoute, summary="Gotify 的 API", tags=["gotify"],
            dependencies=openapi.TOKEN, openapi_extra=schemas.GOTIFY,
            responses=schemas.GOTIFY_ANSWERS,
        )  # fmt: skip
        for name, endpoint in (
            ("health", self.health), ("version", self.version), ("current/user", self.user),
        ):  # fmt: skip
            add(
                f"{route}/gotify/{name}", endpoint, methods=["GET"],
                route_class_override=PlainRoute, include_in_schema=False,
            )  # fmt: skip

    async def push(self, request: Request) -> Response:
        """收下一条写给 Gotify 的消息。"""
        return await self._entrance.push(request, partial(_read, request), self._answer, _refusal)

    async def health(self, _: Request) -> Response:
        """Answer whether messages can be stored."""
        fault = await self._entrance.hub.fault()
        colour = "red" if fault else "green"
        return json_answer({"health": colour, "database": colour}, 503 if fault else 200)

    async def version(self, _: Request) -> Response:
        """Answer which program this is, in place of Gotify's version."""
        return json_answer({"version": "2.0.0", "commit": "", "buildDate": ""})

    async def user(self, request: Request) -> Response:
        """Answer whether a token is right."""
        try:
            grant = self._entrance.admit(request)
        except Refused as error:
            await self._entrance.refuse(error, request, None)
            return _refusal(error)
        return json_answer({"id": 1, "name": grant.name, "admin": grant.is_master})

    def _answer(self, _: Report, receipt: Receipt) -> Response:
        return json_answer({
            "id": self._entrance.hub.number(receipt.id), "appid": 1, "title": "", "message": "",
            "priority": 0, "date": datetime.now(UTC).isoformat(timespec="seconds"),
        })  # fmt: skip


def _read(request: Request, content: bytes | bytearray) -> Report:
    fields = read_fields(content, request)
    return with_notes(read_gotify(fields, query_of(request)), fields)


def _refusal(error: Refused) -> Response:
    status = 401 if isinstance(error, Forbidden) else status_of(error)
    error_fields = {"error": str(error), "errorCode": status, "errorDescription": str(error)}
    return refusal_in_words(error, error_fields, status)
