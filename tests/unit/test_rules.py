"""Who gets a report."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from nonebot_plugin_report.errors import Forbidden, InvalidReport
from nonebot_plugin_report.model.delivery import Handling, Priority
from nonebot_plugin_report.model.grant import MASTER, Grant
from nonebot_plugin_report.model.recipient import read_recipient
from nonebot_plugin_report.model.report import Report, Result
from nonebot_plugin_report.model.target import Target
from nonebot_plugin_report.routing.rules import Directory, Planned, Routing, Rule, onebot_users
from nonebot_plugin_report.routing.rules import route as routing
from nonebot_plugin_report.routing.telling import describe
from nonebot_plugin_report.routing.template import compile_template

NOW = 1_790_000_000.0


def route(report: Report, directory: Directory, grant: Grant = MASTER) -> tuple[Target, ...]:
    return tuple(one.target for one in routing(report, directory, grant, NOW).planned)


IDS = st.lists(st.integers(1, 999_999).map(str), max_size=5)
NAMES = ("phone", "team")
ME = Target("private", "10001")


def test_superusers_are_found_in_both_forms() -> None:
    entries = {"10001", "onebot:10002", "telegram:7", "OneBot:10001"}
    assert onebot_users(entries) == ((ME, Target("private", "10002")), ("telegram:7",))


def test_superusers_are_read_as_people_write_them_and_the_rest_is_named() -> None:
    entries = {"10001 ", "onebot: 10002", "OneBot：０３", "me", "", "1 2", "telegram:@me"}
    users, unusable = onebot_users(entries)
    assert [one.id for one in users] == ["10001", "10002", "3"]
    assert unusable == ("", "1 2", "me", "telegram:@me")


def test_named_targets_leave_the_defaults_out() -> None:
    named = Report(send_to=("1",), send_to_group=("2",), channel=("phone",))
    targets = route(named, Directory((ME,), frozenset(NAMES)))
    assert targets == (Target("private", "1"), Target("group", "2"), Target("channel", "phone"))


def test_nobody_at_all_is_an_error_that_names_the_mend() -> None:
    with pytest.raises(InvalidReport, match="SUPERUSERS"):
        route(Report(), Directory(()))


def test_what_its_tool_calls_urgent_is_urgent_for_each_target() -> None:
    report = Report(send_to=("1", "2"), urgent=True)
    planned = routing(report, Directory((ME,)), MASTER, NOW).planned
    assert [one.handling.priority for one in planned] == [Priority.URGENT] * 2


def test_an_unknown_channel_is_named() -> None:
    with pytest.raises(InvalidReport, match="^channel："):
        route(Report(send_to=("1",), channel=("phone",)), Directory(()))


def test_the_defaults_say_who_gets_what_names_nobody() -> None:
    defaults = ("channel:team", "superusers", "group:777", "private:10001")
    directory = Directory(
        (ME, Target("private", "10002")), frozenset(NAMES), tuple(map(read_recipient, defaults))
    )
    assert [str(one) for one in route(Report(), directory)] == [
        "channel:team", "private:10001", "private:10002", "group:777",
    ]  # fmt: skip


@pytest.mark.parametrize("wrong", ["", "10001", "user:1", "private:", "channel:nope"])
def test_what_is_no_target_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match=r"superusers|nope"):
        Directory((ME,), frozenset(NAMES)).find(wrong)


@given(IDS, IDS, st.lists(st.sampled_from(NAMES)), IDS)
def test_every_report_reaches_exactly_whom_it_names(
    users: list[str], groups: list[str], channels: list[str], superusers: list[str]
) -> None:
    directory = Directory(onebot_users(superusers)[0], frozenset(NAMES))
    report = Report(send_to=tuple(users), send_to_group=tuple(groups), channel=tuple(channels))
    try:
        targets = route(report, directory)
    except InvalidReport:
        assert users + groups + channels + superusers == []
        return
    assert len(set(targets)) == len(targets) > 0
    named = {Target("private", user) for user in users} | {Target("group", one) for one in groups}
    named |= {Target("channel", one) for one in channels}
    assert set(targets) == (named or {Target("private", user) for user in superusers})
    assert all(Target.parse(str(target)) == target for target in targets)


def by_rules(report: Report, *rules: dict[str, object], grant: Grant = MASTER) -> Routing:
    """What becomes of a report where QQ 10001 is the superuser."""
    made = [Rule.model_validate(one) for one in rules]
    aliases = {"friends": (Target("private", "5"), Target("private", "6"))}
    directory = Directory((ME,), frozenset(NAMES), aliases=aliases, rules=made)
    return routing(report, directory, grant, NOW)


def reached(found: Routing) -> list[str]:
    return [str(one.target) for one in found.planned]


def planned(found: Routing) -> Planned:
    (one,) = found.planned
    return one


def test_the_first_rule_that_holds_decides_and_the_next_only_where_it_says_continue() -> None:
    error = Report(event="task.error", result=Result.FAIL)
    first: dict[str, object] = {"event": "*.error", "to": "group:777"}
    second: dict[str, object] = {"result": "Fail", "to": "friends"}
    found = by_rules(error, {"event": "domain.*", "to": "private:1"}, first, second)
    assert (reached(found), found.rules) == (["group:777"], (2,))
    found = by_rules(error, first | {"continue": True}, second)
    assert (reached(found), found.rules) == (["group:777", "private:5", "private:6"], (1, 2))


def test_without_a_rule_that_holds_the_defaults_do() -> None:
    found = by_rules(Report(event="x"), {"event": "*.error", "to": "group:777"})
    assert (reached(found), found.rules) == (["private:10001"], ())


@pytest.mark.parametrize(
    ("condition", "met", "unmet"),
    [
        ({"event": "*.error, *.end"}, Report(event="domain.end"), Report(event="domain.start")),
        ({"event": "Domain.*"}, Report(event="Domain.x"), Report(event="domain.x")),
        ({"result": "Fail"}, Report(result=Result.FAIL), Report(result=Result.SUCCESS)),
        ({"result": "失败, error"}, Report(result=Result.FAIL), Report(result="skipped")),
        ({"result": 2}, Report(result=Result.PARTIAL), Report()),
        ({"from": "42"}, Report(send_from="42"), Report()),
        ({"match": "五.?星"}, Report(message="获得五颗星"), Report(message="获得四星")),
        ({"match": "^警告"}, Report(title="警告", message="x"), Report(message="无警告")),
        ({"time": "00:00-24:00 UTC"}, Report(), None),
        ({"time": "13:00-14:00 Asia/Shanghai"}, None, Report()),
        ({"time": "22:00-23:00 Asia/Shanghai"}, Report(), None),
        ({"token": "master"}, Report(), None),
        ({"token": "alice"}, None, Report()),
    ],
)
def test_each_condition(
    condition: dict[str, object], met: Report | None, unmet: Report | None
) -> None:
    """NOW is 2026-09-21 22:13:20 in Shanghai."""
    rule = {**condition, "to": "group:777"}
    if met is not None:
        assert reached(by_rules(met, rule)) == ["group:777"]
    if unmet is not None:
        assert reached(by_rules(unmet, rule)) == ["private:10001"]


def test_what_a_report_names_wins_unless_a_rule_overrides_it() -> None:
    named = Report(event="task.error", send_to=("42",))
    rule: dict[str, object] = {"event": "*.error", "to": "group:777"}
    assert reached(by_rules(named, rule)) == ["private:42"]
    assert reached(by_rules(named, rule | {"override": True})) == ["group:777"]
    dropping: dict[str, object] = {"event": "*.error", "drop": True}
    assert reached(by_rules(named, dropping)) == ["private:42"]
    found = by_rules(named, dropping | {"override": True})
    assert (reached(found), found.reason) == ([], "规则 1 写着 drop")


def test_a_rule_that_names_nobody_says_how_for_everybody() -> None:
    how: dict[str, object] = {
        "result": "Fail", "urgent": True, "screenshot": False, "template": "{icon}",
        "fallback": ["channel:phone", "superusers"], "fallback_after": "10m", "continue": True,
    }  # fmt: skip
    failed = Report(event="x", result=Result.FAIL)
    assert planned(by_rules(failed, how)) == Planned(
        ME, template=compile_template("{icon}"), screenshot=False,
        handling=Handling(
            Priority.URGENT, fallback=(Target("channel", "phone"),), fallback_after=600.0
        ),
    )  # fmt: skip
    found = by_rules(failed, how, {"event": "x", "to": "group:777"})
    assert planned(found).handling.priority is Priority.URGENT
    assert planned(found).handling.fallback == (
        Target("channel", "phone"),
        Target("private", "10001"),
    )


def test_a_later_rule_for_the_same_target_adds_what_the_first_left_open() -> None:
    first: dict[str, object] = {"to": ["superusers", "group:7"], "urgent": True, "continue": True}
    second: dict[str, object] = {"to": "superusers", "screenshot": False, "template": "{title}"}
    own, group = by_rules(Report(title="x"), first, second).planned
    assert (own.handling.priority, own.screenshot, own.template) == (
        Priority.URGENT,
        False,
        compile_template("{title}"),
    )
    assert (group.handling, group.screenshot, group.template) == (
        Handling(Priority.URGENT),
        True,
        None,
    )


TARGETS = ["private:1", "private:2", "group:7", "group:8", "channel:phone", "channel:team"]
SPECS = [*TARGETS, "superusers", "everybody"]


@st.composite
def some_rules(draw: st.DrawFn) -> list[Rule]:
    """Rules of every shape, good and odd ones."""
    some = st.lists(st.sampled_from(SPECS), max_size=3)
    rules: list[Rule] = []
    for _ in range(draw(st.integers(0, 4))):
        drop = draw(st.integers(0, 5)) == 0
        content: dict[str, object] = {
            "event": draw(st.sampled_from([[], [], ["*.error"], ["domain.*"]])),
            "result": draw(st.sampled_from([[], [], ["Fail"]])),
            "token": draw(st.sampled_from([[], [], ["alice"]])),
            "to": [] if drop else draw(some),
            "drop": drop,
            "fallback": draw(st.lists(st.sampled_from(SPECS), min_size=1, max_size=3)),
            "continue": draw(st.booleans()),
            "override": draw(st.booleans()),
        }
        rules.append(Rule.model_validate(content))
    return rules


@settings(max_examples=250)
@given(
    some_rules(),
    st.none() | st.frozensets(st.sampled_from(TARGETS), max_size=3),
    st.lists(st.sampled_from(TARGETS), max_size=2),
    st.lists(st.sampled_from(SPECS), max_size=2),
    st.sampled_from(["task.error", "domain.end", ""]),
    st.sampled_from([Result.SUCCESS, Result.FAIL, None]),
)
def test_nothing_leaves_a_scope_and_every_report_ends_somewhere(
    rules: list[Rule],
    scope: frozenset[str] | None,
    named: list[str],
    defaults: list[str],
    event: str,
    result: Result | None,
) -> None:
    """Whatever rules, body and scope say: a delivery, a stated reason, or a refusal."""
    allowed = None if scope is None else frozenset(map(Target.parse, scope))
    grant = MASTER if allowed is None else Grant("alice", allowed)
    directory = Directory(
        superusers=(Target("private", "1"),),
        channels=frozenset({"phone", "team"}),
        defaults=tuple(map(read_recipient, defaults)),
        aliases={"everybody": tuple(map(Target.parse, TARGETS))},
        rules=rules,
    )
    wanted = [Target.parse(one) for one in named]
    report = Report(
        event=event,
        result=result,
        send_to=tuple(one.id for one in wanted if one.kind == "private"),
        send_to_group=tuple(one.id for one in wanted if one.kind == "group"),
        channel=tuple(one.id for one in wanted if one.kind == "channel"),
    )
    try:
        found = routing(report, directory, grant, NOW)
    except Forbidden:
        assert allowed is not None
        return
    except InvalidReport:
        assert not named
        assert not directory.expand(directory.defaults)
        return
    assert found.planned or found.reason
    if allowed is not None:
        assert allowed.issuperset(wanted)
        for one in found.planned:
            assert one.target in allowed
            assert allowed.issuperset(one.handling.fallback)
    if not any(rule.override for rule in rules):
        assert not named or {one.target for one in found.planned} == set(wanted)


def test_only_who_the_token_reaches_gets_what_nobody_acknowledged() -> None:
    rule = Rule.model_validate(
        {"urgent": True, "remind": "10m", "escalate": ["private:10001", "private:10002", "group:2"]}
    )
    grant = Grant("alice", frozenset({ME, Target("group", "2")}), (ME,))
    (planned,) = routing(Report(), Directory((), rules=(rule,)), grant, NOW).planned
    assert planned.handling.remind == 600
    assert planned.handling.escalate == (Target("group", "2"),)
    assert "每过 10 分，没有人说「知道了」就再发，最多 3 次，然后发给 group:2" in list(
        describe(planned, None)
    )


@pytest.mark.parametrize(
    "fields", [{"escalate": "superusers"}, {"remind": "59s"}, {"remind": "25h"}, {"remind": "x"}]
)
def test_a_reminder_has_a_bounded_time_and_an_escalation_needs_one(fields: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match="remind|escalate"):
        Rule.model_validate(fields)
    assert Rule.model_validate({"remind": "60s", "escalate": "superusers"}).remind == 60
