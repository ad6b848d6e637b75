"""Whom a report mentions in a QQ group: whom the settings name, and only if it matters."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from nonebot_plugin_report.config import Config
from nonebot_plugin_report.model.delivery import Delivery, Handling, Priority
from nonebot_plugin_report.model.grant import BOUND, MASTER, Grant
from nonebot_plugin_report.model.mention import MAX_MENTIONS, read_mentions, split_mentions
from nonebot_plugin_report.model.message import Message
from nonebot_plugin_report.model.report import Report, Result
from nonebot_plugin_report.model.target import Lane, Target
from nonebot_plugin_report.routing.rules import route
from nonebot_plugin_report.senders.qq.message import (
    mentions_v11,
    mentions_v12,
    people_to_mention,
)
from nonebot_plugin_report.senders.qq.shapes import PLAIN_AFTER

GROUP, FRIEND = Target("group", "777"), Target("private", "10002")
BOUND_FRIEND = Grant(f"{BOUND}10002", frozenset({GROUP, FRIEND}), (GROUP,))
NAMED = Grant("alice", frozenset({"group", "private"}), (GROUP, Target("private", "10003")))
FAILURE = Report(content="[CQ:at,qq=all] @全体成员", result=Result.FAIL, send_to_group=("777",))


def mentions(
    report: Report = FAILURE, grant: Grant = MASTER, **settings: object
) -> list[tuple[str, ...]]:
    """Whom each target's handling mentions."""
    config = Config.model_validate(settings)
    directory = config.directory(["10001"])
    return [one.handling.mention for one in route(report, directory, grant, 0.0).planned]


def test_a_target_or_a_rule_names_whom_a_group_hears_called_and_the_rule_wins() -> None:
    assert mentions() == [()]
    assert mentions(report_mention="10009") == [("10009",)]
    assert mentions(report_mention='{"group:777": "10009, all", "group:*": "1"}') == [
        ("10009", "all")
    ]
    assert mentions(report_mention={"group:778": ["10009"], "group:*": ["1"]}) == [("1",)]
    rule = {"result": "Fail", "mention": ["10008"]}
    assert mentions(report_mention="10009", report_rules=[rule]) == [("10008",)]
    silent = {"result": "Fail", "mention": []}
    assert mentions(report_mention="10009", report_rules=[silent]) == [()]
    private = replace(FAILURE, send_to=("10002",), send_to_group=())
    assert mentions(private, report_mention="10009") == [()]


def test_the_owner_is_whoever_the_token_belongs_to() -> None:
    assert mentions(report_mention="owner") == [("10001",)]
    assert mentions(grant=BOUND_FRIEND, report_mention="owner") == [("10002",)]
    assert mentions(grant=NAMED, report_mention="owner") == [("10003",)]
    assert mentions(grant=Grant("bob", frozenset({GROUP})), report_mention="owner") == [()]


@pytest.mark.parametrize("people", ["everybody", "@", "群主", "1 x"])
def test_a_wrong_name_is_refused_with_the_mend(people: str) -> None:
    with pytest.raises(ValidationError, match="QQ 号、owner"):
        Config.model_validate({"report_mention": people})
    with pytest.raises(ValidationError, match="QQ 号、owner"):
        Config.model_validate({"report_rules": [{"mention": people}]})


def test_no_more_people_are_called_than_a_message_may() -> None:
    people = [str(number) for number in range(1, MAX_MENTIONS + 2)]
    assert read_mentions(people[:-1])
    with pytest.raises(ValueError, match=str(MAX_MENTIONS)):
        read_mentions(people)
    assert split_mentions(" ".join(people)) == tuple(people[:-1])


def test_an_unknown_recipient_is_named() -> None:
    with pytest.raises(ValidationError, match="REPORT_MENTION"):
        Config.model_validate({"report_mention": {"nobody": "owner"}})


def delivery(report: Report, target: Target = GROUP, **fields: object) -> Delivery:
    handling = Handling(mention=("10009", "all"), **fields)  # pyright: ignore[reportArgumentType] - a test's fields
    message = Message(report.content, (), report)
    return Delivery("1", "1", Lane(target), message, handling=handling)


def test_only_failures_and_what_is_urgent_call_anybody_and_a_refused_call_costs_no_text() -> None:
    assert people_to_mention(delivery(FAILURE)) == ("10009", "all")
    assert people_to_mention(delivery(Report(), priority=Priority.URGENT)) == ("10009", "all")
    assert not people_to_mention(delivery(replace(FAILURE, result=Result.SUCCESS)))
    assert not people_to_mention(delivery(FAILURE, FRIEND))
    assert not people_to_mention(replace(delivery(FAILURE), attempts=PLAIN_AFTER))


def test_they_are_segments_of_each_protocol() -> None:
    assert [one["data"].get("qq") for one in mentions_v11(("10009", "all"))] == [
        "10009",
        "all",
        None,
    ]
    kinds = [one["type"] for one in mentions_v12(("10009", "all"))]
    assert kinds == ["mention", "mention_all", "text"]
    assert mentions_v11(()) == mentions_v12(()) == []


@given(st.one_of(st.none(), st.integers(), st.text(), st.binary()))
def test_only_numbers_and_all_are_read_from_a_row(stored: object) -> None:
    assert all(one == "all" or one.isdecimal() for one in split_mentions(stored))
