"""Bark's, Telegram's, Qmsg's, Apprise's and Synology's APIs, and the root of the ready bot, as
clients of those services use them: one ready bot for all."""

import asyncio
import json
import shutil
from base64 import b64encode
from collections.abc import AsyncGenerator
from typing import Any
from urllib.parse import quote

import apprise
import httpx2
import pytest
import pytest_asyncio

from nonebot_plugin_report.model.text import clean
from tests.bot import TOKEN, Bot, running
from tests.dialects import jpeg
from tests.onebot import ScriptedV11

pytestmark = pytest.mark.asyncio(loop_scope="module")
PICTURE = jpeg()
BASIC = b64encode(f"u:{TOKEN}".encode()).decode()
AUTH = {"Authorization": f"Bearer {TOKEN}"}
Options = dict[str, Any]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bot(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Bot]:
    settings = {"log_level": "INFO"}
    folder = tmp_path_factory.mktemp("ready")
    async with running(folder, settings=settings, is_ready_bot=True) as started:
        yield started
        assert "Traceback" not in started.log
        assert TOKEN not in started.log
        assert "机密" not in started.log, "no words of a push, which stand in a path, are logged"


@pytest_asyncio.fixture(loop_scope="module")
async def qq(bot: Bot) -> AsyncGenerator[ScriptedV11]:
    async with ScriptedV11(url=bot.onebot_v11) as joined:
        yield joined


async def send(bot: Bot, method: str, path: str, **options: Any) -> httpx2.Response:
    """Ask at a path of the bot, from its root."""
    url = f"http://127.0.0.1:{bot.port}{path}"
    async with httpx2.AsyncClient(trust_env=False, timeout=30) as client:
        return await client.request(method, url, **options)


