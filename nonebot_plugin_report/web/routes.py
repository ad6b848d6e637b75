"""HTTP and WebSocket: bytes in, answers out. The only module that knows requests.

An error of ours becomes a status in one table; nothing that a sender writes comes back to it.
"""

import asyncio
import re
from collections import Counter
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final
from urllib.parse import urlsplit

import orjson
from fastapi import FastAPI, Request, Response, WebSocket
from fastapi.routing import APIRoute
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, HTTPConnection
from starlette.websockets import WebSocketDisconnect

from ..errors import (
    BodyTooLarge,
    Busy,
    Forbidden,
    InvalidReport,
    Refused,
    StoreUnavailable,
    TooManyAttempts,
    UnsupportedMedia,
)
from ..hub import Health, Hub
from ..model.grant import Grant
from ..model.numbers import MAX_ID_LENGTH
from ..model.report import Report
from ..model.status import Receipt, ReportState
from ..sources.decode import decode, decode_text
from ..sources.parse import parse
from .body import HEAD, STRANGER_SECONDS, Body, Intake
from .caller import client_address, outer_token, refuse_web_pages, seen_tokens

STATUS: Final[Mapping[type[Refused], int]] = {
    InvalidReport: 422,
    UnsupportedMedia: 415,
    BodyTooLarge: 413,
    Forbidden: 403,
    TooManyAttempts: 429,
    Busy: 503,
    StoreUnavailable: 503,
}
DISCARD_SECONDS: Final = 5.0
"""How long the rest of a refused body is read and thrown away: a sender that still writes would
see a broken connection instead of the answer."""
DISCARD_FACTOR: Final = 8
"""And how much of it, in times of REPORT_MAX_BODY."""
MAX_CONTENT_TYPE: Final = 256
"""Characters of that header that are read."""
HOLD_BACK_SECONDS: Final = 1.0
"""How long whoever tries too many wrong tokens waits for the answer."""
MAX_HELD_BACK: Final = 64
"""How many wait so at once; the others are answered without."""
WEBSOCKETS: Final = 4
"""WebSockets that a limited token, or those who have shown none, may have open. What the web server
has read of a message is out of our sight: up to 16 MiB for each."""
MASTER_WEBSOCKETS: Final = 16
"""Likewise, of whoever may do everything."""

COMPRESSES: Final = "compresses_websockets"
"""Of the app's `state`: false where the web server was told not to."""

_CHARSET: Final = re.compile(r"charset\s*=\s*[\"']?([\w.:-]+)", re.ASCII)
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


@dataclass(slots=True)
class _Line:
    """An open WebSocket."""

    websocket: WebSocket
    address: str
    token: str | None
    """The one beside the URL, which speaks for all messages."""
    shown: str = ""
    """Otherwise the last one of a message."""
    owner: str | None = None
    """Whose WebSockets it counts among; empty: those that have shown no token."""


