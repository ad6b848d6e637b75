"""What the routes answer, to good and to hostile requests, and what stands in the log."""

import asyncio
import json
from base64 import b64encode
from collections.abc import AsyncGenerator
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest
import pytest_asyncio
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Origin

from tests.bot import TOKEN, Bot, running, until
from tests.onebot import ScriptedV11

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bot(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Bot]:
    """One bot for all tests that need no settings of their own."""
    async with running(tmp_path_factory.mktemp("bot")) as started:
        yield started


@pytest_asyncio.fixture(loop_scope="module")
async def new_bot(tmp_path: Path) -> AsyncGenerator[Bot]:
    """A bot of which nobody asked anything: what it counts is the test's alone."""
    async with running(tmp_path) as started:
        yield started


@pytest_asyncio.fixture(loop_scope="module")
async def qq(bot: Bot) -> AsyncGenerator[ScriptedV11]:
    """Joined, after what other tests left to be delivered."""

    async def is_empty() -> bool:
        return (await bot.health())["waiting"] == 0

    async with ScriptedV11(url=bot.onebot_v11) as joined:
        await until(is_empty)
        joined.messages.clear()
        joined.refusals.clear()
        yield joined


JSON = {"Content-Type": "application/json"}
BAD_BODIES = {
    "empty": b"",
    "deeply nested": b'{"data": ' + b"[" * 200_000,
    "huge number": b'{"content": ' + b"9" * 100_000 + b"}",
    "huge float": b'{"content": "x", "data": 1e999}',
    "a list": b"[]",
    "an empty string": b'""',
    "null": b"null",
    "no word in it": b'{"content": {"a": null}, "event": [], "title": " "}',
    "wrong target": b'{"content": "x", "send_to": {"a": 1}}',
    "unknown channel": b'{"content": "x", "channel": "phone"}',
    "nothing to show": b'{"send_to": 1}',
}
FINE_BODIES = {
    "truncated": b'{"content": "x"',
    "no UTF-8": b'{"content": "\xff\xfe"}',
    "NaN": b'{"content": "x", "data": NaN}',
    "lone surrogate": b'{"content": "a\\ud800b"}',
    "NUL": b'{"content": "a\\u0000b"}',
    "ANSI and CR/LF": b'{"content": "a\\u001b[31m\\r\\nb"}',
    "byte-order mark": b'\xef\xbb\xbf{"content": "x"}',
    "unknown fields": b'{"content": "x", "whatever": [1, {"a": null}]}',
    "numbers as text": b'{"title": 1, "content": 2.5}',
    "deeply nested and closed": b'{"content":"x","data":' + b"[" * 500 + b"]" * 500 + b"}",
    "a string alone": b'"x"',
    "a list": b'["x", {"title": "y"}]',
    "other types": b'{"content": {"a": 1}, "event": [], "result": true}',
    "big integers": b'{"content": 123456789012345678901234567890}',
}


async def send(bot: Bot, body: bytes, **headers: str) -> httpx2.Response:
    async with bot.client() as client:
        return await client.post("", content=body, headers={**JSON, **headers})


async def test_bad_bodies_get_a_reason_and_the_next_good_push_arrives(
    bot: Bot, qq: ScriptedV11
) -> None:
    for name, body in BAD_BODIES.items():
        answer = await send(bot, body)
        assert answer.status_code == 422, (name, answer.text)
        reason = answer.json()["error"]
        assert "：" in reason, "names the field"
        assert len(reason) < 100, name
    for name, body in FINE_BODIES.items():
        assert (await send(bot, body)).status_code == 200, name
    await bot.push(content="good")
    received = await qq.wait_for(len(FINE_BODIES) + 1)
    assert len(qq.refusals) == 1, "the owner is told of the first"
    assert [one.text for one in received[-2:]] == ["123456789012345678901234567890", "good"]
    assert "Traceback" not in bot.log


async def test_a_body_that_is_too_large_is_cut_off(bot: Bot) -> None:
    async def chunks() -> AsyncGenerator[bytes]:
        for _ in range(40):
            yield b"x" * (1 << 20)

    announced = await send(bot, b"x" * (40 << 20))
    assert announced.status_code == 413
    async with bot.client() as client:
        streamed = await client.post("", content=chunks(), headers=JSON)
    assert streamed.status_code == 413
    assert bot.process is not None
    status = Path(f"/proc/{bot.process.pid}/status")
    if status.exists():
        peak = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        assert int(peak.split()[1]) < 200 * 1024, "kilobytes: nothing of it was kept"
    await bot.push(content="good")


