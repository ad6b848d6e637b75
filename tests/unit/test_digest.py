"""Many reports in one message."""

from nonebot_plugin_report.model.message import Message
from nonebot_plugin_report.model.report import Report, Result
from nonebot_plugin_report.outbox.digest import (
    FULL,
    FULL_LENGTH,
    KINDS,
    Gist,
    gist,
    pictured,
    summarize,
)


def told(
    text: str,
    event: str = "",
    result: Result | None = None,
    title: str = "",
    *,
    has_image: bool = False,
) -> Gist:
    report = Report(title=title, content=text, event=event, result=result)
    return gist(Message(text, None, report), has_image=has_image)


def digest(gists: list[Gist]) -> str:
    return summarize(gists, []).text


def test_counts_by_event_and_result_the_most_frequent_first() -> None:
    messages = [
        told("a", "task.error", Result.FAIL),
        *[told("b", "domain.end", Result.SUCCESS)] * 3,
        told("c", "domain.end", Result.FAIL),
        told("d", title="备份"),
    ]
    assert digest(messages).splitlines()[:4] == [
        "📋 6 条推送的摘要", "自动秘境结束 × 4（✅3 ❌1）", "任务错误 × 1（❌1）", "备份 × 1",
    ]  # fmt: skip


def test_what_has_no_name_is_told_by_its_first_words() -> None:
    text = digest([told("磁盘快满了\n还剩 3%"), told("磁盘快满了\n还剩 2%"), told("")])
    assert text.splitlines()[1:] == ["磁盘快满了 × 2", "[截图] × 1"]


def test_failures_are_there_in_full_up_to_a_number_and_the_rest_is_counted() -> None:
    failures = [told(f"第 {n} 次\n卡住了", "task.error", Result.FAIL) for n in range(FULL + 2)]
    text = digest([*failures, told("好", "domain.end", Result.SUCCESS)])
    assert all(f"第 {n} 次\n卡住了" in text for n in range(FULL))
    assert text.endswith("……还有 2 条失败")
    assert "\n好" not in text
    assert "还有" not in digest(failures[:FULL])


def test_many_kinds_do_not_make_it_endless_and_add_up() -> None:
    text = digest([told(str(n)) for n in range(KINDS + 5)])
    assert text.endswith("\n其他 × 5")
    assert len(text.splitlines()) == KINDS + 2


def test_a_long_failure_is_cut() -> None:
    text = digest([told("x" * 100_000, "task.error", Result.FAIL)])
    assert len(text) < FULL_LENGTH + 100
    assert text.endswith("x…")


def test_three_pictures_the_failures_first() -> None:
    plain = told("a", "domain.end", has_image=True)
    bare = told("b", "task.error", Result.FAIL)
    failure = told("b", "task.error", Result.FAIL, has_image=True)
    assert pictured([plain, bare, plain, failure, plain]) == (3, 0, 2)
