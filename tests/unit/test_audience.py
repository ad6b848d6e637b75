"""Everybody whom our own reports may reach, so that no token speaks to them that does not."""

from typing import Any

import pytest

from nonebot_plugin_report.config import Config
from nonebot_plugin_report.model.grant import MASTER, Grant
from nonebot_plugin_report.model.target import Target
from nonebot_plugin_report.routing.audience import find_audience
from nonebot_plugin_report.watchdog.beats import EVENTS

TO: dict[str, Any] = {"to": "group:1"}


@pytest.mark.parametrize(
    ("named", "rules", "reached"),
    [
        ("", [], {"private:10001"}),
        ("me", [], {"private:10002", "group:777"}),
        ("", [TO | {"event": "beat.*"}], {"private:10001", "group:1"}),
        ("", [TO | {"event": "dragon.*"}], {"private:10001"}),
        ("", [TO | {"token": "friend"}], {"private:10001"}),
        ("", [TO | {"token": "friend, master"}], {"private:10001", "group:1"}),
        ("", [TO | {"match": "x", "time": "01:00-02:00"}], {"private:10001", "group:1"}),
        ("group:777", [TO], {"group:777"}),
        ("group:777", [TO | {"override": True}], {"group:777", "group:1"}),
        ("group:777", [{"fallback": "group:2"}], {"group:777", "group:2"}),
        ("", [{"event": "beat.up", "fallback": "group:2"}], {"private:10001", "group:2"}),
    ],
)
def test_whoever_may_be_told_at_whatever_time_belongs_to_it(
    named: str, rules: list[dict[str, Any]], reached: set[str]
) -> None:
    config = Config.model_validate({
        "report_aliases": {"me": ["private:10002", "group:777"]},
        "report_tokens": {"friend": {"token": "x" * 16, "to": "private:10002"}},
        "report_watch": [{"beat": "pc", "every": "5m"} | ({"to": named} if named else {})],
        "report_rules": rules,
    })  # fmt: skip
    directory = config.directory(["10001"])
    found = find_audience(directory, config.report_watch[0].to, EVENTS)
    assert found == {Target.parse(one) for one in reached}


def test_a_grant_covers_some_targets_only_if_it_reaches_each() -> None:
    one, other, group = Target("private", "1"), Target("private", "2"), Target("group", "1")
    narrow = Grant("friend", frozenset({one, "group"}))
    assert narrow.covers([one])
    assert narrow.covers([one, group])
    assert not narrow.covers([one, other])
    assert not narrow.covers([]), "where nobody is told, nobody but the owner has a say"
    assert MASTER.covers([one, other])
    assert MASTER.covers([])
