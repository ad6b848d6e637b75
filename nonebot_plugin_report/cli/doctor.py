"""What is set wrong, and how to mend it."""

import asyncio
import os
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from typing import Any, Literal

import httpx2
import nonebot
from pydantic import ValidationError

from ..access.gate import SHORT_TOKEN
from ..config import Config, explain, unknown_settings
from ..model.delivery import Delivered
from ..model.text import clean
from ..web.addresses import address, onebot_url, push_url, read_settings
from .bot import init_nonebot, masked, own_token, token, where_token_is
from .test import tell, try_channel

ANSWER_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    level: Literal["正常", "提醒", "错误"]
    text: str
    """What was found."""
    mend: str = ""
    """What to do about it."""


def run_doctor(*, send: bool) -> int:
    """Print all findings; 1 if one of them keeps reports from arriving.

    With `send` each channel gets a test report: only that shows that it takes one.
    """
    init_nonebot(log_level="ERROR")
    findings = [*_settings(), *_security(), *_installation(), *asyncio.run(_running())]
    if send:
        findings += asyncio.run(_channels())
    for finding in findings:
        mark = {"正常": "✅", "提醒": "⚠️ ", "错误": "❌"}[finding.level]
        # What the bot on that port answered is in it, and what people print here they show others.
        mend = f"\n   → {finding.mend}" if finding.mend else ""
        print(masked(clean(f"{mark} {finding.text}{mend}")))
    return int(any(finding.level == "错误" for finding in findings))


def _settings() -> Iterator[Finding]:
    settings = read_settings()
    try:
        Config.model_validate(settings)
        yield Finding("正常", "推送插件的设置没有错误")
    except ValidationError as error:
        yield Finding("错误", str(explain(error)), "改好 .env 后重新启动机器人")
    for name in unknown_settings(settings):
        yield Finding("提醒", f"不认识设置 {name}", "检查拼写；可用的设置见 docs/operation.md")
    for name in sorted(os.environ):
        if name.lower() in Config.model_fields and name.lower() not in settings:
            mend = f"把它写进 .env；NoneBot 只读 .env 里出现过的设置（可以写空的 {name}=）"
            yield Finding("提醒", f"环境变量 {name} 不会生效", mend)
    if settings.get("report_bind") and not settings.get("report_public_url"):
        text = f"绑定的人得到的地址以 {address()} 开头，别的电脑可能连不上"
        yield Finding("提醒", text, "设置 REPORT_PUBLIC_URL=别人能访问到这个机器人的网址")
    config = nonebot.get_driver().config
    if not config.superusers:
        mend = '在 .env 里写上你的 QQ 号：SUPERUSERS=["10001"]'
        yield Finding("提醒", "没有设置 SUPERUSERS：推送没有写明接收者时会被拒绝（422）", mend)
    if "fastapi" not in config.driver:
        mend = "在 .env 里设置 DRIVER=~fastapi，或在原值后面加上 +~fastapi"
        yield Finding("错误", f"驱动器是 {config.driver}，收不了推送", mend)


def _security() -> Iterator[Finding]:
    settings = read_settings()
    if token() == own_token():
        text = ".env 里没有 REPORT_TOKEN：自带的机器人用它自己生成的令牌，别的机器人则没有令牌"
        yield Finding("提醒", text, f"在 .env 里写上 REPORT_TOKEN=令牌；令牌在{where_token_is()}")
    if len(token()) < SHORT_TOKEN:
        mend = f"换成 {SHORT_TOKEN} 个以上的随机字符，工具里的推送地址也跟着换"
        yield Finding("提醒", "REPORT_TOKEN 太短，容易被猜到", mend)
    if str(nonebot.get_driver().config.host) not in ("0.0.0.0", "::"):  # noqa: S104 - compared, not bound
        return
    for name, what in (("access_token", "WebSocket"), ("secret", "HTTP 上报")):
        if not (settings.get(f"onebot_{name}") or settings.get(f"onebot_v11_{name}")):
            upper = f"ONEBOT_{name.upper()}"
            text = f"端口对所有网络开放，但没有设置 {upper}：谁都能冒充 QQ 机器人（{what}）"
            mend = (
                f"只在本机用就设置 HOST=127.0.0.1，否则在 .env 和 OneBot 实现里设置同样的 {upper}"
            )
            yield Finding("错误", text, mend)


