"""Covers parts of pictures before they are shown to others."""

from collections.abc import Sequence

from ..model.image import Image
from ..model.mask import Mask
from .in_turn import in_turn


async def masked(images: Sequence[Image], mask: Mask) -> tuple[tuple[Image, ...], list[str]]:
    """Cover these parts of pictures. Returns the pictures, and why some are missing (Chinese).

    A picture that cannot be drawn on is left out: no part is shown uncovered.
    """
    covered: list[Image] = []
    missing: list[str] = []
    for image in images:
        picture, fault = await in_turn(_cover, image, mask)
        if picture is None:
            missing.append(f"截图{fault}，遮不住，没有发出")
        else:
            covered.append(picture)
    return tuple(covered), list(dict.fromkeys(missing))


def _cover(image: Image, mask: Mask) -> tuple[Image | None, str]:
    # Imported here, in the thread: it is slow, and most bots do not need it.
    from .cover import cover

    return cover(image, mask)
