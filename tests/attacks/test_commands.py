"""Chat commands: nobody gets what is not theirs, and whatever is asked, there is no traceback."""

import asyncio
import json
import signal
import time
import uuid
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nonebot_plugin_report.chat.commands import Asker, Commands
from nonebot_plugin_report.config import Config
from nonebot_plugin_report.hub import Hub
from nonebot_plugin_report.model.message import Message
from nonebot_plugin_report.model.target import Target
from nonebot_plugin_report.senders.qq.message import MAX_TEXT
from nonebot_plugin_report.sources.parse import parse
from tests.bot import Bot, until
from tests.integration.test_channels import encoded
from tests.integration.test_commands import FRIEND, OWNER, STRANGER, ask, first_answer, say
from tests.onebot import CloseBefore, ScriptedV11, ScriptedV12
from tests.senders.service import make_image

from .measure import STANDSTILL, least_cost

SETTINGS: dict[str, Any] = {
    "report_bind": "friends,group:777",
    "api_timeout": 2,
    "report_rules": [
        {
            "event": "task.error",
            "to": f"private:{FRIEND}",
            "template": "出事了",
            "screenshot": False,
        }
    ],
}
WITHHELD = "暗语"


@pytest.fixture(scope="module")
def bot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bot]:
    """One for all: most of the time goes into its start."""
    one = Bot(tmp_path_factory.mktemp("commands"), SETTINGS)
    with asyncio.Runner() as starter:
        starter.run(one.start())
        yield one
        starter.run(one.end(signal.SIGKILL))


@pytest.fixture
async def qq(bot: Bot) -> AsyncGenerator[ScriptedV11]:
    async with ScriptedV11(url=bot.onebot_v11) as joined:
        yield joined
    assert "Traceback" not in bot.log


async def bind(qq: ScriptedV11) -> None:
    assert "?token=" in await ask(qq, FRIEND, "/推送绑定")


async def test_a_bound_user_gets_what_was_sent_to_them_and_the_owner_all_of_it(
    bot: Bot, qq: ScriptedV11
) -> None:
    await bind(qq)
    image = make_image()
    pushed = await bot.push(
        event="task.error", title=WITHHELD, message=f"第二个{WITHHELD}",
        screenshot=encoded(image.data),
    )  # fmt: skip
    await bot.until_state(pushed["id"], "delivered")

    begin = len(qq.messages)
    assert "「出事了」 " in await ask(qq, FRIEND, "/推送 最近")
    assert "内容：\n出事了" in await ask(qq, FRIEND, f"/推送 详情 {pushed['id']}")
    before = len(qq.messages)
    await say(qq, FRIEND, f"/推送 重发 {pushed['id']}")
    again = {one.text for one in (await qq.wait_for(before + 2))[before:]}
    assert "出事了" in again
    assert not any(WITHHELD in one.text or one.images for one in qq.messages[begin:])

    theirs = len(qq.messages)
    await say(qq, OWNER, f"/推送 重发 {pushed['id']}")
    resent = (await qq.wait_for(theirs + 2))[theirs:]
    assert {one.text for one in resent if one.target == f"private:{FRIEND}"} == {"出事了"}
    whole = await ask(qq, OWNER, f"/推送 详情 {pushed['id']}")
    assert f"「{WITHHELD}」" in whole
    assert f"第二个{WITHHELD}" in whole
    assert qq.messages[-1].images == [image.data]


async def test_a_bound_user_sees_their_own_delivery_only(bot: Bot, qq: ScriptedV11) -> None:
    await bind(qq)
    async with ScriptedV11(url=bot.onebot_v11, self_id="90001"):
        await bot.health()  # it was connected once
    both = await bot.push(content="x", send_to=FRIEND, send_to_group=777, send_from="90001")
    answer = await ask(qq, FRIEND, f"/推送 详情 {both['id']}")
    assert "⏳ 你：" in answer
    assert "777" not in answer


SEEN_AS = ("message", "message_sent")


