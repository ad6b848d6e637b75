"""What is counted of deliveries: a real file, a clock of ours."""

from collections import Counter
from pathlib import Path

from nonebot_plugin_report.model.delivery import State, Unknown
from nonebot_plugin_report.model.target import Lane, Target

from .fakes import LIMITS, world

ME = Target("private", "10001")
FRIEND = Target("private", "10002")
PHONE = Target("channel", "phone")
LAPTOP = Target("channel", "laptop")


async def test_what_expires_is_counted_where_it_went_to_and_what_is_withdrawn_is_not(
    tmp_path: Path,
) -> None:
    async with world(tmp_path / "report.db") as w:
        w.far.away.update(Lane(one) for one in (ME, FRIEND, PHONE))
        withdrawn = await w.accept("1", ME, LAPTOP)
        await w.outbox.withdraw(withdrawn.id)
        await w.accept("2", ME, FRIEND, PHONE, LAPTOP)
        w.clock.now += LIMITS.expire
        await w.drain(LAPTOP)
        await w.outbox.expire()
        assert w.outbox.tally.failed == Counter(
            {
                (State.EXPIRED, ("private", "")): 2,
                (State.EXPIRED, ("channel", "phone")): 1,
                (State.EXPIRED, ("channel", "laptop")): 1,
            }
        )


async def test_what_stays_unconfirmed_is_counted_once_for_all_its_repeats(tmp_path: Path) -> None:
    async with world(tmp_path / "report.db") as w:
        w.far.outcomes[Lane(PHONE)] = [Unknown("?")] * 9
        await w.accept("1", PHONE)
        while (due_at := await w.drain(PHONE)) is not None:
            w.clock.now = due_at
        assert w.outbox.tally.failed == Counter({(State.UNCONFIRMED, ("channel", "phone")): 1})


async def test_how_long_a_delivery_took_is_counted_also_if_the_clock_was_set_back(
    tmp_path: Path,
) -> None:
    async with world(tmp_path / "report.db") as w:
        w.far.away.add(Lane(ME))
        await w.accept("1", ME)
        w.clock.now += 90.0
        w.far.away.clear()
        await w.drain(ME)
        await w.accept("2", FRIEND)
        w.clock.now -= 5.0
        await w.drain(FRIEND)
        (took,) = w.outbox.tally.delivered.values()
        assert (took.count, took.seconds) == (2, 90.0)
        within = dict(zip(took.bounds, took.counts, strict=False))
        assert (within[0.01], within[300.0]) == (1, 1)
