"""Lanes at work: claim, send, record. In order within a lane, lanes side by side."""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Final

from loguru import logger

from ..delivery import Delivery, Lane, Message, Rank, Sender, State, Target
from ..digest import Gist, gist, merge, pictured, summarize
from ..errors import LeaseLost, StoreUnavailable, Unreadable
from ..hold import MOST, Policy, Send, Wait, plan
from ..report import Image
from ..store.queue import Lease, Queue, Queued, expiry_reason
from .pictures import Pictures
from .retry import Finish, Park, Postpone, decide

LEASE: Final = 60.0
"""Seconds a lane stays with a process that says nothing more."""
BATCH: Final = 16
"""Deliveries of a lane held in memory; of their pictures, only what was just accepted."""
STORE_RETRY: Final = 2.0
"""Seconds between tries to write down what came of a delivery while the store does not work."""
FAULT_DELAY: Final = 5.0
"""Seconds before a lane is looked at again that could not be worked in."""
MERGED_PICTURES: Final = 16 * 2**20
"""Bytes of pictures that go out in one merged message."""
PICTURE_LEFT_OUT: Final = "截图太多太大，没有一起发出"
IDLE_LANES: Final = 1000
"""Lanes remembered in which nothing waits: whoever pushes may make up any number of them."""
EXPIRY_PATIENCE: Final = 60.0
"""Seconds after a start, and after the clock was set, in which nothing is given up as too old: a
clock that is wrong is mostly set right soon after."""


@dataclass(slots=True)
class _LaneState:
    """What this process remembers of a lane between two reads of it."""

    lease: Lease | None = None
    due_at: float = 0.0
    failures: int = 0
    woken: asyncio.Event = field(default_factory=asyncio.Event)
    blocked_reason: str | None = None
    ready: deque[Queued] = field(default_factory=deque[Queued])
    """The head of the queue."""
    complete: bool = False
    """`ready` is the whole queue: what is accepted now may go to its end."""
    missed: bool = False
    """Something was stored that did not go to `ready`."""
    last: str = ""
    """The greatest id that was ever in `ready`."""
    sent: deque[float] = field(default_factory=deque[float])
    """When the last messages went out, as many as the lane's rate counts."""
    limited: bool = False
    """It has been waiting because of its rate."""
    told: str = ""
    """The reason for waiting that was last logged."""

    def forget(self) -> None:
        """Read the queue anew before the next message."""
        self.ready.clear()
        self.complete = False


