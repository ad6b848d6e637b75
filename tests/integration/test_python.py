"""`report`, as another plugin of a real bot calls it."""

import json
from pathlib import Path

import httpx2

from tests.bot import Bot, running
from tests.dialects import jpeg
from tests.onebot import ScriptedV11

OTHER = """
from collections import OrderedDict
from pathlib import Path
from nonebot import get_app, require
from starlette.requests import Request
require("nonebot_plugin_report")
from nonebot_plugin_report import ReportError, Result, report

@get_app().post("/go")
async def go(request: Request):
    options = eval((await request.body()).decode())
    try:
        return {"status": (await report(**options)).status}
    except ReportError as error:
        return {"error": str(error)}
"""


async def go(bot: Bot, options: str) -> dict[str, str]:
    async with httpx2.AsyncClient(trust_env=False) as client:
        answer = await client.post(f"http://127.0.0.1:{bot.port}/go", content=options.encode())
    assert answer.status_code == 200, bot.log
    return answer.json()


async def test_report_takes_what_people_write_and_tells_the_rest_in_chinese(
    tmp_path: Path,
) -> None:
    (tmp_path / "other.py").write_text(OTHER, encoding="utf-8")
    (tmp_path / "截图.jpg").write_bytes(jpeg())
    (tmp_path / "large.jpg").write_bytes(bytes(2**20))
    extra = f"import sys; sys.path[:0] = [{str(tmp_path)!r}, {str(Path.cwd())!r}]"
    extra += '\nnonebot.load_plugin("other")'
    source = {"title": "alarm.name", "content": "alarm.msg"}
    settings = {"report_max_body": 2**19, "report_sources": {"unifi": source}}
    async with (
        running(tmp_path, extra=extra, settings=settings) as bot,
        ScriptedV11(url=bot.onebot_v11) as qq,
    ):
        taken = {
            '{"to": "10001"}': ["private:10001"],
            '{"to": 10001}': ["private:10001"],
            '{"to": ["10001", 10002]}': ["private:10001", "private:10002"],
            '{"to": (10001,), "to_group": "7、8"}': ["group:7", "group:8", "private:10001"],
            '{"to": {10001: "x"}.keys()}': ["private:10001"],
            '{"to": "10001 10002"}': ["private:10001", "private:10002"],
            '{"to": None, "to_group": 7}': ["group:7"],
        }
        for options, targets in taken.items():
            seen = len(qq.messages)
            answer = await go(bot, options.replace("{", '{"content": "x", ', 1))
            assert answer == {"status": "accepted"}, options
            received = (await qq.wait_for(seen + len(targets)))[seen:]
            assert sorted(one.target for one in received) == targets, options
        path = str(tmp_path / "截图.jpg")
        for options in (
            f'{{"result": "Fail", "image": Path({path!r})}}',
            f'{{"result": Result.FAIL, "image": Path({path!r}).read_bytes()}}',
            f'{{"result": "失败", "image": bytearray(Path({path!r}).read_bytes())}}',
        ):
            seen = len(qq.messages)
            answer = await go(bot, options.replace("{", '{"content": "x", "to": 10001, ', 1))
            assert answer == {"status": "accepted"}, options
            message = (await qq.wait_for(seen + 1))[seen]
            assert (message.text, message.images) == ("❌ x", [jpeg()])
        alarm = '{"content": %s, "source": "unifi", "to": 10002, "image": Path(%r)}'
        written = '{"alarm": {"name": "AP", "msg": "客厅"}}'
        for body in (written, f"'{written}'", f"'{written}'.encode()", f"OrderedDict({written})"):
            seen = len(qq.messages)
            assert await go(bot, alarm % (body, path)) == {"status": "accepted"}, body
            message = (await qq.wait_for(seen + 1))[seen]
            assert (message.target, message.text) == ("private:10002", "AP\n客厅"), body
            assert message.images == [jpeg()]
        seen = len(qq.messages)
        unread = '{"content": {"alert": "AP", "to": 10003}, "source": "unifi", "to": 10002}'
        assert await go(bot, unread) == {"status": "accepted"}
        message = (await qq.wait_for(seen + 1))[seen]
        assert message.text == "AP\n[没能按来源 unifi 读懂，按原样发]"
        async with bot.client() as client:
            assert (await client.get("/unread/unifi")).json() == {"alert": "AP", "to": 10003}
        monitor = """{"content": {"heartbeat": {"status": 0}, "monitor": {"name": "NAS"},
            "msg": "timeout", "to": 10003}, "source": "Uptime Kuma", "to": 10002, "event": "x"}"""
        assert await go(bot, monitor) == {"status": "accepted"}
        message = (await qq.wait_for(seen + 2))[seen + 1]
        assert (message.target, message.text) == ("private:10003", "❌ 掉线：NAS\ntimeout")
        for options, error in {
            '{"content": {}, "source": "nobody"}': "source：没有这个来源；可用的有 unifi",
            '{"content": {}, "source": 7}': "source：应为来源的名字",
            '{"content": [1], "source": "unifi"}': "body：应为 JSON 对象",
            '{"content": object(), "source": "unifi"}': "body：应为 JSON 能写的值",
            '{"content": {1: 2}, "source": "unifi"}': "body：应为 JSON 能写的值",
            '{"content": "x" * 2**20, "source": "unifi"}': "请求体超过了 REPORT_MAX_BODY",
            '{"content": {"a": 1}, "source": "unifi", "to": object()}': "send_to：",
            '{"content": {"a": 1}}': "content：",
        }.items():
            answer = await go(bot, options)
            assert answer.get("error", json.dumps(answer)).startswith(error), options
        refused = {
            '{"to": "我"}': "send_to：QQ 号应为数字",
            '{"to": b"10001"}': "send_to：",
            '{"to": {"10001": 1}}': "send_to：",
            '{"to": object()}': "send_to：",
            '{"to": [object()]}': "send_to：",
            '{"to": 1.5}': "send_to：",
            '{"to": range(10**9)}': "send_to：最多 100 个",
            '{"channel": 7}': "channel：",
            '{"result": object()}': "result：",
            '{"image": "截图.jpg"}': "image：应为图片的字节",
            '{"image": 7}': "image：",
            '{"image": Path("没有.jpg")}': "image：没有这个图片文件",
            '{"image": Path(".")}': "image：图片文件打不开",
            f'{{"image": Path({str(tmp_path / "large.jpg")!r})}}': "image：图片文件超过",
            '{"content": object()}': "content：",
            '{"key": []}': "id：",
        }
        for options, error in refused.items():
            answer = await go(bot, options.replace("{", '{"content": "x", ', 1))
            assert answer.get("error", json.dumps(answer)).startswith(error), options
            assert not answer["error"].isascii()
        async with bot.client() as client:
            counted = (await client.get("/metrics")).text
        assert 'report_hub_refused_total{reason="body_too_large"} 1.0' in counted
        assert (
            f'report_hub_refused_total{{reason="invalid_report"}} {len(refused) + 7}.0' in counted
        )
