"""A picture's header says the same as Pillow does, and none of it can hold the reader up."""

import io
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from types import FrameType
from typing import Any

import pybase64
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as Pillow

from nonebot_plugin_report.model.image import MAX_PARTS, Image, read_image

KINDS: list[tuple[str, str, dict[str, Any]]] = [
    ("JPEG", "RGB", {}),
    ("JPEG", "RGB", {"progressive": True, "quality": 60}),
    ("JPEG", "L", {"optimize": True}),
    ("JPEG", "CMYK", {}),
    ("JPEG", "RGB", {"exif": b"Exif\0\0" + b"x" * 60_000, "comment": b"written by a phone"}),
    ("JPEG", "RGB", {"icc_profile": b"p" * 300_000, "subsampling": 0}),
    ("PNG", "RGB", {}),
    ("PNG", "RGBA", {"compress_level": 0}),
    ("PNG", "P", {"bits": 4}),
    ("PNG", "1", {}),
    ("PNG", "LA", {}),
    ("PNG", "I;16", {}),
    ("GIF", "P", {}),
    ("GIF", "L", {"comment": b"c" * 1000}),
    ("WEBP", "RGB", {"quality": 50}),
    ("WEBP", "RGBA", {"lossless": True}),
    ("WEBP", "RGB", {"lossless": True}),
    ("WEBP", "RGBA", {"exif": b"Exif\0\0xx"}),
    ("BMP", "RGB", {}),
    ("BMP", "P", {}),
    ("BMP", "1", {}),
    ("BMP", "RGBA", {}),
]
SIZES = [(1, 1), (1, 300), (257, 3), (1920, 1080)]


def written(kind: str, mode: str, size: tuple[int, int], **options: Any) -> bytes:
    file = io.BytesIO()
    Pillow.new(mode, size, 1).save(file, kind, **options)
    return file.getvalue()


def by_pillow(data: bytes) -> tuple[str, int, int]:
    with Pillow.open(io.BytesIO(data)) as picture:
        return Pillow.MIME[picture.format or ""], *picture.size


def seen(image: Image) -> tuple[str, int, int]:
    return image.media_type, image.width, image.height


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize(("kind", "mode", "options"), KINDS, ids=str)
def test_it_is_read_as_pillow_reads_it(
    kind: str, mode: str, options: dict[str, Any], size: tuple[int, int]
) -> None:
    data = written(kind, mode, size, **options)
    image = read_image(data)
    assert seen(image) == by_pillow(data)
    assert image.data is data


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_a_moving_picture_has_its_first_ones_size(kind: str) -> None:
    file = io.BytesIO()
    frames = [Pillow.linear_gradient("L").resize((40, 30)).rotate(n).convert("P") for n in (0, 90)]
    frames[0].save(file, kind, save_all=True, append_images=frames[1:], duration=100)
    assert seen(read_image(file.getvalue())) == by_pillow(file.getvalue())


@pytest.mark.parametrize("header", [12, 40, 52, 56, 108, 124])
@pytest.mark.parametrize("height", [7, -7])
def test_every_header_of_bmp(header: int, height: int) -> None:
    body = struct.pack("<iiHHIIiiII", 8, height, 1, 24, 0, 0, 0, 0, 0, 0).ljust(header - 4, b"\0")
    if header == 12:
        body = struct.pack("<HHHH", 8, 7, 1, 24)
    data = struct.pack("<2sIHHI", b"BM", 1000, 0, 0, 14 + header) + struct.pack("<I", header) + body
    data += bytes(8 * 7 * 3)
    assert seen(read_image(data)) == by_pillow(data) == ("image/bmp", 8, 7)


def test_fill_bytes_and_others_before_a_marker_are_passed_over() -> None:
    data = written("JPEG", "RGB", (30, 20))
    odd = data[:2] + b"\xff\xff\xff" + data[2:20] + b"xyz" + data[20:]
    assert seen(read_image(odd)) == by_pillow(odd) == ("image/jpeg", 30, 20)


def test_a_gif_whose_picture_is_larger_than_its_screen() -> None:
    data = bytearray(written("GIF", "L", (300, 200)))
    data[6:10] = struct.pack("<HH", 1, 1)
    assert seen(read_image(bytes(data))) == by_pillow(bytes(data)) == ("image/gif", 300, 200)


