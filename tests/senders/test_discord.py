"""Discord, against a server that parses the multipart body."""

import json
from dataclasses import replace

from nonebot_plugin_report.model.delivery import Delivered, NotSent, Rejected

from .server import Behaviour, Reply, Request, Server
from .service import Service, channel, make_delivery, make_image

PATH = "/api/webhooks/1234567890/aBcDeFgH-token_of-mine"


def answer(request: Request) -> Reply:
    assert request.method == "POST"
    assert request.path == PATH
    assert request.query == {"wait": "true"}
    parts = request.multipart()
    payload = json.loads(parts["payload_json"].content)
    assert 0 < len(payload["content"].encode("utf-16-le")) // 2 <= 2000
    assert payload["allowed_mentions"] == {"parse": []}
    assert payload["username"] == "派蒙"
    assert len(request.body) <= 10 * 1024 * 1024
    if "files[0]" in parts:
        assert parts["files[0]"].filename
        assert parts["files[0]"].media_type.startswith("image/")
    return Reply(json={"id": "1", "content": payload["content"]})


SERVICE = Service(
    kind="discord",
    settings=lambda url: {"webhook": f"{url}{PATH}", "username": "派蒙"},
    secrets=("aBcDeFgH-token_of-mine",),
    answer=answer,
    failures={
        "webhook": (Reply(404, json={"code": 10015, "message": "Unknown Webhook"}), Rejected),
        "token": (Reply(401, json={"code": 50027, "message": "Invalid Token"}), Rejected),
        "too fast": (Reply(429, json={"retry_after": 0.65, "global": False}), NotSent),
    },
)


async def test_the_pause_that_is_asked_for_is_kept() -> None:
    limited = Reply(429, json={"retry_after": 12.5}, headers={"retry-after": "60"})
    async with (
        Server(lambda _: limited) as server,
        channel("discord", webhook=f"{server.url}{PATH}") as discord,
    ):
        outcome = await discord.send(make_delivery())
    assert isinstance(outcome, NotSent)
    assert outcome.retry_after == 12.5


async def test_the_picture_arrives_as_it_was() -> None:
    image = make_image()
    async with (
        Server(answer) as server,
        channel("discord", **SERVICE.settings(server.url)) as discord,
    ):
        assert await discord.send(make_delivery(image=image)) == Delivered()
    assert server.requests[0].multipart()["files[0]"].content == image.data


async def test_several_pictures_go_together_and_are_shrunk_only_where_they_are_too_large() -> None:
    small = tuple(make_image(8, 8 + number) for number in range(3))
    large = tuple(replace(one, data=one.data + bytes(6 * 2**20)) for one in small[:2])
    async with (
        Server(answer) as server,
        channel("discord", **SERVICE.settings(server.url)) as discord,
    ):
        assert await discord.send(make_delivery(images=small)) == Delivered()
        outcome = await discord.send(make_delivery(images=large, number=2))
    assert outcome == Delivered("Discord：截图已缩小")
    files = server.requests[0].multipart()
    assert [files[f"files[{n}]"].content for n in range(3)] == [one.data for one in small]
    assert len(server.requests[1].body) < 10 * 2**20


async def test_where_the_picture_is_refused_the_text_goes() -> None:
    def no_pictures(request: Request) -> Behaviour:
        return Reply(413) if "files[0]" in request.multipart() else answer(request)

    async with (
        Server(no_pictures) as server,
        channel("discord", **SERVICE.settings(server.url)) as discord,
    ):
        outcome = await discord.send(make_delivery(image=make_image()))
    assert isinstance(outcome, Delivered)
    assert "只发了文字" in outcome.note
    assert len(server.requests) == 2
