"""Apprise-API, for what notifies by it: `{route}/notify` and `{route}/notify/{key}`.

https://github.com/caronc/apprise-api: the key is the token, or any word where the token stands in
another place.
"""

from functools import partial

from fastapi import FastAPI, Request, Response

from ...errors import Refused
from ...model.report import Report
from ...model.status import Receipt
from ...sources.apprise_api import read_notify
from .. import openapi
from ..answers import json_answer, refusal_in_words, status_of
from ..asgi import PlainRoute
from ..credentials import Credential
from ..head import query_of
from . import schemas
from .entrance import Entrance, read_fields, with_notes


class AppriseApi:
    """Takes notifications."""

    def __init__(self, entrance: Entrance) -> None:
        self._entrance = entrance

    def mount(self, app: FastAPI, route: str) -> None:
        """Add the routes."""
        for path in ("", "/{key}"):
            app.router.add_api_route(
                f"{route}/notify{path}", self.push, methods=["POST"],
                route_class_override=PlainRoute, summary="Apprise-API", tags=["apprise"],
                dependencies=openapi.TOKEN, openapi_extra=schemas.APPRISE,
                responses=schemas.APPRISE_ANSWERS, include_in_schema=not path,
            )  # fmt: skip

    async def push(self, request: Request) -> Response:
        """收下一条写给 Apprise-API 的通知。"""
        key = str(request.path_params.get("key", ""))
        tokens = [Credential(key, is_explicit=True)] if key else []
        read = partial(_read, request)
        return await self._entrance.push(request, read, _answer, _refusal, tokens, in_body=True)


def _read(request: Request, content: bytes | bytearray) -> Report:
    fields = read_fields(content, request)
    return with_notes(read_notify(fields, query_of(request)), fields)


def _answer(_: Report, __: Receipt) -> Response:
    return json_answer({"error": None, "details": []})


def _refusal(error: Refused) -> Response:
    status = status_of(error)
    return refusal_in_words(error, {"error": str(error)}, 400 if status == 422 else status)