MEDIA_TYPES: list[tuple[dict[str, str], int]] = [
    ({"Content-Type": "multipart/form-data; boundary=x"}, 422),
    ({"Content-Type": "multipart/mixed; boundary=x"}, 415),
    ({"Content-Type": "image/png"}, 200),
    ({"Content-Type": "audio/ogg"}, 415),
    ({"Content-Encoding": "gzip"}, 422),
    ({"Content-Encoding": "br"}, 415),
    ({"Content-Type": "application/vnd.x+json; charset=utf-8"}, 200),
    ({"Content-Type": "text/plain; charset=gbk"}, 200),
    ({"Content-Type": ";;;"}, 200),
]


async def test_media_types(bot: Bot) -> None:
    for headers, status in MEDIA_TYPES:
        answer = await send(bot, b'{"content": "x"}', **headers)
        assert answer.status_code == status, headers


FORM = "application/x-www-form-urlencoded"
SENT = {
    "JSON without a type": (b'{"content": "a"}', {}, "", "a"),
    "JSON that curl calls a form": (b'{"content": "b"}', {"Content-Type": FORM}, "", "b"),
    "a form": ("title=备份&content=c+%2B".encode(), {"Content-Type": FORM}, "", "备份\nc +"),
    "text that curl calls a form": (b"d=1", {"Content-Type": FORM}, "", "d=1"),
    "a title in the query": (b"e", {"Content-Type": "text/plain"}, "title=%E6%A0%87", "标\ne"),
    "the body wins": (b'{"title": "f"}', JSON, "title=g&content=h", "f\nh"),
    "nothing but the query": (b"", {}, "event=domain.end&result=0", "✅ 自动秘境结束"),
    "a header as it is": (b"i", {"Title": "备份"}, "", "备份\ni"),
    "a header as RFC 2047 has it": (b"j", {"Title": "=?UTF-8?B?5aSH5Lu9?="}, "", "备份\nj"),
    "the query before a header": (b"k", {"Title": "l"}, "title=m", "m\nk"),
    "a broken header": (b"n", {"Title": "=?UTF-8?B?a?= o"}, "", "=?UTF-8?B?a?= o\nn"),
}


async def test_what_people_send_by_hand_is_understood(bot: Bot, qq: ScriptedV11) -> None:
    async with bot.client() as client:
        for name, (body, headers, query, _) in SENT.items():
            raw = {key: value.encode() for key, value in headers.items()}
            answer = await client.post(f"{bot.url}?{query}", content=body, headers=raw)
            assert answer.status_code == 200, (name, answer.text)
    received = await qq.wait_for(len(SENT))
    assert [one.text for one in received] == [text for *_, text in SENT.values()]


async def test_a_body_that_is_neither_text_nor_picture_is_refused(bot: Bot) -> None:
    broken = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"
    async with bot.client() as client:
        for kind in ("", "application/octet-stream", FORM, "text/plain"):
            answer = await client.post("", content=broken, headers={"Content-Type": kind})
            assert answer.status_code == 415, kind
            assert "screenshot" in answer.json()["error"], kind
        answer = await client.post("", files={"file": broken})
        assert answer.status_code == 422
        assert "没有可以发送的内容" in answer.json()["error"]


async def test_the_token_may_stand_in_a_body_that_names_it(bot: Bot) -> None:
    async with bot.client(None) as client:

        async def status(body: str, kind: str) -> int:
            content = body.encode()
            return (
                await client.post("", content=content, headers={"Content-Type": kind})
            ).status_code

        assert await status(f"content=x&token={TOKEN}", FORM) == 200
        assert await status(f'{{"content": "x", "token": "{TOKEN}"}}', "") == 200
        assert await status("content=x&token=wrong", FORM) == 403
        assert await status("content=x", FORM) == 403
        assert await status(f"the token is {TOKEN}", "") == 403
        assert await status(f"x&token={TOKEN}", FORM) == 403, "that is text"


async def test_the_token_may_stand_in_the_usual_places(bot: Bot) -> None:
    async with bot.client(None) as client:

        async def status(**request: Any) -> int:
            return (await client.post("", **{"json": {"content": "x"}, **request})).status_code

        assert await status(params={"token": TOKEN}) == 200
        assert await status(headers={"Authorization": f"Bearer {TOKEN}"}) == 200
        assert await status(json={"content": "x", "token": TOKEN}) == 200
        assert await status() == 403
        assert await status(params={"token": TOKEN + "x"}) == 403
        assert await status(headers={"Authorization": f"Basic {TOKEN}"}) == 200
        assert await status(headers={"Authorization": TOKEN}) == 200
        assert await status(params={"token": f" {TOKEN}\r\n"}) == 200
        assert await status(json={"content": "x", "token": f"{TOKEN}\n"}) == 200
        proxy = {"Authorization": "Basic " + b64encode(b"user:password").decode()}
        assert await status(headers=proxy) == 403
        assert await status(headers=proxy, json={"content": "x", "token": TOKEN}) == 200
        assert await status(params={"token": "bad"}, json={"content": "x", "token": TOKEN}) == 403
        assert await status(json={"content": "x", "token": [TOKEN]}) == 403


