"""Tools' own words through a real bot: what they count as, and how long texts are shown."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from nonebot_plugin_report.cli.demo.onebot import Received
from tests.bot import TOKEN, Bot, running
from tests.onebot import ScriptedV11
from tests.page.test_door import cookie_of, enter, visitor

from .test_commands import OWNER, ask

TRACE = "任务执行异常\n未能找到秘境入口\n   at A.B.Start() in D:\\a.cs:line 1\n   at A.B.Run()\n"
RULES: list[dict[str, Any]] = [
    {"match": "翻车", "as": {"result": "Fail", "event": "maa.error"}},
    {"result": "Fail", "to": "group:777", "urgent": True},
]


def quiet_now() -> str:
    """Quiet hours around this moment."""
    now = datetime.now().astimezone()
    return f"{now - timedelta(hours=2):%H:%M}-{now + timedelta(hours=2):%H:%M}"


async def send_msg(bot: Bot, text: str) -> None:
    message = [{"type": "text", "data": {"text": text}}]
    body = {"message_type": "private", "user_id": OWNER, "message": message}
    async with bot.client() as client:
        answer = await client.post("/onebot/send_msg", json=body)
        assert answer.json()["status"] == "ok", answer.text


async def received(qq: ScriptedV11, number: int) -> Received:
    return (await qq.wait_for(number))[number - 1]


async def test_a_failure_in_a_tools_own_words_goes_where_failures_go(tmp_path: Path) -> None:
    settings = {"report_rules": RULES, "report_quiet": {"group:777": quiet_now()}}
    async with running(tmp_path, settings=settings) as bot, ScriptedV11(url=bot.onebot_v11) as qq:
        await bot.push(title="三月七小助手", content="锄大地未完成")
        first = await received(qq, 1)
        assert (first.target, first.text) == ("group:777", "❌ 三月七小助手\n锄大地未完成")
        await bot.push(content="翻车了")
        assert (await received(qq, 2)).text == "❌ 翻车了"
        pushed = await bot.push(title="任务已全部完成！", content="理智: 3/135")
        assert (await received(qq, 3)).text == "✅ 任务已全部完成！\n理智: 3/135"
        details = await ask(qq, OWNER, f"/推送 详情 {pushed['id']}")
        assert "读出：理智 3/135" in details
        async with visitor(bot, cookie_of(await enter(bot, token=TOKEN))) as client:
            shown = (await client.get(f"/reports/{pushed['id']}")).json()
        sanity = {"name": "sanity", "value": 3, "most": 135, "words": "理智 3/135"}
        assert (shown["result"], shown["event"]) == ("0", "maa.done")
        assert shown["readings"] == [sanity]


async def test_a_start_and_an_end_in_words_have_a_duration(tmp_path: Path) -> None:
    async with running(tmp_path) as bot, ScriptedV11(url=bot.onebot_v11) as qq:
        await send_msg(bot, "任务「咖啡店」运行开始")
        assert (await received(qq, 1)).text == "任务「咖啡店」运行开始"
        await send_msg(bot, "任务「咖啡店」运行成功")
        text = (await received(qq, 2)).text
        assert text.startswith("✅ 任务「咖啡店」运行成功\n用时 "), text


async def test_a_stack_trace_is_folded_on_qq_and_whole_in_the_details(tmp_path: Path) -> None:
    async with running(tmp_path) as bot, ScriptedV11(url=bot.onebot_v11) as qq:
        pushed = await bot.push(event="task.error", result=1, message=TRACE)
        text = (await received(qq, 1)).text
        short = pushed["id"][:12]
        assert text == (
            f"❌ 任务错误\n任务执行异常\n未能找到秘境入口\n…另有 2 行，发 /推送 详情 {short}"
        )
        assert "at A.B.Run()" in await ask(qq, OWNER, f"/推送 详情 {short}")
