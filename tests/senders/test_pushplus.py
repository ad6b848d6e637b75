"""PushPlus, against a server that checks token and limits."""

from nonebot_plugin_report.model.delivery import Delivered, NotSent, Rejected

from .server import Reply, Request, Server
from .service import Service, channel, make_delivery, make_image

TOKEN = "3f2a9c0d7e8b4a51"


def answer(request: Request) -> Reply:
    assert (request.method, request.path) == ("POST", "/send")
    body = request.json()
    assert body["token"] == TOKEN
    assert 0 < len(body["title"]) <= 200
    assert 0 < len(body["content"]) <= 20_000
    assert (body["template"], body["topic"], body["channel"]) == ("txt", "friends", "cp")
    return Reply(json={"code": 200, "msg": "请求成功", "data": "1"})


def failing(code: int) -> Reply:
    return Reply(json={"code": code, "msg": "x"})


SERVICE = Service(
    kind="pushplus",
    settings=lambda url: {"server": url, "token": TOKEN, "topic": "friends", "via": "cp"},
    secrets=(TOKEN,),
    answer=answer,
    failures={
        "token": (failing(903), Rejected),
        "not verified": (failing(905), Rejected),
        "points": (failing(888), Rejected),
        "address": (failing(403), Rejected),
        "too often": (failing(900), NotSent),
        "their fault": (failing(500), NotSent),
    },
)


async def test_who_was_shut_out_is_not_asked_again_soon() -> None:
    async with (
        Server(lambda _: failing(900)) as server,
        channel("pushplus", server=server.url, token=TOKEN) as pushplus,
    ):
        outcome = await pushplus.send(make_delivery())
    assert isinstance(outcome, NotSent)
    assert (outcome.retry_after or 0) >= 3600


async def test_title_and_text_arrive_apart_and_the_missing_picture_is_told() -> None:
    async with (
        Server(answer) as server,
        channel("pushplus", **SERVICE.settings(server.url)) as pushplus,
    ):
        outcome = await pushplus.send(make_delivery(image=make_image()))
    assert outcome == Delivered("PushPlus：这个渠道不能发图片")
    body = server.requests[0].json()
    assert body["title"] == "✅ 自动秘境结束"
    assert body["content"] == "共完成 5 次\n2026-11-23 21:44:00"
