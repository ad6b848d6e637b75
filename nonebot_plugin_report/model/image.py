"""What a picture is, read from its header alone. Pure: nothing is decompressed or decoded.

Whoever sends a picture chooses its bytes, and it is looked at before the answer: so each format's
header is read at its fixed places, and lists of parts only to a bound.
"""

import re
import struct
import zlib
from dataclasses import dataclass, field
from typing import Final

import pybase64

MAX_PIXELS: Final = 50_000_000
MAX_PARTS: Final = 2000
"""JPEG segments, or blocks of a GIF, that may stand before the picture itself."""

_PNG: Final = b"\x89PNG\r\n\x1a\n"
# W3C PNG, table 12: colour type and the bit depths that it has.
_PNG_DEPTHS: Final = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
# learn.microsoft.com, "Bitmap Header Types".
_BMP_CORE: Final = 12
_BMP_INFO: Final = (40, 52, 56, 64, 108, 124)
_BMP_DEPTHS: Final = (1, 4, 8, 16, 24, 32)
_BMP_COMPRESSIONS: Final = range(4)
"""Plain, two of run lengths, bit fields; the others are a JPEG or PNG in disguise."""
# ITU-T T.81, table B.1.
_STANDALONE: Final = frozenset({0x00, 0x01, *range(0xD0, 0xD8)})
_FRAME_STARTS: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_SCAN_START: Final = 0xDA
_MARK: Final = 0xFF
_FILL: Final = re.compile(rb"\xff+")
"""Before a marker; what else stands there is passed over, as others do."""


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Image:
    """A picture whose header was checked. `data` is exactly what was sent, decoded."""

    data: bytes
    media_type: str
    """Such as `image/jpeg`."""
    width: int
    height: int
    _base64: str = field(default="", init=False, repr=False, compare=False)

    @property
    def base64(self) -> str:
        """`base64://` and its bytes, as OneBot takes them. Made once: all that are sent the picture
        at the same time share it."""
        if not self._base64:
            encoded = "base64://" + pybase64.b64encode_as_string(self.data)
            object.__setattr__(self, "_base64", encoded)
        return self._base64

    @property
    def extension(self) -> str:
        """The file name's ending, without the dot."""
        return {"image/jpeg": "jpg"}.get(self.media_type, self.media_type.partition("/")[2])


def read_image(data: bytes) -> Image:
    """Check a picture by its header: a JPEG, PNG, GIF, WebP or BMP.

    Raises:
        ValueError: with a short reason in Chinese.
    """
    try:
        media_type, width, height = _read(data)
    except (IndexError, struct.error):  # it ends within its header
        raise ValueError("不是图片") from None
    if width <= 0 or height <= 0:
        raise ValueError("不是图片")
    if width * height > MAX_PIXELS:
        raise ValueError("图片超过 5000 万像素")
    return Image(data, media_type, width, height)


def _read(data: bytes) -> tuple[str, int, int]:
    """Media type, width and height."""
    if data.startswith(_PNG):
        return "image/png", *_png(data)
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg", *_jpeg(data)
    if data.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif", *_gif(data)
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp", *_webp(data)
    if data.startswith(b"BM"):
        return "image/bmp", *_bmp(data)
    raise ValueError("不是图片")


def _png(data: bytes) -> tuple[int, int]:
    """W3C PNG, sections 5.3 and 11.2.1: IHDR comes first, and has a checksum."""
    length, kind, width, height, depth, colour = struct.unpack_from(">I4sIIBB", data, 8)
    (checksum,) = struct.unpack_from(">I", data, 29)
    valid = length == 13 and kind == b"IHDR" and depth in _PNG_DEPTHS.get(colour, ())
    if not valid or zlib.crc32(data[12:29]) != checksum:
        raise ValueError("不是图片")
    return width, height


def _jpeg(data: bytes) -> tuple[int, int]:
    """ITU-T T.81, annex B: the frame header stands somewhere before the first scan."""
    at, size = 2, None
    for _ in range(MAX_PARTS):
        if data[at] == _MARK != data[at + 1]:  # as nearly always
            at, marker = at + 2, data[at + 1]
        else:
            if (fill := _FILL.search(data, at)) is None:
                break
            at, marker = fill.end() + 1, data[fill.end()]
        if marker == _SCAN_START and size is not None:
            return size
        if marker in _STANDALONE:
            continue
        (length,) = struct.unpack_from(">H", data, at)
        if length < 2:
            break
        if marker in _FRAME_STARTS:
            precision, height, width, components = struct.unpack_from(">BHHB", data, at + 2)
            if precision != 8 or components not in (1, 3, 4):
                break
            size = width, height
        at += length
    raise ValueError("不是图片")


def _gif(data: bytes) -> tuple[int, int]:
    """GIF89a, sections 18 to 23: the screen, or the first picture where that is larger."""
    width, height, flags = struct.unpack_from("<HHB", data, 6)
    at = 13 + _colours(flags)
    parts = 0
    while data[at] == 0x21:  # an extension: a label, then blocks up to an empty one
        at += 2
        while size := data[at]:
            at += 1 + size
            parts += 1
            if parts > MAX_PARTS:
                raise ValueError("不是图片")
        at += 1
        parts += 1
    if data[at] != 0x2C:
        raise ValueError("不是图片")
    x, top, across, down = struct.unpack_from("<HHHH", data, at + 1)
    return max(width, x + across), max(height, top + down)


def _colours(flags: int) -> int:
    """Bytes of a GIF's colour table."""
    return 3 * 2 ** ((flags & 7) + 1) if flags & 0x80 else 0


def _webp(data: bytes) -> tuple[int, int]:
    """RFC 9649, sections 2.5 to 2.7 and 3.4; RFC 6386, section 9.1."""
    match data[12:16]:
        case b"VP8X":
            width, width_high, height, height_high = struct.unpack_from("<HBHB", data, 24)
            return (width_high << 16 | width) + 1, (height_high << 16 | height) + 1
        case b"VP8L" if data[20] == 0x2F:
            (bits,) = struct.unpack_from("<I", data, 21)
            return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        case b"VP8 " if data[23:26] == b"\x9d\x01\x2a":
            width, height = struct.unpack_from("<HH", data, 26)
            return width & 0x3FFF, height & 0x3FFF
        case _:
            raise ValueError("不是图片")


def _bmp(data: bytes) -> tuple[int, int]:
    """The sizes are signed: a picture that begins at its top has a negative height."""
    (header,) = struct.unpack_from("<I", data, 14)
    if header == _BMP_CORE:
        width, height, _, depth = struct.unpack_from("<HHHH", data, 18)
        compression = 0
    elif header in _BMP_INFO:
        width, height, _, depth, compression = struct.unpack_from("<iiHHI", data, 18)
    else:
        raise ValueError("不是图片")
    if depth not in _BMP_DEPTHS or compression not in _BMP_COMPRESSIONS:
        raise ValueError("不是图片")
    return width, abs(height)