class Receiver:
    """The routes of one hub."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._gate = hub.tokens.gate
        self._limit = hub.config.report_max_body
        self._proxies = hub.config.report_trusted_proxies
        self._public_host = urlsplit(hub.config.report_public_url or "").hostname or ""
        self._intake = Intake(self._limit)
        self._lines = Counter[str]()
        self._held_back = 0

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
        grant = None
        try:
            address = client_address(request, self._proxies)
            grant, charset = self._admit(request, address)
            body = await self._intake.read(
                request, grant, lambda head: self._look(head, address)[1]
            )
        except Refused as error:
            await self._discard(request, 1 if grant is None else DISCARD_FACTOR)
            return await self._refuse(error)
        except ClientDisconnect:
            return Response(status_code=400)  # nobody reads it
        try:
            key = request.headers.get("idempotency-key", "")
            async with body:
                report, token = await body.work(
                    partial(_read, charset=charset, query=request.query_params, key=key)
                )
                grant = grant or self._gate.admit(token, address)
                return _json(_receipt(await self._hub.submit(report, grant)))
        except Refused as error:
            return await self._refuse(error)

    async def push_websocket(self, websocket: WebSocket) -> None:
        """收下每一条文本或二进制消息；格式与 POST 相同。"""
        try:
            token = self._check_caller(websocket)
            line = _Line(websocket, client_address(websocket, self._proxies), token)
            grant = self._speaker(line)
            _check_compression(websocket, grant)
            self._count(line, grant)
        except Refused as error:
            response = await self._refuse(error)
            await _unless_gone(websocket.send_denial_response(response))
            return
        try:
            await websocket.accept()
            await self._converse(line)
        finally:
            self._uncount(line)

    async def state(self, request: Request, report_id: str) -> Response:
        """一条推送，以及它到每个接收者的状态。"""
        try:
            token = self._check_caller(request)
            grant = self._gate.admit(token, client_address(request, self._proxies))
            known = len(report_id) <= MAX_ID_LENGTH
            state = await self._hub.state(report_id, grant) if known else None
        except Refused as error:
            return await self._refuse(error)
        if state is None:
            return _error(404, "没有这条推送")
        return _json(_state(state))

    async def health(self, request: Request) -> Response:
        """能否收下推送；带 REPORT_TOKEN 时还有机器人、积压与原因。"""
        try:
            token = self._check_caller(request)
            grant = None
            if token is not None or self._gate.open:
                grant = self._gate.admit(token, client_address(request, self._proxies))
        except Refused as error:
            return await self._refuse(error)
        if grant is not None and grant.is_master:
            health = await self._hub.health()
            return _json(_health(health), 503 if health.fault else 200)
        fault = await self._hub.fault()
        return _json({"status": "error" if fault else "ok"}, 503 if fault else 200)

    def _check_caller(self, connection: HTTPConnection) -> str | None:
        """The token beside the body; not everybody may ask where none is set."""
        if self._gate.open:
            refuse_web_pages(connection, self._public_host)
        return outer_token(connection)

    def _admit(self, request: Request, address: str) -> tuple[Grant | None, str | None]:
        """All that can be checked before the body: the token that stands outside of it, and the
        charset of a body that is no JSON."""
        token = self._check_caller(request)
        grant = None
        if token is not None or self._gate.open:
            grant = self._gate.admit(token, address)
        return grant, self._check_media(request.headers, token)

    def _look(self, head: bytes, address: str) -> tuple[str, Grant]:
        """The token that stands in the beginning of a body, and whose it is. Of a stranger's body
        no more is read, and nothing of it as JSON."""
        tokens = seen_tokens(head)
        for token in tokens:
            if (grant := self._gate.find(token)) is not None:
                return token, grant
        if not tokens and len(head) == HEAD:
            raise Forbidden(
                f"请求体的前 {HEAD // 1024} KiB 里没有令牌；请把令牌写在网址里（?token=…）"
            )
        return "", self._gate.admit(tokens[0] if tokens else None, address)

    async def _converse(self, line: _Line) -> None:
        """Answer each message, until the client goes or a token is wrong.

        A client that is gone may have sent something before, which is still to be read.
        """
        while True:
            patience = None if self._is_trusted(line) else STRANGER_SECONDS
            try:
                async with asyncio.timeout(patience):
                    message = await line.websocket.receive()
            except TimeoutError:
                break
            if message["type"] == "websocket.disconnect":
                return
            answer = orjson.dumps(await self._answer(line, message)).decode()
            await _unless_gone(line.websocket.send_text(answer))
            if not self._is_trusted(line):
                break
        # RFC 6455 section 7.4.1: "violates its policy"
        await _unless_gone(line.websocket.close(1008))

    async def _answer(self, line: _Line, message: Mapping[str, Any]) -> dict[str, object]:
        try:
            return _receipt(await self._push_message(line, message))
        except Refused as error:
            return {"status": "error", "code": STATUS[type(error)], "error": str(error)}

    async def _push_message(self, line: _Line, message: Mapping[str, Any]) -> Receipt:
        content = self._encoded(message.get("bytes") or message.get("text") or b"")
        grant = self._speaker(line)  # anew for each message: a token may be taken away
        if grant is None and not self._is_trusted(line):
            line.shown, owner = self._look(content[:HEAD], line.address)
            self._count(line, owner)
        async with Body(self._intake, content) as body:
            query = line.websocket.query_params
            report, token = await body.work(partial(_read, charset=None, query=query, key=""))
            if grant is None:
                if token is not None:
                    line.shown = token
                grant = self._gate.admit(token, line.address)
            return await self._hub.submit(report, grant)

    def _encoded(self, content: bytes | str) -> bytes:
        if len(content) > self._limit:  # characters: before they are made bytes
            raise BodyTooLarge
        if isinstance(content, str):
            content = content.encode("utf-8", "replace")
        if len(content) > self._limit:
            raise BodyTooLarge
        return content

    def _speaker(self, line: _Line) -> Grant | None:
        """Who speaks in all messages; None: each has a token of its own."""
        if line.token is None and not self._gate.open:
            return None
        return self._gate.admit(line.token, line.address)

    def _is_trusted(self, line: _Line) -> bool:
        """Whether a right token was shown, which is still good."""
        return self._gate.open or self._gate.find(line.token or line.shown) is not None

    def _count(self, line: _Line, grant: Grant | None) -> None:
        """Count a WebSocket for whoever speaks; raises where that is one too many."""
        owner = grant.name if grant else ""
        limit = MASTER_WEBSOCKETS if grant and grant.is_master else WEBSOCKETS
        if self._lines[owner] >= limit:
            raise Busy
        self._lines[owner] += 1
        self._uncount(line)
        line.owner = owner

    def _uncount(self, line: _Line) -> None:
        if line.owner is not None:
            self._lines[line.owner] -= 1

    def _check_media(self, headers: Headers, token: str | None) -> str | None:
        """The charset that the sender names, or None for JSON."""
        content_type = headers.get("content-type", "")
        if content_type in _JSON_TYPES and "content-encoding" not in headers:
            return None  # what nearly all send
        media_type, _, parameters = content_type[:MAX_CONTENT_TYPE].lower().partition(";")
        media_type = media_type.strip()
        if headers.get("content-encoding", "identity").lower() != "identity":
            raise UnsupportedMedia("不支持压缩的请求体（Content-Encoding）")
        if media_type == "application/json" or media_type.endswith("+json"):
            return None
        if media_type.startswith(("multipart/", "image/", "audio/", "video/")):
            raise UnsupportedMedia("只接受 JSON 或纯文本")
        if self._gate.open:
            raise UnsupportedMedia
        if token is None:
            raise Forbidden(
                "请求体不是 application/json 时，令牌要写在网址里（?token=…）；"
                "若请求体是 JSON，请加上 Content-Type: application/json"
            )
        charset = _CHARSET.search(parameters)
        return charset[1] if charset else ""

    async def _refuse(self, error: Refused) -> Response:
        """The answer to what was refused; who guesses has to wait for it."""
        if isinstance(error, TooManyAttempts) and self._held_back < MAX_HELD_BACK:
            self._held_back += 1
            try:
                await asyncio.sleep(HOLD_BACK_SECONDS)
            finally:
                self._held_back -= 1
        return _refusal(error)

    async def _discard(self, request: Request, factor: int) -> None:
        left = self._limit * factor
        try:
            async with asyncio.timeout(DISCARD_SECONDS):
                while left > 0:
                    message = await request.receive()
                    left -= len(message.get("body", b""))
                    if not message.get("more_body"):
                        return
        except TimeoutError:
            return


def _read(
    content: bytes | bytearray, *, charset: str | None, query: Mapping[str, str], key: str
) -> tuple[Report, str | None]:
    """A report, and the token that stands in it. `charset` is None for JSON; `key` stands in for
    an `id` that it does not have."""
    fields = decode(content) if charset is None else decode_text(content, charset)
    if key and not fields.get("id"):
        fields["id"] = key
    return parse(fields, query), _inner_token(fields)


def _inner_token(fields: Mapping[str, object]) -> str | None:
    token = fields.get("token")
    if isinstance(token, int) and not isinstance(token, bool):
        return str(token) if token.bit_length() < 1024 else None
    return token if isinstance(token, str) else None


def _check_compression(websocket: WebSocket, grant: Grant | None) -> None:
    """Refuse a client that could send a thousand times what it sends. uvicorn has agreed to
    compress before we are asked, so there is no other way to be without; our own bot tells it not
    to."""
    if grant is not None and grant.is_master:
        return
    offered = websocket.headers.get("sec-websocket-extensions", "")
    if "deflate" in offered and getattr(websocket.app.state, COMPRESSES, True):
        raise Forbidden("请关掉 WebSocket 客户端的压缩（permessage-deflate）")


async def _unless_gone(sending: Coroutine[Any, Any, None]) -> None:
    """Send something, if the client is still there: BetterGI closes right after its one message."""
    try:
        await sending
    except (WebSocketDisconnect, RuntimeError):
        return


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
