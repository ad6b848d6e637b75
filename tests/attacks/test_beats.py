"""Heartbeats: no token speaks with them to anybody whom it does not reach, or hides a silence."""

import asyncio
from collections.abc import AsyncGenerator

import pytest
import pytest_asyncio

from tests.bot import TOKEN, Bot, running, until
from tests.onebot import ScriptedV11

pytestmark = pytest.mark.asyncio(loop_scope="module")
FRIEND, MONITOR = "t0ken-of-a-friend", "t0ken-of-a-monitor"
WORDS = "加我好友领红包"
HOUR = "1h"
SETTINGS = {
    "report_tokens": {
        "friend": {"token": FRIEND, "to": ["private:10002"], "rate": "1/1h"},
        "monitor": {"token": MONITOR, "to": ["private:*", "group:*"]},
    },
    "report_rules": [{"event": "beat.*", "match": "ruled", "to": "group:778"}],
    "report_watch": [
        {"beat": "pc", "every": "2s", "grace": 0, "to": "group:777"},
        {"beat": "server", "every": HOUR, "to": ["superusers", "group:777"]},
        {"beat": "ruled", "every": HOUR},
        {"beat": "named", "every": HOUR, "token": "friend", "to": "group:777"},
        {"beat": "his", "every": HOUR, "to": "private:10002"},
        {"beat": "last", "every": HOUR, "to": ["group:777", "private:10002"]},
    ],
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bot(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Bot]:
    async with running(tmp_path_factory.mktemp("beats"), settings=SETTINGS) as started:
        yield started


@pytest_asyncio.fixture(loop_scope="module")
async def qq(bot: Bot) -> AsyncGenerator[ScriptedV11]:
    async with ScriptedV11(url=bot.onebot_v11) as joined:
        yield joined


async def beat(bot: Bot, name: str, token: str, query: str = "") -> int:
    async with bot.client(token) as client:
        return (await client.get(f"/beat/{name}{query}")).status_code


DOWN = f"?status=down&msg={WORDS * 100}"


async def has_arrived(qq: ScriptedV11, target: str, beginning: str) -> None:
    async def is_there() -> bool:
        return any(one.target == target and one.text.startswith(beginning) for one in qq.messages)

    await until(is_there)


async def test_a_friends_words_reach_nobody_whom_his_token_does_not(
    bot: Bot, qq: ScriptedV11
) -> None:
    for name in ("pc", "server", "ruled", "last"):
        assert await beat(bot, name, FRIEND, DOWN) == 404, name
        assert await beat(bot, name, FRIEND) == 404, name
    assert await beat(bot, "named", FRIEND, DOWN) == 200
    await has_arrived(qq, "group:777", "❌ named 出了问题\n它自己报告出了问题")
    assert await beat(bot, "his", FRIEND, DOWN) == 200
    await has_arrived(qq, "private:10002", f"❌ his 出了问题\n{WORDS}")
    assert not [one for one in qq.messages if WORDS in one.text and one.target != "private:10002"]


async def test_a_token_that_reaches_everybody_who_is_told_may_say_why(
    bot: Bot, qq: ScriptedV11
) -> None:
    for name, target in (("server", "group:777"), ("ruled", "group:778")):
        assert await beat(bot, name, MONITOR, DOWN) == 200
        await has_arrived(qq, target, f"❌ {name} 出了问题\n{WORDS}")


async def test_no_rate_of_downs_and_ups_makes_more_than_one_of_each(
    bot: Bot, qq: ScriptedV11
) -> None:
    async with bot.client(FRIEND) as friend:
        for _ in range(50):
            assert (await friend.get("/beat/named?status=up")).status_code == 200
            assert (await friend.get(f"/beat/named{DOWN}")).status_code == 200
            assert (await friend.get("/beat/his?status=up")).status_code == 200
            assert (await friend.get(f"/beat/his{DOWN}")).status_code == 200
    assert await beat(bot, "last", TOKEN, DOWN) == 200
    for target in ("group:777", "private:10002"):
        await has_arrived(qq, target, "❌ last")
    told = [one.text.split("\n")[0] for one in qq.messages]
    assert sorted(told) == [
        "✅ his 的心跳恢复了",
        "✅ named 的心跳恢复了",
        "❌ last 出了问题",
        "❌ last 出了问题",
    ]


async def test_a_friends_beats_do_not_hide_that_the_owners_computer_is_silent(
    bot: Bot, qq: ScriptedV11
) -> None:
    assert await beat(bot, "pc", TOKEN) == 200

    async def friend_beats_on() -> None:
        while True:
            assert await beat(bot, "pc", FRIEND) == 404
            await asyncio.sleep(0)

    async with asyncio.TaskGroup() as tasks:
        beating = tasks.create_task(friend_beats_on())
        await has_arrived(qq, "group:777", "❌ pc 没有心跳了")
        beating.cancel()
