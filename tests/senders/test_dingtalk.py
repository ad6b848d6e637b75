"""DingTalk's robots, against a server that checks the signature itself."""

import base64
import hashlib
import hmac
from urllib.parse import quote_plus

from nonebot_plugin_report.model.delivery import Delivered, NotSent, Rejected
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
