"""Every dialect in, one value out."""

import base64
import json
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as Pillow

from nonebot_plugin_report.errors import InvalidReport
from nonebot_plugin_report.model.report import Result, hash_words
from nonebot_plugin_report.model.text import clean
from nonebot_plugin_report.sources.bodies.decode import decode, decode_text
from nonebot_plugin_report.sources.parse import parse
from nonebot_plugin_report.sources.screenshots import MAX_PICTURES
from tests.dialects import generations, jpeg

PICTURE = jpeg()
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
FIELDS = (
    "token", "title", "content", "message", "event", "result", "timestamp", "screenshot", "data",
    "send_from", "send_to", "send_to_group", "channel", "id", "from", "to", "to_group",
    "image", "text", "desp", "body", "msg",
)  # fmt: skip


@pytest.mark.parametrize("generation", generations(PICTURE))
def test_each_generation_of_bettergi_is_understood(generation: str) -> None:
    report = parse(decode(generations(PICTURE)[generation]))
    assert report.message == "自动秘境结束"
    assert report.event_label == "自动秘境结束"
    assert report.result is Result.SUCCESS
    assert isinstance(report.timestamp, datetime)
    assert report.send_to == ()


def test_a_time_with_seven_digits_keeps_its_offset() -> None:
    report = parse({"content": "x", "timestamp": "2026-11-23T21:44:00.1234567+08:00"})
    assert isinstance(report.timestamp, datetime)
    assert report.timestamp.astimezone(UTC) == datetime(2026, 11, 23, 13, 44, 0, 123456, tzinfo=UTC)


@pytest.mark.parametrize("generation", ["to 2025-02", "since 2026-05-30"])
def test_the_screenshot_keeps_its_bytes(generation: str) -> None:
    image = parse(decode(generations(PICTURE)[generation])).image
    assert image is not None
    assert image.data == PICTURE
    assert (image.media_type, image.width, image.height) == ("image/jpeg", 64, 36)


def _huge_png() -> bytes:
    buffer = BytesIO()
    Pillow.new("1", (10_000, 5_001)).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("screenshot", "fault"),
    [
        ({"Size": 1}, "不是 base64"),
        (["x"], "不是 base64"),
        (7, "不是 base64"),
        ("@@@", "不是 base64"),
        ("abcde", "不是 base64"),
        (base64.b64encode(b"MZ not a picture").decode(), "不是图片"),
        (base64.b64encode(PICTURE[:2]).decode(), "不是图片"),
        (base64.b64encode(_huge_png()).decode(), "5000 万"),
    ],
)
def test_a_screenshot_of_no_use_is_noted_and_costs_no_text(screenshot: object, fault: str) -> None:
    report = parse({"content": "正文", "screenshot": screenshot})
    assert report.image is None
    assert fault in report.image_fault
    assert report.content == "正文"


@pytest.mark.parametrize("screenshot", [None, ""])
def test_no_screenshot_is_no_fault(screenshot: object) -> None:
    assert parse({"content": "x", "screenshot": screenshot}).image_fault == ""


def test_a_data_url_is_a_screenshot_too() -> None:
    encoded = "data:image/jpeg;base64," + base64.b64encode(PICTURE).decode()
    image = parse({"screenshot": encoded}).image
    assert image is not None
    assert image.data == PICTURE


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (10001, ("10001",)),
        (10001.0, ("10001",)),
        ("10001", ("10001",)),
        ("10001,10002", ("10001", "10002")),
        ("10001， 10002 ,", ("10001", "10002")),
        ([10001, "10002,10003", None, ""], ("10001", "10002", "10003")),
        (["10001", 10001], ("10001",)),
        ("10001;10002 10003；０10004", ("10001", "10002", "10003", "10004")),
        ("10001、10002\n10003\r\n 10004；、10005", ("10001", "10002", "10003", "10004", "10005")),
        ("", ()),
        (None, ()),
        ([], ()),
    ],
)
def test_send_to_is_understood_in_every_form(value: object, expected: tuple[str, ...]) -> None:
    assert parse({"content": "x", "send_to": value}).send_to == expected


@pytest.mark.parametrize("name", ["send_to", "to", "send_to_group", "to_group"])
@pytest.mark.parametrize("value", ["我", "10001 我", "0", "1.5", "-1", "9" * 20, ["我"]])
def test_what_is_no_number_of_qqs_is_told(name: str, value: object) -> None:
    for fields, query in (({name: value}, {}), ({}, {name: str(value)})):
        with pytest.raises(InvalidReport, match="^send_to.*应为数字"):
            parse({"content": "x", **fields}, query)


