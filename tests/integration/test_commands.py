"""Chat commands, through a real NoneBot and a scripted OneBot over a real WebSocket."""

import re
import time
from pathlib import Path
from typing import Any

import pytest

from nonebot_plugin_report.cli.demo.onebot import Received
from tests.bot import Bot, running, until
from tests.onebot import Fail, Scripted, ScriptedV11
from tests.senders.service import make_image

from .test_channels import encoded

OWNER, FRIEND, STRANGER = "10001", "10002", "10003"
TOLD = "有人绑定了推送"


async def say(
    qq: ScriptedV11, user: str, text: str, group: str = "", *, friend: bool = True
) -> None:
    """A user writes, in private or in a group (OneBot 11, "消息事件")."""
    where: dict[str, Any] = (
        {"message_type": "group", "sub_type": "normal", "group_id": int(group), "anonymous": None}
        if group
        else {"message_type": "private", "sub_type": "friend" if friend else "group"}
    )
    await qq.emit({
        "time": int(time.time()), "self_id": int(qq.self_id), "post_type": "message", **where,
        "message_id": 1, "user_id": int(user), "font": 0, "raw_message": text,
        "message": [{"type": "text", "data": {"text": text}}],
        "sender": {"user_id": int(user), "nickname": "x"},
    })  # fmt: skip


async def first_answer(qq: Scripted, before: int) -> Received:
    """The message after so many; that the owner is told of who binds comes at its own time."""

    async def answers() -> list[Received]:
        return [one for one in qq.messages[before:] if not one.text.startswith(TOLD)]

    return (await until(answers))[0]


async def ask(
    qq: ScriptedV11, user: str, text: str, group: str = "", *, friend: bool = True
) -> str:
    """What is answered."""
    before = len(qq.messages)
    await say(qq, user, text, group, friend=friend)
    answer = await first_answer(qq, before)
    assert answer.target == (f"group:{group}" if group else f"private:{user}")
    return answer.text


async def bound_token(qq: ScriptedV11) -> str:
    """The token that a friend gets who binds."""
    return (await ask(qq, FRIEND, "/推送绑定")).partition("token=")[2].split()[0]


async def test_a_superuser_looks_after_the_pushes(bot: Bot, qq: ScriptedV11) -> None:
    pictures = [make_image().data, make_image(16, 9).data]
    answer = await bot.push(
        event="task.error", result=1, message="卡住了 [CQ:at,qq=all]", send_to=OWNER,
        screenshots=[encoded(one) for one in pictures],
    )  # fmt: skip
    await bot.until_state(answer["id"], "delivered")
    assert "正常，能收下推送" in await ask(qq, OWNER, "/推送 状态")
    recent = await ask(qq, OWNER, "/推送 最近 3")
    assert "任务错误" in recent
    details = await ask(qq, OWNER, f"/推送 详情 {answer['id']}", group="777")
    assert "卡住了 [CQ:at,qq=all]" in details, "words stay words"
    assert qq.messages[-1].images == pictures
    before = len(qq.messages)
    await say(qq, OWNER, f"/推送 重发 {answer['id']}")
    answers = (await qq.wait_for(before + 2))[before:]
    assert any("已重发给你" in one.text for one in answers)
    assert any("卡住了" in one.text and one.images == pictures for one in answers)
    assert "推送 静音" in await ask(qq, OWNER, "/推送 帮助")
    assert "没有「乱写」这个命令" in await ask(qq, OWNER, "/推送 乱写")


async def test_silence_holds_back_what_is_not_urgent_until_it_is_lifted(tmp_path: Path) -> None:
    rules = [{"event": "*.error", "urgent": True, "to": "superusers"}]
    async with (
        running(tmp_path, settings={"report_rules": rules}) as bot,
        ScriptedV11(url=bot.onebot_v11) as qq,
    ):
        assert "静音到" in await ask(qq, OWNER, "/推送 静音 2h")
        quiet = [await bot.push(event="domain.end", message=str(n)) for n in range(3)]
        urgent = await bot.push(event="task.error", message="急")
        await bot.until_state(urgent["id"], "delivered")

        async def held() -> bool:
            (delivery,) = await bot.state(quiet[0]["id"])
            return delivery["state"] == "waiting" and delivery["reason"] == "已静音"

        await until(held)
        before = len(qq.messages)
        await say(qq, OWNER, "/推送 取消静音")
        for one in quiet:
            await bot.until_state(one["id"], "delivered")
        assert "不再静音" in "".join(one.text for one in qq.messages[before:])


