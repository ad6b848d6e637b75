"""The history as a table: what is text stays text, and names are names everywhere."""

import csv
from io import StringIO

import pytest

from nonebot_plugin_report.model.report import Report, Result
from nonebot_plugin_report.web.page.spreadsheet import picture_name, result_name, write_rows


def cells(written: bytes) -> list[list[str]]:
    return list(csv.reader(StringIO(written.decode(), newline="")))


@pytest.mark.parametrize(
    "cell",
    ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1+1", "＋1", "－1", "＠SUM(A1)", " =1",
     "\n=1", "\u3000＝1", "\u200b=1", "\ufeff-1", "\xa0@x", "−1", "=1\n=2"],
)  # fmt: skip
def test_no_spreadsheet_calculates_with_a_cell(cell: str) -> None:
    assert cells(write_rows([[cell]])) == [[f"'{cell}"]]


@pytest.mark.parametrize(
    "cell", ["", "1", "a=1", "你好，世界", 'say "x"; =1', "两行\n第二行", "<b>"]
)
def test_what_is_no_formula_is_written_as_it_is(cell: str) -> None:
    written = write_rows([[cell]])
    assert cells(written) == [[cell]]
    assert written.startswith(b'"')


def test_a_result_is_a_word() -> None:
    results = [Result.SUCCESS, Result.FAIL, Result.PARTIAL, "skipped", None]
    names = [result_name(Report(result=result)) for result in results]
    assert names == ["成功", "失败", "部分成功", "skipped", ""]


@pytest.mark.parametrize(
    ("title", "named"),
    [
        ("秘境结束", " 秘境结束 "), ("", " "), ("../../etc/passwd", " etc passwd "),
        ('C:\\x|*?"<>', " C x "), ("a\nb\u202egnp", " a b gnp "), ("...", " "),
        ("长" * 100, f" {'长' * 39}… "),
    ],
)  # fmt: skip
def test_a_picture_is_named_by_time_title_and_id(title: str, named: str) -> None:
    name = picture_name(1_796_000_000.0, title, "0" * 20, 2)
    folder, _, file = name.partition("/")
    assert folder == "图片"
    assert file[10:20].count(".") == 2
    assert file[19:] == f"{named}{'0' * 20}-2"
