"""Shrinks a picture within a bound of memory, whatever its header says.

Runs in a thread of its own (see `fit`). The only module that decodes pictures and imports Pillow.
"""

from io import BytesIO
from math import ceil
from typing import Final

from PIL import Image as Pillow
from PIL.JpegImagePlugin import JpegImageFile

from ..model.image import Image

SHRUNK: Final = "截图已缩小"
TOO_LARGE: Final = "截图太大，没有发送"
BROKEN: Final = "截图已损坏，没有发送"
QUALITIES: Final = (85, 70, 55, 40)
"""JPEG qualities, tried in turn before the picture is scaled down."""
SMALLER: Final = 0.7
"""The factor of each scaling."""
LARGE: Final = 2**22
"""Pixels from which a picture is reduced by a whole factor, which needs no second copy."""
MEMORY: Final = 40 * 2**20
"""Bytes that a picture may take while it is decoded; one of 4096x2160 pixels takes 34 MiB."""
MAX_CHUNKS: Final = 20_000
"""Chunks of a PNG; encoders write chunks of 8 KB and more."""
MAX_SCANS: Final = 100
"""Scans of a JPEG: a decoder processes the whole picture for each."""
_PIXEL: Final = 4
"""Bytes per decoded pixel, at most."""
_WEBP_PIXEL: Final = 4 * _PIXEL
"""WebP's decoder holds two pictures and returns a third, which is copied."""
_SAMPLE: Final = 2
"""Bytes per coefficient; a JPEG of several scans keeps them all."""
_STRIP: Final = 64
"""Rows that are converted at a time; divisible by every scale."""
_FORMATS: Final = {
    "image/jpeg": "JPEG", "image/png": "PNG", "image/gif": "GIF", "image/webp": "WEBP",
    "image/bmp": "BMP",
}  # fmt: skip
_ESSENTIAL: Final = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND")


class _TooLarge(Exception):
    """Decoding it would take more memory or time than there is for a picture."""


def shrink(image: Image, max_bytes: int, max_side_sum: int | None) -> tuple[Image | None, str]:
    """The picture as a JPEG within these bounds, or None; and a note of what was done (Chinese)."""
    try:
        picture = _decoded(image)
    except _TooLarge:
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


def _decoded(image: Image) -> Pillow.Image:
    """The first frame as RGB, at a smaller scale where it would take too much as it is."""
    data = image.data
    if image.media_type == "image/png":
        data = _essential(data)
    with Pillow.open(BytesIO(data), formats=(_FORMATS[image.media_type],)) as opened:
        if opened.size != (image.width, image.height):
            raise _TooLarge
        _prepare(opened, data)
        opened.load()
        return opened if opened.mode == "RGB" else _flat(opened)


def _essential(data: bytes) -> bytes:
    """A PNG without its ancillary chunks: compressed text in them may be of any size."""
    view, at = memoryview(data), 8
    kept = [view[:8]]
    for _ in range(MAX_CHUNKS):
        end = at + 12 + int.from_bytes(view[at : at + 4], "big")
        if data[at + 4 : at + 8] in _ESSENTIAL:
            kept.append(view[at:end])
        at = end
        if at >= len(data):
            return b"".join(kept)
    raise _TooLarge


def _prepare(opened: Pillow.Image, data: bytes) -> None:
    """Check the decoder's memory; a JPEG may be decoded at a smaller scale to fit."""
    pixels = opened.width * opened.height
    if isinstance(opened, JpegImageFile):
        coefficients = _coefficients(opened, data)
        for scale in (1, 2, 4, 8):
            if coefficients + 2 * _PIXEL * pixels // scale**2 <= MEMORY:
                opened.draft("RGB", (max(1, opened.width // scale), max(1, opened.height // scale)))
                return
        raise _TooLarge
    run_lengths = opened.format == "BMP" and data[30] in (
        1,
        2,
    )  # Pillow decodes these in a Python loop
    per_pixel = _WEBP_PIXEL if opened.format == "WEBP" else _PIXEL
    if run_lengths or per_pixel * pixels > MEMORY:
        raise _TooLarge


def _coefficients(opened: JpegImageFile, data: bytes) -> int:
    """Bytes of coefficients in memory (libjpeg.txt, "Progressive JPEG support")."""
    scans = data.count(b"\xff\xda")
    if scans > MAX_SCANS:
        raise _TooLarge
    if scans == 1:
        return 0
    across = max(layer[1] for layer in opened.layer)
    down = max(layer[2] for layer in opened.layer)
    samples = sum(layer[1] * layer[2] for layer in opened.layer) / (across * down)
    return int(_SAMPLE * samples * opened.width * opened.height)


def _flat(opened: Pillow.Image) -> Pillow.Image:
    """The picture as RGB; transparent pixels become white.

    Converted in strips, without a second full copy, and reduced if two copies do not fit.
    """
    pixels = opened.width * opened.height
    scale = next(n for n in (1, 2, 4) if _PIXEL * pixels * (1 + 1 / n**2) <= MEMORY or n == 4)
    size = -(-opened.width // scale), -(-opened.height // scale)
    flat = Pillow.new("RGB", size)
    for top in range(0, opened.height, _STRIP):
        bottom = min(top + _STRIP, opened.height)
        strip = opened.crop((0, top, opened.width, bottom))
        flat.paste(_opaque(strip).reduce(scale), (0, top // scale))
    return flat


def _opaque(strip: Pillow.Image) -> Pillow.Image:
    if not strip.has_transparency_data:
        return strip.convert("RGB")
    white = Pillow.new("RGBA", strip.size, "white")
    white.alpha_composite(strip.convert("RGBA"))
    return white.convert("RGB")


def _scaled(picture: Pillow.Image, factor: float) -> Pillow.Image:
    """The picture at this scale at most; it may be changed itself."""
    if picture.width * picture.height > LARGE:
        return picture.reduce(ceil(1 / factor))
    picture.thumbnail((max(1, int(picture.width * factor)), max(1, int(picture.height * factor))))
    return picture
