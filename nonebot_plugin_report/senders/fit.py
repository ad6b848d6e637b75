"""Makes texts and pictures small enough for a channel, and tells what was lost."""

import asyncio
import unicodedata
from collections.abc import Callable
from io import BytesIO
from typing import TYPE_CHECKING, Final

import orjson

from ..image import Image

if TYPE_CHECKING:
    from PIL import Image as Pillow

CUT: Final = "内容过长，只发了开头"
SHRUNK: Final = "截图已缩小"
MARK: Final = "…"
QUALITIES: Final = (85, 70, 55, 40)
"""Of JPEG, tried in turn before the picture is made smaller."""
SMALLER: Final = 0.7
"""By how much, each time."""


def utf8_size(text: str) -> int:
    """Bytes in UTF-8."""
    return len(text.encode())


def utf16_size(text: str) -> int:
    """UTF-16 code units, as JavaScript, .NET and Telegram count characters."""
    return len(text.encode("utf-16-le")) // 2


def json_size(text: str) -> int:
    """Bytes in a JSON body of UTF-8."""
    return len(orjson.dumps(text)) - 2


def fit_text(text: str, limit: int, size: Callable[[str], int] = len) -> tuple[str, str]:
    """The text, cut to `limit` as `size` counts, and a note: empty, or that it was cut.

    The cut is marked and never splits a character from the marks that combine with it.
    """
    if size(text) <= limit:
        return text, ""
    room = limit - size(MARK)
    low, high = 0, len(text)
    while low < high:  # the longest beginning that fits
        middle = (low + high + 1) // 2
        if size(text[:middle]) <= room:
            low = middle
        else:
            high = middle - 1
    while low and _joins(text, low):
        low -= 1
    return text[:low].rstrip() + MARK, CUT


def _joins(text: str, at: int) -> bool:
    """Whether a character is drawn into the one before it."""
    joiner = "\u200d"  # as in the emoji of a family
    skin = "\U0001f3fb" <= text[at] <= "\U0001f3ff"
    variation = "\ufe00" <= text[at] <= "\ufe0f"
    return (
        bool(unicodedata.combining(text[at]))
        or joiner in (text[at], text[at - 1])
        or skin
        or variation
    )


async def fit_image(
    image: Image,
    *,
    max_bytes: int,
    max_side_sum: int | None = None,
    formats: tuple[str, ...] = ("image/jpeg", "image/png"),
) -> tuple[Image | None, str]:
    """The picture as a service takes it, and a note: empty, or what was done to it.

    What fits goes unchanged; else it becomes a JPEG of falling quality, then of falling size.
    None: nothing can be made of it, and the note says why.

    Args:
        image: what was sent.
        max_bytes: the largest file that the service takes.
        max_side_sum: the largest width and height together, in pixels.
        formats: the media types that the service takes.
    """
    small = max_side_sum is None or image.width + image.height <= max_side_sum
    if small and len(image.data) <= max_bytes and image.media_type in formats:
        return image, ""
    return await asyncio.to_thread(_shrink, image, max_bytes, max_side_sum)


def _shrink(image: Image, max_bytes: int, max_side_sum: int | None) -> tuple[Image | None, str]:
    from PIL import Image as Pillow

    try:
        with Pillow.open(BytesIO(image.data)) as opened:
            picture = _flat(opened)
    except Exception:  # noqa: BLE001 - Pillow's decoders raise nearly anything on broken data
        return None, "截图已损坏，没有发送"
    sides = picture.width + picture.height
    if max_side_sum is not None and sides > max_side_sum:
        picture = _scaled(picture, max_side_sum / sides)
    while True:
        for quality in QUALITIES:
            file = BytesIO()
            picture.save(file, "JPEG", quality=quality, optimize=True)
            if file.tell() <= max_bytes:
                return Image(file.getvalue(), "image/jpeg", *picture.size), SHRUNK
        if max(picture.size) < 16:
            return None, "截图太大，没有发送"
        picture = _scaled(picture, SMALLER)


def _flat(opened: "Pillow.Image") -> "Pillow.Image":
    """The first frame, as JPEG can hold it: what is transparent becomes white."""
    from PIL import Image as Pillow

    if not opened.has_transparency_data:
        return opened.convert("RGB")
    picture = opened.convert("RGBA")
    return Pillow.alpha_composite(Pillow.new("RGBA", picture.size, "white"), picture).convert("RGB")


def _scaled(picture: "Pillow.Image", factor: float) -> "Pillow.Image":
    picture = picture.copy()
    picture.thumbnail((max(1, int(picture.width * factor)), max(1, int(picture.height * factor))))
    return picture
