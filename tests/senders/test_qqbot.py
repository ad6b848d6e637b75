"""QQ's official bots, against a server with token, upload and messages."""

import base64

import pytest

from nonebot_plugin_report.errors import ConfigError
from nonebot_plugin_report.model.delivery import Delivered, NotSent, Rejected
from nonebot_plugin_report.senders import channel_class, load

from .server import Behaviour, Reply, Request, Server
from .service import Service, channel, make_delivery, make_image

SECRET = "cl1ent-secret-of-mine"
TOKEN = "acc3ss-token-1"


def answer(request: Request) -> Reply:
    assert request.method == "POST"
    if request.path == "/app/getAppAccessToken":
        assert request.json() == {"appId": "102", "clientSecret": SECRET}
        return Reply(json={"access_token": TOKEN, "expires_in": "7200"})
    assert request.headers["authorization"] == f"QQBot {TOKEN}"
    body = request.json()
    if request.path == "/v2/groups/G1/files":
        assert body["file_type"] == 1
        assert body["srv_send_msg"] is False
        assert base64.b64decode(body["file_data"])
        return Reply(json={"file_uuid": "u", "file_info": "INFO", "ttl": 3600})
    assert request.path == "/v2/groups/G1/messages"
    assert 0 < len(body["content"]) <= 2000
    if body["msg_type"] == 7:
        assert body["media"] == {"file_info": "INFO"}
    else:
        assert body["msg_type"] == 0
        assert body["content"].strip()
    return Reply(json={"id": "m1", "timestamp": "2026-11-24T00:00:00+08:00"})


SERVICE = Service(
    kind="qqbot",
    settings=lambda url: {
        "app_id": "102", "client_secret": SECRET, "group_openid": "G1",
        "server": url, "auth_server": url,
    },
    secrets=(SECRET,),
    answer=answer,
    is_message=lambda request: request.path.endswith("/messages"),
    failures={
        "quota": (Reply(400, json={"code": 22009, "message": "msg limit exceed"}), NotSent),
        "too often": (Reply(400, json={"code": 40034100, "message": "x"}), NotSent),
        "no leave to push": (Reply(400, json={"code": 40034102, "message": "x"}), Rejected),
        "no leave to push, groups": (Reply(400, json={"code": 40034105, "message": "x"}), Rejected),
        "not here": (Reply(400, json={"code": 304046, "message": "x"}), Rejected),
        "in too many places": (Reply(400, json={"code": 304047, "message": "x"}), Rejected),
        "no such bot": (Reply(401, json={"code": 11251, "message": "x"}), Rejected),
        "no leave for the interface": (Reply(401, json={"code": 11253, "message": "x"}), Rejected),
        "refused": (Reply(400, json={"code": 40034006, "message": "url"}), Rejected),
        "stale token": (Reply(401, json={"code": 11244, "message": "expired"}), NotSent),
    },
)  # fmt: skip


async def test_the_picture_is_uploaded_and_the_token_kept() -> None:
    image = make_image()
    async with (
        Server(answer) as server,
        channel("qqbot", **SERVICE.settings(server.url)) as qqbot,
    ):
        for number in range(2):
            assert await qqbot.send(make_delivery(image=image, number=number)) == Delivered()
    paths = [one.path.rsplit("/", 1)[1] for one in server.requests]
    assert paths == ["getAppAccessToken", "files", "messages", "files", "messages"]
    assert base64.b64decode(server.requests[1].json()["file_data"]) == image.data


async def test_a_stale_token_is_fetched_anew() -> None:
    stale = True

    def once_stale(request: Request) -> Behaviour:
        if stale and request.path.endswith("/messages"):
            return Reply(401, json={"code": 11244, "message": "token expired"})
        return answer(request)

    async with (
        Server(once_stale) as server,
        channel("qqbot", **SERVICE.settings(server.url)) as qqbot,
    ):
        assert isinstance(await qqbot.send(make_delivery()), NotSent)
        stale = False
        assert await qqbot.send(make_delivery()) == Delivered()
    paths = [one.path.rsplit("/", 1)[1] for one in server.requests]
    assert paths == ["getAppAccessToken", "messages"] * 2


async def test_where_the_upload_is_refused_the_text_goes() -> None:
    def no_uploads(request: Request) -> Behaviour:
        if request.path.endswith("/files"):
            return Reply(400, json={"code": 850026, "message": "upload failed"})
        return answer(request)

    async with (
        Server(no_uploads) as server,
        channel("qqbot", **SERVICE.settings(server.url)) as qqbot,
    ):
        outcome = await qqbot.send(make_delivery(image=make_image()))
    assert isinstance(outcome, Delivered)
    assert "只发了文字" in outcome.note


def test_one_receiver_has_to_be_named() -> None:
    with pytest.raises(ConfigError, match="user_openid 和 group_openid 要填一个"):
        load({"type": "qqbot", "app_id": "1", "client_secret": SECRET})


@pytest.mark.parametrize(
    ("status", "code", "mend"),
    [
        (400, 40034102, "改用 OneBot 或别的渠道"),
        (400, 40034105, "改用 OneBot 或别的渠道"),
        (401, 11251, "检查 app_id 和 client_secret"),
        (401, 11253, "到 q.qq.com 申请"),
    ],
)
async def test_what_can_be_mended_is_said(status: int, code: int, mend: str) -> None:
    refused = Reply(status, json={"code": code, "message": "x"})

    def refusing(request: Request) -> Behaviour:
        return refused if request.path.endswith("/messages") else answer(request)

    async with (
        Server(refusing) as server,
        channel("qqbot", **SERVICE.settings(server.url)) as qqbot,
    ):
        outcome = await qqbot.send(make_delivery())
    assert isinstance(outcome, Rejected)
    assert mend in outcome.reason


def test_who_sets_it_up_is_told_that_most_bots_may_not_push() -> None:
    assert "2025-04-21" in channel_class("qqbot").limits
