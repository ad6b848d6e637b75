"""What is sent for Telegram, as the report that it becomes."""

import json
from collections.abc import Callable

import pytest

from nonebot_plugin_report.errors import InvalidReport
from nonebot_plugin_report.sources.telegram import MAX_BUTTONS, read_telegram
from tests.dialects import jpeg


def test_a_pictures_address_stands_below_its_caption() -> None:
    fields = {"chat_id": 1, "caption": "前门有人", "photo": "https://cam.example/1.jpg"}
    assert read_telegram("sendphoto", fields, {}).content == "前门有人\nhttps://cam.example/1.jpg"


@pytest.mark.parametrize(("method", "field", "noun"), [
    ("sendphoto", "photo", "图片"), ("senddocument", "document", "文件"),
    ("sendvideo", "video", "视频"), ("sendvoice", "voice", "语音"),
])  # fmt: skip
def test_a_file_that_only_telegram_has_is_told(method: str, field: str, noun: str) -> None:
    fields = {"caption": "前门有人", field: "AgACAgIAAxkBAAIB"}
    assert read_telegram(method, fields, {}).content == f"前门有人\n[{noun}]"


def test_a_picture_that_came_along_is_shown_and_words_in_a_file_too() -> None:
    report = read_telegram("sendphoto", {"caption": "前门有人", "screenshot": jpeg()}, {})
    assert (report.content, len(report.images)) == ("前门有人", 1)
    assert read_telegram("sendphoto", {"screenshot": jpeg()}, {}).images == report.images
    assert read_telegram("senddocument", {"content": "备份了 3 个"}, {}).content == "备份了 3 个"


@pytest.mark.parametrize(("method", "field"), [("sendmessage", "text"), ("sendphoto", "caption")])
def test_a_message_of_nothing_is_refused_by_the_field_that_is_missing(
    method: str, field: str
) -> None:
    with pytest.raises(InvalidReport, match=f"{field}：没有可以发送的内容"):
        read_telegram(method, {"chat_id": 1}, {})


@pytest.mark.parametrize("write", [lambda markup: markup, json.dumps], ids=["object", "text"])
def test_the_links_of_buttons_stand_below_the_words(
    write: Callable[[object], object],
) -> None:
    rows = [
        [{"text": "打开", "url": "https://nas.example"}, {"text": "静音", "callback_data": "mute"}],
        7,
        [{"text": "日志", "url": "https://nas.example/log"}],
    ]
    fields = {"text": "磁盘满了", "reply_markup": write({"inline_keyboard": rows})}
    assert read_telegram("sendmessage", fields, {}).content == (
        "磁盘满了\n打开：https://nas.example\n日志：https://nas.example/log"
    )


@pytest.mark.parametrize("markup", ["{", "[]", "", None, 7, {"inline_keyboard": 7}])
def test_buttons_that_cannot_be_read_lose_no_words(markup: object) -> None:
    fields = {"text": "磁盘满了", "reply_markup": markup}
    assert read_telegram("sendmessage", fields, {}).content == "磁盘满了"


def test_of_many_buttons_the_first_are_shown() -> None:
    row = [{"text": str(number), "url": f"https://x/{number}"} for number in range(99)]
    fields = {"text": "选一个", "reply_markup": {"inline_keyboard": [row, row]}}
    lines = read_telegram("sendmessage", fields, {}).content.split("\n")
    assert len(lines) == 1 + MAX_BUTTONS
    assert lines[-1] == "9：https://x/9"
