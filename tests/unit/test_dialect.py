"""Which bodies are ours, and which of their fields are obeyed."""

import json
from typing import Any

import pybase64
import pytest

from nonebot_plugin_report.errors import InvalidReport
from nonebot_plugin_report.model.report import Report, Result, dump, restore
from nonebot_plugin_report.routing.template import DEFAULT_TEMPLATE
from nonebot_plugin_report.sources.dialect import Addressees, is_ours
from nonebot_plugin_report.sources.reader import RETRY_SECONDS, UNRECOGNISED, Context, read
from tests.dialects import jpeg

Json = dict[str, Any]

HERE = Addressees(frozenset({"90001"}), frozenset({"phone"}))
PICTURE = pybase64.b64encode_as_string(jpeg())


def reading(body: Json, **query: str) -> Report:
    return read(body, Context(query, {}, {}, addressees=HERE), {}).report


OURS: list[Json] = [
    {},
    {"content": "x"},
    {"title": "x", "content": 2.5, "id": 7, "data": {"a": [1]}},
    {"event": "AutoBoss", "result": 0, "timestamp": "2026-11-23 21:44:00", "message": None},
    {"event": "AutoBoss", "result": 0, "timestamp": "2026-11-23 21:44:00", "version": "0.70"},
    {"content": "x", "screenshot": {"Size": 1}, "send_to": ["我"], "channel": "nowhere"},
    {"content": "x", "to": "10001 我", "from": "90001"},
    {"text": "x", "image": PICTURE},
    {"msg": "x", "channel": "phone"},
]
FOREIGN: list[Json] = [
    {"content": {"a": 1}},
    {"content": "x", "whatever": 1},
    {"content": "x", "result": {"a": 1}},
    {"event": {"title": "x"}, "message": "x"},
    {"text": "x", "channel": "#ops"},
    {"content": "x", "to": "ops@example.com"},
    {"content": "x", "from": "10086"},
    {"content": "x", "from": {"id": 1}},
    {"content": "x", "image": "https://example.com/a.png"},
    {"content": "x", "id": True},
    {"content": "", "data": {"title": "x"}},
]


@pytest.mark.parametrize("body", OURS)
def test_a_body_of_our_fields_with_values_of_their_kinds_is_ours(body: Json) -> None:
    assert is_ours(body, HERE)


@pytest.mark.parametrize("body", FOREIGN)
def test_any_other_body_is_foreign(body: Json) -> None:
    assert not is_ours(body, HERE)


def test_in_our_own_dialect_every_field_is_strict() -> None:
    for wrong in ({"send_to": "我"}, {"send_to_group": {}}, {"to": "10001 我"}, {"id": "x" * 129}):
        with pytest.raises(InvalidReport):
            reading({"content": "x", **wrong})
    assert reading({"content": "x", "channel": "nowhere"}).channel == ("nowhere",)


def test_in_another_tools_body_full_names_are_strict_and_short_ones_count_if_valid() -> None:
    body: Json = {"subject": "备份", "message": "完成"}
    named = reading(body | {"to": "10002", "to_group": 777, "channel": "phone", "from": 90001})
    assert (named.send_to, named.send_to_group, named.channel) == (("10002",), ("777",), ("phone",))
    assert named.send_from == "90001"
    word = reading(body | {"to": "all", "channel": "#ops", "from": "10086", "image": "a.png"})
    assert (word.send_to, word.channel, word.send_from, word.image_fault) == ((), (), "", "")
    assert all(line in word.content for line in ("to：all", "channel：#ops", "from：10086"))
    for wrong in ({"send_to": "all"}, {"send_to_group": "x"}, {"send_from": "a b"}):
        with pytest.raises(InvalidReport):
            reading(body | wrong)
    assert reading(body | {"to": "all"}, send_to="10003").send_to == ("10003",)


def test_what_the_sender_of_a_message_is_called_is_a_word() -> None:
    """As the form of an app that forwards text messages has it."""
    report = reading({"from": "10086", "content": "【移动】验证码", "timestamp": "1796043756000"})
    assert (report.send_from, report.content) == ("", "【移动】验证码\nfrom：10086")
    assert report.timestamp is not None


def test_a_picture_counts_in_any_body_and_what_is_none_never_stands_in_for_words() -> None:
    assert reading({"subject": "门铃", "image": PICTURE}).image is not None
    assert reading({"subject": "门铃", "image": {"data": PICTURE}}).image is not None
    report = reading({"subject": "门铃", "image": "doorbell.png", "screenshot": "!"})
    assert report.image_fault == "不是 base64 字符串"
    assert reading({"subject": "门铃", "image": "x" * 500}).image_fault == ""


