"""What is wrong and how to correct it: settings and computer first, then the running bot."""

import asyncio
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from ..config import Config
from ..errors import ConfigError, NotDone
from ..model.delivery import Delivered, State
from ..model.target import Target
from ..model.text import clean
from ..web.addresses import onebot_url, push_url, read_settings
from .bot import init_nonebot, masked
from .checks import Finding, checked_config, installation, machine, security, settings
from .client import Client
from .progress import Progress
from .test import try_targets
from .words import tell

_MARKS = {"正常": "✅", "提醒": "⚠️ ", "错误": "❌"}


def run_doctor(*, send: bool) -> int:
    """Print all findings as they come; 1 if one of them keeps reports from arriving.

    With `send` each channel gets a test report: only that shows that it takes one.
    """
    found: list[Finding] = []

    def show(findings: Iterable[Finding]) -> None:
        for one in findings:
            found.append(one)
            print(_shown(one), flush=True)

    show(installation())
    try:
        init_nonebot(log_level="ERROR")
    except ConfigError as error:
        show([Finding("错误", str(error), "改好后再运行一次 doctor")])
        return 1
    show(settings())
    show(security())
    show(machine())
    show(asyncio.run(_running()))
    config = checked_config() if send else None
    if config is not None and config.report_channels:
        show(_channels(config))
    return int(any(one.level == "错误" for one in found))


def _shown(finding: Finding) -> str:
    # What the bot on that port answered is in it, and what people print here they show others.
    advice = f"\n   → {finding.advice}" if finding.advice else ""
    return masked(clean(f"{_MARKS[finding.level]} {finding.text}{advice}"))


async def _running() -> list[Finding]:
    """What the running bot says of itself."""
    try:
        async with Client() as client:
            await client.require()
            health = await client.health()
    except NotDone as error:
        return [Finding("错误", error.text, error.advice)]
    return [
        *_store(health), *_bots(health["bots"]), *_processes(health), *_onebot(health),
        *_backlog(health), *_failures(health),
    ]  # fmt: skip


def _channels(config: Config) -> list[Finding]:
    """What each channel makes of a test report."""
    targets = {name: Target("channel", name) for name in config.report_channels}
    findings: list[Finding] = []
    with Progress(f"渠道 {name}" for name in targets) as progress:
        outcomes = asyncio.run(
            try_targets(config, targets, lambda name, _: progress.done(f"渠道 {name}"))
        )
    for name in targets:
        outcome = outcomes[name]
        text = f"渠道 {name}：{tell(outcome)}"
        advice = f"改好后用 test {name} 再试"
        if isinstance(outcome, Delivered):
            findings.append(Finding("提醒" if outcome.note else "正常", text))
        else:
            findings.append(Finding("错误", text, advice))
    return findings


def _store(health: dict[str, Any]) -> Iterator[Finding]:
    if health["status"] == "ok":
        yield Finding("正常", f"机器人在运行，能收下推送：{push_url()}?token=…")
        return
    reason = str(health["reason"])
    advice = "检查磁盘空间和数据文件夹的权限"
    if "另一个进程" in reason:
        advice = "关掉多开的那个机器人；真的要两个，就给它们各自的文件夹"
    yield Finding("错误", f"机器人在运行，但收不下推送：{reason}", advice)


def _bots(bots: list[dict[str, Any]]) -> Iterator[Finding]:
    for bot in bots:
        if bot["online"]:
            yield Finding("正常", f"QQ 机器人 {bot['id']}（{bot['adapter']}）在线")
        else:
            yield Finding(
                "错误", f"QQ 机器人 {bot['id']} 已连接但不能发送", "在 OneBot 实现里重新登录 QQ"
            )
    if not bots:
        advice = f"在 OneBot 实现（NapCat 等）里添加反向 WebSocket：{onebot_url()}"
        # Who has channels may do without QQ.
        level = "提醒" if read_settings().get("report_channels") else "错误"
        yield Finding(level, "没有 QQ 机器人连接；发给 QQ 的推送会先存着", advice)


def _processes(health: dict[str, Any]) -> Iterator[Finding]:
    """Those that share the store."""
    for one in health.get("processes", ()):
        text = f"共用数据库：{one['standing']}"
        if one["lapsed"]:
            advice = "它停住了或被杀了：启动它，或把它的 QQ 连到别的机器人；一小时后不再提醒"
            yield Finding("提醒", text, advice)
        else:
            yield Finding("正常", text)


def _onebot(health: dict[str, Any]) -> Iterator[Finding]:
    if refused := health.get("onebot_refused_at"):
        level = "提醒" if health["bots"] else "错误"
        text = f"{_moment(refused)} 有 OneBot 实现连过来，因为 Token 不对被拒绝了"
        advice = "把 OneBot 实现里的 Token 改成 .env 里的 ONEBOT_ACCESS_TOKEN（没有设置就清空）"
        yield Finding(level, text, advice)
    if users := health.get("superusers_without_friend"):
        text = f"SUPERUSERS 里的 {'、'.join(users)} 不是机器人的好友，多半收不到私聊"
        yield Finding("提醒", text, "用这个 QQ 号加机器人为好友，或改 SUPERUSERS")


def _backlog(health: dict[str, Any]) -> Iterator[Finding]:
    if waiting := health["waiting"]:
        yield Finding("提醒", f"有 {waiting} 条推送等待送出")
    for lane in health["blocked"]:
        yield Finding("提醒", f"{lane['lane']} 暂停发送：{lane['reason']}")
    for one in health.get("retrying", ()):
        yield Finding("提醒", f"发给 {one['target']} 的一条：{one['progress']}")


def _failures(health: dict[str, Any]) -> Iterator[Finding]:
    for one in health.get("failures", ()):
        unconfirmed = one.get("state") == State.UNCONFIRMED
        what = "不能确认送到没有" if unconfirmed else "没有送到"
        text = f"发给 {one['target']} 的一条{what}：{one['progress']}"
        first = "到那里看看有没有收到" if unconfirmed else "按原因改好"
        yield Finding("提醒", text, f"{first}；要再发一次，在 QQ 里用「推送 重发」")


def _moment(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds).astimezone():%m-%d %H:%M}"
