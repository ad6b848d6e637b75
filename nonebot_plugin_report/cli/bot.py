"""The ready bot: a NoneBot with the OneBot adapters and this plugin, set by the folder's `.env`."""

import os
import secrets
import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import nonebot
from nonebot.config import Config as NoneBotConfig
from nonebot.config import Env, SettingsError
from nonebot.drivers import Driver
from pydantic import ValidationError

from ..config import Config, explain
from ..doctor.addresses import read_settings
from ..errors import ConfigError, no_data_folder, os_reason
from . import env_file
from .garbage import freeze, paused

PACKAGE: Final = "nonebot_plugin_report"
MASK: Final = "…"
"""Stands for a token in what is printed."""


def prepare_bot(**settings: Any) -> Driver:
    """Set up a NoneBot, ready to run. `settings` override `.env`.

    Raises:
        ConfigError: a setting is wrong.
        SystemExit: the plugin could not be loaded; that was logged.
    """
    driver = _load_bot(settings)
    driver.on_startup(freeze)
    return driver


@paused()
def _load_bot(settings: Mapping[str, Any]) -> Driver:
    """Set up a NoneBot with the adapters and this plugin."""
    init_nonebot(**{"driver": wanted_driver(), **settings})
    from nonebot.adapters.onebot import v11, v12

    from ..web.asgi import READY

    driver = nonebot.get_driver()
    if (app := getattr(driver, "server_app", None)) is not None:
        setattr(app.state, READY, True)
    for adapter in (v11.Adapter, v12.Adapter):
        driver.register_adapter(adapter)  # pyright: ignore[reportUnknownMemberType] - its **kwargs
    # `python -m` imported this package before there was a NoneBot, and NoneBot takes a module for
    # a plugin only when it is the first to import it.
    sys.modules.pop(PACKAGE, None)
    plugin = nonebot.load_plugin(PACKAGE)
    if plugin is None:
        raise SystemExit(1)
    if isinstance(error := plugin.module.bound, ConfigError):
        raise error
    return driver


def server_options() -> dict[str, Any]:
    """Make the options for uvicorn."""
    from ..web.websocket import COMPRESSES
    from .http_reader import MAX_HEAD, HttpReader
    from .websocket_reader import WebSocketReader

    state = getattr(getattr(nonebot.get_driver(), "server_app", None), "state", None)
    if state is not None:  # another driver than FastAPI's has no routes of ours
        setattr(state, COMPRESSES, False)
    return {
        # Compressing pictures once more only takes time; and a few bytes of a stranger could
        # become a thousand times as many.
        "ws_per_message_deflate": False,
        # REPORT_TRUSTED_PROXIES says who may tell us of another address.
        "proxy_headers": False,
        "ws": WebSocketReader,
        "http": HttpReader,
        "h11_max_incomplete_event_size": MAX_HEAD,
    }


def init_nonebot(**settings: Any) -> None:
    """Read `.env`; generate a token if it sets none. No driver is loaded unless one is given.

    Data goes to `data` in the current folder, unless a setting of localstore says otherwise, so
    that two bots in two folders do not share a store.

    Raises:
        ConfigError: a setting of NoneBot's own is wrong, or the token cannot be kept.
    """
    if level := settings.get("log_level"):
        # NoneBot greets before it reads its settings.
        nonebot.logger.configure(extra={"nonebot_log_level": level})
    # At DEBUG NoneBot prints all settings, tokens among them.
    nonebot.logger.disable("nonebot")
    try:
        with _errors_in_chinese():
            nonebot.init(**({"driver": "~none"} | settings))
    finally:
        nonebot.logger.enable("nonebot")
    extra = read_settings()
    extra.setdefault("localstore_use_cwd", "localstore_data_dir" not in extra)
    if extra.get("report_token") in (None, ""):
        extra["report_token"] = own_token()


def wanted_driver() -> str:
    """Find the driver that `.env` sets, else NoneBot's default plus a WebSocket client.

    Raises:
        ConfigError: a setting of NoneBot's own is wrong.
    """
    with _errors_in_chinese():
        config = NoneBotConfig(_env_file=(".env", f".env.{Env().environment}"))
    # The WebSocket client lets ONEBOT_WS_URLS (the bot connects to the implementation) work.
    return config.driver if "driver" in config.model_fields_set else "~fastapi+~websockets"


@contextmanager
def _errors_in_chinese() -> Generator[None]:
    """Turn NoneBot's errors about settings into one line with advice."""
    env_file.install()
    try:
        yield
    except SettingsError as error:
        name = str(error).partition('"')[2].rstrip('"').upper()
        raise ConfigError(f'{name} 设置有误：应为列表，例如 {name}=["…"]') from error
    except ValidationError as error:
        raise explain(error) from error
    except ImportError as error:
        missing = f"，缺少 {error.name}" if error.name else ""
        advice = "检查 .env 里的 DRIVER（接收推送用 ~fastapi），或安装它要的库"
        raise ConfigError(f"加载不了驱动器{missing}；{advice}") from error
    except OSError as error:
        raise ConfigError(f"读不了 {error.filename}：{os_reason(error)}") from error


def needs_server() -> ConfigError:
    """Make the error of a missing web server."""
    return ConfigError(
        f"没有装 uvicorn，收不了推送；请运行：{sys.executable} -m pip install uvicorn"
    )


def own_token() -> str:
    """Read the token in the data folder; the first call generates it.

    Raises:
        ConfigError: the token cannot be kept there.
    """
    try:
        path = token_file()
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return path.read_text(encoding="ascii").strip()
        with open(descriptor, "w", encoding="ascii") as file:  # noqa: PTH123 - a descriptor, no path
            file.write(secrets.token_urlsafe(18))
        return path.read_text(encoding="ascii").strip()
    except (OSError, RuntimeError) as error:
        raise no_data_folder(error) from error


def token_file() -> Path:
    """Find the file of `own_token`."""
    nonebot.require("nonebot_plugin_localstore")
    from nonebot_plugin_localstore import get_data_dir

    return get_data_dir(PACKAGE) / "token"


def read_config() -> Config:
    """Read the settings of the current folder.

    Raises:
        ConfigError: a setting is wrong.
    """
    init_nonebot(log_level="ERROR")
    try:
        return Config.model_validate(read_settings())
    except ValidationError as error:
        raise explain(error) from error


def token() -> str:
    """Get the token in force; empty before the settings are read."""
    try:
        nonebot.get_driver()
    except ValueError:
        return ""
    return str(read_settings().get("report_token") or "")


def where_token_is() -> str:
    """Say where a user finds the token in force (Chinese)."""
    return f"文件 {token_file()} 里" if token() == own_token() else " .env 的 REPORT_TOKEN 里"


def masked(text: str) -> str:
    """Replace the token in force, plain or URL-encoded, in a text."""
    for secret in filter(None, (token(), quote(token(), safe=""))):
        text = text.replace(secret, MASK)
    return text
