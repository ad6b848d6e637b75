"""Every message for OneBot 11's send actions becomes words, pictures and a receiver."""

import base64
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as Pillow

from nonebot_plugin_report.errors import InvalidReport
from nonebot_plugin_report.model.report import Report
from nonebot_plugin_report.sources.onebot import MAX_SEGMENTS, NAMES, SENDS, read_send


def png(colour: str) -> bytes:
    file = BytesIO()
    Pillow.new("RGB", (8, 8), colour).save(file, "PNG")
    return file.getvalue()


PNG, OTHER = png("red"), png("blue")
TO = {"message_type": "private", "user_id": "10001"}
IN_BASE64 = base64.b64encode(PNG).decode()


def text(value: object) -> dict[str, Any]:
    return segment("text", text=value)


def segment(kind: str, **values: object) -> dict[str, Any]:
    return {"type": kind, "data": values}


def shown(message: object) -> str:
    return read_send("send_msg", {**TO, "message": message}).content


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("[CQ:at,qq=all] 红包", "[CQ:at,qq=all] 红包"),
        ([text("a"), text("b\n"), text(1)], "ab\n1"),
        (text("alone"), "alone"),
        (["a", text("b")], "ab"),
        ([segment("at", qq=10001), segment("at", qq="all")], "@10001@全体成员"),
        ([segment("record", file="http://x/y.amr"), text(" 听")], "[语音] 听"),
        ([segment("share", title="标题", url="http://x/")], "[分享 标题 http://x/]"),
        ([segment("file", name="log.txt")], "[文件 log.txt]"),
        ([segment("whatever")], "[whatever]"),
        ([{"type": "face"}], "[表情]"),
        ([segment("markdown", content="# 好")], "好"),
        ([segment("image", file="https://x/y.png?z=1")], "[图片 https://x/y.png?z=1]"),
        ([segment("image", file="file:///C:/Users/me/a.png")], "[图片 a.png]"),
        ([segment("image", file="C:\\Users\\me\\a.png")], "[图片 a.png]"),
        ([segment("image", url="http://x/")], "[图片 http://x/]"),
        ([segment("image")], "[图片]"),
        ('[{"type":"text","data":{"text":"in a query"}}]', "in a query"),
        ('[ {"data": {"text": "in any order"}, "type": "text"} ]', "in any order"),
        ('{"data": {"text": "alone"}, "type": "text"}', "alone"),
        ('[{"type":"text"', '[{"type":"text"'),
        ('[{"a": 1}]', '[{"a": 1}]'),
        ('{"x": "说明"} 后面', '{"x": "说明"} 后面'),
        (
            "a[CQ:image,file=https://x/y.png]b [CQ:at,qq=all]",
            "a[图片 https://x/y.png]b [CQ:at,qq=all]",
        ),
        ("a &amp;#91; [CQ:image,file=x.png] &#91;b&#93;", "a &#91; [图片 x.png] [b]"),
        ("a [CQ:image,file=x", "a [CQ:image,file=x"),
        ("a &amp; b", "a &amp; b"),
        ([segment("node", id=1)], "[合并转发]"),
    ],
)
def test_everything_is_shown_and_nothing_obeyed(message: object, words: str) -> None:
    assert shown(message) == words


@pytest.mark.parametrize("name", NAMES)
def test_what_cannot_be_shown_is_named(name: str) -> None:
    assert NAMES[name] in shown([text("x"), segment(name)])


@pytest.mark.parametrize("file", [f"base64://{IN_BASE64}", f"data:image/png;base64,{IN_BASE64}"])
def test_pictures_in_the_message_are_the_reports(file: str) -> None:
    other = segment("image", file=f"base64://{base64.b64encode(OTHER).decode()}")
    message = [segment("image", file=file), text("x"), other]
    report = read_send("send_msg", {**TO, "message": message})
    assert [one.data for one in report.images] == [PNG, OTHER]
    assert report.content == "x"


@pytest.mark.parametrize("more", ["", ",type=show,id=40000"])
def test_a_picture_in_a_string_is_the_reports_between_both_halves_of_the_words(more: str) -> None:
    message = f"前[CQ:image,file=base64://{IN_BASE64}{more}]后 [CQ:at,qq=all]"
    report = read_send("send_msg", {**TO, "message": message})
    assert [one.data for one in report.images] == [PNG]
    assert report.content == "前后 [CQ:at,qq=all]"


