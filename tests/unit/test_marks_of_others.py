"""Whose words lose their marks: any tool's, but not those of who writes for us."""

import pytest

from nonebot_plugin_report.model.report import Report
from nonebot_plugin_report.sources.reader import Context, read
from nonebot_plugin_report.sources.wording import cut

MARKED = "**完成** [日志](https://a.example)"
PLAIN = "完成 日志：https://a.example"


def report_of(**fields: object) -> Report:
    return read(fields, Context({}, {}, {}), {}).report


@pytest.mark.parametrize("name", ["content", "message", "text", "body", "desp", "msg"])
def test_a_tools_words_lose_clear_marks(name: str) -> None:
    assert report_of(**{"title": "备份", name: MARKED}).body == PLAIN


def test_words_under_any_name_lose_them_too() -> None:
    assert report_of(subject="备份", description=MARKED, host="nas").body.startswith(PLAIN)
    assert report_of(subject="备份", html="<p>一</p>二 &lt; 三").body == "一\n二 < 三"
    assert report_of(subject="备份", markdown="_一_").body == "一"


@pytest.mark.parametrize("named", [{"event": "domain.end"}, {"result": 0}])
def test_who_names_an_event_or_a_result_keeps_them(named: dict[str, object]) -> None:
    assert report_of(message=MARKED, **named).body == MARKED


def test_words_without_marks_stay() -> None:
    words = "任务 *2 #1 <未知> a_b_c\n  固源岩: 3"
    assert report_of(title="x", content=words).body == words


def test_a_trace_under_a_name_of_the_tools_own_is_the_exceptions_words() -> None:
    trace = 'Traceback (most recent call last):\n  File "a.py", line 1\n    run()\nValueError: 坏了'
    assert report_of(subject="爬虫", error=trace).body == "error：ValueError: 坏了"


def test_a_description_on_a_forge_loses_them() -> None:
    assert cut(f"## 说明\n{MARKED}") == f"说明\n{PLAIN}"
    assert cut("fix #1: a_b * c") == "fix #1: a_b * c"
