"""The OneBot 11 HTTP API, as the tools that push to one use it: one bot for all of them."""

import asyncio
import json
import signal
from base64 import b64encode
from collections.abc import AsyncGenerator
from io import BytesIO
from random import Random
from typing import Any
from urllib.parse import urlencode

import httpx2
import onepush
import pytest
import pytest_asyncio
from PIL import Image as Pillow

from tests.bot import TOKEN, Bot, running, until
from tests.onebot import Hold, ScriptedV11

pytestmark = pytest.mark.asyncio(loop_scope="module")
FRIEND = "t0ken-of-a-friend"
BODY = 24 * 2**20
SETTINGS = {
    "report_tokens": {"friend": {"token": FRIEND, "to": ["private:10002"]}},
    "report_max_body": BODY,
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bot(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Bot]:
    async with running(tmp_path_factory.mktemp("onebot"), settings=SETTINGS) as started:
        yield started


@pytest_asyncio.fixture(loop_scope="module")
async def qq(bot: Bot) -> AsyncGenerator[ScriptedV11]:
    async with ScriptedV11(url=bot.onebot_v11) as joined:
        yield joined


async def call(
    bot: Bot, action: str, *, token: str | None = TOKEN, expect: int = 200, **params: Any
) -> Any:
    """The answer's data; where it is a failure, all of the answer."""
    async with bot.client(token) as client:
        answer = await client.post(f"/onebot/{action}", json=params)
    assert answer.status_code == expect, answer.text
    said = answer.json()
    if expect == 200:
        assert (said["status"], said["retcode"], said["message"]) == ("ok", 0, "")
        return said["data"]
    assert (said["status"], said["retcode"]) == ("failed", 1000 + expect)
    assert said["data"] is None
    assert said["wording"] == said["message"] != ""
    return said


# ── the tools ─────────────────────────────────────────────────────────────────────────────────────


def large_png() -> bytes:
    """As large as a screenshot of a game: noise, which does not get smaller."""
    file = BytesIO()
    Pillow.frombytes("RGB", (1280, 960), Random(1).randbytes(1280 * 960 * 3)).save(file, "PNG")
    return file.getvalue()


def as_dotnet_writes(document: object) -> bytes:
    """System.Text.Json's default encoder: all but ASCII is escaped, and `+ < > & '` too."""
    text = json.dumps(document, separators=(",", ":"))
    for sign in "+<>&'":
        text = text.replace(sign, f"\\u{ord(sign):04X}")
    return text.encode()


async def test_bettergis_own_notifier_reaches_a_friend_and_a_group_with_its_picture(
    bot: Bot, qq: ScriptedV11
) -> None:
    """OneBotNotifier.cs: two requests, ids as text, a PNG of several megabytes."""
    picture = large_png()
    message = [
        {"type": "text", "data": {"text": "任务<结束>"}},
        {"type": "image", "data": {"file": f"base64://{b64encode(picture).decode()}"}},
    ]
    headers = {
        "Authorization": f"Bearer {TOKEN}",
        "Content-Type": "application/json; charset=utf-8",
    }
    endpoint = f"{bot.url}/onebot/".rstrip("/")
    async with bot.client(None) as client:
        for kind, number in (("private", {"user_id": "10001"}), ("group", {"group_id": "777"})):
            document = {"message": message, "message_type": kind, **number}
            answer = await client.post(
                f"{endpoint}/send_msg", content=as_dotnet_writes(document), headers=headers
            )
            assert answer.is_success, answer.text
            assert answer.json()["status"] == "ok"
    received = await qq.wait_for(2)
    assert {one.target for one in received} == {"private:10001", "group:777"}
    assert all((one.text, one.images) == ("任务<结束>", [picture]) for one in received)


@pytest.mark.parametrize("content", ["[CQ:at,qq=all] & 100%", "字" * 2000])
async def test_onepush_as_it_is_as_alas_and_starrailcopilot_use_it(
    bot: Bot, qq: ScriptedV11, content: str
) -> None:
    notifier = onepush.get_notifier("gocqhttp")
    answer = await asyncio.to_thread(
        notifier.notify, endpoint=f"{bot.url}/onebot", token=TOKEN, title="Alas",
        content=content, message_type="group", group_id=777,
    )  # fmt: skip
    assert answer.status_code == 200, answer.text
    assert answer.json()["status"] == "ok", "what Alas looks at"
    (received,) = await qq.wait_for(1)
    assert (received.target, received.text) == ("group:777", f"Alas\n\n{content}")


KUMA = {"auto_escape": True, "message": "UptimeKuma Alert: 网站 down", "user_id": 10001,
        "message_type": "private"}  # fmt: skip
FORM = "application/x-www-form-urlencoded"
JSON = "application/json"


@pytest.mark.parametrize("slash", ["", "/"])
async def test_every_way_to_ask_is_taken(bot: Bot, qq: ScriptedV11, slash: str) -> None:
    async with bot.client(None) as client:
        url = f"/onebot/send_msg{slash}"
        beside = {"access_token": TOKEN}
        answers = [
            await client.post(url, json=KUMA, headers={"Authorization": f"Bearer {TOKEN}"}),
            await client.post(url, data=KUMA, params=beside),
            await client.get(url, params={**KUMA, "token": TOKEN}),
            await client.post(url, params={**KUMA, **beside}),
            await client.post(url, json={**KUMA, "echo": {"no": 1}}, params=beside),
            await client.post(url, json={**KUMA, "echo": "e"}, params=beside),
            await client.get(f"/onebot/send_private_msg_async{slash}", params={**KUMA, **beside}),
            await client.post(url, content=json.dumps(KUMA).encode(), params=beside),
            await client.post(
                url, content=json.dumps(KUMA, ensure_ascii=False).encode("gbk"), params=beside,
                headers={"Content-Type": "text/plain"},
            ),
            await client.post(
                url, content=json.dumps(KUMA).encode(), params=beside,
                headers={"Content-Type": FORM},
            ),
            await client.post(url, content=urlencode(KUMA).encode(), params=beside),
        ]  # fmt: skip
    assert [one.status_code for one in answers] == [200] * 11, [one.text for one in answers]
    assert [one.json().get("echo") for one in answers] == [None] * 5 + ["e"] + [None] * 5
    numbers = [one.json()["data"]["message_id"] for one in answers]
    assert len(set(numbers)) == 11
    assert all(0 < one < 2**31 for one in numbers), "an int32"
    assert {one.text for one in await qq.wait_for(11)} == {KUMA["message"]}


# ── what is refused ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("token", [None, "", "wrong"])
async def test_the_token_is_missing_or_wrong_as_the_standard_says(
    bot: Bot, token: str | None
) -> None:
    expect = 403 if token else 401
    told = await call(bot, "send_msg", token=token, expect=expect, user_id=1, message="x")
    assert "令牌" in told["message"]


WRONG: dict[str, tuple[str, dict[str, Any], int, str]] = {
    "nobody": ("send_msg", {"message": "x"}, 400, "user_id"),
    "nothing": ("send_msg", {"user_id": 1}, 400, "message"),
    "unknown": ("set_group_ban", {"group_id": 7}, 404, "send_msg"),
    "no message": ("get_msg", {"message_id": 5}, 404, "没有这条消息"),
    "no number": ("delete_msg", {"message_id": "x"}, 400, "message_id"),
    "a huge number": ("delete_msg", {"message_id": 10**19}, 404, "没有这条消息"),
    "a negative number": ("delete_msg", {"message_id": -(10**18)}, 404, "没有这条消息"),
}


@pytest.mark.parametrize("name", WRONG)
async def test_what_is_wrong_is_told_and_never_with_200(bot: Bot, name: str) -> None:
    action, params, status, words = WRONG[name]
    assert words in (await call(bot, action, expect=status, **params))["message"]


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        (JSON, b"{", 400),
        (JSON, b"[]", 400),
        ("text/plain", b"x", 400),
        (FORM, b"a=1&" * 200, 400),
        (FORM, b"\xff=%ff&user_id=%e5", 400),
        (JSON, b"[" * 10**6, 400),
        (JSON, b" " * (BODY + 1), 413),
    ],
)
async def test_a_body_that_is_none_is_refused(
    bot: Bot, kind: str, body: bytes, status: int
) -> None:
    async with bot.client() as client:
        url = "/onebot/send_private_msg"
        answer = await client.post(url, content=body, headers={"Content-Type": kind})
    assert answer.status_code == status, answer.text
    assert answer.json()["retcode"] == 1000 + status
    assert "Traceback" not in bot.log


