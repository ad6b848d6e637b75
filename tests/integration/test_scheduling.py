"""What goes together, through a real NoneBot and a scripted OneBot over a WebSocket."""

import asyncio
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from tests.bot import running, until
from tests.histories import napcat
from tests.onebot import Fail, Received, ScriptedV11
from tests.senders.service import make_image

from .test_channels import encoded

LONG = [letter * 300 for letter in "abc"]


async def merged(
    folder: Path, texts: list[str], *, forwards: bool = True, **fields: Any
) -> tuple[Received, str]:
    """What QQ gets of pushes that were waiting for it, in one message; and why they say so."""
    async with running(folder, settings={"report_merge": 0.1}) as bot:
        answers = [await bot.push(content=text, send_to="10001", **fields) for text in texts]
        qq = ScriptedV11(url=bot.onebot_v11)
        qq.forwards = forwards
        async with qq:
            states = [await bot.until_state(answer["id"], "delivered") for answer in answers]
            (message,) = qq.messages
            return message, states[-1][0]["reason"]


async def test_a_long_merge_is_one_folded_message(tmp_path: Path) -> None:
    image = make_image()
    message, reason = await merged(tmp_path, LONG, screenshot=encoded(image.data))
    assert message.action == "send_private_forward_msg"
    assert message.images == [image.data] * 3
    for text in LONG:
        assert text in message.text
    assert reason == "和另外 2 条合并送达"


async def test_where_nothing_can_be_folded_the_merge_comes_as_it_is(tmp_path: Path) -> None:
    message, reason = await merged(tmp_path, LONG, forwards=False)
    assert message.action == "send_private_msg"
    assert message.text == "\n\n".join(LONG)
    assert "合并转发没有成功" in reason


async def test_a_folded_message_that_may_have_arrived_is_not_sent_unfolded(tmp_path: Path) -> None:
    async with running(tmp_path, settings={"report_merge": 0.1}) as bot:
        answers = [await bot.push(content=text, send_to="10001") for text in LONG]
        qq = ScriptedV11(url=bot.onebot_v11)
        qq.behave(Fail(1200, "发送转发消息（res_id：RTz0SlhjBk2 失败"))
        async with qq:

            async def unknown() -> bool:
                (delivery,) = await bot.state(answers[0]["id"])
                return delivery["repeats"] == 1

            await until(unknown)
            assert qq.messages == []


async def test_a_short_merge_is_not_folded(tmp_path: Path) -> None:
    message, _ = await merged(tmp_path, ["第一条", "第二条"])
    assert message.action == "send_private_msg"
    assert message.text == "第一条\n\n第二条"


async def test_who_is_left_in_peace_is_not_passed_over(tmp_path: Path) -> None:
    now = datetime.now().astimezone()
    quiet = f"{now - timedelta(hours=1):%H:%M}-{now + timedelta(hours=2):%H:%M}"
    fallback = {"to": "private:10001", "fallback": "private:10002", "fallback_after": "1s"}
    rules = [{"event": "*.error", "urgent": True} | fallback, fallback]
    settings = {"report_quiet": {"private:10001": quiet}, "report_rules": rules}
    async with running(tmp_path, settings=settings) as bot:
        calm = await bot.push(event="domain.end")
        urgent = await bot.push(event="task.error")

        async def has_fallen_back() -> bool:
            return len(await bot.state(urgent["id"])) == 2

        await until(has_fallen_back)
        assert len(await bot.state(calm["id"])) == 1


async def test_a_failure_calls_its_owner_in_the_group_and_its_words_call_nobody(
    tmp_path: Path,
) -> None:
    async with running(tmp_path, settings={"report_mention": "owner, 10009"}) as bot:
        failure = {"content": "[CQ:at,qq=all] @全体成员", "result": "Fail"}
        answers = [
            await bot.push(**{**failure, **fields})
            for fields in (
                {"send_to_group": 777},
                {"send_to": 10001},
                {"send_to_group": 778, "result": "Success"},
            )
        ]
        # They waited on the disk.
        async with ScriptedV11(url=bot.onebot_v11) as qq:
            for answer in answers:
                await bot.until_state(answer["id"], "delivered")
            called = {
                one.target: [each["data"]["qq"] for each in one.segments if each["type"] == "at"]
                for one in qq.messages
            }
    assert called == {"group:777": ["10001", "10009"], "private:10001": [], "group:778": []}


async def test_who_cannot_get_folded_messages_gets_plain_ones_and_that_is_remembered(
    tmp_path: Path,
) -> None:
    async with (
        running(tmp_path, settings={"report_merge": 0.1}) as bot,
        ScriptedV11(url=bot.onebot_v11) as qq,
    ):
        qq.history, qq.no_forwards_to = napcat, frozenset({"private:10001"})
        for count in (1, 2):
            answers = await asyncio.gather(
                *(bot.push(content=text, send_to="10001") for text in LONG)
            )
            for answer in answers:
                await bot.until_state(answer["id"], "delivered")
            assert [one.action for one in qq.messages] == ["send_private_msg"] * count
            assert qq.ill == ["send_private_forward_msg"], "it is tried once"
