"""HTTP and WebSocket: bytes in, answers out. The only module that knows requests.

An error of ours becomes a status in one table; nothing that a sender writes comes back to it.
"""

import asyncio
import logging
import re
from collections.abc import Callable, Coroutine, Mapping
from email.message import Message as MimeHeader
from ipaddress import ip_address
from typing import Any, Final
from urllib.parse import unquote_plus, urlsplit

import orjson
from fastapi import FastAPI, Request, Response, WebSocket
from fastapi.routing import APIRoute
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, HTTPConnection
from starlette.websockets import WebSocketDisconnect

from .auth import Grant
from .delivery import Receipt, ReportState
from .errors import (
    BodyTooLarge,
    Forbidden,
    InvalidReport,
    Refused,
    StoreUnavailable,
    TooManyAttempts,
    UnsupportedMedia,
)
from .hub import Health, Hub
from .report import decode, decode_text, parse

STATUS: Final[Mapping[type[Refused], int]] = {
    InvalidReport: 422,
    UnsupportedMedia: 415,
    BodyTooLarge: 413,
    Forbidden: 403,
    TooManyAttempts: 429,
    StoreUnavailable: 503,
}
READ_SECONDS: Final = 60.0
"""How long a body may take to arrive."""
DISCARD_SECONDS: Final = 5.0
"""How long the rest of a refused body is read and thrown away: a sender that still writes would
see a broken connection instead of the answer."""
DISCARD_FACTOR: Final = 8
"""And how much of it, in times of REPORT_MAX_BODY."""

_JSON_TYPES: Final = frozenset({"application/json", "application/json; charset=utf-8"})

_EXAMPLES: Final[dict[str, Any]] = {
    "bettergi": {
        "summary": "BetterGI 写出的通知",
        "value": {
            "event": "domain.end",
            "result": 0,
            "timestamp": "2026-11-23T21:44:00.1234567+08:00",
            "screenshot": None,
            "message": "自动秘境结束",
            "data": None,
            "send_to": "",
        },
    },
    "script": {
        "summary": "自己的脚本",
        "value": {"title": "备份", "content": "备份完成", "send_to": [10001], "send_to_group": 777},
    },
}
_OPENAPI: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": {"type": "object"}, "examples": _EXAMPLES},
            "text/plain": {"schema": {"type": "string"}, "example": "备份完成"},
        },
    },
    "parameters": [
        {"name": name, "in": "query", "required": False, "schema": {"type": "string"}}
        for name in ("token", "send_from", "send_to", "send_to_group", "channel")
    ],
}
_REFUSALS: Final[dict[int | str, dict[str, Any]]] = {
    status: {"description": (error.__doc__ or "").strip()} for error, status in STATUS.items()
}


