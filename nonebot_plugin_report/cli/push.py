"""A push to the running bot."""

import argparse
import asyncio
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit, urlunsplit

import orjson
import pybase64

from ..errors import NotDone, os_reason
from ..model.delivery import Delivered, Outcome
from ..web.addresses import route
from .bot import init_nonebot
from .client import Accepted, Client
from .progress import Progress
from .words import line

WAIT_SECONDS: Final = 60.0
_STORED: Final = {
    "accepted": "✅ 收下了，发给 {targets}",
    "duplicate": "✅ 同样 ID 的推送早已收下，没有再发",
    "dropped": "⚠️  收下了，但规则写着不发给任何人",
}


def run_push(options: argparse.Namespace) -> int:
    """Push once; 0 if it was accepted, and with `wait` if it was delivered too."""
    init_nonebot(log_level="WARNING")
    fields = {
        "title": options.title,
        "content": options.text,
        "send_to": options.to,
        "send_to_group": options.to_group,
        "channel": options.channel,
        "screenshot": options.image and _picture(options.image),
    }
    return asyncio.run(_push(options, fields))


async def _push(options: argparse.Namespace, fields: dict[str, Any]) -> int:
    url = options.url and full_url(options.url)
    secret = options.token or (_token_in(url) if url else None)
    async with Client(url, secret) as client:
        accepted = await client.push(fields)
        if options.json:
            print(orjson.dumps(accepted.answer).decode())
        else:
            print(_told(accepted), flush=True)
        if not options.wait or not accepted.targets:
            return 0
        return await _wait(client, accepted)


async def _wait(client: Client, accepted: Accepted) -> int:
    with Progress(accepted.targets) as progress:

        def tell(target: str, outcome: Outcome) -> None:
            progress.done(target, line(target, outcome))

        outcomes = await client.outcomes(
            accepted.id, told=tell, until_final=True, seconds=WAIT_SECONDS
        )
    return 0 if all(isinstance(one, Delivered) for one in outcomes.values()) else 1


def full_url(text: str) -> str:
    """A push address of which the beginning or the path may be missing.

    Raises:
        NotDone: it is no address.
    """
    url = text.strip() if "://" in text else f"http://{text.strip()}"
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise NotDone("--url 不是网址", "写成 http://127.0.0.1:8080/report 的样子") from error
    if parts.path.strip("/"):
        return url
    return urlunsplit(parts._replace(path=route()))


def _token_in(url: str) -> str | None:
    return next(iter(parse_qs(urlsplit(url).query).get("token", ())), None)


def _picture(path: Path) -> str:
    try:
        return pybase64.b64encode_as_string(path.read_bytes())
    except OSError as error:
        raise NotDone(f"读不了图片 {path}：{os_reason(error)}") from error


def _told(accepted: Accepted) -> str:
    targets = "、".join(accepted.targets)
    said = _STORED.get(accepted.status, "✅ 收下了").format(targets=targets)
    return f"{said}（ID {accepted.id}）"
