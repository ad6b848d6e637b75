"""Several accounts: who is in the group, or a friend, sends."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from tests.bot import Bot, running
from tests.onebot import GROUP_NOT_FOUND, NOT_IN_GROUP, Fail, ScriptedV11

from .test_outcomes import waiting

GROUP = {"group_id": 777, "group_name": "x"}
OTHER = {"group_id": 888, "group_name": "y"}


@pytest.fixture
async def bot(tmp_path: Path) -> AsyncGenerator[Bot]:
    async with running(tmp_path) as bot:
        yield bot


async def test_the_account_whose_lists_have_the_receiver_sends(bot: Bot) -> None:
    """Two accounts with a plugin that takes the first: Todysheep/nonebot_plugin_bottle#6,
    TDK1969/nonebot_plugin_bilibilibot#50."""
    async with (
        ScriptedV11(url=bot.onebot_v11, self_id="1000") as first,
        ScriptedV11(url=bot.onebot_v11, self_id="2000") as second,
    ):
        first.default = NOT_IN_GROUP
        first.groups, first.friends = [OTHER], [{"user_id": 5, "nickname": "x"}]
        second.groups, second.friends = [GROUP], [{"user_id": 10001, "nickname": "x"}]
        for number in range(3):
            await bot.push(content=str(number), send_to_group=777)
            await bot.push(content=str(number), send_to=10001)
        await second.wait_for(6)
        assert first.messages == []
        assert first.lists_asked == second.lists_asked
        assert sorted(second.lists_asked) == ["get_friend_list", "get_group_list"]


@pytest.mark.parametrize("refusal", [NOT_IN_GROUP, GROUP_NOT_FOUND])
async def test_without_lists_the_next_account_is_asked_and_the_lane_keeps_it(
    bot: Bot, refusal: Fail
) -> None:
    async with (
        ScriptedV11(url=bot.onebot_v11, self_id="1000") as first,
        ScriptedV11(url=bot.onebot_v11, self_id="2000") as second,
    ):
        first.behave(refusal)
        answer = await bot.push(content="1", send_to_group=777)
        await bot.push(content="2", send_to_group=777)
        assert [one.text for one in await second.wait_for(2)] == ["1", "2"]
        (delivery,) = await bot.until_state(answer["id"], "delivered")
        assert (delivery["attempts"], delivery["repeats"]) == (1, 0)

        second.default = first.default = refusal
        refused = await bot.push(content="3", send_to_group=777)
        (delivery,) = await bot.until_state(refused["id"], "rejected")
        assert "已不在群里" in delivery["reason"]

        first.default = Fail(1200, "x")
        named = await bot.push(content="4", send_to_group=888, send_from="2000")
        (delivery,) = await bot.until_state(named["id"], "rejected")
        assert first.messages == []


async def test_an_account_that_was_here_is_waited_for_before_a_refusal_is_final(bot: Bot) -> None:
    async with ScriptedV11(url=bot.onebot_v11, self_id="1000") as first:
        first.default = NOT_IN_GROUP
        async with ScriptedV11(url=bot.onebot_v11, self_id="2000"):
            await bot.health()
        answer = await bot.push(content="1", send_to_group=777)
        delivery = await waiting(bot, answer["id"], "等 2000 连上")
        assert (delivery["state"], delivery["attempts"]) == ("waiting", 0)
        async with ScriptedV11(url=bot.onebot_v11, self_id="2000") as second:
            assert [one.text for one in await second.wait_for(1)] == ["1"]


async def test_the_lists_follow_the_notices(bot: Bot) -> None:
    async with (
        ScriptedV11(url=bot.onebot_v11, self_id="1000") as first,
        ScriptedV11(url=bot.onebot_v11, self_id="2000") as second,
    ):
        first.groups, second.groups = [GROUP, OTHER], [OTHER]
        await bot.push(content="1", send_to_group=777)
        await first.wait_for(1)
        for qq, notice, kind in (
            (first, "group_decrease", "kick_me"), (second, "group_increase", "approve"),
        ):  # fmt: skip
            await qq.emit({
                "time": 1, "self_id": int(qq.self_id), "post_type": "notice",
                "notice_type": notice, "sub_type": kind, "group_id": 777,
                "user_id": int(qq.self_id), "operator_id": 1,
            })  # fmt: skip
        await bot.health()
        first.default = NOT_IN_GROUP
        await bot.push(content="2", send_to_group=777)
        assert [one.text for one in await second.wait_for(1)] == ["2"]
        assert len(first.lists_asked) == 2
