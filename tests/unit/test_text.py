"""Text that can be encoded."""

from typing import Final

from hypothesis import given, settings
from hypothesis import strategies as st

from nonebot_plugin_report.model.text import clean_half, decode_utf8

TEXTS: Final = st.text(st.sampled_from("a备😀\ud7ff\ue000\ud800\udbff\udc00\udfff"))


@given(TEXTS)
def test_halves_are_joined_or_replaced(text: str) -> None:
    expected = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    assert clean_half(text) == expected
    assert decode_utf8(text.encode("utf-8", "surrogatepass")) == expected


@settings(max_examples=30)
@given(TEXTS, st.integers(0, 4))
def test_wherever_a_long_text_is_cut_no_character_is(text: str, shift: int) -> None:
    half = "\ud800" + "a" * shift
    repeated = half + (text + half) * (2 * 2**16 // max(1, len(text + half)))
    expected = repeated.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    assert clean_half(repeated) == expected