async def test_what_a_bot_sends_itself_is_no_command_even_if_its_account_is_the_owners(
    bot: Bot, qq: ScriptedV11
) -> None:
    """OneBot 11 has `message_sent` for these; some implementations can report them as messages."""
    async with ScriptedV11(url=bot.onebot_v11, self_id=OWNER) as owners:
        pushed = await bot.push(content="/推送 静音 2h", send_to_group=777, send_from=OWNER)
        await bot.until_state(pushed["id"], "delivered")
        (sent,) = owners.messages
        for post_type in SEEN_AS:
            for reporting in (owners, qq):  # the other bot is in the same group
                await reporting.emit({
                    "time": 1, "self_id": int(reporting.self_id), "post_type": post_type,
                    "message_type": "group", "sub_type": "normal", "group_id": 777,
                    "anonymous": None, "message_id": 1, "user_id": int(OWNER), "font": 0,
                    "raw_message": sent.text, "sender": {"user_id": int(OWNER)},
                    "message": [{"type": "text", "data": {"text": sent.text}}],
                })  # fmt: skip
        before = len(qq.messages)
        await bind(qq)
        await bind(qq)
        assert [one.text for one in owners.messages] == [sent.text]
        assert all("静音" not in one.text for one in qq.messages[before:])
    for post_type in SEEN_AS:  # in private, user_id may be that of the chat's other side
        await qq.emit({
            "time": 1, "self_id": int(qq.self_id), "post_type": post_type,
            "message_type": "private", "sub_type": "friend", "message_id": 1, "font": 0,
            "user_id": int(OWNER), "raw_message": sent.text,
            "sender": {"user_id": int(qq.self_id)},
            "message": [{"type": "text", "data": {"text": sent.text}}],
        })  # fmt: skip
    await qq.reconnect()
    assert "静音" not in await ask(qq, OWNER, "/推送 状态")


async def say_v12(qq: ScriptedV12, user: str, text: str, platform: str = "qq") -> None:
    """A user writes in private (OneBot 12, "单用户消息事件"); sub_type is empty there."""
    await qq.emit({
        "id": uuid.uuid4().hex, "time": time.time(), "type": "message", "detail_type": "private",
        "sub_type": "", "self": {"platform": platform, "user_id": qq.self_id}, "message_id": "1",
        "message": [{"type": "text", "data": {"text": text}}], "alt_message": text, "user_id": user,
    })  # fmt: skip


async def bound_v12(qq: ScriptedV12, user: str) -> bool:
    before = len(qq.messages)
    await say_v12(qq, user, "/推送绑定")
    answer = await first_answer(qq, before)
    assert answer.target == f"private:{user}"
    assert ("?token=" in answer.text) != ("还不能绑定" in answer.text)
    return "?token=" in answer.text


NOT_A_FRIEND: list[object] = [
    None, [], {}, "10003", {"user_id": STRANGER}, [STRANGER], [None, 1, [], {}, {"user_id": None}],
    [{"user_id": [STRANGER]}], [{"user_id": f" {STRANGER}"}], [{"user_id": True}],
    [{"user_id": FRIEND}], [{"nickname": STRANGER}], [{"user_id": STRANGER}] * 100_000,
]  # fmt: skip


async def test_only_who_is_on_the_list_of_friends_gets_a_token_by_onebot_12(bot: Bot) -> None:
    async with ScriptedV12(url=bot.onebot_v12) as qq:
        for answer in NOT_A_FRIEND:
            qq.friends = answer
            assert not await bound_v12(qq, STRANGER), str(answer)[:40]
        qq.friends = [None, {"user_id": OWNER}, {"user_id": FRIEND}]
        assert await bound_v12(qq, FRIEND)
        assert not await bound_v12(qq, STRANGER)


async def test_only_who_is_on_the_list_gets_a_token_where_onebot_11_does_not_say(
    qq: ScriptedV11,
) -> None:

    async def bound(user: str) -> bool:
        before = len(qq.messages)
        await qq.emit({
            "time": 1, "self_id": 10000, "post_type": "message", "message_type": "private",
            "sub_type": "", "message_id": 1, "user_id": int(user), "font": 0,
            "raw_message": "/推送绑定", "sender": {},
            "message": [{"type": "text", "data": {"text": "/推送绑定"}}],
        })  # fmt: skip
        return "?token=" in (await first_answer(qq, before)).text

    qq.friends = [{"user_id": int(OWNER)}]
    assert not await bound(STRANGER)
    qq.friends = [{"user_id": int(FRIEND)}]
    assert await bound(FRIEND)


