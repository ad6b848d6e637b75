"""Bodies that do not say what they are."""

import json
from collections.abc import Callable
from urllib.parse import unquote_to_bytes, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nonebot_plugin_report.errors import InvalidReport, UnsupportedMedia
from nonebot_plugin_report.sources.bodies.decode import LONG
from nonebot_plugin_report.sources.bodies.form import (
    MAX_BARE,
    MAX_DENSE,
    MAX_FORM_FIELDS,
    decode_form,
    decode_plain,
    decode_unlabelled,
    read_any_form,
    unquote,
)
from tests.dialects import jpeg


@given(
    st.dictionaries(
        st.sampled_from(["title", "content", "send_to", "to_group", "a", "b_2"]),
        # A lone surrogate is in no UTF-8, and control characters make it no text.
        st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20),
        min_size=1,
    )
)
def test_a_form_with_a_field_of_ours_is_read_as_such(fields: dict[str, str]) -> None:
    read = decode_form(urlencode(fields).encode())
    assert read == (fields if fields.keys() - {"a", "b_2"} else {"content": urlencode(fields)})


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_a_form_that_curl_did_not_encode_is_read_too(encoding: str) -> None:
    body = "title=备份&content=第 3 次完成\n".encode(encoding)
    assert decode_form(body) == {"title": "备份", "content": "第 3 次完成"}


@pytest.mark.parametrize(
    "text",
    ["a=1&b=2", "备份完成", "result=5 & done", "content", "x" * 10 + "&" * 200, "{备份} 完成", ""],
)
def test_what_only_is_called_a_form_is_text(text: str) -> None:
    assert decode_form(text.encode()) == {"content": text}


@pytest.mark.parametrize("decode", [decode_form, decode_unlabelled])
def test_json_needs_no_label(decode: Callable[[bytes], dict[str, object]]) -> None:
    fields = {"content": "a=1&title=2", "data": [1]}
    for body in (json.dumps(fields).encode(), b"\xef\xbb\xbf \n" + json.dumps(fields).encode()):
        assert decode(body) == fields


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
def test_json_in_a_file_of_windows_is_json(encoding: str) -> None:
    body = ' \r\n{"content": "备份完成"}'.encode(encoding)
    assert decode_form(body) == {"content": "备份完成"}
    assert decode_form("{备份完成".encode(encoding)) == {"content": "{备份完成"}


def test_json_without_a_label_is_mended_too() -> None:
    assert decode_unlabelled(b'{"content": "a "b""}') == {"content": 'a "b"'}


def test_base64_in_a_form_whose_plus_signs_were_not_encoded_is_mended() -> None:
    assert decode_form(b"image=a+/b+&content=a+b") == {"image": "a+/b+", "content": "a b"}


def test_a_long_value_is_read_in_slices_and_no_escape_is_cut_in_two() -> None:
    for shift in range(3):
        text = "x" * shift + "备 +/" * 60_000
        assert decode_form(urlencode({"content": text}).encode())["content"] == text[:LONG]
    assert decode_form(b"content=%E") == {"content": "%E"}


@pytest.mark.parametrize("decode", [decode_form, decode_unlabelled])
def test_a_picture_needs_no_label(decode: Callable[[bytes], dict[str, object]]) -> None:
    assert decode(jpeg()) == {"screenshot": jpeg()}
    assert decode(b"BM is no picture") == {"content": "BM is no picture"}


def test_json_that_is_called_text_is_text() -> None:
    assert decode_plain(b'{"content": "x"}') == {"content": '{"content": "x"}'}


@pytest.mark.parametrize(
    "body",
    [
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", b"\xff\xd8\xff\xe0\0\x10JFIF", b"PK\x03\x04",
        b"content=%00%01", b"MZ\x90\0",
    ],
)  # fmt: skip
def test_what_is_no_text_is_refused_with_the_way_to_do_it(body: bytes) -> None:
    with pytest.raises(UnsupportedMedia, match=r"screenshot.*push .* --image"):
        decode_form(body)


@pytest.mark.parametrize("body", ["备份\x1b[32m完成\x1b[0m\r\n\t", "备份完成\f"])
def test_text_with_colours_is_text(body: str) -> None:
    assert decode_plain(body.encode()) == {"content": body}


@pytest.mark.parametrize(
    ("encoding", "named"), [("utf-16", ""), ("utf-16-le", "utf-16le"), ("utf-16-be", "UTF-16BE")]
)
def test_text_in_utf_16_is_text(encoding: str, named: str) -> None:
    assert decode_plain("backup 完成".encode(encoding), named) == {"content": "backup 完成"}


@given(st.text("%0aF=&+ \n\r_備", max_size=30))
def test_escapes_are_read_as_the_standard_library_reads_them(text: str) -> None:
    written = text.encode()
    assert unquote(written) == unquote_to_bytes(written.replace(b"+", b" "))


def test_what_is_full_of_percent_signs_stays_as_it_is() -> None:
    for number in (MAX_BARE - 1, MAX_BARE):
        body = b"content=%41" + b"%" * number
        expected = "A" if number < MAX_BARE else "%41"
        assert decode_form(body) == {"content": expected + "%" * number}


def test_of_a_form_full_of_escapes_as_much_is_read_as_is_kept_of_text() -> None:
    longest = "😀" * 65_536
    fields = {"content": longest, "message": longest, "title": "x"}
    assert decode_form(urlencode(fields).encode()) == fields
    read = decode_form(b"content=" + b"%41" * MAX_DENSE)
    assert 65_536 < len(str(read["content"])) <= MAX_DENSE


def test_base64_is_read_whole_however_long_it_is() -> None:
    picture = "iVBOR/w0KG+goAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJ" * 100_000
    assert decode_form(urlencode({"image": picture}).encode()) == {"image": picture}


def test_a_form_of_another_service_has_any_names_and_the_last_of_two_counts() -> None:
    body = b"extras%3A%3Aa=1&b=%E4%BD%A0&b=+2&c&d=%00"
    assert read_any_form(body) == {"extras::a": "1", "b": " 2", "d": "\0"}
    with pytest.raises(InvalidReport, match=str(MAX_FORM_FIELDS)):
        read_any_form(b"&" * MAX_FORM_FIELDS)


@pytest.mark.parametrize("end", ["]", "", "}"])
def test_segments_in_a_form_are_read_as_such_if_they_are_some(end: str) -> None:
    text = '[{"type":"text","data":{"text":"\\u4f60"}}' + end
    body = bytearray(urlencode({"message": text}).encode())
    expected = json.loads(text) if end == "]" else text
    assert read_any_form(body) == {"message": expected}
    assert body == b""


def test_a_form_of_other_names_is_one_if_they_are_words() -> None:
    body = "monitorFriendlyName=NAS&alertDetails=HTTP+200+-+OK"
    read = decode_form(body.encode())
    assert read == {"monitorFriendlyName": "NAS", "alertDetails": "HTTP 200 - OK"}


def test_qinglongs_form_keeps_its_words() -> None:
    """Its parser loses the first value, and its line ends are written out."""
    assert decode_form("title&content=甲\\n乙".encode()) == {"title": "", "content": "甲\n乙"}
    for folder in ("C:\\new", "甲\\t乙\\n", "a\nb\\n"):
        assert decode_form(b"content=" + folder.encode())["content"] == folder
