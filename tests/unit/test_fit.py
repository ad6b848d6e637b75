"""What is too long or too large for a channel is made to fit, and no smaller than it needs."""

import asyncio
import json
import struct
import zlib
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as Pillow

from nonebot_plugin_report.model.image import Image
from nonebot_plugin_report.pictures.decode import MAX_SCANNED
from nonebot_plugin_report.pictures.shrink import SHRUNK, TOO_LARGE
from nonebot_plugin_report.senders.fit import (
    CUT,
    MARK,
    fit_image,
    fit_text,
    json_size,
    utf8_size,
    utf16_size,
)

SIZES = st.sampled_from([len, utf8_size, utf16_size, json_size])


def test_what_fits_exactly_is_left_alone() -> None:
    assert fit_text("四个汉字", 4) == ("四个汉字", "")
    assert fit_text("四个汉字", 12, utf8_size) == ("四个汉字", "")
    assert fit_text("五个汉字啊", 4) == (f"五个汉{MARK}", CUT)


@pytest.mark.parametrize(
    ("text", "limit", "cut"),
    [
        ("好👨‍👩‍👧好好", 3, "好"),  # a family is one character, of five code points
        ("好👍🏽好好", 3, "好"),
        ("好❤️好好", 3, "好"),
        ("xe\u0301xx", 3, "x"),
        ("好好  好好好", 5, "好好"),
    ],
)  # fmt: skip
def test_a_character_is_not_cut_in_two(text: str, limit: int, cut: str) -> None:
    assert fit_text(text, limit) == (cut + MARK, CUT)


@given(st.text(st.characters(codec="utf-8", exclude_categories=["M", "Sk"])), st.integers(8, 40),
       SIZES)  # fmt: skip
def test_a_text_is_cut_as_late_as_it_can_be(
    text: str, limit: int, size: Callable[[str], int]
) -> None:
    cut, note = fit_text(text, limit, size)
    assert size(cut) <= limit
    if size(text) <= limit:
        assert (cut, note) == (text, "")
        return
    kept = cut.removesuffix(MARK)
    assert note == CUT
    assert cut.endswith(MARK)
    assert text.startswith(kept)
    rest = text[len(kept) :].lstrip()
    spaces = len(text) - len(kept) - len(rest)
    if "\u200d" not in text:
        assert size(text[: len(kept) + spaces + 1]) + size(MARK) > limit


@given(st.text(st.characters(codec="utf-8")))
def test_sizes_are_those_of_what_is_sent(text: str) -> None:
    assert json_size(text) == len(json.dumps(text, ensure_ascii=False).encode()) - 2
    assert utf16_size(text) == sum(2 if ord(one) > 0xFFFF else 1 for one in text)


def picture(width: int, height: int, kind: str = "PNG", mode: str = "RGB") -> Image:
    file = BytesIO()
    Pillow.effect_noise((width, height), 80).convert(mode).save(file, kind)
    return Image(file.getvalue(), f"image/{kind.lower()}", width, height)


async def test_a_picture_that_fits_goes_as_it_came() -> None:
    image = picture(64, 64)
    assert await fit_image(image, max_bytes=len(image.data), max_side_sum=128) == (image, "")


async def test_a_picture_loses_quality_before_it_loses_size() -> None:
    image = picture(400, 300)
    less, note = await fit_image(image, max_bytes=len(image.data) - 1)
    assert less is not None
    assert (less.media_type, less.width, less.height, note) == ("image/jpeg", 400, 300, SHRUNK)
    small, _ = await fit_image(image, max_bytes=8000)
    assert small is not None
    assert len(small.data) <= 8000
    assert small.width < 400
    with Pillow.open(BytesIO(small.data)) as shown:
        assert shown.size == (small.width, small.height)
        assert abs(shown.width / shown.height - 4 / 3) < 0.1


async def test_sides_that_are_too_long_and_formats_that_are_not_taken() -> None:
    long, _ = await fit_image(picture(400, 300), max_bytes=10**7, max_side_sum=350)
    assert long is not None
    assert 340 <= long.width + long.height <= 350
    other, _ = await fit_image(picture(40, 30, "BMP"), max_bytes=10**7)
    assert other is not None
    assert (other.media_type, other.width) == ("image/jpeg", 40)


async def test_what_is_transparent_becomes_white() -> None:
    file = BytesIO()
    Pillow.new("RGBA", (8, 8), (0, 0, 0, 0)).save(file, "PNG")
    flat, _ = await fit_image(
        Image(file.getvalue(), "image/png", 8, 8), max_bytes=10**6, formats=("image/jpeg",)
    )
    assert flat is not None
    with Pillow.open(BytesIO(flat.data)) as shown:
        assert min(shown.convert("L").tobytes()) > 250


async def test_what_cannot_be_made_to_fit_says_why() -> None:
    assert await fit_image(picture(64, 64), max_bytes=10) == (None, "截图太大，没有发送")
    broken = Image(b"\x89PNG\r\n\x1a\n broken", "image/png", 8, 8)
    assert await fit_image(broken, max_bytes=10) == (None, "截图已损坏，没有发送")


