"""Whatever services answer, in whatever order: no report vanishes and no secret is seen."""

import asyncio
import logging
import tempfile
from collections.abc import Callable
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from loguru import logger

from nonebot_plugin_report.model.delivery import Outgoing, State
from nonebot_plugin_report.model.report import Report
from nonebot_plugin_report.model.status import ReportState
from nonebot_plugin_report.outbox import Limits, Outbox
from nonebot_plugin_report.store import Store
from tests.outbox.fakes import Clock

from .server import Behaviour, Raw, Reply, Request, Reset, Server
from .service import Service, channel, make_delivery, make_image
from .test_conformance import BY_HTTP, ECHOED

Answering = Callable[[Request], Behaviour]
# Short enough that a channel's own rates, which are real time, let all tries pass.
LIMITS = Limits(expire=1800.0, retention=86400.0, image_retention=86400.0)
STATUSES = st.sampled_from([200, 204, 301, 400, 401, 403, 404, 408, 413, 418, 429, 500, 503, 507])
CODES = st.sampled_from([0, 1, 40000, 45009, 93000, 9499, 19021, 200, 310000, -1, None, "0", 1e300])
SUCCESSES = (0, "0", 1, 200)
"""Codes that are some service's word for a success."""
WAITS = st.sampled_from(["", "0", "5", "-1", "1e9", "nan", "soon", "Wed, 21 Oct 2015 07:28:00 GMT"])


def echoing(status: int, code: object, wait: str) -> Answering:
    """A service that repeats all it got, under every name, with this code."""

    def answer(request: Request) -> Behaviour:
        everything = f"{request.target} {request.headers} {request.body[:3000].decode('latin-1')}"
        fields = dict.fromkeys(ECHOED, everything)
        codes = dict.fromkeys(("code", "errcode", "errno", "retcode", "error_code", "ok"), code)
        headers = {"retry-after": wait} if wait else {}
        body = None if status == 204 else {**fields, **codes, "parameters": {"retry_after": code}}
        return Reply(status, json=body, headers=headers)

    return answer


BEHAVIOURS = st.one_of(
    st.builds(echoing, STATUSES, CODES, WAITS),
    st.sampled_from([lambda _: Reset(), lambda _: Raw(b""), lambda _: Raw(b"HTTP/1.1 200 OK\r\n")]),
    st.binary(max_size=40).map(lambda body: lambda _: Reply(200, body=body)),
)


class Log(logging.Handler):
    """Keeps every line, from DEBUG up."""

    def __init__(self) -> None:
        super().__init__(level=logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(f"{record.getMessage()} {record.exc_info}")


@settings(max_examples=20)
@given(st.sampled_from(BY_HTTP), st.lists(BEHAVIOURS, max_size=7), st.booleans(), st.booleans())
def test_no_answers_make_a_report_vanish_or_a_secret_appear(
    service: Service, behaviours: list[Answering], picture: bool, ends_well: bool
) -> None:
    log = Log()
    root = logging.getLogger()
    level, sink = root.level, logger.add(log, level=0, format="{message}")
    root.addHandler(log)
    root.setLevel(logging.DEBUG)
    try:
        state = asyncio.run(story(service, behaviours, picture=picture, ends_well=ends_well))
    finally:
        root.removeHandler(log)
        root.setLevel(level)
        logger.remove(sink)
    (delivery,) = state.deliveries
    assert delivery.state is State.DELIVERED or delivery.state.failed
    if delivery.state is not State.DELIVERED:
        assert delivery.reason, "given up without a reason"
    for secret in service.secrets:
        assert secret not in delivery.reason
        assert all(secret not in line for line in log.lines)


async def story(
    service: Service, behaviours: list[Answering], *, picture: bool, ends_well: bool
) -> ReportState:
    """Send one report to a service that behaves so, until the delivery is over."""
    assert service.answer is not None
    ahead = list(behaviours)
    yes: list[Request] = []

    def behave(request: Request) -> Behaviour:
        assert service.answer is not None
        if ahead:
            return ahead.pop(0)(request)
        return service.answer(request) if ends_well else Reply(503)

    def answer(request: Request) -> Behaviour:
        behaviour = behave(request)
        if service.is_message(request) and may_mean_yes(service, behaviour):
            yes.append(request)
        return behaviour

    clock = Clock()
    image = make_image() if picture else None
    sent = make_delivery(image=image)
    with tempfile.TemporaryDirectory() as folder:
        async with (
            Server(answer) as server,
            channel(service.kind, **service.settings(server.url)) as router,
        ):
            store = Store(Path(folder) / "report.db")
            outbox = Outbox(store, router, LIMITS, clock=clock, jitter=lambda: 0.5)
            await store.open()
            await outbox.open()
            report = Report(event="domain.end", message="共完成 5 次", images=sent.message.images)
            receipt = await outbox.accept(report, [Outgoing(sent.lane.target, sent.message)])
            while True:
                due_at = await outbox.lanes.drain(sent.lane)
                if due_at is None:
                    break
                clock.now = max(clock.now, due_at)
            state = await store.history.state(receipt.id, "")
            await outbox.close()
            await store.close()
    assert state is not None
    if state.deliveries[0].state is State.DELIVERED:
        assert yes, f"{service.kind} never said that it took the message"
    return state


def may_mean_yes(service: Service, behaviour: Behaviour) -> bool:
    """Whether a service that answers so may have taken the message."""
    if not isinstance(behaviour, Reply) or not 200 <= behaviour.status < 300:
        return False
    if not service.reads_body:
        return True
    return isinstance(behaviour.json, dict) and behaviour.json.get("code", 0) in SUCCESSES