async def test_a_query_of_any_size_gets_an_answer(bot: Bot) -> None:
    async with bot.client() as client:
        for size, status in ((30_000, 200), (60_000, 422)):
            query = {"user_id": "10009", "message": "x" * size}
            answer = await client.get("/onebot/send_msg", params=query)
            assert answer.status_code == status, answer.text[:200]


async def test_a_token_reaches_here_whom_it_reaches_anywhere(bot: Bot) -> None:
    sent = await call(bot, "send_msg", token=FRIEND, user_id=10002, message="to myself")
    await call(bot, "get_msg", token=FRIEND, message_id=sent["message_id"])
    await call(bot, "send_msg", token=FRIEND, expect=403, user_id=10001, message="x")
    others = await call(bot, "send_msg", user_id=10002, message="not the friend's")
    for action in ("get_msg", "delete_msg"):
        await call(bot, action, token=FRIEND, expect=404, message_id=others["message_id"])


# ── what else a tool may ask ──────────────────────────────────────────────────────────────────────


async def test_it_says_who_it_is_and_whom_it_knows(bot: Bot, qq: ScriptedV11) -> None:
    qq.friends = [{"user_id": 10001, "nickname": "我", "remark": ""}, {"user_id": "x"}, 5]

    async def joined() -> bool:
        return bool((await call(bot, "get_status"))["online"])

    await until(joined)
    assert await call(bot, "get_status") == {"online": True, "good": True}
    assert (await call(bot, "get_login_info"))["user_id"] == int(qq.self_id)
    assert (await call(bot, "get_version_info"))["protocol_version"] == "v11"
    assert await call(bot, "can_send_image") == {"yes": True}
    assert await call(bot, "get_friend_list") == [{"user_id": 10001, "nickname": "我"}]
    assert await call(bot, "get_group_list") == [], "it knows no such action"
    assert await call(bot, "get_friend_list", token=FRIEND) == [{"user_id": 10002, "nickname": ""}]
    assert await call(bot, "get_group_list", token=FRIEND) == []


