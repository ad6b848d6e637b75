"""Qmsg's API, for what pushes to a Qmsg server: `{route}/qmsg/{action}/{key}`.

https://qmsg.zendee.cn/api: the key is the token.
"""

from functools import partial

from fastapi import FastAPI, Request, Response

from ...errors import Refused
from ...model.report import Report
from ...model.status import Receipt
from ...sources.qmsg import read_qmsg
from .. import openapi
from ..answers import json_answer, refusal_in_words, status_of
from ..asgi import PlainRoute
from ..credentials import Credential
from ..head import query_of
from . import schemas
from .entrance import Entrance, read_fields, with_notes


class QmsgApi:
    """Takes messages."""

    def __init__(self, entrance: Entrance) -> None:
        self._entrance = entrance

    def mount(self, app: FastAPI, route: str) -> None:
        """Add the routes."""
        for method in ("POST", "GET"):
            app.router.add_api_route(
                f"{route}/qmsg/{{action}}/{{key}}", self.push, methods=[method],
                route_class_override=PlainRoute, summary="Qmsg 的 API", tags=["qmsg"],
                dependencies=openapi.TOKEN, openapi_extra=schemas.QMSG,
                responses=schemas.QMSG_ANSWERS, include_in_schema=method == "POST",
            )  # fmt: skip

    async def push(self, request: Request) -> Response:
        """收下一条写给 Qmsg 的消息；网址里的 key 是令牌。"""
        action = str(request.path_params["action"])
        tokens = [Credential(str(request.path_params["key"]), is_explicit=True)]
        read = partial(_read, action, request)
        return await self._entrance.push(request, read, _answer, _refusal, tokens)


def _read(action: str, request: Request, content: bytes | bytearray) -> Report:
    fields = read_fields(content, request)
    return with_notes(read_qmsg(action, fields, query_of(request)), fields)


def _answer(_: Report, __: Receipt) -> Response:
    return json_answer({"success": True, "reason": "操作成功", "code": 0, "info": {}})


def _refusal(error: Refused) -> Response:
    status = status_of(error)
    return refusal_in_words(error, {"success": False, "reason": str(error), "code": status}, status)
