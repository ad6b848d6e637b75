"""What every channel must do, asked of all that there are."""

import logging
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest
from loguru import logger

from nonebot_plugin_report.errors import ConfigError
from nonebot_plugin_report.model.delivery import Delivered, NotSent, Rejected, Unknown
from nonebot_plugin_report.model.docstrings import meanings
from nonebot_plugin_report.senders import channel_class, load, names
from nonebot_plugin_report.senders.pace import Pace
from nonebot_plugin_report.senders.qq import message as qq_message

from .server import Behaviour, Raw, Reply, Request, Reset, Server, Silence
from .service import ANSWER_SECONDS, Service, channel, make_delivery, make_image


def service_of(name: str) -> Service:
    return import_module(f"tests.senders.test_{name}").SERVICE


ECHOED = (
    "msg", "message", "errmsg", "error", "description", "info", "data", "error_description",
    "errorDescription", "wording", "reason", "detail",
)  # fmt: skip
"""Where services say what went wrong."""
SERVICES = [service_of(name) for name in names()]
BY_HTTP = [one for one in SERVICES if one.answer is not None]
every_channel = pytest.mark.parametrize("service", SERVICES, ids=lambda one: one.kind)
every_http_channel = pytest.mark.parametrize("service", BY_HTTP, ids=lambda one: one.kind)


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do not wait for a service's rate, which tests/unit/test_pace.py looks at."""

    async def turn(_: Pace) -> None:
        return

    monkeypatch.setattr(Pace, "turn", turn)


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """All that is logged, from DEBUG up, by anybody."""
    caplog.set_level(logging.DEBUG)
    sink = logger.add(caplog.handler, level=0, format="{message}")
    yield caplog
    logger.remove(sink)


def answering(service: Service, behaviour: Behaviour) -> Any:
    """The service, but for this when the message itself arrives."""
    assert service.answer is not None
    answer = service.answer
    return lambda request: behaviour if service.is_message(request) else answer(request)


@every_channel
def test_users_are_told_of_it(service: Service) -> None:
    found = channel_class(service.kind)
    assert found.label
    assert found.pictures
    assert found.limits
    said = meanings(found)
    for name in found.model_fields:
        assert said.get(name), f"{name} has no docstring"


@every_channel
def test_no_secret_is_shown(service: Service) -> None:
    made = load({"type": service.kind, **service.settings("http://127.0.0.1:9")})
    for secret in service.secrets:
        assert secret in repr(service.settings("http://127.0.0.1:9")), "the test knows no secret"
        assert secret not in repr(made)
        assert secret not in str(made)


@every_channel
def test_a_mistyped_setting_is_named_and_nothing_repeated(service: Service) -> None:
    good = service.settings("http://127.0.0.1:9")
    with pytest.raises(ConfigError, match="tpyo：没有这个设置") as refused:
        load({"type": service.kind, **good, "tpyo": "s3cret-value"})
    assert "s3cret-value" not in str(refused.value)
    for secret in service.secrets:
        assert secret not in str(refused.value)


@every_channel
def test_a_setting_of_the_wrong_kind_is_named_and_nothing_repeated(service: Service) -> None:
    good = service.settings("http://127.0.0.1:9")
    for name in good:
        with pytest.raises(ConfigError, match=name) as refused:
            load({"type": service.kind, **good, name: [["s3cret-value"]]})
        assert "s3cret" not in str(refused.value)


@every_channel
def test_a_missing_setting_is_named(service: Service) -> None:
    good = service.settings("http://127.0.0.1:9")
    for name, info in channel_class(service.kind).model_fields.items():
        if info.is_required():
            with pytest.raises(ConfigError, match=f"{name}：没有填写"):
                load({"type": service.kind, **{k: v for k, v in good.items() if k != name}})


@every_http_channel
async def test_text_arrives(service: Service, log: pytest.LogCaptureFixture) -> None:
    assert service.answer is not None
    async with (
        Server(service.answer) as server,
        channel(service.kind, **service.settings(server.url)) as router,
    ):
        assert await router.send(make_delivery()) == Delivered()
        assert server.requests
    assert_unseen(service, log.text)


