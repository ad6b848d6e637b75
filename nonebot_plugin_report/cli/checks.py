"""The doctor's checks that only it can do: of a folder in which a bot may not even run."""

import os
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution
from importlib.util import find_spec
from pathlib import Path

from pydantic import ValidationError

from ..config import Config, explain
from ..web.addresses import read_settings
from ..web.findings import Finding, of_machine, of_settings
from .bot import needs_server, own_token, token, token_file, wanted_driver, where_token_is


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
    try:
        config = Config.model_validate(read_settings())
    except ValidationError as error:
        config = None
        yield Finding("错误", str(explain(error)), "改好 .env 后重新启动机器人")
    yield from of_settings(config)
    yield from _ineffective()
    if "fastapi" not in (driver := wanted_driver()):
        advice = "在 .env 里设置 DRIVER=~fastapi，或在原值后面加上 +~fastapi"
        yield Finding("错误", f"驱动器是 {driver}，收不了推送", advice)
    if token() == own_token():
        text = ".env 里没有 REPORT_TOKEN：自带的机器人用它自己生成的令牌，别的机器人则没有令牌"
        yield Finding("提醒", text, f"在 .env 里写上 REPORT_TOKEN=令牌；令牌在{where_token_is()}")


def _ineffective() -> Iterator[Finding]:
    for name in sorted(os.environ):
        if name.lower() in Config.model_fields and name.lower() not in read_settings():
            advice = f"把它写进 .env；NoneBot 只读 .env 里出现过的设置（可以写空的 {name}=）"
            yield Finding("提醒", f"环境变量 {name} 不会生效", advice)


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
    config = checked_config()
    database = config and config.database
    file = database if isinstance(database, Path) else token_file()
    return of_machine(file.resolve().parent)
