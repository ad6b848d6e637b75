"""What is wrong and how it is mended: one list, for the log at the start, the page and the doctor.

Nothing is sent and nothing is changed by looking.
"""

import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Literal

import nonebot

from ..config import SHORT_TOKEN, Config, tell_unknown
from ..hub import Health, Hub
from ..model.delivery import State
from ..model.status import progress, standing
from ..model.timing import moment
from .addresses import address, onebot_url, push_url, read_settings, unguarded
from .examples import placeholders

LOW_DISK: Final = 500 * 2**20
"""Free bytes below which the disk is reported."""
NO_DISK: Final = 50 * 2**20
"""Free bytes below which storing will soon fail."""
MAX_REFUSALS: Final = 5
"""Refused pushes that are reported, the last ones."""
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


def of_settings(config: Config | None) -> Iterator[Finding]:
    """What is set in a way that its owner most likely did not mean; `config`: our settings, None
    where they are wrong, of which others tell."""
    found, superusers = read_settings(), nonebot.get_driver().config.superusers
    if config is not None:
        yield Finding("正常", "推送插件的设置没有错误")
        yield from _tokens(config)
        yield from _channels(config)
    for fault, advice in unguarded():
        yield Finding("错误", fault, advice)
    for unknown in tell_unknown(found):
        yield Finding("提醒", unknown, "检查拼写；可用的设置见 docs/operation.md")
    for name in placeholders(found, superusers):
        yield Finding("提醒", f"{name} 里还是文档里的例子", "在 .env 里换成你自己的")
    if found.get("report_bind") and not found.get("report_public_url"):
        text = f"绑定的人得到的地址以 {address()} 开头，别的电脑可能连不上"
        yield Finding("提醒", text, "设置 REPORT_PUBLIC_URL=别人能访问到这个机器人的网址")
    if not superusers:
        yield without_superusers(config)


def without_superusers(config: Config | None) -> Finding:
    """Tell what is missing without SUPERUSERS: the owner's commands, and where nobody else is set
    as a default recipient, whom to send to. `config`: our settings, None where they are wrong."""
    text = "没有设置 SUPERUSERS：没有人能在聊天里用管理的命令"
    if config and not config.directory(()).expand(config.report_default_targets):
        text += "；推送没有写明接收者、也没有规则管到时会被拒绝（422）"
    return Finding("提醒", text, '在 .env 里写上你的 QQ 号，例如 SUPERUSERS=["123456789"]')


def _tokens(config: Config) -> Iterator[Finding]:
    if not config.tokens:
        text = "没有设置 REPORT_TOKEN：任何能连到这个端口的程序都能推送"
        yield Finding("提醒", text, "在 .env 里写上 REPORT_TOKEN=一串随机字符")
    if any(len(one) < SHORT_TOKEN for one in config.tokens):
        advice = f"换成 {SHORT_TOKEN} 个以上的随机字符，工具里的推送地址也跟着换"
        yield Finding("提醒", f"有令牌不到 {SHORT_TOKEN} 个字符，容易被猜到", advice)


def _channels(config: Config) -> Iterator[Finding]:
    if usable := [one for one in config.report_channels if one not in config.unavailable]:
        yield Finding("正常", f"设置了 {len(usable)} 个渠道：{'、'.join(usable)}")
    for name, reason in config.unavailable.items():
        text = f"渠道 {name} 先不用：{reason}；发给它的推送会存着"
        yield Finding("错误", text, "安装后重新启动机器人")


def of_machine(folder: Path | None) -> Iterator[Finding]:
    """What is wrong with the clock, and with the disk that a folder is on; None: nothing of ours
    is on a disk here. Must run in a thread, as a disk may be slow."""
    while folder is not None and not folder.exists():
        folder = folder.parent
    if folder is not None:
        yield from disk(shutil.disk_usage(folder).free)
    yield from clock(time.time(), datetime.now().astimezone())


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


