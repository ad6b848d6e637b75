"""WeCom's applications, against a server with token, upload and messages."""

from dataclasses import replace

import pytest

from nonebot_plugin_report.model.delivery import Delivered, NotSent, Rejected

from .server import Behaviour, Reply, Request, Server
from .service import Service, channel, make_delivery, make_image

SECRET = "c0rp-secret-of-mine"
TOKEN = "acc3ss-token-1"
MEDIA = "3a8asd892asd8asd"


def answer(request: Request) -> Reply:
    if request.path == "/cgi-bin/gettoken":
        assert request.method == "GET"
        assert request.query == {"corpid": "ww1", "corpsecret": SECRET}
        token = {"access_token": TOKEN, "expires_in": 7200}
        return Reply(json={"errcode": 0, "errmsg": "ok", **token})
    assert request.method == "POST"
    assert request.query["access_token"] == TOKEN
    if request.path == "/cgi-bin/media/upload":
        assert request.query["type"] == "image"
        media = request.multipart()["media"]
        assert media.filename
        assert 5 < len(media.content) <= 10_000_000
        return Reply(json={"errcode": 0, "errmsg": "ok", "type": "image", "media_id": MEDIA})
    assert request.path == "/cgi-bin/message/send"
    body = request.json()
    assert (body["touser"], body["agentid"]) == ("zhangsan|lisi", 1000002)
    if body["msgtype"] == "image":
        assert body["image"] == {"media_id": MEDIA}
    else:
        assert body["msgtype"] == "text"
        assert 0 < len(body["text"]["content"].encode()) <= 2048
    return Reply(json={"errcode": 0, "errmsg": "ok", "msgid": "xxxx"})


def failing(code: int, words: str = "x") -> Reply:
    return Reply(json={"errcode": code, "errmsg": words})


FOREIGN = (
    "not allow to access from your ip, hint: [1700000000], from ip: 203.0.113.7, more info at"
    " https://open.work.weixin.qq.com/devtool/query?e=60020"
)
SERVICE = Service(
    kind="wecomapp",
    settings=lambda url: {
        "corpid": "ww1", "corpsecret": SECRET, "agentid": 1000002, "to": "zhangsan, lisi",
        "server": url,
    },
    secrets=(SECRET,),
    answer=answer,
    is_message=lambda request: request.path.endswith("/send"),
    failures={
        "address": (failing(60020, FOREIGN), Rejected),
        "nobody": (failing(81013, "user & party & tag all invalid"), Rejected),
        "another application": (failing(301002), Rejected),
        "stale token": (failing(42001, "access_token expired"), NotSent),
        "too fast": (failing(45009, "api freq out of limit"), NotSent),
        "unheard of": (failing(-1, "system busy"), NotSent),
    },
)  # fmt: skip


async def test_the_picture_is_uploaded_after_the_text_and_the_token_kept() -> None:
    image = make_image()
    async with (
        Server(answer) as server,
        channel("wecomapp", **SERVICE.settings(server.url)) as wecom,
    ):
        for number in range(2):
            assert await wecom.send(make_delivery(image=image, number=number)) == Delivered()
    paths = [one.path.rsplit("/", 1)[1] for one in server.requests]
    assert paths == ["gettoken", *["send", "upload", "send"] * 2]
    assert server.requests[2].multipart()["media"].content == image.data


async def test_a_stale_token_is_fetched_anew_and_no_part_sent_twice() -> None:
    stale = True

    def once_stale(request: Request) -> Behaviour:
        return failing(40014) if stale and request.path.endswith("/upload") else answer(request)

    delivery = make_delivery(image=make_image())
    async with (
        Server(once_stale) as server,
        channel("wecomapp", **SERVICE.settings(server.url)) as wecom,
    ):
        assert isinstance(await wecom.send(delivery), NotSent)
        stale = False
        assert await wecom.send(delivery) == Delivered()
    paths = [one.path.rsplit("/", 1)[1] for one in server.requests]
    assert paths == ["gettoken", "send", "upload", "gettoken", "upload", "send"]


@pytest.mark.parametrize(
    ("where", "reply", "mend"),
    [
        ("gettoken", failing(40001, "invalid credential"), "应用的 Secret"),
        ("gettoken", failing(40013, "invalid corpid"), "corpid 不对"),
        ("send", failing(60020, FOREIGN), "203.0.113.7"),
        ("send", failing(60020, "not allow"), "「企业可信 IP」"),
        ("send", failing(81013), "「可见范围」"),
    ],
)
async def test_what_can_be_mended_is_said(where: str, reply: Reply, mend: str) -> None:
    def refusing(request: Request) -> Behaviour:
        return reply if request.path.endswith(where) else answer(request)

    async with (
        Server(refusing) as server,
        channel("wecomapp", **SERVICE.settings(server.url)) as wecom,
    ):
        outcome = await wecom.send(make_delivery())
    assert isinstance(outcome, Rejected)
    assert mend in outcome.reason


async def test_who_could_not_be_reached_is_told() -> None:
    def partly(request: Request) -> Behaviour:
        reply = answer(request)
        if request.path.endswith("/send"):
            return replace(reply, json={**reply.json, "invaliduser": "lisi"})
        return reply

    async with (
        Server(partly) as server,
        channel("wecomapp", **SERVICE.settings(server.url)) as wecom,
    ):
        outcome = await wecom.send(make_delivery())
    assert isinstance(outcome, Delivered)
    assert "lisi" in outcome.note