def test_of_many_codes_in_a_string_the_first_are_read_and_the_rest_stays_text() -> None:
    words = shown("[CQ:image,file=x]" * MAX_SEGMENTS)
    assert words.startswith("[图片 x][图片 x]")
    assert words.endswith("[CQ:image,file=x][CQ:image,file=x]")


def test_a_broken_picture_never_costs_the_words() -> None:
    message = [text("x"), segment("image", file="base64://????")]
    report = read_send("send_msg", {**TO, "message": message})
    assert (report.content, report.images) == ("x", ())
    assert report.image_fault


def test_a_forward_message_is_shown_line_by_line_with_who_says_it() -> None:
    nodes = [
        segment("node", nickname="甲", content=[text("一"), segment("image", file="x.png")]),
        segment("node", name="乙", content="二"),
        segment("node", content=[segment("node", nickname="丙", content="三")]),
    ]
    params = {"group_id": 777, "messages": nodes}
    report = read_send("send_group_forward_msg", params)
    assert report.content == "甲：一[图片 x.png]\n乙：二\n\n丙：三"
    assert report.send_to_group == ("777",)


@pytest.mark.parametrize(
    ("action", "params", "receivers"),
    [
        ("send_private_msg", {"user_id": "10001", "group_id": 7}, (("10001",), ())),
        ("send_group_msg", {"user_id": "10001", "group_id": 7.0}, ((), ("7",))),
        ("send_msg", {"user_id": 10001}, (("10001",), ())),
        ("send_msg", {"group_id": "7", "user_id": ""}, ((), ("7",))),
        ("send_msg", {"group_id": 7, "user_id": 1, "message_type": "private"}, (("1",), ())),
        ("send_private_forward_msg", {"user_id": 1, "messages": "x"}, (("1",), ())),
    ],
)
def test_who_gets_it(
    action: str, params: dict[str, Any], receivers: tuple[tuple[str, ...], ...]
) -> None:
    report = read_send(action, {"message": "x", **params})
    assert (report.send_to, report.send_to_group) == receivers


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({}, "user_id"),
        ({"user_id": True}, "user_id"),
        ({"user_id": [1]}, "user_id"),
        ({"user_id": 1.5}, "user_id"),
        ({"user_id": "me"}, "user_id"),
        ({"message_type": "group", "user_id": 1}, "group_id"),
        ({"message_type": "discuss", "user_id": 1}, "message_type"),
        ({"message_type": 1, "user_id": 1}, "message_type"),
        ({"user_id": 1, "message": None}, "message"),
        ({"user_id": 1, "message": ""}, "message"),
        ({"user_id": 1, "message": []}, "message"),
        ({"user_id": 1, "message": 5}, "message"),
        ({"user_id": 1, "message": [{"data": {}}]}, "message"),
        ({"user_id": 1, "message": [text("x")] * (MAX_SEGMENTS + 1)}, "message"),
        ({"user_id": 1, "message": "\0"}, "content"),
    ],
)
def test_what_is_wrong_is_named(params: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidReport) as refused:
        read_send("send_msg", {"message": "x", **params})
    assert refused.value.field == field


def nested(depth: int) -> object:
    return "x" if not depth else [segment("node", content=nested(depth - 1))]


def test_forward_messages_within_each_other_end_somewhere() -> None:
    assert shown([text("a"), *nested(200)]) == "a\n\n\n[合并转发]"  # pyright: ignore[reportGeneralTypeIssues] - a list, for every depth but 0


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.fixed_dictionaries({"type": st.sampled_from([*NAMES, "text", "at"]), "data": inner})
        | st.dictionaries(st.sampled_from(["text", "file", "content", "qq", "url"]), inner)
    ),
    max_leaves=12,
)


@given(st.sampled_from(sorted(SENDS)), JSON, JSON)
def test_whatever_is_sent_it_is_a_report_or_refused(
    action: str, message: object, number: object
) -> None:
    params = {"message": message, "messages": message, "user_id": number, "group_id": number}
    try:
        assert isinstance(read_send(action, params), Report)
    except InvalidReport as error:
        assert "：" in str(error)