async def test_a_stranger_is_not_answered(bot: Bot, qq: ScriptedV11) -> None:
    await say(qq, STRANGER, "/推送 状态")
    await say(qq, STRANGER, "/推送绑定")
    assert "推送 静音" in await ask(qq, OWNER, "/推送 帮助")
    assert {one.target for one in qq.messages} == {f"private:{OWNER}"}


@pytest.fixture
def binding() -> dict[str, Any]:
    return {"report_bind": ["friends"], "report_public_url": "http://example.com:8080"}


async def test_a_friend_binds_pushes_only_to_themselves_and_unbinds(
    tmp_path: Path, binding: dict[str, Any]
) -> None:
    async with (
        running(tmp_path, settings=binding) as bot,
        ScriptedV11(url=bot.onebot_v11) as qq,
    ):
        assert "请私聊" in await ask(qq, FRIEND, "/推送绑定", group="777")
        words = await ask(qq, FRIEND, "/推送绑定")
        found = re.search(r"http://example\.com:8080/report\?token=(\S+)", words)
        assert found
        token = found[1]
        async with bot.client(token) as client:
            own = await client.post("", json={"content": "我的"})
            assert own.json()["deliveries"] == [{"target": f"private:{FRIEND}"}]
            for other in ({"send_to": OWNER}, {"send_to_group": 777}):
                assert (await client.post("", json={"content": "x", **other})).status_code == 403
                assert (
                    await client.post("", params=other, json={"content": "x"})
                ).status_code == 403
            foreign = await bot.push(content="别人的", send_to=OWNER)
            assert (await client.get(f"/{foreign['id']}")).status_code == 404
            assert "bots" not in (await client.get("/health")).json()
        assert token.encode() not in bot.database.read_bytes()
        assert FRIEND in await ask(qq, OWNER, "/推送 绑定名单")
        assert "没有这个 ID" in await ask(qq, FRIEND, f"/推送 详情 {foreign['id']}")
        assert "只有超级用户" in await ask(qq, FRIEND, "/推送 撤销 10001")
        await ask(qq, OWNER, f"/推送 撤销 {FRIEND}")
        async with bot.client(token) as client:
            assert (await client.post("", json={"content": "x"})).status_code == 403


async def test_members_of_a_group_bind_and_who_is_neither_friend_nor_member_does_not(
    tmp_path: Path,
) -> None:
    qq: ScriptedV11
    async with running(tmp_path, settings={"report_bind": "group:776,group:777"}) as bot:
        async with ScriptedV11(url=bot.onebot_v11) as qq:
            qq.members = frozenset({(777, int(FRIEND))})
            assert "绑定好了" in await ask(qq, FRIEND, "/推送绑定", friend=False)
            assert "还不能绑定" in await ask(qq, STRANGER, "/推送绑定")
            assert "绑定好了" in await ask(qq, OWNER, "/推送绑定")
        await bot.end()
        bot.settings = {"report_bind": "friends"}
        await bot.start()
        async with ScriptedV11(url=bot.onebot_v11) as qq:
            qq.members = frozenset({(777, int(STRANGER))})
            assert "还不能绑定" in await ask(qq, STRANGER, "/推送绑定", friend=False)
            assert "绑定好了" in await ask(qq, STRANGER, "/推送绑定")
            assert "已换成新的地址" in await ask(qq, FRIEND, "/推送绑定"), "it outlived the restart"


