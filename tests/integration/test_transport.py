"""How clients send a body, whatever they call it: Java's HttpClient, raw URLs, heads in pieces,
wrong names of types and encodings."""

import asyncio
import json
import shutil
from collections.abc import AsyncGenerator
from pathlib import Path

import httpx2
import pytest
import pytest_asyncio

from tests.bot import TOKEN, Bot, running
from tests.onebot import ScriptedV11

pytestmark = pytest.mark.asyncio(loop_scope="module")
JAVA = """
import java.net.URI;
import java.net.http.*;

public class Push {
    public static void main(String[] args) throws Exception {
        HttpClient client = HttpClient.newHttpClient();
        for (String words : new String[] {"first", "second"}) {
            HttpRequest request = HttpRequest.newBuilder(URI.create(args[0]))
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString("{\\"content\\": \\"" + words + "\\"}"))
                .build();
            HttpResponse<String> answer =
                client.send(request, HttpResponse.BodyHandlers.ofString());
            System.out.println(answer.statusCode() + " " + answer.body());
        }
    }
}
"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bot(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Bot]:
    async with running(tmp_path_factory.mktemp("ready"), is_ready_bot=True) as started:
        yield started
        assert "Traceback" not in started.log


@pytest_asyncio.fixture(loop_scope="module")
async def qq(bot: Bot) -> AsyncGenerator[ScriptedV11]:
    async with ScriptedV11(url=bot.onebot_v11) as joined:
        yield joined


async def run_java(folder: Path, url: str) -> list[str]:
    """Push twice with Java's HttpClient as it is; the answers."""
    if shutil.which("java") is None or shutil.which("javac") is None:
        pytest.skip("needs Java")
    (folder / "Push.java").write_text(JAVA, encoding="utf-8")
    process = await asyncio.create_subprocess_exec(
        "java", "Push.java", url, cwd=folder,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    output, errors = await process.communicate()
    assert process.returncode == 0, errors
    return output.decode().splitlines()


async def test_javas_client_as_it_is_pushes_to_the_ready_bot(
    bot: Bot, qq: ScriptedV11, tmp_path: Path
) -> None:
    answers = await run_java(tmp_path, f"{bot.url}?token={TOKEN}")
    assert [line.split()[0] for line in answers] == ["200", "200"], answers
    assert [one.text for one in await qq.wait_for(2)] == ["first", "second"]


async def test_a_bot_of_ones_own_tells_java_what_happened_and_how_to_mend_it(
    tmp_path: Path,
) -> None:
    (tmp_path / "bot").mkdir()
    async with running(tmp_path / "bot") as own:
        for beside in (f"?token={TOKEN}", ""):
            answers = await run_java(tmp_path, f"{own.url}{beside}")
            # Where the body arrives in a packet of its own, uvicorn may answer it before we do.
            ours = [answer for answer in answers if answer.startswith("422 ")]
            assert ours, answers
            assert all(answer.startswith(("400 ", "422 ")) for answer in answers), answers
            for answer in ours:
                assert "HTTP_1_1" in answer
                assert 'http="h11"' in json.loads(answer[4:])["error"]


async def raw(bot: Bot, *pieces: bytes) -> bytes:
    """What is answered to the pieces of requests, the last of which closes the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", bot.port)
    for piece in pieces:
        writer.write(piece)
        await writer.drain()
        await asyncio.sleep(0)
    answer = await reader.read()
    writer.close()
    return answer


def request(path: str, words: str, *headers: str) -> bytes:
    body = json.dumps({"content": words}).encode()
    head = [
        f"POST {path} HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {len(body)}",
        f"Authorization: Bearer {TOKEN}", "Content-Type: application/json", *headers,
    ]  # fmt: skip
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


UPGRADE = ("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABk")


@pytest.mark.parametrize("first", [(), UPGRADE], ids=["plain", "h2c"])
async def test_a_head_in_pieces_and_the_next_request_of_its_connection_are_read(
    bot: Bot, qq: ScriptedV11, first: tuple[str, ...]
) -> None:
    content = request("/report", "a", *first)
    pieces = [content[:9], content[9:200], content[200:]]
    answer = await raw(bot, *pieces, request("/report", "b", "Connection: close"))
    assert answer.count(b"HTTP/1.1 200") == 2, answer
    assert [one.text for one in await qq.wait_for(2)] == ["a", "b"]


async def test_a_url_that_nobody_encoded_is_read(bot: Bot, qq: ScriptedV11) -> None:
    for words, encoding in (("备份完成", "utf-8"), ("中文完成", "gbk")):
        line = f"GET /report/push?token={TOKEN}&content={words} HTTP/1.1\r\n".encode(encoding)
        answer = await raw(bot, line + b"Host: x\r\nConnection: close\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 200"), answer
    assert {one.text for one in await qq.wait_for(2)} == {"备份完成", "中文完成"}


async def test_a_connection_that_asks_nothing_does_not_keep_the_bot_from_stopping(
    tmp_path: Path,
) -> None:
    async with running(tmp_path / "stopped", is_ready_bot=True) as own:
        _, writer = await asyncio.open_connection("127.0.0.1", own.port)
        writer.write(b"GET / HT")
        await writer.drain()
        assert await own.end() in (0, -15)
        writer.close()


NAMED: dict[str, tuple[bytes, dict[str, str], str]] = {
    "an encoding that is a charset": (
        b'{"content": "a"}',
        {"Content-Encoding": "UTF-8", "Content-Type": "application/json"},
        "a",
    ),
    "JSON that fetch calls text": (b' {"title": "t", "content": "b"}',
                                   {"Content-Type": "text/plain;charset=UTF-8"}, "t\nb"),
    "text": (b"{c}", {"Content-Type": "text/plain"}, "{c}"),
    "a form without a type": (b"title=t&content=a+%2B", {}, "t\na +"),
    "text without a type": (b"1=2", {}, "1=2"),
}  # fmt: skip


@pytest.mark.parametrize("name", NAMED)
async def test_a_body_is_read_as_what_it_is(bot: Bot, qq: ScriptedV11, name: str) -> None:
    content, headers, words = NAMED[name]
    async with bot.client() as client:
        answer = await client.post("", content=content, headers=headers)
    assert answer.status_code == 200, answer.text
    (received,) = await qq.wait_for(1)
    assert received.text == words


async def test_a_token_in_json_that_is_called_text_counts_and_text_without_one_is_refused(
    bot: Bot,
) -> None:
    async with httpx2.AsyncClient(trust_env=False) as client:
        kind = {"Content-Type": "text/plain"}
        body = json.dumps({"content": "x", "token": TOKEN}).encode()
        assert (await client.post(bot.url, content=body, headers=kind)).status_code == 200
        answer = await client.post(bot.url, content=b"x", headers=kind)
        assert (answer.status_code, "?token=" in answer.json()["error"]) == (403, True)
