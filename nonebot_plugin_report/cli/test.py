"""The command `test`, also for the doctor: tries channels and QQ targets out with a picture."""

import asyncio
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import nonebot
import orjson
import pybase64

from ..config import Config
from ..errors import NotDone
from ..model.delivery import Away, Delivered, Delivery, NotSent, Outcome
from ..model.image import read_image
from ..model.message import Message
from ..model.recipient import SUPERUSERS, Recipient, read_recipient
from ..model.report import dump, trial_report
from ..model.target import Lane, Target
from ..senders.base import Channel
from ..senders.router import Router
from .bot import read_config
from .client import ANSWER_SECONDS, Answerer, Client
from .progress import Progress
from .sample import sample_screenshot
from .words import line

WAIT_SECONDS: Final = 60.0
"""Seconds to wait until the running bot has sent."""
TEXT: Final = "如果你看到了这条消息和图片，这里就设置好了"
_FIELDS: Final = {"private": "send_to", "group": "send_to_group", "channel": "channel"}


def run_test(names: Sequence[str]) -> int:
    """Try channels and QQ targets out, all at once; returns 0 if all got the test report."""
    config = read_config()
    targets: dict[str, Target] = {}
    for name in names:
        named = _targets(config, name)
        if not named:
            channels = "、".join(config.report_channels) or "一个也没有"
            print(f"REPORT_CHANNELS 里没有 {name}；有的是：{channels}", file=sys.stderr)
            return 2
        targets |= named
    with Progress(targets) as progress:
        outcomes = asyncio.run(try_targets(config, targets, progress.done))
    return 0 if all(isinstance(outcome, Delivered) for outcome in outcomes.values()) else 1


def _targets(config: Config, text: str) -> dict[str, Target]:
    """Find the targets of an argument, by the names to show; empty if it names none."""
    if text in config.report_channels:
        return {text: Target("channel", text)}
    try:
        recipient: Recipient = read_recipient(text)
    except ValueError:
        return {}
    if recipient != SUPERUSERS and not isinstance(recipient, Target):
        return {}
    if isinstance(recipient, Target) and recipient.kind == "channel":
        exists = recipient.id in config.report_channels
        return {recipient.id: recipient} if exists else {}
    directory = config.directory(nonebot.get_driver().config.superusers)
    return {str(target): target for target in directory.expand([recipient])}


async def try_targets(
    config: Config, targets: Mapping[str, Target], on_result: Callable[[str, str], None]
) -> dict[str, Outcome]:
    """Send a test report to each target; `on_result` gets each name and line as it comes."""
    picture = await asyncio.to_thread(sample_screenshot)
    outcomes: dict[str, Outcome] = {}

    async def attempt(name: str, target: Target) -> None:
        channel = config.report_channels[target.id] if target.kind == "channel" else None
        if channel is None or channel.needs_bot:
            outcomes[name] = await _by_running_bot(target, picture)
        else:
            outcomes[name] = await _directly(config, target, channel, picture)
        on_result(name, line(name, outcomes[name]))

    async with asyncio.TaskGroup() as tasks:
        for name, target in targets.items():
            tasks.create_task(attempt(name, target))
    return outcomes


async def _directly(config: Config, target: Target, channel: Channel, picture: bytes) -> Outcome:
    report = trial_report(TEXT)
    message = Message(config.report_template.render(report), (read_image(picture),), report)
    stamp = f"{time.time_ns():020}"
    delivery = Delivery(stamp, stamp, Lane(target), message, attempts=0)
    router = Router(_NoBots(), {target.id: channel}, ANSWER_SECONDS)
    if reason := router.blocked(delivery.lane):
        return Away(reason)
    try:
        return await router.send(delivery)
    finally:
        await router.close()


class _NoBots:
    """Stands for QQ, which this process does not have: every delivery to it is refused."""

    def blocked(self, lane: Lane) -> str:
        return f"{lane} 不是渠道"

    async def send(self, delivery: Delivery) -> Outcome:
        return Away(self.blocked(delivery.lane))

    async def seen(self, delivery: Delivery, since: float, until: float) -> int | None:
        del delivery, since, until
        return None


async def _by_running_bot(target: Target, picture: bytes) -> Outcome:
    """Push to the running bot, which QQ and channels of NoneBot's adapters need."""
    fields = {
        **orjson.loads(dump(trial_report(TEXT))),
        _FIELDS[target.kind]: [target.id],
        "screenshot": pybase64.b64encode_as_string(picture),
    }
    try:
        async with Client() as client:
            if await client.look() is Answerer.NOBODY:
                return Away("由运行中的机器人发送，而机器人没有在运行")
            accepted = await client.push(fields)
            outcomes = await client.outcomes(accepted.id, until_final=False, seconds=WAIT_SECONDS)
    except NotDone as error:
        return Away(f"由运行中的机器人发送，而{error}")
    return outcomes.get(str(target)) or NotSent("规则把它发到了别处；见 explain")