async def test_who_unbinds_has_an_address_no_more(tmp_path: Path, binding: dict[str, Any]) -> None:
    async with (
        running(tmp_path, settings=binding) as bot,
        ScriptedV11(url=bot.onebot_v11) as qq,
    ):
        token = await bound_token(qq)
        assert "已解绑" in await ask(qq, FRIEND, "/推送解绑")
        async with bot.client(token) as client:
            assert (await client.post("", json={"content": "x"})).status_code == 403
        assert "你没有绑定" in await ask(qq, FRIEND, "/推送解绑")
        assert "没有绑定" in await ask(qq, OWNER, f"/推送 撤销 {FRIEND}")
        assert "要写 QQ 号" in await ask(qq, OWNER, "/推送 撤销")
        assert await ask(qq, OWNER, "/推送 绑定名单") == "没有人绑定"


async def test_who_is_bound_sees_and_does_their_own_and_no_more(
    tmp_path: Path, binding: dict[str, Any]
) -> None:
    async with (
        running(tmp_path, settings=binding) as bot,
        ScriptedV11(url=bot.onebot_v11) as qq,
    ):
        token = await bound_token(qq)
        both = await bot.push(title="给两个人的", send_to=[OWNER, FRIEND])
        async with bot.client(token) as client:
            own = (await client.post("", json={"title": "我的"})).json()
        for one in (both, own):
            await bot.until_state(one["id"], "delivered")
        theirs, all_of_it = [
            await ask(qq, user, f"/推送 详情 {both['id']}") for user in (FRIEND, OWNER)
        ]
        assert re.search(r"^✅ 你：\d\d:\d\d 送达$", theirs, re.MULTILINE)
        assert OWNER not in theirs
        assert "令牌" not in theirs
        assert "令牌「master」" in all_of_it
        assert re.search(rf"✅ 你：[\d:]+ 送达\n✅ QQ {FRIEND}：[\d:]+ 送达", all_of_it)
        assert "我的" in await ask(qq, OWNER, f"/推送 详情 {own['id']}")
        assert "你静音到" in await ask(qq, FRIEND, f"/推送 静音 2h private:{OWNER}")
        assert f"🔕 QQ {FRIEND} 静音到" in await ask(qq, OWNER, "/推送 状态")
        await ask(qq, OWNER, "/推送 静音 2h group:777")
        assert "群 777 静音到" in await ask(qq, OWNER, "/推送 状态")
        status = await ask(qq, FRIEND, "/推送 状态")
        assert "🔕 你静音到" in status
        assert "777" not in status
        assert "绑定名单" not in await ask(qq, FRIEND, "/推送 帮助")
        assert "只有超级用户" in await ask(qq, FRIEND, "/推送 绑定名单")


async def test_mistakes_are_answered_with_the_mend(bot: Bot, qq: ScriptedV11) -> None:
    for wrong in ("0", "x", "21", "-1"):
        assert "条数应为 1 到 20" in await ask(qq, OWNER, f"/推送 最近 {wrong}")
    assert "还没有推送" in await ask(qq, OWNER, "/推送 最近 20")
    for words, told in (
        ("静音", "要写多久"), ("静音 很久", "30m、2h"), ("静音 0", "应大于 0"),
        ("静音 24h", "小于 24 小时"),
        ("静音 2h channel:nope", "没有名为 nope"), ("静音 2h nope", "可以写「群777」"),
        ("取消静音", "没有静音"),
        ("详情", "要写 ID"), ("重发 nope", "没有这个 ID"), ("撤销 1", "没有开放绑定"),
    ):  # fmt: skip
        assert told in await ask(qq, OWNER, f"/推送 {words}"), words


async def test_recent_says_what_became_of_each(tmp_path: Path) -> None:
    rules = [{"event": "notify.test", "drop": True}]
    async with (
        running(tmp_path, settings={"report_rules": rules}) as bot,
        ScriptedV11(url=bot.onebot_v11) as qq,
    ):
        sent = await bot.push(title="备份", content="好了")
        await bot.until_state(sent["id"], "delivered")
        await bot.push(event="notify.test")
        async with ScriptedV11(url=bot.onebot_v11, self_id="90001"):
            await bot.health()  # it was connected once
        await bot.push(result=1, message="卡住了", send_to_group=778, send_from="90001")
        newest, middle, oldest = (await ask(qq, OWNER, "/推送 最近")).split("\n")
        assert re.fullmatch(r"1\. ❌「卡住了」 \d\d:\d\d ⏳ 等待", newest)
        assert re.fullmatch(r"2\. 「测试通知」 \d\d:\d\d 没有发出：规则 1 写着 drop", middle)
        assert re.fullmatch(r"3\. 「备份：好了」 \d\d:\d\d", oldest), "delivered goes unmarked"
        assert "卡住了" in await ask(qq, OWNER, "/推送 最近 1")


