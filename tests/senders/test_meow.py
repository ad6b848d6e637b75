"""MeoW, against a server that reads the nickname from the path."""

from urllib.parse import unquote

from nonebot_plugin_report.model.delivery import NotSent, Rejected

from .server import Reply, Request
from .service import NOTHING, Service

NICKNAME = "派蒙的手机/二号"


def answer(request: Request) -> Reply:
    assert request.method == "POST"
    assert request.path.count("/") == 1
    assert unquote(request.path) == f"/{NICKNAME}"
    body = request.json()
    assert set(body) == {"title", "msg"}  # msgType would ask for HTML
    assert 0 < len(body["title"]) <= 100
    assert 0 < len(body["msg"]) <= 4000
    return Reply(json={"status": 200, "message": "推送成功"})


SERVICE = Service(
    kind="meow",
    settings=lambda url: {"server": url, "nickname": NICKNAME},
    secrets=(NICKNAME,),
    answer=answer,
    acts=NOTHING,
    failures={
        "nickname": (Reply(json={"status": 404, "message": "用户不存在"}), Rejected),
        "bad": (Reply(json={"status": 400, "message": "x"}), Rejected),
        "their fault": (Reply(json={"status": 500, "message": "x"}), NotSent),
        "unheard of": (Reply(json={"status": 7, "message": "x"}), NotSent),
    },
)
