"""ntfy's API, for what publishes to an ntfy server: `{route}/ntfy/{topic}` and `{route}/ntfy`.

https://docs.ntfy.sh/publish/
"""

import time
from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Final

from fastapi import FastAPI, Request, Response

from ...errors import Refused
from ...model.report import Report
from ...model.status import Receipt
from ...sources.bodies.decode import decode
from ...sources.ntfy import NAMES, read_json, read_publish
from .. import openapi
from ..answers import json_answer, refusal_in_words, status_of
from ..asgi import PlainRoute
from ..content import header_text
from ..head import headers_of, query_of
from . import schemas
from .entrance import Entrance

MAX_HEADER: Final = 4096
"""Characters read of a header."""
GET_WORDS: Final = ("publish", "send", "trigger")
"""Behind a topic, for what can only GET."""


class NtfyApi:
    """Takes messages."""

    def __init__(self, entrance: Entrance) -> None:
        self._entrance = entrance

    def mount(self, app: FastAPI, route: str) -> None:
        """Add the routes."""
        for path in ("", "/{topic}"):
            for method in ("POST", "PUT"):
                app.router.add_api_route(
                    f"{route}/ntfy{path}", self.publish, methods=[method],
                    route_class_override=PlainRoute, summary="ntfy 的 API", tags=["ntfy"],
                    dependencies=openapi.TOKEN, openapi_extra=schemas.NTFY,
                    responses=schemas.NTFY_ANSWERS,
                    include_in_schema=method == "POST" and not path,
                )  # fmt: skip

        for words, endpoint in ((GET_WORDS, self.publish), (("auth",), self.check)):
            for word in words:
                app.router.add_api_route(
                    f"{route}/ntfy/{{topic}}/{word}", endpoint, methods=["GET"],
                    route_class_override=PlainRoute, include_in_schema=False,
                )  # fmt: skip

    async def publish(self, request: Request) -> Response:
        """收下一条写给 ntfy 的消息。"""
        return await self._entrance.push(request, partial(_read, request), _answer, _refusal)

    async def check(self, request: Request) -> Response:
        """Answer whether a token may publish."""
        try:
            self._entrance.admit(request)
        except Refused as error:
            await self._entrance.refuse(error, request, None)
            return _refusal(error)
        return json_answer({"success": True})


def _read(request: Request, content: bytes | bytearray) -> Report:
    topic = str(request.path_params.get("topic", ""))
    now = datetime.now().astimezone()
    if not topic:
        return read_json({**_parameters(request), **decode(content)}, query_of(request), now)
    return read_publish(topic, _parameters(request), content, query_of(request), now)


def _parameters(request: Request) -> Mapping[str, str]:
    """What the headers and the query say, by ntfy's own names."""
    headers, query = headers_of(request), query_of(request)
    parameters: dict[str, str] = {}
    for name, aliases in NAMES.items():
        places = (place for alias in aliases for place in (f"x-{alias}", alias))
        written = next(filter(None, map(headers.get, places)), "")
        text = header_text(written[:MAX_HEADER])
        if value := text or next(filter(None, map(query.get, aliases)), ""):
            parameters[name] = value
    return parameters


def _answer(report: Report, receipt: Receipt) -> Response:
    return json_answer({
        "id": receipt.id, "time": int(time.time()), "event": "message",
        "topic": report.event, "message": "",
    })  # fmt: skip


def _refusal(error: Refused) -> Response:
    """https://github.com/binwiederhier/ntfy/blob/main/server/errors.go: the shape."""
    status = status_of(error)
    status = 400 if status == 422 else status
    error_fields = {"code": status * 100, "http": status, "error": str(error), "link": ""}
    return refusal_in_words(error, error_fields, status)
