"""Puts the hub into NoneBot: settings, routes, hooks."""

import sys
from contextlib import suppress
from functools import partial
from pathlib import Path

from fastapi import FastAPI
from nonebot import get_bots, get_driver, get_plugin_config, logger, require
from nonebot.adapters import Bot
from nonebot.config import SettingsError
from nonebot.drivers import Driver
from pydantic import ValidationError

from .chat.matcher import bind_commands, bind_refusal, shown_prefix
from .chat.pages import page_link
from .config import Config, explain
from .doctor.addresses import onebot_url, push_url, with_token
from .doctor.findings import of_settings
from .errors import ConfigError, no_data_folder
from .hub import Hub
from .web.asgi import READY
from .web.log_mask import TokenMask
from .web.routes import Receiver
from .web.unusable import mount_refusals


def bind() -> Hub | ConfigError:
    """Put the hub into this NoneBot. Nothing is started before the driver starts.

    Where a setting is wrong, the routes and the chat command say so instead, and the error is
    returned: an exit would take all other plugins with it.
    """
    try:
        return _bind_hub(_read_settings())
    except ConfigError as error:
        _bind_refusals(error)
        return error


def _bind_refusals(error: ConfigError) -> None:
    """Log at the start what is wrong, and answer so to each push and chat command."""
    driver = get_driver()
    reason = f"推送插件没有启动：{error}"

    @driver.on_startup
    async def log() -> None:
        logger.error(f"{error.detail}；改好 .env 后重新启动，在这之前收不下推送")

    app = getattr(driver, "server_app", None)
    if isinstance(app, FastAPI):
        mount_refusals(app, _read_alone("report_route").report_route, reason)
    bind_refusal(_read_alone("report_command").report_command, reason)


def _read_alone(name: str) -> Config:
    """Read one setting; all others, and this one where it is wrong, have their defaults."""
    try:
        return Config.model_validate({name: getattr(get_driver().config, name)})
    except (AttributeError, ValidationError):
        return Config()


def _bind_hub(config: Config) -> Hub:
    driver = get_driver()
    hub = Hub(
        config,
        _database(config),
        bots=get_bots,
        superusers=driver.config.superusers,
        chat_command=shown_prefix(driver.config.command_start) + config.report_command,
    )
    app = getattr(driver, "server_app", None)
    if isinstance(app, FastAPI):
        receiver = Receiver(hub)
        receiver.mount(app)
        driver.on_startup(partial(receiver.mount_last, app, at_root=_is_ready_bot(driver)))
        driver.on_startup(receiver.metrics.open)
        driver.on_shutdown(receiver.metrics.close)
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
    """Start and stop with the driver, and follow its bots."""

    @driver.on_startup
    async def start() -> None:
        TokenMask(
            "" if _is_ready_bot(driver) else hub.config.report_route,
            hub.config.tokens,
            hub.tokens.gate.recognizes,
        ).install()
        _introduce(hub, driver)
        await hub.open()

    driver.on_shutdown(hub.close)

    @driver.on_bot_connect
    async def connected(bot: Bot) -> None:
        await hub.bot_connected()

    @driver.on_bot_disconnect
    async def disconnected(bot: Bot) -> None:
        hub.bot_disconnected(bot.self_id)


def _is_ready_bot(driver: Driver) -> bool:
    """Whether the application is our own, with nobody else's addresses in it."""
    app = getattr(driver, "server_app", None)
    return isinstance(app, FastAPI) and bool(getattr(app.state, READY, False))


def _introduce(hub: Hub, driver: Driver) -> None:
    """Log what is set up, what to paste where, and warnings."""
    config = hub.config
    if isinstance(getattr(driver, "server_app", None), FastAPI):
        _tell_addresses(config.report_token, driver)
        if _is_seen_by_owner(driver) and config.report_public_url is None:
            link = page_link(push_url(), hub.sessions.link_for_console())
            sys.stdout.write(f"在浏览器里看（这个链接只能用一次，十分钟之内）：\n  {link}\n")
            sys.stdout.flush()
    logger.info(
        f"推送中心：{len(config.report_channels)} 个渠道，{len(config.report_rules)} 条规则，"
        f"{len(config.report_tokens)} 个分给别人的令牌，{len(config.report_watch)} 个看门狗"
    )
    for finding in of_settings(config):
        if finding.level != "正常":
            logger.warning(f"{finding.text}；{finding.advice}")


def _tell_addresses(token: str | None, driver: Driver) -> None:
    """Print what to paste where. The token goes to a terminal only: others may read a log."""
    hidden = push_url() if token is None else f"{push_url()}?token=…"
    text = (
        "BetterGI 等工具的推送地址（Webhook）：\n  {}\n"
        f"OneBot 实现（NapCat 等）的反向 WebSocket 地址：\n  {onebot_url()}"
    )
    if token is not None and _is_seen_by_owner(driver):
        sys.stdout.write(f"{text.format(with_token(push_url(), token))}\n")
        sys.stdout.flush()
    else:
        logger.info(text.format(hidden))


def _is_seen_by_owner(driver: Driver) -> bool:
    """Whether output goes to a terminal whose log level shows information."""
    return sys.stdout.isatty() and _shows_info(driver.config.log_level)


def _shows_info(level: int | str) -> bool:
    number = level if isinstance(level, int) else logger.level(level).no
    return number <= logger.level("INFO").no


def _read_settings() -> Config:
    """Read this plugin's settings.

    Raises:
        ConfigError: a setting is wrong.
    """
    try:
        try:
            return get_plugin_config(Config)
        except SettingsError:
            # NoneBot expects JSON here and names only the setting. It has kept the raw text, from
            # which we can say what is wrong.
            return Config.model_validate(get_driver().config.model_extra)
    except ValidationError as error:
        raise explain(error) from None


def _database(config: Config) -> Path | str:
    """Find the SQLite file, or the address of a PostgreSQL database.

    Raises:
        ConfigError: the folder for data cannot be used.
    """
    if config.database is not None:
        return config.database
    require("nonebot_plugin_localstore")
    from nonebot_plugin_localstore import get_plugin_data_dir

    try:
        folder = get_plugin_data_dir()
    except (OSError, RuntimeError) as error:
        raise no_data_folder(error) from None
    with suppress(OSError):  # where the system has no such modes
        folder.chmod(0o700)
    return folder / "report.db"
