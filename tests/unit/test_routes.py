"""The routes as an app has them, and addresses that are nearly theirs."""

from collections.abc import Sequence

import pytest

from nonebot_plugin_report.web.elsewhere import find_at_root, find_service
from nonebot_plugin_report.web.paths import decode_segment, read_segments, readdress


def split(path: str) -> list[bytes]:
    return [part.encode() for part in path.split("/") if part]


def joined(segments: Sequence[bytes] | None) -> str | None:
    return None if segments is None else b"/".join(segments).decode()


def test_double_and_trailing_slashes_are_no_part_of_a_path_and_encoded_ones_are_of_a_word() -> None:
    scope = {
        "type": "http", "path": "/in//report/bark/k/https://x/", "root_path": "/in",
        "raw_path": b"/in//report/bark/k/https%3A%2F%2Fx/",
    }  # fmt: skip
    segments = read_segments(scope)
    assert segments == [b"report", b"bark", b"k", b"https%3A%2F%2Fx"]
    assert decode_segment(segments[-1]) == "https://x"
    again = readdress(scope, segments)
    assert again["raw_path"] == b"/in/report/bark/k/https%3A%2F%2Fx"
    assert again["path"] == "/in/report/bark/k/https://x"
    assert read_segments({"path": "/备份 x", "type": "http"}) == [b"%E5%A4%87%E4%BB%BD%20x"]


@pytest.mark.parametrize(
    ("path", "door"),
    [
        ("send_msg", "onebot/send_msg"),
        ("send_private_msg_async", "onebot/send_private_msg_async"),
        ("get_status", "onebot/get_status"),
        ("message", "gotify/message"),
        ("bot1:k/sendMessage", "telegram/bot1:k/sendMessage"),
        ("botk/getMe", "telegram/botk/getMe"),
        ("botk/x", None),
        ("jsend/k", "qmsg/jsend/k"),
        ("onebot/send_msg", None),
        ("x", None),
        ("", None),
    ],
)
def test_the_path_of_a_service_finds_its_door(path: str, door: str | None) -> None:
    assert joined(find_service(split(path))) == door


@pytest.mark.parametrize(
    ("method", "path", "has_token", "door"),
    [
        ("POST", "", True, "ntfy"),
        ("POST", "", False, "bark"),
        ("GET", "", True, None),
        ("POST", "push", False, "bark/push"),
        ("GET", "ping", False, "bark/ping"),
        ("POST", "topic", True, "ntfy/topic"),
        ("PUT", "topic", True, "ntfy/topic"),
        ("POST", "key", False, "bark/key"),
        ("GET", "favicon.ico", False, None),
        ("GET", "topic/publish", False, "ntfy/topic/publish"),
        ("GET", "key/body", False, "bark/key/body"),
        ("GET", "key/title/subtitle/body", False, "bark/key/title/subtitle/body"),
        ("GET", "a/b/c/d/e", False, None),
        ("POST", "robot/send", True, "robot/send"),
        ("POST", "open-apis/bot/v2/hook/k", False, "open-apis/bot/v2/hook/k"),
        ("POST", "notify/k", False, "notify/k"),
        ("GET", "webapi/entry.cgi", True, "webapi/entry.cgi"),
        ("GET", "send_msg", True, "onebot/send_msg"),
        ("POST", "page/session", False, None),
        ("DELETE", "x", True, None),
    ],
)
def test_what_comes_to_the_root_of_the_ready_bot_finds_its_door(
    method: str, path: str, has_token: bool, door: str | None
) -> None:
    assert joined(find_at_root(method, split(path), has_token=has_token)) == door
