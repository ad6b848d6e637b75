"""Feishu, against a server that checks what Feishu would: signature, token, upload."""

import base64
import hashlib
import hmac
import json

import pytest

from nonebot_plugin_report.errors import ConfigError
from nonebot_plugin_report.model.delivery import Delivered, NotSent, Priority, Rejected
from nonebot_plugin_report.model.report import Report, Result
from nonebot_plugin_report.senders import load
from nonebot_plugin_report.senders.channels.feishu import sign

from .server import Behaviour, Reply, Request, Server
from .service import Service, channel, make_delivery, make_image

HOOK = "b5b1c2f3-aaaa-bbbb-cccc-0123456789ab"
SECRET = "s1gn-secret-of-mine"
APP_SECRET = "app-secret-of-mine"
TOKEN = "t-caecc734c2e3328a62489fe0648c4b98"
IMAGE_KEY = "img_v2_041b28e3-5680-48c2-9af2-497ace79333g"


def answer(request: Request) -> Reply:
    match request.path:
        case "/open-apis/auth/v3/tenant_access_token/internal":
            assert request.json() == {"app_id": "cli_a1", "app_secret": APP_SECRET}
            return Reply(
                json={"code": 0, "msg": "ok", "tenant_access_token": TOKEN, "expire": 7200}
            )
        case "/open-apis/im/v1/images":
            assert request.headers["authorization"] == f"Bearer {TOKEN}"
            parts = request.multipart()
            assert parts["image_type"].content == b"message"
            assert 0 < len(parts["image"].content) <= 10_000_000
            assert parts["image"].filename
            return Reply(json={"code": 0, "msg": "success", "data": {"image_key": IMAGE_KEY}})
        case path:
            assert path == f"/open-apis/bot/v2/hook/{HOOK}"
            return hook(request)


def hook(request: Request) -> Reply:
    assert len(request.body) <= 20_000
    body = request.json()
    key = f"{body['timestamp']}\n{SECRET}".encode()
    assert body["sign"] == base64.b64encode(hmac.new(key, b"", hashlib.sha256).digest()).decode()
    if body["msg_type"] == "text":
        assert body["content"]["text"]
    else:
        _, *pictures = body["content"]["post"]["zh_cn"]["content"]
        people = [row for row in pictures if row[0]["tag"] == "at"]
        pictures = pictures[len(people) :]
        assert pictures == [[{"tag": "img", "image_key": IMAGE_KEY}]] * len(pictures) != []
    return Reply(json={"code": 0, "msg": "success", "data": {}})


def failing(code: int, words: str) -> Reply:
    return Reply(json={"code": code, "msg": words, "data": {}})


def settings(url: str) -> dict[str, str]:
    return {
        "webhook": f"{url}/open-apis/bot/v2/hook/{HOOK}",
        "secret": SECRET,
        "app_id": "cli_a1",
        "app_secret": APP_SECRET,
    }


SERVICE = Service(
    kind="feishu",
    settings=settings,
    secrets=(HOOK, SECRET, APP_SECRET),
    answer=answer,
    is_message=lambda request: "/hook/" in request.path,
    failures={
        "signature": (failing(19021, "sign match fail or timestamp is expired"), Rejected),
        "address": (failing(19022, "Ip Not Allowed"), Rejected),
        "keyword": (failing(19024, "Key Words Not Found"), Rejected),
        "too fast": (failing(9499, "too many request"), NotSent),
        "malformed": (failing(9499, "Bad Request"), Rejected),
        "malformed, as older answers say it": (
            Reply(json={"StatusCode": 9499, "StatusMessage": "fail to parse content"}), Rejected
        ),
        "not enabled": (failing(19007, "Bot Not Enabled"), Rejected),
        "too fast, newer": (failing(11232, "frequency limited psm"), NotSent),
        "older success's failure": (Reply(json={"StatusCode": 1, "StatusMessage": "x"}), NotSent),
    },
)  # fmt: skip


def test_the_signature_of_the_documentation() -> None:
    assert sign("1700000000", "abc123") == "J0suvZQ7pBIXibHw5hyQvuZiXVa3ct5lilLN472FoLk="


async def test_the_picture_is_uploaded_and_the_token_kept() -> None:
    image = make_image()
    async with Server(answer) as server, channel("feishu", **settings(server.url)) as feishu:
        for number in range(2):
            assert await feishu.send(make_delivery(image=image, number=number)) == Delivered()
    paths = [one.path.rsplit("/", 1)[-1] for one in server.requests]
    assert paths == ["internal", "images", HOOK, "images", HOOK]
    assert server.requests[1].multipart()["image"].content == image.data


async def test_several_pictures_are_uploaded_one_by_one_and_shown_together() -> None:
    images = tuple(make_image(8, 8 + number) for number in range(3))
    async with Server(answer) as server, channel("feishu", **settings(server.url)) as feishu:
        assert await feishu.send(make_delivery(images=images)) == Delivered()
    uploaded = [one.multipart()["image"].content for one in server.requests[1:-1]]
    assert uploaded == [one.data for one in images]
    rows = server.requests[-1].json()["content"]["post"]["zh_cn"]["content"]
    assert len(rows) == 4