async def test_a_report_is_found_by_its_number_or_the_beginning_of_its_id(
    tmp_path: Path, binding: dict[str, Any]
) -> None:
    async with (
        running(tmp_path, settings=binding) as bot,
        ScriptedV11(url=bot.onebot_v11) as qq,
    ):
        token = await bound_token(qq)
        await qq.wait_for(2)
        first = await bot.push(content="第一件事", send_to=OWNER)
        async with bot.client(token) as client:
            theirs = (await client.post("", json={"content": "朋友的事"})).json()
        second = await bot.push(content="第二件事", send_to=OWNER)
        for one in (first, theirs, second):
            await bot.until_state(one["id"], "delivered")
        assert "第二件事" in await ask(qq, OWNER, "/推送 详情 1"), (
            "the newest, where none was shown"
        )
        assert "3. 「第一件事」" in await ask(qq, OWNER, "/推送 最近 3")
        later = await bot.push(content="后来的事", send_to=OWNER)
        await bot.until_state(later["id"], "delivered")
        assert "第一件事" in await ask(qq, OWNER, "/推送 详情 3"), "as they were shown"
        assert "没有第 4 条" in await ask(qq, OWNER, "/推送 详情 4")
        assert "1. 「朋友的事" in await ask(qq, FRIEND, "/推送 最近")
        assert "朋友的事" in await ask(qq, FRIEND, "/推送 详情 1")
        before = len(qq.messages)
        await say(qq, OWNER, "/推送 重发 3")
        assert "第一件事" in {one.text for one in (await qq.wait_for(before + 2))[before:]}

        assert "第一件事" in await ask(qq, OWNER, f"/推送 详情 {first['id'][:-2].upper()}")
        assert "不止一条" in await ask(qq, OWNER, f"/推送 详情 {first['id'][:4]}")
        assert "朋友的事" in await ask(qq, FRIEND, f"/推送 详情 {theirs['id'][:12]}")
        assert "没有这个 ID" in await ask(qq, FRIEND, f"/推送 详情 {first['id'][:-2]}")


async def test_commands_are_understood_with_and_without_the_space_and_nearly_right(
    tmp_path: Path, binding: dict[str, Any]
) -> None:
    async with (
        running(tmp_path, settings=binding) as bot,
        ScriptedV11(url=bot.onebot_v11) as qq,
    ):
        assert "绑定好了" in await ask(qq, FRIEND, "/推送 绑定")
        assert "已换成新的地址" in await ask(qq, FRIEND, "/推送绑定")
        await qq.wait_for(3)
        for written, told in (
            ("推送状态", "正常"), ("推送帮助", "推送的命令"), ("推送", "推送的命令"),
            ("推送最近3", f"1. 「{TOLD}："), ("推送静音2h", "你静音到"),
            ("推送 取消静音", "你不再静音"),
            ("推送 状太", "是不是「/推送 状态」"), ("推送状太", "是不是「/推送 状态」"),
            ("推送 绑定名淡", "是不是「/推送 绑定名单」"), ("推送 xyz", "发「/推送 帮助」"),
        ):  # fmt: skip
            assert told in await ask(qq, OWNER, f"/{written}"), written
        before = len(qq.messages)
        await say(qq, OWNER, "/推送给你看个好东西")
        await say(qq, STRANGER, "/推送 状态")
        assert "「/推送 解绑」取消" in await ask(qq, FRIEND, "/推送 绑定")
        assert len(qq.messages) == before + 1, "that was for others"
        assert "已解绑" in await ask(qq, FRIEND, "/推送 解绑")


