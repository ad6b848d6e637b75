"""Checks that only the doctor can do: of a folder in which a bot may not even run."""

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from importlib.metadata import PackageNotFoundError, distribution, requires, version
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from packaging.requirements import Requirement
from pydantic import ValidationError

from ..config import Config, explain
from ..doctor.addresses import read_settings
from ..doctor.findings import Finding, of_machine, of_settings
from .bot import needs_server, own_token, token, token_file, wanted_driver, where_token_is

DISTRIBUTION: Final = "nonebot-plugin-report-hub"


def checked_config() -> Config | None:
    """Read the settings; None where one is wrong, which `settings` finds."""
    try:
        return Config.model_validate(read_settings())
    except ValidationError:
        return None


def settings() -> Iterator[Finding]:
    """Find what is wrong with the settings."""
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
    """Find libraries that are missing, outdated, or in the way."""
    if find_spec("uvicorn") is None:
        text, _, advice = str(needs_server()).partition("；")
        yield Finding("错误", text, advice)
    yield from unmet(requires(DISTRIBUTION) or (), _installed)
    try:
        distribution("nonebot-plugin-report")
    except PackageNotFoundError:
        return
    advice = (
        "先 pip uninstall nonebot-plugin-report，"
        "再 pip install --force-reinstall --no-deps nonebot-plugin-report-hub"
    )
    yield Finding("错误", "还装着旧插件 nonebot-plugin-report，它与本插件的模块同名", advice)


def unmet(requirements: Iterable[str], installed: Callable[[str], str | None]) -> Iterator[Finding]:
    """Find libraries whose version is not what this plugin's metadata asks for.

    Args:
        requirements: as in the metadata, extras included.
        installed: gets the version of a library; None: it is not installed.
    """
    for text in requirements:
        requirement = Requirement(text)
        version_found = installed(requirement.name)
        if version_found is None or requirement.specifier.contains(version_found, prereleases=True):
            continue
        name, specifier = requirement.name, requirement.specifier
        text = f"{name} 是 {version_found}，要 {specifier}：别的版本有已知的毛病，或没有试过"
        yield Finding("错误", text, f'{sys.executable} -m pip install "{name}{specifier}"')


def _installed(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def machine() -> Iterator[Finding]:
    """Find what is wrong with the disk and the clock."""
    config = checked_config()
    database = config and config.database
    file = database if isinstance(database, Path) else token_file()
    return of_machine(file.resolve().parent)
