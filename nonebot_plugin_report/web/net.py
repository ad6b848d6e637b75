"""Catches below all doors what none of them did: its client is told to try again, its fault is
logged once."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from traceback import extract_tb, format_list
from typing import Final

from loguru import logger
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketDisconnect

from .answers import RETRY_SECONDS, error_answer

REASON: Final = "机器人处理时出错，请稍后重试；原因在它的日志里"
MAX_FAULTS: Final = 100
"""Different faults that are logged."""
INTERNAL_ERROR: Final = 1011
"""RFC 6455, section 7.4.1."""


class Net:
    """Catches whatever exception a door raises. Those of one place are logged once, then
    counted."""

    def __init__(self) -> None:
        self._faults = Counter[str]()

    def stretch(self, routes: Iterable[BaseRoute]) -> None:
        """Stretch the net below routes."""
        for route in routes:
            if isinstance(route, Route | WebSocketRoute):
                route.app = self.below(route.app)

    def below(self, door: ASGIApp) -> ASGIApp:
        """A door with this net below it."""

        async def caught(scope: Scope, receive: Receive, send: Send) -> None:
            has_begun = False

            async def send_noted(message: Message) -> None:
                nonlocal has_begun
                has_begun = True
                await send(message)

            try:
                await door(scope, receive, send_noted)
            except HTTPException:
                raise  # the framework answers it
            except (ClientDisconnect, WebSocketDisconnect):
                return  # nobody is there to be told
            except Exception as error:  # noqa: BLE001 - the root of whatever a request does
                self.log(error)
                await _refuse(scope, receive, send, has_begun=has_begun)

        return caught

    def log(self, error: Exception) -> None:
        """Log where an exception comes from. Neither its text nor any value: a request's content,
        or a token, may stand in them."""
        frames = extract_tb(error.__traceback__)
        last = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
        fault = f"{type(error).__name__}（{last}）"
        if fault not in self._faults and len(self._faults) >= MAX_FAULTS:
            return
        self._faults[fault] += 1
        number = self._faults[fault]
        if number == 1:
            logger.error(f"处理一个请求时出错：{fault}\n{''.join(format_list(frames))}")
        elif str(number).strip("0") == "1":
            logger.error(f"处理请求时又出了同样的错：{fault}，一共 {number} 次")


async def _refuse(scope: Scope, receive: Receive, send: Send, *, has_begun: bool) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": INTERNAL_ERROR, "reason": ""})
    elif not has_begun:  # else the web server closes the connection of an answer that is not whole
        answer = error_answer(503, REASON)
        answer.headers["Retry-After"] = str(RETRY_SECONDS)
        await answer(scope, receive, send)
