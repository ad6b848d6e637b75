"""xxtui, against a server that checks key and limits."""

import pytest

from nonebot_plugin_report.errors import ConfigError
from nonebot_plugin_report.model.delivery import NotSent
from nonebot_plugin_report.senders import load

from .server import Reply, Request
from .service import Service

KEY = "7a1bf03c9d2e4"


def answer(request: Request) -> Reply:
    assert (request.method, request.path) == ("POST", f"/xxtui/{KEY}")
    form = request.form()
    assert 0 < len(form["content"]) <= 2000
    assert (form["from"], form["channel"]) == ("Better原神", "WX_MP,BARK")
    return Reply(json={"code": 0, "message": "ok"})


SERVICE = Service(
    kind="xxtui",
    settings=lambda url: {"server": url, "key": KEY, "channels": "WX_MP, BARK"},
    secrets=(KEY,),
    answer=answer,
    failures={"refused": (Reply(json={"code": 1001, "message": "apiKey无效"}), NotSent)},
    reads_body=False,
)


def test_an_unknown_way_is_named() -> None:
    with pytest.raises(ConfigError, match="channels：可用的有 WX_MP"):
        load({"type": "xxtui", "key": KEY, "channels": "WX_MQ"})
