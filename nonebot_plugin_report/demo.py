"""The demo: a OneBot implementation in the terminal, joined to the real bot, and a BetterGI push.

Nothing is replaced: the push goes over HTTP, the message over a reverse WebSocket.
The implementation is also what the tests' scripted ones are made of.
"""

import asyncio
import io
import itertools
import json
import math
import re
import secrets
import socket
import sys
import time
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, ClassVar, Final, cast

import httpx2
import nonebot
import orjson
import pybase64
from nonebot.drivers import Driver
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, ConnectionClosedError, InvalidHandshake
from websockets.typing import Subprotocol

from .bot import onebot_url, prepare_bot, push_url, token
from .report import clean, read_image

if TYPE_CHECKING:
    import uvicorn
    from PIL.Image import Image
    from PIL.ImageDraw import ImageDraw

USER: Final = "10001"
"""The QQ number that gets the demo's messages."""
WAIT_SECONDS: Final = 30.0
BUBBLE_WIDTH: Final = 48
"""Columns of a message's frame."""

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
    """An action cannot be carried out; the bot is told so."""

    def __init__(self, retcode: int, message: str) -> None:
        super().__init__(message)
        self.retcode = retcode


def ok(data: object) -> Answer:
    """A successful answer."""
    return {"status": "ok", "retcode": 0, "data": data, "message": "", "wording": ""}


def failed(retcode: int, message: str = "", wording: str = "") -> Answer:
    """A failure. `wording` is what go-cqhttp and its successors add for people."""
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
    """The retcode for them."""
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
            OSError: nobody is there, or there was no answer in time (TimeoutError).
            InvalidHandshake: the bot refused.
        """
        # No limit and no compression: messages carry pictures. No proxy: the bot is near.
        self._connection = await connect(
            self.url,
            additional_headers=self.headers(),
            subprotocols=self.subprotocols,
            compression=None,
            max_size=None,
            proxy=None,
        )
        for event in self.greeting():
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
                task.cancel()  # nobody waits for these answers any more

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
        """What the handshake carries."""
        return {"Authorization": f"Bearer {self._access_token}"} if self._access_token else {}

    def greeting(self) -> list[dict[str, Any]]:
        """The events that a new connection begins with."""
        return []

    async def answer(self, action: str, params: dict[str, Any]) -> Answer:
        """Carry out an action.

        Raises:
            ActionRefused: it cannot be done.
        """
        raise ActionRefused(self.unknown_action, f"不支持的动作 {action}")

    def picture(self, segment: dict[str, Any]) -> bytes:
        """The picture that an image segment's `data` stands for.

        Raises:
            ActionRefused: there is none.
        """
        raise ActionRefused(self.bad_parameters, "不支持图片")

    def received(self, message: Received) -> None:
        """Somebody got a message: to be overridden. Called before the action is answered."""

    def deliver(self, action: str, target: str, message: object) -> None:
        """Read a segment array and hand it to `received`.

        Raises:
            ActionRefused: it is none; a string neither, as that would be parsed for CQ codes.
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
            return  # nobody is left to read it


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


def bettergi_body(
    *,
    event: str,
    message: str | None,
    screenshot: bytes | None,
    result: int = 0,
    send_to: str = "",
    timestamp: str | None = None,
) -> bytes:
    """A notification as BetterGI's Webhook channel writes it since 2026-05-30.

    Source: `WebhookNotifier.TransformData` in github.com/babalae/better-genshin-impact.
    """
    fields = {
        "send_to": send_to,
        "event": event,
        "result": result,
        "timestamp": timestamp or _dotnet_now(),
        "screenshot": None if screenshot is None else pybase64.b64encode_as_string(screenshot),
        "message": message,
        "data": None,
    }
    return _dotnet(json.dumps(fields, separators=(",", ":"))).encode("ascii")


# An escaped backslash comes first, so that what follows it is not taken for an escape.
_ESCAPES: Final = re.compile(r"\\\\|\\\"|\\u[0-9a-f]{4}|[+<>&'`\x7f]")


def _dotnet(text: str) -> str:
    """ASCII JSON as System.Text.Json's `JavaScriptEncoder.Default` would have escaped it."""

    def escape(found: re.Match[str]) -> str:
        match found[0]:
            case "\\\\":
                return found[0]
            case '\\"':
                return "\\u0022"
            case str(code) if code.startswith("\\u"):
                return f"\\u{code[2:].upper()}"
            case character:
                return f"\\u{ord(character):04X}"

    return _ESCAPES.sub(escape, text)


def _dotnet_now() -> str:
    """Local time. The seventh digit is a tenth of a microsecond, which our clock does not have."""
    now = datetime.now().astimezone().isoformat(timespec="microseconds")
    return f"{now[:26]}1{now[26:]}"


