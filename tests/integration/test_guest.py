"""In somebody's own bot the process is not ours: what others rely on stays as it was."""

import gc
import re
from pathlib import Path

import httpx2
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from tests.bot import Bot, running
from tests.onebot import Fail, ScriptedV11

from .test_commands import OWNER, ask, say

NEIGHBOUR = """
import gc

@nonebot.get_app().get("/neighbour")
async def neighbour():
    return {"frozen": gc.get_freeze_count(), "enabled": gc.isenabled(), "when": gc.get_threshold()}
"""


async def get(bot: Bot, path: str) -> httpx2.Response:
    async with httpx2.AsyncClient(trust_env=False) as client:
        return await client.get(f"http://127.0.0.1:{bot.port}{path}")


async def test_the_garbage_collector_is_left_alone(tmp_path: Path) -> None:
    async with running(tmp_path, extra=NEIGHBOUR) as bot:
        answer = (await get(bot, "/neighbour")).json()
    assert answer == {"frozen": 0, "enabled": True, "when": list(gc.get_threshold())}


NAMESAKE = """
game = nonebot.on_command("推送", priority=5)

@game.handle()
async def answer(words: nonebot.adapters.Message = nonebot.params.CommandArg()):
    await game.finish(f"游戏：{words}")
"""


async def test_words_that_are_no_command_of_ours_reach_the_plugin_of_the_same_name(
    tmp_path: Path,
) -> None:
    async with (
        running(tmp_path, extra=f"import nonebot.params\n{NAMESAKE}") as bot,
        ScriptedV11(url=bot.onebot_v11) as qq,
    ):
        for written in ("/推送 开", "/推送开启抽卡", "/推送 状太"):
            assert (await ask(qq, OWNER, written)).startswith("游戏"), written
        assert "能收下推送" in await ask(qq, OWNER, "/推送 状态")
        assert "推送的命令" in await ask(qq, OWNER, "/推送 帮助")
        assert not [one.text for one in qq.messages if "没有" in one.text]
        assert len(qq.messages) == 5


async def test_the_commands_may_have_another_name_which_all_hints_show(tmp_path: Path) -> None:
    settings = {"report_command": "通知", "command_start": ["!"], "report_bind": "friends"}
    async with (
        running(tmp_path, settings=settings) as bot,
        ScriptedV11(url=bot.onebot_v11) as qq,
    ):
        await say(qq, OWNER, "!推送 状态")
        answers = [
            await ask(qq, OWNER, f"!通知 {words}")
            for words in ("帮助", "详情", "静音", "状太", "绑定", "撤销", "地址", "最近 99")
        ]
        assert "".join(answers).count("!通知 ") > 15
        assert not re.search(
            "推送 (状态|最近|详情|重发|静音|测试|地址|网页|帮助)", "".join(answers)
        )
        assert len(qq.messages) == len([one for one in answers if one])
        qq.behave(Fail(1404, "no", "没有这个好友"))
        pushed = await bot.push(content="x", send_to=OWNER)
        await bot.until_state(pushed["id"], "rejected")
        async with bot.client() as client:
            health = (await client.get("health", params={"detail": 1})).json()
        assert "「!通知 重发」" in str(health["findings"])
        async with bot.client(None) as client:
            refused = await client.get("/page/me")
        assert refused.json()["command"] == "!通知 网页"


async def test_a_onebot_at_a_wrong_address_is_told_the_right_one_once(tmp_path: Path) -> None:
    async with running(tmp_path) as bot:
        port = bot.port
        for path in ("ws", "onebot/v11", "ws", "report", "report/ws", "report/ws?token=secret"):
            with pytest.raises(InvalidStatus):
                async with connect(
                    f"ws://127.0.0.1:{port}/{path}", additional_headers={"X-Self-ID": "1"}
                ):
                    pass
        async with bot.client() as client:
            event = await client.post("", json={"content": "x"}, headers={"X-Self-ID": "1"})
            health = (await client.get("health", params={"detail": 1})).json()
        logged = [line for line in bot.log.splitlines() if "有 OneBot 实现连到了" in line]
        async with ScriptedV11(url=bot.onebot_v11), bot.client() as client:
            connected = (await client.get("health", params={"detail": 1})).json()
    right = f"ws://127.0.0.1:{port}/onebot/v11/ws"
    assert len(logged) == 3
    assert all(right in line for line in logged)
    assert event.status_code == 422
    assert "连到了推送的地址" in str(health["findings"])
    assert right in str(health["findings"])
    assert "连到了" not in str(connected["findings"])
