"""The history as a table that any spreadsheet opens, and the names of exported files."""

import csv
import io
import re
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from ...model.report import Report, Result
from ...model.text import one_line
from .views import Json

COLUMNS: Final = (
    "时间", "结果", "标题", "正文", "事件", "令牌", "接收者", "图片", "ID", "备注",
)  # fmt: skip
MAX_NAME: Final = 40
"""Characters of a title in a file's name."""
# OWASP, "CSV Injection". Spreadsheets take full-width signs for the ASCII ones, and some skip
# invisible characters before them.
_FORMULA: Final = re.compile(r"[\s\u200b-\u200f\u2060\ufeff]*[=+\-@\t\r＝＋－＠﹢﹣−]")
_RESULTS: Final = {Result.SUCCESS: "成功", Result.FAIL: "失败", Result.PARTIAL: "部分成功"}
_UNSAFE: Final = re.compile(r'[\\/:*?"<>|\s\x00-\x1f\x7f\u202a-\u202e\u2066-\u2069]+')
"""Characters that Windows forbids in file names, or that reorder a name on the screen."""


def write_rows(rows: Iterable[Iterable[str]]) -> bytes:
    """Write rows as CSV. All cells stand in quotes, as some spreadsheets split at semicolons."""
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL)
    writer.writerows([_literal(cell) for cell in row] for row in rows)
    return text.getvalue().encode()


def head() -> bytes:
    """Write the first row, after a byte order mark: without it, Excel assumes the system's old
    encoding."""
    return "\ufeff".encode() + write_rows([COLUMNS])


def note_row(note: str) -> bytes:
    """Write a row that holds only a note."""
    return write_rows([("",) * (len(COLUMNS) - 1) + (note,)])


def result_name(report: Report | None) -> str:
    """Name a result: in Chinese, or by the tool's own word."""
    if report is None:
        return ""
    if isinstance(report.result, Result):
        return _RESULTS[report.result]
    return report.result or ""


def report_row(listed: Json, report: Report | None, title: str, text: str) -> tuple[str, ...]:
    """Make a report's row: the fields of the list, with the whole title and text."""
    deliveries = "\n".join(f"{each['target']} {each['line']}" for each in listed["deliveries"])
    return (
        f"{_local(listed['at']):%Y-%m-%d %H:%M:%S}", result_name(report), title, text,
        listed["label"], listed["source"], deliveries, str(listed["pictures"]), listed["id"],
        listed["note"],
    )  # fmt: skip


def picture_name(at: float, title: str, report_id: str, number: int) -> str:
    """Name a picture's file, without its extension: time, title, and the id in the table."""
    named = _UNSAFE.sub(" ", one_line(title, MAX_NAME)).strip(" .")
    moment = f"{_local(at):%Y-%m-%d %H.%M.%S}"
    return f"图片/{' '.join(filter(None, (moment, named, report_id)))}-{number}"


def _local(at: float) -> datetime:
    return datetime.fromtimestamp(at).astimezone()


def _literal(cell: str) -> str:
    """Quote a cell that a spreadsheet would run as a formula."""
    return f"'{cell}" if _FORMULA.match(cell) else cell
