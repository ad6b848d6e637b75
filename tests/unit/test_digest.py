"""Many reports in one message."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nonebot_plugin_report.model.message import Message
from nonebot_plugin_report.model.report import Report, Result
from nonebot_plugin_report.model.scheduling import MOST
from nonebot_plugin_report.outbox.digest import (
    FULL_LENGTH,
    KINDS,
    REST,
    Gist,
    gist,
    pictured,
    summarize,
)
from nonebot_plugin_report.senders.qq.message import MAX_TEXT


def told(
    text: str,
    event: str = "",
    result: Result | None = None,
    title: str = "",
    *,
    has_image: bool = False,
) -> Gist:
    report = Report(title=title, content=text, event=event, result=result)
    return gist(Message(text, (), report), has_image=has_image)


def digest(gists: list[Gist]) -> str:
    return summarize(gists, []).text


def test_counts_by_event_and_result_the_most_frequent_first() -> None:
    messages = [
        told("a", "task.error", Result.FAIL),
        *[told("b", "domain.end", Result.SUCCESS)] * 3,
        told("c", "domain.end", Result.FAIL),
        told("备份：d", title="备份"),
    ]
    assert digest(messages).splitlines()[:4] == [
        "📋 6 条推送的摘要", "自动秘境结束 × 4（✅3 ❌1）", "任务错误 × 1（❌1）", "备份：d × 1",
    ]  # fmt: skip


def test_what_has_no_event_is_told_in_its_words() -> None:
    full = [told(f"磁盘快满了\n还剩 {left}%") for left in (3, 2, 3)]
    backup = told("备份完成：3 个文件", title="备份", result=Result.SUCCESS)
    text = digest([*full, backup, told("")])
    assert text.splitlines()[1:] == [
        "磁盘快满了 还剩 3% × 2", "磁盘快满了 还剩 2% × 1", "备份完成：3 个文件 × 1（✅1）",
        "[截图] × 1",
    ]  # fmt: skip


def test_words_that_do_not_fit_in_a_line_are_cut_and_it_says_where_the_rest_is() -> None:
    text = digest([told("长" * 500), told("短")])
    _, long, short, rest = text.splitlines()
    assert long.startswith("长长长")
    assert long.endswith("… × 1")
    assert len(long) < 100
    assert (short, rest) == ("短 × 1", REST)


def test_what_a_template_leaves_out_stays_out() -> None:
    report = Report(title="备份", content="密码是 1234", result=Result.SUCCESS)
    assert digest([gist(Message("✅ 备份", (), report), has_image=False)]).endswith(
        "备份 × 1（✅1）"
    )


@pytest.mark.parametrize("event", ["task.error", ""])
def test_sixty_different_failures_are_each_told_once(event: str) -> None:
    failures = [told(f"❌ 第 {n} 关过不去\n卡住了", event, Result.FAIL) for n in range(60)]
    text = digest([*failures, told("好", "domain.end", Result.SUCCESS)])
    for n in range(60):
        assert text.count(f"第 {n} 关过不去\n卡住了") == 1
    assert "× 60（❌60）" in text
    assert "\n好" not in text
    assert REST not in text


def test_the_same_failure_is_told_once_whenever_it_came() -> None:
    def failed(at: str) -> Gist:
        report = Report(event="task.error", result=Result.FAIL, message="卡住了", timestamp=at)
        return gist(Message(f"❌ 任务错误\n卡住了\n{at}", (), report), has_image=False)

    other = told("没电了", "task.error", Result.FAIL)
    text = digest([failed("12:01"), other, failed("12:02"), failed("12:03")])
    assert text.endswith("失败的：\n❌ 任务错误\n卡住了\n12:01（共 3 次）\n没电了")


def test_failures_beyond_what_a_message_takes_are_counted() -> None:
    failures = [told(f"第 {n} 关" + "过不去" * 300, "e", Result.FAIL) for n in range(MOST)]
    text = digest(failures)
    assert len(text) <= MAX_TEXT
    told_of = len(re.findall("^第 [0-9]+ 关", text, re.M))
    assert told_of >= 60
    assert text.endswith(f"\n……还有 {MOST - told_of} 条失败\n{REST}")


def test_what_short_failures_leave_the_long_ones_get() -> None:
    short = [told(f"第 {n} 关", "e", Result.FAIL) for n in range(50)]
    text = digest([*short, told("长" * 900, "e", Result.FAIL)])
    assert "长" * 900 in text


def test_the_words_of_a_digest_do_not_say_its_title_again() -> None:
    message = summarize([told("一"), told("二")], [])
    assert message.title == "📋 2 条推送的摘要"
    assert message.body == message.report.content == "一 × 1\n二 × 1"


@given(
    st.lists(
        st.builds(
            told,
            st.text(max_size=2000),
            st.sampled_from(["", "task.error", "x" * 128]),
            st.sampled_from([None, *Result]),
            st.text(max_size=512),
        ),
        min_size=1,
        max_size=MOST,
    )
)
def test_whatever_it_is_of_it_fits_into_a_message(gists: list[Gist]) -> None:
    assert len(digest(gists)) <= MAX_TEXT


def test_many_kinds_do_not_make_it_endless_and_add_up() -> None:
    text = digest([told(str(n)) for n in range(KINDS + 5)])
    assert text.endswith(f"\n其他 × 5\n{REST}")
    assert len(text.splitlines()) == KINDS + 3


def test_a_long_failure_is_cut() -> None:
    text = digest([told("x" * 100_000, "task.error", Result.FAIL)])
    assert len(text) < FULL_LENGTH + 100
    assert text.endswith(f"x…\n{REST}")


def test_three_pictures_the_failures_first() -> None:
    plain = told("a", "domain.end", has_image=True)
    bare = told("b", "task.error", Result.FAIL)
    failure = told("b", "task.error", Result.FAIL, has_image=True)
    assert pictured([plain, bare, plain, failure, plain]) == (3, 0, 2)
