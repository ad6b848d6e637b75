"""Who gets in to the page, how far, and for how long: over HTTP, as any program could try."""

import asyncio
import json
import os
import re
import signal
import sys
from collections.abc import AsyncGenerator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx2
import pytest
import pytest_asyncio
from hypothesis import given, settings
from hypothesis import strategies as st
from playwright.async_api import Browser

from nonebot_plugin_report.web.page.door import COOKIE
from tests.bot import TOKEN, Bot, running, until
from tests.integration.test_channels import encoded
from tests.integration.test_cli import ready
from tests.integration.test_commands import FRIEND, OWNER, ask, bound_token
from tests.onebot import ScriptedV11
from tests.ports import free_port
from tests.senders.service import make_image

from .browser import PHONE, link, opened

pytestmark = pytest.mark.asyncio(loop_scope="module")

OTHER = "10003"
JSON = {"Content-Type": "application/json"}


def origin(bot: Bot) -> str:
    return f"http://127.0.0.1:{bot.port}"


def visitor(bot: Bot, cookie: str = "") -> httpx2.AsyncClient:
    """Whoever asks from the page itself."""
    headers = {
        "Origin": origin(bot),
        **({"Cookie": f"{COOKIE}_{bot.port}={cookie}"} if cookie else {}),
    }
    return httpx2.AsyncClient(
        base_url=f"{bot.url}/page", headers=headers, timeout=30.0, trust_env=False
    )


async def enter(bot: Bot, **fields: str) -> httpx2.Response:
    async with visitor(bot) as client:
        return await client.post("/session", json=fields)


def cookie_of(answer: httpx2.Response) -> str:
    assert answer.status_code == 200, answer.text
    found = re.match(rf"{COOKIE}_\d+=([\w-]+);", answer.headers["set-cookie"])
    assert found
    return found[1]


async def key_for(qq: ScriptedV11, user: str) -> str:
    return (await link(qq, user)).partition("#")[2]


async def test_a_bookmark_of_what_is_below_the_page_leads_to_it(bot: Bot) -> None:
    async with httpx2.AsyncClient(follow_redirects=True, trust_env=False) as client:
        answer = await client.get(f"{bot.url}/page/", headers={"Accept": "text/html"})
        assert (answer.status_code, str(answer.url)) == (200, f"{bot.url}/")
        assert (await client.get(f"{bot.url}/page/")).status_code == 405, "no browser"


async def test_a_link_lets_in_once_and_a_token_each_time(bot: Bot, qq: ScriptedV11) -> None:
    key = await key_for(qq, OWNER)
    answer = await enter(bot, key=key)
    said = answer.headers["set-cookie"]
    assert "HttpOnly" in said
    assert "SameSite=strict" in said
    assert "Path" not in said
    assert "Max-Age=2592000" in said
    async with visitor(bot, cookie_of(answer)) as client:
        me = (await client.get("/me")).json()
    assert (me["master"], me["who"]) == (True, "QQ 10001")
    assert (await enter(bot, key=key)).status_code == 403, "it is used up"
    for _ in range(2):
        assert cookie_of(await enter(bot, token=TOKEN))
    stored = b"".join(file.read_bytes() for file in bot.folder.glob("report.db*") if file.is_file())
    assert cookie_of(answer).encode() not in stored, "only its hash is stored"


async def test_the_ready_bot_shows_a_link_in_its_window_and_none_in_a_log(tmp_path: Path) -> None:
    pty = pytest.importorskip("pty")
    port = free_port()
    (tmp_path / ".env").write_text(f"HOST=127.0.0.1\nPORT={port}\nDRIVER=~fastapi\n")
    window, inside = pty.openpty()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-X", "utf8", "-m", "nonebot_plugin_report", cwd=tmp_path, stdout=inside,
        stderr=inside,
    )  # fmt: skip
    os.close(inside)
    os.set_blocking(window, False)
    shown = bytearray()

    async def link_is_shown() -> re.Match[bytes] | None:
        with suppress(BlockingIOError):
            shown.extend(os.read(window, 65536))
        return re.search(rb"#([\w-]{32})[\s\S]*Uvicorn running", shown)

    try:
        found = await until(link_is_shown, 120.0)
        bot = Bot(tmp_path, port=port)
        async with visitor(bot, cookie_of(await enter(bot, key=found[1].decode()))) as client:
            assert (await client.get("/me")).json()["who"] == "机器人的窗口"
    finally:
        process.send_signal(signal.SIGTERM)
        await process.wait()
        os.close(window)
    async with ready(tmp_path) as log:
        assert "/report/#" not in log


