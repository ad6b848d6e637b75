"""Bytes read as text and JSON, within bounds."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nonebot_plugin_report.errors import InvalidReport
from nonebot_plugin_report.sources.decode import MAX_VALUES, decode, decode_text

TEXTS = st.lists(st.text(alphabet='a\\"[{,\n中😀'), min_size=1, max_size=5)


@given(TEXTS, st.integers(0, 3), st.booleans())
def test_what_stands_in_strings_counts_for_nothing(
    texts: list[str], shift: int, escaped: bool
) -> None:
    text = "".join(texts) or ","
    fields = {"a" * (shift + 1): text * (150_000 // len(text))}
    assert decode(json.dumps(fields, ensure_ascii=escaped).encode()) == fields


@given(TEXTS, st.sampled_from([[], {}, 1, "x"]))
def test_too_many_values_are_refused_whatever_stands_between_them(
    texts: list[str], value: object
) -> None:
    fields = {"data": [*texts, *[value] * MAX_VALUES], "content": "".join(texts) * 1000}
    with pytest.raises(InvalidReport, match="值太多"):
        decode(json.dumps(fields).encode())


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "utf-32-le"])
def test_json_in_every_encoding_that_it_may_have(encoding: str) -> None:
    fields = {"content": "例え😀", "pad": "x" * 30_000}
    assert decode(json.dumps(fields, ensure_ascii=False).encode(encoding)) == fields


@pytest.mark.parametrize(
    ("named", "encoding"),
    [
        ("GBK", "gb18030"), ("gb-2312", "gb18030"), ("Big5", "big5"), ("utf-16le", "utf-16-le"),
        ("UTF8", "utf-8"), ("", "gb18030"), ("punycode", "utf-8"), ("base64", "gb18030"),
        ("idna", "utf-8"), ("undefined", "utf-8"), ("unicode_escape", "utf-8"),
    ],
)  # fmt: skip
def test_charsets_are_a_short_list_and_others_are_as_none(named: str, encoding: str) -> None:
    assert decode_text("備份".encode(encoding), named) == {"content": "備份"}


def test_what_is_text_in_no_charset_is_shown_as_such() -> None:
    content = decode_text(b"\xff" * 5)["content"]
    assert content == "\ufffd" * 5
