"""Templates that a body's fields fill, and the texts that are cut for them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nonebot_plugin_report.sources.wording import (
    MAX_BODY,
    MAX_BODY_LINES,
    MAX_COMMITS,
    MAX_READ,
    MAX_SECONDS,
    cut,
    epoch,
    file_size,
    fill,
    list_commits,
    seconds,
)


def test_a_part_whose_field_is_empty_is_left_out() -> None:
    template = "给{it}加上标签[ {label.name}][（{who}）]"
    assert fill(template, {"it": "PR #2", "label": {"name": "bug"}}) == "给 PR #2 加上标签 bug"
    assert fill(template, {"it": "讨论", "label": None, "who": "我"}) == "给讨论加上标签（我）"


def test_the_texts_of_a_list_are_joined_and_the_rest_of_many_is_told() -> None:
    rows = [{"name": name} for name in "甲乙丙丁戊己"]
    assert fill("{rows.*.name}", {"rows": rows[:2]}) == "甲、乙"
    assert fill("{rows.*.name}", {"rows": rows}) == "甲、乙、丙、丁、戊等"
    assert fill("[{rows.*.name}]", {"rows": "甲"}) == ""


@given(st.text())
def test_what_stands_in_a_field_is_no_template(value: str) -> None:
    assert fill("{a}", {"a": f"{value}{{b}}[c]", "b": "!"}).endswith("{b}[c]")


def test_a_long_text_keeps_its_beginning_and_tells_that_there_is_more() -> None:
    assert cut("一\n\n二") == "一\n二"
    assert cut("行\n" * 99_999) == "\n".join(["行"] * MAX_BODY_LINES) + "\n…"
    assert cut("字" * (MAX_BODY + 1)) == "字" * MAX_BODY + "…"
    assert cut("\n" * MAX_READ + "字") == "\n…"


def test_a_few_of_many_commits_are_listed() -> None:
    commits = [{"id": "1" * 40, "message": f"第 {n} 个\n详情"} for n in range(MAX_COMMITS + 5)]
    lines = list_commits(commits, 99).splitlines()
    assert lines[0] == "1111111 第 0 个"
    assert lines[MAX_COMMITS:] == [f"还有 {99 - MAX_COMMITS} 个提交"]
    assert list_commits([], 3) == ""


@pytest.mark.parametrize(
    ("value", "duration"),
    [(63, 63.0), ("312", 312.0), (0.5, 0.5), ("", None), (-1, None), ("x", None), (None, None),
     (MAX_SECONDS, MAX_SECONDS), (MAX_SECONDS + 1, None)],
)  # fmt: skip
def test_a_duration_is_a_number_or_its_digits(value: object, duration: float | None) -> None:
    assert seconds(value) == duration


@pytest.mark.parametrize(
    ("value", "size"),
    [(900, "900 B"), ("2048", "2 KB"), (1452345678, "1.35 GB"), (5 * 2**40, "5 TB"), (0, ""),
     (-1, ""), ("x", ""), (10**20, "")],
)  # fmt: skip
def test_a_number_of_bytes_is_written_for_people(value: object, size: str) -> None:
    assert file_size(value) == size


def test_a_unix_time_may_be_in_milliseconds() -> None:
    assert epoch(1796043756) == epoch("1796043756000") == "2026-11-30T13:02:36+00:00"
    assert epoch("soon") is epoch(None) is None