@pytest.mark.parametrize("value", [True, {}, {"a": 1}, [[1]], [True], 1.5, float("inf")])
def test_a_send_to_of_no_form_is_named(value: object) -> None:
    with pytest.raises(InvalidReport, match="^send_to："):
        parse({"content": "x", "send_to": value})


def test_the_full_name_wins_over_its_alias_and_the_body_over_the_query() -> None:
    fields = {"content": "x", "send_to": "1", "to": "2", "to_group": 3, "from": 9}
    report = parse(fields, {"send_to": "4", "send_to_group": "5", "send_from": "8"})
    assert (report.send_to, report.send_to_group, report.send_from) == (("1",), ("3",), "9")


def test_the_query_speaks_where_the_body_says_nothing() -> None:
    report = parse({"content": "x", "send_to": ""}, {"send_to": "4", "send_to_group": "5,6"})
    assert (report.send_to, report.send_to_group) == (("4",), ("5", "6"))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0, Result.SUCCESS), (1, Result.FAIL), (2, Result.PARTIAL), ("Success", Result.SUCCESS),
        ("fail", Result.FAIL), ("PartialSuccess", Result.PARTIAL), (2.0, Result.PARTIAL),
        ("自定", "自定"), (7, "7"), (None, None), ("", None),
        ("error", Result.FAIL), ("成功", Result.SUCCESS), ("失败", Result.FAIL),
        ("ok", Result.SUCCESS), (" Warning ", Result.PARTIAL), (True, Result.SUCCESS),
        (False, Result.FAIL), ("partial_success", Result.PARTIAL), ("firing", Result.FAIL),
        ("resolved", Result.SUCCESS), ("⚠️", Result.PARTIAL), ("timed out", Result.FAIL),
        ("skipped", "skipped"), ("Info", "Info"),
    ],
)  # fmt: skip
def test_results_by_number_and_name(value: object, expected: object) -> None:
    assert parse({"content": "x", "result": value}).result == expected


@pytest.mark.parametrize("name", ["text", "desp", "body", "msg"])
def test_what_other_tools_call_the_words_is_understood(name: str) -> None:
    assert parse({name: "备份完成"}).body == "备份完成"
    assert parse({"title": "备份", name: " 完成 ", "content": ""}).body == "完成"
    assert parse({name: 42}).body == "42"
    for better in ("content", "message"):
        assert parse({name: "x", better: "备份完成"}).body == "备份完成"


def test_the_text_of_some_tools_is_what_the_rest_is_about() -> None:
    report = parse({"text": "备份完成", "desp": "共 3 个文件", "type": "markdown"})
    assert (report.heading, report.body) == ("", "备份完成\n共 3 个文件")


@pytest.mark.parametrize("value", [{"content": "x"}, ["x"], True, None, 10**400, float("nan")])
@pytest.mark.parametrize("name", ["text", "desp", "body", "msg"])
def test_what_is_something_else_there_costs_nothing(name: str, value: object) -> None:
    assert parse({"title": "备份", name: value}).body == ""


def test_an_image_is_a_screenshot_where_there_is_none() -> None:
    encoded, other = (base64.b64encode(one).decode() for one in (PICTURE, jpeg(8, 8)))
    for one in (encoded, f"data:image/jpeg;base64,{encoded}"):
        image = parse({"image": one, "screenshot": ""}).image
        assert image is not None
        assert image.data == PICTURE
    better = parse({"image": other, "screenshot": encoded}).image
    assert better is not None
    assert better.data == PICTURE


def test_an_address_of_a_screenshot_is_told_and_never_costs_the_text() -> None:
    report = parse({"text": "正文", "screenshot": "https://example.com/a.png"})
    assert (report.body, report.image) == ("正文", None)
    assert "网址" in report.image_fault


@pytest.mark.parametrize("value", ["https://example.com/a.png", "!", "a.png", {"data": "x"}])
def test_an_image_that_is_no_picture_is_not_told(value: object) -> None:
    report = parse({"text": "正文", "image": value})
    assert (report.body, report.image, report.image_fault) == ("正文", None, "")


@pytest.mark.parametrize(
    "names", [("screenshot",), ("screenshots",), ("image",), ("images",), ("screenshot", "images")]
)
def test_several_pictures_are_all_taken_in_their_order_and_each_once(
    names: tuple[str, ...],
) -> None:
    pictures = [jpeg(8, 8 + number) for number in range(3)]
    encoded = [base64.b64encode(one).decode() for one in pictures]
    report = parse({"content": "x", **{name: [*encoded, encoded[0], "", None] for name in names}})
    assert [one.data for one in report.images] == pictures
    assert report.image is report.images[0]
    assert report.image_fault == ""


