"""How the plugin is loaded: bare, wrong, on another driver, and from other plugins."""

import signal
from pathlib import Path

import httpx2
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

import nonebot_plugin_report
from tests.bot import Bot, running, until
from tests.dialects import jpeg
from tests.integration.test_cli import command
from tests.integration.test_commands import ask, say
from tests.onebot import ScriptedV11
from tests.ports import free_port


async def test_it_loads_in_a_bare_nonebot_with_no_settings(tmp_path: Path) -> None:
    bot = Bot(tmp_path)
    bot.settings = {"report_token": "", "superusers": []}
    async with running(tmp_path, settings=bot.settings) as started:
        refused = await started.push(expect=422, content="x")
        assert "SUPERUSERS" in refused["error"]
        assert "Traceback" not in started.log


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("report_template", "{nope}"), ("report_expire", "soon"), ("report_route", "/"),
        ("report_token", "1e5"), ("report_database_url", "mysql://a"),
    ],
)  # fmt: skip
async def test_a_wrong_setting_stops_the_ready_bot_with_one_line(
    tmp_path: Path, name: str, value: str
) -> None:
    (tmp_path / ".env").write_text(f"PORT={free_port()}\n{name.upper()}={value}\n")
    code, output = await command(tmp_path, "run")
    assert (code, "Traceback" in output) == (2, False), output
    assert output.count(f"❌ {name.upper()} 设置有误") == output.count("设置有误") == 1


NEIGHBOUR = """
from nonebot import get_app
from nonebot.plugin import on_command

@get_app().get("/neighbour")
async def neighbour():
    from nonebot_plugin_report import ReportError, report
    try:
        await report("x")
    except ReportError as error:
        return {"error": str(error)}

@on_command("neighbour").handle()
async def answer(bot, event):
    await bot.send(event, "still here")
"""


async def test_a_wrong_setting_leaves_the_other_plugins_alone(tmp_path: Path) -> None:
    (tmp_path / "neighbour.py").write_text(NEIGHBOUR, encoding="utf-8")
    extra = f"import sys; sys.path[:0] = [{str(tmp_path)!r}]\nnonebot.load_plugin('neighbour')"
    settings = {"report_expire": "soon", "report_route": "/hook"}
    async with running(tmp_path, settings=settings, extra=extra) as bot:
        site = httpx2.AsyncClient(base_url=bot.url.removesuffix("/report"), trust_env=False)
        async with site as client, ScriptedV11(url=bot.onebot_v11) as qq:
            told = (await client.get("/neighbour")).json()["error"]
            assert told.startswith("REPORT_EXPIRE 设置有误")
            for method, path in (
                ("POST", "/hook"), ("POST", "/hook/"), ("PUT", "/hook?token=x"),
                ("POST", "/hook/ntfy/topic"), ("GET", "/hook/health"), ("GET", "/hook/push/"),
                ("POST", "/hook/onebot/send_msg"), ("GET", "/hook/page/state"),
            ):  # fmt: skip
                answer = await client.request(method, path, content=b"x" * 100_000)
                assert (answer.status_code, told in answer.json()["error"]) == (503, True), path
            assert (await client.post("/hook/")).headers["retry-after"]
            with pytest.raises(InvalidStatus) as refused:
                await connect(f"ws://127.0.0.1:{bot.port}/hook/ws")
            assert refused.value.response.status_code == 503
            await say(qq, "10009", "/推送 状态")
            assert await ask(qq, "10001", "/neighbour") == "still here"
            assert await ask(qq, "10001", "/推送 状态") == f"❌ 推送插件没有启动：{told}"
        assert bot.log.count("REPORT_EXPIRE 设置有误") == 1
        code, output = await command(tmp_path, "doctor")
        assert (code, "机器人在运行，但收不下推送" in output) == (1, True), output


async def test_another_driver_is_told_clearly_and_report_still_works(tmp_path: Path) -> None:
    extra = """
nonebot.require("nonebot_plugin_report")
driver = nonebot.get_driver()
@driver.on_startup
async def push():
    from nonebot_plugin_report import report
    print("stored", (await report("x", to=[1])).status, flush=True)
"""
    bot = Bot(tmp_path, settings={"driver": "~none"}, extra=extra)
    await bot.launch()
    assert bot.process is not None

    async def said() -> bool:
        return "stored accepted" in bot.log

    await until(said)
    await bot.end(signal.SIGINT)
    assert "需要 FastAPI 驱动器" in bot.log
    assert "Traceback" not in bot.log


async def test_other_plugins_report_through_python(tmp_path: Path) -> None:
    (tmp_path / "other.py").write_text(
        """
from nonebot import get_app, require
require("nonebot_plugin_report")
from nonebot_plugin_report import ReportError, Result, report

@get_app().get("/go")
async def go():
    from tests.dialects import jpeg
    receipt = await report("内容", title="标题", image=jpeg(), images=[jpeg(8, 8)],
                           to=[10001], to_group=["7"], event="x", result=Result.FAIL, key="once")
    try:
        await report("")
    except ReportError as error:
        return {"id": receipt.id, "error": str(error)}
""",
        encoding="utf-8",
    )
    extra = f"import sys; sys.path[:0] = [{str(tmp_path)!r}, {str(Path.cwd())!r}]"
    extra += '\nnonebot.load_plugin("other")'
    async with running(tmp_path, extra=extra) as bot, ScriptedV11(url=bot.onebot_v11) as qq:
        async with httpx2.AsyncClient(trust_env=False) as client:
            answer = (await client.get(f"http://127.0.0.1:{bot.port}/go")).json()
        assert "content" in answer["error"]
        received = await qq.wait_for(2)
        assert {one.target for one in received} == {"private:10001", "group:7"}
        for message in received:
            assert message.text == "❌ 标题\n内容"
            assert message.images == [jpeg(), jpeg(8, 8)]


def test_the_public_names_are_these() -> None:
    assert nonebot_plugin_report.__all__ == [
        "Config", "Receipt", "ReportError", "Result", "report",
    ]  # fmt: skip
    meta = nonebot_plugin_report.__plugin_meta__
    assert meta.type == "application"
    assert meta.homepage
    assert meta.config is nonebot_plugin_report.Config
    assert meta.supported_adapters == {"~onebot.v11", "~onebot.v12"}
