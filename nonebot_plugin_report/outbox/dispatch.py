"""Runs the lanes: claim, send, record. In order within a lane, lanes side by side."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from loguru import logger

from ..errors import LeaseLost, StoreUnavailable, Unreadable
from ..model.clock import wait_for
from ..model.delivery import Delivery, Sender, State
from ..model.scheduling import Policy
from ..model.target import Lane, Target
from ..store import Store
from ..store.outcomes import expiry_reason
from ..store.queue import Queued
from .attempt import Attempt, Attempts
from .compose import Composer
from .delivery_log import DeliveryLog, with_others
from .lane import LEASE, SHARED_LEASE, Deliver, Expire, Fill, LaneQueue, Rest
from .pictures import Pictures
from .retry import Finish, Park, Retry, decide
from .tally import Tally

FAULT_DELAY: Final = 5.0
"""Seconds before a lane that failed is tried again."""
STORE_RETRY: Final = 2.0
"""Seconds between attempts to record an outcome while the store fails."""
IDLE_LANES: Final = 1000
"""Idle lanes kept in memory: clients can make up any number of them."""
EXPIRY_PATIENCE: Final = 60.0
"""Seconds without expiry after a start or a change of the clock: a wrong clock is mostly corrected
soon after."""


@dataclass(slots=True)
class _Work:
    """A lane and this process's state of it."""

    lane: Lane
    queue: LaneQueue
    woken: asyncio.Event = field(default_factory=asyncio.Event)
    parked: str | None = None
    """The reason that is stored; None: unknown."""
    told: str = ""
    """The reason for waiting that was last logged."""
    fresh: bool = False
    """Something was stored here of which other processes have not heard."""
    running: bool = False
    """It has a task."""
    sending: bool = False
    """A message is on its way, or was as its task ended."""

    @property
    def idle(self) -> bool:
        """Forgetting it would lose nothing."""
        return self.queue.idle


