"""The command line, as somebody who just installed it types it."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from PIL import Image

from tests.bot import Bot, running, until
from tests.onebot import ScriptedV11
from tests.ports import free_port


async def command(folder: Path, *arguments: str, stdin: bytes = b"") -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-X", "utf8", "-m", "nonebot_plugin_report", *arguments, cwd=folder,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT, env={**os.environ, "http_proxy": "http://127.0.0.1:9"},
    )  # fmt: skip
    async with asyncio.timeout(60):
        output, _ = await process.communicate(stdin)
    assert process.returncode is not None
    return process.returncode, output.decode("utf-8")


@asynccontextmanager
async def ready(folder: Path) -> AsyncGenerator[str]:
    """The ready bot; what it wrote until it was ready."""
    with (folder / "log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-X", "utf8", "-u", "-m", "nonebot_plugin_report", cwd=folder,
            stdout=log, stderr=log,
        )  # fmt: skip

    async def is_ready() -> bool:
        written = (folder / "log").read_text("utf-8")
        assert process.returncode is None, written
        return "Uvicorn running" in written

    try:
        await until(is_ready)
        yield (folder / "log").read_text("utf-8")
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        await process.wait()


async def test_the_demo_shows_message_and_picture_and_ends(tmp_path: Path) -> None:
    code, output = await command(tmp_path, "demo", "--once")
    assert code == 0, output
    assert "✅ 自动秘境结束" in output
    assert output.count("自动秘境结束") == 1
    assert "Traceback" not in output
    assert "WARNING" not in output
    with Image.open(tmp_path / "report-demo.jpg") as picture:
        assert picture.format == "JPEG"
    assert [path.name for path in tmp_path.iterdir()] == ["report-demo.jpg"], "nothing else is left"


async def test_the_demo_shows_its_message_whatever_the_folders_settings_say(
    tmp_path: Path,
) -> None:
    (tmp_path / ".env").write_text(
        'REPORT_RULES=[{"drop": true}]\nREPORT_QUIET=00:00-23:59\nREPORT_MERGE=1h\n'
        'REPORT_CHANNELS={"a": {"type": "ntfy", "topic": "x"}}\n'
        'REPORT_DEFAULT_TARGETS=["channel:a"]\nREPORT_BIND=friends\n'
    )
    code, output = await command(tmp_path, "demo", "--once")
    assert code == 0, output
    assert "✅ 自动秘境结束" in output


async def test_the_ready_bot_makes_a_token_and_says_what_to_paste(tmp_path: Path) -> None:
    port = free_port()
    (tmp_path / ".env").write_text(f'PORT={port}\nSUPERUSERS=["10001"]\n')
    async with ready(tmp_path) as written:
        assert f"http://127.0.0.1:{port}/report?token=…\n" in written
        (token_file,) = tmp_path.rglob("token")
        assert f"它在文件 {token_file} 里" in written
        lines = (line.strip() for line in written.splitlines())
        onebot = next(line for line in lines if line.startswith("ws://"))
        async with ScriptedV11(url=onebot) as qq:
            picture = tmp_path / "x.png"
            Image.new("RGB", (4, 4)).save(picture)
            code, output = await command(
                tmp_path, "push", "完成了", "--title", "备份", "--to", "10002",
                "--image", str(picture),
            )  # fmt: skip
            assert code == 0, output
            (message,) = await qq.wait_for(1)
            assert (message.target, message.text) == ("private:10002", "备份\n完成了")
            assert message.images == [picture.read_bytes()]
            code, output = await command(tmp_path, "doctor")
            assert code == 0, output
            assert "在线" in output
            assert f"令牌在文件 {token_file} 里" in output, "which token to put into .env"
    code, output = await command(tmp_path, "push", "x")
    assert code == 1
    assert "连不上" in output


@pytest.mark.parametrize(
    ("env", "said"),
    [
        ("REPORT_TEMPLATE={nope}", "REPORT_TEMPLATE 设置有误"),
        ("REPORT_TOKNE=x", "不认识设置 REPORT_TOKNE"),
        ("HOST=0.0.0.0", "ONEBOT_ACCESS_TOKEN"),
        ("HOST=0.0.0.0\nONEBOT_ACCESS_TOKEN=x", "ONEBOT_SECRET"),
        ("DRIVER=~none", "驱动器"),
        ("REPORT_BIND=friends", "REPORT_PUBLIC_URL"),
        ("", "没有机器人在运行"),
        ("", "SUPERUSERS"),
        ("", "REPORT_TOKEN"),
    ],
)
async def test_the_doctor_finds_what_is_wrong(tmp_path: Path, env: str, said: str) -> None:
    (tmp_path / ".env").write_text(f"PORT={free_port()}\n{env}\n")
    code, output = await command(tmp_path, "doctor")
    assert code == 1
    assert said in output
    assert "Traceback" not in output


async def test_the_doctor_tells_a_bot_without_qq_and_a_wrong_token(tmp_path: Path) -> None:
    async with running(tmp_path) as bot:
        code, output = await command(bot.folder, "doctor")
        assert code == 1
        assert f"ws://127.0.0.1:{bot.port}/onebot/v11/ws" in output
        other = tmp_path / "other"
        other.mkdir()
        (other / ".env").write_text(f"PORT={bot.port}\nREPORT_TOKEN=other\n")
        code, output = await command(other, "doctor")
        assert code == 1
        assert "令牌" in output


async def test_a_refused_push_says_why(bot: Bot) -> None:
    code, output = await command(bot.folder, "push", "")
    assert code == 1
    assert "content" in output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("push", "--titel", "标题", "内容"), "不认识 --titel，是不是 --title"),
        (("push", "内容", "--quiet"), "不认识 --quiet"),
        (("test", "phone", "--sned"), "不认识 --sned"),
        (("doctor", "--no-sned"), "不认识 --no-sned，是不是 --no-send"),
        (("doctor", "phone"), "不认识 phone"),
    ],
)
async def test_what_is_mistyped_is_told_with_the_usage_of_its_command(
    tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    code, output = await command(tmp_path, *arguments)
    assert (code, output.splitlines()[0]) == (2, f"❌ {said}")
    assert f"用法：python -m nonebot_plugin_report {arguments[0]} [" in output


@pytest.mark.parametrize(
    "arguments",
    [("address", "nosuch"), ("push",), ("push", "x", "--url", "http://[x"), ("channels", "nosuch"),
     ("explain",), ("explain", "evnt=x"), ("explain", "event")],
)  # fmt: skip
async def test_a_command_that_is_written_wrong_ends_with_2_and_one_line(
    tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    code, output = await command(tmp_path, *arguments)
    assert (code, len(output.splitlines())) == (2, 1), output


async def test_a_reader_that_has_enough_is_no_fault(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-X", "utf8", "-m", "nonebot_plugin_report", "channels", cwd=tmp_path,
        stdout=writer, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    os.close(writer)
    _, complaint = await process.communicate()
    assert (process.returncode, complaint) == (141, b"")
