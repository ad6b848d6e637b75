"""What somebody meets who sets it up for the first time, and sets something wrong."""

import asyncio
import json
import os
import signal
import socket
import sys
from pathlib import Path

import httpx2
import pytest
from websockets.exceptions import InvalidStatus

from tests.bot import TOKEN, running, until
from tests.integration.test_cli import command, ready
from tests.onebot import Fail, ScriptedV11
from tests.ports import free_port
from tests.senders.server import Reply, Server

COMMANDS = (("run",), ("doctor", "--no-send"), ("push", "x"), ("explain", "message=x"))


@pytest.mark.parametrize(
    "written", ["123456789", "[123456789]", '"123456789"', "“123456789”", "[“123456789”，]"]
)
@pytest.mark.parametrize("encoding", ["utf-8", "gbk", "utf-16"])
async def test_superusers_and_encodings_of_every_kind_simply_work(
    tmp_path: Path, written: str, encoding: str
) -> None:
    env = f"# 我的设置\nSUPERUSERS={written}\nHOST=localhost\n"
    (tmp_path / ".env").write_text(env, encoding=encoding)
    assert await command(tmp_path, "explain", "message=x") == (
        0, "没有符合的规则\n\n→ private:123456789\n  x\n"
    )  # fmt: skip


async def test_superusers_of_the_environment_are_read_the_same_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUPERUSERS", "123,456")
    code, output = await command(tmp_path, "explain", "message=x")
    assert (code, "→ private:123\n" in output, "→ private:456\n" in output) == (0, True, True)


async def test_channels_over_several_lines_need_no_quotes(tmp_path: Path) -> None:
    env = 'REPORT_CHANNELS={\n  "手机": {"type": "bark",\n "device_key": "k#ey"}\n}\n'
    (tmp_path / ".env").write_text(env, encoding="utf-8")
    code, output = await command(tmp_path, "explain", "message=x", "channel=手机")
    assert (code, "→ channel:手机" in output) == (0, True), output


@pytest.mark.parametrize(
    ("env", "said"),
    [
        ("PORT=abc", "PORT 设置有误：应为整数"),
        ("PORT=99999", "PORT 设置有误：应不大于 65535"),
        ("HOST=example", "HOST 设置有误：应为 IP 地址"),
        ("COMMAND_START=/", "COMMAND_START 设置有误：应为列表"),
        ("", "用不了数据文件夹"),
    ],
)
@pytest.mark.parametrize("arguments", COMMANDS)
async def test_what_cannot_be_used_is_one_line_with_the_mend(
    tmp_path: Path, env: str, said: str, arguments: tuple[str, ...]
) -> None:
    (tmp_path / ".env").write_text(env)
    if not env:
        (tmp_path / "data").write_text("a file where the folder should be")
    code, output = await command(tmp_path, *arguments)
    assert code != 0
    assert said in output
    assert "Traceback" not in output
    shown = [one for one in output.splitlines() if not ("→" in one or "[SUCCESS]" in one)]
    assert len(shown) == 1, output


async def test_a_driver_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"PORT={free_port()}\nDRIVER=~nosuch\n")
    code, output = await command(tmp_path, "run")
    assert (code, "DRIVER" in output, "Traceback" in output) == (2, True, False), output


async def test_a_picture_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    code, output = await command(tmp_path, "push", "x", "--image", "nosuch.png")
    assert (code, output) == (1, "❌ 读不了图片 nosuch.png：没有这个文件或文件夹\n")


async def test_what_is_no_address_is_one_line(tmp_path: Path) -> None:
    for url in ("http://[x", "http://127.0.0.1:port/report", "://"):
        code, output = await command(tmp_path, "push", "x", "--url", url)
        assert (code, len(output.splitlines())) == (2, 1), output


async def test_an_address_without_its_beginning_and_path_is_understood(tmp_path: Path) -> None:
    async with running(tmp_path / "bot") as bot:
        url = f"127.0.0.1:{bot.port}"
        code, output = await command(tmp_path, "push", "x", "--url", url, "--token", TOKEN)
        assert (code, "✅ 收下了，发给 private:10001" in output) == (0, True), output
        code, output = await command(tmp_path, "push", "x", "--url", f"{url}/report?token={TOKEN}")
        assert code == 0, output


async def test_the_doctor_and_pushes_do_without_a_web_server(tmp_path: Path) -> None:
    script = (
        "import sys; sys.modules['uvicorn'] = None\n"
        "from nonebot_plugin_report.cli import main\n"
        "raise SystemExit(main(sys.argv[1:]))\n"
    )
    for arguments, said in (
        (("doctor", "--no-send"), "没有装 uvicorn"),
        (("run",), "没有装 uvicorn"),
        (("demo", "--once"), "没有装 uvicorn"),
        (("push", "x"), "没有机器人在运行"),
    ):
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-X", "utf8", "-c", script, *arguments, cwd=tmp_path,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        output = (await process.communicate())[0].decode()
        assert process.returncode != 0
        assert said in output
        assert "Traceback" not in output


