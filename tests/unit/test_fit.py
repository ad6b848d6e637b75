"""What is too long or too large for a channel is made to fit, and no smaller than it needs."""

import json
from collections.abc import Callable
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as Pillow

from nonebot_plugin_report.image import Image
from nonebot_plugin_report.senders.fit import (
    CUT,
    MARK,
    SHRUNK,
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