async def test_a_bad_token_outside_the_body_is_refused_before_the_body_is_read(bot: Bot) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", bot.port)
    writer.write(
        b"POST /report?token=bad HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        b"Content-Length: 100000000\r\n\r\n"
    )
    answer = await asyncio.wait_for(reader.readline(), 20)
    assert b" 403 " in answer
    writer.close()


async def test_wrong_tokens_are_slowed_and_right_ones_still_pass(new_bot: Bot) -> None:
    async with new_bot.client(None) as client:
        statuses = [
            (await client.post("", params={"token": "bad"}, json={})).status_code for _ in range(12)
        ]
        assert statuses[0] == 403
        assert statuses[-1] == 429
        slowed = await client.post("", params={"token": "bad"}, json={})
        assert int(slowed.headers["Retry-After"]) > 0
    await new_bot.push(content="x")


async def test_the_token_is_in_no_log_line(bot: Bot) -> None:
    await bot.push(content="x")
    async with bot.client(None) as client:
        await client.post("/?a=1&token=" + TOKEN, json={"content": "x"})
        await client.get("/health", params={"token": TOKEN})
        await client.post("", params={"Token": TOKEN}, json={"content": "x"})
    async with connect(f"ws://127.0.0.1:{bot.port}/report/ws?token={TOKEN}", proxy=None):
        pass
    written = bot.log
    assert "token=***" in written
    # NoneBot itself prints all settings at the level DEBUG, before any plugin is loaded.
    lines = [line for line in written.splitlines() if "Loaded Config" not in line]
    assert not [line for line in lines if TOKEN in line]


async def test_the_log_says_why_a_push_was_refused_and_is_not_filled_by_it(new_bot: Bot) -> None:
    secret = "wr0ng-token-and-payload"

    def lines(reason: str) -> list[str]:
        found = [line for line in new_bot.log.splitlines() if "没有收下" in line and reason in line]
        assert not [line for line in found if secret in line]
        return found

    async with new_bot.client(None) as client:
        await client.post("", json={"content": "x"})
        assert len(lines("没有令牌")) == 1
        await client.post("", params={"token": secret}, json={"content": secret})
        assert len(lines("令牌不正确")) == 1
        query = {"token": TOKEN}
        await client.post("", params=query, json={"content": secret, "send_to": {}})
        assert len(lines("send_to")) == 1
        async with connect(
            f"ws://127.0.0.1:{new_bot.port}/report/ws?token={TOKEN}", proxy=None
        ) as ws:
            await ws.send(json.dumps({"content": secret, "send_to_group": {}}))
            await ws.recv()
        assert len(lines("send_to_group")) == 1
        for _ in range(30):
            await client.post("", params=query, json={})
    assert 1 <= len(lines("")) <= 5, "one address does not fill it"
    assert "127.0.0.1" in lines("")[0]


async def test_a_websocket_with_a_wrong_token_is_refused(bot: Bot) -> None:
    with pytest.raises(InvalidStatus) as refused:
        await connect(f"ws://127.0.0.1:{bot.port}/report/ws?token=bad", proxy=None)
    assert refused.value.response.status_code == 403


async def test_state_and_health_need_the_token(new_bot: Bot) -> None:
    answer = await new_bot.push(content="x")
    async with new_bot.client(None) as client:
        assert (await client.get(f"/{answer['id']}")).status_code == 403
        health = await client.get("/health")
        assert (health.status_code, health.json()) == (200, {"status": "ok"})
    async with new_bot.client() as client:
        assert (await client.get("/unknown")).status_code == 404
    health = await new_bot.health()
    assert health["waiting"] == 1
    assert health["oldest_waiting_at"] > 0