def _installation() -> Iterator[Finding]:
    try:
        distribution("nonebot-plugin-report")
    except PackageNotFoundError:
        return
    mend = (
        "先 pip uninstall nonebot-plugin-report，"
        "再 pip install --force-reinstall --no-deps nonebot-plugin-report-hub"
    )
    yield Finding("错误", "还装着旧插件 nonebot-plugin-report，它与本插件的模块同名", mend)


async def _running() -> list[Finding]:
    """What the running bot says of itself."""
    headers = {b"Authorization": f"Bearer {token()}".encode()}
    try:
        async with httpx2.AsyncClient(timeout=ANSWER_SECONDS, trust_env=False) as client:
            answer = await client.get(f"{push_url()}/health", headers=headers)
        health: dict[str, Any] = answer.json()
        status = health["status"]
    except httpx2.HTTPError:
        mend = "启动机器人；若端口不同，检查 .env 的 HOST 和 PORT"
        return [Finding("错误", f"{address()} 上没有机器人在运行", mend)]
    except (ValueError, KeyError, TypeError):
        mend = "检查 PORT 与 REPORT_ROUTE，并确认机器人加载了本插件"
        return [Finding("错误", f"{push_url()} 上不是本插件在回答", mend)]
    if "bots" not in health:
        mend = "机器人启动后改过令牌的话，重新启动它；在同一个文件夹里运行 doctor"
        return [Finding("错误", "机器人在运行，但令牌和这里的不一样", mend)]
    return [*_store(status, health), *_bots(health["bots"]), *_backlog(health)]


async def _channels() -> list[Finding]:
    """What each channel makes of a test report."""
    try:
        config = Config.model_validate(read_settings())
    except ValidationError:
        return []  # told of with the settings
    names = list(config.report_channels)
    outcomes = await asyncio.gather(*(try_channel(config, name) for name in names))
    findings: list[Finding] = []
    for name, outcome in zip(names, outcomes, strict=True):
        text = f"渠道 {name}：{tell(outcome)}"
        mend = f"改好后用 test {name} 再试"
        if isinstance(outcome, Delivered):
            findings.append(Finding("提醒" if outcome.note else "正常", text))
        else:
            findings.append(Finding("错误", text, mend))
    return findings


def _store(status: str, health: dict[str, Any]) -> Iterator[Finding]:
    if status == "ok":
        yield Finding("正常", f"机器人在运行，能收下推送：{push_url()}?token=…")
    else:
        mend = "检查磁盘空间和数据目录的权限"
        yield Finding("错误", f"机器人在运行，但收不下推送：{health['reason']}", mend)


def _bots(bots: list[dict[str, Any]]) -> Iterator[Finding]:
    for bot in bots:
        if bot["online"]:
            yield Finding("正常", f"QQ 机器人 {bot['id']}（{bot['adapter']}）在线")
        else:
            yield Finding(
                "错误", f"QQ 机器人 {bot['id']} 已连接但不能发送", "在 OneBot 实现里重新登录 QQ"
            )
    if not bots:
        mend = f"在 OneBot 实现（NapCat 等）里添加反向 WebSocket：{onebot_url()}"
        # Who has channels may do without QQ.
        level = "提醒" if read_settings().get("report_channels") else "错误"
        yield Finding(level, "没有 QQ 机器人连接；发给 QQ 的推送会先存着", mend)


def _backlog(health: dict[str, Any]) -> Iterator[Finding]:
    if waiting := health["waiting"]:
        yield Finding("提醒", f"有 {waiting} 条推送等待送出")
    for lane in health["blocked"]:
        yield Finding("提醒", f"{lane['lane']} 暂停发送：{lane['reason']}")
