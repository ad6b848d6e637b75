"""Who gets a report."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nonebot_plugin_report.delivery import Target
from nonebot_plugin_report.errors import InvalidReport
from nonebot_plugin_report.report import Report
from nonebot_plugin_report.rules import route

IDS = st.lists(st.text("0123456789", min_size=1, max_size=6), max_size=5)


def test_superusers_in_both_forms_when_nobody_is_named() -> None:
    targets = route(Report(), {"10001", "onebot:10002", "telegram:7", "OneBot:10001"})
    assert targets == (Target("private", "10001"), Target("private", "10002"))


def test_named_targets_leave_superusers_out() -> None:
    targets = route(Report(send_to=("1",), send_to_group=("2",)), {"10001"})
    assert targets == (Target("private", "1"), Target("group", "2"))


def test_nobody_at_all_is_an_error_that_names_the_mend() -> None:
    with pytest.raises(InvalidReport, match="SUPERUSERS"):
        route(Report(), {"telegram:7"})


def test_an_unknown_channel_is_named() -> None:
    with pytest.raises(InvalidReport, match="^channel："):
        route(Report(send_to=("1",), channel=("phone",)), ())


@given(IDS, IDS, IDS)
def test_every_report_reaches_exactly_whom_it_names(
    users: list[str], groups: list[str], superusers: list[str]
) -> None:
    try:
        targets = route(Report(send_to=tuple(users), send_to_group=tuple(groups)), superusers)
    except InvalidReport:
        assert users + groups + superusers == []
        return
    assert len(set(targets)) == len(targets) > 0
    named = {Target("private", user) for user in users} | {Target("group", one) for one in groups}
    assert set(targets) == (named or {Target("private", user) for user in superusers})
    assert all(Target.parse(str(target)) == target for target in targets)