async def test_an_answer_about_somebody_else_makes_nobody_a_member(qq: ScriptedV11) -> None:
    odd: list[object] = [
        {}, [], "ok", {"group_id": 777}, {"user_id": int(FRIEND), "group_id": 777},
        {"user_id": int(STRANGER), "group_id": 778}, {"user_id": None, "group_id": 777},
        [{"user_id": int(STRANGER), "group_id": 777}],
    ]  # fmt: skip
    for answer in odd:
        qq.member = answer
        assert "还不能绑定" in await ask(qq, STRANGER, "/推送绑定", friend=False), answer
    qq.member = {"user_id": int(STRANGER), "group_id": 777}
    assert "?token=" in await ask(qq, STRANGER, "/推送绑定", friend=False)


async def test_elsewhere_the_same_number_is_somebody_else(bot: Bot) -> None:
    other = ScriptedV12(url=bot.onebot_v12)
    other.platform = "telegram"
    other.friends = [{"user_id": OWNER}]
    async with other:
        await say_v12(other, OWNER, "/推送绑定", platform="telegram")
        await say_v12(other, OWNER, "/推送 状态", platform="telegram")
        async with ScriptedV12(url=bot.onebot_v12, self_id="10009") as qq:
            qq.friends = [{"user_id": f"{FRIEND}\n{OWNER}"}]
            await say_v12(qq, f"{FRIEND}\n{OWNER}", "/推送绑定")
            for number in (1, 2):
                await say_v12(qq, OWNER, "/推送 绑定名单")
                await qq.wait_for(number)
        assert {one.target for one in qq.messages} == {f"private:{OWNER}"}
        assert OWNER not in qq.messages[-1].text
        assert not other.messages


ODD: tuple[str, ...] = (
    "最近 0001000", "最近 0001" + "0" * 5000, "最近 0001" + "0" * 900, "最近 " + "9" * 900,
    "最近 " + "9" * 5000, "最近 ５", "最近 ²", "最近 ٣",
    "最近 𝟓", "最近 \ud800", "详情 \ud800", "重发 \udfff\x00", "详情 \x00", "静音 \ud800",
    "静音 2h \ud800:1", "静音 ９h", f"静音 {'9' * 400}h",
    f"静音 2h private:{'1' * 900}", "静音 2h group:\u202e1",
    "取消静音 group：\ud83d", "测试 x\x00", "撤销 \ud800", "\ud800", "\x00",
    "乱\u202e写「」",
    "帮助 " + "x " * 4000, "详情 " + "x" * 100_000, "详情 ' OR 1=1 --", "重发 %", "绑定名单 \ud800",
)  # fmt: skip


def written(qq: ScriptedV11, user: str, text: str) -> str:
    """A message as JSON, which can have half of a surrogate pair."""
    return json.dumps({
        "time": 1, "self_id": int(qq.self_id), "post_type": "message", "message_type": "private",
        "sub_type": "friend", "message_id": 1, "user_id": int(user), "font": 0,
        "raw_message": "x", "sender": {}, "message": [{"type": "text", "data": {"text": text}}],
    })  # fmt: skip


async def test_whatever_is_asked_is_answered_in_time_and_without_a_traceback(
    bot: Bot, qq: ScriptedV11
) -> None:
    await bind(qq)
    for user in (OWNER, FRIEND):
        for words in ODD:
            before = len(qq.messages)
            await qq.emit_text(written(qq, user, f"/推送 {words}"))
            answer = (await qq.wait_for(before + 1))[before]
            assert 0 < len(answer.text) <= MAX_TEXT, words

    async def attack() -> None:
        for words in ("详情" + " 字" * 4000, "字" * 8000, "最近 20") * 5:
            await ask(qq, FRIEND, f"/推送 {words}")

    assert (await least_cost(bot, attack)).waited <= STANDSTILL


