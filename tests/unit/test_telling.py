"""What is told of a target before anything is sent."""

import time
from dataclasses import replace

from nonebot_plugin_report.model.delivery import Handling, Priority
from nonebot_plugin_report.model.mask import Mask
from nonebot_plugin_report.model.scheduling import Wait
from nonebot_plugin_report.model.target import Target
from nonebot_plugin_report.routing.rules import Planned
from nonebot_plugin_report.routing.telling import describe

PLAIN = Planned(Target("private", "10001"))
PHONE = Target("channel", "phone")


def test_nothing_special_is_nothing_to_tell() -> None:
    assert list(describe(PLAIN, None)) == []


def test_what_a_rule_changed_is_told() -> None:
    urgent = replace(PLAIN, screenshot=False, handling=Handling(Priority.URGENT))
    assert list(describe(urgent, None)) == ["紧急：不等免打扰，不合并", "不带截图"]
    covered = replace(PLAIN, mask=Mask(("uid",)))
    assert [one.startswith("截图遮住 ") for one in describe(covered, None)] == [True]


def test_why_it_waits_and_who_gets_it_otherwise_is_told() -> None:
    at = time.mktime((2026, 11, 27, 8, 30, 0, 0, 0, -1))
    lines = list(describe(PLAIN, Wait(at, "免打扰")))
    assert lines == ["免打扰，08:30 再发"]
    failed = replace(PLAIN, handling=Handling(fallback=(PHONE,)))
    assert list(describe(failed, None)) == ["没能送达时改发给 channel:phone"]
    late = replace(PLAIN, handling=Handling(fallback=(PHONE,), fallback_after=600.0))
    assert list(describe(late, None)) == ["等了 10 分还没送达，或没能送达时改发给 channel:phone"]


def test_who_is_mentioned_and_reminded_is_told() -> None:
    called = replace(PLAIN, handling=Handling(mention=("10002", "all")))
    assert list(describe(called, None)) == ["紧急的、失败的 @ 10002、所有人"]
    handling = Handling(Priority.URGENT, remind=600.0, escalate=(PHONE,))
    assert list(describe(replace(PLAIN, handling=handling), None))[1:] == [
        "每过 10 分，没有人说「知道了」就再发，最多 3 次，然后发给 channel:phone"
    ]
    alone = replace(PLAIN, handling=replace(handling, escalate=()))
    assert [line.endswith("最多 3 次") for line in describe(alone, None)][1:] == [True]