class Dispatcher:
    """Sends what waits. Decisions are `retry`'s and `hold`'s, statements the store's."""

    def __init__(
        self,
        queue: Queue,
        sender: Sender,
        *,
        policy: Callable[[Target], Policy],
        owner: str,
        clock: Callable[[], float],
        dice: Callable[[], float],
    ) -> None:
        """`policy` says how much a target is to be spared, `owner` names this process in leases;
        `clock` gives epoch seconds, `dice` [0, 1)."""
        self._queue = queue
        self._sender = sender
        self._policy = policy
        self._owner = owner
        self._clock = clock
        self._dice = dice
        self._pictures = Pictures()
        self._expiry_from = 0.0
        self._states: OrderedDict[Lane, _LaneState] = OrderedDict()
        self._running: set[Lane] = set()
        self._sending: set[Lane] = set()
        self._tasks: asyncio.TaskGroup | None = None

    def begin(self, *, patience: float) -> None:
        """Start from what is stored; for `patience` seconds nothing is given up as too old."""
        self._states.clear()
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
        """These were just stored. Where their lane has nothing else, they need not be read back."""
        for one in queued:
            lane, state = one.delivery.lane, self._state(one.delivery.lane)
            one = self._pictures.admit(one)
            if not state.complete or len(state.ready) >= BATCH or one.delivery.id <= state.last:
                state.complete, state.missed = False, True
            elif state.ready and one.delivery.rank < state.ready[-1].delivery.rank:
                state.forget()  # it goes before what is there
                state.missed = True
            else:
                state.ready.append(one)
                state.last = one.delivery.id
            self._wake(lane, state)

    def wake(self, lanes: Iterable[Lane]) -> None:
        """Something waits in these lanes that was not seen yet, or their bot is back."""
        for lane in lanes:
            state = self._state(lane)
            state.complete, state.missed = False, True
            self._wake(lane, state)

    def _state(self, lane: Lane) -> _LaneState:
        if (state := self._states.get(lane)) is None:
            state = self._states[lane] = _LaneState()
            if len(self._states) > IDLE_LANES:
                self._forget_idle()
        return state

    def _forget_idle(self) -> None:
        """Forget the lane that was made longest ago of those in which nothing is going on."""
        for lane, state in self._states.items():
            if lane not in self._running and not state.ready and not state.failures:
                del self._states[lane]
                return

    def _wake(self, lane: Lane, state: _LaneState) -> None:
        state.woken.set()
        if lane not in self._running and self._tasks is not None:
            self._running.add(lane)
            self._tasks.create_task(self._work(lane, state))

    async def resume(self) -> None:
        """A bot came back: end its lanes' back-off, and wake every lane in which something waits.

        Raises:
            StoreUnavailable: the waiting lanes could not be read.
        """
        for lane, state in self._states.items():
            if lane.target.kind != "channel":
                state.due_at, state.failures = 0.0, 0
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
        for state in self._states.values():
            state.due_at += by if state.due_at else 0.0
            state.sent = deque(at + by for at in state.sent)
            state.lease = None
            state.forget()
            state.woken.set()
        await self.sweep()

    async def release(self) -> None:
        """Let go of the lanes, but for those in which a message was just leaving."""
        sending = [str(lane) for lane in self._sending]
        await self._queue.release(self._owner, sending)

    async def drain(self, lane: Lane) -> float | None:
        """Send what waits in a lane until it is empty, parked or has to wait.

        Returns when to look again (epoch seconds), or None: when woken.

        Raises:
            StoreUnavailable: the queue could not be read.
        """
        state = self._state(lane)
        while True:
            state.woken.clear()
            if reason := self._sender.blocked(lane):
                await self._park(lane, state, reason)
                return None
            now = self._clock()
            if state.due_at > now:
                return state.due_at
            if state.lease is None or state.lease.until - now < LEASE / 2:
                state.lease = None
                state.forget()
            if not (state.ready or state.complete):
                await self._fill(lane, state)
            while state.ready and state.due_at <= self._clock():
                if (wait := await self._step(lane, state)) is not None:
                    return wait
            if state.due_at <= self._clock() and state.complete and not state.woken.is_set():
                return None

    async def _work(self, lane: Lane, state: _LaneState) -> None:
        """The root of a lane's task. A failure here must not cancel the other lanes."""
        try:
            while True:
                due_at = await self._try_drain(lane, state)
                if due_at is None and not state.woken.is_set():
                    return
                if due_at is not None:
                    await _wait_until(state.woken, due_at - self._clock())
        finally:
            self._running.discard(lane)

    async def _try_drain(self, lane: Lane, state: _LaneState) -> float | None:
        try:
            return await self.drain(lane)
        except (StoreUnavailable, LeaseLost) as error:
            logger.warning(f"{lane} 暂时不能发送：{error}")
        except Exception:  # noqa: BLE001 - a lane's root: logged once, and tried again later
            logger.exception(f"发送到 {lane} 时出错，稍后重试")
        state.lease = None
        state.forget()
        state.woken.clear()
        return self._clock() + FAULT_DELAY

    async def _fill(self, lane: Lane, state: _LaneState, limit: int = BATCH) -> None:
        """Read the head of the queue, claiming the lane where that is needed."""
        state.missed = False
        if state.lease is not None:
            queued = await self._queue.head(lane, limit)
        else:
            now = self._clock()
            claim, queued = await self._queue.claim(lane, self._owner, now, now + LEASE, limit)
            state.lease, state.failures, state.due_at = claim.lease, claim.failures, claim.due_at
            state.blocked_reason = None
        state.ready.extend(queued)
        state.complete = state.lease is not None and len(queued) < limit and not state.missed
        if queued:
            state.last = max(state.last, *(one.delivery.id for one in queued))

    async def _step(self, lane: Lane, state: _LaneState) -> float | None:
        """Give up what is too old, or send what is to go next.

        Returns when to look again where all has to wait (epoch seconds).
        """
        now = self._clock()
        for queued in state.ready:
            if queued.delivery.expires_at > now:
                continue
            if not self.may_expire():
                return self._expiry_from
            state.ready.remove(queued)
            finish = Finish(State.EXPIRED, expiry_reason(queued.delivery.reason))
            await self._record(state, [queued.delivery], finish)
            return None
        chosen = await self._plan(lane, state)
        if chosen is None:
            return None
        if isinstance(chosen, Wait):
            state.limited |= chosen.limits
            await self._park(lane, state, chosen.reason)
            return chosen.until
        batch = [state.ready[index] for index in chosen.chosen]
        for queued in batch:
            state.ready.remove(queued)
        await self._deliver(lane, state, batch, digest=chosen.digest)
        return None

    async def _plan(self, lane: Lane, state: _LaneState) -> Send | Wait | None:
        policy, now = self._policy(lane.target), self._clock()

        def look() -> Send | Wait | None:
            waiting = [queued.delivery for queued in state.ready]
            return plan(waiting, policy, now, state.sent, limited=state.limited)

        chosen = look()
        if isinstance(chosen, Send) and len(chosen.chosen) > 1 and not state.complete:
            state.forget()
            await self._fill(lane, state, MOST)  # all that could go along
            chosen = look()
        return chosen

    async def _deliver(
        self, lane: Lane, state: _LaneState, batch: Sequence[Queued], *, digest: bool
    ) -> None:
        """Try these as one message, and write down what came of it."""
        # Stays there where a cancellation cuts this short: `release` must not let go of the lane.
        self._sending.add(lane)
        first, deliveries = batch[0].delivery, [queued.delivery for queued in batch]
        async with self._pictures.room(sum(queued.picture_bytes for queued in batch)):
            try:
                message = await self._loaded(batch, digest=digest)
            except Unreadable as error:
                await self._record(state, deliveries, Finish(State.REJECTED, str(error)))
                self._sending.discard(lane)
                return
            outcome = await self._sender.send(replace(first, message=message))
        decision = decide(outcome, first.attempts + 1, state.failures + 1, self._dice())
        if isinstance(decision, Park):
            await self._park(lane, state, decision.reason)
            # Its bot's return wakes the lane; but look again, in case that was just now.
            state.due_at = self._clock() + FAULT_DELAY
        else:
            if len(batch) > 1 and isinstance(decision, Finish):
                decision = replace(
                    decision, reason=_together(decision.reason, len(batch), digest=digest)
                )
            await self._record(state, deliveries, decision)
            self._count(lane, state, first.rank)
        self._sending.discard(lane)

    def _count(self, lane: Lane, state: _LaneState, rank: Rank) -> None:
        state.told = ""
        state.limited &= rank is Rank.URGENT  # it went past those that wait
        if (rate := self._policy(lane.target).rate) is not None:
            state.sent.append(self._clock())
            while len(state.sent) > rate[0]:
                state.sent.popleft()

    async def _loaded(self, batch: Sequence[Queued], *, digest: bool) -> Message:
        """What to show: the message of the batch's only delivery, or one for all of it.

        Raises:
            Unreadable: what is stored of one of them is not what this code writes.
        """
        if digest:
            return await self._digest([one.delivery.id for one in batch])
        messages: list[Message] = []
        room = MERGED_PICTURES
        for one in batch:
            room -= one.picture_bytes
            messages.append(await self._message(one, pictured=room >= 0 or len(batch) == 1))
        return merge(messages) if messages[1:] else messages[0]

    async def _message(self, queued: Queued, *, pictured: bool) -> Message:
        if queued.loaded and pictured:
            return queued.delivery.message
        message, sha = await self._queue.words(queued.delivery.id)
        if pictured:
            return replace(message, image=await self._picture(sha))
        return replace(message, text=f"{message.text}\n[{PICTURE_LEFT_OUT}]".strip())

    async def _digest(self, ids: Sequence[str]) -> Message:
        gists: list[Gist] = []
        hashes: list[str | None] = []
        for one in ids:  # one at a time in memory
            message, sha = await self._queue.words(one)
            gists.append(gist(message, has_image=sha is not None))
            hashes.append(sha)
        shown = [await self._picture(hashes[index]) for index in sorted(pictured(gists))]
        return summarize(gists, [one for one in shown if one is not None])

    async def _picture(self, sha: str | None) -> Image | None:
        if sha is None:
            return None
        if (known := self._pictures.known(sha)) is not None:
            return known
        image = await self._queue.picture(sha)
        if image is not None:
            self._pictures.add(sha, image)
        return image

    async def _record(
        self, state: _LaneState, deliveries: Sequence[Delivery], decision: Finish | Postpone
    ) -> None:
        """Write down a decision."""
        if (lease := state.lease) is None:
            raise LeaseLost
        before, now = state.failures, self._clock()
        if isinstance(decision, Postpone):
            state.due_at, state.failures = now + decision.delay, before + 1
            state.forget()  # what was tried is no longer there, and has changed
        else:
            state.due_at, state.failures = 0.0, 0

        ids, due_at, failures = [one.id for one in deliveries], state.due_at, state.failures
        match decision:
            case Finish(to, reason):
                write = partial(self._queue.finish, lease, ids, to, reason, now, works=bool(before))
            case Postpone(_, reason, repeated):
                write = partial(
                    self._queue.postpone, lease, ids, reason,
                    repeated=repeated, due_at=due_at, failures=failures,
                )  # fmt: skip
        await self._insist(write, deliveries[0])
        for delivery in deliveries:
            _log(delivery, decision, first=not before)

    async def _insist(self, write: Callable[[], Awaitable[None]], delivery: Delivery) -> None:
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

    async def _park(self, lane: Lane, state: _LaneState, reason: str) -> None:
        state.lease = None
        state.forget()
        if state.blocked_reason != reason:
            now = self._clock()
            await self._queue.park(lane, self._owner, reason, now)
            if state.told != reason:
                logger.info(f"{lane} 的推送先存着：{reason}")
        state.blocked_reason = state.told = reason

    async def _renew(self) -> None:
        until = self._clock() + LEASE
        held = {lane: self._states[lane].lease for lane in self._running}
        names = [str(lane) for lane, lease in held.items() if lease]
        if not names:
            return
        try:
            await self._queue.renew(self._owner, names, until)
        except StoreUnavailable as error:
            logger.warning(f"发送队列的租约没能续上：{error}")
            return
        for lane, lease in held.items():
            if lease and self._states[lane].lease == lease:
                self._states[lane].lease = replace(lease, until=until)


async def _wait_until(woken: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(max(0.0, seconds)):
            await woken.wait()
    except TimeoutError:
        pass


def _together(note: str, count: int, *, digest: bool) -> str:
    told = f"和另外 {count - 1} 条一起，以摘要送达" if digest else f"和另外 {count - 1} 条合并送达"
    return f"{told}；{note}" if note else told


def _log(delivery: Delivery, decision: Finish | Postpone, *, first: bool) -> None:
    """What is worth knowing; without a word of the message."""
    subject = f"{delivery.report_id} → {delivery.lane}"
    match decision:
        case Finish(State.DELIVERED, note) if note:
            logger.warning(f"{subject} 已送达，但{note}")
        case Finish(State.EXPIRED | State.REJECTED, reason):
            logger.error(f"{subject} 没能送达，不再重试：{reason}")
        case Postpone(delay, reason) if first:
            logger.warning(f"{subject} 没有送达，{delay:.0f} 秒后重试：{reason}")
        case Postpone(delay, reason):
            logger.debug(f"{subject} 没有送达，{delay:.0f} 秒后重试：{reason}")
        case Finish():
            pass
