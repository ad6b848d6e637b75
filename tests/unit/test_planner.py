"""What each target of a report gets, and when: words, picture, hurry, and what is told of it."""

from datetime import datetime

import pytest
from pydantic import ValidationError

from nonebot_plugin_report.errors import InvalidReport
from nonebot_plugin_report.model.delivery import Handling, Outgoing, Priority
from nonebot_plugin_report.model.grant import MASTER
from nonebot_plugin_report.model.image import Image
from nonebot_plugin_report.model.report import Report, Result
from nonebot_plugin_report.model.scheduling import Policy
from nonebot_plugin_report.model.target import Target
from nonebot_plugin_report.model.timing import DailyWindow
from nonebot_plugin_report.routing.planner import Planner
from nonebot_plugin_report.routing.rules import Directory, Rule
from nonebot_plugin_report.routing.template import DEFAULT_TEMPLATE
from tests.dialects import jpeg

Rules = dict[str, object]
ME = Target("private", "10001")
PHONE = Target("channel", "phone")
MIDNIGHT = datetime.fromisoformat("2026-11-24T00:00:00+08:00").timestamp()
EIGHT = MIDNIGHT + 8 * 3600
QUIET = Policy(quiet=DailyWindow.parse("23:00-08:00 Asia/Shanghai"))
PICTURE = Image(jpeg(), "image/jpeg", 64, 36)


def planner(policy: Policy, rule: Rules | None = None) -> Planner:
    rules = [Rule.model_validate(rule)] if rule else []
    directory = Directory((ME,), frozenset({"phone"}), rules=rules)
    return Planner(directory, DEFAULT_TEMPLATE, lambda _: policy)


def planned(
    report: Report,
    policy: Policy | None = None,
    held_until: float | None = None,
    *,
    rule: Rules | None = None,
) -> Outgoing:
    """What the superuser gets at midnight."""
    made = planner(policy or Policy(), rule)
    (one,) = made.plan(report, MASTER, MIDNIGHT, held_until).outgoing
    return one


def test_it_goes_to_the_superuser_with_its_picture_at_once() -> None:
    one = planned(Report(content="备份好了", images=(PICTURE,)))
    assert (one.target, one.message.text, one.message.image) == (ME, "备份好了", PICTURE)
    assert one.handling == Handling()


def test_what_a_token_sends_beyond_its_rate_is_held_with_the_reason() -> None:
    one = planned(Report(content="x"), held_until=MIDNIGHT + 60)
    assert (one.handling.priority, one.handling.held_until) == (Priority.BULK, MIDNIGHT + 60)
    assert one.handling.reason == "超过令牌 master 的频率限制"


def test_a_fallbacks_time_begins_when_the_target_is_no_longer_left_in_peace() -> None:
    rule: Rules = {"to": "superusers", "fallback": "channel:phone"}
    timed = rule | {"fallback_after": "10m"}
    assert planned(Report(content="x"), rule=timed).handling.fallback_after == 600
    assert (
        planned(Report(content="x"), QUIET, rule=timed).handling.fallback_after
        == EIGHT - MIDNIGHT + 600
    )
    assert (
        planned(Report(content="x"), QUIET, rule=timed | {"urgent": True}).handling.fallback_after
        == 600
    )
    never = planned(Report(content="x"), QUIET, rule=rule)
    assert (never.handling.fallback, never.handling.fallback_after) == ((PHONE,), None)


def test_why_it_would_not_go_out_now() -> None:
    quiet = planner(QUIET)
    (one,) = quiet.plan(Report(content="x"), MASTER, MIDNIGHT).outgoing
    wait = quiet.wait(one, MIDNIGHT)
    assert wait is not None
    assert (wait.until, wait.reason) == (EIGHT, "免打扰时段")
    assert quiet.wait(one, EIGHT) is None


def test_what_was_cut_and_a_picture_of_no_use_are_told_below_the_words() -> None:
    report = Report(content="正文", image_fault="不是图片", cut=("title 过长，已截到 512 字",))
    assert planned(report).message.text == (
        "正文\n[title 过长，已截到 512 字]\n[截图无法使用：不是图片]"
    )


def test_who_wants_no_pictures_is_told_nothing_of_them() -> None:
    unpictured: Rules = {"to": "superusers", "screenshot": False}
    report = Report(content="正文", image_fault="不是图片")
    assert planned(report, rule=unpictured).message.text == "正文"
    pictured = planned(Report(title="标题", images=(PICTURE,)), rule=unpictured)
    assert (pictured.message.text, pictured.message.image) == ("标题", None)
    alone = planned(Report(images=(PICTURE,)), rule=unpictured)
    assert (alone.message.text, alone.message.image) == ("[截图]", None)
    assert planned(Report(images=(PICTURE,))).message.text == ""


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ({"result": "Nearly", "to": "superusers"}, "应为 Success、Fail、PartialSuccess"),
        ({"drop": True, "to": "superusers"}, "drop 和 to 不能一起写"),
        ({"to": "superusers", "fallback_after": "10m"}, "还要写 fallback"),
        ({"to": "superusers", "fallback_unconfirmed": True}, "fallback_unconfirmed，还要写"),
    ],
)
def test_a_rule_that_can_mean_nothing_is_refused_with_the_mend(
    rule: dict[str, object], told: str
) -> None:
    with pytest.raises(ValidationError, match=told):
        Rule.model_validate(rule)


def test_where_nobody_is_named_and_there_is_no_superuser_it_says_what_to_set() -> None:
    with pytest.raises(InvalidReport, match="SUPERUSERS"):
        Planner(Directory(()), DEFAULT_TEMPLATE, lambda _: Policy()).plan(
            Report(content="x"), MASTER, MIDNIGHT
        )


def test_a_receiver_is_found_as_the_settings_write_it() -> None:
    directory = Directory((ME,), frozenset({"phone"}))
    assert directory.find("superusers") == (ME,)
    assert directory.find("channel:phone") == (PHONE,)
    assert directory.find("group：777") == (Target("group", "777"),)


def test_only_a_long_text_that_is_searched_takes_long() -> None:
    searching = Directory((ME,), rules=[Rule.model_validate({"match": "x", "to": "superusers"})])
    plain = Directory((ME,), rules=[Rule.model_validate({"event": "x", "to": "superusers"})])
    long, short = Report(content="字" * 60_000), Report(content="字")
    assert searching.is_slow(long)
    assert not searching.is_slow(short)
    assert not plain.is_slow(long)


def test_a_report_with_a_time_of_its_own_waits_for_it_and_is_not_held_longer() -> None:
    timed = Report(content="x", not_before=MIDNIGHT + 1800)
    handling = planned(timed, held_until=MIDNIGHT + 60).handling
    assert (handling.priority, handling.held_until) == (Priority.TIMED, MIDNIGHT + 1800)
    assert handling.reason == "定时"


def test_a_rule_says_what_a_report_counts_as_before_it_is_planned() -> None:
    rule: Rules = {"match": "备份失败", "as": {"result": "Fail"}}
    recast = planner(Policy(), rule).recast(Report(content="备份失败"), MASTER, MIDNIGHT)
    assert recast.report.result is Result.FAIL
