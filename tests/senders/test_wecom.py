"""WeCom's robots, against a server that checks what WeCom would."""

import base64
import hashlib

from nonebot_plugin_report.model.delivery import Delivered, NotSent, Priority, Rejected
from nonebot_plugin_report.model.report import Report, Result

from .server import Behaviour, Reply, Request, Server
from .service import Service, channel, make_delivery, make_image

KEY = "693a91f6-7xxx-4bc4-97a0-0ec2sifa5aaa"
OK = Reply(json={"errcode": 0, "errmsg": "ok"})


def answer(request: Request) -> Reply:
    assert (request.method, request.path) == ("POST", "/cgi-bin/webhook/send")
    assert request.query == {"key": KEY}
    body = request.json()
    match body["msgtype"]:
        case "text":
            assert 0 < len(body["text"]["content"].encode()) <= 2048
        case "image":
            picture = base64.b64decode(body["image"]["base64"], validate=True)
            assert hashlib.md5(picture).hexdigest() == body["image"]["md5"]
            assert len(picture) <= 2 * 1024 * 1024
            assert picture.startswith((b"\xff\xd8\xff", b"\x89PNG"))
        case other:
            raise AssertionError(other)
    return OK


def failing(code: int, words: str) -> Reply:
    return Reply(json={"errcode": code, "errmsg": words})


SERVICE = Service(
    kind="wecom",
    settings=lambda url: {"webhook": f"{url}/cgi-bin/webhook/send?key={KEY}"},
    secrets=(KEY,),
    answer=answer,
    failures={
        "wrong key": (failing(93000, f"invalid webhook url {KEY}"), Rejected),
        "too fast": (failing(45009, "api freq out of limit"), NotSent),
        "picture too large": (failing(40009, "invalid image size"), Rejected),
        "malformed": (failing(40058, "invalid Request Parameter"), Rejected),
        "unheard of": (failing(-1, "system error"), NotSent),
    },
)


async def test_text_and_picture_are_two_messages_and_the_bytes_unchanged() -> None:
    image = make_image()
    async with Server(answer) as server, channel("wecom", **SERVICE.settings(server.url)) as wecom:
        assert await wecom.send(make_delivery(image=image)) == Delivered()
    text, picture = (one.json() for one in server.requests)
    assert text["text"]["content"].startswith("✅ 自动秘境结束")
    assert base64.b64decode(picture["image"]["base64"]) == image.data


async def test_several_pictures_follow_one_by_one() -> None:
    images = tuple(make_image(8, 8 + number) for number in range(3))
    async with Server(answer) as server, channel("wecom", **SERVICE.settings(server.url)) as wecom:
        assert await wecom.send(make_delivery(images=images)) == Delivered()
    _, *pictures = (one.json() for one in server.requests)
    sent = [base64.b64decode(one["image"]["base64"]) for one in pictures]
    assert sent == [one.data for one in images]


async def test_a_picture_that_is_too_large_is_shrunk_and_says_so() -> None:
    image = make_image(2600, 1400, "PNG", noise=True)
    assert len(image.data) > 2 * 1024 * 1024
    async with Server(answer) as server, channel("wecom", **SERVICE.settings(server.url)) as wecom:
        outcome = await wecom.send(make_delivery(image=image))
    assert outcome == Delivered("企业微信：截图已缩小")


async def test_no_part_is_sent_twice() -> None:
    """The text went, the picture did not: the next try sends the picture alone."""
    delivery = make_delivery(image=make_image())

    def busy(request: Request) -> Behaviour:
        return Reply(503) if request.json()["msgtype"] == "image" else answer(request)

    async with Server(busy) as server, channel("wecom", **SERVICE.settings(server.url)) as wecom:
        assert isinstance(await wecom.send(delivery), NotSent)
        server.answer = answer
        assert await wecom.send(delivery) == Delivered()
    kinds = [one.json()["msgtype"] for one in server.requests]
    assert kinds == ["text", "image", "image"]


async def test_the_text_is_enough_where_the_picture_is_refused() -> None:
    def picky(request: Request) -> Behaviour:
        refused = failing(40009, "invalid image size")
        return refused if request.json()["msgtype"] == "image" else answer(request)

    async with Server(picky) as server, channel("wecom", **SERVICE.settings(server.url)) as wecom:
        outcome = await wecom.send(make_delivery(image=make_image()))
    assert outcome == Delivered("企业微信：只发了文字，图片被拒绝：图片大小不合要求")


async def test_more_than_twenty_a_minute_wait() -> None:
    from nonebot_plugin_report.senders.channels.wecom import RATES

    assert RATES == ((20, 60.0),)


async def test_what_failed_calls_whom_it_should_and_nothing_else_does() -> None:
    failed = Report(event="task.error", result=Result.FAIL)
    people = ["13800138000", "zhangsan", "all"]
    async with (
        Server(answer) as server,
        channel("wecom", **SERVICE.settings(server.url), mention=people) as wecom,
    ):
        assert await wecom.send(make_delivery("秘境完成")) == Delivered()
        assert await wecom.send(make_delivery("出错了", make_image(), report=failed)) == Delivered()
        assert await wecom.send(make_delivery("好", priority=Priority.URGENT)) == Delivered()
    ended, error, _, urgent = (one.json().get("text") for one in server.requests)
    calls = {"mentioned_list": ["zhangsan", "@all"], "mentioned_mobile_list": ["13800138000"]}
    assert ended == {"content": "秘境完成"}
    assert error == {"content": "出错了", **calls}
    assert urgent == {"content": "好", **calls}