EXAMPLES = """SUPERUSERS=["10001"]
ONEBOT_ACCESS_TOKEN=一长串随机字符
REPORT_CHANNELS='{"phone": {"type": "bark", "device_key": "你的 key"}}'
"""


async def test_examples_that_were_left_as_they_are_and_misspelt_settings_are_told(
    tmp_path: Path,
) -> None:
    env = f"{EXAMPLES}PORT={free_port()}\nREPORT_TOKNE=x\n"
    (tmp_path / ".env").write_text(env, encoding="utf-8")
    _, told = await command(tmp_path, "doctor", "--no-send")
    async with ready(tmp_path) as log:
        for said in (told, log):
            for name in ("SUPERUSERS", "ONEBOT_ACCESS_TOKEN", "REPORT_CHANNELS"):
                assert f"{name} 里还是文档里的例子" in said
            assert "不认识设置 REPORT_TOKNE，是不是 REPORT_TOKEN" in said


async def test_a_bot_that_runs_already_is_told_and_so_is_another_program(tmp_path: Path) -> None:
    port = free_port()
    (tmp_path / ".env").write_text(f"PORT={port}\nSUPERUSERS=123456789\n")
    async with ready(tmp_path):
        code, output = await command(tmp_path, "run")
        assert (code, "已经有一个机器人在运行" in output) == (2, True), output
        assert "Errno" not in output
    async with Server(lambda _: Reply(json={"status": "UP"})) as other:
        (tmp_path / ".env").write_text(f"PORT={other.port}\n")
        code, output = await command(tmp_path, "run")
        assert (code, "被另一个程序占用" in output) == (2, True), output
        for arguments in (("doctor", "--no-send"), ("push", "x")):
            code, output = await command(tmp_path, *arguments)
            assert code == 1
            assert "不是本插件在回答" in output


async def test_a_program_that_does_not_answer_is_not_taken_for_ours(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        (tmp_path / ".env").write_text(f"PORT={silent.getsockname()[1]}\n")
        for arguments in (("doctor", "--no-send"), ("push", "x"), ("run",)):
            code, output = await command(tmp_path, *arguments)
            assert code != 0
            assert "没有回答，多半不是本插件" in output or "被另一个程序占用" in output
            assert "netstat" in output


async def test_a_200_that_is_not_ours_is_a_line(tmp_path: Path) -> None:
    async with Server(lambda _: Reply(200, json=[1])) as other:
        url = f"{other.url}/report"
        code, output = await command(tmp_path, "push", "x", "--url", url, "--wait")
        assert (code, "不是本插件在回答（HTTP 200）" in output) == (1, True), output
        (tmp_path / ".env").write_text(f"PORT={other.port}\nSUPERUSERS=123456789\n")
        code, output = await command(tmp_path, "test", "superusers")
        assert (code, "不是本插件在回答" in output) == (1, True), output
        assert "Traceback" not in output


async def test_a_bot_of_ones_own_says_what_is_set_up_without_the_token(tmp_path: Path) -> None:
    token = "a+b&c%d#e 令牌 0123456789"
    settings = {
        "log_level": "INFO", "host": "0.0.0.0", "report_token": f"'{token}'",
        "report_channels": {
            "a": {"type": "wecom", "webhook": "http://127.0.0.1:9/?key=x"},
            "屏幕": {"type": "desktop"},
        },
        "report_rules": [{"event": "x", "drop": True}],
    }  # fmt: skip
    missing = "import sys; sys.modules['desktop_notifier'] = None"
    async with running(tmp_path, settings=settings, extra=missing) as bot:
        log = bot.log
        assert f"http://127.0.0.1:{bot.port}/report?token=…\n" in log
        assert f"ws://127.0.0.1:{bot.port}/onebot/v11/ws\n" in log
        assert "2 个渠道，1 条规则" in log
        assert "没有设置 ONEBOT_ACCESS_TOKEN" in log
        assert "渠道 屏幕 先不用：桌面通知：需要另外安装" in log
        assert "a%2Bb" not in log
        assert token not in log
        async with bot.client(None) as client:
            answer = await client.post("", params={"token": token}, json={
                "content": "x", "channel": "屏幕"
            })  # fmt: skip
            assert answer.status_code == 200, answer.text
            state = await client.get(f"/{answer.json()['id']}", params={"token": token})
        (delivery,) = state.json()["deliveries"]
        assert (delivery["state"], "需要另外安装" in delivery["reason"]) == ("waiting", True)


async def test_the_address_on_a_terminal_works_when_it_is_pasted(tmp_path: Path) -> None:
    port = free_port()
    env = f"PORT={port}\nSUPERUSERS=123456789\nREPORT_TOKEN='a+b&c%d#e令牌0123456789'\n"
    (tmp_path / ".env").write_text(env, encoding="utf-8")
    leader, follower = os.openpty()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-X", "utf8", "-u", "-m", "nonebot_plugin_report", cwd=tmp_path,
        stdout=follower, stderr=follower, stdin=follower,
    )  # fmt: skip
    os.close(follower)
    os.set_blocking(leader, False)
    said = bytearray()

    async def address() -> str | None:
        try:
            said.extend(os.read(leader, 65536))
        except BlockingIOError:
            pass
        lines = [line.strip() for line in said.decode("utf-8", "replace").splitlines()]
        found = [line for line in lines if line.startswith("http://") and "?token=" in line]
        return found[0] if found and b"Uvicorn running" in said else None

    try:
        pasted = await until(address)
        async with httpx2.AsyncClient(trust_env=False) as client:
            answer = await client.post(pasted, json={"content": "x"})
        assert answer.status_code == 200, (pasted, answer.text)
        code, output = await command(tmp_path, "push", "x")
        assert code == 0, output
    finally:
        process.send_signal(signal.SIGTERM)
        while process.returncode is None:
            try:
                os.read(leader, 65536)
            except OSError:
                await asyncio.sleep(0.01)
        os.close(leader)


