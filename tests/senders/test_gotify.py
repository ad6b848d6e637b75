"""Gotify, against a server that checks the key and the message."""

from nonebot_plugin_report.model.delivery import Delivered, Rejected

from .server import Reply, Request, Server
from .service import NOTHING, Service, channel, make_delivery, make_image

TOKEN = "AbCdEf.0123456"


def answer(request: Request) -> Reply:
    assert (request.method, request.path) == ("POST", "/push/message")
    assert request.headers["x-gotify-key"] == TOKEN
    body = request.json()
    assert body["title"]
    assert body["message"]
    assert body["priority"] == 3
    assert "extras" not in body  # they would ask for Markdown
    return Reply(json={"id": 25, "appid": 5, "message": body["message"]})


SERVICE = Service(
    kind="gotify",
    settings=lambda url: {"server": f"{url}/push/", "token": TOKEN},
    secrets=(TOKEN,),
    answer=answer,
    acts=NOTHING,
    failures={
        "token": (Reply(401, json={"error": "Unauthorized", "errorCode": 401}), Rejected),
        "forbidden": (Reply(403, json={"error": "Forbidden", "errorCode": 403}), Rejected),
    },
)


async def test_title_and_text_arrive_apart_and_the_missing_picture_is_told() -> None:
    async with (
        Server(answer) as server,
        channel("gotify", **SERVICE.settings(server.url)) as router,
    ):
        outcome = await router.send(make_delivery(image=make_image()))
    assert outcome == Delivered("Gotify：这个渠道不能发图片")
    body = server.requests[0].json()
    assert body["title"] == "✅ 自动秘境结束"
    assert body["message"] == "共完成 5 次\n2026-11-23 21:44:00"
