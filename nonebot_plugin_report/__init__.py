"""A NoneBot plugin: what BetterGI and scripts report reaches QQ, and nothing accepted is lost.

This module binds the hub to NoneBot: settings, routes, hooks, and the Python API `report`.
"""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pybase64
from nonebot import get_bots, get_driver, get_plugin_config, logger, require
from nonebot.adapters import Bot, Event
from nonebot.config import SettingsError
from nonebot.message import event_preprocessor
from nonebot.plugin import PluginMetadata
from pydantic import ValidationError

from .config import Config, explain
from .delivery import Receipt
from .errors import ReportError, StoreUnavailable
from .report import Result, parse

if TYPE_CHECKING:
    from .hub import Hub

__all__ = ["Config", "Receipt", "ReportError", "Result", "report"]

__plugin_meta__ = PluginMetadata(
    name="推送中心",
    description="把 BetterGI 与各种脚本的通知连同截图可靠地送到 QQ：收下即落盘，断线、重启都不丢",
    usage=(
        "把 http://127.0.0.1:8080/report?token=你的令牌 填进 BetterGI 的 Webhook 地址；\n"
        "脚本：curl -d '备份完成' 'http://127.0.0.1:8080/report?token=你的令牌'；\n"
        "其他插件：from nonebot_plugin_report import report，然后 await report('内容')；\n"
        "命令：推送 状态 | 最近 [n] | 详情 ID | 重发 ID | 静音 2h [目标] | 取消静音 | 测试 [目标]"
        " | 帮助；推送绑定、推送解绑"
    ),
    type="application",
    homepage="https://github.com/nonebot-plugin-report-hub/nonebot-plugin-report-hub",
    config=Config,
    supported_adapters={"~onebot.v11", "~onebot.v12"},
)

_hub: "Hub | None" = None


async def report(
    content: str,
    *,
    title: str = "",
    image: bytes | None = None,
    to: Sequence[int | str] = (),
    to_group: Sequence[int | str] = (),
    channel: Sequence[str] = (),
    event: str = "",
    result: Result | None = None,
    send_from: int | str = "",
    key: str = "",
) -> Receipt:
    """Report something; stored on disk when this returns, and delivered from there.

    Args:
        content: the text.
        title: shown before it.
        image: a picture's bytes: JPEG, PNG, GIF, WebP or BMP.
        to: QQ numbers; with `to_group` empty too: every superuser.
        to_group: group numbers.
        channel: names of channels.
        event: such as `backup.done`.
        result: shown as an icon.
        send_from: the bot that sends; empty: `REPORT_FROM`, else any.
        key: the same key again is the same report.

    Raises:
        ReportError: it was not stored; the text says why, and what to do.
    """
    if _hub is None:
        raise StoreUnavailable("推送插件还没有加载；请先 require('nonebot_plugin_report')")
    fields = {
        "title": title,
        "content": content,
        "screenshot": image and pybase64.b64encode_as_string(image),
        "send_to": list(to),
        "send_to_group": list(to_group),
        "channel": list(channel),
        "event": event,
        "result": result and result.value,
        "send_from": send_from,
        "id": key,
    }
    return await _hub.submit(parse(fields))


def _bind() -> "Hub":
    """Put the hub into this NoneBot. Nothing is started before the driver starts."""
    # Here, not above: who only imports `report` from us does not pay for them.
    from fastapi import FastAPI

    from .auth import SHORT_TOKEN
    from .bot import push_url
    from .commands import bind_commands
    from .hub import Hub
    from .receiver import Receiver
    from .web.log_mask import TokenMask
    from .web.memory import give_back_large_blocks

    driver = get_driver()
    config = _read_settings()
    path = _database_path(config)
    hub = Hub(config, path, bots=get_bots, superusers=driver.config.superusers)
    app = getattr(driver, "server_app", None)
    if isinstance(app, FastAPI):
        Receiver(hub).mount(app)
    else:
        logger.warning(
            f"推送插件需要 FastAPI 驱动器才能接收推送，现在是 {driver.type}；"
            "请在 .env 里设置 DRIVER=~fastapi（其他插件仍可用 report() 推送）"
        )

    @driver.on_startup
    async def start() -> None:
        give_back_large_blocks()
        TokenMask(config.tokens, lambda token: hub.tokens.gate.find(token) is not None).install()
        if hub.tokens.gate.open:
            logger.warning(
                "没有设置 REPORT_TOKEN：任何能连到这个端口的程序都能推送。请在 .env 里设置一个"
            )
        if any(len(one) < SHORT_TOKEN for one in config.tokens):
            logger.warning(f"有令牌不到 {SHORT_TOKEN} 个字符，容易被猜到；请换成更长的随机字符")
        await hub.open()

    driver.on_shutdown(hub.close)
    public = config.report_public_url
    bind_commands(hub, f"{public}{config.report_route}" if public else push_url())

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

    return hub


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


# NoneBot sets this before it runs a plugin's module; a plain import of us binds nothing.
if "__plugin__" in globals():
    _hub = _bind()
