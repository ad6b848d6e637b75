"""Whatever QQ answers, or doesn't: nothing is lost, and the report's state says what came of it."""

import base64
import time
from contextlib import AsyncExitStack, suppress
from pathlib import Path

import httpx2
import pytest
from websockets.exceptions import InvalidStatus

from tests.bot import Bot, running, until
from tests.dialects import jpeg
from tests.histories import Said, llbot, napcat
from tests.integration.test_commands import say
from tests.onebot import (
    RICH_MEDIA,
    CloseAfter,
    CloseBefore,
    Doubt,
    Fail,
    Hold,
    Ok,
    ScriptedV11,
    ScriptedV12,
)
from tests.senders.server import Reply, Server

NAPCAT = (
    "EventChecker Failed: NTEvent serviceAndMethod:NodeIKernelMsgService/sendMsg "
    "ListenerName:NodeIKernelMsgListener/onMsgInfoListUpdate EventRet:\n"
    '{{\n    "result": {},\n    "errMsg": "{}"\n}}\n'
)
LEFT = {"post_type": "notice", "notice_type": "bot_offline", "tag": "BotOffline", "message": "x"}
QUICK = """
import asyncio
_real = asyncio.sleep
asyncio.sleep = lambda delay, *rest: _real(0.05 if delay == 60 else delay, *rest)
"""
"""A minute passes at once."""


async def waiting(bot: Bot, report_id: str, reason: str) -> dict:
    """Wait until a delivery waits for a reason."""

    async def look() -> dict | None:
        (delivery,) = await bot.state(report_id)
        return delivery if reason in (delivery["reason"] or "") else None

    return await until(look)


async def test_a_late_answer_does_not_hold_up_the_push(bot: Bot, qq: ScriptedV11) -> None:
    qq.behave(Hold())
    first = await bot.push(content="1")
    second = await bot.push(content="2")
    other = await bot.push(content="3", send_to=10002)
    await bot.until_state(other["id"], "delivered")
    assert (await bot.state(first["id"]))[0]["state"] == "waiting"
    qq.release()
    await bot.until_state(second["id"], "delivered")
    assert [one.text for one in qq.messages if one.target == "private:10001"] == ["1", "2"]


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        (Fail(1400, "bad"), "1400"),
        (Fail(1404, "no such action"), "1404"),
        (Fail(1200, NAPCAT.format(110, "发送失败，你已被移出该群")), "已不在群里"),
    ],
)
async def test_a_final_refusal_ends_with_its_reason_and_the_next_goes(
    bot: Bot, qq: ScriptedV11, behaviour: Fail, reason: str
) -> None:
    qq.behave(behaviour)
    refused = await bot.push(content="1")
    await bot.push(content="2")
    (delivery,) = await bot.until_state(refused["id"], "rejected")
    assert reason in delivery["reason"]
    assert [one.text for one in await qq.wait_for(1)] == ["2"]


async def test_a_number_that_is_none_is_refused(bot: Bot) -> None:
    answer = await bot.push(content="1", send_to="10001 or 10002", expect=422)
    assert "send_to：QQ 号应为数字" in answer["error"]


async def test_a_failure_is_tried_again(bot: Bot, qq: ScriptedV11) -> None:
    qq.behave(Fail(1200, "sendMsg failed"))
    answer = await bot.push(content="1")
    (delivery,) = await bot.until_state(answer["id"], "delivered")
    assert (delivery["attempts"], delivery["repeats"]) == (2, 0)


async def test_qqs_own_time_out_may_have_arrived_and_is_repeated(bot: Bot, qq: ScriptedV11) -> None:
    qq.behave(Fail(1200, "Timeout: NTEvent serviceAndMethod:NodeIKernelMsgService/sendMsg"))
    answer = await bot.push(content="1")
    delivery = await waiting(bot, answer["id"], "NTEvent")
    assert (delivery["state"], delivery["repeats"]) == ("waiting", 1)


@pytest.mark.parametrize(("behaviour", "copies"), [(CloseBefore(), 1), (CloseAfter(), 2)])
async def test_a_connection_lost_in_the_middle_is_noticed_and_made_good(
    bot: Bot, qq: ScriptedV11, behaviour: CloseBefore | CloseAfter, copies: int
) -> None:
    qq.behave(behaviour)
    answer = await bot.push(content="1")
    # Long before the adapter's own time-out of 30 s.
    delivery = await waiting(bot, answer["id"], "断开")
    assert delivery["repeats"] == 1
    await qq.reconnect()
    (delivery,) = await bot.until_state(answer["id"], "delivered")
    assert delivery["attempts"] == 2
    assert [one.text for one in qq.messages] == ["1"] * copies


