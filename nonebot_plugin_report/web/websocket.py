"""Reports over WebSocket: one per message, each with an answer."""

import asyncio
from collections import Counter
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import orjson
from fastapi import WebSocket
from starlette.websockets import WebSocketDisconnect

from ..errors import BodyTooLarge, Busy, Forbidden, Refused
from ..hub import Hub
from ..model.grant import Grant
from ..model.status import Receipt
from ..sources.body import read_report
from .answers import receipt_json, refusal_json
from .astray import Astray
from .body import STRANGER_SECONDS, Body, Intake
from .caller import Caller, Callers
from .content import context, json_decoder
from .head import query_of
from .refusals import Refusals

WEBSOCKETS: Final = 4
"""Open WebSockets of a limited token, or of clients without one. What the web server has read of a
message is beyond our control: up to 16 MiB each."""
MASTER_WEBSOCKETS: Final = 16
"""Open WebSockets of the master token."""
MAX_REFUSED: Final = 100
"""Messages refused one after the other before a WebSocket is closed: tens of thousands fit into one
write. A tool with a wrong setting sends a few."""

COMPRESSES: Final = "compresses_websockets"
"""In the app's `state`: false if the web server was told not to compress."""


@dataclass(slots=True)
class Session:
    """An open WebSocket."""

    websocket: WebSocket
    caller: Caller
    shown: str = ""
    """The last token in a message, if there is none in the URL."""
    owner: str | None = None
    """The token that it is counted for; empty: clients without one."""
    refused: int = 0
    """Messages refused since the last that was taken."""


class Sessions:
    """The open WebSockets of a hub."""

    def __init__(
        self,
        hub: Hub,
        callers: Callers,
        intake: Intake,
        refusals: Refusals,
        astray: Astray,
    ) -> None:
        self._hub = hub
        self._callers = callers
        self._intake = intake
        self._refusals = refusals
        self._astray = astray
        self._limit = hub.config.report_max_body
        self._open = Counter[str]()

    async def serve(self, websocket: WebSocket) -> None:
        """收下每一条文本或二进制消息；格式与 POST 相同。"""
        if self._astray.notice(websocket.scope):
            await websocket.close()
            return
        try:
            caller = self._callers.identify(websocket)
            session = Session(websocket, caller)
            _check_compression(websocket, caller.grant)
            self._count(session, caller.grant)
        except Refused as error:
            await self._refusals.note(error, websocket, self._callers.address(websocket), None)
            response = await self._refusals.answer(error)
            await _unless_gone(websocket.send_denial_response(response))
            return
        try:
            await websocket.accept()
            await self._answer_messages(session)
        finally:
            self._uncount(session)

    async def _answer_messages(self, session: Session) -> None:
        """Answer messages until the client leaves or a token is wrong.

        A client that has left may have sent messages that are still to be read.
        """
        while True:
            patience = None if self._is_trusted(session) else STRANGER_SECONDS
            try:
                async with asyncio.timeout(patience):
                    message = await session.websocket.receive()
            except TimeoutError:
                break
            if message["type"] == "websocket.disconnect":
                return
            answer = await self._answer_message(session, message)
            await _unless_gone(session.websocket.send_text(orjson.dumps(answer).decode()))
            if not self._is_trusted(session):
                break
            if session.refused >= MAX_REFUSED:
                reason = f"连着 {MAX_REFUSED} 条都没有收下"
                await _unless_gone(session.websocket.close(1008, reason))
                return
            # Neither a message that has arrived nor an answer that fits into the buffer waits for
            # anything: whoever is ready goes first.
            await asyncio.sleep(0)
        # RFC 6455 section 7.4.1: "violates its policy"
        await _unless_gone(session.websocket.close(1008))

    async def _answer_message(
        self, session: Session, message: Mapping[str, Any]
    ) -> dict[str, object]:
        try:
            answer = receipt_json(await self._push(session, message))
        except Refused as error:
            session.refused += 1
            grant = self._callers.find(session.caller.token or session.shown)
            await self._refusals.note(error, session.websocket, session.caller.address, grant)
            return refusal_json(error)
        session.refused = 0
        return answer

    async def _push(self, session: Session, message: Mapping[str, Any]) -> Receipt:
        content = self._bytes_of(message.get("bytes") or message.get("text") or b"")
        caller = session.caller
        # For each message again: a token may be revoked.
        grant = self._callers.renew(caller)
        if grant is None and not self._is_trusted(session):
            session.shown, owner = await self._callers.admit_content(content, caller)
            self._count(session, owner)
        async with Body(self._intake, content, session.owner or "") as body:
            query = query_of(session.websocket)
            own = self._hub.config.report_sources
            decode = json_decoder(is_open=self._callers.open, has_token=caller.token is not None)
            beside = context(query, None, self._hub.addressees)
            read = partial(read_report, decode=decode, beside=beside, own=own)
            pushed = await body.work(read)
            if grant is None:
                if pushed.token is not None:
                    session.shown = pushed.token
                grant = self._callers.admit(pushed.token, caller)
            return await self._hub.take(pushed, grant)

    def _bytes_of(self, content: bytes | str) -> bytes:
        if len(content) > self._limit:  # in characters, before encoding
            raise BodyTooLarge
        if isinstance(content, str):
            content = content.encode("utf-8", "replace")
        if len(content) > self._limit:
            raise BodyTooLarge
        return content

    def _is_trusted(self, session: Session) -> bool:
        """Whether a valid token was shown."""
        return self._callers.knows(session.caller.token or session.shown)

    def _count(self, session: Session, grant: Grant | None) -> None:
        """Count a WebSocket for its token; raises if that is one too many."""
        owner = grant.name if grant else ""
        limit = MASTER_WEBSOCKETS if grant and grant.is_master else WEBSOCKETS
        if self._open[owner] >= limit:
            raise Busy
        self._open[owner] += 1
        self._uncount(session)
        session.owner = owner

    def _uncount(self, session: Session) -> None:
        if session.owner is not None:
            self._open[session.owner] -= 1


def _check_compression(websocket: WebSocket, grant: Grant | None) -> None:
    """Refuse compression: a thousand times what is sent could come out of it. uvicorn has agreed to
    compress before we are asked, so there is no other way to be without; our own bot tells it not
    to."""
    if grant is not None and grant.is_master:
        return
    offered = websocket.headers.get("sec-websocket-extensions", "")
    if "deflate" in offered and getattr(websocket.app.state, COMPRESSES, True):
        raise Forbidden("请关掉 WebSocket 客户端的压缩（permessage-deflate）")


async def _unless_gone(sending: Coroutine[Any, Any, None]) -> None:
    """Send to the client if it is still there: BetterGI closes right after its message."""
    try:
        await sending
    except (WebSocketDisconnect, RuntimeError):
        return
