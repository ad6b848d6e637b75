"""Decodes a picture within a bound of memory, whatever its header says.

Runs in a thread of its own (see `in_turn`).
"""

from io import BytesIO
from typing import Final

from PIL import Image as Pillow
from PIL.ExifTags import Base as Tag
from PIL.JpegImagePlugin import JpegImageFile

from ..model.image import Image

MEMORY: Final = 40 * 2**20
"""Bytes that a picture may take while it is decoded; one of 4096x2160 pixels takes 34 MiB."""
MAX_CHUNKS: Final = 20_000
"""Chunks of a PNG; encoders write chunks of 8 KB and more."""
MAX_SCANS: Final = 100
"""Scans of a JPEG: a decoder processes the whole picture for each. Encoders write about ten."""
MAX_SCANNED: Final = 2**27
"""Pixels of all scans together: half a second. 15 scans of 4096x2160 pixels are below."""
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
_REDUCED: Final = 1 / 4
"""Of a picture's size: the largest that one is made of it by halving its sides."""
# Exif 2.32, section 4.6.4, "Orientation": what makes a picture upright.
_TURNS: Final = {
    2: Pillow.Transpose.FLIP_LEFT_RIGHT, 3: Pillow.Transpose.ROTATE_180,
    4: Pillow.Transpose.FLIP_TOP_BOTTOM, 5: Pillow.Transpose.TRANSPOSE,
    6: Pillow.Transpose.ROTATE_270, 7: Pillow.Transpose.TRANSVERSE,
    8: Pillow.Transpose.ROTATE_90,
}  # fmt: skip
_ESSENTIAL: Final = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND")


class TooLarge(Exception):
    """Decoding the picture would take more memory or time than a picture may have."""


class Animated(Exception):
    """The picture has several frames."""


def decoded(image: Image, *, still: bool = False) -> Pillow.Image:
    """Decode the first frame as RGB and upright, at a smaller scale where full size would not fit.

    Raises:
        TooLarge: the picture does not fit at any scale.
        Animated: the picture has several frames, and `still` is set.
        Exception: the data is broken; Pillow's decoders raise nearly anything.
    """
    data = image.data
    if still and image.media_type == "image/png" and b"acTL" in data[: data.find(b"IDAT")]:
        raise Animated
    if image.media_type == "image/png":
        data = _essential(data)
    with Pillow.open(BytesIO(data), formats=(_FORMATS[image.media_type],)) as opened:
        if opened.size != (image.width, image.height):
            raise TooLarge
        if still and getattr(opened, "is_animated", False):
            raise Animated
        turn = _turn(opened)
        _prepare(opened, data, 1 + _REDUCED if opened.mode in ("RGB", "L") and turn is None else 2)
        opened.load()
        flat = opened if opened.mode == "RGB" else _flat(opened)
        return flat if turn is None else flat.transpose(turn)


def _turn(opened: Pillow.Image) -> Pillow.Transpose | None:
    """Return the turn that makes the picture upright, or None where it already is."""
    if "exif" not in opened.info:  # of a PNG, Pillow would decode all to find it
        return None
    return _TURNS.get(opened.getexif().get(Tag.Orientation, 1))


def _essential(data: bytes) -> bytes:
    """Drop a PNG's ancillary chunks: compressed text in them may be of any size."""
    view, at = memoryview(data), 8
    chunks = [view[:8]]
    for _ in range(MAX_CHUNKS):
        end = at + 12 + int.from_bytes(view[at : at + 4], "big")
        if data[at + 4 : at + 8] in _ESSENTIAL:
            chunks.append(view[at:end])
        at = end
        if at >= len(data):
            return b"".join(chunks)
    raise TooLarge


def _prepare(opened: Pillow.Image, data: bytes, copies: float) -> None:
    """Check the decoder's memory; a JPEG may be decoded at a smaller scale to fit.

    `copies` is the number of copies of the picture that exist at the end.
    """
    pixels = opened.width * opened.height
    if isinstance(opened, JpegImageFile):
        coefficients = _coefficients(opened, data)
        for scale in (1, 2, 4, 8):
            if coefficients + copies * _PIXEL * pixels / scale**2 <= MEMORY:
                opened.draft("RGB", (max(1, opened.width // scale), max(1, opened.height // scale)))
                return
        raise TooLarge
    # Pillow decodes these in a Python loop.
    run_lengths = opened.format == "BMP" and data[30] in (1, 2)
    per_pixel = _WEBP_PIXEL if opened.format == "WEBP" else _PIXEL
    if run_lengths or per_pixel * pixels > MEMORY:
        raise TooLarge


def _coefficients(opened: JpegImageFile, data: bytes) -> int:
    """Compute the bytes of coefficients in memory (libjpeg.txt, "Progressive JPEG support")."""
    scans = data.count(b"\xff\xda")
    if scans > MAX_SCANS or scans * opened.width * opened.height > MAX_SCANNED:
        raise TooLarge
    if scans == 1:
        return 0
    across = max(layer[1] for layer in opened.layer)
    down = max(layer[2] for layer in opened.layer)
    samples = sum(layer[1] * layer[2] for layer in opened.layer) / (across * down)
    return int(_SAMPLE * samples * opened.width * opened.height)


def _flat(opened: Pillow.Image) -> Pillow.Image:
    """Convert the picture to RGB; transparent pixels become white.

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
