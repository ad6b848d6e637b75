"""What stands before each of our doors: nothing is read of a request that is too long."""

import asyncio
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute

from nonebot_plugin_report.config import Config
from nonebot_plugin_report.errors import InvalidReport
from nonebot_plugin_report.hub import Hub
from nonebot_plugin_report.web.guard import (
    LIGHT,
    MAX_HEADER_BYTES,
    MAX_HEADERS,
    MAX_PATH,
    MAX_QUERY,
    MAX_QUERY_FIELDS,
    Guard,
    weigh,
)
from nonebot_plugin_report.web.routes import Receiver

WATCH = {"beat": "pc", "every": "5m", "grace": "1m"}
TOKEN = "a-right-token-of-the-tests"


@pytest.fixture
async def app(tmp_path: Path) -> FastAPI:
    """An application with all of our routes and one of another plugin's."""
    config = Config.model_validate({"report_token": TOKEN, "report_watch": [WATCH]})
    hub = Hub(config, tmp_path / "report.db", bots=dict, superusers=set())
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.add_api_route("/other", other)
    receiver = Receiver(hub)
    receiver.mount(app)
    receiver.mount_last(app, at_root=True)
    return app


async def other() -> None:
    """Another plugin's."""


def ours(app: FastAPI) -> list[BaseRoute]:
    return [one for one in app.router.routes if getattr(one, "path", "") != "/other"]


def request(**changes: Any) -> dict[str, Any]:
    return {
        "type": "http", "path": "/report", "raw_path": b"/report", "query_string": b"",
        "headers": [], "method": "POST", "client": ("127.0.0.1", 1), "root_path": "",
    } | changes  # fmt: skip


TOO_LONG: dict[str, dict[str, Any]] = {
    "path": {"raw_path": b"/".ljust(MAX_PATH + 1, b"a")},
    "query": {"query_string": b"a=".ljust(MAX_QUERY + 1, b"a")},
    "fields": {"query_string": b"&".join([b"a=1"] * (MAX_QUERY_FIELDS + 1))},
    "headers": {"headers": [(b"a", b"1")] * (MAX_HEADERS + 1)},
    "header bytes": {"headers": [(b"a", b"1" * MAX_HEADER_BYTES)]},
}
LONGEST: dict[str, dict[str, Any]] = {
    "path": {"raw_path": b"/".ljust(MAX_PATH, b"a")},
    "query": {"query_string": b"a=".ljust(MAX_QUERY, b"a")},
    "fields": {"query_string": b"&".join([b"a=1"] * MAX_QUERY_FIELDS)},
    "headers": {"headers": [(b"a", b"1")] * MAX_HEADERS},
    "header bytes": {"headers": [(b"a", b"1" * (MAX_HEADER_BYTES - 1))]},
}


@pytest.mark.parametrize("kind", TOO_LONG)
def test_what_is_read_of_a_request_is_bounded(kind: str) -> None:
    assert weigh(request(**LONGEST[kind])) > 0
    with pytest.raises(InvalidReport, match="最多"):
        weigh(request(**TOO_LONG[kind]))


@pytest.mark.parametrize("kind", TOO_LONG)
async def test_no_door_reads_what_is_too_long(app: FastAPI, kind: str) -> None:
    for one in ours(app):
        assert isinstance(one, Route | WebSocketRoute)
        scope = request(**TOO_LONG[kind])
        if isinstance(one, WebSocketRoute):
            scope |= {"type": "websocket", "extensions": {"websocket.http.response": {}}}
        sent: list[Any] = []
        await one.app(scope, received, partial(record, sent))
        assert sent[0]["status"] == 422, one.path
        assert "最多".encode() in sent[1]["body"], one.path


async def test_long_requests_are_read_one_a_turn_and_short_ones_at_once() -> None:
    """What comes last and is short goes before all but the first of the long ones."""
    order: list[bytes] = []
    turns = 0

    async def door(scope: Any, _: Any, __: Any) -> None:
        order.append(scope["query_string"][:1])
        assert order.count(b"l") <= turns + 1, "one a turn of the loop"

    async def count_turns() -> None:
        nonlocal turns
        while len(order) < 9:
            await asyncio.sleep(0)
            turns += 1

    guarded = idle_guard().guarded(door)
    async with asyncio.TaskGroup() as group:
        for _ in range(8):
            scope = request(query_string=b"long=".ljust(LIGHT + 1, b"a"))
            group.create_task(guarded(scope, received, discard))
        group.create_task(guarded(request(query_string=b"short"), received, discard))
        group.create_task(count_turns())
    assert order.index(b"s") == 1


def idle_guard() -> Guard:
    """A guard that has nobody to answer."""
    return Guard(None, None, 1)  # pyright: ignore[reportArgumentType] - neither is asked


async def received() -> dict[str, Any]:
    return {"type": "http.request", "body": b"", "more_body": False}


async def discard(_: Any) -> None:
    """Nobody reads the answer."""


async def record(sent: list[Any], message: Any) -> None:
    sent.append(message)


def test_what_cannot_be_guarded_is_no_door(app: FastAPI) -> None:
    with pytest.raises(TypeError, match="cannot guard"):
        idle_guard().stand_before([Mount("/x", app=app)])
