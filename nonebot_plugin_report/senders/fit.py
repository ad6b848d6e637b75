"""Makes texts and pictures fit a channel's limits, with a note of what was lost."""

import unicodedata
from collections.abc import Callable, Sequence
from typing import Final

import orjson

from ..model.image import Image
from ..pictures.in_turn import in_turn

CUT: Final = "内容过长，只发了开头"
MARK: Final = "…"
_Fitted = tuple[Image | None, str]


def utf8_size(text: str) -> int:
    """Count the bytes in UTF-8."""
    return len(text.encode())


def utf16_size(text: str) -> int:
    """Count UTF-16 code units, as JavaScript, .NET and Telegram count characters."""
    return len(text.encode("utf-16-le")) // 2


def json_size(text: str) -> int:
    """Count the bytes in a JSON body of UTF-8."""
    return len(orjson.dumps(text)) - 2


def fit_text(text: str, limit: int, size: Callable[[str], int] = len) -> tuple[str, str]:
    """Cut a text to `limit` as `size` counts. Returns it with a note, which is empty if it fits.

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
    """Whether a character combines with the one before it."""
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
    still: bool = False,
) -> _Fitted:
    """Make a picture fit a service. Returns it with a note of the change, empty if there is none.

    A picture that fits is unchanged; otherwise it becomes a JPEG of lower quality, then of smaller
    size. None: neither is possible, and the note gives the reason.

    Args:
        image: the picture of the report.
        max_bytes: the largest file that the service takes.
        max_side_sum: the largest width and height together, in pixels.
        formats: the media types that the service takes.
        still: leave a picture of several frames unchanged, however large.
    """
    small = max_side_sum is None or image.width + image.height <= max_side_sum
    if small and len(image.data) <= max_bytes and image.media_type in formats:
        return image, ""
    return await in_turn(_shrink, image, max_bytes, max_side_sum, still)


async def fit_images(
    images: Sequence[Image],
    *,
    max_bytes: int,
    formats: tuple[str, ...] = ("image/jpeg", "image/png"),
) -> tuple[list[Image], list[str]]:
    """Make several pictures fit into `max_bytes` together, as `fit_image` does.

    Returns the pictures that fit, and all notes.
    """
    size = sum(len(one.data) for one in images)
    share = max_bytes if size <= max_bytes else max_bytes // len(images)
    fitted = [await fit_image(one, max_bytes=share, formats=formats) for one in images]
    return [one for one, _ in fitted if one is not None], [note for _, note in fitted]


def _shrink(image: Image, max_bytes: int, max_side_sum: int | None, still: bool) -> _Fitted:  # noqa: FBT001 - in_turn hands on no names
    # Imported here, in the thread: it is slow, and most pictures do not need it.
    from ..pictures.shrink import shrink

    return shrink(image, max_bytes, max_side_sum, still=still)
