"""A push arrives on QQ: what the tool writes, whom it names, by which bot, in which words."""

import asyncio
import base64
import json
import re
from collections.abc import AsyncGenerator
from typing import Any

import pytest
import pytest_asyncio
from websockets.asyncio.client import connect

from tests.bot import TOKEN, Bot, running, until
from tests.dialects import generations, jpeg
from tests.onebot import ScriptedV11, ScriptedV12

PICTURE = jpeg()
JSON = {"Content-Type": "application/json; charset=utf-8"}
pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bot(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Bot]:
    """One bot for all tests that need no settings of their own."""
    async with running(tmp_path_factory.mktemp("bot")) as started:
        yield started


@pytest_asyncio.fixture(loop_scope="module")
async def qq(bot: Bot) -> AsyncGenerator[ScriptedV11]:
    async with ScriptedV11(url=bot.onebot_v11) as joined:
        yield joined


async def post(bot: Bot, body: bytes, *, expect: int = 200, **query: str) -> dict[str, Any]:
    async with bot.client(None) as client:
        answer = await client.post("", params={"token": TOKEN, **query}, content=body, headers=JSON)
    assert answer.status_code == expect, answer.text
    return answer.json()


@pytest.mark.parametrize("slash", ["", "/"])
async def test_every_generation_of_bettergi_arrives(bot: Bot, qq: ScriptedV11, slash: str) -> None:
    bodies = generations(PICTURE)
    async with bot.client(None) as client:
        for body in bodies.values():
            url = f"{bot.url}{slash}?token={TOKEN}"
            answer = await client.post(url, content=body, headers=JSON)
            assert answer.status_code == 200, answer.text
            assert answer.json()["status"] == "accepted"
            assert answer.json()["deliveries"] == [{"target": "private:10001"}]
    received = await qq.wait_for(len(bodies))
    for (name, _), message in zip(bodies.items(), received, strict=True):
        assert message.target == "private:10001"
        assert message.text.startswith("✅ 自动秘境结束\n20")
        pictured = name in ("to 2025-02", "since 2026-05-30")
        assert message.images == ([PICTURE] if pictured else [])
        assert ("截图无法使用" in message.text) == (name == "2025-03 to 2025-07")


async def test_a_report_over_websocket_is_stored_although_the_client_closes_at_once(
    bot: Bot, qq: ScriptedV11
) -> None:
    url = f"ws://127.0.0.1:{bot.port}/report/ws?token={TOKEN}"
    for number in range(20):
        async with connect(url, proxy=None) as websocket:
            await websocket.send(json.dumps({"event": "notify.test", "message": str(number)}))
    received = await qq.wait_for(20)
    assert sorted(int(one.text.split("\n")[1]) for one in received) == list(range(20))


async def test_a_websocket_answers_each_message_and_takes_bytes_and_an_inner_token(
    bot: Bot, qq: ScriptedV11
) -> None:
    url = f"ws://127.0.0.1:{bot.port}/report/ws"
    async with connect(url, proxy=None, compression=None) as websocket:
        await websocket.send(json.dumps({"content": "a", "token": TOKEN}).encode())
        assert json.loads(await websocket.recv())["status"] == "accepted"
        await websocket.send(json.dumps({"content": "b"}))
        assert json.loads(await websocket.recv())["code"] == 403
        await websocket.send(json.dumps({"content": "b", "send_to": "x", "token": TOKEN}))
        assert json.loads(await websocket.recv())["code"] == 422
        await websocket.send(json.dumps({"content": "c", "token": TOKEN}))
        assert json.loads(await websocket.recv())["status"] == "accepted"
    assert [one.text for one in await qq.wait_for(2)] == ["a", "c"]


async def test_targets_by_body_and_url(bot: Bot, qq: ScriptedV11) -> None:
    await bot.push(content="1", send_to="10001, 10002", to_group=777)
    body = json.dumps({"content": "2", "send_to": ""}).encode()
    await post(bot, body, send_to_group="888")
    received = await qq.wait_for(4)
    assert {(one.target, one.text) for one in received} == {
        ("private:10001", "1"), ("private:10002", "1"), ("group:777", "1"), ("group:888", "2"),
    }  # fmt: skip


async def test_plain_text_with_the_token_in_the_url(bot: Bot, qq: ScriptedV11) -> None:
    async with bot.client(None) as client:
        answer = await client.post("", params={"token": TOKEN}, content="备份完成".encode())
        assert answer.status_code == 200
        refused = await client.post("", content="备份完成".encode())
        assert refused.status_code == 403
    assert (await qq.wait_for(1))[0].text == "备份完成"


HOSTILE = (
    "[CQ:at,qq=all]", "&#91;CQ:at,qq=all&#93;", "{report_token}", "{0.__class__}", "<red>x</red>",
)  # fmt: skip


