"""Gotify's and ntfy's APIs, as what pushes to those services uses them: one bot for all."""

import asyncio
import json
from base64 import b64encode, urlsafe_b64encode
from collections.abc import AsyncGenerator
from typing import Any

import apprise
import httpx2
import pytest
import pytest_asyncio

from tests.bot import TOKEN, Bot, running, until
from tests.dialects import jpeg
from tests.onebot import ScriptedV11

pytestmark = pytest.mark.asyncio(loop_scope="module")
PICTURE = jpeg()
FRIEND = "t0ken-of-a-friend"
SETTINGS = {"report_tokens": {"friend": {"token": FRIEND, "to": ["private:10002"]}}}
BASIC = "Basic " + b64encode(f"anybody:{TOKEN}".encode()).decode()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bot(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Bot]:
    async with running(tmp_path_factory.mktemp("services"), settings=SETTINGS) as started:
        yield started


@pytest_asyncio.fixture(loop_scope="module")
async def qq(bot: Bot) -> AsyncGenerator[ScriptedV11]:
    async with ScriptedV11(url=bot.onebot_v11) as joined:
        yield joined


async def send(bot: Bot, method: str, path: str, **options: Any) -> httpx2.Response:
    async with bot.client(None) as client:
        return await client.request(method, path, **options)


# ── Gotify ────────────────────────────────────────────────────────────────────────────────────────


async def test_apprise_as_it_is_pushes_to_gotify_here(bot: Bot, qq: ScriptedV11) -> None:
    pusher = apprise.Apprise()
    pusher.add(f"gotify://127.0.0.1:{bot.port}/report/gotify/{TOKEN}")
    assert await asyncio.to_thread(pusher.notify, title="备份", body="完成 [CQ:at,qq=all]")
    (received,) = await qq.wait_for(1)
    assert (received.target, received.text) == ("private:10001", "备份\n完成 [CQ:at,qq=all]")


async def test_gotifys_ways_to_show_a_token_and_to_write_a_message(
    bot: Bot, qq: ScriptedV11
) -> None:
    message = {"title": "t", "message": "m", "priority": "8"}
    answers = [
        await send(bot, "POST", "/gotify/message", json=message, headers={"X-Gotify-Key": TOKEN}),
        await send(bot, "POST", "/gotify/message/", data=message, params={"token": TOKEN}),
        await send(
            bot, "POST", "/gotify/message", json=message,
            headers={"Authorization": f"Bearer {FRIEND}"},
        ),
    ]  # fmt: skip
    assert [one.status_code for one in answers] == [200] * 3, [one.text for one in answers]
    assert all(isinstance(one.json()["id"], int) for one in answers)
    received = await qq.wait_for(3)
    assert sorted(one.target for one in received) == [
        "private:10001", "private:10001", "private:10002",
    ]  # fmt: skip
    assert {one.text for one in received} == {"t\nm"}


async def test_gotifys_documentation_pushes_by_a_form_of_parts(bot: Bot, qq: ScriptedV11) -> None:
    """https://gotify.net/docs/pushmsg: `curl -F "title=my title" -F "message=my message"`."""
    form = [("title", (None, "标题")), ("message", (None, "正文")), ("priority", (None, "5"))]
    shot = ("image", ("shot.jpg", PICTURE, "image/jpeg"))
    for files, images in ((form, []), ([*form, shot], [PICTURE])):
        seen = len(qq.messages)
        beside = {"token": TOKEN}
        answer = await send(bot, "POST", "/gotify/message", files=files, params=beside)
        assert answer.status_code == 200, answer.text
        received = (await qq.wait_for(seen + 1))[seen]
        assert (received.text, received.images) == ("标题\n正文", images)