class _PushRoute(APIRoute):
    """A route whose endpoint reads the request itself: FastAPI's own parsing is left out."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        return self.endpoint


class Receiver:
    """The routes of one hub."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._limit = hub.config.report_max_body

    def mount(self, app: FastAPI) -> None:
        """Add the routes, each with and without a trailing slash: a redirect would lose a POST."""
        route = self._hub.config.report_route
        for path in (route, f"{route}/"):
            shown = path == route
            app.router.add_api_route(
                path, self.push, route_class_override=_PushRoute, methods=["POST"],
                summary="推送一条消息", tags=["report"], openapi_extra=_OPENAPI,
                responses=_REFUSALS, include_in_schema=shown,
            )  # fmt: skip
        app.add_api_websocket_route(f"{route}/ws", self.push_websocket)
        app.add_api_websocket_route(f"{route}/ws/", self.push_websocket)
        app.add_api_route(
            f"{route}/health", self.health, methods=["GET"], summary="能否收下推送", tags=["report"]
        )
        app.add_api_route(
            f"{route}/{{report_id}}", self.state, methods=["GET"], summary="一条推送的状态",
            tags=["report"], responses={404: {"description": "没有这条推送"}, **_REFUSALS},
        )  # fmt: skip

    async def push(self, request: Request) -> Response:
        """收下一条推送；回答 200 表示已经存盘，并会送达。"""
        try:
            grant, is_json, charset = self._admit(request)
            body = await self._read(request)
        except Refused as error:
            await self._discard(request)
            return _refusal(error)
        except ClientDisconnect:
            return Response(status_code=400)  # nobody reads it
        try:
            fields = decode(body) if is_json else decode_text(body, charset)
            if grant is None:
                grant = self._hub.gate.admit(_inner_token(fields), _address(request))
            if (key := request.headers.get("idempotency-key")) and not fields.get("id"):
                fields["id"] = key
            report = parse(fields, request.query_params)
            return _json(_receipt(await self._hub.submit(report, grant)))
        except Refused as error:
            return _refusal(error)

    async def push_websocket(self, websocket: WebSocket) -> None:
        """收下每一条文本或二进制消息；格式与 POST 相同。"""
        grant: Grant | None = None
        try:
            self._check_origin(websocket)
            if (token := _outer_token(websocket)) is not None:
                grant = self._hub.gate.admit(token, _address(websocket))
        except Refused:
            await websocket.close(1008)  # before accepting: HTTP 403 (ASGI, "Close - send event")
            return
        await websocket.accept()
        while True:
            message = await websocket.receive()
            if message["type"] == "websocket.disconnect":
                return
            answer = await self._push_message(websocket, message, grant)
            if not await _send(websocket, answer):
                continue  # gone; what it sent before it went is still to be read

    async def state(self, request: Request, report_id: str) -> Response:
        """一条推送，以及它到每个接收者的状态。"""
        try:
            grant = self._check_reader(request)
            state = await self._hub.state(report_id, grant)
        except Refused as error:
            return _refusal(error)
        if state is None:
            return _error(404, "没有这条推送")
        return _json(_state(state))

    async def health(self, request: Request) -> Response:
        """能否收下推送；带令牌时还有机器人、积压与原因。"""
        health = await self._hub.health()
        status = 503 if health.fault else 200
        try:
            if not self._check_reader(request).is_master:
                raise Forbidden
        except Refused as error:
            if isinstance(error, TooManyAttempts):
                return _refusal(error)
            return _json({"status": "error" if health.fault else "ok"}, status)
        return _json(_health(health), status)

    def _admit(self, request: Request) -> tuple[Grant | None, bool, str]:
        """All that can be checked before the body: the token that stands outside of it, whether
        the body is JSON, and its charset."""
        self._check_origin(request)
        grant = None
        if (token := _outer_token(request)) is not None:
            grant = self._hub.gate.admit(token, _address(request))
        return grant, *self._check_media(request.headers, token)

    async def _push_message(
        self, websocket: WebSocket, message: Mapping[str, Any], grant: Grant | None
    ) -> dict[str, object]:
        body: bytes | str = message.get("bytes") or message.get("text") or b""
        encoded = body if isinstance(body, bytes) else body.encode("utf-8", "replace")
        try:
            if len(encoded) > self._limit:
                raise BodyTooLarge
            fields = decode(encoded)
            if grant is None:
                grant = self._hub.gate.admit(_inner_token(fields), _address(websocket))
            report = parse(fields, websocket.query_params)
            return _receipt(await self._hub.submit(report, grant))
        except Refused as error:
            return {"status": "error", "code": STATUS[type(error)], "error": str(error)}

    def _check_reader(self, request: Request) -> Grant:
        """Who may look: whoever may push. The token stands outside the body here."""
        self._check_origin(request)
        return self._hub.gate.admit(_outer_token(request), _address(request))

    def _check_origin(self, connection: HTTPConnection) -> None:
        """Without a token, refuse what a web page in the player's browser makes it send."""
        if not self._hub.gate.open:
            return
        headers = connection.headers
        origin = headers.get("origin")
        if headers.get("sec-fetch-site") == "cross-site" or (
            origin is not None and not _is_own_page(origin, headers.get("host", ""))
        ):
            raise Forbidden("没有设置 REPORT_TOKEN 时，不接受网页发来的请求")

    def _check_media(self, headers: Headers, token: str | None) -> tuple[bool, str]:
        """Whether the body is JSON, and the charset that the sender names."""
        if headers.get("content-type") in _JSON_TYPES and "content-encoding" not in headers:
            return True, ""  # what nearly all send, without the cost of the general parser
        header = MimeHeader()
        header["content-type"] = headers.get("content-type", "text/plain")
        media_type = header.get_content_type()
        if headers.get("content-encoding", "identity").lower() != "identity":
            raise UnsupportedMedia("不支持压缩的请求体（Content-Encoding）")
        if media_type == "application/json" or media_type.endswith("+json"):
            return True, ""
        if media_type.startswith(("multipart/", "image/", "audio/", "video/")):
            raise UnsupportedMedia("只接受 JSON 或纯文本")
        if self._hub.gate.open:
            raise UnsupportedMedia
        if token is None:
            raise Forbidden(
                "请求体不是 application/json 时，令牌要写在网址里（?token=…）；"
                "若请求体是 JSON，请加上 Content-Type: application/json"
            )
        return False, header.get_content_charset() or ""

    async def _read(self, request: Request) -> bytes:
        """The body, cut off where it passes the limit."""
        announced = request.headers.get("content-length", "")
        if announced.isdecimal() and int(announced[:20]) > self._limit:
            raise BodyTooLarge
        body = bytearray()
        try:
            async with asyncio.timeout(READ_SECONDS):
                async for chunk in request.stream():
                    body += chunk
                    if len(body) > self._limit:
                        raise BodyTooLarge
        except TimeoutError:
            raise InvalidReport("body", f"{READ_SECONDS:.0f} 秒内没有收完") from None
        return bytes(body)

    async def _discard(self, request: Request) -> None:
        left = self._limit * DISCARD_FACTOR
        try:
            async with asyncio.timeout(DISCARD_SECONDS):
                while left > 0:
                    message = await request.receive()
                    left -= len(message.get("body", b""))
                    if not message.get("more_body"):
                        return
        except TimeoutError:
            return


