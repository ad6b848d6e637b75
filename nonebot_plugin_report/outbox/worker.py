"""Runs one lane: claim it, send what waits in order, record what came of it. `lane` and `retry`
decide; this carries their decisions out."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
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
from .picture_cache import Pictures
from .retry import Finish, Park, Retry, StepAside, decide
from .tally import Tally

FAULT_DELAY: Final = 5.0
"""Seconds before a lane that failed is tried again."""
STORE_RETRY: Final = 2.0
"""Seconds between attempts to record an outcome while the store fails."""


@dataclass(slots=True)
class Grace:
    """The time without expiry after a start or a change of the clock: a wrong clock is mostly
    corrected soon after."""

    ends_at: float = 0.0
    """Epoch seconds."""


class LaneTools:
    """What the workers of all lanes share."""

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
        this process in leases, `clock` gives epoch seconds, `jitter` numbers in [0, 1), `rest` says
        how to read what a digest leaves out."""
        self.queue, self.outcomes = store.queue, store.outcomes
        self.leases, self.others = store.leases, store.others
        self.lease_seconds = LEASE if self.others is None else SHARED_LEASE
        self.sender = sender
        self.attempts = Attempts(sender, store.queue, clock)
        self.policy = policy
        self.owner = owner
        self.clock = clock
        self.jitter = jitter
        self.log, self.tally = DeliveryLog(), tally
        self.pictures = Pictures()
        self.composer = Composer(store.queue, self.pictures, rest)
        self.grace = Grace()


