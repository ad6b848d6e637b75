"""Forms of several parts, as clients write them."""

import pytest

from nonebot_plugin_report.errors import InvalidReport
from nonebot_plugin_report.sources.bodies.decode import LONG
from nonebot_plugin_report.sources.bodies.multipart import (
    MAX_HEADERS,
    MAX_HEADS,
    MAX_LINES,
    MAX_PARAMETERS,
    MAX_PARTS,
    decode_multipart,
    read_boundary,
)
from tests.dialects import jpeg

SHOT = jpeg()


def form(*parts: tuple[str, bytes], start: bytes = b"") -> bytes:
    """Parts with what stands behind `form-data` in their heads."""
    written = [
        b"--B\r\nContent-Disposition: form-data" + head.encode() + b"\r\n\r\n" + content + b"\r\n"
        for head, content in parts
    ]
    return start + b"".join(written) + b"--B--\r\n"


def fields(*parts: tuple[str, bytes]) -> dict[str, object]:
    return decode_multipart(form(*parts), b"B")


@pytest.mark.parametrize(
    ("said", "boundary"),
    [("multipart/form-data; boundary=aB", b"aB"), ('x; charset=a; Boundary="a b;c"; y', b"a b;c"),
     ("x;boundary = a,b", b"a")],
)  # fmt: skip
def test_the_boundary_is_what_the_header_says(said: str, boundary: bytes) -> None:
    assert read_boundary(said) == boundary


@pytest.mark.parametrize(
    "said", ["x", 'x; boundary=""', "x; boundary=", "x; boundary=" + "a" * 201]
)
def test_no_boundary_is_refused(said: str) -> None:
    with pytest.raises(InvalidReport, match="boundary"):
        read_boundary(said)


@pytest.mark.parametrize(
    "head",
    ['; name="content"', "; name=content", '; NAME="content"; x=y',
     ';x="a\\";name=b";name="content"',
     "; name*=utf-8''content", '; name="content"\r\nContent-Type: text/plain; charset=gbk',
     ';\r\n name="content"', '; name="content"; filename="a.txt"'],
)  # fmt: skip
def test_names_are_written_in_many_ways(head: str) -> None:
    assert fields((head, "备份".encode("gbk"))) == {"content": "备份"}


def test_what_stands_before_and_behind_counts_for_nothing() -> None:
    body = form(('; name="content"', b"a\r\n--b"), start=b"before\r\n") + b"behind"
    assert decode_multipart(body, b"B") == {"content": "a\r\n--b"}
    padded = body.replace(b"--B\r\n", b"--B \t\r\n")
    assert decode_multipart(padded, b"B") == {"content": "a\r\n--b"}


def test_pictures_are_screenshots_under_any_name() -> None:
    found = fields(
        ('; name="photo"; filename="a.jpg"', SHOT),
        ('; name="x"\r\nContent-Type: image/heic', b"unknown"),
        ('; name="image"', b"QUJD"),
        ('; name="empty"; filename=""', b""),
    )
    assert found == {"screenshot": [SHOT, b"unknown", "QUJD"]}


def test_what_is_named_twice_is_not_lost() -> None:
    found = fields(
        *(('; name="content"', one) for one in (b"a", b"b")),
        *(('; name="send_to"', one) for one in (b"1", b"2")),
        *(('; name="image"', one) for one in (b"x", b"y")),
    )
    assert found == {"content": "a\nb", "send_to": "1,2", "image": ["x", "y"]}


def test_json_in_a_field_is_read() -> None:
    assert fields(('; name="data"', b'{"msg": "x", "token": "a"}'), ('; name="token"', b"b")) == {
        "msg": "x", "token": "b",
    }  # fmt: skip
    assert fields(('; name="data"', b'{"a": 1}'), ('; name="content"', b"x")) == {
        "data": {"a": 1}, "content": "x",
    }  # fmt: skip
    assert fields(('; name="payload"', b"{no"), ('; name="data"', b"1")) == {
        "payload": "{no", "data": "1",
    }  # fmt: skip


def test_files_of_text_are_told_or_shown() -> None:
    log, more = ('; name="f"; filename="log"', b"1"), ('; name="g"; filename="log"', b"2")
    assert fields(log, more) == {"content": "1\n2"}
    found = decode_multipart(
        form(log, ('; name="title"', b"x"), (f'; name="z"; filename="{"z" * 99}"', b"\0")), b"B"
    )
    assert found == {"title": "x"}
    assert found.notes == (
        f"文件 {'z' * 64} 不是图片，没有保留",
        "文本文件没有保留：请求里已经有正文",
    )


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "boundary"),
        (b"--C--", "boundary"),
        (form(('; name="a"', b"x")).replace(b"--B--", b""), "没有结尾"),
        (b"--B\r\n", "开头"),
        (b"--B" + b" " * 200 + b"\r\n\r\n\r\n--B--", "开头"),
        (form((f'; name="{"a" * MAX_HEADERS}"', b"x")), "开头"),
        (form(*[('; name="a"', b"x")] * (MAX_PARTS + 1)), "最多"),
        (form(*[(f'; name="{"a" * 4000}"', b"x")] * (MAX_HEADS // 4000 + 1)), "开头"),
    ],
)
def test_what_is_not_built_as_it_should_be_is_refused(body: bytes, reason: str) -> None:
    with pytest.raises(InvalidReport, match=reason):
        decode_multipart(body, b"B")


def test_as_many_parts_as_there_may_be_are_read() -> None:
    assert fields(*[('; name="msg"', b"x")] * MAX_PARTS)["msg"] == "\n".join("x" * MAX_PARTS)


def test_a_picture_in_base64_stays_whole_and_a_long_text_does_not() -> None:
    long = b"A" * (LONG + 9)
    found = fields(('; name="image"', long), ('; name="content"', "五".encode() * LONG))
    assert found == {"image": long.decode(), "content": "五" * (LONG // 3)}


def test_of_a_parts_headers_no_more_is_read_than_there_ever_is() -> None:
    for number, name in ((MAX_PARAMETERS - 1, "msg"), (MAX_PARAMETERS, "")):
        assert name in fields(("; a=b" * number + '; name="msg"', b"x"))
    for number, named in ((MAX_LINES - 2, True), (MAX_LINES - 1, False)):
        lines = "".join(f"X-{line}: x\r\n" for line in range(number))
        head = (
            f'--B\r\nContent-Type: text/plain\r\n{lines}Content-Disposition: form-data; name="msg"'
        )
        body = f"{head}\r\n\r\nx\r\n--B--\r\n".encode()
        assert ("msg" in decode_multipart(body, b"B")) == named
