"""Puts the hub into NoneBot: settings, routes, hooks."""

from contextlib import suppress
from pathlib import Path

from fastapi import FastAPI
from nonebot import get_bots, get_driver, get_plugin_config, logger, require
from nonebot.adapters import Bot, Event
from nonebot.config import SettingsError
from nonebot.drivers import Driver
from nonebot.message import event_preprocessor
from pydantic import ValidationError

from .access.gate import SHORT_TOKEN
from .chat.commands import bind_commands
from .config import Config, explain
from .hub import Hub
from .web.addresses import push_url
from .web.log_mask import TokenMask
from .web.memory import give_back_large_blocks
from .web.routes import Receiver


def bind() -> Hub:
    """Put the hub into this NoneBot. Nothing is started before the driver starts.

    Raises:
        SystemExit: a setting is wrong; it was logged.
    """
    driver = get_driver()
    config = _read_settings()
    hub = Hub(config, _database_path(config), bots=get_bots, superusers=driver.config.superusers)
    app = getattr(driver, "server_app", None)
    if isinstance(app, FastAPI):
        Receiver(hub).mount(app)
    else:
        logger.warning(
            f"推送插件需要 FastAPI 驱动器才能接收推送，现在是 {driver.type}；"
            "请在 .env 里设置 DRIVER=~fastapi（其他插件仍可用 report() 推送）"
        )
    public = config.report_public_url
    bind_commands(hub, f"{public}{config.report_route}" if public else push_url())
    _follow(driver, hub)
    return hub


def _follow(driver: Driver, hub: Hub) -> None:
    """Start and stop with the driver, and learn of its bots."""

    @driver.on_startup
    async def start() -> None:
        give_back_large_blocks()
        TokenMask(
            hub.config.tokens, lambda token: hub.tokens.gate.find(token) is not None
        ).install()
        _warn(hub)
        await hub.open()

    driver.on_shutdown(hub.close)

    @driver.on_bot_connect
    async def connected(bot: Bot) -> None:
        await hub.bot_connected()

    @driver.on_bot_disconnect
    async def disconnected(bot: Bot) -> None:
        hub.bot_disconnected(bot.self_id)

    @event_preprocessor
    async def heartbeat(bot: Bot, event: Event) -> None:
        # OneBot 11, "元事件/心跳": status.online. A v12 bot that is offline is disconnected by the
        # adapter itself.
        if event.get_event_name() == "meta_event.heartbeat":
            online = getattr(getattr(event, "status", None), "online", None)
            await hub.bot_heartbeat(bot.self_id, online=online is not False)


def _warn(hub: Hub) -> None:
    """Tell what is not safe."""
    if hub.tokens.gate.open:
        logger.warning(
            "没有设置 REPORT_TOKEN：任何能连到这个端口的程序都能推送。请在 .env 里设置一个"
        )
    if any(len(one) < SHORT_TOKEN for one in hub.config.tokens):
        logger.warning(f"有令牌不到 {SHORT_TOKEN} 个字符，容易被猜到；请换成更长的随机字符")


def _read_settings() -> Config:
    try:
        try:
            return get_plugin_config(Config)
        except SettingsError:
            # NoneBot wants JSON for what is no plain text, and says no more than the name. It has
            # kept what it could not read as text, and that we can explain.
            return Config.model_validate(get_driver().config.model_extra)
    except ValidationError as error:
        # NoneBot would log an ordinary exception and start without the plugin.
        logger.error(str(explain(error)))
        raise SystemExit(1) from None


def _database_path(config: Config) -> Path:
    if config.database_path:
        return Path(config.database_path)
    require("nonebot_plugin_localstore")
    from nonebot_plugin_localstore import get_plugin_data_dir

    folder = get_plugin_data_dir()
    with suppress(OSError):  # where the system has no such modes
        folder.chmod(0o700)
    return folder / "report.db"
