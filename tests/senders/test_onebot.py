"""OneBot by HTTP, against a server that checks token and segments."""

import base64
from dataclasses import replace
from io import BytesIO

import pytest
from PIL import Image as Pillow

from nonebot_plugin_report.errors import ConfigError
from nonebot_plugin_report.model.delivery import Away, Delivered, NotSent, Rejected, Unknown
from nonebot_plugin_report.model.image import read_image
from nonebot_plugin_report.model.message import Message
from nonebot_plugin_report.senders import load
from nonebot_plugin_report.senders.qq import fit_message, with_small_pictures

from .server import Reply, Request, Server
from .service import NOTHING, Service, channel, make_delivery, make_image

TOKEN = "onebot-t0ken-of-mine"


def answer(request: Request) -> Reply:
    assert (request.method, request.path) == ("POST", "/send_msg")
    assert request.headers["authorization"] == f"Bearer {TOKEN}"
    body = request.json()
    assert (body["message_type"], body["group_id"]) == ("group", 777)
    for segment in body["message"]:
        if segment["type"] == "text":
            assert 0 < len(segment["data"]["text"]) <= 4000
        else:
            assert segment["type"] == "image"
            assert segment["data"]["file"].startswith("base64://")
    assert body["message"]
    return Reply(json={"status": "ok", "retcode": 0, "data": {"message_id": 1}})


REMOVED = (
    "EventChecker Failed: NTEvent serviceAndMethod:NodeIKernelMsgService/sendMsg "
    'ListenerName:NodeIKernelMsgListener/onMsgInfoListUpdate EventRet:\n{\n    "result": 110,\n'
    '    "errMsg": "发送失败，你已被移出该群，请重新加群。"\n}\n'
)


def failing(retcode: int, words: str) -> Reply:
    return Reply(json={"status": "failed", "retcode": retcode, "message": words, "wording": words})


SERVICE = Service(
    kind="onebot",
    settings=lambda url: {"endpoint": url, "token": TOKEN, "group_id": 777},
    secrets=(TOKEN,),
    answer=answer,
    acts=NOTHING,
    failures={
        "no token": (Reply(401), Rejected),
        "token": (Reply(403), Rejected),
        "parameters": (failing(1400, "bad"), Rejected),
        "timed out over there": (failing(1200, "Timeout: NTEvent x"), Unknown),
        "no longer in the group": (failing(1200, REMOVED), Rejected),
        "parameters, by HTTP's own code": (failing(400, "bad"), Rejected),
        "no such action, by HTTP's own code": (failing(404, "API_NOT_FOUND"), Rejected),
        "muted": (failing(200, "当前处于被禁言状态"), Away),
        "without a network": (failing(200, "网络连接异常!"), Away),
        "other": (failing(1200, "?"), NotSent),
    },
)


async def test_text_acts_as_nothing_but_text() -> None:
    image = make_image()
    delivery = make_delivery("[CQ:at,qq=all] 你好", image=image)
    async with (
        Server(answer) as server,
        channel("onebot", **SERVICE.settings(server.url)) as onebot,
    ):
        assert await onebot.send(delivery) == Delivered()
    text, picture = server.requests[0].json()["message"]
    assert text == {"type": "text", "data": {"text": "[CQ:at,qq=all] 你好"}}
    encoded = picture["data"]["file"].removeprefix("base64://")
    assert base64.b64decode(encoded) == image.data


async def test_an_endpoint_may_name_the_action() -> None:
    async with Server(answer) as server:
        settings = {**SERVICE.settings(server.url), "endpoint": f"{server.url}/send_msg"}
        async with channel("onebot", **settings) as onebot:
            assert await onebot.send(make_delivery("1")) == Delivered()


@pytest.mark.parametrize("ids", [{}, {"user_id": 1, "group_id": 2}])
def test_one_receiver_has_to_be_named(ids: dict[str, int]) -> None:
    with pytest.raises(ConfigError, match="user_id 和 group_id 要填一个"):
        load({"type": "onebot", "endpoint": "http://127.0.0.1:3000", **ids})


def test_many_large_pictures_go_as_far_as_there_is_room_and_the_rest_is_told() -> None:
    pictures = [make_image(8, 8 + number) for number in range(4)]
    large = tuple(replace(one, data=one.data + bytes(3 * 2**20)) for one in pictures)
    delivery = make_delivery()
    delivery = replace(delivery, message=replace(delivery.message, images=large))
    message, note = fit_message(delivery)
    assert message.images == large[:2]
    assert note == "2 张截图太大，没有一起发送"
    assert message.text.endswith(f"[{note}]")


async def test_a_picture_above_the_limit_is_shrunk_wherever_it_stands_and_that_is_told() -> None:
    small, large = make_image(), make_image(400, 300, "PNG", noise=True)
    limit = len(large.data) - 1
    parts = (Message("1", (small,)), Message("2", (large, small)))
    message = Message("1\n\n2", (small, large, small), parts=parts)
    fitted, note = await with_small_pictures(message, limit)
    assert note == "截图已缩小"
    first, shrunk, last = fitted.images
    assert (first, last) == (small, small)
    assert (shrunk.media_type, shrunk.width) == ("image/jpeg", 400)
    assert len(shrunk.data) <= limit
    assert fitted.parts[1].images == (shrunk, small)
    assert await with_small_pictures(message, None) == (message, "")
    assert await with_small_pictures(message, len(large.data)) == (message, "")


async def test_a_picture_that_moves_or_is_broken_is_left_to_qq_as_it_is() -> None:
    file = BytesIO()
    frames = [Pillow.effect_noise((64, 64), 90) for _ in range(3)]
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:])
    moving, broken = read_image(file.getvalue()), replace(make_image(), data=b"\xff\xd8\xff" * 99)
    message = Message("x", (moving, broken))
    assert await with_small_pictures(message, 100) == (message, "")