BARK: Options = {"device_key": TOKEN, "title": "标题", "body": "正文"}
FORM = {"data": {"msg": "签到成功"}}
NOTICE = {"title": "标题", "body": "正文", "type": "failure"}
TAKEN: dict[str, tuple[str, str, Options, str, dict[str, Any]]] = {
    "bark": ("POST", "/report/bark/push", {"json": BARK}, "标题\n正文", {"code": 200}),
    "bark's form": ("POST", "/report/bark/push", {"data": BARK}, "标题\n正文", {"code": 200}),
    "bark, several keys": (
        "POST", "/report/bark/push", {"json": {"device_keys": [TOKEN], "body": "x"}}, "x",
        {"message": "success"},
    ),
    "bark, the key in the path": (
        "POST", f"/report/bark/{TOKEN}", {"json": {"body": "x", "url": "https://a/"}},
        "x\nhttps://a/", {"code": 200},
    ),
    "bark by GET": ("GET", f"/report/bark/{TOKEN}/{quote('标题')}/a+b%2Fc?sound=x", {},
                    "标题\na b/c", {"code": 200}),
    "bark, three words": ("GET", f"/report/bark/{TOKEN}/t/s/b/", {}, "t\ns\nb", {"code": 200}),
    "bark at the root": ("POST", "/push", {"json": BARK}, "标题\n正文", {"code": 200}),
    "bark, no path at all": ("POST", "/", {"json": BARK}, "标题\n正文", {"code": 200}),
    "bark by GET at the root": ("GET", f"/{TOKEN}/{quote('机密')}/x", {}, "机密\nx", {"code": 200}),
    "telegram": (
        "POST", f"/report/telegram/bot{TOKEN}/sendMessage",
        {"json": {"chat_id": "-100", "text": "完成", "reply_markup": {
            "inline_keyboard": [[{"text": "看", "url": "https://a/"}]]}}},
        "完成\n看：https://a/", {"ok": True},
    ),
    "telegram's form of a token": (
        "GET", f"/report/telegram/bot123:{TOKEN}/sendmessage?chat_id=1&text=a%0Ab", {}, "a\nb",
        {"ok": True},
    ),
    "telegram at the root": ("POST", f"/bot{TOKEN}/sendMessage", {"data": {"text": "x"}}, "x",
                             {"ok": True}),
    "qmsg": ("POST", f"/report/qmsg/jsend/{TOKEN}", {"json": {"msg": "x", "qq": "10001"}}, "x",
             {"success": True, "code": 0}),
    "qmsg's form": ("POST", f"/report/qmsg/send/{TOKEN}", FORM, "签到成功", {"success": True}),
    "qmsg at the root": ("POST", f"/send/{TOKEN}", FORM, "签到成功", {"success": True}),
    "qmsg by GET": ("GET", f"/jsend/{TOKEN}?msg=x", {}, "x", {"code": 0}),
    "apprise": ("POST", "/report/notify", {"json": NOTICE, "headers": AUTH}, "❌ 标题\n正文",
                {"error": None}),
    "apprise, the key in the path": ("POST", f"/notify/{TOKEN}/", {"data": NOTICE},
                                     "❌ 标题\n正文", {"error": None}),
    "synology": (
        "POST", "/report/webapi/entry.cgi",
        {"params": {"api": "SYNO.Chat.External", "token": f'"{TOKEN}"'},
         "data": {"payload": json.dumps({"text": "a & b", "file_url": "https://a/"})}},
        "a & b\nhttps://a/", {"success": True},
    ),
    "synology, not encoded": (
        "POST", f"/webapi/entry.cgi?token={TOKEN}",
        {"content": b'payload={"text": "a+b & 100%"}',
         "headers": {"Content-Type": "application/x-www-form-urlencoded"}},
        "a+b & 100%", {"success": True},
    ),
    "gotify at the root": ("POST", "/message", {"json": {"message": "x"}, "headers": AUTH}, "x",
                           {"appid": 1}),
    "ntfy at the root": ("POST", "/backups", {"content": b"x", "headers": AUTH}, "backups\nx",
                         {"topic": "backups"}),
    "ntfy's JSON at the root": ("POST", "/", {"json": {"topic": "t", "message": "x"},
                                              "headers": AUTH}, "t\nx", {"topic": "t"}),
    "ntfy by GET at the root": ("GET", "/t/publish?message=x", {"headers": AUTH}, "t\nx",
                                {"topic": "t"}),
    "onebot at the root": ("POST", "//send_private_msg",
                           {"json": {"user_id": 10001, "message": "x"}, "headers": AUTH}, "x",
                           {"status": "ok"}),
    "a robot's whole path": ("POST", f"/open-apis/bot/v2/hook/{TOKEN}", {"json": {"text": "x"}},
                             "x", {}),
    "a robot's key": ("POST", f"/report/cgi-bin/webhook/send?key={TOKEN}", {"json": {"text": "x"}},
                      "x", {}),
    "mattermost's path": ("POST", f"/report/hooks/{TOKEN}", {"json": {"text": "x"}}, "x", {}),
    "home assistant's path": (
        "POST", "/report/api/services/notify/notify",
        {"json": {"title": "t", "message": "m"},
         "headers": {"Authorization": f"Bearer {TOKEN}.abc.def"}}, "t\nm", {},
    ),
    "pushdeer's path": ("POST", "/report/message/push", {"json": {"pushkey": TOKEN, "text": "x"}},
                        "x", {}),
    "slashes": ("POST", f"//report//?token={TOKEN}", {"json": {"content": "x"}}, "x", {}),
    "a GET with words": ("GET", f"/report?token={TOKEN}&title=t&content=x", {}, "t\nx", {}),
    "a GET with words at another path": (
        "GET", f"/report/message/push?pushkey={TOKEN}&text=x", {}, "x", {}
    ),
    "a GET with a body": ("GET", f"/report/push?token={TOKEN}", {"json": {"content": "x"}}, "x",
                          {}),
    "basic": ("POST", "/report", {"json": {"content": "x"},
                                  "headers": {"Authorization": f"Basic {BASIC}"}}, "x", {}),
    "the token alone": ("POST", "/report", {"json": {"content": "x"},
                                            "headers": {"Authorization": TOKEN}}, "x", {}),
    "another word": ("POST", "/report", {"json": {"content": "x"},
                                         "headers": {"Authorization": f"x-api-key {TOKEN}"}}, "x",
                     {}),
}  # fmt: skip


