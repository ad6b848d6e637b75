"""The watchdog, through real NoneBot processes one after the other."""

import signal
from pathlib import Path

from tests.bot import running, until
from tests.onebot import ScriptedV11

WATCH = [{"after": "dragon.start", "expect": "dragon.end", "within": "1s", "to": ["group:777"]}]


async def test_what_does_not_come_is_told_after_a_crash_too_and_so_is_its_coming(
    tmp_path: Path,
) -> None:
    async with running(tmp_path, settings={"report_watch": WATCH}) as bot:
        await bot.push(event="dragon.start", send_to="10001")
        await bot.end(signal.SIGKILL)
        await bot.start()
        async with ScriptedV11(url=bot.onebot_v11) as qq:
            start, overdue = await qq.wait_for(2)
            if start.target != "private:10001":
                start, overdue = overdue, start
            assert overdue.target == "group:777"
            assert "没有等到一条龙结束" in overdue.text
            await bot.push(event="dragon.end", send_to="10001")
            news = {one.target: one.text for one in (await qq.wait_for(4))[2:]}
            assert "等到了一条龙结束" in news["group:777"]
            assert "用时" in news["private:10001"]


async def test_who_can_be_told_nothing_is_said_so_and_the_push_is_accepted(tmp_path: Path) -> None:
    watch = [{"after": "a.start", "expect": "a.end", "within": "1s"}]
    settings = {"report_watch": watch, "superusers": []}
    async with running(tmp_path, settings=settings) as bot:
        await bot.push(event="a.start", send_to="10001")

        async def is_said() -> bool:
            return "看门狗的提醒没有接收者" in bot.log

        await until(is_said)
        await bot.push(event="a.end", send_to="10001")
