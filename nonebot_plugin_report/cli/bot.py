"""The ready bot: a NoneBot with the OneBot adapters and this plugin, set by the folder's `.env`."""

import os
import secrets
import sys
from pathlib import Path
from typing import Any, Final

import nonebot
from nonebot.config import Config as NoneBotConfig
from nonebot.config import Env
from nonebot.drivers import Driver
from pydantic import ValidationError

from ..config import Config, explain
from ..web.addresses import read_settings

PACKAGE: Final = "nonebot_plugin_report"
MASK: Final = "…"
"""Stands for a token where it must not be read."""


def prepare_bot(**settings: Any) -> Driver:
    """A NoneBot that only needs to be run. `settings` stand above `.env`.

    Raises:
        SystemExit: a setting is wrong; it was logged.
    """
    init_nonebot(**settings)
    from nonebot.adapters.onebot import v11, v12

    driver = nonebot.get_driver()
    for adapter in (v11.Adapter, v12.Adapter):
        driver.register_adapter(adapter)  # pyright: ignore[reportUnknownMemberType] - its **kwargs
    # `python -m` imported this package before there was a NoneBot, and NoneBot takes a module for
    # a plugin only when it is the first to import it.
    sys.modules.pop(PACKAGE, None)
    if nonebot.load_plugin(PACKAGE) is None:
        raise SystemExit(1)
    return driver


def server_options() -> dict[str, Any]:
    """How uvicorn is to serve the bot."""
    from ..web.websocket import COMPRESSES

    state = getattr(getattr(nonebot.get_driver(), "server_app", None), "state", None)
    if state is not None:  # another driver than FastAPI's has no routes of ours
        setattr(state, COMPRESSES, False)
    return {
        # Pictures do not get smaller by compressing them once more, only slower; and a stranger
        # could send a thousand times what he sends.
        "ws_per_message_deflate": False,
        # REPORT_TRUSTED_PROXIES says who may tell us of another address.
        "proxy_headers": False,
    }


def init_nonebot(**settings: Any) -> None:
    """Read `.env`; make up a token where it sets none.

    Data goes to `data` in the current folder, unless localstore is told otherwise, so that two
    bots in two folders do not share a store.
    """
    if level := settings.get("log_level"):
        # NoneBot greets before it reads its settings.
        nonebot.logger.configure(extra={"nonebot_log_level": level})
    # At DEBUG NoneBot prints all settings, tokens among them.
    nonebot.logger.disable("nonebot")
    try:
        # Its WebSocket client lets ONEBOT_WS_URLS (the bot connects to the implementation) work.
        nonebot.init(**({"driver": _driver()} | settings))
    finally:
        nonebot.logger.enable("nonebot")
    extra = read_settings()
    extra.setdefault("localstore_use_cwd", "localstore_data_dir" not in extra)
    if extra.get("report_token") in (None, ""):
        extra["report_token"] = own_token()


def own_token() -> str:
    """The token in the data folder; made at the first call."""
    path = token_file()
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text(encoding="ascii").strip()
    with open(descriptor, "w", encoding="ascii") as file:  # noqa: PTH123 - a descriptor, no path
        file.write(secrets.token_urlsafe(18))
    return path.read_text(encoding="ascii").strip()


def token_file() -> Path:
    """Where `own_token` is kept."""
    nonebot.require("nonebot_plugin_localstore")
    from nonebot_plugin_localstore import get_data_dir

    return get_data_dir(PACKAGE) / "token"


def read_config() -> Config | None:
    """The settings of the current folder; where they are wrong, None, and that was told."""
    init_nonebot(log_level="ERROR")
    try:
        return Config.model_validate(read_settings())
    except ValidationError as error:
        print(explain(error), file=sys.stderr)
        return None


def token() -> str:
    """The token in force."""
    return str(read_settings().get("report_token") or "")


def where_token_is() -> str:
    """How a user finds the token in force (Chinese)."""
    return f"文件 {token_file()} 里" if token() == own_token() else ".env 的 REPORT_TOKEN"


def masked(text: str) -> str:
    """Text of others without the token in force."""
    return text.replace(secret, MASK) if (secret := token()) else text


def _driver() -> str:
    """The driver that `.env` names, else one with a WebSocket client besides NoneBot's default."""
    config = NoneBotConfig(_env_file=(".env", f".env.{Env().environment}"))
    return config.driver if "driver" in config.model_fields_set else "~fastapi+~websockets"