async def test_hostile_text_is_only_text(bot: Bot, qq: ScriptedV11) -> None:
    for hostile in HOSTILE:
        await bot.push(content=f"x{hostile}", title=hostile)
    for hostile, message in zip(HOSTILE, await qq.wait_for(len(HOSTILE)), strict=True):
        assert message.text == f"{hostile}\nx{hostile}"
        assert [segment["type"] for segment in message.segments] == ["text"]
    assert "Traceback" not in bot.log


async def test_a_picture_alone_and_a_bad_picture(bot: Bot, qq: ScriptedV11) -> None:
    await bot.push(screenshot=base64.b64encode(PICTURE).decode())
    await bot.push(content="正文", screenshot="bm90IGEgcGljdHVyZQ==")
    first, second = await qq.wait_for(2)
    assert (first.text, first.images) == ("", [PICTURE])
    assert second.text == "正文\n[截图无法使用：不是图片]"
    assert second.images == []


async def test_a_long_text_is_cut_and_says_so(bot: Bot, qq: ScriptedV11) -> None:
    await bot.push(content="长" * 10_000)
    (message,) = await qq.wait_for(1)
    assert len(message.text) <= 4000
    assert "共 10000 字" in message.text


async def test_v12_uploads_the_picture_and_sends(bot: Bot) -> None:
    async with ScriptedV12(url=bot.onebot_v12) as qq:
        await bot.push(
            content="你好", screenshot=base64.b64encode(PICTURE).decode(), send_to=10001,
            send_to_group=7,
        )  # fmt: skip
        received = await qq.wait_for(2)
        assert {one.target for one in received} == {"private:10001", "group:7"}
        for message in received:
            assert (message.text, message.images) == ("你好", [PICTURE])


async def test_a_bot_of_another_platform_is_none_of_qqs(bot: Bot) -> None:
    other = ScriptedV12(url=bot.onebot_v12, self_id="9")
    other.platform = "telegram"

    async def is_known() -> bool:
        return "Bot 9 connected" in bot.log

    async with other:
        await until(is_known)
        pushed = await bot.push(content="给 QQ 的", send_to=10001)

        async def is_parked() -> bool:
            (delivery,) = await bot.state(pushed["id"])
            return "没有 QQ 机器人" in (delivery["reason"] or "")

        await until(is_parked)
        assert (await bot.health())["bots"] == []
        async with ScriptedV12(url=bot.onebot_v12) as qq:
            assert [one.text for one in await qq.wait_for(1)] == ["给 QQ 的"]
        assert not other.messages


async def test_send_from_picks_the_bot(bot: Bot) -> None:
    async with (
        ScriptedV11(url=bot.onebot_v11, self_id="1000") as first,
        ScriptedV11(url=bot.onebot_v11, self_id="2000") as second,
    ):
        await bot.push(content="a", send_from=2000)
        await bot.push(content="b", send_from="1000")
        assert [one.text for one in await second.wait_for(1)] == ["a"]
        assert [one.text for one in await first.wait_for(1)] == ["b"]


async def test_a_bot_that_was_never_connected_is_refused_or_a_word(tmp_path: Any) -> None:
    """Its report would wait for a day, and be lost."""
    async with running(tmp_path) as bot, ScriptedV11(url=bot.onebot_v11, self_id="1000") as qq:
        refusal = await bot.push(content="x", send_from="2000", expect=422)
        assert "send_from：这个机器人从来没有连接过" in refusal["error"]
        async with bot.client() as client:
            for sender, words in (("10086", "验证码 1234"), ("1000", "完成")):
                answer = await client.post("", json={"from": sender, "content": words})
                assert answer.status_code == 200
        assert "这个机器人从来没有连接过" in (await qq.wait_for_refusal()).text
        received = [message.text for message in await qq.wait_for(2)]
        assert received == ["验证码 1234\nfrom：10086", "完成"]
        async with ScriptedV11(url=bot.onebot_v11, self_id="2000"):
            await bot.health()
        assert (await bot.push(content="等着", send_from="2000"))["status"] == "accepted"
    async with running(tmp_path) as bot, ScriptedV11(url=bot.onebot_v11, self_id="2000") as other:
        assert [one.text for one in await other.wait_for(1)] == ["等着"]
        assert (await bot.push(content="x", send_from="1000"))["status"] == "accepted"


async def test_report_from_is_the_default_bot(tmp_path: Any) -> None:
    async with (
        running(tmp_path, settings={"report_from": 2000}) as bot,
        ScriptedV11(url=bot.onebot_v11, self_id="1000") as first,
        ScriptedV11(url=bot.onebot_v11, self_id="2000") as second,
    ):
        for number in range(5):
            await bot.push(content=str(number))
        await second.wait_for(5)
        assert first.messages == []