@every_http_channel
async def test_text_arrives_also_with_a_picture(service: Service) -> None:
    assert service.answer is not None
    async with (
        Server(service.answer) as server,
        channel(service.kind, **service.settings(server.url)) as router,
    ):
        outcome = await router.send(make_delivery(image=make_image()))
        assert isinstance(outcome, Delivered)
        outcome = await router.send(make_delivery("", image=make_image(), number=2))
        assert isinstance(outcome, Delivered)


@every_http_channel
async def test_of_several_pictures_as_many_go_as_can_be_shown_and_the_others_are_told(
    service: Service,
) -> None:
    assert service.answer is not None
    most = channel_class(service.kind).most_pictures
    several = tuple(make_image(8, 8 + number) for number in range(max(3, most + 2)))
    async with (
        Server(service.answer) as server,
        channel(service.kind, **service.settings(server.url)) as router,
    ):
        outcome = await router.send(make_delivery(images=several))
        shown = await router.send(make_delivery(images=several[: min(most, 2)], number=2))
    assert isinstance(outcome, Delivered)
    told = f"一次最多发 {most} 张图片，少了 {len(several) - most} 张" if most else "不能发图片"
    assert told in outcome.note
    assert shown == Delivered()


@every_http_channel
async def test_what_is_too_long_is_cut_and_says_so(service: Service) -> None:
    assert service.answer is not None
    for text in ("字" * 100_000, "a" * 100_000, "👨‍👩‍👧" * 30_000, "\n" * 100_000 + '"' * 50_000):
        async with (
            Server(service.answer) as server,
            channel(service.kind, **service.settings(server.url)) as router,
        ):
            outcome = await router.send(make_delivery(text))
            assert isinstance(outcome, Delivered)
            assert ("过长" in outcome.note) == service.limited


@every_http_channel
async def test_a_service_that_cannot_be_reached_got_nothing(service: Service) -> None:
    async with Server(lambda _: Reply()) as server:
        settings = service.settings(server.url)
    async with channel(service.kind, **settings) as router:
        outcome = await router.send(make_delivery(image=make_image()))
    assert isinstance(outcome, NotSent)
    assert not outcome.answered


