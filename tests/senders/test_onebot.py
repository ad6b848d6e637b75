"""OneBot by HTTP, against a server that checks token and segments."""

import base64
from collections.abc import Awaitable
from dataclasses import dataclass, field, replace
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image as Pillow

from nonebot_plugin_report.errors import ConfigError
from nonebot_plugin_report.model.delivery import (
    Away,
    Delivered,
    Delivery,
    NotSent,
    Rejected,
    State,
    Unknown,
)
from nonebot_plugin_report.model.image import read_image
from nonebot_plugin_report.model.message import Message
from nonebot_plugin_report.model.target import Target
from nonebot_plugin_report.senders import load
from nonebot_plugin_report.senders.qq.message import (
    MAX_PICTURE,
    fit_message,
    with_small_pictures,
)
from nonebot_plugin_report.senders.router import Router
from tests.histories import TELLING, Said, Shape, napcat
from tests.outbox.fakes import Clock, world

from .server import Reply, Request, Reset, Server
from .service import NAME, NOTHING, Service, channel, make_delivery, make_image

TOKEN = "onebot-t0ken-of-mine"
NOW = Clock().now


def answer(request: Request) -> Reply:
    assert request.method == "POST"
    assert request.headers["authorization"] == f"Bearer {TOKEN}"
    body = request.json()
    if request.path == "/get_group_msg_history":
        return failing(1404, "no such action")
    assert request.path == "/send_msg"
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
    is_message=lambda request: request.path == "/send_msg",
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


PHONE = Target("channel", NAME)


@dataclass
class Chat:
    """A OneBot implementation that can show a chat's history."""

    shape: Shape
    taking: bool = True
    """What is sent reaches QQ."""
    silent: bool = True
    """And the connection ends instead of an answer."""
    token: str = TOKEN
    now: float = NOW
    said: list[Said] = field(default_factory=list[Said])

    def __call__(self, request: Request) -> Reply | Reset:
        if request.headers["authorization"] != f"Bearer {self.token}":
            return Reply(403)
        body = request.json()
        if request.path in ("/get_group_msg_history", "/get_friend_msg_history"):
            assert 777 in (body.get("group_id"), body.get("user_id"))
            return Reply(json={"status": "ok", "retcode": 0, "data": self.shape(self.said)})
        text = "".join(one["data"].get("text", "") for one in body["message"])
        images = sum(one["type"] == "image" for one in body["message"])
        number = len(self.said) + 1
        if self.taking:
            self.said.append(Said(10000, text, self.now, images, sequence=number))
        return Reset() if self.silent else Reply(json={"status": "ok", "retcode": 0})


@pytest.fixture(params=TELLING, ids=lambda shape: shape.__name__)
def chat(request: pytest.FixtureRequest) -> Chat:
    return Chat(request.param)


def lasting(router: Router, delivery: Delivery) -> Awaitable[int | None]:
    """Look for a delivery among what came lately."""
    return router.seen(delivery, NOW - 60, NOW + 60)


@pytest.mark.parametrize("to", [{"group_id": 777}, {"user_id": 777, "group_id": None}])
async def test_what_was_not_answered_is_looked_for_in_the_chat(
    chat: Chat, to: dict[str, int | None]
) -> None:
    delivery = make_delivery("完成 [1/2] & <b>\n第二行", image=make_image())
    async with (
        Server(chat) as server,
        channel("onebot", **{**SERVICE.settings(server.url), **to}) as onebot,
    ):
        assert await lasting(onebot, delivery) == 0
        assert isinstance(await onebot.send(delivery), Unknown)
        chat.said.append(Said(10001, "别人的", NOW, sequence=2))
        assert await lasting(onebot, delivery) == 1
        assert await lasting(onebot, make_delivery("别的")) == 0
        chat.token = "another"
        assert await lasting(onebot, delivery) is None


async def test_pictures_that_were_shrunk_to_go_along_do_not_hide_the_words() -> None:
    chat = Chat(napcat)
    large = tuple(
        replace(one, data=one.data + bytes(MAX_PICTURE))
        for one in (make_image(), make_image(fmt="PNG"))
    )
    delivery = make_delivery("两张图", images=large)
    async with (
        Server(chat) as server,
        channel("onebot", **SERVICE.settings(server.url)) as onebot,
    ):
        chat.silent = False
        assert await onebot.send(delivery) == Delivered("OneBot：截图已缩小")
        assert chat.said[0].images == 2
        assert await lasting(onebot, delivery) == 1


async def test_what_arrived_without_an_answer_is_not_sent_twice(tmp_path: Path, chat: Chat) -> None:
    async with (
        Server(chat) as server,
        channel("onebot", **SERVICE.settings(server.url)) as onebot,
        world(tmp_path / "report.db", far=onebot) as w,
    ):
        receipt = await w.accept("完成", PHONE)
        await w.drain(PHONE)
        state = await w.state(receipt.id)
        assert state is not None
        (delivery,) = state.deliveries
        assert (delivery.state, delivery.attempts) == (State.DELIVERED, 1)
        assert "没有收到确认" in delivery.reason
        assert [one.text for one in chat.said] == ["完成"]


async def test_what_did_not_arrive_is_sent_again(tmp_path: Path) -> None:
    chat = Chat(napcat, taking=False)
    async with (
        Server(chat) as server,
        channel("onebot", **SERVICE.settings(server.url)) as onebot,
        world(tmp_path / "report.db", far=onebot) as w,
    ):
        receipt = await w.accept("完成", PHONE)
        due_at = await w.drain(PHONE)
        assert due_at is not None
        w.clock.now, chat.now, chat.taking, chat.silent = due_at, due_at, True, False
        await w.drain(PHONE)
        assert await w.states(receipt) == [State.DELIVERED]
        assert [one.text for one in chat.said] == ["完成"]


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
    message, note = fit_message(replace(make_delivery().message, images=large))
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