@pytest.mark.parametrize("name", TAKEN)
async def test_what_is_written_for_another_service_arrives(
    bot: Bot, qq: ScriptedV11, name: str
) -> None:
    method, path, options, words, told = TAKEN[name]
    answer = await send(bot, method, path, **options)
    assert answer.status_code == 200, answer.text
    assert told.items() <= answer.json().items()
    (received,) = await qq.wait_for(1)
    assert (received.target, received.text) == ("private:10001", words)


@pytest.mark.parametrize("method", ["sendPhoto", "sendDocument"])
async def test_telegrams_files_arrive(bot: Bot, qq: ScriptedV11, method: str) -> None:
    name = method.removeprefix("send").lower()
    answer = await send(
        bot, "POST", f"/report/telegram/bot{TOKEN}/{method}", data={"caption": "看"},
        files={name: ("shot.jpg", PICTURE, "image/jpeg")},
    )  # fmt: skip
    assert answer.status_code == 200, answer.text
    assert answer.json()["result"]["message_id"] > 0
    (received,) = await qq.wait_for(1)
    assert (received.text, received.images) == ("看", [PICTURE])


async def test_apprise_as_it_is_pushes_to_each(bot: Bot, qq: ScriptedV11, tmp_path: Any) -> None:
    shot = tmp_path / "shot.jpg"
    shot.write_bytes(PICTURE)
    here = f"127.0.0.1:{bot.port}"
    addresses = {
        f"bark://{here}/{TOKEN}": 0,
        f"apprise://{here}/report/{TOKEN}?method=form": 1,
        f"apprise://{here}/report/{TOKEN}?method=json": 1,
        f"synology://{here}/{TOKEN}": 0,
        f"ntfy://{TOKEN}@{here}/topic?auth=token": 0,
    }
    for number, (address, pictures) in enumerate(addresses.items()):
        pusher = apprise.Apprise()
        assert pusher.add(address)
        attach = [str(shot)] if pictures else None
        said = {"title": "标题", "body": "正文 & 100%", "attach": attach}
        assert await asyncio.to_thread(lambda: pusher.notify(**said)), address  # noqa: B023 - awaited
        received = (await qq.wait_for(number + 1))[number]
        assert received.text.replace("\r", "") == "标题\n正文 & 100%", address
        assert len(received.images) == pictures


async def test_curl_pushes_as_the_documentations_of_bark_and_ntfy_say(
    bot: Bot, qq: ScriptedV11
) -> None:
    if shutil.which("curl") is None:
        pytest.skip("needs curl")
    here = f"http://127.0.0.1:{bot.port}"
    for arguments in (
        ["-X", "POST", f"{here}/{TOKEN}", "-d", "body=x&group=g"],
        ["-u", f":{TOKEN}", "-d", "x", f"{here}/g"],
    ):
        process = await asyncio.create_subprocess_exec(
            "curl", "-sSf", *arguments, stdout=asyncio.subprocess.DEVNULL
        )
        assert await process.wait() == 0, arguments
    assert {one.text for one in await qq.wait_for(2)} == {"g\nx"}


CHECKS = {
    "/report/bark/ping": {"code": 200, "message": "pong"},
    "/ping": {"message": "pong"},
    "/info": {"devices": 1},
    "/report/gotify/health": {"health": "green"},
    "/report/gotify/current/user": {"name": "master"},
    "/report/ntfy/topic/auth": {"success": True},
    f"/report/telegram/bot{TOKEN}/getMe": {"ok": True},
    "/get_status": {"retcode": 0},
}


@pytest.mark.parametrize("path", CHECKS)
async def test_clients_that_look_whether_a_server_is_there_find_it(bot: Bot, path: str) -> None:
    answer = await send(bot, "GET", path, headers=AUTH)
    assert answer.status_code == 200, answer.text
    assert CHECKS[path].items() <= answer.json().items()


async def test_barks_check_of_its_health_is_a_word(bot: Bot) -> None:
    assert (await send(bot, "GET", "/healthz")).text == "ok"