def test_one_picture_and_others_beside_it_are_taken_together() -> None:
    first, *others = [jpeg(8, 8 + number) for number in range(3)]
    report = parse(
        {
            "screenshot": base64.b64encode(first).decode(),
            "screenshots": others,  # bytes, as a form or Python has them
        }
    )
    assert [one.data for one in report.images] == [first, *others]


def test_of_several_pictures_the_unusable_ones_cost_no_other() -> None:
    report = parse({"screenshots": [base64.b64encode(PICTURE).decode(), "%%%", {"base64": ""}]})
    assert [one.data for one in report.images] == [PICTURE]
    assert report.image_fault == "不是 base64 字符串（3 张里有 2 张）"


def test_more_pictures_than_a_report_may_have_are_left_out_and_that_is_told() -> None:
    several = [jpeg(8, 8 + number) for number in range(MAX_PICTURES + 2)]
    report = parse({"screenshots": several})
    assert [one.data for one in report.images] == several[:MAX_PICTURES]
    assert report.cut == ("截图太多，只留了前 20 张，少了 2 张",)


@pytest.mark.parametrize("value", [{"url": "x"}, [{"url": "x"}, 7], True, 7])
def test_an_image_that_is_something_else_is_passed_over(value: object) -> None:
    report = parse({"text": "正文", "image": value})
    assert (report.body, report.image, report.image_fault) == ("正文", None, "")


@pytest.mark.parametrize("body", [b"", b"{", b"[1]", b'"x"', b"\xff\xfe\xff", b'{"a": NaN}',
                                  b"[" * 100_000, b'{"a": ' + b"9" * 5000 + b"}"])  # fmt: skip
def test_a_body_that_is_no_json_object_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidReport, match="^body："):
        decode(body)


def test_an_empty_report_is_refused_with_the_mend() -> None:
    with pytest.raises(InvalidReport, match="content"):
        parse({"send_to": 1, "content": " \n"})


def test_control_characters_go_and_text_stays() -> None:
    report = parse({"content": "a\x1b[31mred\x00\r\nb\rc\td\x9b", "title": "\ud800x😀"})
    assert report.content == "a[31mred\nb\nc\td"
    assert report.title == "\ufffdx😀"


def test_a_chinese_windows_command_line_is_readable() -> None:
    assert decode_text("备份完成".encode("gb18030")) == {"content": "备份完成"}
    assert decode_text("备份完成".encode()) == {"content": "备份完成"}


@given(st.text(alphabet=st.characters(codec=None)))  # pyright: ignore[reportArgumentType] - any code point, surrogates too
def test_clean_text_fits_every_store(text: str) -> None:
    cleaned = clean(text)
    cleaned.encode("utf-8")
    assert "\0" not in cleaned
    assert "\x1b" not in cleaned
    assert clean(cleaned) == cleaned


@given(st.dictionaries(st.sampled_from(FIELDS), JSON))
def test_any_fields_give_a_report_or_name_what_is_wrong(fields: dict[str, Any]) -> None:
    try:
        report = parse(fields)
    except InvalidReport as error:
        assert error.field in FIELDS
    else:
        assert report.heading or report.body or report.image or report.image_fault
        json.loads(report.data)


@given(st.binary(max_size=200))
def test_any_bytes_are_an_object_or_refused(body: bytes) -> None:
    try:
        assert isinstance(decode(body), dict)
    except InvalidReport as error:
        assert error.field == "body"


def test_whatever_a_sender_says_counts_for_its_hash_but_its_id_and_its_time() -> None:
    plain = {"content": "x"}
    other_fields = (
        {"title": "y"}, {"content": "y"}, {"message": "y"}, {"event": "y"}, {"result": 0},
        {"result": "y"}, {"data": [1]}, {"screenshot": PICTURE},
        {"screenshots": [PICTURE, jpeg(9, 9)]}, {"screenshot": jpeg(9, 9)}, {"send_to": 10001},
        {"send_to_group": 10001}, {"send_from": 10001}, {"channel": "10001"},
    )  # fmt: skip
    hashes = {hash_words(parse(plain | fields)) for fields in ({}, *other_fields)}
    assert len(hashes) == 1 + len(other_fields)
    later = plain | {"id": "1", "timestamp": "2026-11-30 12:00:00"}
    assert hash_words(parse(later)) == hash_words(parse(plain))