class Dispatcher:
    """Sends what waits. `lane` and `retry` decide; this runs their decisions."""

    def __init__(
        self,
        store: Store,
        sender: Sender,
        tally: Tally,
        *,
        policy: Callable[[Target], Policy],
        owner: str,
        clock: Callable[[], float],
        jitter: Callable[[], float],
        rest: str,
    ) -> None:
        """`tally` counts what comes of deliveries, `policy` gives a target's policy, `owner` names
        this process in leases, `clock` gives epoch seconds, `jitter` numbers in [0, 1), `rest` how
        to read what a digest leaves out."""
        self._queue, self._outcomes = store.queue, store.outcomes
        self._leases, self._others = store.leases, store.others
        self._lease = LEASE if self._others is None else SHARED_LEASE
        self._sender = sender
        self._attempts = Attempts(sender, store.queue, clock)
        self._policy = policy
        self._owner = owner
        self._clock = clock
        self._jitter = jitter
        self._log, self._tally = DeliveryLog(), tally
        self._pictures = Pictures()
        self._composer = Composer(store.queue, self._pictures, rest)
        self._expiry_from = 0.0
        self._lanes: OrderedDict[Lane, _Work] = OrderedDict()
        self._tasks: asyncio.TaskGroup | None = None

    def begin(self, *, patience: float) -> None:
        """Start from what is stored; nothing expires for `patience` seconds."""
        self._lanes.clear()
        self._expiry_from = self._clock() + patience

    def may_expire(self) -> bool:
        """Whether deliveries may expire: not while the clock may still be wrong."""
        return self._clock() >= self._expiry_from

    async def run(self) -> None:
        """Work until cancelled."""
        async with asyncio.TaskGroup() as self._tasks:
            try:
                while True:
                    await asyncio.sleep(self._lease / 3)
                    await self._renew()
            finally:
                self._tasks = None

    def accepted(self, queued: Iterable[Queued]) -> None:
        """These deliveries were just stored."""
        for one in queued:
            work = self._work(one.delivery.lane)
            if work.told:
                logger.info(f"{one.delivery.report_id} → {work.lane} 先存着：{work.told}")
            if self._others is None:
                work.queue.accept(self._pictures.admit(one))
            else:
                work.queue.miss()
            work.fresh = True
            self._wake(work)

    def wake(self, lanes: Iterable[Lane], *, fresh: bool = False) -> None:
        """Read these lanes' queues again: something new waits, `fresh` if this process stored it,
        or their bot is back."""
        for lane in lanes:
            work = self._work(lane)
            work.queue.miss()
            work.fresh |= fresh
            self._wake(work)

    def reread(self, lanes: Sequence[Lane]) -> None:
        """This process changed something that waits in these lanes."""
        for lane in lanes:
            self._work(lane).queue.forget()
        self.wake(lanes, fresh=True)

    async def heard(self, lanes: Sequence[Lane] | None) -> None:
        """Another process stored something in these lanes (None: in any), or let go of them.

        Raises:
            StoreUnavailable: the waiting lanes could not be read.
        """
        for lane in self._lanes if lanes is None else lanes:
            if (work := self._lanes.get(lane)) is not None:
                work.queue.taken_until = 0.0
                work.queue.forget()
        if lanes is None:
            await self.sweep()
        else:
            self.wake(lanes)

    def leave(self) -> None:
        """A bot has gone: let go of the lanes that only it can send in."""
        for work in self._lanes.values():
            if work.queue.lease is not None:
                self._wake(work)

    def _work(self, lane: Lane) -> _Work:
        if (work := self._lanes.get(lane)) is None:
            work = self._lanes[lane] = self._new(lane)
            if len(self._lanes) > IDLE_LANES:
                self._forget_idle()
        return work

    def _new(self, lane: Lane) -> _Work:
        return _Work(lane, LaneQueue(self._lease))

    def _forget_idle(self) -> None:
        """Forget the oldest of the idle lanes."""
        for lane, work in self._lanes.items():
            if not work.running and work.idle:
                del self._lanes[lane]
                return

    def _wake(self, work: _Work) -> None:
        work.woken.set()
        if not work.running and self._tasks is not None:
            work.running = True
            self._tasks.create_task(self._run_lane(work))

    async def resume(self) -> None:
        """A bot came back: end its lanes' back-off, and wake every lane in which something waits.

        Raises:
            StoreUnavailable: the waiting lanes could not be read.
        """
        for lane, work in self._lanes.items():
            if lane.target.kind != "channel":
                work.queue.succeeded()
        await self._leases.resume()
        await self.sweep()

    async def sweep(self) -> None:
        """Wake every lane in which something waits.

        Raises:
            StoreUnavailable: the waiting lanes could not be read.
        """
        self.wake(await self._leases.waiting_lanes())

    async def shift(self, by: float) -> None:
        """The clock was set: look at every lane again. Stored times were moved already.

        Raises:
            StoreUnavailable: the waiting lanes could not be read.
        """
        self._expiry_from = self._clock() + EXPIRY_PATIENCE
        for work in self._lanes.values():
            work.queue.shift(by)
            work.woken.set()
        await self.sweep()

    async def release(self) -> None:
        """Release the lanes, except those in which a message was being sent."""
        sending = [str(lane) for lane, work in self._lanes.items() if work.sending]
        await self._leases.release(self._owner, sending)
        if self._others is not None:
            await self._others.tell_all()

    async def drain(self, lane: Lane) -> float | None:
        """Send what waits in a lane until it is empty, parked or has to wait.

        Returns when to look again (epoch seconds), or None: when woken.

        Raises:
            StoreUnavailable: the queue could not be read.
            LeaseLost: another process has taken the lane over.
        """
        work = self._work(lane)
        work.woken.clear()
        try:
            return await self._drain(work)
        finally:
            if self._others is not None:
                if work.fresh and work.queue.lease is None:
                    self._others.tell(lane, work.queue.taken_by)
                work.fresh = False

    async def _drain(self, work: _Work) -> float | None:
        lane = work.lane
        while True:
            policy = self._policy(lane.target)
            step = work.queue.next(policy, self._clock(), self._expiry_from)
            if isinstance(step, Deliver):
                await self._deliver(work, step, policy)
                continue
            # Also when nothing waits: another process may have got the lane's bot.
            held = self._others is not None and work.queue.lease is not None
            if (step or held) and (reason := self._sender.blocked(lane)):
                await self._let_others(work, reason)
                return None
            match step:
                case None:
                    return None
                case Rest(until, reason):
                    if reason:
                        await self._park(work, reason)
                    return until
                case Fill(limit):
                    await self._fill(work, limit)
                case Expire(queued):
                    finish = Finish(State.EXPIRED, expiry_reason(queued.delivery.handling.reason))
                    await self._record(work, [queued.delivery], finish, self._clock())

    async def _run_lane(self, work: _Work) -> None:
        """The root of a lane's task. A failure here must not cancel the other lanes."""
        try:
            while True:
                due_at = await self._try_drain(work)
                if due_at is None and not work.woken.is_set():
                    return
                if due_at is not None:
                    await wait_for(work.woken, due_at - self._clock())
        finally:
            work.running = False

    async def _try_drain(self, work: _Work) -> float | None:
        try:
            return await self.drain(work.lane)
        except (StoreUnavailable, LeaseLost) as error:
            logger.warning(f"{work.lane} 暂时不能发送：{error}")
        except Exception:  # noqa: BLE001 - a lane's root: logged once, and tried again later
            logger.exception(f"发送到 {work.lane} 时出错，稍后重试")
        work.queue.lose()
        work.woken.clear()
        return self._clock() + FAULT_DELAY

    async def _fill(self, work: _Work, limit: int) -> None:
        """Read the head of the queue, claiming the lane first if necessary."""
        work.queue.reading()
        if work.queue.lease is not None:
            work.queue.filled(None, await self._queue.head(work.lane, limit), limit)
            return
        now = self._clock()
        claim, queued = await self._queue.claim(work.lane, self._owner, now, self._lease, limit)
        self._tally.take_overs += claim.took_over
        work.queue.filled(claim, queued, limit)
        work.parked = None
        rate = self._policy(work.lane.target).rate
        if claim.lease and rate and self._others is not None:  # another may have sent here
            work.queue.sent(await self._queue.sent(work.lane, now - rate[1], rate[0]))

    async def _deliver(self, work: _Work, step: Deliver, policy: Policy) -> None:
        """Send these as one message and record the outcome."""
        # Kept if this is cancelled: `release` must not release the lane then.
        work.sending = True
        began = self._clock()
        try:
            attempt = await self._send(step, began)
        except Unreadable as error:
            aside = [one.delivery for one in await self._composer.unreadable(step.batch)]
            await self._record(work, aside, Finish(State.REJECTED, str(error)), self._clock())
            work.queue.forget()  # the others are sent in the next turn
        else:
            await self._conclude(work, step, attempt, began, policy)
        work.sending = False

    async def _send(self, step: Deliver, now: float) -> Attempt:
        batch = step.batch
        async with self._pictures.room(batch):
            message = await self._composer.compose(batch, digest=step.digest)
            delivery = batch[0].delivery
            if message is not delivery.message:
                delivery = replace(delivery, message=message)
            return await self._attempts.make(delivery, now, alone=len(batch) == 1)

    async def _conclude(
        self, work: _Work, step: Deliver, attempt: Attempt, began: float, policy: Policy
    ) -> None:
        first, now = step.batch[0].delivery, self._clock()
        decision = decide(
            attempt.outcome, first.attempts + 1, work.queue.failures + 1, self._jitter(),
            tried_for=now - (began if first.tried_at is None else first.tried_at),
            repeats=first.repeats,
        )  # fmt: skip
        if isinstance(decision, Park):
            if decision.delay is None:
                await self._let_others(work, decision.reason)
                # The bot's return wakes the lane; check again in case it has just returned.
                work.queue.due_at = now + FAULT_DELAY
            else:
                await self._park(work, decision.reason)
                work.queue.held_until = now + decision.delay
            return
        together = with_others(len(step.batch), digest=step.digest)
        deliveries = [queued.delivery for queued in step.batch]
        await self._record(work, deliveries, decision, now, together, began, sent=attempt.sent)
        work.queue.tried(first.handling.priority, policy, now)
        work.told = ""

    async def _record(
        self,
        work: _Work,
        deliveries: Sequence[Delivery],
        decision: Finish | Retry,
        now: float,
        together: str = "",
        began: float = 0.0,
        *,
        sent: bool = True,
    ) -> None:
        """Store a decision of `now` (epoch seconds); `together` says what else was in the message
        (Chinese), `began` when the attempt began, `sent` whether it sent anything."""
        if (lease := work.queue.lease) is None:
            raise LeaseLost
        ids = [one.id for one in deliveries]
        first = not work.queue.failures
        match decision:
            case Finish(state, reason):
                works = work.queue.succeeded()
                together += together and ("送达" if state is State.DELIVERED else "发送")
                explained = "；".join(filter(None, (together, reason)))

                def write() -> Awaitable[None]:
                    return self._outcomes.finish(
                        lease, ids, state, explained, now, works=works, sent=sent
                    )
            case Retry(delay, reason, repeated):
                work.queue.failed(now + delay)

                def write() -> Awaitable[None]:
                    return self._outcomes.postpone(
                        lease, ids, reason, repeated=repeated, began=began,
                        due_at=work.queue.due_at, failures=work.queue.failures,
                    )  # fmt: skip

        await _until_stored(deliveries[0].report_id, write)
        for delivery in deliveries:
            took = now - delivery.created_at
            self._log.write(delivery, decision, now, took, together, first=first)
            self._tally.decided(delivery, decision, took)

    async def _let_others(self, work: _Work, reason: str) -> None:
        """Park a lane that this process has no bot for; another may have it."""
        work.fresh |= work.queue.lease is not None
        await self._park(work, reason)

    async def _park(self, work: _Work, reason: str) -> None:
        work.queue.lose()
        if work.parked != reason:
            await self._leases.park(work.lane, self._owner, reason, self._clock())
            if work.told != reason:
                logger.info(f"{work.lane} 的推送先存着：{reason}")
        work.parked = work.told = reason

    async def _renew(self) -> None:
        now = self._clock()
        held = {lane: work.queue.lease for lane, work in self._lanes.items() if work.running}
        names = [str(lane) for lane, lease in held.items() if lease]
        idle = self._idle_leases() if self._others is not None else []
        kept: set[str] = set()
        try:
            if idle:  # at once: what claims one of them again comes after it
                await self._leases.let_go(self._owner, idle)
            if names:
                kept = await self._leases.renew(self._owner, names, now, self._lease)
        except StoreUnavailable as error:
            logger.warning(f"发送队列的租约没能续上：{error}")
            return
        for lane, lease in held.items():
            queue = self._lanes[lane].queue
            if not lease or queue.lease != lease:
                continue
            if lease.lane in kept:
                queue.lease = replace(lease, until=now + self._lease)
            else:  # somebody took it over: what is in memory is not ours to send
                queue.lose()

    def _idle_leases(self) -> list[str]:
        """Give up the leases of lanes in which nothing waits: who takes one over later must not
        think that something was being sent. Returns their names."""
        idle = [
            work
            for work in self._lanes.values()
            if work.queue.lease is not None and not work.running
        ]
        for work in idle:
            work.queue.lose()
        return [str(work.lane) for work in idle]


async def _until_stored(report_id: str, write: Callable[[], Awaitable[None]]) -> None:
    """Repeat a write until the store works: going on without it would send the message again.

    Raises:
        LeaseLost: another process has taken the lane over.
    """
    logged = False
    while True:
        try:
            return await write()
        except StoreUnavailable as error:
            if not logged:
                logger.error(f"{report_id} 的发送结果还没能记下：{error}")
            logged = True
            await asyncio.sleep(STORE_RETRY)
