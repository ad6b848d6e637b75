"""Telegram's Bot API, for what sends to a Telegram server of one's own:
`{route}/telegram/bot{token}/{method}`.

https://core.telegram.org/bots/api#making-requests
"""

import time
from collections.abc import Iterator
from functools import partial
from typing import Final

from fastapi import FastAPI, Request, Response

from ...errors import Forbidden, NotFound, Refused
from ...model.report import Report
from ...model.status import Receipt
from ...sources.telegram import SENDS, read_telegram
from .. import openapi
from ..answers import json_answer, retry_seconds, status_of
from ..asgi import PlainRoute
from ..credentials import Credential
from ..head import query_of
from . import schemas
from .entrance import Entrance, read_fields, with_notes

BOT: Final = {"id": 1, "is_bot": True, "first_name": "推送", "username": "report_bot"}
USAGE: Final = "发送用 sendMessage、sendPhoto、sendDocument"


class TelegramApi:
    """Takes messages."""

    def __init__(self, entrance: Entrance) -> None:
        self._entrance = entrance

    def mount(self, app: FastAPI, route: str) -> None:
        """Add the routes."""
        for method in ("POST", "GET"):
            app.router.add_api_route(
                f"{route}/telegram/bot{{token}}/{{method}}", self.call, methods=[method],
                route_class_override=PlainRoute, summary="Telegram 的 Bot API", tags=["telegram"],
                openapi_extra=schemas.TELEGRAM, responses=schemas.TELEGRAM_ANSWERS,
                dependencies=openapi.TOKEN, include_in_schema=method == "POST",
            )  # fmt: skip

    async def call(self, request: Request) -> Response:
        """做一个方法；发送的方法回答 ok 表示已经存盘，并会送达。"""
        method = str(request.path_params["method"]).lower()
        tokens = list(_tokens(str(request.path_params["token"])))
        if method in SENDS:
            read = partial(_read, method, request)
            return await self._entrance.push(request, read, self._answer, _refusal, tokens)
        grant = None
        try:
            grant = self._entrance.admit(request, tokens)
            if method != "getme":
                raise NotFound(f"没有这个方法；{USAGE}")
        except (Refused, NotFound) as error:
            await self._entrance.refuse(error, request, grant)
            return _refusal(error)
        return json_answer({"ok": True, "result": BOT})

    def _answer(self, report: Report, receipt: Receipt) -> Response:
        message = {
            "message_id": self._entrance.hub.number(receipt.id),
            "from": BOT,
            "chat": {"id": 1, "type": "private", "first_name": "推送"},
            "date": int(time.time()),
            "text": report.body,
        }
        return json_answer({"ok": True, "result": message})


def _tokens(written: str) -> Iterator[Credential]:
    """Give what may be the token: some clients insist on Telegram's form, `123456:token`."""
    _, colon, token = written.partition(":")
    if colon and token:
        yield Credential(token, is_explicit=True)
    yield Credential(written, is_explicit=True)


def _read(method: str, request: Request, content: bytes | bytearray) -> Report:
    fields = read_fields(content, request)
    return with_notes(read_telegram(method, fields, query_of(request)), fields)


def _refusal(error: Refused | NotFound) -> Response:
    match error:
        case NotFound():
            status = 404
        case Forbidden():
            status = 401
        case Refused():
            status = status_of(error)
            status = 400 if status == 422 else status
    told: dict[str, object] = {"ok": False, "error_code": status, "description": str(error)}
    if seconds := retry_seconds(error):
        told["parameters"] = {"retry_after": seconds}
    return json_answer(told, status)
