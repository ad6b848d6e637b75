"""What others wrote is words in every channel: it calls nobody, links nowhere, and shows nothing
but itself."""

import json
import re
from collections.abc import Iterator
from email.header import decode_header, make_header
from html import unescape
from typing import Any

import pytest

from nonebot_plugin_report.model.delivery import Delivered, Delivery
from nonebot_plugin_report.model.report import Report
from nonebot_plugin_report.senders import names
from tests.senders.server import Request, Server
from tests.senders.service import HOSTILE, Service, channel, make_delivery, make_image
from tests.senders.test_conformance import service_of

TITLE = "<@!1> @everyone <b>"
# Shorter than the shortest limit of a channel that is not told that it was cut.
TEXTS = ["\n".join(HOSTILE[at : at + 7]) for at in range(0, len(HOSTILE), 7)]
SERVICES = [service_of(name) for name in names()]


def hostile(text: str, number: int, *, pictured: bool) -> Delivery:
    report = Report(title=TITLE, content=text, event="domain.end")
    image = make_image() if pictured else None
    return make_delivery(text, image=image, number=number, report=report)


def words(request: Request) -> Iterator[str]:
    """Every text of a request that somebody may be shown."""
    for name in ("title", "message"):  # ntfy's
        yield str(make_header(decode_header(request.headers.get(name, ""))))
    kind = request.headers.get("content-type", "")
    if kind.startswith("application/json"):
        yield from strings(request.json())
    elif kind.startswith("application/x-www-form-urlencoded"):
        yield from request.form().values()
    elif kind.startswith("multipart/"):
        for name, part in request.multipart().items():
            if name == "payload_json":
                yield from strings(json.loads(part.content))
            elif part.filename is None:
                yield part.content.decode()


def strings(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            for one in value.values():
                yield from strings(one)
        case list():
            for one in value:
                yield from strings(one)
        case _:
            pass


async def all_that_is_shown(service: Service) -> list[str]:
    """What comes of all the hostile texts, without a picture and with one."""
    number, shown = 0, list[str]()
    for pictured in (False, True):
        for text in TEXTS:
            number += 1
            delivery = hostile(text, number, pictured=pictured and service.answer is not None)
            if service.answer is None:
                assert service.shows is not None, (
                    f"test_{service.kind}.py does not say what it shows"
                )
                return await service.shows(hostile("\n".join(TEXTS), 1, pictured=False))
            async with (
                Server(service.answer) as server,
                channel(service.kind, **service.settings(server.url)) as router,
            ):
                outcome = await router.send(delivery)
            assert isinstance(outcome, Delivered), outcome
            for request in server.requests:
                assert "x-evil" not in request.headers
                shown += words(request)
    return shown


@pytest.mark.parametrize("service", SERVICES, ids=lambda one: one.kind)
async def test_what_others_wrote_is_words(service: Service) -> None:
    shown = await all_that_is_shown(service)
    acting = [found[0] for one in shown for found in re.finditer(service.acts, one, re.I)]
    assert acting == []
    seen = "\n".join(unescape(one).replace("\u200b", "") for one in shown)
    missing = [one for one in "\n".join(HOSTILE).splitlines() if one not in seen]
    assert missing == [], "nothing of the words is lost"