TIMED_OUT = Fail(1200, "Timeout: NTEvent serviceAndMethod:NodeIKernelMsgService/sendMsg")


async def test_what_arrived_without_an_answer_is_found_and_sent_once(
    bot: Bot, qq: ScriptedV11
) -> None:
    qq.history = napcat
    qq.behave(Doubt(TIMED_OUT))
    picture = base64.b64encode(jpeg(64, 64)).decode()
    first = await bot.push(content="第一条 [x] & y", screenshot=picture)
    second = await bot.push(content="第二条")
    (delivery,) = await bot.until_state(first["id"], "delivered")
    assert (delivery["attempts"], delivery["repeats"]) == (1, 0)
    assert "没有收到确认" in delivery["reason"]
    await bot.until_state(second["id"], "delivered")
    assert [one.text for one in qq.messages] == ["第一条 [x] & y", "第二条"]


@pytest.mark.parametrize("ahead", [-15.0, 15.0, 7200.0])
async def test_a_clock_that_is_wrong_makes_no_message_twice(bot: Bot, ahead: float) -> None:
    async with ScriptedV11(url=bot.onebot_v11) as qq:
        qq.history, qq.ahead = napcat, ahead
        await qq.heartbeat(online=True)
        qq.behave(Doubt(TIMED_OUT))
        answer = await bot.push(content="1")
        (delivery,) = await bot.until_state(answer["id"], "delivered")
        assert (delivery["attempts"], delivery["repeats"]) == (1, 0)
        assert [one.text for one in qq.messages] == ["1"]


async def test_an_account_that_connects_anew_ends_the_calls_of_its_dead_connection(
    bot: Bot,
) -> None:
    """The adapter refuses the new one as long as it has not noticed: nonebot/adapter-onebot#45."""
    async with ScriptedV11(url=bot.onebot_v11) as old, AsyncExitStack() as stack:
        old.dead = True
        answer = await bot.push(content="1")
        await waiting(bot, answer["id"], "")

        async def join() -> ScriptedV11 | None:
            with suppress(InvalidStatus):
                return await stack.enter_async_context(ScriptedV11(url=bot.onebot_v11))

        new = await until(join)
        assert [one.text for one in await new.wait_for(1)] == ["1"]
        (delivery,) = await bot.until_state(answer["id"], "delivered")
        assert delivery["attempts"] == 2


async def test_an_account_that_is_set_up_twice_loses_no_calls(bot: Bot, qq: ScriptedV11) -> None:
    qq.behave(Hold())
    answer = await bot.push(content="1")
    await qq.wait_for(1)
    with pytest.raises(InvalidStatus):
        await ScriptedV11(url=bot.onebot_v11).connect()
    await until(lambda: _asked_alive(qq))
    qq.release()
    (delivery,) = await bot.until_state(answer["id"], "delivered")
    assert (delivery["attempts"], delivery["repeats"]) == (1, 0)


async def _asked_alive(qq: ScriptedV11) -> bool:
    return qq.statuses > 0


async def test_what_arrived_as_the_connection_broke_is_found_afterwards(
    bot: Bot, qq: ScriptedV11
) -> None:
    qq.history = llbot
    qq.behave(CloseAfter())
    answer = await bot.push(content="1", send_to_group=777)
    await waiting(bot, answer["id"], "断开")
    await qq.reconnect()
    (delivery,) = await bot.until_state(answer["id"], "delivered")
    assert (delivery["attempts"], delivery["repeats"]) == (1, 0)
    assert len(qq.messages) == 1


async def test_what_qq_kept_as_failed_is_sent_again(bot: Bot, qq: ScriptedV11) -> None:
    qq.history = napcat
    qq.said = (Said(int(qq.self_id), "1", time.time() + 1, sequence=0),)
    qq.behave(CloseBefore())
    answer = await bot.push(content="1")
    await waiting(bot, answer["id"], "断开")
    await qq.reconnect()
    (delivery,) = await bot.until_state(answer["id"], "delivered")
    assert (delivery["attempts"], delivery["repeats"]) == (2, 1)
    assert len(qq.messages) == 1


async def test_who_has_no_history_is_asked_once(bot: Bot, qq: ScriptedV11) -> None:
    qq.behave(TIMED_OUT, TIMED_OUT)
    for user in (10001, 10002):
        answer = await bot.push(content="1", send_to=user)
        await waiting(bot, answer["id"], "NTEvent")
    assert qq.asked == ["get_friend_msg_history"]


