"""The command `run`: runs the ready bot."""

import asyncio
import errno
import socket
import sys
from importlib.util import find_spec

import nonebot

from ..doctor.addresses import address, push_url
from ..errors import ConfigError, os_reason
from .bot import MASK, needs_server, prepare_bot, server_options, where_token_is
from .client import Answerer, Client, who_has_port
from .log import threaded_log


def run() -> int:
    """Serve until it is stopped; returns the exit code.

    Raises:
        ConfigError: a setting is wrong, or the port is taken.
    """
    if find_spec("uvicorn") is None:
        raise needs_server()
    with threaded_log():
        prepare_bot()
        _check_port()
        if not sys.stdout.isatty():  # what the plugin prints goes to a log, which many can read
            hint = f"日志里不写令牌；把推送地址里的 {MASK} 换成令牌，它在{where_token_is()}"
            print(hint, flush=True)
        nonebot.run(**server_options())
    return 0


def _check_port() -> None:
    """Raise ConfigError if the web server could not listen; its text says what is in the way."""
    config = nonebot.get_driver().config
    host = str(config.host)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        if sys.platform != "win32":  # on Windows it would let several processes listen
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, config.port))
        except PermissionError as error:
            # Windows keeps whole ranges for Hyper-V, Unix those below 1024 for root.
            text = f"系统不让用端口 {config.port}（被保留，或被另一个程序独占）"
            raise ConfigError(f"{text}；在 .env 里换一个，例如 PORT=18080") from error
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise ConfigError(asyncio.run(_taken())) from error
            advice = "在 .env 里设置 HOST=127.0.0.1（只有本机能连）或 HOST=0.0.0.0"
            raise ConfigError(f"用不了 HOST={host}：{os_reason(error)}；{advice}") from error


async def _taken() -> str:
    """Say which program has the port, and what to do about it (Chinese)."""
    async with Client() as client:
        answerer = await client.look()
    if answerer is Answerer.OURS:
        return (
            f"{address()} 上已经有一个机器人在运行（{push_url()} 在回答），不用再启动；"
            "要重启就先停下它：关掉它的窗口，或在那里按 Ctrl-C"
        )
    return (
        f"端口 {address().rpartition(':')[2]} 被另一个程序占用了；关掉它，"
        "或在 .env 里换一个端口，例如 PORT=18080（工具和 OneBot 实现里的地址也跟着换）。"
        f"{who_has_port()}"
    )
