"""Bodies as BetterGI writes them since 2026-05-30, with and without a screenshot."""

import json
import random
import re
from base64 import b64encode
from functools import cache
from io import BytesIO

from PIL import Image

TITLE = "✅ 自动秘境结束"
MESSAGE = "自动秘境结束"
TOKEN = "benchmark-token"
PATH = f"/report?token={TOKEN}"
SCREENSHOT_BYTES = 225 * 1024
_TOLERANCE = 0.02
_PLACE = "the screenshot stands here"
_SEGMENT_DIGITS = 12
_ESCAPED = str.maketrans({one: f"\\u{ord(one):04X}" for one in "+<>&'"})


def requests(targets: list[object], *, screenshot: bool, first: int) -> list[bytes]:
    """Whole HTTP requests, one for each `send_to`.

    No two have the same screenshot: each carries its number, counted from `first`, in a comment
    segment of the JPEG, so that nobody is spared work by having seen the bytes before.
    """
    return [
        request(_body(target, number if screenshot else None))
        for number, target in enumerate(targets, first)
    ]


def request(body: bytes) -> bytes:
    """One POST as .NET's HttpClient makes it, on a connection that is kept."""
    head = (
        f"POST {PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        f"Content-Type: application/json; charset=utf-8\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode("ascii") + body


def dotnet(fields: dict[str, object]) -> str:
    """JSON as System.Text.Json escapes it: non-ASCII and + < > & ' as \\uXXXX, in capitals."""
    text = json.dumps(fields, separators=(",", ":"))
    text = re.sub(r"\\u[0-9a-f]{4}", lambda found: "\\u" + found[0][2:].upper(), text)
    return text.translate(_ESCAPED)


def _body(target: object, number: int | None) -> bytes:
    fields = {
        "event": "domain.end",
        "result": 0,
        "timestamp": "2026-11-23T21:44:00.1234567+08:00",
        "screenshot": None if number is None else _PLACE,
        "message": MESSAGE,
        "data": None,
        "send_to": target,
    }
    text = dotnet(fields)
    if number is not None:
        text = text.replace(_PLACE, _numbered(number) + _encoded_rest())
    return text.encode("ascii")


def _numbered(number: int) -> str:
    """The start of the JPEG (a multiple of 3 bytes, so the rest is encoded only once)."""
    comment = f"{number:0{_SEGMENT_DIGITS}}".encode("ascii")
    start = b"\xff\xd8\xff\xfe" + (len(comment) + 2).to_bytes(2) + comment
    return b64encode(start).decode("ascii").translate(_ESCAPED)


@cache
def _encoded_rest() -> str:
    return b64encode(screenshot()[2:]).decode("ascii").translate(_ESCAPED)


@cache
def screenshot() -> bytes:
    """A 1080p JPEG of about 225 KB: noise, as coarse as it takes to come to that size."""
    least, most = 16, 1920
    while True:
        width = (least + most) // 2
        data = _noise(width, width * 9 // 16)
        if abs(len(data) / SCREENSHOT_BYTES - 1) <= _TOLERANCE:
            return data
        if len(data) < SCREENSHOT_BYTES:
            least = width
        else:
            most = width


def large_picture() -> bytes:
    """About ten megabytes of PNG, other ones each time: the lowest three bits are noise."""
    pixels = random.randbytes(3200 * 1800 * 3).translate(bytes(one & 7 for one in range(256)))
    buffer = BytesIO()
    Image.frombytes("RGB", (3200, 1800), pixels).save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def _noise(width: int, height: int) -> bytes:
    pixels = random.Random(1).randbytes(width * height * 3)
    picture = Image.frombytes("RGB", (width, height), pixels)
    buffer = BytesIO()
    picture.resize((1920, 1080), Image.Resampling.BICUBIC).save(buffer, "JPEG", quality=85)
    return buffer.getvalue()
