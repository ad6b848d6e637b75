"""Lanes at work: claim, send, record. In order within a lane, lanes side by side."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Final

from loguru import logger

from ..errors import LeaseLost, StoreUnavailable, Unreadable
from ..model.clock import wait_for
from ..model.delivery import Delivery, Outcome, Sender, State
from ..model.scheduling import Policy
from ..model.target import Lane, Target
from ..store.queue import Queue, Queued, expiry_reason
from .compose import Composer
from .lane import LEASE, Deliver, Expire, Fill, LaneQueue, Rest
from .pictures import Pictures
from .retry import Finish, Park, Retry, decide

STORE_RETRY: Final = 2.0
"""Seconds between tries to write down what came of a delivery while the store does not work."""
FAULT_DELAY: Final = 5.0
"""Seconds before a lane is looked at again that could not be worked in."""
IDLE_LANES: Final = 1000
"""Lanes remembered in which nothing waits: whoever pushes may make up any number of them."""
EXPIRY_PATIENCE: Final = 60.0
"""Seconds after a start, and after the clock was set, in which nothing is given up as too old: a
clock that is wrong is mostly set right soon after."""


@dataclass(slots=True)
class _Work:
    """A lane, and how far this process has got in it."""

    lane: Lane
    queue: LaneQueue = field(default_factory=LaneQueue)
    woken: asyncio.Event = field(default_factory=asyncio.Event)
    parked: str | None = None
    """The reason that the store has; None: it is not known."""
    told: str = ""
    """The reason for waiting that was last logged."""


class Dispatcher:
    """Sends what waits. Decisions are the lane queues' and `retry`'s, statements the store's."""

    def __init__(
        self,
        queue: Queue,
        sender: Sender,
        *,
        policy: Callable[[Target], Policy],
        owner: str,
        clock: Callable[[], float],
        jitter: Callable[[], float],
    ) -> None:
        """`policy` says how much a target is to be spared, `owner` names this process in leases;
        `clock` gives epoch seconds, `jitter` [0, 1)."""
        self._queue = queue
        self._sender = sender
        self._policy = policy
        self._owner = owner
        self._clock = clock
        self._dice = jitter
        self._pictures = Pictures()
        self._composer = Composer(queue, self._pictures)
        self._expiry_from = 0.0
        self._lanes: OrderedDict[Lane, _Work] = OrderedDict()
        self._running: set[Lane] = set()
        self._sending: set[Lane] = set()
        self._tasks: asyncio.TaskGroup | None = None

    def begin(self, *, patience: float) -> None:
        """Start from what is stored; for `patience` seconds nothing is given up as too old."""
        self._lanes.clear()
        self._expiry_from = self._clock() + patience

    def may_expire(self) -> bool:
        """Whether what is too old may be given up: not while the clock may still be wrong."""
        return self._clock() >= self._expiry_from

    async def run(self) -> None:
        """Work until cancelled."""
        async with asyncio.TaskGroup() as self._tasks:
            try:
                while True:
                    await asyncio.sleep(LEASE / 3)
                    await self._renew()
            finally:
                self._tasks = None

    def accepted(self, queued: Iterable[Queued]) -> None:
        """These were just stored."""
        for one in queued:
            work = self._work(one.delivery.lane)
            work.queue.accept(self._pictures.admit(one))
            self._wake(work)

    def wake(self, lanes: Iterable[Lane]) -> None:
        """Something waits in these lanes that was not seen yet, or their bot is back."""
        for lane in lanes:
            work = self._work(lane)
            work.queue.miss()
            self._wake(work)

    def _work(self, lane: Lane) -> _Work:
        if (work := self._lanes.get(lane)) is None:
            work = self._lanes[lane] = _Work(lane)
            if len(self._lanes) > IDLE_LANES:
                self._forget_idle()
        return work

    def _forget_idle(self) -> None:
        """Forget the lane that was made longest ago of those in which nothing is going on."""
        for lane, work in self._lanes.items():
            if lane not in self._running and work.queue.idle:
                del self._lanes[lane]
                return

    def _wake(self, work: _Work) -> None:
        work.woken.set()
        if work.lane not in self._running and self._tasks is not None:
            self._running.add(work.lane)
            self._tasks.create_task(self._run_lane(work))

    async def resume(self) -> None:
        """A bot came back: end its lanes' back-off, and wake every lane in which something waits.

        Raises:
            StoreUnavailable: the waiting lanes could not be read.
        """
        for lane, work in self._lanes.items():
            if lane.target.kind != "channel":
                work.queue.succeeded()
        await self._queue.resume()
        await self.sweep()

    async def sweep(self) -> None:
        """Wake every lane in which something waits.

        Raises:
            StoreUnavailable: the waiting lanes could not be read.
        """
        self.wake(await self._queue.waiting_lanes())

    async def shift(self, by: float) -> None:
        """The clock was set: look at every lane anew. What is stored was shifted already.

        Raises:
            StoreUnavailable: the waiting lanes could not be read.
        """
        self._expiry_from = self._clock() + EXPIRY_PATIENCE
        for work in self._lanes.values():
            work.queue.shift(by)
            work.woken.set()
        await self.sweep()

    async def release(self) -> None:
        """Let go of the lanes, but for those in which a message was just leaving."""
        await self._queue.release(self._owner, [str(lane) for lane in self._sending])

    async def drain(self, lane: Lane) -> float | None:
        """Send what waits in a lane until it is empty, parked or has to wait.

        Returns when to look again (epoch seconds), or None: when woken.

        Raises:
            StoreUnavailable: the queue could not be read.
            LeaseLost: the lane is another process's.
        """
        work = self._work(lane)
        work.woken.clear()
        while True:
            if reason := self._sender.blocked(lane):
                await self._park(work, reason)
                return None
            match work.queue.next(self._policy(lane.target), self._clock(), self._expiry_from):
                case None:
                    return None
                case Rest(until, reason):
                    if reason:
                        await self._park(work, reason)
                    return until
                case Fill(limit):
                    await self._fill(work, limit)
                case Expire(queued):
                    finish = Finish(State.EXPIRED, expiry_reason(queued.delivery.reason))
                    await self._record(work, [queued.delivery], finish)
                case Deliver(batch, digest):
                    await self._deliver(work, batch, digest=digest)

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
            self._running.discard(work.lane)

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
        """Read the head of the queue, claiming the lane where that is needed."""
        work.queue.reading()
        if work.queue.lease is not None:
            work.queue.filled(None, await self._queue.head(work.lane, limit), limit)
            return
        now = self._clock()
        claim, queued = await self._queue.claim(work.lane, self._owner, now, now + LEASE, limit)
        work.queue.filled(claim, queued, limit)
        work.parked = None

    async def _deliver(self, work: _Work, batch: Sequence[Queued], *, digest: bool) -> None:
        """Try these as one message, and write down what came of it."""
        # Stays there where a cancellation cuts this short: `release` must not let go of the lane.
        self._sending.add(work.lane)
        try:
            outcome = await self._send(batch, digest=digest)
        except Unreadable as error:
            aside = [one.delivery for one in await self._composer.unreadable(batch)]
            await self._record(work, aside, Finish(State.REJECTED, str(error)))
            work.queue.forget()  # the rest goes out in the next turn
        else:
            await self._conclude(work, batch, outcome, digest=digest)
        self._sending.discard(work.lane)

    async def _send(self, batch: Sequence[Queued], *, digest: bool) -> Outcome:
        async with self._pictures.room(sum(queued.picture_bytes for queued in batch)):
            message = await self._composer.compose(batch, digest=digest)
            return await self._sender.send(replace(batch[0].delivery, message=message))

    async def _conclude(
        self, work: _Work, batch: Sequence[Queued], outcome: Outcome, *, digest: bool
    ) -> None:
        first = batch[0].delivery
        decision = decide(outcome, first.attempts + 1, work.queue.failures + 1, self._dice())
        if isinstance(decision, Park):
            await self._park(work, decision.reason)
            # Its bot's return wakes the lane; but look again, in case that was just now.
            work.queue.due_at = self._clock() + FAULT_DELAY
            return
        if len(batch) > 1 and isinstance(decision, Finish):
            told = _together(decision.reason, len(batch), digest=digest)
            decision = replace(decision, reason=told)
        await self._record(work, [queued.delivery for queued in batch], decision)
        work.queue.tried(first.priority, self._policy(work.lane.target), self._clock())
        work.told = ""

    async def _record(
        self, work: _Work, deliveries: Sequence[Delivery], decision: Finish | Retry
    ) -> None:
        """Write down a decision."""
        if (lease := work.queue.lease) is None:
            raise LeaseLost
        now, ids = self._clock(), [one.id for one in deliveries]
        first = not work.queue.failures
        match decision:
            case Finish(to, reason):
                works = work.queue.succeeded()
                write = partial(self._queue.finish, lease, ids, to, reason, now, works=works)
            case Retry(delay, reason, repeated):
                work.queue.failed(now + delay)
                write = partial(
                    self._queue.postpone, lease, ids, reason, repeated=repeated,
                    due_at=work.queue.due_at, failures=work.queue.failures,
                )  # fmt: skip
        await self._write_until_stored(write, deliveries[0])
        for delivery in deliveries:
            _log(delivery, decision, first=first)

    async def _write_until_stored(
        self, write: Callable[[], Awaitable[None]], delivery: Delivery
    ) -> None:
        """Write, however long the store does not work. To go on without would send it again."""
        complained = False
        while True:
            try:
                return await write()
            except StoreUnavailable as error:
                if not complained:
                    logger.error(f"{delivery.report_id} 的发送结果还没能记下：{error}")
                complained = True
                await asyncio.sleep(STORE_RETRY)

    async def _park(self, work: _Work, reason: str) -> None:
        work.queue.lose()
        if work.parked != reason:
            await self._queue.park(work.lane, self._owner, reason, self._clock())
            if work.told != reason:
                logger.info(f"{work.lane} 的推送先存着：{reason}")
        work.parked = work.told = reason

    async def _renew(self) -> None:
        until = self._clock() + LEASE
        held = {lane: self._lanes[lane].queue.lease for lane in self._running}
        names = [str(lane) for lane, lease in held.items() if lease]
        if not names:
            return
        try:
            await self._queue.renew(self._owner, names, until)
        except StoreUnavailable as error:
            logger.warning(f"发送队列的租约没能续上：{error}")
            return
        for lane, lease in held.items():
            queue = self._lanes[lane].queue
            if lease and queue.lease == lease:
                queue.lease = replace(lease, until=until)


def _together(note: str, count: int, *, digest: bool) -> str:
    told = f"和另外 {count - 1} 条一起，以摘要送达" if digest else f"和另外 {count - 1} 条合并送达"
    return f"{told}；{note}" if note else told


def _log(delivery: Delivery, decision: Finish | Retry, *, first: bool) -> None:
    """What is worth knowing; without a word of the message."""
    subject = f"{delivery.report_id} → {delivery.lane}"
    match decision:
        case Finish(State.DELIVERED, note) if note:
            logger.warning(f"{subject} 已送达，但{note}")
        case Finish(State.EXPIRED | State.REJECTED, reason):
            logger.error(f"{subject} 没能送达，不再重试：{reason}")
        case Retry(delay, reason) if first:
            logger.warning(f"{subject} 没有送达，{delay:.0f} 秒后重试：{reason}")
        case Retry(delay, reason):
            logger.debug(f"{subject} 没有送达，{delay:.0f} 秒后重试：{reason}")
        case Finish():
            pass