@pytest.mark.parametrize(
    ("options", "status"),
    [
        ({"json": {"message": "x"}}, 401),
        ({"json": {"message": "x"}, "params": {"token": "wrong"}}, 401),
        ({"json": {"title": "x"}, "params": {"token": TOKEN}}, 422),
        ({"content": b"x", "params": {"token": TOKEN}}, 422),
        (
            {
                "content": b"--B",
                "params": {"token": TOKEN},
                "headers": {"Content-Type": "multipart/form-data; boundary=C"},
            },
            422,
        ),
    ],
)
async def test_gotifys_clients_are_refused_in_its_words(
    bot: Bot, options: dict[str, Any], status: int
) -> None:
    answer = await send(bot, "POST", "/gotify/message", **options)
    assert answer.status_code == status, answer.text
    assert answer.json()["errorCode"] == status
    assert answer.json()["errorDescription"]


# ── ntfy ──────────────────────────────────────────────────────────────────────────────────────────

AUTH = {"Authorization": f"Bearer {TOKEN}"}
PUBLISHED: dict[str, tuple[str, str, dict[str, Any], str]] = {
    "curl -d": ("POST", "/ntfy/backups", {"content": "完成".encode()}, "backups\n完成"),
    "headers": (
        "PUT",
        "/ntfy/backups",
        {"content": b"x", "headers": {"Title": "=?UTF-8?B?5aSH5Lu9?=", "Priority": "urgent",
                                      "Tags": "warning,nas", "Click": "https://x/"}},
        "⚠️ 备份\nx\n#nas\nhttps://x/",
    ),
    "what its users see": (
        "POST",
        "/ntfy/b",
        {"content": "满了".encode(),
         "headers": {"Tags": "dog,red_circle", "X-Title": "t", "Actions": "view, go, https://x/"}},
        "❌ 🐶 t\n满了\ngo：https://x/",
    ),
    "short names": ("POST", "/ntfy/b/", {"content": b"x", "headers": {"X-Title": "t"}}, "t\nx"),
    "the query": ("POST", "/ntfy/b?title=t&tags=x&m=words", {}, "❌ t\nwords"),
    "nothing": ("POST", "/ntfy/b", {}, "b\ntriggered"),
    "by GET": ("GET", "/ntfy/b/publish?message=a+b&tags=warning", {}, "⚠️ b\na b"),
    "by GET, nothing": ("GET", "/ntfy/b/trigger", {}, "b\ntriggered"),
    "JSON": (
        "POST",
        "/ntfy",
        {"json": {"topic": "b", "title": "t", "message": "m", "tags": ["tada", 1], "priority": 4}},
        "✅ t\nm",
    ),
    "a file": (
        "PUT",
        "/ntfy/b",
        {"content": bytes(range(256)), "headers": {"Filename": "a.bin", "Message": "see"}},
        "b\nsee\n[文件 a.bin]",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", PUBLISHED)
async def test_what_is_published_to_ntfy_arrives(bot: Bot, qq: ScriptedV11, name: str) -> None:
    method, path, options, words = PUBLISHED[name]
    headers = {**AUTH, **options.pop("headers", {})}
    answer = await send(bot, method, path, headers=headers, **options)
    assert answer.status_code == 200, answer.text
    assert answer.json()["event"] == "message"
    (received,) = await qq.wait_for(1)
    assert (received.target, received.text) == ("private:10001", words)


async def test_what_is_for_later_arrives_later(bot: Bot, qq: ScriptedV11) -> None:
    later = await send(
        bot, "POST", "/ntfy/b", content="以后".encode(), headers={**AUTH, "In": "2s"}
    )
    now = await send(bot, "POST", "/ntfy/b", content="马上".encode(), headers=AUTH)
    assert (later.status_code, now.status_code) == (200, 200)
    texts = [one.text for one in await qq.wait_for(2)]
    assert texts == ["b\n马上", "b\n以后"]


async def test_a_picture_as_the_body_is_shown(bot: Bot, qq: ScriptedV11) -> None:
    headers = {**AUTH, "Filename": "shot.jpg", "Title": "t"}
    path = "/ntfy/b?send_to_group=777"
    answer = await send(bot, "PUT", path, content=PICTURE, headers=headers)
    assert answer.status_code == 200, answer.text
    (received,) = await qq.wait_for(1)
    assert (received.target, received.text, received.images) == ("group:777", "t", [PICTURE])


@pytest.mark.parametrize(
    "options",
    [
        {"headers": {"Authorization": BASIC}},
        {"params": {"auth": urlsafe_b64encode(BASIC.encode()).decode().rstrip("=")}},
        {"params": {"auth": b64encode(f"Bearer {TOKEN}".encode()).decode()}},
        {"params": {"token": TOKEN}},
    ],
)
async def test_ntfys_ways_to_show_a_token(bot: Bot, options: dict[str, Any]) -> None:
    beside = {"send_to": "10009", **options.pop("params", {})}
    answer = await send(bot, "POST", "/ntfy/b", content=b"x", params=beside, **options)
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize(
    ("path", "options", "status"),
    [
        ("/ntfy/b", {"content": b"x"}, 403),
        ("/ntfy/b", {"content": b"x", "headers": {"Authorization": "Basic ?"}}, 403),
        ("/ntfy/b", {"content": b"x", "params": {"auth": "%%%"}}, 403),
        ("/ntfy", {"content": b"{", "headers": AUTH}, 400),
        ("/ntfy/b", {"content": b"x", "headers": {**AUTH, "At": "someday"}}, 400),
        ("/ntfy", {"content": json.dumps({"message": "x"}).encode(), "headers": AUTH}, 400),
    ],
)
async def test_ntfys_clients_are_refused_in_its_words(
    bot: Bot, path: str, options: dict[str, Any], status: int
) -> None:
    answer = await send(bot, "POST", path, **options)
    assert answer.status_code == status, answer.text
    assert answer.json()["http"] == status
    assert "Traceback" not in bot.log


async def test_what_a_browser_only_prepares_for_does_not_push(bot: Bot) -> None:
    headers = {**AUTH, "Sec-Purpose": "prefetch"}
    for path in ("/ntfy/b/publish", "/onebot/send_private_msg?user_id=10001&message=x"):
        assert (await send(bot, "GET", path, headers=headers)).status_code == 403
        assert (await send(bot, "HEAD", path, headers=AUTH)).status_code in (403, 404, 405)


async def test_who_takes_the_push_address_for_the_servers_finds_its_door(
    bot: Bot, qq: ScriptedV11
) -> None:
    beside = {"send_to": "10077"}
    sent = await send(bot, "POST", "/message", json={"message": "x"}, headers=AUTH, params=beside)
    assert isinstance(sent.json()["id"], int)
    onebot = {"user_id": 10077, "message": "y"}
    sent = await send(bot, "POST", "/send_msg/", json=onebot, headers=AUTH)
    assert sent.json()["status"] == "ok"

    async def arrived() -> bool:
        return {one.text for one in qq.messages if one.target == "private:10077"} == {"x", "y"}

    await until(arrived)


# ── where no token is set ─────────────────────────────────────────────────────────────────────────


async def test_without_a_token_only_json_is_taken_everywhere(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """What a web page in the owner's browser could send, it may have sent."""
    settings = {"report_token": ""}
    async with running(tmp_path_factory.mktemp("open"), settings=settings) as bot:
        onebot = {"user_id": 10001, "message": "x"}
        assert (await send(bot, "POST", "/onebot/send_msg", json=onebot)).status_code == 200
        assert (await send(bot, "POST", "/gotify/message", json={"message": "x"})).is_success
        assert (await send(bot, "POST", "/ntfy", json={"topic": "x"})).is_success
        refused = [
            await send(bot, "GET", "/onebot/send_msg", params=onebot),
            await send(bot, "POST", "/onebot/send_msg", data=onebot),
            await send(bot, "POST", "/onebot/send_msg", params=onebot),
            await send(bot, "POST", "/gotify/message", data={"message": "x"}),
            await send(bot, "POST", "/ntfy/b", content=b"x"),
        ]
        assert [one.status_code for one in refused] == [406, 406, 406, 415, 415]
        page = {"Origin": "https://evil.example"}
        answer = await send(bot, "POST", "/onebot/send_msg", json=onebot, headers=page)
        assert answer.status_code == 403