def test_an_event_of_another_tool_is_the_reports_and_no_words() -> None:
    report = reading({"event": "door.open", "sensor": {"title": "前门"}})
    assert (report.event, report.title) == ("door.open", "前门")
    assert reading({"event": "New Movie Request", "subject": "x y"}).event == ""
    boss = reading({"event": "AutoBoss", "result": 1, "timestamp": "2026-11-23 21:44:00"})
    assert (boss.heading, boss.result) == ("AutoBoss", Result.FAIL)


def test_another_tools_id_tells_a_retry_and_no_more() -> None:
    body: Json = {"id": "disk-7", "subject": "磁盘", "text": "剩余 10%"}
    first, other = reading(body), reading(body | {"text": "剩余 2%"})
    assert (first.key, first.key_seconds) == (reading(body).key, RETRY_SECONDS)
    assert first.key != other.key
    assert reading({"id": "disk-7", "content": "x"}).key == "disk-7"
    for odd in ({"a": 1}, True, "x" * 129, "", 10**400):
        assert reading(body | {"id": odd}).key == ""
    strict = read(body, Context({}, {}, {}, key="mine", addressees=HERE), {}).report
    assert (strict.key, strict.key_seconds) == ("mine", None)


ENCODED = pybase64.b64encode_as_string(jpeg())


@pytest.mark.parametrize(
    "written",
    [
        ENCODED, f"base64://{ENCODED}", f"base64,{ENCODED}", f"DATA:image/png;base64,{ENCODED}",
        f"data:image/jpeg;charset=utf-8;base64, {ENCODED}", ENCODED.rstrip("="),
        ENCODED.replace("+", "-").replace("/", "_"), f"  {ENCODED}\n", {"data": ENCODED},
        "\r".join(ENCODED[at : at + 76] for at in range(0, len(ENCODED), 76)),
        "\r\n".join(ENCODED[at : at + 76] for at in range(0, len(ENCODED), 76)),
        " ".join(ENCODED[at : at + 4] for at in range(0, len(ENCODED), 4)),
        {"mimeType": "image/png", "data": f"data:image/png;base64,{ENCODED}"},
    ],
)  # fmt: skip
@pytest.mark.parametrize("name", ["image", "screenshot", "screenshots"])
def test_a_pictures_bytes_are_the_same_however_its_base64_is_written(
    name: str, written: object
) -> None:
    report = reading({"content": "x", name: [written] if name.endswith("s") else written})
    assert [one.data for one in report.images] == [jpeg()]
    assert report.image_fault == ""


def test_its_owner_is_told_that_nobody_was_recognised_and_finds_all_of_the_body() -> None:
    body: Json = {"subject": "登录", "token": "s3cret", "user": {"password": "hunter2", "id": 7}}
    report = reading(body)
    assert report.remark == UNRECOGNISED
    assert UNRECOGNISED not in DEFAULT_TEMPLATE.render(report)
    assert json.loads(report.data) == {"subject": "登录", "user": {"id": 7}}
    assert restore(dump(report).decode()).remark == UNRECOGNISED
    assert reading({"content": "x"}).remark == ""
    assert reading(body | {"large": ["x" * 999] * 99}).data == "null"


@pytest.mark.parametrize("value", [float("inf"), [[[[[]]]]] * 9, None, 10**400, "\ud800"])
def test_whatever_stands_in_a_body_its_words_are_sent(value: object) -> None:
    deep: object = value
    for _ in range(500):
        deep = [deep, value]
    assert reading({"subject": "登录", "odd": value, "deep": deep}).title == "登录"


@pytest.mark.parametrize(
    ("name", "value", "obeyed"),
    [
        ("from", ["90001"], "90001"), ("from", 2**2000, ""), ("from", "家里", ""),
        ("from", "家里 的 NAS", ""),
        ("channel", "phone", ("phone",)), ("channel", {"id": "C1"}, ()),
        ("result", "success", Result.SUCCESS), ("result", "unheard of", None),
    ],
)  # fmt: skip
def test_short_names_of_another_tools_body_count_where_their_values_do(
    name: str, value: object, obeyed: object
) -> None:
    report = reading({"subject": "备份好了", "whatever": 1, name: value})
    assert report.title == "备份好了"
    assert {"from": report.send_from, "channel": report.channel}.get(name, report.result) == obeyed