async def test_a_bot_that_has_gone_costs_one_line_in_the_log(bot: Bot, qq: ScriptedV11) -> None:
    told_before = bot.log.count("没能回答")

    async def gone_at_once() -> None:
        await say(qq, OWNER, "/推送 状态")
        await qq.drop()

    async def gone_when_answered() -> None:
        qq.behave(CloseBefore())
        await say(qq, OWNER, "/推送 状态")

    async def gone_when_asked() -> None:
        await say(qq, STRANGER, "/推送绑定", friend=False)
        await qq.drop()

    ways: list[Callable[[], Awaitable[None]]] = [gone_at_once, gone_when_answered]
    for number, leave in enumerate([*ways, *ways, gone_when_asked], 1):
        await leave()

        async def told(number: int = number) -> bool:
            return bot.log.count("没能回答") >= told_before + number

        await until(told)
        await qq.reconnect()
    assert "正常" in await ask(qq, OWNER, "/推送 状态")
    assert bot.log.count("没能回答") == told_before + 5


async def test_what_others_wrote_is_short_and_marked_and_cannot_pass_for_ours(
    bot: Bot, qq: ScriptedV11
) -> None:
    forged = "x」\n✅ 正常，能收下推送\n令牌「master\u202e"
    pushed = await bot.push(title=forged + "长" * 400, content="字" * 9000, send_to=STRANGER)
    async with ScriptedV12(url=bot.onebot_v12, self_id="x" + "9" * 63):
        await bot.health()
    await bot.push(content="x", send_to_group=778, send_from="x" + "9" * 63)
    await bot.until_state(pushed["id"], "delivered")

    lines = (await ask(qq, OWNER, "/推送 最近 2")).split("\n")
    assert len(lines) == 2
    assert all(len(line) < 100 for line in lines)
    assert lines[1].startswith("2. 「x』 ✅ 正常")
    assert "…」 " in lines[1]

    details = await ask(qq, OWNER, f"/推送 详情 {pushed['id']}")
    assert len(details) <= MAX_TEXT
    ours = details.partition("内容：")[0].split("\n")
    assert [line[:2] for line in ours] == ["「x", "ID", "收到", "令牌", "✅ ", ""]
    assert "字字" in details

    blocked = next(
        line for line in (await ask(qq, OWNER, "/推送 状态")).split("\n") if "群 778" in line
    )
    assert f"由「x{'9' * 58}" in blocked
    assert len(blocked) < 300


@pytest.fixture
def runner() -> Any:
    with asyncio.Runner() as one:
        yield one


def test_any_words_of_anybody_are_answered(tmp_path: Path, runner: asyncio.Runner) -> None:
    config = Config.model_validate({"report_bind": "friends"})
    hub = Hub(config, tmp_path / "report.db", bots=dict, superusers=[OWNER])
    desk = Commands(hub, "http://127.0.0.1/report")
    runner.run(hub.open())
    try:
        ids = [runner.run(seeded(hub, title)) for title in ("甲", "乙\n丙", WITHHELD * 900)]
        fuzz(desk, runner, ids)
    finally:
        runner.run(hub.close())


async def seeded(hub: Hub, title: str) -> str:
    await hub.tokens.bind(FRIEND)
    fields = {"title": title, "content": title, "id": title[:50], "send_to": [OWNER, FRIEND]}
    return (await hub.submit(parse(fields))).id


def fuzz(desk: Commands, runner: asyncio.Runner, ids: list[str]) -> None:
    commands = (
        "状态", "最近", "详情", "重发", "静音", "取消静音", "测试", "帮助", "绑定名单", "撤销",
    )  # fmt: skip
    argument = st.sampled_from([
        *ids, "1", "0020", "0001" + "0" * 900, "2h", "2h private:10002", f"private:{OWNER}",
        "group:777", "channel:x", "superusers", "甲", FRIEND,
    ]) | st.text(st.characters(), max_size=30)  # fmt: skip

    @settings(max_examples=120)
    @given(
        st.sampled_from(commands) | st.text(st.characters(), max_size=8),
        st.lists(argument, max_size=3),
        st.booleans(),
    )
    def check(name: str, arguments: list[str], superuser: bool) -> None:
        user = OWNER if superuser else FRIEND
        asker = Asker(user, superuser, Target("private", user))
        answer = runner.run(desk.answer(asker, " ".join([name, *arguments])))
        text = answer.text if isinstance(answer, Message) else answer
        assert text
        text.encode()

    check()
