"""Many reports in one message."""

from nonebot_plugin_report.delivery import Message
from nonebot_plugin_report.digest import FULL, KINDS, pictured, summarize
from nonebot_plugin_report.report import Report, Result


def told(text: str, event: str = "", result: Result | None = None, title: str = "") -> Message:
    return Message(text, None, Report(title=title, content=text, event=event, result=result))


def test_counts_by_event_and_result_the_most_frequent_first() -> None:
    messages = [
        told("a", "task.error", Result.FAIL),
        *[told("b", "domain.end", Result.SUCCESS)] * 3,
        told("c", "domain.end", Result.FAIL),
        told("d", title="备份"),
    ]
    assert summarize(messages).text.splitlines()[:4] == [
        "📋 6 条推送的摘要", "自动秘境结束 × 4（✅3 ❌1）", "任务错误 × 1（❌1）", "备份 × 1",
    ]  # fmt: skip


def test_what_has_no_name_is_told_by_its_first_words() -> None:
    text = summarize([told("磁盘快满了\n还剩 3%"), told("磁盘快满了\n还剩 2%"), told("")]).text
    assert text.splitlines()[1:] == ["磁盘快满了 × 2", "[截图] × 1"]


def test_failures_are_there_in_full_up_to_a_number_and_the_rest_is_counted() -> None:
    failures = [told(f"第 {n} 次\n卡住了", "task.error", Result.FAIL) for n in range(FULL + 2)]
    text = summarize([*failures, told("好", "domain.end", Result.SUCCESS)]).text
    assert all(f"第 {n} 次\n卡住了" in text for n in range(FULL))
    assert text.endswith("……还有 2 条失败")
    assert "\n好" not in text
    assert "还有" not in summarize(failures[:FULL]).text


def test_many_kinds_do_not_make_it_endless_and_add_up() -> None:
    text = summarize([told(str(n)) for n in range(KINDS + 5)]).text
    assert text.endswith("\n其他 × 5")
    assert len(text.splitlines()) == KINDS + 2


def test_three_pictures_the_failures_first() -> None:
    plain, failure = told("a", "domain.end"), told("b", "task.error", Result.FAIL)
    messages = [(plain, True), (failure, False), (plain, True), (failure, True), (plain, True)]
    assert pictured(messages) == (3, 0, 2)
