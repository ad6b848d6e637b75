"""A report's words."""

from dataclasses import replace
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nonebot_plugin_report.errors import ConfigError
from nonebot_plugin_report.model.report import Report, Result
from nonebot_plugin_report.routing.template import DEFAULT_TEMPLATE, PLACEHOLDERS, compile_template

WHEN = datetime(2026, 11, 23, 21, 44, 0).astimezone()
OLD = "{title}\n{content}\nEvent: {event}\nResult: {result}\nScreenshot: {screenshot}"


def test_the_default_shows_icon_label_message_and_local_time() -> None:
    report = Report(event="task.error", result=Result.FAIL, message="卡住了", timestamp=WHEN)
    assert DEFAULT_TEMPLATE.render(report) == "❌ 任务错误\n卡住了\n2026-11-23 21:44:00"


def test_a_title_stands_for_the_event_and_both_texts_are_kept() -> None:
    report = Report(title="备份", event="x.y", message="甲", content="乙")
    assert DEFAULT_TEMPLATE.render(report) == "备份\n甲\n乙"


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        ("自动秘境结束", "✅ 自动秘境结束"),
        ("自动秘境结束\n共 5 次", "✅ 自动秘境结束\n共 5 次"),
        ("自动秘境结束：共 5 次", "✅ 自动秘境结束：共 5 次"),
        ("共 5 次", "✅ 自动秘境结束\n共 5 次"),
    ],
)
@pytest.mark.parametrize(
    "template", ["{icon} {heading}\n{body}", "{icon} {event_label}\n{message}\n{result}{elapsed}"]
)
def test_what_the_words_say_too_is_said_once(template: str, body: str, shown: str) -> None:
    report = Report(event="domain.end", result=Result.SUCCESS, message=body)
    assert compile_template(template).render(report).removesuffix("\n成功") == shown


def test_where_there_is_no_heading_the_icon_stands_beside_the_words() -> None:
    report = Report(result=Result.FAIL, content="卡住了\n第 9 关", timestamp=WHEN)
    assert DEFAULT_TEMPLATE.render(report) == "❌ 卡住了\n第 9 关\n2026-11-23 21:44:00"


def test_a_longer_word_is_not_taken_for_the_heading() -> None:
    report = Report(title="A", content="All done")
    assert DEFAULT_TEMPLATE.render(report) == "A\nAll done"
    assert DEFAULT_TEMPLATE.render(replace(report, title="Back")) == "Back\nAll done"
    assert DEFAULT_TEMPLATE.render(replace(report, title="All")) == "All done"


def test_words_of_a_template_around_a_heading_stay() -> None:
    report = Report(title="备份", content="备份")
    assert compile_template("【{heading}】\n{body}").render(report) == "【备份】\n备份"


def test_message_and_content_that_begin_alike_are_said_once() -> None:
    for message, content in (("完成", "完成：5 次"), ("完成：5 次", "完成"), ("", "完成：5 次")):
        assert DEFAULT_TEMPLATE.render(Report(message=message, content=content)) == "完成：5 次"


def test_a_result_of_the_senders_own_is_shown_as_its_word() -> None:
    report = Report(title="备份", result="skipped", content="没有变化")
    assert DEFAULT_TEMPLATE.render(report) == "[skipped] 备份\n没有变化"


def test_an_unknown_event_is_shown_by_its_own_name() -> None:
    assert DEFAULT_TEMPLATE.render(Report(event="AutoBoss")) == "AutoBoss"


def test_a_line_whose_placeholders_are_empty_disappears() -> None:
    report = Report(content="完成", event="a.b")
    assert compile_template(OLD).render(report) == "完成\nEvent: a.b"


def test_a_line_without_placeholders_stays() -> None:
    assert compile_template("——\n{title}\n{content}").render(Report(content="x")) == "——\nx"


def test_a_template_that_comes_to_nothing_gives_way() -> None:
    assert compile_template("{title}").render(Report(event="domain.end")) == "自动秘境结束"
    report = Report(message="卡住了", result=Result.FAIL)
    assert compile_template("{icon} {title}").render(report) == "❌ 卡住了"


def test_backslash_n_of_an_unquoted_env_file_is_a_line_end() -> None:
    assert compile_template(r"{title}\n{content}").render(Report(title="a", content="b")) == "a\nb"


@pytest.mark.parametrize(
    "text",
    [
        "{nope}",
        "{0}",
        "{}",
        "{title.__class__}",
        "{title!r}",
        "{title:>10}",
        "{title[0]}",
        "{",
        "}",
    ],
)
def test_anything_but_a_plain_known_name_is_an_error(text: str) -> None:
    with pytest.raises(ConfigError):
        compile_template(text)


@given(st.text(), st.sampled_from(["title", "content", "message", "event"]))
def test_values_are_substituted_and_never_interpreted(value: str, field: str) -> None:
    report = replace(Report(), **{field: value})
    rendered = compile_template(f"<{{{field}}}>").render(report)
    assert rendered == (f"<{value}>".strip() if value else DEFAULT_TEMPLATE.render(Report()))


@pytest.mark.parametrize("hostile", ["[CQ:at,qq=all]", "{report_token}", "{0.__class__}", "<red>"])
def test_hostile_values_come_out_as_they_are(hostile: str) -> None:
    assert DEFAULT_TEMPLATE.render(Report(content=hostile)) == hostile


@given(st.lists(st.sampled_from(PLACEHOLDERS), max_size=6), st.text(max_size=20))
def test_whatever_was_accepted_is_shown(names: list[str], content: str) -> None:
    template = compile_template("\n".join(f"{{{name}}}" for name in names))
    assert template.render(Report(content=content or "x", event="e"))
