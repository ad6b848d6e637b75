"""The ready bot in a window or pipe that takes nothing: one click into Windows' console."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import httpx2

from tests.bot import TOKEN, Bot, until
from tests.integration.test_commands import say
from tests.onebot import ScriptedV11

PUSHES = 20
LINES_EACH = 10
WORDS = "字" * 300
"""NoneBot's log has what people write in QQ."""
ROOM = 2**15
"""Half the bytes of a pipe on Linux: the last write may not have fitted."""


async def test_pushes_are_stored_and_delivered_while_nobody_reads_the_log(tmp_path: Path) -> None:
    bot = Bot(tmp_path)
    (tmp_path / ".env").write_text(
        f"PORT={bot.port}\nSUPERUSERS=10001\nREPORT_TOKEN={TOKEN}\nREPORT_SEND_INTERVAL=0\n"
    )
    reader, writer = os.pipe()
    bot.process = await asyncio.create_subprocess_exec(
        sys.executable, "-X", "utf8", "-m", "nonebot_plugin_report", cwd=tmp_path, stdout=writer,
        stderr=writer,
    )  # fmt: skip
    os.close(writer)
    try:
        async with bot.client(None) as client:

            async def answers() -> bool:
                try:
                    return (await client.get("/health")).status_code == 200
                except httpx2.TransportError:
                    return False

            await until(answers, 120.0)
        async with ScriptedV11(url=bot.onebot_v11) as qq:
            for number in range(PUSHES):
                for _ in range(LINES_EACH):
                    await say(qq, "10009", WORDS)
                await bot.push(content=str(number))
            received = await qq.wait_for(PUSHES, timeout=120.0)
        assert [one.text for one in received] == list(map(str, range(PUSHES)))
        bot.process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(bot.process.wait(), 60.0) == -signal.SIGTERM
        os.set_blocking(reader, False)
        assert len(os.read(reader, 2**20)) > ROOM, "the pipe was full"
    finally:
        if bot.process.returncode is None:
            bot.process.kill()
            await bot.process.wait()
        os.close(reader)
