"""Telegram, against a server that checks token, chat and limits."""

import json

import pytest

from nonebot_plugin_report.errors import ConfigError
from nonebot_plugin_report.model.delivery import Delivered, NotSent, Rejected
from nonebot_plugin_report.senders import load

from .server import Behaviour, Reply, Request, Server
from .service import Service, channel, make_delivery, make_image

TOKEN = "123456:ABC-DEF1234ghIkl-zyx57W2v1u123ew11"


def length(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def answer(request: Request) -> Reply:
    assert request.method == "POST"
    prefix, method = request.path.rsplit("/", 1)
    assert prefix == f"/bot{TOKEN}"
    if method == "sendMessage":
        body = request.json()
        assert body["chat_id"] == "-1001"
        assert 0 < length(body["text"]) <= 4096
    else:
        parts = request.multipart()
        assert parts["chat_id"].content == b"-1001"
        if method == "sendMediaGroup":
            return album(request)
        assert method == "sendPhoto"
        assert parts["photo"].filename
        assert len(parts["photo"].content) <= 10_000_000
        if "caption" in parts:
            assert 0 < length(parts["caption"].content.decode()) <= 1024
    return Reply(json={"ok": True, "result": {"message_id": 1}})


def album(request: Request) -> Reply:
    parts = request.multipart()
    media = json.loads(parts["media"].content)
    assert 2 <= len(media) <= 10
    for one in media:
        assert one["type"] == "photo"
        assert parts[one["media"].removeprefix("attach://")].filename
        assert 0 < len(one.get("caption", "x")) <= 1024
    return Reply(json={"ok": True, "result": [{"message_id": n} for n in range(len(media))]})


def failing(status: int, words: str, **more: object) -> Reply:
    return Reply(status, json={"ok": False, "error_code": status, "description": words, **more})


SERVICE = Service(
    kind="telegram",
    settings=lambda url: {"server": url, "token": TOKEN, "chat_id": "-1001"},
    secrets=(TOKEN,),
    answer=answer,
    failures={
        "token": (failing(401, "Unauthorized"), Rejected),
        "no token": (failing(404, "Not Found"), Rejected),
        "chat": (failing(400, "Bad Request: chat not found"), Rejected),
        "blocked": (failing(403, "Forbidden: bot was blocked by the user"), Rejected),
        "no topic": (failing(400, "Bad Request: message thread not found"), Rejected),
        "too fast": (failing(429, "Too Many Requests", parameters={"retry_after": 5}), NotSent),
    },
)


async def test_a_short_text_is_the_caption() -> None:
    image = make_image()
    async with (
        Server(answer) as server,
        channel("telegram", **SERVICE.settings(server.url)) as telegram,
    ):
        assert await telegram.send(make_delivery(image=image)) == Delivered()
    (request,) = server.requests
    parts = request.multipart()
    assert parts["photo"].content == image.data
    assert parts["caption"].content.decode() == make_delivery().message.text


async def test_several_pictures_are_an_album_whose_caption_is_the_text() -> None:
    images = tuple(make_image(8, 8 + number) for number in range(3))
    async with (
        Server(answer) as server,
        channel("telegram", **SERVICE.settings(server.url)) as telegram,
    ):
        assert await telegram.send(make_delivery(images=images)) == Delivered()
        assert (
            await telegram.send(make_delivery("长" * 1025, images=images, number=2)) == Delivered()
        )
    first, text, second = server.requests
    media = json.loads(first.multipart()["media"].content)
    assert media[0]["caption"] == make_delivery().message.text
    assert not any("caption" in one for one in media[1:])
    assert [first.multipart()[f"photo{n}"].content for n in range(3)] == [i.data for i in images]
    assert text.path.endswith("sendMessage")
    assert "caption" not in json.loads(second.multipart()["media"].content)[0]


async def test_a_long_text_goes_first_and_only_once() -> None:
    fail = True

    def photo_fails_once(request: Request) -> Behaviour:
        return Reply(502) if fail and request.path.endswith("sendPhoto") else answer(request)

    delivery = make_delivery("长" * 1025, image=make_image())
    async with (
        Server(photo_fails_once) as server,
        channel("telegram", **SERVICE.settings(server.url)) as telegram,
    ):
        assert isinstance(await telegram.send(delivery), NotSent)
        fail = False
        assert await telegram.send(delivery) == Delivered()
    methods = [one.path.rsplit("/", 1)[1] for one in server.requests]
    assert methods == ["sendMessage", "sendPhoto", "sendPhoto"]


async def test_where_the_picture_is_refused_the_text_goes() -> None:
    def no_photos(request: Request) -> Behaviour:
        if request.path.endswith("sendPhoto"):
            return failing(400, "Bad Request: PHOTO_INVALID_DIMENSIONS")
        return answer(request)

    async with (
        Server(no_photos) as server,
        channel("telegram", **SERVICE.settings(server.url)) as telegram,
    ):
        outcome = await telegram.send(make_delivery(image=make_image()))
    assert isinstance(outcome, Delivered)
    assert "只发了文字" in outcome.note


async def test_the_pause_that_is_asked_for_is_kept() -> None:
    limited = failing(429, "Too Many Requests: retry after 35", parameters={"retry_after": 35})
    async with (
        Server(lambda _: limited) as server,
        channel("telegram", **SERVICE.settings(server.url)) as telegram,
    ):
        outcome = await telegram.send(make_delivery())
    assert isinstance(outcome, NotSent)
    assert outcome.retry_after == 35


def test_what_is_no_token_is_named() -> None:
    with pytest.raises(ConfigError, match="token：应为 123456:ABC"):
        load({"type": "telegram", "token": "bot/1", "chat_id": "1"})


async def test_a_topic_gets_text_and_picture() -> None:
    async with (
        Server(answer) as server,
        channel("telegram", **SERVICE.settings(server.url), message_thread_id=42) as telegram,
    ):
        assert await telegram.send(make_delivery()) == Delivered()
        assert await telegram.send(make_delivery(image=make_image(), number=2)) == Delivered()
    text, photo = server.requests
    assert text.json()["message_thread_id"] == 42
    assert photo.multipart()["message_thread_id"].content == b"42"


@pytest.mark.parametrize(
    ("words", "more", "mend"),
    [
        (
            "Bad Request: group chat was upgraded to a supergroup chat",
            {"parameters": {"migrate_to_chat_id": -1001234567890}},
            "chat_id 改成 -1001234567890",
        ),
        ("Bad Request: message thread not found", {}, "检查 message_thread_id"),
        ("Bad Request: TOPIC_CLOSED", {}, "检查 message_thread_id"),
    ],
)
async def test_what_became_of_the_chat_is_told(
    words: str, more: dict[str, object], mend: str
) -> None:
    async with (
        Server(lambda _: failing(400, words, **more)) as server,
        channel("telegram", **SERVICE.settings(server.url)) as telegram,
    ):
        outcome = await telegram.send(make_delivery())
    assert isinstance(outcome, Rejected)
    assert mend in outcome.reason
