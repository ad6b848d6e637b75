"""Rules that say what a report counts as."""

import pytest
from pydantic import ValidationError

from nonebot_plugin_report.model.report import Report, Result
from nonebot_plugin_report.routing.recast import MAX_EVENT, Recast, recast
from nonebot_plugin_report.routing.rules import Rule

FAILS = {"match": "翻车", "as": {"result": "Fail", "event": "maa.error"}}


def recasting(report: Report, *rules: dict[str, object]) -> Recast:
    return recast(report, [Rule.model_validate(one) for one in rules], "master", 0.0)


def test_a_changed_text_counts_as_the_rule_says() -> None:
    report = recasting(Report(title="任务翻车了"), FAILS).report
    assert (report.result, report.event, report.title) == (Result.FAIL, "maa.error", "任务翻车了")
    assert recasting(Report(title="任务完成"), FAILS) == Recast(Report(title="任务完成"))


def test_what_a_rule_does_not_write_stays() -> None:
    report = Report(content="翻车", event="domain.end", result=Result.SUCCESS)
    only_result = recasting(report, {"as": {"result": 2}}).report
    assert (only_result.result, only_result.event) == (Result.PARTIAL, "domain.end")
    only_event = recasting(report, {"as": {"event": "x.end"}}).report
    assert (only_event.result, only_event.event) == (Result.SUCCESS, "x.end")


def test_a_message_without_a_title_is_not_shown_below_the_events_name() -> None:
    report = recasting(Report(content="翻车了\n第二行"), FAILS).report
    assert (report.heading, report.body) == ("翻车了", "翻车了\n第二行")


def test_each_rule_sees_what_the_one_before_made_of_it() -> None:
    rules = ({"event": "b", "as": {"event": "c"}}, {"event": "a", "as": {"event": "b"}},
             {"event": "b", "as": {"result": "Success"}})  # fmt: skip
    recast_report = recasting(Report(event="a"), *rules)
    assert (recast_report.report.event, recast_report.report.result) == ("b", Result.SUCCESS)
    assert [(number, str(counts)) for number, counts in recast_report.applied] == [
        (2, "事件 b"), (3, "✅ Success"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "fault"),
    [
        ({"as": {}}, "要写 result 或 event"),
        ({"as": {"result": "坏了"}}, "应为 Success、Fail、PartialSuccess 或 0、1、2"),
        ({"as": {"event": ""}}, "应为事件名"),
        ({"as": {"event": "a\nb"}}, "应为事件名"),
        ({"as": {"event": 7}}, "应为事件名"),
        ({"as": {"event": "x" * (MAX_EVENT + 1)}}, f"最多 {MAX_EVENT} 字"),
        ({"as": {"event": "x"}, "to": "superusers"}, "as 只能和条件写在一起"),
        ({"as": {"event": "x"}, "urgent": True}, "as 只能和条件写在一起"),
    ],
)
def test_a_wrong_rule_is_told(rule: dict[str, object], fault: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Rule.model_validate(rule)
    assert fault in str(caught.value)


def test_a_rule_can_be_written_out_again() -> None:
    written = Rule.model_validate(FAILS).model_dump(
        mode="json", exclude_defaults=True, by_alias=True
    )
    assert written == FAILS