async def test_a_bot_that_is_away_burns_no_attempt(bot: Bot) -> None:
    answer = await bot.push(content="1")
    delivery = await waiting(bot, answer["id"], "没有 QQ 机器人连接")
    assert (delivery["state"], delivery["attempts"]) == ("waiting", 0)
    health = await bot.health()
    assert [one["lane"] for one in health["blocked"]] == ["private:10001"]
    async with ScriptedV11(url=bot.onebot_v11) as qq:
        assert [one.text for one in await qq.wait_for(1)] == ["1"]
        (delivery,) = await bot.until_state(answer["id"], "delivered")
        assert delivery["attempts"] == 1


async def test_a_heartbeat_that_says_offline_parks_until_it_says_online(
    bot: Bot, qq: ScriptedV11
) -> None:
    await qq.heartbeat(online=False)

    async def offline() -> bool:
        return not (await bot.health())["bots"][0]["online"]

    await until(offline)
    answers = [await bot.push(content=str(number)) for number in range(3)]
    delivery = await waiting(bot, answers[0]["id"], "掉线")
    assert delivery["attempts"] == 0
    assert qq.messages == []
    await qq.heartbeat(online=True)
    assert [one.text for one in await qq.wait_for(3)] == ["0", "1", "2"]


async def is_online(bot: Bot) -> bool:
    return (await bot.health())["bots"][0]["online"]


async def is_offline(bot: Bot) -> bool:
    return not await is_online(bot)


async def test_who_says_offline_is_believed_at_once_until_a_message_comes(
    bot: Bot, qq: ScriptedV11
) -> None:
    await qq.emit({"time": 1, "self_id": int(qq.self_id), "user_id": int(qq.self_id), **LEFT})
    await until(lambda: is_offline(bot))
    await qq.heartbeat(online=True)
    answer = await bot.push(content="1")
    delivery = await waiting(bot, answer["id"], "已经下线")
    assert delivery["attempts"] == 0
    await say(qq, "10002", "你好")
    assert [one.text for one in await qq.wait_for(1)] == ["1"]


async def test_a_heartbeat_that_says_offline_for_ever_does_not_stop_what_works(
    bot: Bot, qq: ScriptedV11
) -> None:
    await qq.heartbeat(online=False)
    await until(lambda: is_offline(bot))
    await say(qq, "10002", "你好")
    await until(lambda: is_online(bot))
    await qq.heartbeat(online=False)
    await say(qq, "10002", "还在")
    await bot.push(content="1")
    assert [one.text for one in await qq.wait_for(1)] == ["1"]


async def test_a_bot_whose_heartbeat_says_offline_is_asked(tmp_path: Path) -> None:
    async with (
        running(tmp_path, extra=QUICK) as bot,
        ScriptedV11(url=bot.onebot_v11) as qq,
    ):
        await qq.heartbeat(online=False)
        answer = await bot.push(content="1")
        await waiting(bot, answer["id"], "掉线")
        qq.online = True  # its get_status says so
        assert [one.text for one in await qq.wait_for(1)] == ["1"]


@pytest.mark.parametrize(
    ("failure", "reason"),
    [
        (Fail(1200, "当前处于被禁言状态"), "禁言"),
        (Fail(120), "禁言"),
        (Fail(1200, NAPCAT.format(1006514, "网络连接异常!")), "网络断开"),
    ],
)
async def test_a_mute_and_a_network_that_is_gone_burn_no_attempt_and_hold_no_other(
    bot: Bot, qq: ScriptedV11, failure: Fail, reason: str
) -> None:
    qq.behave(failure)
    muted = await bot.push(content="1", send_to_group=777)
    delivery = await waiting(bot, muted["id"], reason)
    assert (delivery["state"], delivery["attempts"]) == ("waiting", 0)
    assert [one["lane"] for one in (await bot.health())["blocked"]] == ["group:777"]
    await qq.reconnect()
    other = await bot.push(content="2")
    await bot.until_state(other["id"], "delivered")
    assert [one.text for one in qq.messages] == ["2"], "it is not tried because a bot came back"


async def test_only_the_lanes_of_the_bot_that_is_away_wait(bot: Bot, qq: ScriptedV11) -> None:
    async with ScriptedV11(url=bot.onebot_v11, self_id="2000"):
        await bot.health()
    away = await bot.push(content="1", send_from="2000")
    here = await bot.push(content="2")
    await bot.until_state(here["id"], "delivered")
    assert "2000" in (await waiting(bot, away["id"], "没有连接"))["reason"]
    async with ScriptedV11(url=bot.onebot_v11, self_id="2000") as other:
        assert [one.text for one in await other.wait_for(1)] == ["1"]


