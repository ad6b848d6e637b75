"""PushPlus, against a server that checks token and limits."""

import pytest

from nonebot_plugin_report.errors import ConfigError
from nonebot_plugin_report.model.delivery import Delivered, NotSent, Rejected
from nonebot_plugin_report.model.report import Report
from nonebot_plugin_report.senders import load

from .server import Reply, Request, Server
from .service import Service, begins_a_day_in_china, channel, make_delivery, make_image

FRIENDS = "fr1end-token-a,fr1end-token-b"
TOKEN = "3f2a9c0d7e8b4a51"


def answer(request: Request) -> Reply:
    assert (request.method, request.path) == ("POST", "/send")
    body = request.json()
    assert body["token"] == TOKEN
    assert 0 < len(body["title"]) <= 100
    assert 0 < len(body["content"]) <= 20_000
    assert (body["template"], body["topic"], body["channel"]) == ("txt", "friends", "cp")
    assert (body["webhook"], body["to"]) == ("my-wecom", FRIENDS)
    return Reply(json={"code": 200, "msg": "请求成功", "data": "1"})


def failing(code: int) -> Reply:
    return Reply(json={"code": code, "msg": "x"})


SERVICE = Service(
    kind="pushplus",
    settings=lambda url: {
        "server": url, "token": TOKEN, "topic": "friends", "via": "cp", "webhook": "my-wecom",
        "to": FRIENDS,
    },
    secrets=(TOKEN, FRIENDS),
    answer=answer,
    failures={
        "token": (failing(903), Rejected),
        "not verified": (failing(905), Rejected),
        "points": (failing(888), Rejected),
        "address": (failing(403), Rejected),
        "too often": (failing(900), NotSent),
        "their fault": (failing(500), NotSent),
    },
)  # fmt: skip


async def test_who_was_shut_out_is_not_asked_again_on_the_same_day() -> None:
    async with (
        Server(lambda _: failing(900)) as server,
        channel("pushplus", server=server.url, token=TOKEN) as pushplus,
    ):
        outcome = await pushplus.send(make_delivery())
    assert isinstance(outcome, NotSent)
    assert begins_a_day_in_china(outcome.retry_after)


async def test_a_long_title_is_cut_as_short_as_the_service_takes_it() -> None:
    async with (
        Server(answer) as server,
        channel("pushplus", **SERVICE.settings(server.url)) as pushplus,
    ):
        report = Report(title="长" * 150, content="x")
        delivery = make_delivery("长" * 150 + "\nx", report=report)
        assert isinstance(await pushplus.send(delivery), Delivered)


@pytest.mark.parametrize("via", ["webhook", "cp"])
def test_what_goes_on_by_a_webhook_needs_its_code(via: str) -> None:
    with pytest.raises(ConfigError, match="要填 webhook"):
        load({"type": "pushplus", "token": TOKEN, "via": via})


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
