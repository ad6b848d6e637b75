"""The computer's clock set while the bot runs: eight hours back, two days ahead and back again."""

from pathlib import Path

from tests.bot import Bot, running, until
from tests.onebot import Fail, ScriptedV11

HOUR = 3600
SETTABLE = """
import time
_real = time.time
time.time = lambda: _real() + float(open("offset").read())
"""
"""What any program on the computer would read of a clock that is set."""


async def set_clock(bot: Bot, seconds: int) -> None:
    """Set it, and wait until that was noticed."""
    before = bot.log.count("电脑的时钟变了")
    (bot.folder / "offset").write_text(str(seconds))

    async def noticed() -> bool:
        return bot.log.count("电脑的时钟变了") > before

    await until(noticed)


async def test_a_clock_that_goes_back_makes_nobody_wait_for_it(tmp_path: Path) -> None:
    (tmp_path / "offset").write_text("0")
    async with (
        running(tmp_path, extra=SETTABLE) as bot,
        ScriptedV11(url=bot.onebot_v11) as qq,
    ):
        qq.behave(Fail(1200, "x"))
        answer = await bot.push(content="1")

        async def tried() -> bool:
            return (await bot.state(answer["id"]))[0]["attempts"] == 1

        await until(tried)
        await set_clock(bot, -8 * HOUR)
        assert [one.text for one in await qq.wait_for(1)] == ["1"]
        await bot.push(content="2")
        assert [one.text for one in await qq.wait_for(2)] == ["1", "2"]
        assert "Traceback" not in bot.log


async def test_a_clock_that_is_ahead_for_a_while_expires_nothing(tmp_path: Path) -> None:
    (tmp_path / "offset").write_text("0")
    async with running(tmp_path, extra=SETTABLE) as bot:
        first = await bot.push(content="1")
        await set_clock(bot, 48 * HOUR)
        second = await bot.push(content="2")
        await set_clock(bot, 0)
        for answer in (first, second):
            assert [one["state"] for one in await bot.state(answer["id"])] == ["waiting"]
        async with ScriptedV11(url=bot.onebot_v11) as qq:
            assert [one.text for one in await qq.wait_for(2)] == ["1", "2"]
