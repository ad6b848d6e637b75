"""Regular expressions mean what they mean in Python, as far as a linear engine goes."""

import re
from fnmatch import fnmatchcase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nonebot_plugin_report.model.patterns import Globs, Pattern

PIECES = st.sampled_from(
    ["五", "a", "A", "_", r"\d", r"\D", r"\w", r"\W", r"\s", r"\S", ".", "[五星]", r"[\w-]",
     r"[^\d]", r"[\s五]", "[^]a]", "[]a]", "^", "$", "|", "(?:五|a)", r"\.", r"\\", r"\[",
     "\\u4e94", "\\U0001f600", "？", "a?", r"\w+", ".*", r"\d{2,3}", "五*?", r"\A", r"\Z",
     "[0-9]", r"\n"]
)  # fmt: skip
TEXTS = st.text(st.sampled_from("五星a_A1２٣ \n\u3000-.]\\[😀é？\t"), max_size=12)


@given(st.lists(PIECES, max_size=6).map("".join), TEXTS)
def test_it_finds_what_pythons_engine_finds(pattern: str, text: str) -> None:
    text = text.rstrip("\n")  # before which Python's `$` matches too
    assert Pattern(pattern).found_in(text) == (re.search(pattern, text) is not None)


@pytest.mark.parametrize(
    "pattern",
    ["a(?=b)", "a(?!b)", "(?<=a)b", "(?<!a)b", r"(a)\1", "(?P<x>a)(?P=x)", "a++", "(?>a)b"],
)
def test_what_it_cannot_do_is_told_in_chinese(pattern: str) -> None:
    with pytest.raises(ValueError, match="^这里的正则表达式不能用环视"):
        Pattern(pattern)


@pytest.mark.parametrize("pattern", ["((", "[", "*a", "a{2,1}", "\ud800("])
def test_what_is_no_pattern_is_told_in_chinese(pattern: str) -> None:
    with pytest.raises(ValueError, match="^不是合法的正则表达式"):
        Pattern(pattern)


@pytest.mark.parametrize("pattern", ["a{1001}", r"(?:\w{1,100}五){100}"])
def test_what_is_too_large_is_told_in_chinese(pattern: str) -> None:
    with pytest.raises(ValueError, match="^这个正则表达式太大"):
        Pattern(pattern)


GLOB = st.text(st.sampled_from("*?[]!-ab."), max_size=8)


@given(st.lists(GLOB, max_size=3), st.text(st.sampled_from("ab.[]-!\n"), max_size=8))
def test_globs_are_the_shells(globs: list[str], name: str) -> None:
    assert Globs(tuple(globs)).match(name) == any(fnmatchcase(name, one) for one in globs)
