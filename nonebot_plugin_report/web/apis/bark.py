"""Bark's API, for what pushes to a Bark server: `{route}/bark/push` and `{route}/bark/{key}/…`.

https://github.com/Finb/bark-server/blob/master/docs/API_V2.md, route_push.go, route_misc.go: the
key of a device is the token.
"""

import platform
import time
from collections.abc import Sequence
from functools import partial
from importlib.metadata import version

from fastapi import FastAPI, Request, Response

from ...errors import Refused
from ...model.report import Report
from ...model.status import Receipt
from ...sources.bark import read_bark
from .. import openapi
from ..answers import json_answer, retry_after, status_of
from ..asgi import PlainRoute
from ..credentials import Credential
from ..head import query_of
from ..paths import decode_segment, read_segments
from . import schemas
from .entrance import DISTRIBUTION, Entrance, read_fields, with_notes


class BarkApi:
    """Takes messages."""

    def __init__(self, entrance: Entrance) -> None:
        self._entrance = entrance

    def mount(self, app: FastAPI, route: str) -> None:
        """Add the routes."""
        add = app.router.add_api_route
        for name, endpoint in (
            ("ping", self.ping), ("healthz", self.healthz), ("info", self.info),
        ):  # fmt: skip
            add(
                f"{route}/bark/{name}", endpoint, methods=["GET"],
                route_class_override=PlainRoute, include_in_schema=False,
            )  # fmt: skip
        for path in ("/push", ""):
            add(
                f"{route}/bark{path}", self.push, methods=["POST"],
                route_class_override=PlainRoute, summary="Bark 的 API", tags=["bark"],
                dependencies=openapi.TOKEN, openapi_extra=schemas.BARK,
                responses=schemas.BARK_ANSWERS, include_in_schema=bool(path),
            )  # fmt: skip
        add(
            f"{route}/bark/{{words:path}}", self.push_by_path, methods=["GET", "POST"],
            route_class_override=PlainRoute, include_in_schema=False,
        )  # fmt: skip

    async def push(self, request: Request) -> Response:
        """收下一条写给 Bark 的消息；device_key 是令牌。"""
        read = partial(_read, request, ())
        return await self._entrance.push(request, read, _answer, _refusal, in_body=True)

    async def push_by_path(self, request: Request) -> Response:
        """Take a message whose key stands in the path, and perhaps its words."""
        segments = [decode_segment(segment) for segment in read_segments(request.scope)]
        key, *words = segments[segments.index("bark") + 1 :]
        tokens = [Credential(key, is_explicit=True)]
        read = partial(_read, request, words)
        return await self._entrance.push(request, read, _answer, _refusal, tokens)

    async def ping(self, _: Request) -> Response:
        """Answer that this is here."""
        return _said(200, "pong")

    async def healthz(self, _: Request) -> Response:
        """Answer whether messages can be stored."""
        fault = await self._entrance.hub.fault()
        return Response(fault or "ok", 503 if fault else 200, media_type="text/plain")

    async def info(self, _: Request) -> Response:
        """Answer which program this is."""
        return json_answer({
            "version": f"v{version(DISTRIBUTION)}", "build": "", "commit": "", "devices": 1,
            "arch": f"{platform.system().lower()}/{platform.machine()}",
        })  # fmt: skip


def _read(request: Request, words: Sequence[str], content: bytes | bytearray) -> Report:
    fields = read_fields(content, request)
    return with_notes(read_bark(fields, words, query_of(request)), fields)


def _answer(_: Report, __: Receipt) -> Response:
    return _said(200, "success")


def _refusal(error: Refused) -> Response:
    status = status_of(error)
    answer = _said(400 if status == 422 else status, str(error))
    retry_after(answer, error)
    return answer


def _said(code: int, message: str) -> Response:
    return json_answer({"code": code, "message": message, "timestamp": int(time.time())}, code)