async def test_help_and_hints_show_what_works_here(tmp_path: Path) -> None:
    settings: dict[str, Any] = {"command_start": ["!", "。"]}
    async with running(tmp_path, settings=settings) as bot:
        async with ScriptedV11(url=bot.onebot_v11) as qq:
            told = await ask(qq, OWNER, "。推送 帮助")
            assert "\n!推送 状态：" in told
            assert "绑定" not in told
            assert "「!推送 静音 2h」" in await ask(qq, OWNER, "!推送 静音")
            assert "REPORT_BIND" in await ask(qq, OWNER, "!推送 绑定")
            for line in told.splitlines()[1:]:
                written = line.partition("：")[0].partition(" [")[0].replace("第几条或ID", "1")
                assert "个命令" not in await ask(qq, OWNER, written), written
        await bot.end()
        bot.settings = {"command_start": ["/", ""], "report_bind": "friends"}
        await bot.start()
        async with ScriptedV11(url=bot.onebot_v11) as qq:
            told = await ask(qq, OWNER, "推送帮助")
            assert "\n推送 绑定名单：" in told
            assert "\n推送 静音 2h [目标]：" in told
            await say(qq, OWNER, "推送状太")
            await say(qq, OWNER, "推送最近怎么不来了")
            assert "绑定好了" in await ask(qq, FRIEND, "推送绑定")
            told = await ask(qq, FRIEND, "/推送 帮助")
            assert "\n推送 解绑：" in told
            assert "目标" not in told
            assert "名单" not in told
            assert not any("没有" in one.text for one in qq.messages), "people talk like that"


async def test_mute_takes_times_and_targets_as_people_write_them(bot: Bot, qq: ScriptedV11) -> None:
    known = await bot.push(content="x", send_to=20002)
    await bot.until_state(known["id"], "delivered")
    await qq.wait_for(1)
    for written, told in (
        ("30", "你静音到.*（30 分）"), ("2小时", "你静音到.*（2 小时）"),
        ("半天", "（12 小时）"), ("到 8 点", "静音到 ?(明天 )?(08|20):00"), ("今晚", "08:00"),
        ("2h 777", "群 777 静音到.*（2 小时）"), ("2 小时 群777", "群 777 静音到"),
        ("群777 2h", "群 777 静音到.*（2 小时）"),
        ("1h 20002", "QQ 20002 静音到"), ("30 20002", "QQ 20002 静音到.*（30 分）"),
    ):  # fmt: skip
        answer = await ask(qq, OWNER, f"/推送 静音 {written}")
        assert re.search(told, answer), (written, answer)
    assert "这个群静音到" in await ask(qq, OWNER, "/推送 静音 2h", group="778")
    assert "这个群不再静音" in await ask(qq, OWNER, "/推送 取消静音", group="778")
    assert "群 777 不再静音" in await ask(qq, OWNER, "/推送 取消静音 777")
    assert "你不再静音" in await ask(qq, OWNER, "/推送 取消静音")


async def test_status_tells_what_failed_and_what_is_watched(tmp_path: Path) -> None:
    watch = [
        {"after": "dragon.start", "expect": "dragon.end", "within": "3h"},
        {"since": "06:00", "within": "4h"},
    ]
    settings = {"report_watch": watch, "report_bind": "friends"}
    async with (
        running(tmp_path, settings=settings) as bot,
        ScriptedV11(url=bot.onebot_v11) as qq,
    ):
        await ask(qq, FRIEND, "/推送绑定")
        await qq.wait_for(2)
        qq.behave(Fail(1400, "不是好友"), Fail(1400, "不是好友"))
        for user in (STRANGER, FRIEND):
            failed = await bot.push(title="备份", content="坏了", result=1, send_to=user)
            await bot.until_state(failed["id"], "rejected")
        started = await bot.push(event="dragon.start")
        await bot.until_state(started["id"], "delivered")

        async def waits() -> str:
            told = await ask(qq, OWNER, "/推送 状态")
            return told if "在等，到" in told else ""

        told = await until(waits)
        assert re.search(
            rf"🚫 QQ {STRANGER} 没收到❌「备份：坏了」 \d\d:\d\d：「.*不是好友.*」", told
        )
        assert re.search(r"👀 「一条龙启动后 3 小时内要有一条龙结束」：在等，到", told)
        assert "👀 「每天 06:00 后 4 小时内要有任何推送」：" in told
        theirs = await ask(qq, FRIEND, "/推送 状态")
        assert "🚫 你没收到❌「备份 坏了" in theirs
        assert STRANGER not in theirs
        assert "👀" not in theirs