@pytest.mark.parametrize("data", [
    b"", b"GIF", b"BM", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF\0\0\0\0WEBP",
    b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"%!PS-Adobe", b"P6 1 1 255 ",
    written("PNG", "RGB", (0x10, 8)).replace(b"\0\0\0\x10", b"\0\0\0\0", 1),
    written("TIFF", "RGB", (8, 8)), written("ICO", "RGB", (16, 16)),
])  # fmt: skip
def test_what_is_no_picture_is_told(data: bytes) -> None:
    with pytest.raises(ValueError, match="^不是图片$"):
        read_image(data)


@pytest.mark.parametrize(("width", "height"), [(10_000, 5_001), (2**31 - 1, 2**31 - 1)])
def test_what_is_too_large_is_told(width: int, height: int) -> None:
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = b"\x89PNG\r\n\x1a\n\0\0\0\x0d" + header + struct.pack(">I", zlib.crc32(header))
    with pytest.raises(ValueError, match="5000 万像素"):
        read_image(data)


@given(
    st.sampled_from([written(kind, mode, (30, 20), **more) for kind, mode, more in KINDS]),
    st.lists(st.tuples(st.integers(0, 60), st.integers(0, 255)), max_size=6),
    st.integers(0, 400),
)
def test_nothing_but_a_reason_comes_of_a_broken_header(
    data: bytes, changes: list[tuple[int, int]], length: int
) -> None:
    broken = bytearray(data)
    for at, value in changes:
        broken[at % len(broken)] = value
    for whole in (bytes(broken), bytes(broken[:length])):
        try:
            image = read_image(whole)
        except ValueError as error:
            assert str(error) in ("不是图片", "图片超过 5000 万像素")
        else:
            assert image.width > 0
            assert image.height > 0


SEGMENT, BLOCK = b"\xff\xe1\0\2", b"\x21\xfe\1x\0"
GIF = written("GIF", "L", (8, 8))


LONG_LISTS: dict[str, Callable[[], bytes]] = {
    "png": lambda: (
        written("PNG", "RGB", (8, 8))[:33]
        + (b"\0\0\0\0tEXt" + struct.pack(">I", zlib.crc32(b"tEXt"))) * 500_000
    ),
    "jpeg": lambda: b"\xff\xd8" + SEGMENT * 1_500_000,
    "fill": lambda: b"\xff\xd8" + b"\xff" * 6_000_000,
    "zeros": lambda: b"\xff\xd8\xff\xe1\0\2" + b"\0" * 6_000_000,
    "restarts": lambda: b"\xff\xd8" + b"\xff\xd0" * 3_000_000,
    "gif": lambda: GIF[:13] + bytes(768) + BLOCK * 1_200_000,
    "gif's blocks": lambda: GIF[:13] + bytes(768) + b"\x21\xfe" + b"\1x" * 3_000_000,
}
MOST_LINES = 20 * MAX_PARTS
"""Lines of code that the longest list of parts may take."""


def lines_run(work: Callable[[], object]) -> int:
    """How many lines of Python something takes: the same on every machine."""
    count = 0

    def trace(frame: FrameType, event: str, arg: object) -> Any:
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    except ValueError:
        pass
    finally:
        sys.settrace(before)
    return count


@pytest.mark.parametrize("name", LONG_LISTS)
def test_no_list_of_parts_takes_long(name: str) -> None:
    data = LONG_LISTS[name]()
    assert lines_run(lambda: read_image(data)) < MOST_LINES


def test_a_jpeg_may_have_all_the_segments_that_cameras_write() -> None:
    data = written("JPEG", "RGB", (8, 8))
    many = data[:2] + b"\xff\xe2\0\4xx" * (MAX_PARTS - 100) + data[2:]
    assert seen(read_image(many)) == by_pillow(many)


def test_a_picture_is_read_without_pillow() -> None:
    data = written("JPEG", "RGB", (8, 8))
    code = (
        "import sys, nonebot\nnonebot.init()\n"
        "from nonebot_plugin_report.sources.parse import parse\n"
        f"assert parse({{'screenshot': {pybase64.b64encode_as_string(data)!r}}}).image\n"
        "assert 'PIL' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