async def test_what_is_too_old_is_given_up_with_its_reason(tmp_path: Path) -> None:
    async with running(tmp_path, settings={"report_expire": 1}) as bot:
        answer = await bot.push(content="old")
        await waiting(bot, answer["id"], "没有 QQ 机器人连接")
        accepted_at = (await bot.health())["oldest_waiting_at"]

        async def too_old() -> bool:
            return time.time() > accepted_at + 1

        await until(too_old)
        async with ScriptedV11(url=bot.onebot_v11) as qq:
            (delivery,) = await bot.until_state(answer["id"], "expired")
            assert "REPORT_EXPIRE" in delivery["reason"]
            assert qq.messages == []


async def test_a_picture_that_qq_refuses_for_a_while_arrives(bot: Bot, qq: ScriptedV11) -> None:
    qq.behave(RICH_MEDIA, RICH_MEDIA)
    answer = await bot.push(content="正文", screenshot=base64.b64encode(jpeg()).decode())
    (message,) = await qq.wait_for(1)
    assert (message.text, message.images) == ("正文", [jpeg()])
    (delivery,) = await bot.until_state(answer["id"], "delivered")
    assert delivery["attempts"] == 3


async def test_an_account_that_uploads_one_picture_at_a_time_serves_six_people_at_once(
    bot: Bot, qq: ScriptedV11
) -> None:
    qq.one_upload = True
    people = [str(10001 + number) for number in range(6)]
    await bot.push(
        content="x", screenshot=base64.b64encode(jpeg()).decode(), send_to=",".join(people)
    )
    messages = await qq.wait_for(6)
    assert [one.images for one in messages] == [[jpeg()]] * 6
    assert qq.ill == []


async def test_a_text_passes_beside_a_picture_that_is_not_answered(
    bot: Bot, qq: ScriptedV11
) -> None:
    qq.behave(Hold())
    picture = base64.b64encode(jpeg()).decode()
    await bot.push(content="1", screenshot=picture)
    await qq.wait_for(1)
    await bot.push(content="2", screenshot=picture, send_to=10002)
    text = await bot.push(content="3", send_to=10003)
    await bot.until_state(text["id"], "delivered")
    assert [one.text for one in qq.messages] == ["1", "3"]
    qq.release()
    assert [one.text for one in await qq.wait_for(3)] == ["1", "3", "2"]


async def test_v12_errors_are_sorted_too(bot: Bot) -> None:
    async with ScriptedV12(url=bot.onebot_v12) as qq:
        qq.behave(Fail(35000, "no such user"))
        answer = await bot.push(content="1", send_to="20001")
        await bot.until_state(answer["id"], "rejected")
        qq.behave(Fail(20002, "internal"))
        answer = await bot.push(content="2", send_to="20001")
        (delivery,) = await bot.until_state(answer["id"], "delivered")
        assert delivery["attempts"] == 2


async def test_v12_retries_a_picture_that_is_refused_for_a_while(bot: Bot) -> None:
    picture = base64.b64encode(jpeg()).decode()
    async with ScriptedV12(url=bot.onebot_v12) as qq:
        qq.uploads = Fail(20002, "internal")
        answer = await bot.push(content="1", screenshot=picture, send_to="20001")
        await waiting(bot, answer["id"], "internal")
        qq.uploads = Ok()
        (message,) = await qq.wait_for(1)
        assert (message.text, message.images) == ("1", [jpeg()])
        qq.uploads = Fail(10002, "unsupported")
        answer = await bot.push(content="2", screenshot=picture, send_to="20001")
        (delivery,) = await bot.until_state(answer["id"], "delivered")
        assert "截图上传失败" in delivery["reason"]


async def test_a_bot_over_http_that_refuses_the_token_says_what_to_mend(tmp_path: Path) -> None:
    status = 403
    async with Server(lambda _: Reply(status, body=b"x")) as onebot:
        settings = {
            "driver": "~fastapi+~httpx",
            "onebot_v11_api_roots": {"10000": onebot.url, "10002": onebot.url},
        }
        async with running(tmp_path, settings=settings) as bot:
            event = {
                "time": 1, "self_id": 10000, "post_type": "meta_event",
                "meta_event_type": "lifecycle", "sub_type": "enable",
            }  # fmt: skip
            async with httpx2.AsyncClient(trust_env=False) as client:
                url = f"http://127.0.0.1:{bot.port}/onebot/v11/"
                await client.post(url, json=event, headers={"X-Self-ID": "10000"})
            refused = await bot.push(content="1")
            (delivery,) = await bot.until_state(refused["id"], "rejected")
            assert "ONEBOT_ACCESS_TOKEN" in delivery["reason"]
            assert [one.path for one in onebot.requests] == ["/send_private_msg"]
            status = 502
            later = await bot.push(content="2")
            delivery = await waiting(bot, later["id"], "HTTP 502")
            assert (delivery["state"], delivery["repeats"]) == ("waiting", 0)
