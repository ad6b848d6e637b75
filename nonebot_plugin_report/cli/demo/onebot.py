"""A OneBot implementation that joins a bot by reverse WebSocket.

The demo shows its messages in the terminal; the tests script it.
"""

import asyncio
import time
from dataclasses import dataclass
from typing import Any, ClassVar, cast

import orjson
import pybase64
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, ConnectionClosedError
from websockets.typing import Subprotocol

Answer = dict[str, Any]
"""The answer to an action, without its echo."""


@dataclass(frozen=True, slots=True)
class Received:
    """A message as somebody on QQ would see it."""

    target: str
    """Such as `private:10001` or `group:777`."""
    text: str
    images: list[bytes]
    action: str
    """The action that sent it."""
    segments: list[dict[str, Any]]
    """The message as it came over the wire."""
    at: float
    """Seconds of the monotonic clock."""


class ActionRefused(Exception):
    """An action cannot be carried out; its answer to the bot says so."""

    def __init__(self, retcode: int, message: str) -> None:
        super().__init__(message)
        self.retcode = retcode


def ok(data: object) -> Answer:
    """Make a successful answer."""
    return {"status": "ok", "retcode": 0, "data": data, "message": "", "wording": ""}


def failed(retcode: int, message: str = "", wording: str = "") -> Answer:
    """Make the answer of a failure. `wording` is what go-cqhttp and its successors add for
    people."""
    return {
        "status": "failed",
        "retcode": retcode,
        "data": None,
        "message": message,
        "wording": wording,
    }


class OneBot:
    """A OneBot implementation that joins a bot by reverse WebSocket: what 11 and 12 share.

    OneBot 11, "通信方式/反向 WebSocket"; OneBot 12, "OneBot Connect/反向 WebSocket".
    """

    bad_parameters: ClassVar[int]
    """The retcode for bad parameters."""
    unknown_action: ClassVar[int]
    subprotocols: ClassVar[list[Subprotocol] | None] = None

    def __init__(
        self, *, url: str, self_id: str = "10000", access_token: str | None = None
    ) -> None:
        """`url` is the bot's address for reverse WebSockets."""
        self.url = url
        self.self_id = self_id
        self.online = True
        self._access_token = access_token
        self._connection: ClientConnection | None = None

    async def serve(self) -> None:
        """Connect, and answer until the connection is closed."""
        await self.connect()
        await self.listen()

    async def connect(self) -> None:
        """Join the bot.

        Raises:
            OSError: nothing listens, or there was no answer in time (TimeoutError).
            InvalidHandshake: the bot refused.
        """
        greeting = self.greeting()  # what fails here leaves no connection open
        # No limit and no compression: messages carry pictures. No proxy: the bot is near.
        self._connection = await connect(
            self.url,
            additional_headers=self.headers(),
            subprotocols=self.subprotocols,
            compression=None,
            max_size=None,
            proxy=None,
        )
        for event in greeting:
            await self.emit(event)

    async def listen(self) -> None:
        """Answer each action in a task of its own until the connection is closed by either side."""
        if self._connection is None:
            raise RuntimeError("connect first")
        pending: set[asyncio.Task[None]] = set()
        async with self._connection as connection, asyncio.TaskGroup() as tasks:
            try:
                async for frame in connection:
                    task = tasks.create_task(self._respond(connection, orjson.loads(frame)))
                    pending.add(task)
                    task.add_done_callback(pending.discard)
            except ConnectionClosedError:
                pass  # the bot was stopped, or killed
            for task in pending:
                task.cancel()  # the bot no longer waits for these answers

    async def close(self) -> None:
        """Leave the bot."""
        if self._connection is not None:
            await self._connection.close()

    async def emit(self, event: dict[str, Any]) -> None:
        """Send an event to the bot."""
        if self._connection is None:
            raise RuntimeError("connect first")
        await self._connection.send(orjson.dumps(event).decode())

    def headers(self) -> dict[str, str]:
        """Make the headers of the handshake."""
        return {"Authorization": f"Bearer {self._access_token}"} if self._access_token else {}

    def greeting(self) -> list[dict[str, Any]]:
        """Make the events that a new connection begins with."""
        return []

    async def answer(self, action: str, params: dict[str, Any]) -> Answer:
        """Carry out an action.

        Raises:
            ActionRefused: the action cannot be carried out.
        """
        raise ActionRefused(self.unknown_action, f"不支持的动作 {action}")

    def picture(self, segment: dict[str, Any]) -> bytes:
        """Get the picture that an image segment's `data` stands for.

        Raises:
            ActionRefused: there is no picture.
        """
        raise ActionRefused(self.bad_parameters, "不支持图片")

    def received(self, message: Received) -> None:
        """Take a message, before the action is answered; for subclasses to override."""

    def deliver(self, action: str, target: str, message: object) -> None:
        """Read a segment array and hand it to `received`.

        Raises:
            ActionRefused: it is no segment array; nor is a string, which would be parsed for CQ
                codes.
        """
        if not isinstance(message, list) or not message:
            raise ActionRefused(self.bad_parameters, "message 应为消息段数组")
        segments = cast("list[dict[str, Any]]", message)
        texts: list[str] = []
        images: list[bytes] = []
        for segment in segments:
            match segment:
                case {"type": "text", "data": {"text": str(text)}}:
                    texts.append(text)
                case {"type": "image", "data": dict()}:
                    images.append(self.picture(segment["data"]))
                case {"type": str(kind), "data": dict()} if kind not in ("text", "image"):
                    texts.append(f"[{kind}]")
                case _:
                    raise ActionRefused(self.bad_parameters, "消息段的格式不对")
        at = time.monotonic()
        self.received(Received(target, "".join(texts), images, action, segments, at))

    async def _respond(self, connection: ClientConnection, request: dict[str, Any]) -> None:
        try:
            answer = await self.answer(request["action"], request.get("params") or {})
        except ActionRefused as error:
            answer = failed(error.retcode, str(error))
        if "echo" in request:
            answer["echo"] = request["echo"]
        try:
            await connection.send(orjson.dumps(answer).decode())
        except ConnectionClosed:
            return  # the bot is gone