async def test_of_two_bots_the_one_that_is_there_sends(bot: Bot) -> None:
    async with (
        ScriptedV11(url=bot.onebot_v11, self_id="1000") as first,
        ScriptedV11(url=bot.onebot_v11, self_id="2000") as second,
    ):
        await first.heartbeat(online=False)

        async def seen() -> bool:
            bots = (await bot.health())["bots"]
            return {one["id"]: one["online"] for one in bots} == {"1000": False, "2000": True}

        await until(seen)
        await bot.push(content="a")
        assert [one.text for one in await second.wait_for(1)] == ["a"]
        assert first.messages == []


async def test_superusers_in_both_forms_each_once(tmp_path: Any) -> None:
    superusers = ["10001", "onebot:10002", "onebot:10001", "telegram:5"]
    async with (
        running(tmp_path, settings={"superusers": superusers}) as bot,
        ScriptedV11(url=bot.onebot_v11) as qq,
    ):
        answer = await bot.push(content="a")
        assert [one["target"] for one in answer["deliveries"]] == ["private:10001", "private:10002"]
        await qq.wait_for(2)


async def test_the_log_says_that_it_was_delivered_and_nothing_of_what(
    bot: Bot, qq: ScriptedV11
) -> None:
    answer = await bot.push(content="银行卡密码", title="备份", send_to="10001")
    await qq.wait_for(1)
    line = re.compile(rf"\[INFO\].*{answer['id']} → private:10001 送达，[0-9.]+ 秒$", re.M)

    async def told() -> bool:
        return line.search(bot.log) is not None

    await until(told)
    for secret in ("银行卡密码", "备份"):
        assert secret not in bot.log


async def test_the_same_id_is_one_report(bot: Bot, qq: ScriptedV11) -> None:
    first = await bot.push(content="a", id="job-7")
    async with bot.client() as client:
        again = await client.post("", json={"content": "a"}, headers={"Idempotency-Key": "job-7"})
    assert again.json() == {**first, "status": "duplicate"}
    await bot.push(content="b")
    assert [one.text for one in await qq.wait_for(2)] == ["a", "b"]
    (delivery,) = await bot.until_state("job-7", "delivered")
    assert delivery["attempts"] == 1


async def test_the_same_id_with_other_words_is_delivered(bot: Bot, qq: ScriptedV11) -> None:
    first = await bot.push(content="a", id="job-8", timestamp=1764500000)
    again = await bot.push(content="a", id="job-8", timestamp=1764500060)
    assert (again["status"], again["id"]) == ("duplicate", first["id"])
    twins = await asyncio.gather(*(bot.push(content="b", id="job-8") for _ in range(5)))
    assert sorted(one["status"] for one in twins) == ["accepted", *["duplicate"] * 4]
    assert {one["id"] for one in twins}.isdisjoint({first["id"]})
    lines = [one.text.partition("\n")[0] for one in await qq.wait_for(2)]
    assert lines == ["a", "b"]
    async with bot.client() as client:
        assert (await client.get("/job-8")).json()["id"] == twins[0]["id"]


async def test_the_same_idempotency_key_is_one_report_whatever_its_words(
    bot: Bot, qq: ScriptedV11
) -> None:
    headers = {"Idempotency-Key": "job-9"}
    async with bot.client() as client:
        first = (await client.post("", json={"content": "a"}, headers=headers)).json()
        again = (await client.post("", json={"content": "b"}, headers=headers)).json()
    assert again == {**first, "status": "duplicate"}
    await bot.push(content="c")
    assert [one.text for one in await qq.wait_for(2)] == ["a", "c"]


async def test_a_template_of_the_users_own(tmp_path: Any) -> None:
    settings = {"report_template": "【{result}】{event_label}\\n{title}\\n{message}"}
    async with running(tmp_path, settings=settings) as bot, ScriptedV11(url=bot.onebot_v11) as qq:
        await bot.push(event="task.error", result=1, message="卡住了")
        assert (await qq.wait_for(1))[0].text == "【失败】任务错误\n卡住了"


async def test_the_pace_lets_a_burst_pass_and_then_holds_back(tmp_path: Any) -> None:
    async with (
        running(tmp_path, settings={"report_send_interval": 10**6}) as bot,
        ScriptedV11(url=bot.onebot_v11) as qq,
    ):
        await asyncio.gather(*(bot.push(content=str(number)) for number in range(8)))
        assert len(await qq.wait_for(5)) == 5

        async def recorded() -> bool:
            return (await bot.health())["waiting"] == 3

        await until(recorded)
        assert len(qq.messages) == 5