async def test_links_are_for_their_asker_alone(bot: Bot, qq: ScriptedV11) -> None:
    assert "请私聊我" in await ask(qq, OWNER, "/推送 网页", group="777")


async def test_sessions_survive_a_restart_are_listed_and_end_when_they_are_ended(
    tmp_path: Path,
) -> None:
    async with running(tmp_path) as bot:
        first, second = [cookie_of(await enter(bot, token=TOKEN)) for _ in range(2)]
        await bot.end()
        await bot.start()
        async with visitor(bot, first) as client:
            listed = (await client.get("/sessions")).json()["sessions"]
            assert [one["this"] for one in listed] == [False, True]
            other = next(one["id"] for one in listed if not one["this"])
            assert (await client.delete(f"/sessions/{other}")).status_code == 200
            async with visitor(bot, second) as gone:
                assert (await gone.get("/me")).status_code == 401
            assert (await client.delete("/session")).status_code == 200
            assert (await client.get("/me")).status_code == 401


async def test_bots_on_one_host_put_each_others_browsers_out_no_more(
    tmp_path: Path, browser: Browser
) -> None:
    async with (
        running(tmp_path / "a") as a, running(tmp_path / "b") as b, opened(browser, PHONE) as page,
    ):  # fmt: skip
        for bot in (a, b):
            await page.goto(bot.url)
            await page.get_by_label("令牌").fill(TOKEN)
            await page.get_by_role("button", name="进入").click()
            await page.get_by_role("link", name="历史").wait_for()
        for bot in (a, b):
            await page.goto(bot.url)
            await page.get_by_role("link", name="历史").wait_for()


async def test_a_session_ends_with_the_token_it_came_by(tmp_path: Path) -> None:
    async with running(tmp_path) as bot:
        cookie = cookie_of(await enter(bot, token=TOKEN))
        await bot.end()
        bot.settings = {"report_token": "an0ther-one-altogether"}
        await bot.start()
        async with visitor(bot, cookie) as client:
            assert (await client.get("/me")).status_code == 401


async def test_wrong_tries_are_slowed(tmp_path: Path) -> None:
    async with running(tmp_path) as bot:
        tries = [{"token": "wrong"}, {"key": "x" * 32}] * 15
        # At once: with time, more are allowed.
        answers = await asyncio.gather(*(enter(bot, **one) for one in tries))
        assert {one.status_code for one in answers} == {403, 429}
        assert cookie_of(await enter(bot, token=TOKEN)), "a right one always gets in"


async def test_without_a_token_only_a_link_lets_in(tmp_path: Path) -> None:
    async with (
        running(tmp_path, settings={"report_token": ""}) as bot,
        ScriptedV11(url=bot.onebot_v11) as qq,
    ):
        assert "推送 网页" in (await enter(bot, token="x")).json()["error"]
        async with visitor(bot) as client:
            assert (await client.get("/reports")).status_code == 401
        assert cookie_of(await enter(bot, key=await key_for(qq, OWNER)))


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": ""},
        {"Origin": "http://evil.example", "Host": "evil.example"},
        {"Origin": "http://127.0.0.1:1"},
    ],
)
async def test_another_page_changes_nothing(bot: Bot, headers: dict[str, str]) -> None:
    cookie = cookie_of(await enter(bot, token=TOKEN))
    async with visitor(bot, cookie) as client:
        for method, path in CHANGES:
            asked = path.format(id="0" * 20)
            answer = await client.request(method, asked, json={}, headers=headers)
            assert answer.status_code == 403, (method, path)
        assert (await client.get("/me")).status_code == 200


