"""Apprise itself, posting to a real server by its `json://`."""

import logging

import pytest

from nonebot_plugin_report.errors import ConfigError
from nonebot_plugin_report.model.delivery import Delivered, Delivery, NotSent
from nonebot_plugin_report.senders import load

from .server import Reply, Request, Server
from .service import Service, channel, make_delivery, make_image

PASSWORD = "s3cret-pass-of-mine"


def address(url: str) -> str:
    return url.replace("http://", f"json://me:{PASSWORD}@", 1) + "/hook"


async def shows(delivery: Delivery) -> list[str]:
    async with (
        Server(answer) as server,
        channel("apprise", url=address(server.url)) as apprise,
    ):
        assert await apprise.send(delivery) == Delivered()
    body = server.requests[0].json()
    return [body["title"], body["message"]]


SERVICE = Service(
    kind="apprise",
    settings=lambda url: {"url": address(url)},
    secrets=(PASSWORD,),
    shows=shows,
)


def answer(request: Request) -> Reply:
    assert (request.method, request.path) == ("POST", "/hook")
    return Reply(json={"ok": True})


async def test_title_text_and_picture_arrive(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with (
        Server(answer) as server,
        channel("apprise", url=address(server.url)) as apprise,
    ):
        assert await apprise.send(make_delivery(image=make_image())) == Delivered()
    body = server.requests[0].json()
    assert body["title"] == "✅ 自动秘境结束"
    assert body["message"] == "共完成 5 次\n2026-11-23 21:44:00"
    (attachment,) = body["attachments"]
    assert attachment["filename"] == "screenshot.jpg"
    assert PASSWORD not in caplog.text


async def test_several_pictures_are_as_many_attachments() -> None:
    images = tuple(make_image(8, 8 + number) for number in range(3))
    async with (
        Server(answer) as server,
        channel("apprise", url=address(server.url)) as apprise,
    ):
        assert await apprise.send(make_delivery(images=images)) == Delivered()
    assert len(server.requests[0].json()["attachments"]) == 3


async def test_a_failure_of_unknown_cause_is_tried_a_few_times(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    async with (
        Server(lambda _: Reply(500)) as server,
        channel("apprise", url=address(server.url)) as apprise,
    ):
        outcome = await apprise.send(make_delivery())
    assert isinstance(outcome, NotSent)
    assert outcome.answered
    assert PASSWORD not in outcome.reason + caplog.text


def test_an_address_that_apprise_does_not_know_is_named_and_not_repeated() -> None:
    with pytest.raises(ConfigError, match="url：Apprise 不认识这个地址") as refused:
        load({"type": "apprise", "url": "nosuch://s3cret-thing"})
    assert "s3cret" not in str(refused.value)