def of_running(hub: Hub, health: Health) -> Iterator[Finding]:
    """How this bot does; `health`: with its details."""
    now = hub.clock()
    yield from _store(health)
    yield from _bots(health, may_lack=bool(hub.config.report_channels))
    yield from _processes(health, now)
    yield from _onebot(health, now)
    yield from _backlog(health, now)
    yield from _failures(health, now, hub.chat_command)
    yield from _refusals(health, now)


def _store(health: Health) -> Iterator[Finding]:
    if not health.fault:
        yield Finding("正常", f"机器人在运行，能收下推送：{push_url()}?token=…")
        return
    advice = "检查磁盘空间和数据文件夹的权限"
    if health.in_use:
        advice = "关掉多开的那个机器人；真的要两个，就给它们各自的文件夹"
    yield Finding("错误", f"机器人在运行，但收不下推送：{health.fault_detail}", advice)


def _bots(health: Health, *, may_lack: bool) -> Iterator[Finding]:
    """`may_lack`: who has channels may do without QQ."""
    for bot, adapter, online in health.bots:
        if online:
            yield Finding("正常", f"QQ 机器人 {bot}（{adapter}）在线")
        else:
            text = f"QQ 机器人 {bot} 已连接但不能发送"
            yield Finding("错误", text, "在 OneBot 实现里重新登录 QQ")
    if not health.bots:
        advice = f"在 OneBot 实现（NapCat 等）里添加反向 WebSocket：{onebot_url()}"
        level = "提醒" if may_lack else "错误"
        yield Finding(level, "没有 QQ 机器人连接；发给 QQ 的推送会先存着", advice)


def _processes(health: Health, now: float) -> Iterator[Finding]:
    """Those that share the store."""
    for one in health.processes:
        text = f"共用数据库：{standing(one, now)}"
        if one.lapsed:
            advice = "它停住了或被杀了：启动它，或把它的 QQ 连到别的机器人；一小时后不再提醒"
            yield Finding("提醒", text, advice)
        else:
            yield Finding("正常", text)


def _onebot(health: Health, now: float) -> Iterator[Finding]:
    if health.refused_at is not None:
        level = "提醒" if health.bots else "错误"
        at = moment(health.refused_at, now)
        text = f"{at} 有 OneBot 实现连过来，因为 Token 不对被拒绝了"
        advice = "把 OneBot 实现里的 Token 改成 .env 里的 ONEBOT_ACCESS_TOKEN（没有设置就清空）"
        yield Finding(level, text, advice)
    if health.astray:
        text = f"有 OneBot 实现连到了{health.astray}，那里收不到消息"
        yield Finding("提醒" if health.bots else "错误", text, f"把它的地址改成 {onebot_url()}")
    if health.strangers:
        text = f"SUPERUSERS 里的 {'、'.join(health.strangers)} 不是机器人的好友，多半收不到私聊"
        yield Finding("提醒", text, "用这个 QQ 号加机器人为好友，或改 SUPERUSERS")


def _backlog(health: Health, now: float) -> Iterator[Finding]:
    backlog = health.backlog
    if backlog is None:
        return
    if backlog.waiting:
        yield Finding("提醒", f"有 {backlog.waiting} 条推送等待送出")
    for lane in backlog.blocked:
        yield Finding("提醒", f"{lane.lane} 暂停发送：{lane.reason}")
    for one in backlog.retrying:
        yield Finding("提醒", f"发给 {one.target} 的一条：{progress(one, now)}")


def _failures(health: Health, now: float, chat_command: str) -> Iterator[Finding]:
    for one in health.failures:
        unconfirmed = one.state is State.UNCONFIRMED
        what = "不能确认送到没有" if unconfirmed else "没有送到"
        text = f"发给 {one.target} 的一条{what}：{progress(one, now)}"
        first = "到那里看看有没有收到" if unconfirmed else "按原因改好"
        yield Finding("提醒", text, f"{first}；要再发一次，在 QQ 里发「{chat_command} 重发」")


def _refusals(health: Health, now: float) -> Iterator[Finding]:
    for one in health.refusals[:MAX_REFUSALS]:
        yield Finding("提醒", f"{moment(one.at, now)} 没有收下 {one.client} 的推送", one.reason)
