"""The command `doctor`: checks settings and computer first, then the running bot."""

import asyncio
from collections.abc import Iterable

from ..config import Config
from ..doctor.findings import Finding
from ..errors import ConfigError, NotDone
from ..model.delivery import Delivered
from ..model.target import Target
from ..model.text import clean
from .bot import init_nonebot, masked
from .checks import checked_config, installation, machine, settings
from .client import Client
from .progress import Progress
from .test import try_targets
from .words import tell

_MARKS = {"正常": "✅", "提醒": "⚠️ ", "错误": "❌"}


def run_doctor(*, send: bool) -> int:
    """Print all findings as they come; returns 1 if any of them is an error.

    With `send` each channel gets a test report: nothing else shows that it takes reports.
    """
    printed: list[Finding] = []

    def show(findings: Iterable[Finding]) -> None:
        for finding in findings:
            printed.append(finding)
            print(_line(finding), flush=True)

    show(installation())
    try:
        init_nonebot(log_level="ERROR")
    except ConfigError as error:
        show([Finding("错误", str(error), "改好后再运行一次 doctor")])
        return 1
    show(settings())
    show(machine())
    show(asyncio.run(_running()))
    config = checked_config() if send else None
    if config is not None and config.report_channels:
        show(_channels(config))
    return int(any(one.level == "错误" for one in printed))


def _line(finding: Finding) -> str:
    # A finding may quote what the program on the port answered, and people post this output.
    advice = f"\n   → {finding.advice}" if finding.advice else ""
    return masked(clean(f"{_MARKS[finding.level]} {finding.text}{advice}"))


async def _running() -> list[Finding]:
    """Get the findings of the running bot about itself."""
    try:
        async with Client() as client:
            await client.require()
            health = await client.health()
    except NotDone as error:
        return [Finding("错误", error.text, error.advice)]
    if "findings" not in health:
        return [Finding("提醒", "运行着的机器人是旧版本", "重新启动它")]
    return [Finding(each["level"], each["text"], each["advice"]) for each in health["findings"]]


def _channels(config: Config) -> list[Finding]:
    """Send a test report to each channel; a finding for each outcome."""
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
