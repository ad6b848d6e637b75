"""Covers parts of a picture. Runs in a thread of its own (see `in_turn`)."""

from io import BytesIO
from typing import Final

from ..model.image import Image
from ..model.mask import Mask
from .decode import Animated, TooLarge, decoded

QUALITY: Final = 92
"""Quality of the JPEG, at which small letters stay sharp."""
COLOUR: Final = "black"


def cover(image: Image, mask: Mask) -> tuple[Image | None, str]:
    """Cover these parts of a picture and return it as a JPEG without metadata; or return None, and
    the reason why that is impossible (Chinese)."""
    try:
        picture = decoded(image, still=True)
    except TooLarge:
        return None, "太大"
    except Animated:
        return None, "是动图"
    except Exception:  # noqa: BLE001 - Pillow's decoders raise nearly anything on broken data
        return None, "已损坏"
    for area in mask.areas(*picture.size):
        picture.paste(COLOUR, area)
    file = BytesIO()
    picture.save(file, "JPEG", quality=QUALITY, comment=b"")
    return Image(file.getvalue(), "image/jpeg", *picture.size), ""
