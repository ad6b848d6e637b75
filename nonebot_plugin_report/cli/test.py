"""Tries a channel out, with a report and a picture: for `test` and the doctor."""

import asyncio
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

import httpx2
import pybase64

from ..config import Config
from ..model.delivery import Away, Delivered, Delivery, NotSent, Outcome, Rejected, Unknown
from ..model.image import read_image
from ..model.message import Message
from ..model.report import Report, Result
from ..model.target import Lane, Target
from ..senders.base import Channel
from ..senders.transport import Transport
from ..web.addresses import push_url
from .bot import masked, read_config, token
from .sample import sample_screenshot

ANSWER_SECONDS: Final = 30.0
WAIT_SECONDS: Final = 60.0
"""How long a running bot is waited for to have sent."""
TEXT: Final = "如果你看到了这条消息和图片，这个渠道就设置好了"


def run_test(wanted: Sequence[str]) -> int:
    """Try channels out; 0 if all got it."""
    config = read_config()
    if config is None:
        return 2
    if unknown := [name for name in wanted if name not in config.report_channels]:
        known = "、".join(config.report_channels) or "一个也没有"
        print(f"REPORT_CHANNELS 里没有 {'、'.join(unknown)}；有的是：{known}", file=sys.stderr)
        return 2
    arrived = True
    for name in wanted:
        outcome = asyncio.run(try_channel(config, name))
        arrived &= isinstance(outcome, Delivered)
        print(
            f"{'✅' if isinstance(outcome, Delivered) else '❌'} {name}：{tell(outcome)}",
            flush=True,
        )
    return 0 if arrived else 1


async def try_channel(config: Config, name: str) -> Outcome:
    """Send one test report to a channel of the settings."""
    channel = config.report_channels[name]
    picture = await asyncio.to_thread(sample_screenshot)
    if channel.needs_bot:
        return await _by_running_bot(name, picture)
    return await _directly(config, name, channel, picture)


def tell(outcome: Outcome) -> str:
    """What came of it, in Chinese."""
    match outcome:
        case Delivered(note):
            return f"已送达，但{note}" if note else "已送达"
        case NotSent(reason, retry_after):
            wait = f"（{retry_after:.0f} 秒后可以再试）" if retry_after else ""
            return f"没有发出：{reason}{wait}"
        case Away(reason) | Rejected(reason):
            return f"没有发出：{reason}"
        case Unknown(reason):
            return f"不知道有没有送到：{reason}"


async def _directly(config: Config, name: str, channel: Channel, picture: bytes) -> Outcome:
    report = Report(title="测试推送", content=TEXT, event="notify.test", result=Result.SUCCESS)
    message = Message(config.report_template.render(report), read_image(picture), report)
    stamp = f"{time.time_ns():020}"
    delivery = Delivery(stamp, stamp, Lane(Target("channel", name)), message, attempts=0)
    router = Transport(_NoBots(), {name: channel}, ANSWER_SECONDS)
    if reason := router.blocked(delivery.lane):
        return Away(reason)
    try:
        return await router.send(delivery)
    finally:
        await router.close()


class _NoBots:
    """There is no QQ in this process, and nothing asks for one."""

    def blocked(self, lane: Lane) -> str:
        return f"{lane} 不是渠道"

    async def send(self, delivery: Delivery) -> Outcome:
        return Away(self.blocked(delivery.lane))


async def _by_running_bot(name: str, picture: bytes) -> Outcome:
    fields = {
        "title": "测试推送",
        "content": TEXT,
        "event": "notify.test",
        "result": 0,
        "channel": [name],
        "screenshot": pybase64.b64encode_as_string(picture),
    }
    headers = {b"Authorization": f"Bearer {token()}".encode()}
    try:
        async with (
            httpx2.AsyncClient(timeout=ANSWER_SECONDS, trust_env=False, headers=headers) as client,
            asyncio.timeout(WAIT_SECONDS),
        ):
            answer = await client.post(push_url(), json=fields)
            if not answer.is_success:
                return Rejected(
                    f"机器人没有收下（HTTP {answer.status_code}）：{masked(answer.text)[:200]}"
                )
            return await _settled(client, answer.json()["id"])
    except httpx2.HTTPError:
        return Away("这个渠道由运行中的机器人发送，而机器人没有在运行")
    except TimeoutError:
        return Unknown("机器人收下了，但还没有送到；原因见 doctor")


async def _settled(client: httpx2.AsyncClient, report_id: str) -> Outcome:
    while True:
        answer = await client.get(f"{push_url()}/{report_id}")
        delivery: Mapping[str, Any] = answer.json()["deliveries"][0]
        reason = delivery["reason"] or ""
        match delivery["state"]:
            case "delivered":
                return Delivered(reason)
            case "waiting" if reason:
                return NotSent(reason)
            case "waiting":
                await asyncio.sleep(0.2)
            case _:
                return Rejected(reason)