async def test_the_owner_learns_who_binds_and_when_it_was_used(
    tmp_path: Path, binding: dict[str, Any]
) -> None:
    async with (
        running(tmp_path, settings=binding) as bot,
        ScriptedV11(url=bot.onebot_v11) as qq,
    ):
        token = ""
        for _ in range(2):
            token = await bound_token(qq)
            await qq.wait_for(2)
        told = [one.text for one in qq.messages if one.target == f"private:{OWNER}"]
        assert len(told) == 1
        assert "有人绑定了推送" in told[0]
        assert f"QQ {FRIEND} " in told[0]
        assert f"「/推送 撤销 {FRIEND}」" in told[0]
        listed = await ask(qq, OWNER, "/推送 绑定名单")
        assert re.search(rf"QQ {FRIEND}：\d\d:\d\d 绑定，还没用过", listed)
        async with bot.client(token) as client:
            used = (await client.post("", json={"content": "x"})).json()
        await bot.until_state(used["id"], "delivered")
        listed = await ask(qq, OWNER, "/推送 绑定名单")
        assert re.search(rf"QQ {FRIEND}：\d\d:\d\d 绑定，最近用于 \d\d:\d\d", listed)


async def test_an_address_that_only_this_machine_reaches_is_said_to_be_one(tmp_path: Path) -> None:
    async with (
        running(tmp_path, settings={"report_bind": ["friends"], "host": "0.0.0.0"}) as bot,
        ScriptedV11(url=bot.onebot_v11) as qq,
    ):
        words = await ask(qq, FRIEND, "/推送绑定")
        assert f"\n{bot.url}?token=" in words
        assert "在别的电脑上用" in words


async def test_scoped_tokens_of_the_settings_reach_whom_they_may(tmp_path: Path) -> None:
    token = "alice-token-0123456789"
    tokens = {"alice": {"token": token, "to": ["private:10002"]}}
    rules = [{"token": "alice", "to": ["group:777"], "override": True}]
    # At DEBUG NoneBot itself prints all settings.
    settings = {"report_tokens": tokens, "report_rules": rules, "log_level": "INFO"}
    async with (
        running(tmp_path, settings=settings) as bot,
        ScriptedV11(url=bot.onebot_v11) as qq,
        bot.client(None) as client,
    ):
        answer = await client.post("", params={"token": token}, json={"content": "你好"})
        assert answer.json()["deliveries"] == [{"target": "private:10002"}]
        await qq.wait_for(1)
        assert {one.target for one in qq.messages} == {"private:10002"}
        assert (await client.get("/nothing/here", params={"token": token})).status_code == 404
        assert "?token=*** HTTP/1.1" in bot.log
        assert token not in bot.log


async def test_a_dropped_report_says_why_and_an_end_says_how_long(tmp_path: Path) -> None:
    rules = [{"event": "notify.test", "drop": True}]
    async with (
        running(tmp_path, settings={"report_rules": rules}) as bot,
        ScriptedV11(url=bot.onebot_v11) as qq,
    ):
        answer = await bot.push(event="notify.test", message="测试")
        assert (answer["status"], answer["deliveries"]) == ("dropped", [])
        async with bot.client() as client:
            assert (await client.get(f"/{answer['id']}")).json()["reason"] == "规则 1 写着 drop"
        await bot.push(event="dragon.start")
        await bot.push(event="dragon.end")
        texts = [one.text for one in await qq.wait_for(2)]
        assert "用时" in texts[1]
        assert "用时" not in texts[0]