CHANGES = [
    ("POST", "/session"), ("DELETE", "/session"), ("DELETE", "/sessions/{id}"),
    ("DELETE", "/reports/{id}"), ("POST", "/reports/{id}/resend"), ("POST", "/mute"),
    ("POST", "/test"), ("POST", "/rules"),
]  # fmt: skip
READS = [
    "/me", "/sessions", "/reports", "/reports?words={word}", "/reports?event=secret.event",
    "/reports?source=master", "/reports?source=alice", "/reports?target=private:10001",
    "/reports?result=1", "/reports?target=group:777", "/reports/{id}",
    "/reports/{id}/pictures/0", "/reports/{id}/pictures/0?small=1", "/known", "/state", "/charts",
    "/setup", "/findings", "/rules", "/reports.csv", "/reports.csv?words={word}", "/reports.zip",
]  # fmt: skip


async def test_what_is_private_is_kept_by_nobody_and_what_is_not_can_do_nothing(bot: Bot) -> None:
    picture = encoded(make_image().data)
    pushed = await bot.push(content="x", screenshot=picture)
    cookie = cookie_of(await enter(bot, token=TOKEN))
    async with visitor(bot, cookie) as client:
        for path in READS:
            answer = await client.get(path.format(id=pushed["id"], word="x"))
            assert answer.status_code == 200, path
            assert answer.headers["Cache-Control"] == "no-store", path
            assert answer.headers["X-Content-Type-Options"] == "nosniff", path
            assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"], path
        whole = await client.get(f"/reports/{pushed['id']}/pictures/0")
        assert whole.headers["Content-Type"] == "image/jpeg"
        assert whole.content == make_image().data
        small = await client.get(f"/reports/{pushed['id']}/pictures/0?small=1")
        assert small.content.startswith(b"\xff\xd8\xff")
    async with httpx2.AsyncClient(trust_env=False) as client:
        document = await client.get(f"{bot.url}/", headers={"Accept": "text/html"})
    policy = document.headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert not re.search(r"<script>|<style|\son\w+=|\sstyle=", document.text)
    for address in re.findall(r'(?:src|href)="([^"]+)"', document.text):
        assert address.startswith("page/static/"), "nothing comes from another host"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncGenerator[tuple[Bot, dict[str, str], list[str]]]:
    """A bot with a friend, a token for others, and reports that neither may see: their cookies,
    and the ids."""
    tokens = {"alice": {"token": "alice-token-of-the-tests", "to": ["group:888"]}}
    settings = {"report_bind": ["friends"], "report_tokens": tokens}
    async with (
        running(tmp_path_factory.mktemp("shared"), settings=settings) as bot,
        ScriptedV11(url=bot.onebot_v11) as qq,
    ):
        await bound_token(qq)
        cookies = {
            "friend": cookie_of(await enter(bot, key=await key_for(qq, FRIEND))),
            "alice": cookie_of(await enter(bot, token="alice-token-of-the-tests")),
        }
        picture = encoded(make_image().data)
        secret = {
            "title": "geheimnis", "message": "geheimnis", "event": "secret.event", "result": 1,
            "screenshot": picture,
        }  # fmt: skip
        ids = [
            (await bot.push(**secret, send_to=OWNER))["id"],
            (await bot.push(**secret, send_to_group="777"))["id"],
        ]
        for one in ids:
            await bot.until_state(one, "delivered")
        yield bot, cookies, ids


@pytest.mark.parametrize("who", ["friend", "alice"])
async def test_nothing_of_others_is_reached_by_any_address(
    shared: tuple[Bot, dict[str, str], list[str]], who: str
) -> None:
    bot, cookies, ids = shared
    async with visitor(bot, cookies[who]) as client:
        for path in READS:
            for report_id in ids:
                answer = await client.get(path.format(id=report_id, word="geheimnis"))
                assert b"geheimnis" not in answer.content, path
                assert b"secret.event" not in answer.content, path
                assert report_id.encode() not in answer.content, path
                assert TOKEN.encode() not in answer.content, path
                if "{id}" in path:
                    assert answer.status_code == 404, path
        for report_id in ids:
            for method, path in CHANGES[3:5]:
                answer = await client.request(method, path.format(id=report_id), json={})
                assert answer.status_code in (403, 404), path
        for target in (f"private:{OWNER}", "group:777"):
            muted = await client.post("/mute", json={"target": target, "seconds": 60})
            assert muted.status_code == 403
        tried = await client.post("/rules", json={"rules": "[]"})
        assert tried.status_code == 403
    for report_id in ids:
        assert len(await bot.state(report_id)) == 1


