"""Bytes read as text and JSON, within bounds."""

import json
from base64 import b64encode
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nonebot_plugin_report.errors import InvalidReport
from nonebot_plugin_report.sources.bodies.decode import (
    LONG,
    MAX_PLAIN,
    MAX_VALUES,
    MAX_WIDE,
    decode,
    decode_pushed,
    decode_text,
)

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


def test_a_long_text_is_read_as_far_as_it_is_kept() -> None:
    for encoding, named in (("utf-8", ""), ("gb18030", ""), ("utf-16-le", "utf-16le")):
        content = str(decode_text(("a" + "备" * LONG).encode(encoding), named)["content"])
        assert content == ("a" + "备" * LONG)[: len(content)]
        assert 0 < len(content) < LONG


PICTURE = b64encode(Random(1).randbytes(MAX_PLAIN)).decode()


def test_a_picture_in_json_is_read_whole_however_it_is_escaped() -> None:
    fields = {"title": "😀", "images": [PICTURE, PICTURE[:99]], "x": [{"a": {"b": PICTURE}}]}
    text = json.dumps(fields)
    assert decode(text.encode()) == fields
    assert decode(text.replace("+", "\\u002B").encode()) == fields
    assert decode(json.dumps(fields, ensure_ascii=False).replace("/", "\\/").encode()) == fields


def test_a_body_is_freed_when_its_pictures_are_out() -> None:
    body = bytearray(json.dumps({"image": PICTURE}).encode())
    assert decode(body) == {"image": PICTURE}
    assert body == b""


@pytest.mark.parametrize("shift", range(14))
@pytest.mark.parametrize("text", ["备", "😀", "\\ud83d\\ude00", "\\u5907", "\\\\" + "备" * 20])
def test_a_long_text_in_json_is_cut_between_two_characters(text: str, shift: int) -> None:
    body = f'{{"content": "{"x" * shift}{text * (LONG // len(text))}", "pad": "{"x" * MAX_PLAIN}"}}'
    content = str(decode(body.encode())["content"]).lstrip("x")
    whole = json.loads(f'"{text}"')
    assert content == (whole * len(content))[: len(content)]
    assert len(content) > 65_536


@pytest.mark.parametrize("text", [r"\"" * LONG, "x" * LONG + r"\"", '"' + "x" * LONG, "x" * LONG])
def test_large_json_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(InvalidReport, match="不是合法的 JSON"):
        decode(f'{{"content": "{text}'.encode())


def test_json_that_is_large_without_a_picture_is_refused() -> None:
    for text in ("备 " * 20_000, "\\" + "x" * 60_000):
        with pytest.raises(InvalidReport, match="除了图片"):
            decode(json.dumps({"content": [text] * 200}, ensure_ascii=False).encode())


def test_integers_are_read_whole() -> None:
    assert decode(b'{"id": 123456789012345678901234567890}') == {
        "id": 123456789012345678901234567890
    }


@pytest.mark.parametrize(
    ("body", "told"),
    [(b'{"a": "\xff"}', "UTF-8"), (b'{"a": "' + "备".encode() * MAX_WIDE + b"\\x", "合法")],
)
def test_what_is_no_json_is_refused(body: bytes, told: str) -> None:
    with pytest.raises(InvalidReport, match=told):
        decode(body)


@pytest.mark.parametrize("charset", ["utf-16", "UTF16", "utf-16le", "utf-16-be"])
@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "utf-16", "utf-16-le", "utf-16-be"])
def test_a_text_under_a_wrong_label_is_text(charset: str, encoding: str) -> None:
    content = decode_text("备份 done".encode(encoding), charset)["content"]
    if charset in ("utf-16", "UTF16"):
        assert content == "备份 done"
    assert isinstance(content, str)


@given(st.binary(max_size=20), st.sampled_from(["utf-16", "gbk", "big5", "shift_jis", "euc-kr"]))
def test_any_bytes_are_text_in_any_charset(body: bytes, charset: str) -> None:
    str(decode_text(body, charset)["content"]).encode()


@pytest.mark.parametrize("pad", [0, LONG])
def test_half_a_character_does_not_come_in(pad: int) -> None:
    body = rb'{"a\ud800": ["\udfff", {"b": "x\ud83d"}], "c": "\ud83d\ude00", "pad": "%s"}'
    fields = decode(body % (b"x" * pad))
    fields.pop("pad")
    assert fields == {"a\ufffd": ["\ufffd", {"b": "x\ufffd"}], "c": "😀"}


def test_a_character_of_two_halves_in_utf8_is_read() -> None:
    body = (
        b'{"c": "\xed\xa0\xbd\xed\xb8\x80 \xed\xb8\x80\xed\xa0\xbd \xed\x9f\xbf", "d": "\\ud800"}'
    )
    assert decode(body) == {"c": "😀 \ufffd\ufffd \ud7ff", "d": "\ufffd"}
    with pytest.raises(InvalidReport, match="UTF-8"):
        decode(body + b"\xff")


@pytest.mark.parametrize("depth", [500, 900])
def test_lists_in_lists_beside_a_picture_are_read(depth: int) -> None:
    body = b'{"a": %s1%s, "image": "%s"}' % (b"[" * depth, b"]" * depth, b"A" * 2 * LONG)
    fields = decode(body)
    value = fields["a"]
    while isinstance(value, list):
        (value,) = value
    assert (value, fields["image"]) == (1, "A" * 2 * LONG)


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ('"{\\"title\\": \\"备份\\"}"', {"title": "备份"}),
        ('[{"title": "备份"}]', {"title": "备份"}),
        ('"{备份} 好了"', {"content": "{备份} 好了"}), ("7", {"content": 7}),
        ('["a", "b"]', {"content": ["a", "b"]}),
    ],
)  # fmt: skip
def test_json_of_any_kind_has_fields(body: str, fields: dict[str, object]) -> None:
    assert decode_pushed(body.encode()) == fields


@pytest.mark.parametrize("body", ["null", '""', "[]", "备份"])
def test_json_in_which_nothing_can_be_is_refused(body: str) -> None:
    with pytest.raises(InvalidReport, match="body：(应为 JSON 对象|不是合法的 JSON)"):
        decode_pushed(body.encode())