async def test_the_same_wanted_by_many_is_made_once() -> None:
    image = picture(400, 300)
    again = Image(bytes(bytearray(image.data)), "image/png", 400, 300)  # as another lane reads it
    made = await asyncio.gather(*(fit_image(one, max_bytes=8000) for one in (image, again) * 3))
    assert len({id(one) for one, _ in made}) == 1
    other, _ = await fit_image(image, max_bytes=9000)
    assert other is not made[0][0]


async def test_whoever_gives_up_leaves_the_picture_to_the_others() -> None:
    image = picture(1200, 900)
    async with asyncio.TaskGroup() as tasks:
        impatient = tasks.create_task(fit_image(image, max_bytes=100_000))
        patient = tasks.create_task(fit_image(image, max_bytes=100_000))
        await asyncio.sleep(0)
        impatient.cancel()
    assert patient.result()[1] == SHRUNK


def plain(width: int, height: int, kind: str, mode: str = "RGB", **options: Any) -> Image:
    file = BytesIO()
    Pillow.new(mode, (width, height)).save(file, kind, **options)
    return Image(file.getvalue(), f"image/{kind.lower()}", width, height)


@pytest.mark.parametrize("image", [
    plain(8000, 6000, "PNG"),
    plain(6000, 2000, "PNG", "1"),
    plain(2560, 1440, "WEBP"),
    plain(6000, 6000, "JPEG", progressive=True),
    plain(6000, 6000, "GIF", "L"),
], ids=lambda image: f"{image.media_type} {image.width}")  # fmt: skip
async def test_what_would_take_too_much_memory_is_not_decoded(image: Image) -> None:
    assert await fit_image(image, max_bytes=10, formats=()) == (None, TOO_LARGE)


async def test_a_photo_of_fifty_megapixels_is_decoded_at_a_smaller_scale() -> None:
    image = plain(8000, 6000, "JPEG")
    small, note = await fit_image(image, max_bytes=100_000)
    assert small is not None
    assert note == SHRUNK
    assert small.width * 6000 == small.height * 8000


async def test_a_screenshot_of_4k_with_transparency_is_decoded() -> None:
    image = plain(3840, 2160, "PNG", "RGBA")
    small, _ = await fit_image(image, max_bytes=10**6, formats=("image/jpeg",))
    assert small is not None
    assert (small.width, small.height) == (1920, 1080)
    with Pillow.open(BytesIO(small.data)) as shown:
        assert min(shown.convert("L").tobytes()) > 250


def chunked(kind: bytes, count: int) -> Image:
    """A PNG of so many chunks without content."""
    data = plain(8, 8, "PNG").data
    chunk = b"\0\0\0\0" + kind + struct.pack(">I", zlib.crc32(kind))
    return Image(data[:33] + chunk * count + data[33:], "image/png", 8, 8)


async def test_a_png_of_too_many_parts_is_not_opened() -> None:
    some, _ = await fit_image(chunked(b"tEXt", 10_000), max_bytes=5000)
    assert some is not None
    assert (await fit_image(chunked(b"IDAT", 500_000), max_bytes=5000)) == (None, TOO_LARGE)


async def test_texts_that_a_png_packs_are_not_unpacked() -> None:
    data = plain(8, 8, "PNG").data
    text = b"zTXtk\0\0" + zlib.compress(bytes(1_000_000))
    chunk = struct.pack(">I", len(text) - 4) + text + struct.pack(">I", zlib.crc32(text))
    image = Image(data[:33] + chunk * 100 + data[33:], "image/png", 8, 8)
    small, note = await fit_image(image, max_bytes=5000)
    assert small is not None, note


async def test_a_jpeg_of_too_many_scans_is_not_decoded() -> None:
    data = plain(64, 64, "JPEG", progressive=True).data
    scan = data[data.rindex(b"\xff\xda") : -2]
    image = Image(data[:-2] + scan * 200 + data[-2:], "image/jpeg", 64, 64)
    assert await fit_image(image, max_bytes=100) == (None, TOO_LARGE)


async def test_the_scans_of_a_large_jpeg_are_bounded_by_its_pixels() -> None:
    data = plain(4096, 2160, "JPEG", progressive=True).data
    scan = data[data.rindex(b"\xff\xda") : -2]
    more = MAX_SCANNED // (4096 * 2160) - data.count(b"\xff\xda")
    for number, decodes in ((more, True), (more + 1, False)):
        image = Image(data[:-2] + scan * number + data[-2:], "image/jpeg", 4096, 2160)
        small, _ = await fit_image(image, max_bytes=10_000, max_side_sum=200)
        assert (small is not None) is decodes


async def test_a_header_that_pillow_reads_otherwise_is_not_decoded() -> None:
    image = plain(64, 64, "PNG")
    lie = Image(image.data, "image/png", 8, 8)
    assert await fit_image(lie, max_bytes=10) == (None, TOO_LARGE)


async def test_a_bmp_of_run_lengths_is_not_decoded() -> None:
    header = struct.pack("<IiiHHIIiiII", 40, 8, 8, 1, 8, 1, 0, 0, 0, 2, 0)
    data = struct.pack("<2sIHHI", b"BM", 1000, 0, 0, 62) + header + bytes(8) + b"\x08\0" * 8
    image = Image(data, "image/bmp", 8, 8)
    assert await fit_image(image, max_bytes=10**6) == (None, TOO_LARGE)