async def test_a_push_answers_in_a_line_and_waits_for_the_outcome(tmp_path: Path) -> None:
    async with (
        running(tmp_path) as bot,
        ScriptedV11(url=bot.onebot_v11) as qq,
    ):
        code, output = await command(tmp_path, "push", "x", "--json")
        assert (code, json.loads(output)["status"]) == (0, "accepted")
        code, output = await command(tmp_path, "push", "x", "--to", "10002", "--wait")
        assert (code, output.splitlines()[1:]) == (0, ["✅ private:10002：已送达"]), output
        await qq.wait_for(2)
        qq.behave(Fail(1404, "no", "没有这个好友"))
        code, output = await command(tmp_path, "push", "x", "--to", "10003", "--wait")
        assert code == 1
        assert "❌ private:10003：没有发出" in output


async def test_qq_targets_are_tried_out_too(tmp_path: Path) -> None:
    async with running(tmp_path) as bot, ScriptedV11(url=bot.onebot_v11) as qq:
        code, output = await command(tmp_path, "test", "private:10002", "group：777", "superusers")
        assert code == 0, output
        assert sorted(output.splitlines()) == [
            "✅ group:777：已送达", "✅ private:10001：已送达", "✅ private:10002：已送达",
        ]  # fmt: skip
        assert all(one.images for one in qq.messages)


async def test_channels_prints_what_to_copy_and_takes_chinese_names(tmp_path: Path) -> None:
    code, output = await command(tmp_path, "channels", "飞书")
    assert code == 0
    (line,) = [one for one in output.splitlines() if one.startswith("REPORT_CHANNELS=")]
    copied = json.loads(line.partition("=")[2].strip("'"))
    assert copied["feishu"]["type"] == "feishu"
    code, listed = await command(tmp_path, "channels")
    for text in (output, listed):
        assert not any(mark in text for mark in ("`", "**", "##", "|---"))


@pytest.mark.parametrize("name", ["", "push", "test", "doctor", "explain", "channels", "demo"])
async def test_help_is_chinese_altogether(tmp_path: Path, name: str) -> None:
    code, output = await command(tmp_path, *filter(None, (name, "--help")))
    assert code == 0
    for word in ("usage", "options", "positional", "show this", "optional"):
        assert word not in output
    code, output = await command(tmp_path, name or "push", "--nope")
    assert code == 2
    assert not any(word in output for word in ("required", "unrecognized", "usage", "error"))


async def test_the_doctor_tells_of_a_folder_without_settings(tmp_path: Path) -> None:
    _, output = await command(tmp_path, "doctor", "--no-send")
    assert f"当前文件夹 {tmp_path} 里没有 .env" in output


async def test_the_doctor_tells_of_a_refused_onebot_of_failures_and_of_strangers(
    tmp_path: Path,
) -> None:
    settings = {"onebot_access_token": "right", "superusers": ["10001", "10002"]}
    async with running(tmp_path, settings=settings) as bot:
        wrong = ScriptedV11(url=bot.onebot_v11, access_token="wrong")
        with pytest.raises(InvalidStatus):
            await wrong.connect()
        _, output = await command(tmp_path, "doctor", "--no-send")
        assert "❌" in output
        assert "因为 Token 不对被拒绝了" in output
        async with ScriptedV11(url=bot.onebot_v11, access_token="right") as qq:
            qq.friends = [{"user_id": 10001}]
            qq.behave(Fail(1404, "no", "被对方删除"))
            answer = await bot.push(content="x", send_to=10001)
            await bot.until_state(answer["id"], "rejected")
            code, output = await command(tmp_path, "doctor", "--no-send")
    assert code == 0, output
    assert "发给 private:10001 的一条没有送到" in output
    assert "被对方删除" in output
    assert "SUPERUSERS 里的 10002 不是机器人的好友" in output


async def test_the_doctor_tells_of_two_bots_on_one_database(tmp_path: Path) -> None:
    async with running(tmp_path / "one") as one:
        shared = {"report_database_url": f"sqlite:///{one.database}"}
        async with running(tmp_path / "two", settings=shared):
            code, output = await command(tmp_path / "two", "doctor", "--no-send")
    assert code == 1
    assert "关掉多开的那个机器人" in output
