"""Doors × tokens × ways of showing one, from the application's own table of routes: a door that is
added later is attacked unasked."""

import asyncio
import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from typing import Any

import httpx2
from fastapi import FastAPI
from starlette.routing import Route

from nonebot_plugin_report.config import Config
from nonebot_plugin_report.hub import Hub
from nonebot_plugin_report.web.credentials import (
    HEADER_IN_QUERY,
    KEY_HEADERS,
    KEY_NAMES,
    QUERY_NAMES,
)
from nonebot_plugin_report.web.routes import Receiver
from tests.bot import TOKEN, running

FRIEND = "friend-token-0123456789"
WRONG = "wrong-token-0123456789"
WATCH = [{"beat": "pc", "every": "1h"}]
SETTINGS: dict[str, Any] = {
    "report_tokens": {"friend": {"token": FRIEND, "to": ["private:10002"]}},
    "report_watch": WATCH,
    "log_level": "INFO",
}
OPEN = ("/health", "/page", "/ws", "/ping", "/healthz", "/info", "/version")
"""Ends of doors that answer strangers: whether it is well, and the page with its own door."""
PUSHES = ("/report", "/report/ntfy/x", "/report/gotify/message")
BODY = {"content": "x", "message": "x", "user_id": "10002"}
AT_ONCE = 64
"""Requests that wait together: each wrong token beyond the first ones costs its sender a second."""


def doors(folder: Path) -> list[tuple[str, str]]:
    """Each method and path of the application, filled in."""
    config = Config.model_validate({"report_token": TOKEN, "report_watch": WATCH})
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    receiver = Receiver(Hub(config, folder / "other.db", bots=dict, superusers=set()))
    receiver.mount(app)
    receiver.mount_last(app, at_root=True)
    return [
        (method, re.sub(r"\{[^}]*\}", "x", route.path))
        for route in app.router.routes
        if isinstance(route, Route)
        for method in sorted({*(route.methods or {"GET", "POST"}), "HEAD"})
    ]


@dataclass(frozen=True)
class Place:
    """A place of a token."""

    name: str
    query: Mapping[str, str] = field(default_factory=dict[str, str])
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


NOWHERE = Place("no token")


def places(token: str) -> Iterator[Place]:
    """A token at each place of the list."""
    basic = b64encode(f"user:{token}".encode()).decode()
    for name in (*QUERY_NAMES, *KEY_NAMES):
        yield Place(name, query={name: token})
    for encode in (b64encode, urlsafe_b64encode):
        for header in (f"Bearer {token}", f"Basic {basic}"):
            encoded = encode(header.encode()).decode()
            yield Place("auth", query={HEADER_IN_QUERY: encoded})
            yield Place("auth, not padded", query={HEADER_IN_QUERY: encoded.rstrip("=")})
    for header in (f"Bearer {token}", f"Basic {basic}", token):
        yield Place(header.split()[0], headers={"Authorization": header})
    for name in KEY_HEADERS:
        yield Place(name, headers={name: token})


def secrets() -> Iterator[str]:
    """The right tokens, in each encoding."""
    for token in (TOKEN, FRIEND):
        yield token
        for place in places(token):
            for text in (*place.query.values(), *place.headers.values()):
                yield text.rstrip("=")


class Visitor:
    """Asks at the doors of a bot."""

    def __init__(self, client: httpx2.AsyncClient) -> None:
        self._client = client
        self._turn = asyncio.Semaphore(AT_ONCE)

    async def ask(self, method: str, path: str, place: Place, **options: Any) -> int:
        """Ask with a body that every door takes; the answer's status."""
        async with self._turn:
            answer = await self._client.request(
                method, path, params=place.query, headers=place.headers, json=BODY, **options
            )
        assert answer.status_code not in (500, 503), (method, path, place.name)
        written = f"{answer.text} {answer.headers}"
        assert not [secret for secret in secrets() if secret in written], (method, path)
        return answer.status_code

    async def count(self) -> int:
        """What waits: nothing can be delivered without a bot of QQ."""
        headers = {"Authorization": f"Bearer {TOKEN}"}
        return (await self._client.get("/report/health", headers=headers)).json()["waiting"]


async def test_nobody_gets_past_a_door_and_no_secret_into_log_or_answer(tmp_path: Path) -> None:
    async with (
        running(tmp_path, settings=SETTINGS, is_ready_bot=True) as bot,
        httpx2.AsyncClient(
            base_url=f"http://127.0.0.1:{bot.port}", trust_env=False, timeout=120
        ) as client,
    ):
        visitor = Visitor(client)
        await refuse_strangers(visitor, doors(tmp_path))
        await refuse_to_push_by_head(visitor, doors(tmp_path))
        await admit_right_tokens(visitor)
        assert not [secret for secret in secrets() if secret in bot.log]


async def refuse_strangers(visitor: Visitor, table: list[tuple[str, str]]) -> None:
    """No door opens without a token or with a wrong one; each place has its turn."""
    wrong = cycle(places(WRONG))
    attempts = [
        (method, path, place)
        for method, path in table
        for place in (NOWHERE, next(wrong), next(wrong))
    ]
    before = await visitor.count()
    answers = await asyncio.gather(*(visitor.ask(*attempt) for attempt in attempts))
    for (method, path, place), status in zip(attempts, answers, strict=True):
        is_open = "/page" in path or path.rstrip("/").endswith(OPEN)
        assert status >= 400 or is_open, (method, path, place.name)
    assert await visitor.count() == before


async def refuse_to_push_by_head(visitor: Visitor, table: list[tuple[str, str]]) -> None:
    """A look at an address pushes nothing, not even with the owner's token."""
    before = await visitor.count()
    place = Place("owner", {"message": "x", "content": "x"}, {"Authorization": f"Bearer {TOKEN}"})
    await asyncio.gather(
        *(visitor.ask("HEAD", path, place) for path in {path for _, path in table})
    )
    assert await visitor.count() == before


async def admit_right_tokens(visitor: Visitor) -> None:
    """The owner's and a friend's token open from each place, and are not shown at a wrong door."""
    for token in (TOKEN, FRIEND):
        for place in places(token):
            for path in PUSHES:
                assert await visitor.ask("POST", path, place) == 200, (path, place.name)
            await visitor.ask("POST", "/report/none/x", place)
    for place in places(FRIEND):
        for path in ("/report/unread/x", "/report/metrics"):
            assert await visitor.ask("GET", path, place) >= 400, (path, place.name)