async def test_without_a_token_only_json_and_no_web_page(tmp_path: Path) -> None:
    async with running(tmp_path, settings={"report_token": ""}) as bot:
        async with bot.client(None) as client:

            async def status(body: object = None, **headers: str) -> int:
                content = json.dumps(body or {"content": "x"})
                answer = await client.post("", content=content, headers={**JSON, **headers})
                return answer.status_code

            assert await status() == 200
            for kind in ("text/plain", "", FORM):
                assert await status(**{"Content-Type": kind}) == 415, "a web page could send it"
            assert await status(Origin="https://evil.example") == 403
            assert await status(Origin="null") == 403
            assert await status(**{"Sec-Fetch-Site": "cross-site"}) == 403
            assert await status(Origin="http://evil.example", Host="evil.example") == 403
            assert await status(Origin=f"http://127.0.0.1:{bot.port}") == 200
        with pytest.raises(InvalidStatus):
            await connect(
                f"ws://127.0.0.1:{bot.port}/report/ws",
                proxy=None,
                origin=Origin("https://evil.example"),
            )
        assert "REPORT_TOKEN" in bot.log


async def test_the_route_shows_in_openapi_with_examples_and_other_routes_live(
    tmp_path: Path,
) -> None:
    extra = """
app = nonebot.get_app()
@app.get("/other")
async def other(): return {"other": True}
@app.get("/report-not-ours")
async def near(): return {"near": True}
"""
    settings = {"fastapi_openapi_url": "/openapi.json", "report_route": "/in/report"}
    async with running(tmp_path, settings=settings, extra=extra) as bot:
        async with httpx2.AsyncClient(trust_env=False) as client:
            base = f"http://127.0.0.1:{bot.port}"
            assert (await client.get(f"{base}/other")).json() == {"other": True}
            assert (await client.get(f"{base}/report-not-ours")).json() == {"near": True}
            document = (await client.get(f"{base}/openapi.json")).json()
            paths = document["paths"]
            pushed = await client.post(f"{base}/in/report?token={TOKEN}", json={"content": "x"})
        assert pushed.status_code == 200
        content = paths["/in/report"]["post"]["requestBody"]["content"]
        assert "bettergi" in content["application/json"]["examples"]
        assert "/in/report/{report_id}" in paths
        ours = sorted(path for path in paths if path.startswith("/in/"))
        names = [
            "", "/bark/push", "/beat/{name}", "/gotify/message", "/health", "/notify", "/ntfy",
            "/onebot/{action}", "/push", "/qmsg/{action}/{key}",
            "/telegram/bot{token}/{method}", "/webapi/entry.cgi", "/{report_id}",
        ]  # fmt: skip
        assert ours == [f"/in/report{name}" for name in names]
        schemes = document["components"]["securitySchemes"].values()
        assert {one["type"] for one in schemes} == {"apiKey", "http"}, "Try it out asks for it"
        for path in ("/in/report/health", "/in/report/{report_id}"):
            assert len(paths[path]["get"]["security"]) == 2


async def test_what_is_below_our_route_and_no_address_of_ours_says_so_in_chinese(bot: Bot) -> None:
    async with bot.client() as client:
        for method, path, status, allowed in (
            ("GET", "", 405, "POST, PUT"),
            ("PATCH", "/", 405, "POST, PUT"),
            ("POST", "/health", 405, "GET"),
            ("DELETE", "/health/", 405, "GET"),
            ("GET", "/a/b", 404, None),
            ("PATCH", "/a/b/", 404, None),
        ):
            content = b"x" * (4 << 20) if method == "POST" else b""
            answer = await client.request(method, path, content=content)
            assert (answer.status_code, answer.headers.get("Allow")) == (status, allowed), path
            assert "POST /report；" in answer.json()["error"], path
        assert (await client.get("/health/")).status_code == 200, "no redirect"
        pushed = (await client.post("/", json={"content": "x"})).json()["id"]
        assert (await client.get(f"/{pushed}/")).json()["id"] == pushed


async def test_times_are_told_to_people_too(bot: Bot) -> None:
    pushed = await bot.push(content="x")
    async with bot.client() as client:
        state = (await client.get(f"/{pushed['id']}")).json()
    told = datetime.fromisoformat(state["received_at_iso"])
    assert told.timestamp() == int(state["received_at"])
    assert told.utcoffset() is not None
    assert state["deliveries"][0]["finished_at_iso"] is None
    health = await bot.health()
    waiting = datetime.fromisoformat(health["oldest_waiting_at_iso"])
    assert waiting.timestamp() == int(health["oldest_waiting_at"])


async def test_health_with_a_wrong_token_is_refused(bot: Bot) -> None:
    async with bot.client(None) as client:
        beside = {"Authorization": "Bearer bad"}
        for answer in (
            await client.get("/health?token=bad"),
            await client.get("/health", headers=beside),
        ):
            assert answer.status_code == 403
            assert "令牌不正确" in answer.json()["error"]
