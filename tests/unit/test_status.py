"""What happened last with a delivery, what comes next and when: in one line."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from nonebot_plugin_report.model.delivery import State
from nonebot_plugin_report.model.status import DeliveryState, progress
from nonebot_plugin_report.model.target import Target

NOON = datetime(2026, 11, 24, 12).astimezone()
NOW = NOON.timestamp()
WAITING = DeliveryState(Target("private", "10001"), State.WAITING, 0, 0, "", None)
TRIED = replace(WAITING, attempts=2, reason="飞书：发送太快", due_at=NOW + 180)


@pytest.mark.parametrize(
    ("one", "line"),
    [
        (TRIED, "12:03 后重试，第 3 次：飞书：发送太快"),
        (replace(TRIED, repeats=1), "12:03 后看送到没有，没有就再发，第 3 次：飞书：发送太快"),
        (replace(TRIED, due_at=NOW + 86400), "明天 12:00 后重试，第 3 次：飞书：发送太快"),
        (replace(WAITING, due_at=NOW + 180), "等前面的一条，它 12:03 后重试"),
        (replace(WAITING, reason="免打扰时段"), "等着：免打扰时段"),
        (replace(TRIED, due_at=NOW), "等着：飞书：发送太快"),
        (WAITING, "正在发送，或者排在别的后面"),
    ],
)
def test_what_waits_says_for_what_and_until_when(one: DeliveryState, line: str) -> None:
    assert progress(one, NOW) == line


@pytest.mark.parametrize(
    ("state", "line"),
    [
        (State.DELIVERED, "11:57 送达"), (State.REJECTED, "11:57 被拒绝"),
        (State.EXPIRED, "11:57 放弃"), (State.UNCONFIRMED, "11:57 未确认"),
    ],
)  # fmt: skip
def test_what_ended_says_how_and_when(state: State, line: str) -> None:
    then = (NOON - timedelta(minutes=3)).timestamp()
    ended = replace(WAITING, state=state, finished_at=then)
    assert progress(ended, NOW) == line
    assert progress(replace(ended, reason="因为"), NOW) == f"{line}：因为"
    assert progress(replace(ended, finished_at=None), NOW) == line[6:]


def test_a_reason_is_written_as_it_is_asked_for() -> None:
    assert progress(TRIED, NOW, "「{}」".format).endswith("第 3 次：「飞书：发送太快」")