async def quote(
    qq: ScriptedV11, user: str, text: str, message_id: int, author: str = "10000", group: str = ""
) -> None:
    """A user replies to a message (OneBot 11, "消息段类型/回复")."""
    qq.quotable[message_id] = author
    where: dict[str, Any] = (
        {"message_type": "group", "sub_type": "normal", "group_id": int(group), "anonymous": None}
        if group
        else {"message_type": "private", "sub_type": "friend"}
    )
    await qq.emit({
        "time": int(time.time()), "self_id": int(qq.self_id), "post_type": "message", **where,
        "message_id": 1, "user_id": int(user), "font": 0, "raw_message": text,
        "message": [
            {"type": "reply", "data": {"id": str(message_id)}},
            {"type": "at", "data": {"qq": author}},
            {"type": "text", "data": {"text": f" {text}"}},
        ],
        "sender": {"user_id": int(user), "nickname": "x"},
    })  # fmt: skip


async def test_a_reply_to_one_of_ours_acts_on_it_and_any_other_does_not(
    bot: Bot, qq: ScriptedV11
) -> None:
    pushed = [await bot.push(content=text, send_to_group=777) for text in ("第一", "第二")]
    for one in pushed:
        await bot.until_state(one["id"], "delivered")
    assert [one.text for one in qq.messages] == ["第一", "第二"]
    await quote(qq, OWNER, "详情", 1, group="777")
    assert f"ID {pushed[0]['id']}" in (await first_answer(qq, 2)).text
    # Another plugin's message, somebody else's, a stranger's reply, words that only begin so.
    await quote(qq, OWNER, "详情", 999, group="777")
    await quote(qq, OWNER, "详情", 1, author=STRANGER, group="777")
    await ask(qq, OWNER, "/推送 状态")
    await quote(qq, STRANGER, "详情", 1, group="777")
    await quote(qq, OWNER, "详情页在哪", 1, group="777")
    await quote(qq, OWNER, "重发 一下", 1, group="777")
    await quote(qq, "10000", "详情", 1, group="777")
    assert "静音到" in await ask(qq, OWNER, "/推送 静音 2h", group="777")
    assert "不再静音" in await ask(qq, OWNER, "/推送 取消静音", group="777")
    before = len(qq.messages)
    assert before == 6
    await quote(qq, OWNER, "静音 2h", 2, group="777")
    assert "这个群静音到" in (await first_answer(qq, before)).text
    await ask(qq, OWNER, "/推送 取消静音", group="777")
    before = len(qq.messages)
    await quote(qq, OWNER, "/推送 重发", 2, group="777")
    again = await qq.wait_for(before + 2)
    assert "第二" in {one.text for one in again[before:]}


async def test_where_no_ids_are_given_the_last_message_of_the_chat_is_meant(
    bot: Bot, qq: ScriptedV11
) -> None:
    qq.gives_ids = False
    pushed = [await bot.push(content=text, send_to_group=778) for text in ("第一", "第二")]
    for one in pushed:
        await bot.until_state(one["id"], "delivered")
    await quote(qq, OWNER, "详情", 12345, group="778")
    assert f"ID {pushed[1]['id']}" in (await first_answer(qq, 2)).text


async def test_a_reply_that_says_known_ends_the_reminders(tmp_path: Path) -> None:
    rules = [{"event": "*.error", "urgent": True, "remind": "60s", "to": "group:777"}]
    async with (
        running(tmp_path, settings={"report_rules": rules}) as bot,
        ScriptedV11(url=bot.onebot_v11) as qq,
    ):
        pushed = await bot.push(event="task.error", content="坏了")
        await bot.until_state(pushed["id"], "delivered")
        assert "还没有人说「知道了」" in await ask(qq, OWNER, f"/推送 详情 {pushed['id']}")
        before = len(qq.messages)
        await quote(qq, OWNER, "知道了", 1, group="777")
        assert (await first_answer(qq, before)).text == "好，不再提醒"
        assert "还没有人说" not in await ask(qq, OWNER, f"/推送 详情 {pushed['id']}")
        assert "本来就不会再提醒" in await ask(qq, OWNER, f"/推送 知道了 {pushed['id']}")