async def test_an_older_answer_of_success_is_one() -> None:
    reply = Reply(json={"StatusCode": 0, "StatusMessage": "success"})
    async with (
        Server(lambda _: reply) as server,
        channel("feishu", webhook=server.url) as feishu,
    ):
        assert await feishu.send(make_delivery()) == Delivered()


async def test_a_stale_token_is_fetched_anew() -> None:
    stale = True

    def once_stale(request: Request) -> Behaviour:
        if stale and request.path.endswith("/images"):
            return Reply(400, json={"code": 99991663, "msg": "Invalid access token"})
        return answer(request)

    async with Server(once_stale) as server, channel("feishu", **settings(server.url)) as feishu:
        first = await feishu.send(make_delivery(image=make_image()))
        assert isinstance(first, Delivered)
        assert "没有图片" in first.note
        stale = False
        assert await feishu.send(make_delivery(image=make_image(), number=2)) == Delivered()
    paths = [one.path.rsplit("/", 1)[-1] for one in server.requests]
    assert paths == ["internal", "images", HOOK, "internal", "images", HOOK]


async def test_without_an_app_the_text_goes_alone_and_says_so() -> None:
    async with Server(answer) as server:
        plain = {"webhook": settings(server.url)["webhook"], "secret": SECRET}
        async with channel("feishu", **plain) as feishu:
            outcome = await feishu.send(make_delivery(image=make_image()))
    assert outcome == Delivered("飞书：没有图片：没有填 app_id 和 app_secret")
    assert json.loads(server.requests[0].body)["msg_type"] == "text"


@pytest.mark.parametrize("status", [400, 429])
async def test_too_many_uploads_wait_and_the_picture_is_kept(status: int) -> None:
    limited = True

    def limited_uploads(request: Request) -> Behaviour:
        if limited and request.path.endswith("/images"):
            frequency = {"code": 99991400, "msg": "request trigger frequency limit"}
            return Reply(status, json=frequency, headers={"x-ogw-ratelimit-reset": "7"})
        return answer(request)

    async with (
        Server(limited_uploads) as server,
        channel("feishu", **settings(server.url)) as feishu,
    ):
        delivery = make_delivery(image=make_image())
        outcome = await feishu.send(delivery)
        assert isinstance(outcome, NotSent)
        assert (outcome.retry_after, outcome.answered) == (7, False)
        limited = False
        assert await feishu.send(delivery) == Delivered()
    assert [one.path.rsplit("/", 1)[-1] for one in server.requests].count(HOOK) == 1


async def test_an_app_without_leave_to_upload_is_told_where_to_get_it() -> None:
    def no_scope(request: Request) -> Behaviour:
        if request.path.endswith("/images"):
            words = "Access denied. One of the following scopes is required: [im:resource]"
            return Reply(400, json={"code": 99991672, "msg": words})
        return answer(request)

    async with Server(no_scope) as server, channel("feishu", **settings(server.url)) as feishu:
        outcome = await feishu.send(make_delivery(image=make_image()))
    assert isinstance(outcome, Delivered)
    assert "im:resource" in outcome.note
    assert "开放平台" in outcome.note


def test_half_an_app_is_named() -> None:
    with pytest.raises(ConfigError, match="app_id 和 app_secret 要一起填"):
        load({"type": "feishu", "webhook": "http://127.0.0.1/", "app_id": "x"})


async def test_what_failed_calls_whom_it_should_and_nothing_else_does() -> None:
    failed = Report(event="task.error", result=Result.FAIL)
    people = "all, ou_7d8a6e6df7621556ce0d21922b676706"
    async with (
        Server(answer) as server,
        channel("feishu", **settings(server.url), mention=people) as feishu,
    ):
        assert await feishu.send(make_delivery("秘境完成")) == Delivered()
        assert await feishu.send(make_delivery("出错了", report=failed)) == Delivered()
        urgent = make_delivery("好", make_image(), priority=Priority.URGENT)
        assert await feishu.send(urgent) == Delivered()
        long = make_delivery("字" * 99_999, report=failed)
        assert isinstance(await feishu.send(long), Delivered)
    ended, error, picture, cut = (
        one.json()["content"] for one in server.requests if "/hook/" in one.path
    )
    calls = ('<at user_id="all"></at>', '<at user_id="ou_7d8a6e6df7621556ce0d21922b676706"></at>')
    assert ended["text"] == "秘境完成"
    assert error["text"] == "\n".join(("出错了", *calls))
    assert cut["text"].endswith("…\n" + "\n".join(calls))
    assert picture["post"]["zh_cn"]["content"][1] == [
        {"tag": "at", "user_id": "all"},
        {"tag": "at", "user_id": "ou_7d8a6e6df7621556ce0d21922b676706"},
    ]


def test_whom_to_call_cannot_be_more_than_a_name() -> None:
    with pytest.raises(ConfigError, match="mention：应为 all 或 ID"):
        load({"type": "feishu", "webhook": "http://127.0.0.1/", "mention": ['x"></at>']})