def sample_screenshot() -> bytes:
    """A JPEG of 1280x720 that looks a little like a game; the same at every call."""
    from PIL import Image, ImageDraw, ImageOps

    slope = Image.linear_gradient("L").resize((1280, 720))  # pyright: ignore[reportUnknownMemberType] - typed by numpy, which is not here
    picture = ImageOps.colorize(slope, black="#3b6fb6", mid="#a8cbe8", white="#ffe2b0")
    draw = ImageDraw.Draw(picture, "RGBA")
    for radius in range(130, 49, -4):
        draw.circle((930, 250), radius, fill=(255, 244, 214, 22 if radius > 50 else 255))
    for base, height, color in (
        (430, 70, "#7f9cc0"),
        (500, 55, "#5b8a86"),
        (585, 40, "#3f6d55"),
        (650, 25, "#2b4f3d"),
    ):
        ridge = [(x, base + height * _wave(x / 1280, base)) for x in range(0, 1281, 4)]
        draw.polygon([(0, 720), *ridge, (1280, 720)], fill=color)
    _draw_panels(draw)
    return _jpeg(picture)


def _wave(x: float, phase: float) -> float:
    return math.sin(7 * x + phase) * 0.6 + math.sin(17 * x + phase / 3) * 0.3


def _draw_panels(draw: "ImageDraw") -> None:
    """What a game lays over its picture: map, party, health, and the words of the moment."""
    from PIL import ImageFont

    shade, light, green = (20, 28, 40, 150), (255, 255, 255, 235), (126, 214, 122, 255)
    draw.circle((104, 104), 74, fill=shade, outline=light, width=3)
    draw.polygon([(104, 82), (118, 122), (104, 112), (90, 122)], fill=(250, 214, 110, 255))
    for index in range(4):
        top = 190 + index * 72
        draw.rounded_rectangle((1060, top, 1250, top + 56), 12, fill=shade)
        draw.circle((1090, top + 28), 20, fill=("#e8b36a", "#7fb3e6", "#9bd08c", "#c79be0")[index])
        draw.rounded_rectangle((1124, top + 34, 1236, top + 42), 4, fill=(255, 255, 255, 70))
        full = 1236 - 18 * index
        draw.rounded_rectangle((1124, top + 34, full, top + 42), 4, fill=green)
    draw.rounded_rectangle((470, 662, 810, 678), 8, fill=shade)
    draw.rounded_rectangle((470, 662, 760, 678), 8, fill=green)
    draw.rounded_rectangle((390, 300, 890, 420), 20, fill=shade)
    for text, size, y in (("DOMAIN CLEARED", 40, 342), ("nonebot-plugin-report-hub demo", 22, 390)):
        draw.text((640, y), text, font=ImageFont.load_default(size), fill=light, anchor="mm")


def _jpeg(picture: "Image") -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=92)
    return buffer.getvalue()


class _Terminal(OneBotV11):
    """Shows each message in the terminal and keeps its pictures in the current folder."""

    def __init__(self, *, url: str, access_token: str | None) -> None:
        super().__init__(url=url, access_token=access_token)
        self.arrived = asyncio.Event()
        """A message with a picture was shown."""
        self.fault = ""
        """Why its picture could not be kept (Chinese)."""

    def received(self, message: Received) -> None:
        """Print it."""
        lines = clean(message.text).split("\n")
        for image in message.images:
            try:
                lines.append(_keep(image))
            except OSError as error:
                self.fault = f"图片没能存到当前文件夹：{error.strerror}"
                lines.append(f"[图片] {self.fault}")
        print(_bubble(clean(message.target), lines), flush=True)
        if message.images:
            self.arrived.set()


def _keep(image: bytes) -> str:
    """Write a picture's bytes to a file of its own; the line that tells where."""
    try:
        known = read_image(image)
        extension, size = known.extension, f"，{known.width}×{known.height}"
    except ValueError:
        extension, size = "bin", ""
    path = _write_beside("report-demo", extension, image)
    return f"[图片] 已存为 {path}（{math.ceil(len(image) / 1024)} KB{size}）"


def _write_beside(stem: str, extension: str, content: bytes) -> Path:
    """Write a file under the first name that is free, or has this very content already."""
    for number in itertools.count(1):
        path = Path(f"{stem}.{extension}" if number == 1 else f"{stem}-{number}.{extension}")
        try:
            with path.open("xb") as file:
                file.write(content)
        except FileExistsError:
            if not path.is_file() or path.read_bytes() != content:
                continue
        return path
    raise AssertionError("there is always another number")


def _bubble(target: str, lines: list[str]) -> str:
    kind, _, number = target.partition(":")
    title = f"┌ QQ {'私聊' if kind == 'private' else '群聊'} {number} "
    wide = sum(unicodedata.east_asian_width(character) in "WF" for character in title)
    head = title + "─" * (BUBBLE_WIDTH - len(title) - wide)
    return "\n".join([head, *(f"│ {line}" for line in lines), "└" + "─" * (BUBBLE_WIDTH - 1)])


