"""ntfy, against a server that checks topic, login and limits."""

import base64
from email.header import decode_header, make_header

import pytest

from nonebot_plugin_report.errors import ConfigError
from nonebot_plugin_report.model.delivery import Delivered, NotSent, Rejected
from nonebot_plugin_report.model.image import Image
from nonebot_plugin_report.senders import load

from .server import Behaviour, Reply, Request, Server
from .service import NOTHING, Service, channel, make_delivery, make_image

TOPIC = "paimon-8f3a2c"
TOKEN = "tk_AgQdq7mVBoFD37zQVN29RhuMzNIz2"


def answer(request: Request) -> Reply:
    assert request.headers["authorization"] == f"Bearer {TOKEN}"
    if request.method == "POST":
        assert request.path == "/"
        body = request.json()
        assert body["topic"] == TOPIC
        assert body["title"]
        assert not {"markdown", "actions", "click", "attach"} & set(body)
        assert 0 < len(body["message"].encode()) <= 4096
        assert body["priority"] == 4
    else:
        assert (request.method, request.path) == ("PUT", f"/{TOPIC}")
        assert request.headers["filename"].startswith("screenshot.")
        assert not {"markdown", "actions", "click", "attach"} & set(request.headers)
        assert 0 < len(header(request, "message").encode()) <= 4096
        assert len(request.body) <= 15_000_000
    return Reply(json={"id": "sPs71M8A2T", "event": "message"})


def header(request: Request, name: str) -> str:
    return str(make_header(decode_header(request.headers[name])))


SERVICE = Service(
    kind="ntfy",
    settings=lambda url: {"server": url, "topic": TOPIC, "token": TOKEN, "priority": 4},
    secrets=(TOPIC, TOKEN),
    answer=answer,
    acts=NOTHING,
    failures={
        "login": (Reply(401, json={"code": 40101, "error": "unauthorized"}), Rejected),
        "forbidden": (Reply(403, json={"code": 40301, "error": "forbidden"}), Rejected),
        "too fast": (Reply(429, json={"code": 42901, "error": "limit reached"}), NotSent),
        "full": (Reply(507, json={"code": 50701, "error": "storage"}), NotSent),
    },
)


async def test_the_picture_goes_with_title_and_text() -> None:
    image = make_image()
    async with Server(answer) as server, channel("ntfy", **SERVICE.settings(server.url)) as ntfy:
        assert await ntfy.send(make_delivery(image=image)) == Delivered()
    (request,) = server.requests
    assert request.body == image.data
    assert header(request, "title") == "✅ 自动秘境结束"
    assert header(request, "message") == "共完成 5 次\n2026-11-23 21:44:00"


async def test_a_server_without_attachments_gets_the_text() -> None:
    def no_attachments(request: Request) -> Behaviour:
        return Reply(400, json={"code": 40014}) if request.method == "PUT" else answer(request)

    async with (
        Server(no_attachments) as server,
        channel("ntfy", **SERVICE.settings(server.url)) as ntfy,
    ):
        outcome = await ntfy.send(make_delivery(image=make_image()))
    assert isinstance(outcome, Delivered)
    assert "只发了文字" in outcome.note


async def test_a_user_and_a_password_log_in_too() -> None:
    def check(request: Request) -> Reply:
        expected = base64.b64encode("旅行者:pässword".encode()).decode()
        assert request.headers["authorization"] == f"Basic {expected}"
        return Reply(json={"id": "1"})

    login = {"username": "旅行者", "password": "pässword"}
    async with (
        Server(check) as server,
        channel("ntfy", server=server.url, topic=TOPIC, **login) as ntfy,
    ):
        assert await ntfy.send(make_delivery()) == Delivered()


def test_half_a_login_is_named() -> None:
    with pytest.raises(ConfigError, match="username 和 password 要一起填"):
        load({"type": "ntfy", "topic": TOPIC, "username": "x"})


@pytest.mark.parametrize(
    "refusal",
    [
        Reply(
            413, json={"code": 41301, "error": "attachment too large, or bandwidth limit reached"}
        ),
        Reply(429, json={"code": 42905, "error": "limit reached: daily bandwidth reached"}),
    ],
    ids=["too large", "too much today"],
)
async def test_where_the_picture_is_too_much_the_text_goes(refusal: Reply) -> None:
    def no_room(request: Request) -> Behaviour:
        return refusal if request.method == "PUT" else answer(request)

    async with Server(no_room) as server, channel("ntfy", **SERVICE.settings(server.url)) as ntfy:
        outcome = await ntfy.send(make_delivery(image=make_image()))
    assert isinstance(outcome, Delivered)
    assert "只发了文字" in outcome.note


async def test_at_the_public_server_a_picture_is_made_as_small_as_it_takes() -> None:
    """Its name is reached through a proxy, which is the tests' server."""
    image = make_image(2600, 1400, "PNG", noise=True)
    assert 2_000_000 < len(image.data) < 15_000_000
    async with (
        Server(answer) as server,
        channel("ntfy", **SERVICE.settings("http://ntfy.sh"), proxy=server.url) as ntfy,
    ):
        outcome = await ntfy.send(make_delivery(image=image))
    assert outcome == Delivered("ntfy：截图已缩小")
    assert len(server.requests[0].body) <= 2_000_000


@pytest.mark.parametrize("image", [None, make_image()], ids=["text", "picture"])
async def test_a_repeat_has_the_same_sequence_and_another_delivery_another(
    image: Image | None,
) -> None:
    async with Server(answer) as server, channel("ntfy", **SERVICE.settings(server.url)) as ntfy:
        for number in (1, 1, 2):
            assert await ntfy.send(make_delivery(image=image, number=number)) == Delivered()
    first, repeat, other = (
        one.headers["x-sequence-id"] if image else one.json()["sequence_id"]
        for one in server.requests
    )
    assert first == repeat != other


async def test_a_stack_trace_is_folded_and_the_page_named() -> None:
    trace = "❌ 任务错误\n超时\n   at A.B.Start() in D:\\a.cs:line 1\n   at A.B.Run()"
    async with Server(answer) as server, channel("ntfy", **SERVICE.settings(server.url)) as ntfy:
        assert await ntfy.send(make_delivery(trace)) == Delivered()
        message = server.requests[-1].json()["message"]
    assert message.endswith("超时\n…另有 2 行，在网页的历史里看")
