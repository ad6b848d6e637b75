"""What stands in the log of pushes that were refused."""

from collections.abc import Iterator

import pytest

from nonebot_plugin_report.errors import Forbidden, Refused
from nonebot_plugin_report.outbox.tally import Tally
from nonebot_plugin_report.web.answers import status_of
from nonebot_plugin_report.web.refusals import LINES, LINES_PER_ADDRESS, LOG_SECONDS, Refusals


async def forget(*_: object) -> None:
    """Remember nothing."""


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_one_address_leaves_room_for_others_and_all_together_write_no_flood(
    lines: list[str],
) -> None:
    refusals = Refusals(Tally(), forget, Clock())
    for _ in range(100):
        refusals.log(Forbidden("why"), "10.0.0.1")
    assert lines == ["没有收下 10.0.0.1 的推送（403）：why"] * LINES_PER_ADDRESS
    for n in range(100):
        refusals.log(Forbidden("why"), f"10.0.1.{n}")
    assert len(lines) == LINES
    assert "10.0.1.0" in lines[LINES_PER_ADDRESS]


def test_later_it_is_told_how_many_were_left_out(lines: list[str]) -> None:
    clock = Clock()
    refusals = Refusals(Tally(), forget, clock)
    for _ in range(LINES_PER_ADDRESS + 3):
        refusals.log(Forbidden("why"), "10.0.0.1")
    clock.now += LOG_SECONDS
    refusals.log(Forbidden("again"), "10.0.0.1")
    assert lines[LINES_PER_ADDRESS] == "另有 3 条推送没有收下，没有逐条写出"
    assert "again" in lines[-1]


def kinds_of(error: type[Refused]) -> Iterator[type[Refused]]:
    for kind in error.__subclasses__():
        yield kind
        yield from kinds_of(kind)


@pytest.mark.parametrize("kind", [*kinds_of(Refused)])
def test_every_refusal_has_a_status_however_far_below_its_base_it_is(kind: type[Refused]) -> None:
    assert 400 <= status_of(kind.__new__(kind)) < 600
