"""Whose turn it is in a lane: two processes on one store, each write carrying who its writer is."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest

from nonebot_plugin_report.errors import LeaseLost
from nonebot_plugin_report.model.delivery import NotSent, State
from nonebot_plugin_report.model.target import Lane, Target
from nonebot_plugin_report.outbox import Outbox
from nonebot_plugin_report.outbox.lane import LEASE
from nonebot_plugin_report.store.leases import Claim, Lease, Leases
from nonebot_plugin_report.store.outcomes import Outcomes
from nonebot_plugin_report.store.queue import Queue, Queued
from tests.bot import until

from .fakes import LIMITS, World, world
from .places import Place, change, rows

ME, GROUP = Target("private", "10001"), Target("group", "777")
LANE = Lane(ME)


@dataclass
class Lanes:
    """A store in which things wait, and two processes that ask it for lanes."""

    world: World

    @property
    def queue(self) -> Queue:
        return self.world.store.queue

    @property
    def outcomes(self) -> Outcomes:
        return self.world.store.outcomes

    @property
    def leases(self) -> Leases:
        return self.world.store.leases

    @property
    def now(self) -> float:
        return self.world.clock.now

    async def claim(self, owner: str, lane: Lane = LANE) -> Claim:
        claim, _ = await self.queue.claim(lane, owner, self.now, LEASE, 10)
        return claim

    async def lease(self, owner: str) -> Lease:
        claim = await self.claim(owner)
        assert claim.lease is not None
        return claim.lease

    async def waiting(self) -> list[Queued]:
        return await self.queue.head(LANE, 10, self.now)

    async def finish(self, lease: Lease, one: Queued) -> None:
        ids = [one.delivery.id]
        await self.outcomes.finish(lease, ids, State.DELIVERED, "", self.now, works=True)

    async def postpone(self, lease: Lease, one: Queued, due_at: float = 0.0) -> None:
        ids = [one.delivery.id]
        await self.outcomes.postpone(
            lease, ids, "x", repeated=False, began=0.0, due_at=due_at, failures=1
        )

    async def repeats(self, report_id: str) -> int:
        state = await self.world.state(report_id)
        assert state is not None
        return state.deliveries[0].repeats


@asynccontextmanager
async def lanes(place: Place) -> AsyncGenerator[Lanes]:
    async with world(place) as w:
        await w.accept("1", ME)
        await w.accept("2", ME)
        yield Lanes(w)


async def test_who_claims_a_lane_gets_what_waits_in_it_and_nobody_else_does(place: Place) -> None:
    async with lanes(place) as both:
        claim, queued = await both.queue.claim(LANE, "a", both.now, LEASE, 10)
        assert claim.lease == Lease(str(LANE), "a", 1, both.now + LEASE)
        assert [one.delivery.lane for one in queued] == [LANE, LANE]
        refused, nothing = await both.queue.claim(LANE, "b", both.now, LEASE, 10)
        assert (refused.lease, refused.due_at, nothing) == (None, both.now + LEASE, [])
        assert (await both.claim("b", Lane(GROUP))).lease is None, "a lane that there is not"


async def test_its_owner_may_claim_it_again_and_stays_the_same_owner(place: Place) -> None:
    async with lanes(place) as both:
        first = await both.lease("a")
        both.world.clock.now += LEASE / 2
        again = await both.lease("a")
        assert (again.epoch, again.until) == (first.epoch, both.now + LEASE)
        (one, _) = await both.waiting()
        await both.finish(first, one)


async def test_a_lane_that_lapsed_is_taken_over_and_what_was_being_sent_counts_as_a_repeat(
    place: Place,
) -> None:
    async with lanes(place) as both:
        await both.lease("a")
        first, second = [one.delivery.report_id for one in await both.waiting()]
        both.world.clock.now += LEASE
        taken = await both.lease("b")
        assert taken.epoch == 2
        assert (await both.repeats(first), await both.repeats(second)) == (1, 0)


async def test_who_lost_a_lane_writes_nothing(place: Place) -> None:
    async with lanes(place) as both:
        lost = await both.lease("a")
        both.world.clock.now += LEASE
        held = await both.lease("b")
        one, other = await both.waiting()
        with pytest.raises(LeaseLost):
            await both.finish(lost, one)
        with pytest.raises(LeaseLost):
            await both.postpone(lost, one, both.now + 1000)
        assert await both.waiting() == [one, other]
        assert (await both.claim("b")).due_at == 0.0, "nor does it hold up who has the lane now"
        await both.finish(held, one)
        assert await both.waiting() == [other]


async def test_who_had_it_before_and_has_it_again_writes_by_the_new_lease_alone(
    place: Place,
) -> None:
    async with lanes(place) as both:
        lost = await both.lease("a")
        for owner in ("b", "a"):
            both.world.clock.now += LEASE
            held = await both.lease(owner)
        one, _ = await both.waiting()
        with pytest.raises(LeaseLost):
            await both.finish(lost, one)
        await both.finish(held, one)


async def test_what_ended_does_not_end_again(place: Place) -> None:
    async with lanes(place) as both:
        lease = await both.lease("a")
        one, other = await both.waiting()
        await both.finish(lease, one)
        with pytest.raises(LeaseLost):
            await both.finish(lease, one)
        ids = [other.delivery.id, one.delivery.id]
        with pytest.raises(LeaseLost):
            await both.outcomes.finish(lease, ids, State.REJECTED, "", both.now, works=True)
        assert await both.waiting() == [other], "together or not at all"


async def test_a_lane_is_kept_by_its_owner_alone(place: Place) -> None:
    async with lanes(place) as both:
        await both.lease("a")
        assert await both.leases.renew("b", [str(LANE)], both.now, 1000) == set()
        assert await both.leases.renew("a", [], both.now, 1000) == set()
        assert (await both.claim("b")).due_at == both.now + LEASE
        assert await both.leases.renew("a", [str(LANE)], both.now, 1000) == {str(LANE)}
        assert (await both.claim("b")).due_at == both.now + 1000


async def test_a_lane_that_backs_off_is_nobodys_until_then(place: Place) -> None:
    async with lanes(place) as both:
        lease = await both.lease("a")
        one, _ = await both.waiting()
        await both.postpone(lease, one, both.now + 30)
        claim = await both.claim("a")
        assert (claim.lease, claim.due_at, claim.failures) == (None, both.now + 30, 1)
        both.world.clock.now += 30
        assert (await both.claim("a")).lease == Lease(str(LANE), "a", 1, both.now + LEASE)


async def test_who_lets_go_of_a_lane_leaves_no_repeat_behind(place: Place) -> None:
    async with lanes(place) as both:
        for let_go in (
            both.leases.release("a", []), both.leases.park(LANE, "a", "没有连接", both.now),
        ):  # fmt: skip
            await both.lease("a")
            await let_go
            await both.lease("b")
            await both.leases.release("b", [])
        assert [await both.repeats(one.delivery.report_id) for one in await both.waiting()] == [
            0,
            0,
        ]


async def test_who_ends_keeps_the_lane_in_which_a_message_was_just_leaving(place: Place) -> None:
    async with lanes(place) as both:
        await both.lease("a")
        await both.leases.release("a", [str(LANE)])
        assert (await both.claim("b")).lease is None


async def test_nobody_parks_or_lets_go_of_a_lane_of_somebody_else(place: Place) -> None:
    async with lanes(place) as both:
        held = await both.lease("a")
        await both.leases.park(LANE, "b", "没有连接", both.now)
        await both.leases.release("b", [])
        assert (await both.claim("b")).lease is None
        one, _ = await both.waiting()
        await both.finish(held, one)
        assert (await both.world.store.history.backlog()).blocked == ()


async def test_a_process_that_lost_its_lane_sends_no_more_there(place: Place) -> None:
    """A computer that slept while another took over: what it still has in memory is not its own."""
    async with lanes(place) as both:
        first = both.world
        first.far.outcomes[LANE] = [NotSent("x")]
        due = await first.drain(ME)
        assert due is not None
        second = Outbox(first.store, first.far, LIMITS, clock=first.clock, jitter=lambda: 0.5)
        first.clock.now += LEASE * 2
        assert await second.lanes.drain(LANE) is None
        assert first.far.texts(LANE) == ["1", "1", "2"]
        await first.accept("3", ME)
        due = await first.drain(ME)
        assert due is not None, "it is the other's"
        assert first.clock.now < due <= first.clock.now + LEASE
        assert first.far.texts(LANE) == ["1", "1", "2"]
        await second.lanes.release()
        first.clock.now += LEASE
        await first.drain(ME)
        assert first.far.texts(LANE) == ["1", "1", "2", "3"]


async def test_a_lane_that_was_taken_over_is_not_renewed_and_nothing_is_sent_there(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a process that was held up, the first to go on may be what renews its leases."""
    for name in ("LEASE", "SHARED_LEASE"):
        monkeypatch.setattr(f"nonebot_plugin_report.outbox.worker.{name}", 0.3)
    other = Lane(GROUP)
    async with world(place) as w, asyncio.TaskGroup() as tasks:
        run = tasks.create_task(w.outbox.lanes.run())
        w.far.outcomes = defaultdict(list, {LANE: [NotSent("x")], other: [NotSent("x")]})
        for to in (ME, GROUP):
            await w.accept(str(to), to)

        async def back_off() -> bool:
            return len(rows(place, "SELECT name FROM lane WHERE due_at > 0")) == 2

        await until(back_off)
        changed = "owner = 'somebody', epoch = epoch + 1, lease_until = lease_until + 1000000"
        change(place, f"UPDATE lane SET {changed} WHERE name = '{LANE}'")
        w.clock.now += 1000

        async def renewed() -> bool:
            query = "SELECT lease_until FROM lane WHERE name = ?"
            return rows(place, query, str(other))[0][0] > w.clock.now

        await until(renewed)
        await w.outbox.sweep()

        async def tried_again() -> bool:
            return len(w.far.texts(other)) == 2

        await until(tried_again)
        assert w.far.texts(LANE) == [str(ME)]
        run.cancel()