class LaneWorker:
    """One lane, and this process's state of it."""

    def __init__(self, lane: Lane, tools: LaneTools) -> None:
        self.lane = lane
        self.queue = LaneQueue(tools.lease_seconds)
        self._tools = tools
        self._woken = asyncio.Event()
        self._parked: str | None = None
        """The reason that is stored; None: unknown."""
        self._logged = ""
        """The reason for waiting that was last logged."""
        self.fresh = False
        """Something was stored here of which other processes have not heard."""
        self.running = False
        """It has a task."""
        self.sending = False
        """A message is on its way, or was as its task ended."""

    @property
    def idle(self) -> bool:
        """Forgetting it would lose nothing."""
        return not self.running and self.queue.idle

    def accept(self, queued: Queued) -> None:
        """Note a delivery that was just stored."""
        if self._logged:
            logger.info(f"{queued.delivery.report_id} → {self.lane} 先存着：{self._logged}")
        if self._tools.others is None:
            self.queue.accept(self._tools.pictures.admit(queued))
        else:
            self.queue.miss()
        self.fresh = True

    def wake(self) -> None:
        """Have its task look at the queue again."""
        self._woken.set()

    async def run(self) -> None:
        """Send until nothing waits: the root of the lane's task. A failure here must not cancel the
        other lanes."""
        try:
            while True:
                due_at = await self._try_drain()
                if due_at is None and not self._woken.is_set():
                    return
                if due_at is not None:
                    await wait_for(self._woken, due_at - self._tools.clock())
        finally:
            self.running = False

    async def drain(self) -> float | None:
        """Send what waits until the lane is empty, parked or has to wait.

        Returns when to look again (epoch seconds), or None: when woken.

        Raises:
            StoreUnavailable: the queue could not be read.
            LeaseLost: another process has taken the lane over.
        """
        self._woken.clear()
        try:
            return await self._drain()
        finally:
            if (others := self._tools.others) is not None:
                if self.fresh and self.queue.lease is None:
                    others.tell(self.lane, self.queue.taken_by)
                self.fresh = False

    async def _drain(self) -> float | None:
        while True:
            policy = self._tools.policy(self.lane.target)
            step = self.queue.next(policy, self._tools.clock(), self._tools.grace.ends_at)
            if isinstance(step, Deliver):
                await self._deliver(step, policy)
                continue
            # Also when nothing waits: another process may have got the lane's bot.
            held = self._tools.others is not None and self.queue.lease is not None
            if (step or held) and (reason := self._tools.sender.blocked(self.lane)):
                await self._let_others(reason)
                return None
            match step:
                case None:
                    return None
                case Rest(until, reason):
                    if reason:
                        await self._park(reason)
                    return until
                case Fill(limit):
                    await self._fill(limit)
                case Expire(queued):
                    finish = Finish(State.EXPIRED, expiry_reason(queued.delivery.handling.reason))
                    await self._record([queued.delivery], finish, self._tools.clock())

    async def _try_drain(self) -> float | None:
        try:
            return await self.drain()
        except (StoreUnavailable, LeaseLost) as error:
            logger.warning(f"{self.lane} 暂时不能发送：{error}")
        except Exception:  # noqa: BLE001 - a lane's root: logged once, and tried again later
            logger.exception(f"发送到 {self.lane} 时出错，稍后重试")
        self.queue.lose()
        self._woken.clear()
        return self._tools.clock() + FAULT_DELAY

    async def _fill(self, limit: int) -> None:
        """Read the head of the queue, claiming the lane first if necessary."""
        self.queue.reading()
        now = self._tools.clock()
        if self.queue.lease is not None:
            self.queue.filled(None, await self._tools.queue.head(self.lane, limit, now), limit)
            return
        claim, queued = await self._tools.queue.claim(
            self.lane, self._tools.owner, now, self._tools.lease_seconds, limit
        )
        self._tools.tally.take_overs += claim.took_over
        self.queue.filled(claim, queued, limit)
        self._parked = None
        rate = self._tools.policy(self.lane.target).rate
        if claim.lease and rate and self._tools.others is not None:  # another may have sent here
            self.queue.sent(await self._tools.queue.sent(self.lane, now - rate[1], rate[0]))

    async def _deliver(self, step: Deliver, policy: Policy) -> None:
        """Send these as one message and record the outcome."""
        # Kept if this is cancelled: `release` must not release the lane then.
        self.sending = True
        began = self._tools.clock()
        try:
            attempt = await self._send(step, began)
        except Unreadable as error:
            aside = [one.delivery for one in await self._tools.composer.unreadable(step.batch)]
            await self._record(aside, Finish(State.REJECTED, str(error)), self._tools.clock())
            self.queue.forget()  # the others are sent in the next turn
        else:
            await self._conclude(step, attempt, began, policy)
        self.sending = False

    async def _send(self, step: Deliver, now: float) -> Attempt:
        batch = step.batch
        async with self._tools.pictures.room(batch):
            message = await self._tools.composer.compose(batch, digest=step.digest)
            delivery = batch[0].delivery
            if message is not delivery.message:
                people = dict.fromkeys(p for one in batch for p in one.delivery.handling.mention)
                handling = replace(delivery.handling, mention=tuple(people))
                delivery = replace(delivery, message=message, handling=handling)
            return await self._tools.attempts.make(delivery, now, alone=len(batch) == 1)

    async def _conclude(
        self, step: Deliver, attempt: Attempt, began: float, policy: Policy
    ) -> None:
        first, now = step.batch[0].delivery, self._tools.clock()
        failures = first.attempts if first.stepped_aside else self.queue.failures
        decision = decide(
            attempt.outcome, first.attempts + 1, failures + 1, self._tools.jitter(),
            tried_for=now - (began if first.tried_at is None else first.tried_at),
            repeats=first.repeats, may_step_aside=self.lane.target.kind != "channel",
        )  # fmt: skip
        if isinstance(decision, Park):
            if decision.delay is None:
                await self._let_others(decision.reason)
                # The bot's return wakes the lane; check again in case it has just returned.
                self.queue.due_at = now + FAULT_DELAY
            else:
                await self._park(decision.reason)
                self.queue.held_until = now + decision.delay
            return
        together = with_others(len(step.batch), digest=step.digest)
        deliveries = [queued.delivery for queued in step.batch]
        await self._record(deliveries, decision, now, together, began, sent=attempt.sent)
        self.queue.tried(first.handling.priority, policy, now)
        self._logged = ""

    async def _record(
        self,
        deliveries: Sequence[Delivery],
        decision: Finish | Retry | StepAside,
        now: float,
        together: str = "",
        began: float = 0.0,
        *,
        sent: bool = True,
    ) -> None:
        """Store a decision of `now` (epoch seconds); `together` says what else was in the message
        (Chinese), `began` when the attempt began, `sent` whether it sent anything."""
        if (lease := self.queue.lease) is None:
            raise LeaseLost
        ids = [one.id for one in deliveries]
        first = not self.queue.failures
        match decision:
            case Finish(state, reason, message_id):
                works = self.queue.succeeded()
                together += together and ("送达" if state is State.DELIVERED else "发送")
                explained = "；".join(filter(None, (together, reason)))

                def write() -> Awaitable[None]:
                    return self._tools.outcomes.finish(
                        lease,
                        ids,
                        state,
                        explained,
                        now,
                        works=works,
                        sent=sent,
                        message_id=message_id,
                    )
            case Retry(delay, reason, repeated):
                self.queue.failed(now + delay)

                def write() -> Awaitable[None]:
                    return self._tools.outcomes.postpone(
                        lease, ids, reason, repeated=repeated, began=began,
                        due_at=self.queue.due_at, failures=self.queue.failures,
                    )  # fmt: skip
            case StepAside(delay, reason):
                self.queue.stepped_aside()

                def write() -> Awaitable[None]:
                    return self._tools.outcomes.step_aside(
                        lease, ids, reason, began=began, held_until=now + delay
                    )

        await _until_stored(deliveries[0].report_id, write)
        for delivery in deliveries:
            took = now - delivery.created_at
            self._tools.log.write(delivery, decision, now, took, together, first=first)
            self._tools.tally.decided(delivery, decision, took)

    async def _let_others(self, reason: str) -> None:
        """Park a lane that this process has no bot for; another may have it."""
        self.fresh |= self.queue.lease is not None
        await self._park(reason)

    async def _park(self, reason: str) -> None:
        self.queue.lose()
        if self._parked != reason:
            await self._tools.leases.park(self.lane, self._tools.owner, reason, self._tools.clock())
            if self._logged != reason:
                logger.info(f"{self.lane} 的推送先存着：{reason}")
        self._parked = self._logged = reason


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
