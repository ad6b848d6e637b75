"""Synology Chat's incoming webhooks: `{route}/webapi/entry.cgi`.

https://kb.synology.com/en-global/DSM/help/Chat/chat_integration: a form with the field `payload`,
which has JSON; `token` in the query, in quotes.
"""

from functools import partial
from typing import Final

from fastapi import FastAPI, Request, Response

from ...errors import InvalidReport, Refused
from ...model.report import Report
from ...model.status import Receipt
from ...sources.bodies.decode import Fields, decode
from ...sources.synology import read_synology
from .. import openapi
from ..answers import json_answer, refusal_in_words, status_of
from ..asgi import PlainRoute
from ..head import query_of
from . import schemas
from .entrance import Entrance, read_fields, with_notes

_RAW: Final = b"payload={"
"""How a form begins whose JSON is not encoded as a form asks for: QingLong writes it so."""


class SynologyApi:
    """Takes messages."""

    def __init__(self, entrance: Entrance) -> None:
        self._entrance = entrance

    def mount(self, app: FastAPI, route: str) -> None:
        """Add the routes."""
        for method in ("POST", "GET"):
            app.router.add_api_route(
                f"{route}/webapi/entry.cgi", self.push, methods=[method],
                route_class_override=PlainRoute, summary="Synology Chat 的传入 Webhook",
                tags=["synology"], dependencies=openapi.TOKEN, openapi_extra=schemas.SYNOLOGY,
                responses=schemas.SYNOLOGY_ANSWERS, include_in_schema=method == "POST",
            )  # fmt: skip

    async def push(self, request: Request) -> Response:
        """收下一条写给 Synology Chat 的消息。"""
        return await self._entrance.push(request, partial(_read, request), _answer, _refusal)


def _read(request: Request, content: bytes | bytearray) -> Report:
    fields = _raw_payload(content) or read_fields(content, request)
    from ...sources.reader import opened  # loaded after the plugin, see `load_readers`

    return with_notes(read_synology(opened(fields), query_of(request)), fields)


def _raw_payload(content: bytes | bytearray) -> Fields | None:
    if not content.startswith(_RAW):
        return None
    try:
        return decode(content[len(_RAW) - 1 :])
    except InvalidReport:
        return None  # it is encoded


def _answer(_: Report, __: Receipt) -> Response:
    return json_answer({"success": True})


def _refusal(error: Refused) -> Response:
    status = status_of(error)
    told = {"success": False, "error": {"code": status, "errors": str(error)}}
    return refusal_in_words(error, told, status)
