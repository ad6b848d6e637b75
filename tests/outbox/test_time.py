"""A clock that is set neither holds up nor gives up what waits."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from nonebot_plugin_report.model.clock import Clock as ComputerClock
from nonebot_plugin_report.model.delivery import Away, NotSent, State
from nonebot_plugin_report.model.target import Lane, Target
from nonebot_plugin_report.outbox.lanes import EXPIRY_PATIENCE

from .fakes import LIMITS, Clock, FarEnd, World, world
from .places import Place

ME = Target("private", "10001")
HOUR = 3600.0


@dataclass
class Computer:
    """A wall clock that can be set, and the time that passes."""

    wall: float = 1_790_000_000.0
    passed: float = 0.0

    def pass_by(self, seconds: float) -> None:
        self.wall += seconds
        self.passed += seconds


def test_the_time_goes_on_evenly_until_the_clock_is_looked_at() -> None:
    computer = Computer()
    clock = ComputerClock(lambda: computer.wall, lambda: computer.passed)
    computer.pass_by(10)
    assert clock() == 1_790_000_010.0
    computer.wall -= 8 * HOUR
    assert clock() == 1_790_000_010.0
    assert clock.jump() == -8 * HOUR
    assert clock() == clock.since == computer.wall
    computer.wall += 0.5
    assert clock.jump() == 0.0, "a small difference is followed in silence"
    assert clock() == computer.wall


def test_of_another_clock_the_quickest_answer_tells_most() -> None:
    computer = Computer()
    clock = ComputerClock(lambda: computer.wall, lambda: computer.passed)
    other = computer.wall + 2 * HOUR

    def read(before: float, after: float) -> float:
        """The other clock is read, so many seconds after it was asked and before it answers.
        Returns by how much ours is off then."""
        since = computer.passed
        computer.pass_by(before)
        reading = other + computer.passed
        computer.pass_by(after)
        clock.follow(reading, since, computer.passed)
        return clock() - other - computer.passed

    assert read(20, 0) == 10.0, "however slow, it is better than two hours"
    assert read(0.5, 0.5) == 0.0
    assert read(0, 20) == 0.0, "a slow one spoils nothing"
    other -= 100.0
    assert read(1, 1) == 0.0, "it was set"


async def set_clock(w: World, by: float) -> None:
    """As the hub does when it notices."""
    w.clock.now += by
    await w.outbox.shift(w.clock.now - by - 1000, by)


async def test_a_mute_is_left_in_peace_as_long_as_it_was_when_the_clock_is_set(
    place: Place,
) -> None:
    async with world(place) as w:
        w.far.outcomes[Lane(ME)] = [Away("被禁言", 300.0)]
        await w.accept("1", ME)
        due = await w.drain(ME)
        assert due is not None
        wait = due - w.clock.now
        await set_clock(w, -8 * HOUR)
        assert await w.drain(ME) == pytest.approx(w.clock.now + wait)
        await set_clock(w, 48 * HOUR)
        assert await w.drain(ME) == pytest.approx(w.clock.now + wait)


async def test_a_clock_that_is_set_makes_no_refusal_final(place: Place) -> None:
    async with world(place) as w:
        w.far.outcomes[Lane(ME)] = [NotSent("x", answered=True)] * 6
        receipt = await w.accept("1", ME)
        for _ in range(5):
            due = await w.drain(ME)
            assert due is not None
            w.clock.now = due
        await set_clock(w, 48 * HOUR)
        await w.drain(ME)
        assert await w.states(receipt) == [State.WAITING]


async def test_a_back_off_is_as_long_as_it_was_when_the_clock_goes_back(place: Place) -> None:
    async with world(place) as w:
        w.far.outcomes[Lane(ME)] = [NotSent("拒绝连接")]
        await w.accept("1", ME)
        due = await w.drain(ME)
        assert due is not None
        wait = due - w.clock.now
        await set_clock(w, -8 * HOUR)
        again = await w.drain(ME)
        assert again == pytest.approx(w.clock.now + wait)
        w.clock.now += wait
        await w.drain(ME)
        assert w.far.texts(Lane(ME)) == ["1", "1"]


@pytest.mark.parametrize("by", [48 * HOUR, -8 * HOUR])
async def test_a_clock_that_is_set_and_set_back_gives_nothing_up(place: Place, by: float) -> None:
    async with world(place) as w:
        w.far.away.add(Lane(ME))
        receipt = await w.accept("1", ME)
        await w.drain(ME)
        for step in (by, -by):
            await set_clock(w, step)
            w.clock.now += 30
            await w.outbox.expire()
            assert await w.states(receipt) == [State.WAITING]
        w.clock.now += LIMITS.expire + EXPIRY_PATIENCE
        await w.outbox.expire()
        assert await w.states(receipt) == [State.EXPIRED]


async def test_a_start_with_a_clock_that_is_ahead_gives_nothing_up_until_it_was_looked_at_again(
    place: Place,
) -> None:
    clock, far = Clock(), FarEnd()
    async with world(place, clock=clock, far=far) as w:
        far.away.add(Lane(ME))
        receipt = await w.accept("1", ME)
    clock.now += LIMITS.expire + 8 * HOUR
    async with world(place, clock=clock, far=far) as w:
        await w.outbox.expire()
        far.away.clear()
        assert await w.drain(ME) == clock.now + EXPIRY_PATIENCE
        clock.now += 30 - 8 * HOUR - LIMITS.expire
        await w.outbox.shift(clock.now + LIMITS.expire + 8 * HOUR - 30, -LIMITS.expire - 8 * HOUR)
        await w.drain(ME)
        assert await w.states(receipt) == [State.DELIVERED]


async def test_a_clock_that_went_back_between_two_runs_holds_nothing_up(path: Path) -> None:
    clock, far = Clock(), FarEnd()
    async with world(path, clock=clock, far=far) as w:
        far.outcomes[Lane(ME)] = [NotSent("拒绝连接")]
        await w.accept("1", ME)
        due = await w.drain(ME)
        assert due is not None
        wait = due - clock.now
    clock.now -= 8 * HOUR
    async with world(path, clock=clock, far=far) as w:
        again = await w.drain(ME)
        assert again is not None
        assert again - clock.now == pytest.approx(wait)
        clock.now = again
        await w.drain(ME)
        assert far.texts(Lane(ME)) == ["1", "1"]
