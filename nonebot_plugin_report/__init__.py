"""A NoneBot plugin: what BetterGI and scripts report reaches QQ, and nothing accepted is lost.

This module is what others import: the metadata, and the Python API `report`.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pybase64
from nonebot.plugin import PluginMetadata

from .config import Config
from .errors import ReportError, StoreUnavailable
from .model.report import Result
from .model.status import Receipt
from .sources.parse import parse

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


# NoneBot sets this before it runs a plugin's module; a plain import of us binds nothing, and who
# only imports `report` from us does not pay for it.
if "__plugin__" in globals():
    from .plugin import bind

    _hub = bind()