async def test_a_message_is_found_by_its_number_after_a_restart_too(bot: Bot) -> None:
    message = [{"type": "text", "data": {"text": "找得到"}}]
    number = (await call(bot, "send_msg", group_id=99, message=message))["message_id"]
    before = await call(bot, "get_msg", message_id=number)
    await bot.end(signal.SIGKILL)
    await bot.start()
    after = await call(bot, "get_msg", message_id=str(number))
    assert before == after
    assert after["message_id"] == number
    assert after["message_type"] == "group"
    assert (after["message"], after["raw_message"]) == (message, "找得到")


async def test_its_picture_comes_back_with_it_and_can_be_sent_again(
    bot: Bot, qq: ScriptedV11
) -> None:
    file = f"base64://{b64encode(large_png()).decode()}"
    image = {"type": "image", "data": {"file": file}}
    sent = await call(bot, "send_msg", user_id=10008, message=[image])
    message = (await call(bot, "get_msg", message_id=sent["message_id"]))["message"]
    assert message == [image]
    await call(bot, "send_msg", group_id=98, message=message)

    async def arrived() -> list[bytes]:
        return [
            picture for one in qq.messages if one.target == "group:98" for picture in one.images
        ]

    assert await until(arrived) == [large_png()]


async def test_what_has_not_gone_out_can_be_taken_back(bot: Bot) -> None:
    taken = await call(bot, "send_msg", user_id=10005, message="taken back")
    kept = await call(bot, "send_msg", user_id=10005, message="kept")
    assert await call(bot, "delete_msg", message_id=taken["message_id"]) is None
    async with ScriptedV11(url=bot.onebot_v11) as qq:

        async def arrived() -> list[str]:
            return [one.text for one in qq.messages if one.target == "private:10005"]

        assert await until(arrived) == ["kept"]
        told = await call(bot, "delete_msg", expect=400, message_id=kept["message_id"])
        assert "撤不回来" in told["message"]


async def test_what_is_going_out_just_now_is_told_truly_in_the_end(
    bot: Bot, qq: ScriptedV11
) -> None:
    qq.behave(Hold())
    number = (await call(bot, "send_msg", user_id=10006, message="on its way"))["message_id"]
    await qq.wait_for(1)
    await call(bot, "delete_msg", message_id=number)
    qq.release()

    async def delivered() -> bool:
        async with bot.client() as client:
            answer: httpx2.Response = await client.get("/health")
        return answer.json()["waiting"] == 0

    await until(delivered)
    await call(bot, "delete_msg", expect=400, message_id=number)
