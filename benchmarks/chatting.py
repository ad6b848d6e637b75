"""A process that prints the CPU time of a message in a group, in milliseconds.

`BENCHMARK_PLUGINS` names what is loaded beside a plugin with one `on_command`.
"""

import asyncio
import os
import time
from typing import Any

import nonebot
from nonebot.adapters.onebot.v11 import Adapter, Bot

from .bot import prepare

WARM, MESSAGES = 300, 3000
MESSAGE: dict[str, Any] = {
    "time": 1, "self_id": 10000, "post_type": "message", "message_type": "group",
    "sub_type": "normal", "group_id": 777, "anonymous": None, "message_id": 1, "user_id": 10003,
    "font": 0, "raw_message": "今天吃什么", "sender": {"user_id": 10003, "nickname": "x"},
    "message": [{"type": "text", "data": {"text": "今天吃什么"}}],
}  # fmt: skip


async def hear(bot: Bot, count: int) -> float:
    """Let the bot handle messages that are for nobody; seconds of CPU."""
    began = time.process_time()
    for _ in range(count):
        event = Adapter.json_to_event(dict(MESSAGE))
        assert event is not None
        await bot.handle_event(event)
    return time.process_time() - began


async def measure() -> None:
    """Warm up, and measure."""
    bot = Bot(nonebot.get_adapter(Adapter), "10000")
    await hear(bot, WARM)
    print(f"\n{1000 * await hear(bot, MESSAGES) / MESSAGES}")


def main() -> None:
    """Make a bot whose driver is never started."""
    prepare(8080, report_token="measured", report_database_url=f"sqlite:///{os.devnull}")
    nonebot.on_command("hello")
    for name in os.environ["BENCHMARK_PLUGINS"].split():
        if nonebot.load_plugin(name) is None:
            raise SystemExit(f"{name} could not be loaded")
    asyncio.run(measure())


if __name__ == "__main__":
    main()
