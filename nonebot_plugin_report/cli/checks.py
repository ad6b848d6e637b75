"""The doctor's checks that need no running bot: settings, installation, computer."""

import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, distribution
from importlib.util import find_spec
from pathlib import Path
from typing import Final, Literal

import nonebot
from pydantic import ValidationError

from ..config import (
    SHORT_TOKEN,
    Config,
    explain,
    placeholders,
    tell_unknown,
)
from ..web.addresses import address, read_settings, unguarded
from .bot import needs_server, own_token, token, token_file, wanted_driver, where_token_is

LOW_DISK: Final = 500 * 2**20
"""Free bytes below which the disk is reported."""
NO_DISK: Final = 50 * 2**20
"""Free bytes below which storing will soon fail."""
BEGINNING: Final = datetime(2026, 1, 1, tzinfo=UTC).timestamp()
"""A correct clock cannot show a time before this program was written."""


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of a check."""

    level: Literal["正常", "提醒", "错误"]
    text: str
    """What was found."""
    advice: str = ""
    """What to do about it."""


def checked_config() -> Config | None:
    """The settings; None where one is wrong, which `settings` tells."""
    try:
        return Config.model_validate(read_settings())
    except ValidationError:
        return None


def settings() -> Iterator[Finding]:
    """What is wrong with the settings."""
    if not Path(".env").is_file():
        advice = "到放 .env 的文件夹里运行；还没有的话，把 .env.example 复制成 .env"
        yield Finding("提醒", f"当前文件夹 {Path.cwd()} 里没有 .env", advice)
    found = read_settings()
    try:
        config = Config.model_validate(found)
        yield Finding("正常", "推送插件的设置没有错误")
        for name, reason in config.unavailable.items():
            yield Finding("错误", f"渠道 {name} 用不了：{reason}", "安装后重新启动机器人")
    except ValidationError as error:
        yield Finding("错误", str(explain(error)), "改好 .env 后重新启动机器人")
    for unknown in tell_unknown(found):
        yield Finding("提醒", unknown, "检查拼写；可用的设置见 docs/operation.md")
    for name in placeholders(found, nonebot.get_driver().config.superusers):
        yield Finding("提醒", f"{name} 里还是文档里的例子", "在 .env 里换成你自己的")
    yield from _ineffective()
    yield from _reached()


def _ineffective() -> Iterator[Finding]:
    for name in sorted(os.environ):
        if name.lower() in Config.model_fields and name.lower() not in read_settings():
            advice = f"把它写进 .env；NoneBot 只读 .env 里出现过的设置（可以写空的 {name}=）"
            yield Finding("提醒", f"环境变量 {name} 不会生效", advice)


def _reached() -> Iterator[Finding]:
    """Who can be reached, and who can reach the bot."""
    found, config = read_settings(), nonebot.get_driver().config
    if found.get("report_bind") and not found.get("report_public_url"):
        text = f"绑定的人得到的地址以 {address()} 开头，别的电脑可能连不上"
        yield Finding("提醒", text, "设置 REPORT_PUBLIC_URL=别人能访问到这个机器人的网址")
    if not config.superusers:
        advice = '在 .env 里写上你的 QQ 号，例如 SUPERUSERS=["123456789"]'
        yield Finding("提醒", "没有设置 SUPERUSERS：推送没有写明接收者时会被拒绝（422）", advice)
    if "fastapi" not in (driver := wanted_driver()):
        advice = "在 .env 里设置 DRIVER=~fastapi，或在原值后面加上 +~fastapi"
        yield Finding("错误", f"驱动器是 {driver}，收不了推送", advice)


def security() -> Iterator[Finding]:
    """What others could do that they should not."""
    if token() == own_token():
        text = ".env 里没有 REPORT_TOKEN：自带的机器人用它自己生成的令牌，别的机器人则没有令牌"
        yield Finding("提醒", text, f"在 .env 里写上 REPORT_TOKEN=令牌；令牌在{where_token_is()}")
    if len(token()) < SHORT_TOKEN:
        advice = f"换成 {SHORT_TOKEN} 个以上的随机字符，工具里的推送地址也跟着换"
        yield Finding("提醒", "REPORT_TOKEN 太短，容易被猜到", advice)
    for fault, advice in unguarded():
        yield Finding("错误", fault, advice)


def installation() -> Iterator[Finding]:
    """What is missing, or in the way."""
    if find_spec("uvicorn") is None:
        text, _, advice = str(needs_server()).partition("；")
        yield Finding("错误", text, advice)
    try:
        distribution("nonebot-plugin-report")
    except PackageNotFoundError:
        return
    advice = (
        "先 pip uninstall nonebot-plugin-report，"
        "再 pip install --force-reinstall --no-deps nonebot-plugin-report-hub"
    )
    yield Finding("错误", "还装着旧插件 nonebot-plugin-report，它与本插件的模块同名", advice)


def machine() -> Iterator[Finding]:
    """The disk and the clock."""
    yield from disk(shutil.disk_usage(_data_folder()).free)
    yield from clock(time.time(), datetime.now().astimezone())


def _data_folder() -> Path:
    config = checked_config()
    database = config and config.database
    file = database if isinstance(database, Path) else token_file()
    folder = file.resolve().parent
    while not folder.exists():
        folder = folder.parent
    return folder


def disk(free: int) -> Iterator[Finding]:
    """What free bytes are left."""
    if free < LOW_DISK:
        level = "错误" if free < NO_DISK else "提醒"
        advice = "腾出一些空间；或把 REPORT_RETENTION、REPORT_IMAGE_RETENTION 改短"
        yield Finding(level, f"数据所在的磁盘只剩 {free // 2**20} MB", advice)


def clock(now: float, local: datetime) -> Iterator[Finding]:
    """Epoch seconds, and the same as the computer's clock shows it."""
    if now < BEGINNING:
        advice = "在系统设置里打开「自动设置时间」，再重新启动机器人"
        yield Finding("错误", f"电脑的时钟是 {local:%Y-%m-%d %H:%M}，不对", advice)
    if not local.utcoffset():
        text = f"电脑的时区是 UTC，现在显示 {local:%H:%M}；免打扰和消息里的时间都按它算"
        advice = "不对就改：Windows 在「日期和时间」里，Linux 运行 timedatectl set-timezone Asia/Shanghai"  # noqa: E501 - one line to copy
        yield Finding("提醒", text, f"{advice}，Docker 设置 TZ=Asia/Shanghai")
