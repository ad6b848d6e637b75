"""A NoneBot plugin: reports of BetterGI and scripts reach QQ, and nothing accepted is lost.

This module is what other plugins import: the metadata, and the Python API `report`.
"""

import asyncio
from collections.abc import Iterable, Mapping
from functools import partial
from itertools import islice
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, cast

from nonebot.plugin import PluginMetadata

from .config import Config
from .errors import ConfigError, InvalidReport, ReportError, StoreUnavailable
from .model.report import Result
from .model.status import Receipt
from .sources.body import read_value
from .sources.parse import MAX_TARGETS, parse

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
        "在 QQ 里（前面加命令前缀，默认 /）：推送 状态 | 最近 [几条] | 详情 第几条或ID | "
        "重发 第几条或ID | 知道了 第几条或ID | 静音 2h [目标] | 取消静音 [目标] | "
        "测试 [目标] | 地址 [工具] | 网页 | 绑定 | 解绑 | 绑定名单 | 撤销 QQ号 | 帮助"
    ),
    type="application",
    homepage="https://github.com/nonebot-plugin-report-hub/nonebot-plugin-report-hub",
    config=Config,
    supported_adapters={"~onebot.v11", "~onebot.v12"},
)

bound: "Hub | ConfigError | None" = None
"""The hub, or the error of wrong settings; None before NoneBot loads this plugin."""


async def report(
    content: str | bytes | Mapping[str, object],
    *,
    source: str = "",
    title: str = "",
    image: bytes | PathLike[str] | None = None,
    images: Iterable[bytes | PathLike[str]] = (),
    to: int | str | Iterable[int | str] = (),
    to_group: int | str | Iterable[int | str] = (),
    channel: str | Iterable[str] = (),
    event: str = "",
    result: Result | str | int | None = None,
    send_from: int | str = "",
    key: str = "",
) -> Receipt:
    """Report something; stored on disk when this returns, and delivered from there.

    Args:
        content: the text; with `source`, that tool's body: JSON, text or bytes.
        source: the name of a tool or of a source in REPORT_SOURCES, as in `?source=`. The body
            takes precedence over the other arguments.
        title: shown before the text.
        image: a picture's bytes or the path of its file: JPEG, PNG, GIF, WebP or BMP.
        images: several pictures; with `image`, the pictures after it.
        to: QQ numbers, or one; with `to_group` empty too: every superuser.
        to_group: group numbers, or one.
        channel: names of channels, or one.
        event: such as `backup.done`.
        result: shown as an icon; a name such as "Fail" will do.
        send_from: the bot that sends; empty: `REPORT_FROM`, else any.
        key: the same key again with the same words is the same report.

    Raises:
        ReportError: the report was not stored; the text says why, and what to do.
    """
    hub = bound
    if hub is None:
        raise StoreUnavailable("推送插件还没有加载；请先 require('nonebot_plugin_report')")
    if isinstance(hub, ConfigError):
        raise ConfigError(str(hub), detail=hub.detail)
    with hub.tally.counting():
        config = hub.config
        fields: dict[str, object] = {
            "title": title,
            "screenshots": await _pictures(image, images, config.report_max_body),
            "send_to": _listed(to),
            "send_to_group": _listed(to_group),
            "channel": _listed(channel),
            "event": event,
            "result": result.value if isinstance(result, Result) else result,
            "send_from": send_from,
            "id": key,
        }
        if not source:
            return await hub.submit(parse({**fields, "content": content}))
        read = partial(read_value, own=config.report_sources, max_bytes=config.report_max_body)
        return await hub.take(await asyncio.to_thread(read, content, source, fields))


def _listed(value: object) -> object:
    """Make a list of an iterable; any other value is left for `parse` to judge."""
    match value:
        case str() | bytes() | bytearray() | Mapping():
            return cast("object", value)
        case Iterable():
            return list(islice(cast("Iterable[object]", value), MAX_TARGETS + 1))
        case _:
            return value


async def _pictures(image: object, images: object, max_bytes: int) -> list[bytes]:
    """Read pictures, as a report's field has them; at most `max_bytes` of all files together."""
    pictures_given = _listed(images)
    if not isinstance(pictures_given, list):
        raise InvalidReport("images", '应为几张图片：images=[Path("1.png"), Path("2.png")]')
    pictures = [image, *cast("list[object]", pictures_given)]
    read: list[bytes] = []
    for picture in pictures:
        if picture is not None:
            read.append(await _picture(picture, max_bytes))
            max_bytes -= len(read[-1])
    return read


async def _picture(image: object, max_bytes: int) -> bytes:
    if isinstance(image, PathLike):
        return await asyncio.to_thread(_read_file, Path(cast("PathLike[str]", image)), max_bytes)
    if not isinstance(image, bytes | bytearray | memoryview):
        raise InvalidReport("image", '应为图片的字节，或者文件的路径：Path("截图.png")')
    return bytes(cast("bytes", image))


def _read_file(path: Path, max_bytes: int) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(max_bytes + 1)
    except FileNotFoundError:
        raise InvalidReport("image", "没有这个图片文件，检查路径") from None
    except (OSError, ValueError) as error:
        raise InvalidReport("image", f"图片文件打不开（{type(error).__name__}）") from None
    if len(content) > max_bytes:
        raise InvalidReport("image", "图片文件超过 REPORT_MAX_BODY")
    return content


# NoneBot sets this before it runs a plugin's module. A plain import, as of `report` alone, binds
# nothing and costs little.
if "__plugin__" in globals():
    from .plugin import bind

    bound = bind()
