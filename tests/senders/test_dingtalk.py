"""DingTalk's robots, against a server that checks the signature itself."""

import base64
import hashlib
import hmac
from urllib.parse import quote_plus

import pytest

from nonebot_plugin_report.model.delivery import Delivered, NotSent, Priority, Rejected
from nonebot_plugin_report.model.report import Report, Result
from nonebot_plugin_report.senders.channels.dingtalk import sign

from .server import Reply, Request, Server
from .service import NOTHING, Service, channel, make_delivery, make_image

TOKEN = "566cc69da782ec3f42f8d1c3a1e4f5b2"
SECRET = "SEC-s3cret-of-mine-0123"


def answer(request: Request) -> Reply:
    assert (request.method, request.path) == ("POST", "/robot/send")
    query = request.query
    signed = f"{query['timestamp']}\n{SECRET}".encode()
    expected = base64.b64encode(hmac.new(SECRET.encode(), signed, hashlib.sha256).digest())
    assert query["access_token"] == TOKEN
    assert query["sign"] == expected.decode()
    assert len(query["timestamp"]) == 13
    body = request.json()
    assert set(body) == {"msgtype", "text"}  # `at` would call somebody
    assert body["msgtype"] == "text"
    assert body["text"]["content"]
    assert len(request.body) <= 20_000
    return Reply(json={"errcode": 0, "errmsg": "ok"})


FINAL = (
    400013, 400101, 400102, 400105, 400106, 430101, 430102, 430103, 430104, 460101, 300005,
)  # fmt: skip
"""What no later try would change."""


def failing(code: int, words: str) -> Reply:
    return Reply(json={"errcode": code, "errmsg": words})


SERVICE = Service(
    kind="dingtalk",
    settings=lambda url: {"webhook": f"{url}/robot/send?access_token={TOKEN}", "secret": SECRET},
    secrets=(TOKEN, SECRET),
    answer=answer,
    acts=NOTHING,
    failures={
        "signature": (failing(310000, "sign not match"), Rejected),
        "keyword": (failing(310000, "keywords not in content"), Rejected),
        "address": (failing(310000, "ip X.X.X.X not in whitelist"), Rejected),
        "too fast": (failing(130101, "send too fast"), NotSent),
        "too fast, newer": (failing(410100, "发送速度太快而限流"), NotSent),
        "used up": (failing(90030, "webhook over limit"), NotSent),
        **{str(code): (failing(code, "x"), Rejected) for code in FINAL},
        "token": (failing(300001, "token is not exist"), Rejected),
        "unheard of": (failing(-1, "system busy"), NotSent),
    },
)


def test_the_signature_of_the_contract() -> None:
    signature = sign("1700000000000", "SECabc123")
    assert quote_plus(signature) == "N5P09a4%2Bp1AMJIJWnIvQd2Yxw9%2Bfu%2FoEBnPrjCcsLXk%3D"


async def test_a_wrong_signature_says_what_to_mend() -> None:
    async with (
        Server(lambda _: failing(310000, "sign not match")) as server,
        channel("dingtalk", **SERVICE.settings(server.url)) as router,
    ):
        outcome = await router.send(make_delivery())
    assert outcome == Rejected("钉钉：签名不符，检查 secret 或本机时间")


async def test_the_text_goes_without_the_picture_and_says_so() -> None:
    async with (
        Server(answer) as server,
        channel("dingtalk", **SERVICE.settings(server.url)) as router,
    ):
        outcome = await router.send(make_delivery(image=make_image()))
    assert outcome == Delivered("钉钉：这个渠道不能发图片")


@pytest.mark.parametrize(("code", "pause"), [(410100, 600), (130101, 600), (90030, 3600)])
async def test_who_was_shut_out_waits_until_he_is_let_in_again(code: int, pause: float) -> None:
    async with (
        Server(lambda _: failing(code, "x")) as server,
        channel("dingtalk", **SERVICE.settings(server.url)) as router,
    ):
        outcome = await router.send(make_delivery())
    assert isinstance(outcome, NotSent)
    assert not outcome.answered
    assert (outcome.retry_after or 0) >= pause


async def test_a_robot_that_was_removed_says_what_to_do() -> None:
    async with (
        Server(lambda _: failing(400106, "机器人不存在")) as server,
        channel("dingtalk", **SERVICE.settings(server.url)) as router,
    ):
        outcome = await router.send(make_delivery())
    assert outcome == Rejected("钉钉：机器人已不在群里，重新添加后换上新的 webhook")


async def test_what_failed_calls_whom_it_should_and_nothing_else_does() -> None:
    bodies: list[dict[str, object]] = []

    def note(request: Request) -> Reply:
        bodies.append(request.json())
        return Reply(json={"errcode": 0})

    failed = Report(event="task.error", result=Result.FAIL)
    people = ["13800138000", "manager7675", "@all"]
    async with (
        Server(note) as server,
        channel("dingtalk", **SERVICE.settings(server.url), mention=people) as router,
    ):
        assert await router.send(make_delivery()) == Delivered()
        assert await router.send(make_delivery("出错了", report=failed)) == Delivered()
        assert await router.send(make_delivery(priority=Priority.URGENT)) == Delivered()
    ended, error, urgent = (one.get("at") for one in bodies)
    assert ended is None
    assert error == {
        "atMobiles": ["13800138000"], "atUserIds": ["manager7675"], "isAtAll": True,
    } == urgent  # fmt: skip