@every_http_channel
@pytest.mark.parametrize(
    "behaviour",
    [Silence(), Reset(), Raw(b""), Raw(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{"),
     Raw(b"HTTP/1.1 200")],
    ids=["silence", "reset", "closed", "half an answer", "half a line"],
)  # fmt: skip
async def test_without_an_answer_nobody_knows(
    service: Service, behaviour: Behaviour, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(qq_message, "ANSWER_SECONDS", ANSWER_SECONDS)
    async with (
        Server(answering(service, behaviour)) as server,
        channel(service.kind, **service.settings(server.url)) as router,
    ):
        outcome = await router.send(make_delivery())
    assert isinstance(outcome, Unknown), outcome
    assert_unseen(service, outcome.reason)


@every_http_channel
async def test_nothing_was_sent_where_what_comes_before_fails(service: Service) -> None:
    """A token or an upload that nobody answers is no message that may have arrived."""
    assert service.answer is not None
    for behaviour in (Silence(), Reset(), Raw(b"")):

        def answer(request: Request, behaviour: Behaviour = behaviour) -> Behaviour:
            assert service.answer is not None
            return service.answer(request) if service.is_message(request) else behaviour

        async with (
            Server(answer) as server,
            channel(service.kind, **service.settings(server.url)) as router,
        ):
            outcome = await router.send(make_delivery(image=make_image()))
        messages = [request for request in server.requests if service.is_message(request)]
        if len(messages) == len(server.requests):
            assert isinstance(outcome, Delivered), "nothing comes before"
        assert isinstance(outcome, Delivered if messages else NotSent), outcome


@every_http_channel
@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (Reply(500), NotSent), (Reply(502, body=b"<html>"), NotSent), (Reply(503), NotSent),
        (Reply(408), NotSent), (Reply(401), Rejected), (Reply(403), Rejected),
        (Reply(404), Rejected), (Reply(400), Rejected), (Reply(413), Rejected),
        (Reply(302, headers={"location": "/elsewhere"}), Rejected),
        (Reply(308, headers={"location": "/elsewhere"}), Rejected),
    ],
    ids=lambda one: str(one.status) if isinstance(one, Reply) else "",
)  # fmt: skip
async def test_a_status_says_what_becomes_of_it(
    service: Service, reply: Reply, expected: type
) -> None:
    async with (
        Server(answering(service, reply)) as server,
        channel(service.kind, **service.settings(server.url)) as router,
    ):
        outcome = await router.send(make_delivery())
        assert not any("elsewhere" in request.target for request in server.requests)
    assert isinstance(outcome, expected), outcome


@every_http_channel
async def test_too_fast_waits_as_long_as_asked(service: Service) -> None:
    async with (
        Server(answering(service, Reply(429, headers={"retry-after": "77"}))) as server,
        channel(service.kind, **service.settings(server.url)) as router,
    ):
        outcome = await router.send(make_delivery())
    assert isinstance(outcome, NotSent), outcome
    assert outcome.retry_after == 77


@every_http_channel
@pytest.mark.parametrize("body", [b"<html>hello</html>", b"", b"[]", b'"ok"', b"{}"])
async def test_a_200_is_no_success_by_itself(service: Service, body: bytes) -> None:
    async with (
        Server(answering(service, Reply(200, body=body))) as server,
        channel(service.kind, **service.settings(server.url)) as router,
    ):
        outcome = await router.send(make_delivery())
    assert isinstance(outcome, NotSent | Rejected if service.reads_body else Delivered), outcome


@pytest.mark.parametrize(
    ("service", "failure"),
    [pytest.param(s, f, id=f"{s.kind}: {f}") for s in BY_HTTP for f in s.failures],
)
async def test_each_error_of_the_contract(
    service: Service, failure: str, log: pytest.LogCaptureFixture
) -> None:
    reply, expected = service.failures[failure]
    async with (
        Server(answering(service, reply)) as server,
        channel(service.kind, **service.settings(server.url)) as router,
    ):
        outcome = await router.send(make_delivery())
    assert isinstance(outcome, expected), outcome
    assert_unseen(service, repr(outcome) + log.text)


@every_http_channel
@pytest.mark.parametrize("status", [200, 400, 401, 429, 500])
async def test_a_service_that_repeats_what_it_got_gives_no_secret_away(
    service: Service, status: int, log: pytest.LogCaptureFixture
) -> None:
    assert service.answer is not None

    def echo(request: Request) -> Reply:
        everything = f"{request.target} {request.headers} {request.body[:2000].decode('latin-1')}"
        echoed = dict.fromkeys(ECHOED, everything)
        codes = {"code": 4711, "errcode": 4711, "errno": 4711, "error_code": 4711, "retcode": 4711}
        return Reply(status, json={**codes, "ok": False, "status": "failed", **echoed})

    for only_message in (True, False):
        answer = answering(service, Reply())

        def reply(
            request: Request, only_message: bool = only_message, answer: Any = answer
        ) -> Behaviour:
            if service.is_message(request) or not only_message:
                return echo(request)
            return answer(request)

        async with (
            Server(reply) as server,
            channel(service.kind, **service.settings(server.url)) as router,
        ):
            outcome = await router.send(make_delivery(image=make_image()))
        if service.reads_body or status != 200:
            assert not isinstance(outcome, Delivered)
        assert_unseen(service, repr(outcome) + log.text)


@every_http_channel
@pytest.mark.parametrize("kept", [6, 20, 34])
async def test_no_piece_of_a_secret_is_left_where_words_are_cut(
    service: Service, kept: int, log: pytest.LogCaptureFixture
) -> None:
    """Reasons hold 120 characters of a service's words; here a secret stands across that."""
    for secret in service.secrets:
        echoed = dict.fromkeys(ECHOED, "x" * (120 - kept) + secret)
        codes = {"code": 4711, "errcode": 4711, "errno": 4711, "retcode": 4711}
        reply = Reply(400, json={**codes, "ok": False, "status": "failed", **echoed})
        async with (
            Server(answering(service, reply)) as server,
            channel(service.kind, **service.settings(server.url)) as router,
        ):
            told = repr(await router.send(make_delivery())) + log.text
        left = [secret[at : at + 6] for at in range(len(secret) - 5)]
        assert not [one for one in left if one in told]


@every_http_channel
async def test_connections_are_used_again(service: Service) -> None:
    assert service.answer is not None
    async with (
        Server(service.answer) as server,
        channel(service.kind, **service.settings(server.url)) as router,
    ):
        for number in range(3):
            assert await router.send(make_delivery(number=number)) == Delivered()
        assert server.connections == 1


def assert_unseen(service: Service, text: str) -> None:
    for secret in service.secrets:
        assert secret not in text