class OneBotV11(OneBot):
    """A OneBot 11 implementation: QQ as NapCat shows it to a bot."""

    bad_parameters = 1400
    unknown_action = 1404
    """Both: OneBot 11, "通信方式/正向 WebSocket", the HTTP statuses of actions plus 1000."""
    _message_id = 0

    def headers(self) -> dict[str, str]:
        """OneBot 11, "通信方式/反向 WebSocket", "请求头"."""
        return {**super().headers(), "X-Self-ID": self.self_id, "X-Client-Role": "Universal"}

    def greeting(self) -> list[dict[str, Any]]:
        """OneBot 11, "元事件/生命周期"."""
        return [self._meta("lifecycle", sub_type="connect")]

    async def heartbeat(self, *, online: bool) -> None:
        """Tell whether QQ is online (OneBot 11, "元事件/心跳")."""
        self.online = online
        status = {"online": online, "good": True}
        await self.emit(self._meta("heartbeat", status=status, interval=5000))

    async def answer(self, action: str, params: dict[str, Any]) -> Answer:
        """OneBot 11, "公开 API"."""
        match action:
            case "send_private_msg" | "send_group_msg" | "send_msg":
                self.deliver(action, self._target(action, params), params.get("message"))
                self._message_id += 1
                return ok({"message_id": self._message_id})
            case "get_login_info":
                return ok({"user_id": int(self.self_id), "nickname": "终端里的 QQ"})
            case "get_status":
                return ok({"online": self.online, "good": True})
            case "get_version_info":
                version = {"app_name": "report-demo", "app_version": "1", "protocol_version": "v11"}
                return ok(version)
            case _:
                return await super().answer(action, params)

    def picture(self, segment: dict[str, Any]) -> bytes:
        """OneBot 11, "消息段类型/图片"; only `base64://` here."""
        scheme, separator, encoded = str(segment.get("file")).partition("://")
        if (scheme, separator) != ("base64", "://"):
            raise ActionRefused(self.bad_parameters, "图片只支持 base64://")
        try:
            return pybase64.b64decode(encoded, validate=True)
        except ValueError:
            raise ActionRefused(self.bad_parameters, "图片不是 base64") from None

    def _target(self, action: str, params: dict[str, Any]) -> str:
        match action, params:
            case ("send_private_msg", _) | ("send_msg", {"message_type": "private"}):
                kind = "private"
            case ("send_group_msg", _) | ("send_msg", {"message_type": "group"}):
                kind = "group"
            case _:
                kind = "private" if params.get("user_id") else "group"
        number = params.get("user_id" if kind == "private" else "group_id")
        if not str(number).isdecimal():
            raise ActionRefused(self.bad_parameters, "user_id 或 group_id 应为数字")
        return f"{kind}:{number}"

    def _meta(self, kind: str, **fields: object) -> dict[str, Any]:
        common = {"time": int(time.time()), "self_id": int(self.self_id)}
        return {**common, "post_type": "meta_event", "meta_event_type": kind, **fields}
