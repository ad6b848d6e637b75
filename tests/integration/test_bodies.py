"""Every kind of body, as the clients that people have really send it."""

import asyncio
import gzip
import io
import json
import shutil
import zlib
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import apprise
import httpx2
import pytest
import pytest_asyncio
import requests  # noqa: TID251 - as March7thAssistant calls it
from apprise import NotifyType

from tests.bot import TOKEN, Bot, running
from tests.dialects import jpeg
from tests.onebot import Received, ScriptedV11

pytestmark = pytest.mark.asyncio(loop_scope="module")

SHOT, OTHER = jpeg(color="navy"), jpeg(color="red")
JSON = {"Content-Type": "application/json"}


class Phone:
    """A bot, the QQ that it is joined to, and what has arrived there so far."""

    def __init__(self, bot: Bot, qq: ScriptedV11) -> None:
        self.bot = bot
        self.qq = qq
        self.url = f"{bot.url}?token={TOKEN}"

    async def next(self) -> Received:
        """The next message."""
        (message,) = await self.qq.wait_for(1)
        self.qq.messages.clear()
        return message

    async def curl(self, *arguments: str, path: str = "", query: str = "") -> Received:
        """What arrives of a push by curl."""
        url = f"{self.bot.url}{path}?token={TOKEN}{query}"
        status = await run_curl(*arguments, url)
        assert status == 200, (arguments, status)
        return await self.next()

    async def send(self, content: bytes, query: str = "", **headers: str) -> Received:
        """What arrives of a body."""
        raw = {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.bot.client(None) as client:
            answer = await client.post(f"{self.url}{query}", content=content, headers=raw)
        assert answer.status_code == 200, answer.text
        return await self.next()

    async def refusal(self, content: bytes, query: str = "", **headers: str) -> tuple[int, str]:
        """Status and reason of a body that is refused."""
        raw = {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.bot.client(None) as client:
            answer = await client.post(f"{self.url}{query}", content=content, headers=raw)
        return answer.status_code, answer.json().get("error", "")


async def run_curl(*arguments: str) -> int:
    """The status that curl got."""
    if shutil.which("curl") is None:
        pytest.skip("needs curl")
    process = await asyncio.create_subprocess_exec(
        "curl", "--silent", "--noproxy", "*", "-o", "/dev/null", "-w", "%{http_code}", *arguments,
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, _ = await process.communicate()
    return int(out)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def phone(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Phone]:
    folder = tmp_path_factory.mktemp("bodies")
    async with running(folder) as bot, ScriptedV11(url=bot.onebot_v11) as qq:
        yield Phone(bot, qq)
        assert "Traceback" not in bot.log


@pytest.fixture
def shot(tmp_path: Path) -> str:
    file = tmp_path / "截图.jpg"
    file.write_bytes(SHOT)
    return str(file)


# ── multipart ─────────────────────────────────────────────────────────────────────────────────────


async def test_curls_form_with_pictures(phone: Phone, shot: str, tmp_path: Path) -> None:
    (tmp_path / "other.jpg").write_bytes(OTHER)
    message = await phone.curl(
        "-F", "title=备份", "-F", "content=完成", "-F", f"image=@{shot}",
        "-F", f"image=@{tmp_path / 'other.jpg'}",
    )  # fmt: skip
    assert (message.text, message.images) == ("备份\n完成", [SHOT, OTHER])


async def test_curls_form_with_the_token_in_it(phone: Phone, shot: str) -> None:
    form = ["-F", f"token={TOKEN}", "-F", "content=x", "-F", f"file=@{shot}", phone.bot.url]
    assert await run_curl(*form) == 200
    assert (await phone.next()).images == [SHOT]
    assert await run_curl("-F", "token=wrong", *form[2:]) == 403
    assert await run_curl(*form[2:]) == 403


async def test_a_large_picture_may_come_before_its_token(phone: Phone, tmp_path: Path) -> None:
    (tmp_path / "large.png").write_bytes(bytes(200_000))
    file, token = f"image=@{tmp_path / 'large.png'}", f"token={TOKEN}"
    assert await run_curl("-F", file, "-F", "token=wrong", phone.bot.url) == 403
    for parts in (("-F", file, "-F", token), ("-F", token, "-F", file)):
        assert await run_curl(*parts, phone.bot.url) == 200
        assert "截图" in (await phone.next()).text


async def test_march7th_assistants_webhook(phone: Phone) -> None:
    """module/notification/webhook.py of moesnow/March7thAssistant, line for line."""
    image_io = io.BytesIO(SHOT)
    data = {"title": "三月七小助手", "content": '每日任务 "完成"\n体力 240/240'}
    files = {"image": ("image.png", image_io.getvalue(), "image/png")}
    answer = await asyncio.to_thread(requests.post, phone.url, data=data, files=files)
    answer.raise_for_status()
    message = await phone.next()
    assert message.text == '三月七小助手\n每日任务 "完成"\n体力 240/240'
    assert message.images == [SHOT]


async def test_uptime_kumas_form_has_json_in_a_field(phone: Phone) -> None:
    """server/notification-providers/webhook.js of louislam/uptime-kuma, "form-data"."""
    body = json.dumps({"heartbeat": None, "monitor": None, "msg": "My Service: [🔴 Down] timeout"})
    answer = await asyncio.to_thread(requests.post, phone.url, files={"data": (None, body)})
    answer.raise_for_status()
    assert (await phone.next()).text.endswith("My Service: [🔴 Down] timeout")


async def test_a_file_that_is_no_picture_never_costs_the_text(phone: Phone, tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(b"PK\3\4\0\0\0")
    (tmp_path / "log.txt").write_text("第一行\n第二行", encoding="utf-8")
    zipped, log = f"file=@{tmp_path / 'a.zip'}", f"file=@{tmp_path / 'log.txt'}"
    told = (await phone.curl("-F", "content=完成", "-F", zipped)).text
    assert told == "完成\n[文件 a.zip 不是图片，没有保留]"
    assert (await phone.curl("-F", log)).text == "第一行\n第二行"
    told = (await phone.curl("-F", "content=完成", "-F", log)).text
    assert told == "完成\n[文本文件没有保留：请求里已经有正文]"


BROKEN = {
    "no boundary": ("multipart/form-data", b"--B\r\n", "boundary"),
    "a wrong one": ("multipart/form-data; boundary=C", b"--B\r\n\r\nx\r\n--B--", "boundary"),
    "no end": (
        "multipart/form-data; boundary=B",
        b'--B\r\nContent-Disposition: form-data; name="content"\r\n\r\nx',
        "没有结尾",
    ),
    "nothing": ("multipart/form-data; boundary=B", b"", "boundary"),
    "a thousand parts": (
        "multipart/form-data; boundary=B",
        b'--B\r\nContent-Disposition: form-data; name="a"\r\n\r\nx\r\n' * 1000 + b"--B--\r\n",
        "最多 100 段",
    ),
    "a long name": (
        "multipart/form-data; boundary=B",
        b'--B\r\nContent-Disposition: form-data; name="' + b"a" * 2**20 + b'"\r\n\r\nx\r\n--B--',
        "太长",
    ),
}


@pytest.mark.parametrize("kind", BROKEN)
async def test_a_broken_form_is_refused_with_the_reason(phone: Phone, kind: str) -> None:
    content_type, body, reason = BROKEN[kind]
    status, error = await phone.refusal(body, Content_Type=content_type)
    assert status == 422
    assert reason in error


APPRISE = {
    "json": ("json://{host}/report?-token={token}", NotifyType.FAILURE, "❌ 备份\n磁盘 <满> & 慢"),
    "json, renamed": (
        "json://{host}/report?-token={token}&:message=content&:version=&:type=result&:event=backup",
        NotifyType.WARNING, "⚠️ 备份\n磁盘 <满> & 慢\nevent：backup",
    ),
    "xml": ("xml://{host}/report?-token={token}", NotifyType.FAILURE, "❌ 备份\n磁盘 <满> & 慢"),
    "xml, renamed": (
        "xml://{host}/report?-token={token}&:Message=content&:result=ok&:event=backup",
        NotifyType.INFO, "✅ 备份\n磁盘 <满> & 慢\ntype：info\nevent：backup",
    ),
    "form": ("form://{host}/report?-token={token}", NotifyType.SUCCESS, "✅ 备份\n磁盘 <满> & 慢"),
    "form, by GET": (
        "form://{host}/report/push?-token={token}&method=GET", NotifyType.INFO,
        "备份\n磁盘 <满> & 慢",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", APPRISE)
async def test_apprises_custom_notifications_as_it_writes_them(phone: Phone, name: str) -> None:
    url, kind, words = APPRISE[name]
    pusher = apprise.Apprise()
    assert pusher.add(url.format(host=f"127.0.0.1:{phone.bot.port}", token=TOKEN))
    assert await asyncio.to_thread(
        pusher.notify, title="备份", body="磁盘 <满> & 慢", notify_type=kind
    )
    assert (await phone.next()).text == words


@pytest.mark.parametrize(
    ("scheme", "note"),
    [
        ("json", "[文件 log.txt]"),
        ("xml", "[文件 log.txt]"),
        ("form", "[文本文件没有保留：请求里已经有正文]"),
    ],
)  # fmt: skip
async def test_apprises_attachments_are_shown(
    phone: Phone, shot: str, tmp_path: Path, scheme: str, note: str
) -> None:
    (tmp_path / "other.jpg").write_bytes(OTHER)
    (tmp_path / "log.txt").write_text("第一行", encoding="utf-8")
    attached = apprise.AppriseAttachment()
    for path in (shot, str(tmp_path / "log.txt"), str(tmp_path / "other.jpg")):
        assert attached.add(path)
    pusher = apprise.Apprise()
    pusher.add(f"{scheme}://127.0.0.1:{phone.bot.port}/report?-token={TOKEN}")
    assert await asyncio.to_thread(pusher.notify, body="完成", attach=attached)
    message = await phone.next()
    assert (message.text, message.images) == (f"完成\n{note}", [SHOT, OTHER])


# ── a picture as the body ─────────────────────────────────────────────────────────────────────────


async def test_curl_uploads_a_picture_with_words_beside_it(phone: Phone, shot: str) -> None:
    for message in (
        await phone.curl("-T", shot, query="&content=%E5%AE%8C%E6%88%90"),
        await phone.curl("--data-binary", f"@{shot}", "-H", "Message: 完成"),
        await phone.curl(
            "--data-binary", f"@{shot}", "-H", "Content-Type: image/png", "-H", "Message: 完成"
        ),
    ):
        assert (message.text, message.images) == ("完成", [SHOT])


async def test_a_picture_needs_no_words_and_one_that_is_none_is_told(phone: Phone) -> None:
    message = await phone.send(SHOT, Content_Type="application/octet-stream")
    assert message.images == [SHOT]
    message = await phone.send(b"<svg/>", "&title=x", Content_Type="image/svg+xml")
    assert message.text.splitlines()[0] == "x"
    assert "不是图片" in message.text
    status, error = await phone.refusal(b"\0\1\2", Content_Type="video/mp4")
    assert (status, "图片" in error) == (415, True)


async def test_a_picture_without_a_token_beside_it_is_not_read(phone: Phone, shot: str) -> None:
    for kind in ("image/jpeg", "application/octet-stream"):
        arguments = ("--data-binary", f"@{shot}", "-H", f"Content-Type: {kind}", phone.bot.url)
        assert await run_curl(*arguments) == 403


# ── nothing but a URL ─────────────────────────────────────────────────────────────────────────────


async def test_a_tool_that_can_only_get_pushes_too(phone: Phone) -> None:
    query = "&title=%E5%A4%87%E4%BB%BD&content=a%2Bb+c&result=0&event=x"
    assert (await phone.curl(path="/push", query=query)).text == "✅ 备份\na+b c"
    assert (await phone.curl(path="/push/", query="&msg=%B1%B8%B7%DD")).text == "备份", "in GBK"
    bearer = ["-H", f"Authorization: Bearer {TOKEN}"]
    assert await run_curl(*bearer, f"{phone.bot.url}/push?text=hello") == 200
    assert (await phone.next()).text == "hello"


async def test_what_is_no_push_by_get_does_not_push(phone: Phone) -> None:
    url = f"{phone.bot.url}/push?content=x"
    with_token = f"{url}&token={TOKEN}"
    assert await run_curl(url) == 403
    assert await run_curl(f"{url}&token=wrong") == 403
    assert await run_curl("--head", with_token) == 405
    assert await run_curl("-X", "OPTIONS", with_token) == 405
    assert await run_curl("-H", "Sec-Purpose: prefetch;prerender", with_token) == 403
    assert await run_curl("-H", "Purpose: prefetch", with_token) == 403
    assert await run_curl(f"{phone.bot.url}/push?token={TOKEN}") == 422, "nothing to send"
    assert await run_curl(f"{with_token}&pad={'x' * 60_000}") == 422
    assert await run_curl(f"{with_token}&send_to=a") == 422
    async with phone.bot.client() as client:
        pushed = await client.get("/push", params={"content": "the only one"})
    assert pushed.headers["Cache-Control"] == "no-store"
    assert (await phone.next()).text == "the only one"


# ── compressed ────────────────────────────────────────────────────────────────────────────────────


def raw_deflate(content: bytes) -> bytes:
    stream = zlib.compressobj(wbits=-15)
    return stream.compress(content) + stream.flush()


@pytest.mark.parametrize(
    ("encoding", "compress"),
    [("gzip", gzip.compress), ("GZip", gzip.compress), ("deflate", zlib.compress),
     ("deflate", raw_deflate)],
)  # fmt: skip
async def test_a_compressed_body_is_as_the_plain_one(
    phone: Phone, encoding: str, compress: Any
) -> None:
    body = compress(json.dumps({"content": "备份" * 20_000, "title": "x"}).encode())
    message = await phone.send(body, Content_Encoding=encoding, Content_Type="application/json")
    assert message.text.startswith("x\n备份备份")
    assert (await phone.send(compress(b"plain"), Content_Encoding=encoding)).text == "plain"


@pytest.mark.parametrize(
    ("body", "encoding", "status", "reason"),
    [
        (b"no gzip", "gzip", 422, "解不开"),
        (gzip.compress(b"x" * 99)[:-9], "gzip", 422, "不完整"),
        (b"", "deflate", 422, "不完整"),
        (gzip.compress(b"x") + b"more", "gzip", 422, "别的内容"),
        (gzip.compress(bytes(30 * 2**20)), "gzip", 413, "REPORT_MAX_BODY"),
        (b"x", "br", 415, "gzip"),
        (b"x", "gzip, gzip", 415, "gzip"),
    ],
)
async def test_a_compressed_body_that_cannot_be_read_is_refused(
    phone: Phone, body: bytes, encoding: str, status: int, reason: str
) -> None:
    found = await phone.refusal(body, Content_Encoding=encoding)
    assert found[0] == status
    assert reason in found[1]


async def test_a_strangers_compressed_body_ends_at_its_head(phone: Phone) -> None:
    async with phone.bot.client(None) as client:

        async def status(content: bytes) -> int:
            headers = {**JSON, "Content-Encoding": "gzip"}
            content = gzip.compress(content)
            return (await client.post("", content=content, headers=headers)).status_code

        assert await status(b'{"content":"' + b"x" * 200_000 + b'"}') == 403
        assert await status(json.dumps({"token": TOKEN, "content": "x" * 200_000}).encode()) == 200
    assert (await phone.next()).text.startswith("xxx")


# ── JSON that is none ─────────────────────────────────────────────────────────────────────────────


async def test_a_template_filled_without_escaping_arrives(phone: Phone) -> None:
    body = '{"title": "MAA", "content": "任务 "剿灭" 完成\r\nD:\\MAA\\debug",}'
    message = await phone.send(body.encode(), Content_Type="application/json")
    assert message.text == 'MAA\n任务 "剿灭" 完成\nD:\\MAA\\debug'


async def test_what_cannot_be_mended_arrives_as_text_and_its_token_does_not(phone: Phone) -> None:
    body = f'{{"token": "{TOKEN}", "content": {{备份完成}}}}'.encode()
    async with phone.bot.client(None) as client:
        assert (await client.post("", content=body, headers=JSON)).status_code == 200
        wrong = body.replace(TOKEN.encode(), b"wrong")
        assert (await client.post("", content=wrong, headers=JSON)).status_code == 403
    told = '{"token": "***", "content": {备份完成}}\n[请求体不是合法的 JSON，按文字显示]'
    assert (await phone.next()).text == told


# ── everybody may push ────────────────────────────────────────────────────────────────────────────


async def test_without_a_token_set_nothing_is_taken_that_a_web_page_can_send(
    tmp_path: Path,
) -> None:
    settings = {"report_token": ""}
    async with running(tmp_path, settings=settings) as bot, bot.client(None) as client:
        zipped = {**JSON, "Content-Encoding": "gzip"}
        fine = b'{"content": "x"}'
        for method, content, headers, expected in (
            ("POST", gzip.compress(fine), zipped, 200),
            ("PUT", fine, JSON, 200),
            ("POST", b'{"content": "a "b""}', JSON, 422),
            ("POST", SHOT, {"Content-Type": "image/jpeg"}, 415),
            ("PUT", SHOT, {}, 415),
            ("POST", b"--B--", {"Content-Type": "multipart/form-data; boundary=B"}, 415),
        ):
            answer = await client.request(method, "", content=content, headers=headers)
            assert answer.status_code == expected, (method, headers)
        answer: httpx2.Response = await client.get("/push", params={"content": "x"})
        assert answer.status_code == 403
        assert "REPORT_TOKEN" in answer.json()["error"]
