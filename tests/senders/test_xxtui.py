"""xxtui, against a server that checks key and limits."""

import pytest

from nonebot_plugin_report.errors import ConfigError
from nonebot_plugin_report.model.delivery import Delivered, NotSent
from nonebot_plugin_report.model.report import Report, Result
from nonebot_plugin_report.senders import load

from .server import Reply, Request, Server
from .service import Service, channel, make_delivery

KEY = "7a1bf03c9d2e4"


def answer(request: Request) -> Reply:
    assert (request.method, request.path) == ("POST", f"/xxtui/{KEY}")
    form = request.form()
    assert 0 < len(form["content"]) <= 2000
    assert 0 < len(form["title"]) <= 20
    assert (form["from"], form["channel"]) == ("Better原神", "WX_MP,EMAIL")
    return Reply(json={"code": 0, "message": "ok"})


SERVICE = Service(
    kind="xxtui",
    settings=lambda url: {"server": url, "key": KEY, "channels": "WX_MP, EMAIL"},
    secrets=(KEY,),
    answer=answer,
    failures={"refused": (Reply(json={"code": 1001, "message": "apiKey无效"}), NotSent)},
    reads_body=False,
)


def test_what_is_no_name_of_a_way_is_named() -> None:
    with pytest.raises(ConfigError, match="channels：应为大写字母和下划线"):
        load({"type": "xxtui", "key": KEY, "channels": "微信"})


async def test_the_title_says_how_it_ended() -> None:
    async with (
        Server(answer) as server,
        channel("xxtui", **SERVICE.settings(server.url)) as xxtui,
    ):
        failed = Report(event="task.error", result=Result.FAIL)
        delivery = make_delivery("❌ 任务错误\n秘境里倒下了", report=failed)
        assert await xxtui.send(delivery) == Delivered()
    form = server.requests[0].form()
    assert form["title"] == "❌ 任务错误"
    assert form["content"] == "❌ 任务错误\n秘境里倒下了"
