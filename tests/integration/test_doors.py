"""A fuzzer against every door that the bot has, taken from its own table of routes: no request
makes it fail, and the next push works."""

import json
import re
from pathlib import Path
from urllib.parse import quote

import httpx2
import websockets.sync.client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from websockets.exceptions import ConnectionClosed

from nonebot_plugin_report.web.page import routes as page_routes
from tests.bot import TOKEN, Bot, running
from tests.dialects import jpeg

EXAMPLES = 160
MAX_QUERY = 60_000
"""Characters; the client takes no longer ones."""
TABLE = """
@nonebot.get_driver().on_startup
def write_table():
    import json
    routes = [one.path for one in nonebot.get_app().routes]
    with open("routes.json", "w") as file:
        json.dump([path for path in routes if path.startswith(("/report", "/api"))], file)
"""
SETTINGS = {
    "log_level": "INFO",
    "report_watches": [{"beat": "pc", "within": "1h", "to": "private:10001"}],
    "report_sources": {
        "own": {"title": "a[?b=='c'].b | [0] || title", "content": "content", "data": "@",
                "story": "title", "screenshot": "screenshot"}
    },
}  # fmt: skip
METHODS = st.sampled_from(
    ["POST", "POST", "POST", "PUT", "GET", "DELETE", "HEAD", "OPTIONS", "PATCH", "X"]
)
CHARSETS = st.sampled_from(
    ["", "utf-8", "utf-16", "utf-16le", "utf-32", "gbk", "big5", "shift_jis", "euc-kr", "latin-1",
     "idna", "punycode", "undefined", "\xff", "x" * 200]
)  # fmt: skip
TYPES = st.sampled_from(
    ["application/json", "text/plain", "application/x-www-form-urlencoded", "", "a/b", "image/png",
     "multipart/form-data; boundary=B", "multipart/form-data", "application/xml", "audio/x",
     "application/cloudevents+json"]
)  # fmt: skip
ENCODINGS = st.sampled_from(["", "", "", "identity", "gzip", "deflate", "br", "\xff"])
NAMES = st.sampled_from(
    ["token", "title", "content", "message", "messages", "event", "result", "timestamp", "data",
     "screenshot", "send_from", "send_to", "send_to_group", "channel", "id", "to", "payload",
     "echo", "user_id", "group_id", "message_type", "message_id", "topic", "tags", "priority",
     "source", "status", "msg", "name", "key", "day", "after", "q", "text", "alerts", "body"]
)  # fmt: skip
RUBBISH = st.sampled_from(
    ["\\ud800", "\\u0000", "0", "-1", "1e999", "9" * 400, "9999-12-31T23:59:59Z", "你",
     "\\u001b[1m", "own", "grafana", "@", '[{"type":', "base64://AA==", "send_msg", "10001"]
)  # fmt: skip


def nested(depth: int) -> str:
    return "[" * depth + "]" * depth


VALUES = st.recursive(
    RUBBISH.map('"{}"'.format)
    | st.sampled_from(["null", "true", "0", "-1", "1e400", "NaN", "10001", "9" * 400])
    | st.sampled_from([60, 500, 990, 5000]).map(nested)
    | st.text(max_size=8).map(json.dumps),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda items: f"[{','.join(items)}]")
        | st.lists(st.tuples(NAMES, inner), max_size=3).map(
            lambda items: "{" + ",".join(f'"{name}":{value}' for name, value in items) + "}"
        )
    ),
    max_leaves=6,
)
FIELDS = st.lists(st.tuples(NAMES, VALUES), min_size=1, max_size=6)
OBJECTS = FIELDS.map(
    lambda fields: "{" + ",".join(f'"{name}":{value}' for name, value in fields) + "}"
)
FORMS = st.lists(st.tuples(NAMES, RUBBISH | VALUES), max_size=6).map(
    lambda fields: "&".join(f"{name}={quote(value)}" for name, value in fields)
)
BODIES = (
    OBJECTS.map(str.encode)
    | OBJECTS.map(
        lambda text: text.replace('","', '" " ","').encode()
    )  # quotes that are not escaped
    | OBJECTS.map(lambda text: text.encode("utf-16"))
    | FORMS.map(str.encode)
    | st.binary(max_size=300)
    | st.sampled_from(
        [
            b'--B\r\nContent-Disposition: form-data; name="%s"\r\n\r\n\xff%%\r\n--B--\r\n' % name
            for name in (b"screenshot", b"content", b"\xed\xa0\x80")
        ]
    )
    | st.sampled_from([b"%" * 5000, b'"' * 5000, b"\x1f\x8b\x08" + b"\0" * 50, b"&" * 500, b""])
)
PARTS = st.text(max_size=6) | RUBBISH
HEADERS = st.dictionaries(
    st.sampled_from(
        ["Title", "Message", "Tags", "X-Priority", "Idempotency-Key", "X-Hub-Signature-256",
         "Accept", "X-GitHub-Event", "Cookie", "Range", "X-Forwarded-For", "User-Agent", "Origin"]
    ),
    st.sampled_from(["=?utf-8?q?=ED=A0=80?=", "=?x?b?////?=", "\xff" * 9, "bytes=0-", "text/html",
                     "sha256=0"]),
    max_size=3,
)  # fmt: skip