def _outer_token(connection: HTTPConnection) -> str | None:
    """The token of the query or the `Authorization: Bearer` header (RFC 6750 section 2.1)."""
    if token := connection.query_params.get("token"):
        return token
    scheme, _, credentials = connection.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and credentials.strip():
        return credentials.strip()
    return None


def _inner_token(fields: Mapping[str, object]) -> str | None:
    token = fields.get("token")
    if isinstance(token, int) and not isinstance(token, bool):
        return str(token) if token.bit_length() < 1024 else None
    return token if isinstance(token, str) else None


def _address(connection: HTTPConnection) -> str:
    return connection.client.host if connection.client else "unknown"


def _is_own_page(origin: str, host: str) -> bool:
    """Whether an Origin is this server's own. A name other than localhost is never believed: it
    could be an attacker's that was made to resolve to this machine (DNS rebinding)."""
    try:
        page = urlsplit(origin)
        name = page.hostname or ""
        own = page.netloc == host
    except ValueError:
        return False
    if name == "localhost":
        return own
    try:
        ip_address(name)
    except ValueError:
        return False
    return own


async def _send(websocket: WebSocket, answer: dict[str, object]) -> bool:
    """Answer, if the client is still there: BetterGI closes right after its one message."""
    try:
        await websocket.send_text(orjson.dumps(answer).decode())
    except (WebSocketDisconnect, RuntimeError):
        return False
    return True


def _refusal(error: Refused) -> Response:
    response = _error(STATUS[type(error)], str(error))
    if isinstance(error, TooManyAttempts):
        response.headers["Retry-After"] = str(int(error.retry_after) + 1)
    elif isinstance(error, StoreUnavailable):
        response.headers["Retry-After"] = "5"
    return response


def _error(status: int, reason: str) -> Response:
    return _json({"status": "error", "error": reason}, status)


def _json(content: dict[str, object], status: int = 200) -> Response:
    return Response(orjson.dumps(content), status, media_type="application/json")


def _receipt(receipt: Receipt) -> dict[str, object]:
    deliveries = [{"target": str(target)} for target in receipt.targets]
    return {"id": receipt.id, "status": receipt.status, "deliveries": deliveries}


def _state(state: ReportState) -> dict[str, object]:
    return {
        "id": state.id,
        "key": state.key or None,
        "event": state.event,
        "heading": state.heading,
        "received_at": state.received_at,
        "token": state.source or None,
        "reason": state.note or None,
        "deliveries": [
            {
                "target": str(one.target),
                "state": one.state,
                "attempts": one.attempts,
                "repeats": one.repeats,
                "reason": one.reason or None,
                "finished_at": one.finished_at,
            }
            for one in state.deliveries
        ],
    }


def _health(health: Health) -> dict[str, object]:
    backlog = health.backlog
    return {
        "status": "error" if health.fault else "ok",
        "reason": health.fault or None,
        "bots": [
            {"id": self_id, "adapter": adapter, "online": online}
            for self_id, adapter, online in health.bots
        ],
        "waiting": backlog.waiting if backlog else None,
        "oldest_waiting_at": backlog.oldest if backlog else None,
        "blocked": [
            {"lane": str(one.lane), "reason": one.reason, "since": one.since}
            for one in (backlog.blocked if backlog else ())
        ],
    }


_QUERY: Final = re.compile(r"\?[^\s\"]*")


class TokenMask(logging.Filter):
    """Takes tokens out of the web server's log lines, which print the query string."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite the record; always let it through."""
        if isinstance(record.args, tuple):
            record.args = tuple(
                _QUERY.sub(_mask, one) if isinstance(one, str) else one for one in record.args
            )
        return True

    @classmethod
    def install(cls) -> None:
        """Watch the loggers of uvicorn that write request lines (HTTP and WebSocket)."""
        for name in ("uvicorn.access", "uvicorn.error"):
            logger = logging.getLogger(name)
            if not any(isinstance(one, cls) for one in logger.filters):
                logger.addFilter(cls())


def _mask(query: re.Match[str]) -> str:
    parts = query[0][1:].split("&")
    return "?" + "&".join(
        "token=***" if unquote_plus(part.partition("=")[0]).lower() == "token" else part
        for part in parts
    )
