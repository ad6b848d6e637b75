"""What is too long, too large or of another kind is cut and says so, or is named and refused."""

import base64
import json

import pytest

from nonebot_plugin_report.errors import InvalidReport
from nonebot_plugin_report.model.numbers import MAX_ID_LENGTH
from nonebot_plugin_report.model.report import Result
from nonebot_plugin_report.sources.bodies.decode import MAX_WIDE, decode
from nonebot_plugin_report.sources.parse import MAX_DATA, MAX_LENGTHS, MAX_TARGETS, parse
from tests.dialects import jpeg

ENDLESS = 10**5000
"""More digits than Python writes out."""


def refused(field: str, value: object) -> str:
    """Why a report with this is refused; the field is named."""
    with pytest.raises(InvalidReport) as error:
        parse({"content": "x"} | {field: value})
    assert error.value.field == field
    return str(error.value)


@pytest.mark.parametrize("field", ["title", "content", "message", "event"])
def test_a_text_is_cut_where_it_is_too_long_and_says_so(field: str) -> None:
    most = MAX_LENGTHS[field]
    exact = parse({field: "字" * most})
    assert (getattr(exact, field), exact.cut) == ("字" * most, ())
    longer = parse({field: "字" * (most + 1)})
    assert getattr(longer, field) == "字" * most
    assert longer.cut == (f"{field} 过长，已截到 {most} 字",)


@pytest.mark.parametrize("field", ["content", "id", "send_to"])
def test_a_number_without_end_is_refused(field: str) -> None:
    assert "过长" in refused(field, ENDLESS)


@pytest.mark.parametrize("field", ["title", "content", "event", "result", "timestamp", "id"])
@pytest.mark.parametrize("value", [True, {}, [], {"a": 1}, object()])
def test_what_is_neither_text_nor_number_is_refused(field: str, value: object) -> None:
    if value is True and field == "result":
        return  # a yes or no is a result to some tools
    refused(field, value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0.0, Result.SUCCESS), (1.0, Result.FAIL), (1.5, "1.5"), (7.0, "7")],
)
def test_a_number_is_a_result_however_it_is_written(value: float, expected: object) -> None:
    assert parse({"content": "x", "result": value}).result == expected


@pytest.mark.parametrize("value", ["soon", 1e300, "2026-13-45", float("inf")])
def test_a_time_that_is_none_is_shown_as_it_is(value: object) -> None:
    assert parse({"content": "x", "timestamp": value}).timestamp == str(value)


def test_seconds_and_milliseconds_are_told_apart() -> None:
    seconds = parse({"content": "x", "timestamp": 1_790_000_000}).timestamp
    assert seconds == parse({"content": "x", "timestamp": 1_790_000_000_000}).timestamp
    assert seconds != parse({"content": "x", "timestamp": 1_790_000_001}).timestamp


@pytest.mark.parametrize(
    "value",
    [True, {}, {"a": 1}, [[1]], [{"id": 1}], [False], 1.5, [1e300],
     "1" * (MAX_TARGETS * MAX_ID_LENGTH + 1), "1," * MAX_TARGETS + "2",
     [1] * (MAX_TARGETS + 1), ["1,2"] * MAX_TARGETS],
)  # fmt: skip
def test_receivers_that_are_none_or_too_many_are_refused(value: object) -> None:
    refused("send_to", value)


def test_as_many_receivers_as_there_may_be_are_taken() -> None:
    users = [str(10001 + number) for number in range(MAX_TARGETS)]
    assert parse({"content": "x", "send_to": users}).send_to == tuple(users)
    assert parse({"content": "x", "send_to": ",".join(users)}).send_to == tuple(users)


def test_an_id_may_be_so_long() -> None:
    assert parse({"content": "x", "id": "a" * MAX_ID_LENGTH}).key == "a" * MAX_ID_LENGTH
    assert str(MAX_ID_LENGTH) in refused("id", "a" * (MAX_ID_LENGTH + 1))


LARGE: dict[str, object] = {
    "text": "x" * (MAX_DATA + 1),
    "many": ["x"] * MAX_DATA,
    "a long name": {"x" * MAX_DATA: 1},
    "a number": [10**300_000],
    "what JSON writes longer": ["字\\" * (MAX_DATA // 2 - 9)],
}


@pytest.mark.parametrize("data", LARGE)
def test_data_that_is_too_large_is_left_out_and_says_so(data: str) -> None:
    report = parse({"content": "x", "data": LARGE[data]})
    assert (report.data, report.cut) == ("null", ("data 过大，没有保留",))


def test_data_that_is_small_enough_is_kept() -> None:
    data = {"a": [1, 2.5, None, True, {"b": "字"}]}
    assert json.loads(parse({"content": "x", "data": data}).data) == data


@pytest.mark.parametrize(
    "data", [float("inf"), [float("nan")], pytest.param(ENDLESS, id="endless")]
)
def test_data_that_is_no_json_is_refused(data: object) -> None:
    refused("data", data)


def test_a_picture_as_mime_folds_it_is_read() -> None:
    folded = base64.encodebytes(jpeg()).decode()
    assert "\n" in folded.strip()
    image = parse({"screenshot": folded.replace("\n", "\r\n")}).image
    assert image is not None
    assert image.data == jpeg()


# ── JSON ──────────────────────────────────────────────────────────────────────────────────────────


def test_json_that_is_nested_without_end_is_refused() -> None:
    with pytest.raises(InvalidReport, match="嵌套层数过多|不是合法的 JSON"):
        decode(b'{"a":' + b"[" * 19_000 + b"]" * 19_000 + b"}")


def test_half_a_character_is_read_in_a_short_body_and_costs_no_memory_in_a_long_one() -> None:
    half = '{"content": "\\ud83d %s"}'
    assert decode((half % "字").encode()) == {"content": "\ufffd 字"}
    with pytest.raises(InvalidReport, match="^body："):
        decode((half % ("字" * MAX_WIDE)).encode())


def test_a_number_beyond_64_bits_keeps_its_digits_also_in_a_body_with_a_picture() -> None:
    fields = {"send_to": 2**64 + 1, "screenshot": "A" * 5_000_000}
    assert decode(json.dumps(fields).encode()) == fields


@pytest.mark.parametrize("value", ["a b", "x" * 65, "a\x00b c", "9" * 20])
def test_a_bot_that_there_cannot_be_is_refused(value: str) -> None:
    refused("send_from", value)