async def test_no_request_at_any_door_makes_the_bot_fail(tmp_path: Path) -> None:
    async with running(tmp_path, settings=SETTINGS, extra=TABLE, patience=120) as bot:
        doors = sorted({*json.loads((tmp_path / "routes.json").read_text()), *page_doors()})
        assert len(doors) > 40, "the table was written"
        fuzz_doors(bot, [one for one in doors if not one.rstrip("/").endswith("/ws")])
        fuzz_websocket(bot)
        await bot.push(content="works")
        assert "Traceback" not in bot.log
        assert "出错：" not in bot.log


ONCE_FAILED = {
    "UTF-8 that is called UTF-16": ("", "text/plain; charset=utf-16", "备份完成".encode()),
    "lists in lists behind a broken quote": (
        "", "application/json", f'{{"content": "a "b"", "data": {nested(900)}}}'.encode(),
    ),
    "half a character in an echo": (
        "/onebot/send_private_msg", "application/json",
        rb'{"user_id": 10001, "message": "x", "echo": "\ud800"}',
    ),
    "half a character in a story": (
        "?source=own", "application/json", rb'{"title": "\ud800", "content": "x"}',
    ),
    "a picture in what data takes whole": (
        "?source=own", "multipart/form-data; boundary=B",
        b'--B\r\nContent-Disposition: form-data; name="title"\r\n\r\nx\r\n--B\r\n'
        b'Content-Disposition: form-data; name="screenshot"; filename="a.jpg"\r\n\r\n'
        + jpeg() + b"\r\n--B--\r\n",
    ),
}  # fmt: skip


async def test_what_once_failed_is_taken(tmp_path: Path) -> None:
    async with running(tmp_path, settings=SETTINGS) as bot, bot.client() as client:
        for name, (path, kind, body) in ONCE_FAILED.items():
            url = f"{bot.url}{path}"
            answer = await client.post(url, content=body, headers={"Content-Type": kind})
            assert answer.status_code == 200, name


def page_doors() -> set[str]:
    """What is below the page's own address; its router is made with the first visit."""
    source = Path(page_routes.__file__).read_text(encoding="utf-8")
    names: list[str] = re.findall(r'\("[A-Z]+", "([^"]+)"\)', source)
    assert len(names) > 10
    return {f"/report/page/{name}" for name in (*names, "session", "static/{name}")}


def fuzz_doors(bot: Bot, doors: list[str]) -> None:
    base = f"http://127.0.0.1:{bot.port}"
    with httpx2.Client(trust_env=False, timeout=30, base_url=base) as client:
        entered = client.post(
            "/report/page/session", json={"token": TOKEN}, headers={"Origin": base}
        )
        assert entered.status_code == 200, entered.text

        @settings(
            max_examples=EXAMPLES, deadline=None, database=None,
            suppress_health_check=[HealthCheck.too_slow],
        )  # fmt: skip
        @given(
            st.sampled_from(doors),
            METHODS,
            TYPES,
            CHARSETS,
            ENCODINGS,
            BODIES,
            HEADERS,
            FORMS,
            PARTS,
        )
        def fuzz(
            door: str, method: str, kind: str, charset: str, encoding: str, body: bytes,
            headers: dict[str, str], query: str, part: str,
        ) -> None:  # fmt: skip
            path = re.sub(
                r"\{[^}]*\}",
                lambda _: quote(part.encode("utf-8", "replace"), safe="")[:200] or "x",
                door,
            )
            written = {"Authorization": f"Bearer {TOKEN}", "Origin": base, **headers}
            if kind or charset:
                written["Content-Type"] = f"{kind}; charset={charset}" if charset else kind
            if encoding:
                written["Content-Encoding"] = encoding
            request = client.build_request(
                method, f"{path}?{query[:MAX_QUERY]}", content=body,
                headers=[(name.encode(), text.encode("latin-1")) for name, text in written.items()],
            )  # fmt: skip
            answer = client.send(request, stream=True)
            try:
                check(answer)
            finally:
                answer.close()

        fuzz()


def check(answer: httpx2.Response) -> None:
    if answer.status_code >= 500:
        answer.read()
        assert answer.status_code == 503, answer.text
        said = answer.json()
        reason = str(said.get("error") or said.get("message") or said.get("msg"))
        assert len(reason) > 4
        assert "处理时出错" not in reason, "the net caught something"


def fuzz_websocket(bot: Bot) -> None:
    url = f"ws://127.0.0.1:{bot.port}/report/ws?token={TOKEN}"

    @settings(max_examples=EXAMPLES // 4, deadline=None, database=None)
    @given(st.lists(BODIES | OBJECTS, min_size=1, max_size=3))
    def fuzz(messages: list[bytes | str]) -> None:
        with websockets.sync.client.connect(url, compression=None, proxy=None) as client:
            try:
                for message in messages:
                    client.send(message)
                    assert json.loads(client.recv(30))["status"] in (
                        "accepted",
                        "duplicate",
                        "dropped",
                        "error",
                    )
            except ConnectionClosed as closed:
                assert closed.rcvd is not None
                assert closed.rcvd.code != 1011

    fuzz()
