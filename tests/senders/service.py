"""What a channel's test file says of its service, and how tests send to it.

Each `tests/senders/test_<type>.py` has a `SERVICE`; the conformance suite finds it by the type.
"""

import io
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

from PIL import Image as Pillow

from nonebot_plugin_report.model.delivery import Delivery, Handling, Outcome, Priority
from nonebot_plugin_report.model.image import Image, read_image
from nonebot_plugin_report.model.message import Message
from nonebot_plugin_report.model.report import Report, Result
from nonebot_plugin_report.model.target import Lane, Target
from nonebot_plugin_report.senders import load
from nonebot_plugin_report.senders.router import Router

from .server import Reply, Request

HOSTILE = (
    '<at user_id="all">所有人</at>', "<at id=all></at>", "<@!123>", "<@all>", "<@U123|x>",
    "@everyone", "x@here", "@all", "@somebody", "<!channel>", "!here>", "<#123>",
    "<qqbot-at-everyone />",
    '<qqbot-cmd-input text="x" />', "![x](http://127.0.0.1/x.png)", "[点这里](http://evil.example)",
    "[a]: http://evil.example", "[a][b]", "<http://evil.example|银行>",
    "<img src=x onerror=alert(1)>", "<script>alert(1)</script>", "</p><!-- x", "<b>粗</b>",
    "(met)all(met)", "[CQ:at,qq=all]",
    '"],"at":{"isAtAll":true},"x":["', "x\r\nX-Evil: 1",
)  # fmt: skip
"""Words that some service or other takes for more than words."""
ACTS = r"<[@!#/a-z]|(^|\W)@\w|@(everyone|here|all)|!\[|\]\(|\]\[|\]:|\(met\)|!(here|channel)>"
"""What does so, where nothing says otherwise."""
MARKUP = r"<[!/a-z]"
"""What does so in HTML."""
NOTHING = r"(?!)"
"""Of a service that shows words as they are, or hands them to a program."""
ANSWER_SECONDS = 0.5
"""How long the tests' channels wait for an answer."""
NAME = "mine"


@dataclass(frozen=True)
class Service:
    """A channel's service as the tests play it."""

    kind: str
    settings: Callable[[str], dict[str, Any]]
    """The channel's settings (without `type`), every secret among them, for the service at a URL
    such as `http://127.0.0.1:1234`."""
    secrets: tuple[str, ...] = ()
    """What must be seen nowhere."""
    answer: Callable[[Request], Reply] | None = None
    """As the service would: asserts all that it would check, and answers a success.
    None: it is not reached by HTTP."""
    failures: Mapping[str, tuple[Reply, type]] = field(
        default_factory=dict[str, tuple[Reply, type]]
    )
    """Each error that the contract names: what the service answers, and what must come of it."""
    is_message: Callable[[Request], bool] = lambda _: True
    """Whether a request is the message itself, not a token or an upload before it."""
    reads_body: bool = True
    """A 200 is no success unless the body says so."""
    limited: bool = True
    """A text of 100,000 characters has to be cut."""
    acts: str = ACTS
    """What its service takes for more than words."""
    shows: Callable[[Delivery], Awaitable[list[str]]] | None = None
    """Where it is not reached by HTTP: sends the delivery, and finds all that the service shows."""


def make_image(
    width: int = 64, height: int = 36, fmt: str = "JPEG", *, noise: bool = False, **options: Any
) -> Image:
    """A picture; with `noise` one that compresses badly."""
    if noise:
        picture = Pillow.effect_noise((width, height), 100).convert("RGB")
    else:
        picture = Pillow.linear_gradient("L").resize((width, height)).convert("RGB")
    file = io.BytesIO()
    picture.save(file, fmt, **options)
    return read_image(file.getvalue())


def make_delivery(
    text: str = "✅ 自动秘境结束\n共完成 5 次\n2026-11-23 21:44:00",
    image: Image | None = None,
    *,
    images: tuple[Image, ...] = (),
    number: int = 1,
    report: Report | None = None,
    priority: Priority = Priority.NORMAL,
) -> Delivery:
    """A delivery as the outbox hands it over."""
    made = report or Report(
        event="domain.end",
        result=Result.SUCCESS,
        message="共完成 5 次",
        timestamp=datetime.fromisoformat("2026-11-23T21:44:00+08:00"),
    )
    lane = Lane(Target("channel", NAME))
    message = Message(text, images or (() if image is None else (image,)), made)
    handling = Handling(priority)
    return Delivery(f"d{number:019}", f"r{number:019}", lane, message, handling=handling)


def begins_a_day_in_china(wait: float | None) -> bool:
    """Whether so many seconds from now the day that the services there count in is new."""
    assert wait is not None
    now = datetime.now(timezone(timedelta(hours=8)))
    at = now + timedelta(seconds=wait)
    return at.date() == now.date() + timedelta(days=1) and at.hour == 0


class NoBots:
    """A Sender that is never asked."""

    def blocked(self, lane: Lane) -> str | None:
        raise AssertionError(lane)

    async def send(self, delivery: Delivery) -> Outcome:
        raise AssertionError(delivery)

    async def seen(self, delivery: Delivery, since: float, until: float) -> int | None:
        raise AssertionError(delivery, since, until)


@asynccontextmanager
async def channel(kind: str, **settings: Any) -> AsyncGenerator[Router]:
    """A router with this channel alone; `send` what `make_delivery` makes."""
    made = load({"type": kind, **settings})
    router = Router(NoBots(), {NAME: made}, answer_seconds=ANSWER_SECONDS)
    try:
        yield router
    finally:
        await router.close()