def run_demo(*, once: bool) -> int:
    """Show a push arrive; returns the exit code.

    Goes on until Ctrl-C, so that more can be pushed; with `once` it ends after the first message.
    """
    if find_spec("uvicorn") is None:
        print('演示还需要 uvicorn，请运行：pip install "nonebot-plugin-report-hub[bot]"')
        return 1
    if (reconfigure := getattr(sys.stdout, "reconfigure", None)) is not None:
        reconfigure(errors="replace")  # a pipe on a Chinese Windows is GBK, which has no emoji
    with (
        TemporaryDirectory(prefix="report-demo-", ignore_cleanup_errors=True) as folder,
        # Listening from now on: whoever connects before the bot is ready waits for it.
        socket.create_server(("127.0.0.1", 0)) as listener,
    ):
        driver = prepare_bot(**_settings(Path(folder), listener.getsockname()[1]))
        try:
            return asyncio.run(_run(driver, listener, once=once))
        except KeyboardInterrupt:
            return 130 if once else 0  # 128 + SIGINT, as a shell has it


def _settings(folder: Path, port: int) -> dict[str, Any]:
    """What stands above the user's `.env`: the demo must touch neither their QQ nor their store."""
    return {
        "driver": "~fastapi",
        "host": "127.0.0.1",
        "port": port,
        "superusers": {USER},
        "log_level": "WARNING",
        "onebot_ws_urls": [],
        "onebot_v11_ws_urls": [],
        "onebot_v12_ws_urls": [],
        "report_token": secrets.token_urlsafe(16),
        "report_database_url": f"sqlite:///{(folder / 'report.db').as_posix()}",
        "report_send_interval": 0,
        "report_from": None,
    }


async def _run(driver: Driver, listener: socket.socket, *, once: bool) -> int:
    server = _server()
    joined = asyncio.Event()

    @driver.on_bot_connect
    async def connected() -> None:  # pyright: ignore[reportUnusedFunction] - the driver calls it
        joined.set()

    terminal = _Terminal(url=onebot_url(), access_token=_access_token())
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(server.serve([listener]))
        fault = await _show(terminal, joined, tasks)
        if fault:
            print(f"演示失败：{fault}")
        if fault or once:
            server.should_exit = True  # it closes the terminal's WebSocket too
        else:
            print(_invitation())
    return 1 if fault else 0


def _server() -> "uvicorn.Server":
    """The web server of NoneBot's FastAPI driver, but one that can be told to stop."""
    import uvicorn

    class Server(uvicorn.Server):
        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            # That the bot's connection ends now is no news; the adapter would warn of it.
            nonebot.logger.configure(extra={"nonebot_log_level": "ERROR"})
            await super().shutdown(sockets)

    return Server(
        uvicorn.Config(
            nonebot.get_asgi(),
            lifespan="on",
            log_config=None,
            log_level="warning",
            access_log=False,
            ws_per_message_deflate=False,
            timeout_graceful_shutdown=5,
        )
    )


def _access_token() -> str | None:
    """What the OneBot v11 adapter will ask for."""
    from nonebot.adapters.onebot.v11.config import Config

    return nonebot.get_plugin_config(Config).onebot_access_token


async def _show(terminal: _Terminal, joined: asyncio.Event, tasks: asyncio.TaskGroup) -> str:
    """Push, and wait until the message stands in the terminal. Returns what went wrong."""
    try:
        async with asyncio.timeout(WAIT_SECONDS):
            await terminal.connect()
            tasks.create_task(terminal.listen())
            await joined.wait()
            print("机器人已启动，终端里的 QQ 已连接；BetterGI 推送一条带截图的通知……", flush=True)
            answer = await _push()
            if not answer.is_success:
                return f"机器人没有收下推送（{answer.status_code}）：{clean(answer.text)[:200]}"
            await terminal.arrived.wait()
    except TimeoutError:
        return f"{WAIT_SECONDS:.0f} 秒内没有等到消息和图片"
    except (OSError, InvalidHandshake, httpx2.HTTPError) as error:
        return f"连不上自己启动的机器人（{type(error).__name__}）"
    return terminal.fault


async def _push() -> httpx2.Response:
    """What BetterGI does at the end of a domain."""
    body = bettergi_body(
        event="domain.end",
        message="共完成 5 次，领取奖励：<圣遗物 & 经验书> +5",
        screenshot=await asyncio.to_thread(sample_screenshot),
    )
    headers = {"Content-Type": "application/json; charset=utf-8"}
    # No proxy of the environment: it could not reach this machine's own address.
    async with httpx2.AsyncClient(timeout=WAIT_SECONDS, trust_env=False) as client:
        return await client.post(_address(), content=body, headers=headers)


def _address() -> str:
    return f"{push_url()}?token={token()}"


def _invitation() -> str:
    return (
        f"\n想用真的 BetterGI 试试，就把它的 Webhook 地址设为：\n  {_address()}\n"
        f'或者在另一个终端里推送一条：\n  curl -d "备份完成" "{_address()}"\n'
        "按 Ctrl-C 结束。"
    )