WRONG = {"Authorization": "Bearer wrong"}
REFUSED: list[tuple[str, str, Options, int, str]] = [
    ("POST", "/report/bark/push", {"json": {"device_key": "w", "body": "x"}}, 403, "message"),
    ("POST", "/report/bark/push", {"json": {"device_key": TOKEN}}, 400, "message"),
    ("POST", "/report/bark/push", {"json": {"device_key": TOKEN, "ciphertext": "x"}}, 400,
     "message"),
    ("POST", "/report/telegram/botw/sendMessage", {"json": {"text": "x"}}, 401, "description"),
    ("POST", f"/report/telegram/bot{TOKEN}/sendMessage", {"json": {}}, 400, "description"),
    ("POST", f"/report/telegram/bot{TOKEN}/banChatMember", {"json": {}}, 404, "description"),
    ("POST", "/report/qmsg/send/w", {"json": {"msg": "x"}}, 403, "reason"),
    ("POST", f"/report/qmsg/send/{TOKEN}", {"json": {"msg": ""}}, 422, "reason"),
    ("POST", f"/report/qmsg/other/{TOKEN}", {"json": {"msg": "x"}}, 422, "reason"),
    ("POST", "/report/notify", {"json": NOTICE}, 403, "error"),
    ("POST", f"/report/notify/{TOKEN}", {"json": {"type": "info"}}, 400, "error"),
    ("POST", "/report/webapi/entry.cgi", {"data": {"payload": '{"text":"x"}'}}, 403, "error"),
    ("POST", f"/webapi/entry.cgi?token={TOKEN}", {"data": {}}, 422, "error"),
    ("GET", "/report/gotify/current/user", {"headers": WRONG}, 401, "error"),
    ("GET", "/report/ntfy/t/auth", {"headers": WRONG}, 403, "error"),
    ("POST", "/report/hooks/w", {"json": {"text": "x"}}, 404, "error"),
    ("POST", "/report/hooks/w", {}, 404, "error"),
    ("POST", f"/report/health?token={TOKEN}", {"json": {"text": "x"}}, 405, "error"),
    ("GET", f"/report?token={TOKEN}", {}, 405, "error"),
    ("GET", f"/report?token={TOKEN}&send_to=10001&crc_token=x", {}, 405, "error"),
    ("GET", f"/report/none/x?token={TOKEN}", {}, 404, "error"),
    ("GET", "/report/ntfy/t/json?poll=1", {"headers": AUTH}, 404, "error"),
    ("GET", "/favicon.ico", {}, 404, "detail"),
    ("POST", "/page/session", {"json": {}}, 404, "detail"),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path", "options", "status", "name"), REFUSED)
async def test_what_is_refused_is_told_in_the_words_of_the_service(
    bot: Bot, method: str, path: str, options: Options, status: int, name: str
) -> None:
    answer = await send(bot, method, path, **options)
    assert answer.status_code == status, answer.text
    assert answer.json()[name]
    assert clean(answer.text) == answer.text


async def test_a_browser_gets_the_page_whatever_its_address_carries(bot: Bot) -> None:
    headers = {"Accept": "text/html,*/*"}
    answer = await send(bot, "GET", f"/report/?token={TOKEN}&content=x", headers=headers)
    assert answer.headers["content-type"].startswith("text/html")


async def test_what_only_prepares_for_a_page_does_not_push(bot: Bot) -> None:
    headers = {"Sec-Purpose": "prefetch"}
    for path in (f"/report?token={TOKEN}&content=x", f"/report/bark/{TOKEN}/x", f"/{TOKEN}/x"):
        assert (await send(bot, "GET", path, headers=headers)).status_code == 403
        assert (await send(bot, "HEAD", path)).status_code in (403, 404, 405)


async def test_a_bot_of_ones_own_keeps_its_root(tmp_path_factory: pytest.TempPathFactory) -> None:
    async with running(tmp_path_factory.mktemp("own")) as own:
        for path in ("/push", "/", f"/{TOKEN}", f"/{TOKEN}/x"):
            answer = await send(own, "POST", path, json=BARK)
            assert (answer.status_code, answer.json()) == (404, {"detail": "Not Found"})
