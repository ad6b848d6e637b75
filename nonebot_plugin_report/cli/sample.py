"""Makes a push as BetterGI writes it, with a screenshot."""

import io
import json
import math
import re
from datetime import datetime
from typing import TYPE_CHECKING, Final

import pybase64

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageDraw import ImageDraw


def bettergi_body(
    *,
    event: str,
    message: str | None,
    screenshot: bytes | None,
    result: int = 0,
    send_to: str = "",
    timestamp: str | None = None,
) -> bytes:
    """Write a notification as BetterGI's Webhook channel does since 2026-05-30.

    Source: `WebhookNotifier.TransformData` in github.com/babalae/better-genshin-impact.
    """
    fields = {
        "send_to": send_to,
        "event": event,
        "result": result,
        "timestamp": timestamp or _dotnet_now(),
        "screenshot": None if screenshot is None else pybase64.b64encode_as_string(screenshot),
        "message": message,
        "data": None,
    }
    return _dotnet(json.dumps(fields, separators=(",", ":"))).encode("ascii")


# An escaped backslash comes first, so that what follows it is not taken for an escape.
_ESCAPES: Final = re.compile(r"\\\\|\\\"|\\u[0-9a-f]{4}|[+<>&'`\x7f]")


def _dotnet(text: str) -> str:
    """Escape ASCII JSON as System.Text.Json's `JavaScriptEncoder.Default` does."""

    def escape(match: re.Match[str]) -> str:
        match match[0]:
            case "\\\\":
                return match[0]
            case '\\"':
                return "\\u0022"
            case str(code) if code.startswith("\\u"):
                return f"\\u{code[2:].upper()}"
            case character:
                return f"\\u{ord(character):04X}"

    return _ESCAPES.sub(escape, text)


def _dotnet_now() -> str:
    """Write the local time with .NET's seventh digit, a tenth of a microsecond, which is made
    up."""
    now = datetime.now().astimezone().isoformat(timespec="microseconds")
    return f"{now[:26]}1{now[26:]}"


def sample_screenshot() -> bytes:
    """Draw a JPEG of 1280x720 that looks a little like a game; the same at every call."""
    from PIL import Image, ImageDraw, ImageOps

    slope = Image.linear_gradient("L").resize((1280, 720))  # pyright: ignore[reportUnknownMemberType] - typed by numpy, which is not here
    picture = ImageOps.colorize(slope, black="#3b6fb6", mid="#a8cbe8", white="#ffe2b0")
    draw = ImageDraw.Draw(picture, "RGBA")
    for radius in range(130, 49, -4):
        draw.circle((930, 250), radius, fill=(255, 244, 214, 22 if radius > 50 else 255))
    for base, height, color in (
        (430, 70, "#7f9cc0"),
        (500, 55, "#5b8a86"),
        (585, 40, "#3f6d55"),
        (650, 25, "#2b4f3d"),
    ):
        ridge = [(x, base + height * _wave(x / 1280, base)) for x in range(0, 1281, 4)]
        draw.polygon([(0, 720), *ridge, (1280, 720)], fill=color)
    _draw_panels(draw)
    return _jpeg(picture)


def _wave(x: float, phase: float) -> float:
    return math.sin(7 * x + phase) * 0.6 + math.sin(17 * x + phase / 3) * 0.3


def _draw_panels(draw: "ImageDraw") -> None:
    """Draw what a game lays over its picture: map, party, health, and the sign of success."""
    shade, light, green = (20, 28, 40, 150), (255, 255, 255, 235), (126, 214, 122, 255)
    draw.circle((104, 104), 74, fill=shade, outline=light, width=3)
    draw.polygon([(104, 82), (118, 122), (104, 112), (90, 122)], fill=(250, 214, 110, 255))
    for index in range(4):
        top = 190 + index * 72
        draw.rounded_rectangle((1060, top, 1250, top + 56), 12, fill=shade)
        draw.circle((1090, top + 28), 20, fill=("#e8b36a", "#7fb3e6", "#9bd08c", "#c79be0")[index])
        draw.rounded_rectangle((1124, top + 34, 1236, top + 42), 4, fill=(255, 255, 255, 70))
        full = 1236 - 18 * index
        draw.rounded_rectangle((1124, top + 34, full, top + 42), 4, fill=green)
    draw.rounded_rectangle((470, 662, 810, 678), 8, fill=shade)
    draw.rounded_rectangle((470, 662, 760, 678), 8, fill=green)
    draw.rounded_rectangle((490, 300, 790, 420), 20, fill=shade)
    draw.line([(525, 360), (552, 386), (602, 332)], fill=green, width=12, joint="curve")
    for x in (650, 700, 750):
        draw.regular_polygon((x, 360, 20), 4, rotation=45, fill=(250, 214, 110, 255))


def _jpeg(picture: "Image") -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=92)
    return buffer.getvalue()
