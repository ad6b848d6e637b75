"""The outgoing webhook; its signature is computed anew by the scheme's own words."""

import base64
import hashlib
import hmac

import pytest

from nonebot_plugin_report.errors import ConfigError
from nonebot_plugin_report.model.delivery import Delivered, NotSent, Rejected
from nonebot_plugin_report.senders import load

from .server import Reply, Request, Server
from .service import NOTHING, Service, channel, make_delivery, make_image

KEY = base64.b64encode(b"0123456789abcdef01234567").decode()
AUTHORIZATION = "Bearer s3cret-of-mine"


def answer(request: Request) -> Reply:
    assert (request.method, request.path) == ("POST", "/hook/s3cret-path")
    assert request.headers["authorization"] == AUTHORIZATION
    message_id, timestamp = request.headers["webhook-id"], request.headers["webhook-timestamp"]
    signed = message_id.encode() + b"." + timestamp.encode() + b"." + request.body
    digest = hmac.new(base64.b64decode(KEY), signed, hashlib.sha256).digest()
    expected = "v1," + base64.b64encode(digest).decode()
    assert request.headers["webhook-signature"] == expected
    assert request.json()["event"] == "domain.end"
    return Reply(204)


SERVICE = Service(
    kind="webhook",
    settings=lambda url: {
        "url": f"{url}/hook/s3cret-path",
        "headers": {"Authorization": AUTHORIZATION},
        "secret": f"whsec_{KEY}",
    },
    secrets=(KEY, AUTHORIZATION, "s3cret-path"),
    answer=answer,
    acts=NOTHING,
    failures={"gone": (Reply(410), Rejected), "later": (Reply(503), NotSent)},
    reads_body=False,
    limited=False,
)


async def test_the_report_arrives_as_it_was_with_its_picture() -> None:
    image = make_image()
    async with (
        Server(answer) as server,
        channel("webhook", **SERVICE.settings(server.url)) as router,
    ):
        assert await router.send(make_delivery(image=image)) == Delivered()
    fields = server.requests[0].json()
    assert fields["result"] == 0
    assert fields["message"] == "共完成 5 次"
    assert fields["timestamp"].startswith("2026-11-23 21:44:00")
    assert fields["id"] == "r0000000000000000001"
    assert base64.b64decode(fields["screenshot"]) == image.data


async def test_several_pictures_are_a_list_and_the_first_stands_where_it_always_did() -> None:
    images = tuple(make_image(8, 8 + number) for number in range(3))
    async with (
        Server(answer) as server,
        channel("webhook", **SERVICE.settings(server.url)) as router,
    ):
        assert await router.send(make_delivery(images=images)) == Delivered()
        assert await router.send(make_delivery(images=images[:1], number=2)) == Delivered()
    several, one = (request.json() for request in server.requests)
    assert [base64.b64decode(data) for data in several["screenshots"]] == [i.data for i in images]
    assert several["screenshot"] == several["screenshots"][0] == one["screenshot"]
    assert "screenshots" not in one


async def test_the_picture_can_be_left_out_and_nothing_need_be_signed() -> None:
    async with (
        Server(lambda _: Reply()) as server,
        channel("webhook", url=server.url, screenshot=False) as router,
    ):
        assert await router.send(make_delivery(image=make_image())) == Delivered()
    assert server.requests[0].json()["screenshot"] is None
    assert "webhook-signature" not in server.requests[0].headers


@pytest.mark.parametrize("secret", [{}, {"secret": f"whsec_{KEY}"}], ids=["plain", "signed"])
async def test_a_repeat_has_the_same_id_and_another_delivery_another(
    secret: dict[str, str],
) -> None:
    async with (
        Server(lambda _: Reply()) as server,
        channel("webhook", url=server.url, **secret) as router,
    ):
        for number in (1, 1, 2):
            assert await router.send(make_delivery(number=number)) == Delivered()
    first, repeat, other = (one.headers["webhook-id"] for one in server.requests)
    assert first == repeat != other


@pytest.mark.parametrize(
    ("setting", "value"),
    [("url", "ftp://x"), ("url", "x"), ("secret", "whsec_!"), ("secret", ""),
     ("headers", {"a": "b\nc: d"}), ("headers", {"名": "x"}), ("proxy", "10809")],
)  # fmt: skip
def test_a_wrong_setting_is_named(setting: str, value: object) -> None:
    with pytest.raises(ConfigError, match=setting):
        load({"type": "webhook", "url": "http://127.0.0.1/", setting: value})
