"""Whatever a body is written as, the same words are the same report; and no bytes raise anything
but a refusal."""

import json
from collections.abc import Mapping
from urllib.parse import urlencode

import httpx2
import pybase64
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import Headers, QueryParams

from nonebot_plugin_report.errors import Forbidden, InvalidReport, Refused
from nonebot_plugin_report.model.report import Report
from nonebot_plugin_report.sources.bodies.decode import decode
from nonebot_plugin_report.sources.body import read_report
from nonebot_plugin_report.web.content import (
    context,
    decoder_for,
    json_decoder,
    query_body,
)
from tests.dialects import jpeg

SHOT = jpeg()
# A lone surrogate is in no UTF-8, control characters make it no text, and a mark is none.
TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufeff"))
WORDS = st.fixed_dictionaries(
    {"content": TEXT.filter(str.strip)},
    optional={
        "title": TEXT, "message": TEXT, "event": TEXT,
        "result": st.sampled_from(["0", "Fail", "x"]),
        "send_to": st.sampled_from(["10001", "10001,10002", "10003,10001"]),
        "channel": st.just("phone"),
    },
)  # fmt: skip
PICTURES = st.lists(st.sampled_from([SHOT, jpeg(color="red")]), max_size=2, unique=True)


def read(content: bytes, content_type: str, query: Mapping[str, str] | None = None) -> Report:
    """The report that a POST with a token in the URL makes."""
    headers = Headers({"content-type": content_type})
    return read_report(
        bytearray(content),
        decode=decoder_for(headers, is_open=False, has_token=True),
        beside=context(QueryParams(urlencode(query or {})), headers),
        own={},
    ).report


def by_multipart(words: Mapping[str, str], pictures: list[bytes]) -> Report:
    files = [("image", ("shot.jpg", one, "image/jpeg")) for one in pictures]
    if not files:  # else it would be a form
        files = [("a", ("", b"", "text/plain"))]
    request = httpx2.Request("POST", "http://x/", data=dict(words), files=files)
    return read(request.read(), request.headers["content-type"])


@given(WORDS, PICTURES)
def test_the_same_words_are_the_same_report(words: dict[str, str], pictures: list[bytes]) -> None:
    encoded = [pybase64.b64encode_as_string(one) for one in pictures]
    report = read(json.dumps({**words, "screenshot": encoded}).encode(), "application/json")
    assert len(report.images) == len(pictures)
    assert by_multipart(words, pictures) == report
    form = urlencode([*words.items(), *(("screenshot", one) for one in encoded)]).encode()
    assert read(form, "application/x-www-form-urlencoded") == report


@given(WORDS)
def test_a_text_and_a_url_say_the_same_as_json(words: dict[str, str]) -> None:
    report = read(json.dumps(words).encode(), "application/json")
    beside = {name: text for name, text in words.items() if name != "content"}
    assert read(words["content"].encode(), "text/plain", beside) == report
    url = query_body(urlencode({"token": "x", "source": "alas", **words}).encode())
    assert b"alas" not in url, "nor the token"
    assert read_report(url, decode=decode, beside=context({}), own={}).report == report


def test_a_url_may_have_any_names_and_not_too_many() -> None:
    body = query_body(b"utm-source=x&alarm.name=%e5%ae%a2%e5%8e%85&flag&=y&content=a+b&token=t")
    said = {"utm-source": "x", "alarm.name": "客厅", "flag": "", "content": "a b"}
    assert json.loads(body) == said
    for query, reason in (
        (b"token=t&source=x", "没有可以发送的内容"),
        (b"a&" * 101, "最多 100 个"),
    ):
        with pytest.raises(InvalidReport, match=reason):
            query_body(query)


@given(st.lists(st.sampled_from([jpeg(), b"", b"x"]), min_size=1))
def test_a_picture_as_the_body_is_the_same_as_one_in_json(bodies: list[bytes]) -> None:
    for kind in ("image/jpeg", "application/octet-stream"):
        report = read(SHOT, kind, {"title": "x"})
        assert [one.data for one in report.images] == [SHOT]
        assert report.title == "x"


FRAGMENTS = st.sampled_from(
    [b"--B", b"--B--", b"\r\n", b"\r\n\r\n", b"--",
     b'Content-Disposition: form-data; name="content"',
     b"Content-Disposition: form-data; name=image; filename*=utf-8''%e5%a4.png", b'; name="',
     b"Content-Type: image/png", b"content-type: text/plain; charset=utf-16",
     SHOT[:40], b"\0", b"x",
     b" folded", b'filename="a\\"b.txt"', b'name="token"', b"\xff", "备".encode("gbk")]
) | st.binary(max_size=8)  # fmt: skip


@given(st.lists(FRAGMENTS, max_size=30).map(b"".join))
def test_no_bytes_of_a_form_raise_anything_but_a_refusal(body: bytes) -> None:
    for content in (body, b"--B\r\n" + body + b"\r\n--B--\r\n"):
        try:
            read(content, "multipart/form-data; boundary=B")
        except Refused as error:
            assert len(str(error)) < 100


@given(st.lists(st.sampled_from(list('{}[]":,\\ \nab1备')) | st.just('"content": "'), max_size=40))
def test_no_json_raises_anything_but_a_refusal(parts: list[str]) -> None:
    body = "".join(parts).encode()
    for content in (body, b'{"content": "' + body + b'"}'):
        try:
            read(content, "application/json")
        except Refused as error:
            assert len(str(error)) < 100


def test_a_note_of_the_body_stands_before_those_of_its_fields() -> None:
    report = read(b"no json " + b"x" * 70_000, "application/json")
    assert report.cut == ("请求体不是合法的 JSON，按文字显示", "content 过长，已截到 65536 字")


def test_a_picture_which_can_have_no_token_needs_it_beside() -> None:
    with pytest.raises(Forbidden, match="token"):
        decoder_for(Headers({"content-type": "image/png"}), is_open=False, has_token=False)


@pytest.mark.parametrize(
    ("body", "token"),
    [
        (b'{"token": "right", "content": {x}}', "right"),
        (b'{"content": "a "b"", "token": "right"}', "right"),
        (b'{"content": {x}}', ""),
    ],
)
def test_a_token_in_json_that_is_none_counts(body: bytes, token: str) -> None:
    decode = json_decoder(is_open=False, has_token=False)
    pushed = read_report(bytearray(body), decode=decode, beside=context({}), own={})
    assert pushed.token == token or pushed.token is None
    assert "right" not in pushed.report.content


@pytest.mark.parametrize(
    ("written", "token"),
    [('"abc"', "abc"), ("123456", "123456"), ("1" * 400, None), ("true", None), ("null", None)],
)
def test_a_token_in_a_body_may_be_a_number(written: str, token: str | None) -> None:
    body = bytearray(f'{{"content": "x", "token": {written}}}'.encode())
    pushed = read_report(body, decode=decode, beside=context({}), own={})
    assert pushed.token == token
