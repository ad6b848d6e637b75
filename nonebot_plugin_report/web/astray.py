"""Tells OneBot implementations that connect to a wrong address where theirs is."""

from collections.abc import Callable
from typing import Final

from loguru import logger
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocketClose

from ..doctor.addresses import onebot_url

WRONG_PATHS: Final = ("/", "/ws", "/onebot/v11", "/onebot/v12")
"""Where implementations are often told to connect; NoneBot's adapters are below `/onebot/v11/`."""


class Astray:
    """Closes WebSockets that are for no door, as an ASGI application."""

    def __init__(self, route: str, note: Callable[[str], None]) -> None:
        """`note` is called with where an implementation came to (Chinese)."""
        self._route = route
        self._note = note
        self._logged = set[str]()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Close a WebSocket, as ASGI has it."""
        self.notice(scope)
        await WebSocketClose()(scope, receive, send)

    def notice(self, scope: Scope) -> bool:
        """Note a OneBot implementation, and log the right address once for each place. Returns
        whether it is one.

        OneBot 11, "反向 WebSocket": `X-Self-ID`. OneBot 12, "反向 WebSocket": the subprotocol
        `12.` and its name.
        """
        headers = dict[bytes, bytes](scope["headers"])
        is_newer = headers.get(b"sec-websocket-protocol", b"").startswith(b"12.")
        if not is_newer and b"x-self-id" not in headers:
            return False
        place = self._place(scope["path"])
        self._note(place)
        if place not in self._logged:
            self._logged.add(place)
            right = onebot_url().replace("v11", "v12") if is_newer else onebot_url()
            logger.warning(f"有 OneBot 实现连到了{place}，那里收不到消息；请把它的地址改成 {right}")
        return True

    def _place(self, path: str) -> str:
        """Name a path without what may be a token in it."""
        if path == self._route or path.startswith(f"{self._route}/"):
            return "推送的地址"
        return f" {path} " if path in WRONG_PATHS else "别的地址"
