"""The demo: a OneBot implementation in the terminal, joined to the real bot, and a BetterGI push.

Nothing is replaced: the push goes over HTTP, the message over a reverse WebSocket.
"""

import asyncio
import itertools
import math
import secrets
import socket
import sys
import unicodedata
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

import httpx2
import nonebot
from nonebot.drivers import Driver
from websockets.exceptions import InvalidHandshake

from ...config import Config
from ...doctor.addresses import onebot_url, push_url, with_token
from ...model.image import read_image
from ...model.text import clean
from ..bot import masked, needs_server, prepare_bot, server_options, token
from ..sample import bettergi_body, sample_screenshot
from .onebot import OneBotV11, Received

if TYPE_CHECKING:
    import uvicorn

USER: Final = "10001"
"""The QQ number that gets the demo's messages."""
WAIT_SECONDS: Final = 30.0
BUBBLE_WIDTH: Final = 48
"""Columns of a message's frame."""


class _Terminal(OneBotV11):
    """Shows each message in the terminal and keeps its pictures in the current folder."""

    def __init__(self, *, url: str, access_token: str | None) -> None:
        super().__init__(url=url, access_token=access_token)
        self.arrived = asyncio.Event()
        """Set once a message with a picture was shown."""
        self.fault = ""
        """Why a picture could not be saved (Chinese); empty: none failed."""

    def received(self, message: Received) -> None:
        """Print a message."""
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
    """Write a picture to a file of its own; returns a line that says where."""
    try:
        picture = read_image(image)
        extension, size = picture.extension, f"，{picture.width}×{picture.height}"
    except ValueError:
        extension, size = "bin", ""
    path = _write_beside("report-demo", extension, image)
    return f"[图片] 已存为 {path}（{math.ceil(len(image) / 1024)} KB{size}）"


def _write_beside(stem: str, extension: str, content: bytes) -> Path:
    """Write a file under the first name that is free, or whose file has this content already."""
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
        raise needs_server()
    with (
        TemporaryDirectory(prefix="report-demo-", ignore_cleanup_errors=True) as folder,
        # Listening from now on: a connection before the bot is ready waits for it.
        socket.create_server(("127.0.0.1", 0)) as listener,
    ):
        driver = prepare_bot(**_settings(Path(folder), listener.getsockname()[1]))
        try:
            return asyncio.run(_run(driver, listener, once=once))
        except KeyboardInterrupt:
            return 130 if once else 0  # 128 + SIGINT, as a shell has it


def _settings(folder: Path, port: int) -> dict[str, Any]:
    """Make settings that override the user's `.env`: the demo touches neither their QQ nor
    store."""
    return {
        **Config().model_dump(),
        "driver": "~fastapi",
        "host": "127.0.0.1",
        "port": port,
        "superusers": {USER},
        # Warnings are about the user's own settings, or that the connection ends with the demo.
        "log_level": "ERROR",
        "onebot_ws_urls": [],
        "onebot_v11_ws_urls": [],
        "onebot_v12_ws_urls": [],
        "report_token": secrets.token_urlsafe(16),
        "report_database_url": f"sqlite:///{(folder / 'report.db').as_posix()}",
        "report_send_interval": 0,
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
    """Make the web server of NoneBot's FastAPI driver, but such that the demo can stop it."""
    import uvicorn

    return uvicorn.Server(
        uvicorn.Config(
            nonebot.get_asgi(),
            lifespan="on",
            log_config=None,
            log_level="warning",
            access_log=False,
            **server_options(),
            timeout_graceful_shutdown=5,
        )
    )


def _access_token() -> str | None:
    """Read the access token that the OneBot v11 adapter will ask for."""
    from nonebot.adapters.onebot.v11.config import Config as OneBotConfig

    return nonebot.get_plugin_config(OneBotConfig).onebot_access_token


async def _show(terminal: _Terminal, joined: asyncio.Event, tasks: asyncio.TaskGroup) -> str:
    """Push, and wait until the message is shown. Returns what went wrong (Chinese), or nothing."""
    try:
        async with asyncio.timeout(WAIT_SECONDS):
            await terminal.connect()
            tasks.create_task(terminal.listen())
            await joined.wait()
            print("机器人已启动，终端里的 QQ 已连接；BetterGI 推送一条带截图的通知……", flush=True)
            answer = await _push()
            if not answer.is_success:
                reason = masked(clean(answer.text))[:200]
                return f"机器人没有收下推送（{answer.status_code}）：{reason}"
            await terminal.arrived.wait()
    except TimeoutError:
        return f"{WAIT_SECONDS:.0f} 秒内没有等到消息和图片"
    except (OSError, InvalidHandshake, httpx2.HTTPError) as error:
        return f"连不上自己启动的机器人（{type(error).__name__}）"
    return terminal.fault


async def _push() -> httpx2.Response:
    """Push what BetterGI does at the end of a domain: `AutoDomainTask` has no other fields."""
    body = bettergi_body(
        event="domain.end",
        message="自动秘境结束",
        screenshot=await asyncio.to_thread(sample_screenshot),
    )
    headers = {"Content-Type": "application/json; charset=utf-8"}
    # No proxy of the environment: it could not reach this machine's own address.
    async with httpx2.AsyncClient(timeout=WAIT_SECONDS, trust_env=False) as client:
        return await client.post(_address(), content=body, headers=headers)


def _address() -> str:
    return with_token(push_url(), token())


def _invitation() -> str:
    if not sys.stdout.isatty():
        return "\n在终端里运行演示，就会显示可以填进 BetterGI 的地址。按 Ctrl-C 结束。"
    return (
        f"\n想用真的 BetterGI 试试，就把它的 Webhook 地址设为：\n  {_address()}\n"
        f'或者在另一个终端里推送一条：\n  curl -d "备份完成" "{_address()}"\n'
        "按 Ctrl-C 结束。"
    )