_TEXTS = st.text(max_size=30) | st.sampled_from(
    [OWNER, "geheimnis", "secret.event", "master", "self", "private:10001", "group:777", "0", "1"]
)


async def test_no_query_and_no_body_makes_it_tell_of_others_or_fail(
    shared: tuple[Bot, dict[str, str], list[str]],
) -> None:
    bot, cookies, ids = shared
    sent: list[tuple[str, str, dict[str, str], Any]] = []

    @settings(max_examples=30, database=None)
    @given(
        st.sampled_from(READS + [path for _, path in CHANGES[3:]]),
        st.sampled_from(["GET", "POST", "DELETE"]),
        st.dictionaries(
            st.sampled_from(["words", "event", "result", "source", "target", "before", "day"]),
            _TEXTS | st.sampled_from(ids),
        ),
        st.dictionaries(
            st.sampled_from(["target", "targets", "seconds", "rules"]),
            _TEXTS | st.integers() | st.lists(_TEXTS, max_size=3) | st.none(),
        ),
    )
    def draw(path: str, method: str, query: dict[str, str], body: Any) -> None:
        sent.append((path, method, query, body))

    draw()
    for path, method, query, body in sent:
        asked = path.partition("?")[0].format(id=ids[0])
        async with visitor(bot, cookies["friend"]) as client:
            answer = await client.request(
                method, asked, params=query, content=json.dumps(body), headers=JSON
            )
        assert answer.status_code < 500, (asked, query, body)
        assert b"geheimnis" not in answer.content, (asked, query, body)
        assert not any(one.encode() in answer.content for one in ids)
    for report_id in ids:
        assert len(await bot.state(report_id)) == 1


async def test_a_friend_sees_what_they_sent_and_what_they_were_sent(
    shared: tuple[Bot, dict[str, str], list[str]],
) -> None:
    bot, cookies, _ = shared
    both = await bot.push(title="给两个人的", event="secret.event", send_to=[OWNER, FRIEND])
    await bot.until_state(both["id"], "delivered")
    async with visitor(bot, cookies["friend"]) as client:
        (seen,) = [
            one
            for one in (await client.get("/reports")).json()["reports"]
            if one["id"] == both["id"]
        ]
        assert (seen["title"], seen["event"], seen["source"]) == ("给两个人的", "", "")
        assert [one["target"] for one in seen["deliveries"]] == [f"private:{FRIEND}"]
        again = await client.post(f"/reports/{both['id']}/resend", json={})
        assert again.json()["receipts"][0]["deliveries"] == [{"target": f"private:{FRIEND}"}]
        other = {"targets": [f"private:{OWNER}"]}
        refused = await client.post(f"/reports/{both['id']}/resend", json=other)
        assert refused.status_code == 403


async def test_a_friend_over_their_rate_is_told_so_and_when_to_resend_again(tmp_path: Path) -> None:
    rare = {"token": "geheimnis-r4re", "to": [f"private:{FRIEND}"], "rate": "2/1h"}
    async with running(tmp_path, settings={"report_tokens": {"rare": rare}}) as bot:
        async with bot.client(rare["token"]) as client:
            pushed = (await client.post("", json={"content": "再发一次的"})).json()
        cookie = cookie_of(await enter(bot, token=rare["token"]))
        async with visitor(bot, cookie) as client:
            again = await client.post(f"/reports/{pushed['id']}/resend", json={})
            assert again.status_code == 200, again.text
            refused = await client.post(f"/reports/{pushed['id']}/resend", json={})
            assert refused.status_code == 429
            assert "频率" in refused.json()["error"]
            assert "令牌太多" not in refused.json()["error"]
            assert 3000 < int(refused.headers["retry-after"]) <= 3601
