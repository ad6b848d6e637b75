"""The command `push`: pushes to the running bot."""

import argparse
import asyncio
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit, urlunsplit

import orjson
import pybase64

from ..doctor.addresses import route
from ..errors import Misused, NotDone, UnsupportedMedia, os_reason
from ..model.delivery import Delivered, Outcome
from ..settings import check_url
from ..sources.bodies.form import decode_plain
from .bot import init_nonebot
from .client import Accepted, Client
from .progress import Progress
from .words import line

WAIT_SECONDS: Final = 60.0
MAX_FILE: Final = 64 * 2**20
"""Bytes read of a file, or of the standard input."""
_STORED: Final = {
    "accepted": "✅ 收下了，发给 {targets}",
    "duplicate": "✅ 同样 ID 的推送早已收下，没有再发",
    "dropped": "⚠️  收下了，但规则写着不发给任何人",
}


@dataclass(frozen=True, slots=True)
class SourceBody:
    """A body of a source, to be pushed as it is."""

    content: bytes
    query: dict[str, str]
    """Parameters for the push address."""


def run_push(options: argparse.Namespace) -> int:
    """Push once; returns 0 if the push was accepted, and with `wait` if it was delivered too."""
    init_nonebot(log_level="WARNING")
    pushed = source_body(options) if options.source else fields_of(options)
    return asyncio.run(_push(options, pushed))


def source_body(options: argparse.Namespace) -> SourceBody:
    """Read the body of a source that the options describe.

    Raises:
        NotDone: a file cannot be read.
        Misused: the body is missing, or stands in several places.
    """
    if options.image:
        raise Misused("--source 的内容里自己带图片，不能再写 --image")
    if options.text is not None and options.file is not None:
        raise Misused("--source 的内容只能有一份", "写在 push 后面、用 --file 或从标准输入给它")
    if options.file is not None:
        content = _read(options.file, "文件")
    elif options.text not in (None, "-"):
        content = options.text.encode()
    elif options.text is None and sys.stdin.isatty():
        content = b""
    else:
        content = sys.stdin.buffer.read(MAX_FILE)
    if not content.strip():
        raise Misused(
            "没有写要推的内容", "写在 push 后面、用 --file 或从标准输入给它：… < body.json"
        )
    parameters = {
        "source": options.source, "title": options.title, "send_to": ",".join(options.to),
        "send_to_group": ",".join(options.to_group), "channel": ",".join(options.channel),
    }  # fmt: skip
    return SourceBody(content, {name: value for name, value in parameters.items() if value})


def fields_of(options: argparse.Namespace) -> dict[str, Any]:
    """Make the fields of the push that the options describe.

    Raises:
        NotDone: a file cannot be read.
        Misused: there is nothing to push.
    """
    return {
        "title": options.title,
        "content": _content(options),
        "send_to": options.to,
        "send_to_group": options.to_group,
        "channel": options.channel,
        "screenshots": [_picture(path) for path in options.image],
    }


async def _push(options: argparse.Namespace, pushed: dict[str, Any] | SourceBody) -> int:
    url = options.url and full_url(options.url)
    secret = options.token or (_token_in(url) if url else None)
    async with Client(url, secret) as client:
        if isinstance(pushed, SourceBody):
            accepted = await client.push_body(pushed.content, pushed.query)
        else:
            accepted = await client.push(pushed)
        if options.json:
            print(orjson.dumps(accepted.answer).decode())
        else:
            print(_summary(accepted), flush=True)
        if not options.wait or not accepted.targets:
            return 0
        return await _wait(client, accepted)


async def _wait(client: Client, accepted: Accepted) -> int:
    with Progress(accepted.targets) as progress:

        def tell(target: str, outcome: Outcome) -> None:
            progress.done(target, line(target, outcome))

        outcomes = await client.outcomes(
            accepted.id, on_outcome=tell, until_final=True, seconds=WAIT_SECONDS
        )
    return 0 if all(isinstance(outcome, Delivered) for outcome in outcomes.values()) else 1


def full_url(text: str) -> str:
    """Complete a push address whose beginning or path may be missing.

    Raises:
        Misused: this is no address.
    """
    url = text.strip() if "://" in text else f"http://{text.strip()}"
    try:
        parts = urlsplit(check_url(url))
    except ValueError as error:
        raise Misused("--url 不是网址", "写成 http://127.0.0.1:8080/report 的样子") from error
    if parts.path.strip("/"):
        return url
    return urlunsplit(parts._replace(path=route()))


def _token_in(url: str) -> str | None:
    return next(iter(parse_qs(urlsplit(url).query).get("token", ())), None)


def _content(options: argparse.Namespace) -> str:
    """Join the text of the arguments or the standard input, and that of a file."""
    parts: list[str] = []
    if options.text == "-":
        parts.append(_decoded(sys.stdin.buffer.read(MAX_FILE)))
    elif options.text is not None:
        parts.append(options.text)
    elif options.file is None and not options.image:
        raise Misused("没有写要推的内容", "写在 push 后面；- 从标准输入读，--file 从文件里读")
    if options.file is not None:
        parts.append(_decoded(_read(options.file, "文件")))
    return "\n".join(parts)


def _decoded(content: bytes) -> str:
    try:
        return str(decode_plain(content)["content"])
    except UnsupportedMedia as error:
        raise NotDone("那不是文本", "图片用 --image") from error


def _picture(path: Path) -> str:
    return pybase64.b64encode_as_string(_read(path, "图片"))


def _read(path: Path, what: str) -> bytes:
    """Read the beginning of a file: more is refused or cut in any case."""
    try:
        with path.open("rb") as file:
            return file.read(MAX_FILE)
    except OSError as error:
        raise NotDone(f"读不了{what} {path}：{os_reason(error)}") from error


def _summary(accepted: Accepted) -> str:
    targets = "、".join(accepted.targets)
    status = _STORED.get(accepted.status, "✅ 收下了").format(targets=targets)
    return f"{status}（ID {accepted.id}）"
