"""Shrinks a picture. Runs in a thread of its own (see `in_turn`)."""

from io import BytesIO
from math import ceil
from typing import Final

from PIL import Image as Pillow

from ..model.image import Image
from .decode import Animated, TooLarge, decoded

SHRUNK: Final = "截图已缩小"
TOO_LARGE: Final = "截图太大，没有发送"
BROKEN: Final = "截图已损坏，没有发送"
QUALITIES: Final = (85, 70, 55, 40)
"""JPEG qualities, tried in turn before the picture is scaled down."""
SMALLER: Final = 0.7
"""The factor of each scaling."""
LARGE: Final = 2**22
"""Pixels from which a picture is reduced by a whole factor, which needs no second copy."""


def shrink(
    image: Image, max_bytes: int, max_side_sum: int | None, *, still: bool
) -> tuple[Image | None, str]:
    """Shrink a picture to a JPEG within these bounds, or return None; with a note (Chinese).

    `still`: leave a picture of several frames unchanged.
    """
    try:
        picture = decoded(image, still=still)
    except Animated:
        return image, ""
    except TooLarge:
        return None, TOO_LARGE
    except Exception:  # noqa: BLE001 - Pillow's decoders raise nearly anything on broken data
        return None, BROKEN
    sides = picture.width + picture.height
    if max_side_sum is not None and sides > max_side_sum:
        picture = _scaled(picture, max_side_sum / sides)
    while True:
        for quality in QUALITIES:
            file = BytesIO()
            picture.save(file, "JPEG", quality=quality)
            if file.tell() <= max_bytes:
                return Image(file.getvalue(), "image/jpeg", *picture.size), SHRUNK
        if max(picture.size) < 16:
            return None, TOO_LARGE
        picture = _scaled(picture, SMALLER)


def _scaled(picture: Pillow.Image, factor: float) -> Pillow.Image:
    """Scale a picture down by at least this factor, possibly in place."""
    if picture.width * picture.height > LARGE:
        return picture.reduce(ceil(1 / factor))
    picture.thumbnail((max(1, int(picture.width * factor)), max(1, int(picture.height * factor))))
    return picture
