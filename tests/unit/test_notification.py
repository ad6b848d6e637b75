"""What Apprise's xml:// writes, and what only looks like it."""

import pybase64
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nonebot_plugin_report.sources.bodies.form import decode_unlabelled
from nonebot_plugin_report.sources.bodies.soap import (
    MAX_ELEMENTS,
    MAX_FILES,
    MAX_WORDS,
    decode_notification,
)
from tests.dialects import jpeg

START = b"<?xml version='1.0' encoding='utf-8'?><soapenv:Envelope><soapenv:Body><Notification>"
END = b"</Notification></soapenv:Body></soapenv:Envelope>"
WORDS = "<Subject>备份 &lt;1&gt;</Subject><Message>&amp;amp; 完成</Message>".encode()
PICTURE = (
    b'<Attachment filename="a.jpg" mimetype="image/jpeg">'
    + pybase64.b64encode(jpeg())
    + b"</Attachment>"
)
OTHER = b'<Attachment filename="a &amp; b" mimetype="text/plain">AA==</Attachment>'


def test_its_words_and_files_are_read() -> None:
    assert decode_unlabelled(START + WORDS + PICTURE + OTHER + END) == {
        "title": "备份 <1>", "message": "&amp; 完成", "screenshot": [jpeg()],
        "attachments": [{"filename": "a & b", "mimetype": "text/plain"}],
    }  # fmt: skip


def test_other_xml_is_text() -> None:
    body = b"<?xml version='1.0'?><a><Subject>x</Subject></a>"
    assert decode_unlabelled(body) == {"content": body.decode()}


@pytest.mark.parametrize("broken", [PICTURE[:80], b"<Attachment " + b"x" * 5000 + b">"])
def test_a_file_that_did_not_arrive_is_told(broken: bytes) -> None:
    fields = decode_notification(START + WORDS + broken)
    assert (fields["title"], fields["screenshot"]) == ("备份 <1>", [])
    assert fields.notes == ("有附件没有传完整，没有保留",)


def test_a_picture_that_is_none_is_left_to_be_told_and_there_are_not_too_many() -> None:
    none = PICTURE.replace(pybase64.b64encode(jpeg()), b"!")
    assert decode_notification(START + none)["screenshot"] == ["?"]
    assert len(decode_notification(START + OTHER * 1000)["attachments"]) == MAX_FILES  # pyright: ignore[reportArgumentType] - a list


def test_what_grows_in_xml_does_not() -> None:
    bomb = START.replace(b"<soapenv:Env", b'<!ENTITY a "xxxxxxxxxx"><soapenv:Env')
    fields = decode_notification(bomb + b"<Message>&a;&a;</Message>" + END)
    assert fields["message"] == "&a;&a;"


@given(
    st.lists(st.sampled_from([WORDS, PICTURE, OTHER, b"<", b">", b"<Attachment ", b"</", b"\xff"]))
)
def test_whatever_follows_it_is_read(parts: list[bytes]) -> None:
    decode_notification(START + b"".join(parts))


def test_of_its_elements_no_more_is_read_than_it_writes() -> None:
    elements = b"".join(b"<a%d>x</a%d>" % (number, number) for number in range(2 * MAX_ELEMENTS))
    # Its files stand beside them.
    assert len(decode_notification(START + elements)) == MAX_ELEMENTS + 2
    longest = "备".encode() * 65_536
    message = b"<Message>" + longest + b"</Message>"
    assert decode_notification(START + message)["message"] == "备" * 65_536
    assert "late" not in decode_notification(START + b" " * MAX_WORDS + b"<late>x</late>")
