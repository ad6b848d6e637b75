"""The outbox: accepted reports are on disk, and are delivered in order, at least once.

`accept` returns when the report is committed. Everything else happens in the background: sending,
retrying, parking while a bot is away, expiry, and deleting what is past retention.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from loguru import logger

from ..errors import StoreUnavailable
from ..model.delivery import Delivery, Handling, Outgoing, Priority, Sender
from ..model.message import Message
from ..model.report import Report, hash_words
from ..model.scheduling import Policy
from ..model.status import Receipt
from ..model.story import find_ended
from ..model.target import Lane, Target
from ..store import Store
from ..store.housekeeping import DueFallback
from ..store.ids import IdMaker
from ..store.queue import Queued
from ..store.reminders import DueReminder
from ..store.rows import Entry
from .digest import REST
from .lanes import EXPIRY_PATIENCE, Lanes
from .tally import Tally
from .worker import LaneTools

CLOCK_BACK: Final = 60.0
"""Seconds by which deliveries may be ahead of the clock at a start; if more, it was set back."""
SWEEP_EVERY: Final = 60.0
"""Seconds between checks for waiting deliveries that no event announced."""
SHARED_SWEEP_EVERY: Final = 3.0
"""The same where other processes store deliveries too, and a word of them may be missed."""
TERM: Final = 15.0
"""Seconds for which one of several processes does what only one has to do, without renewal."""
EXPIRE_EVERY: Final = 30.0
"""Seconds between checks for deliveries that are too old."""
FALL_BACK_EVERY: Final = 10.0
"""Seconds between checks for due fallbacks."""
PRUNE_EVERY: Final = 3600.0
"""Seconds between deletions of what is past retention."""
UNREAD_SECONDS: Final = 86400.0
"""Seconds for which a body is kept that its source could not read."""
LOOK_EVERY: Final = 1.0
"""Seconds between looks whether this process has come to lead."""
MAX_LANES: Final = 10_000
"""Lanes of which is remembered that they have a row: clients can make up any number of them."""
CHECK_EVERY: Final = 1.0
"""Seconds between checks of the database file."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How long things are kept, in seconds."""

    expire: float
    retention: float
    image_retention: float


class Outbox:
    """Accepts reports, and owns the tasks that deliver them."""

    def __init__(
        self,
        store: Store,
        sender: Sender,
        limits: Limits,
        *,
        policy: Callable[[Target], Policy] = lambda _: Policy(),
        clock: Callable[[], float],
        jitter: Callable[[], float] = random.random,
        rest: str = REST,
    ) -> None:
        """`policy` gives a target's policy, `clock` epoch seconds, `jitter` numbers in [0, 1);
        `rest` tells how to read what a digest leaves out (Chinese)."""
        self._store = store
        self._limits = limits
        self._clock = clock
        self._ids = IdMaker(clock)
        self._reminds = True
        """Whether anything may wait to be acknowledged."""
        self._known_lanes: set[Lane] = set()
        self.tally: Final = Tally()
        # Not of `_ids`: those follow on each other, and the clock may not be right yet.
        self.owner: Final = IdMaker(clock).next()
        """This process, in leases."""
        self._leads = not store.shared
        self._term_ends = 0.0
        tools = LaneTools(
            store,
            sender,
            self.tally,
            policy=policy,
            owner=self.owner,
            clock=clock,
            jitter=jitter,
            rest=rest,
        )
        self.lanes: Final = Lanes(tools)

    async def open(self) -> None:
        """Begin with what is in the store, which is open.

        Raises:
            StoreUnavailable: it could not be written.
        """
        housekeeping = self._store.housekeeping
        if not self._store.shared:
            await self._recover()
        self._ids.continue_after(await housekeeping.newest_id())
        self._reminds = self._store.shared or await self._store.reminders.any()
        self._known_lanes.clear()
        self.lanes.begin(patience=min(EXPIRY_PATIENCE, self._limits.expire))
        now = self._clock()
        for name, count in (await housekeeping.set_aside(now)).items():
            logger.error(f"存储里的接收者 {name[:60]} 无法识别，发给它的 {count} 条推送已放弃")

    @property
    def leads(self) -> bool:
        """Whether this process does what only one of several has to do."""
        return self._leads

    async def _recover(self) -> None:
        """Take over what a former process left: with several, leases say when, by a clock that is
        the same for all."""
        housekeeping, now = self._store.housekeeping, self._clock()
        await housekeeping.recover()
        if (ahead := await housekeeping.newest_moment() - now) > CLOCK_BACK:
            await housekeeping.move_in_time(now, -ahead)

    async def run(self) -> None:
        """Deliver until cancelled.

        Raises:
            StoreUnavailable: in a group, when the database file was lost.
        """
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.lanes.run())
            tasks.create_task(self._repeat(self.expire, EXPIRE_EVERY, leading=True))
            tasks.create_task(
                self._repeat(self.prune, PRUNE_EVERY, delay=EXPIRY_PATIENCE, leading=True)
            )
            tasks.create_task(self._repeat(self.fall_back, FALL_BACK_EVERY, leading=True))
            tasks.create_task(self._repeat(self.remind, FALL_BACK_EVERY, leading=True))
            tasks.create_task(self._check())
            if self._store.others is None:
                tasks.create_task(self._repeat(self.lanes.sweep, SWEEP_EVERY))
            else:
                tasks.create_task(self._repeat(self.lanes.sweep, SHARED_SWEEP_EVERY))
                tasks.create_task(self._repeat(self._stand, TERM / 3))
                tasks.create_task(self._repeat(self._store.others.end_stalled, TERM / 3))
                tasks.create_task(self._store.others.listen(self.owner, self.lanes.heard))

    async def resume(self) -> None:
        """A bot came back: send what waited for it.

        Raises:
            StoreUnavailable: the waiting lanes could not be read.
        """
        await self.lanes.resume()

    async def sweep(self) -> None:
        """Look at every lane again, since a policy has changed.

        Raises:
            StoreUnavailable: the waiting lanes could not be read.
        """
        await self.lanes.sweep()

    async def close(self) -> None:
        """Release the lanes. `run` must have ended."""
        try:
            await self.lanes.release()
            if self._store.shared:
                await self._store.terms.resign(self.owner)
        except StoreUnavailable as error:
            logger.warning(f"关闭时没能写入数据库：{error}")

    async def accept(
        self, report: Report, outgoing: Sequence[Outgoing], *, source: str = "", note: str = ""
    ) -> Receipt:
        """Store a report with one delivery for each target; on disk when this returns.

        Args:
            report: what was sent.
            outgoing: whom it goes to, and how. Empty: nobody.
            source: the name of the token that it came with.
            note: why nobody gets it (Chinese).

        Raises:
            StoreUnavailable: nothing was stored, as far as `Queue.accept` says.
        """
        content_hash = await _hash_content(report)
        now = self._clock()
        report_id = self._ids.next()
        deliveries = tuple([self._delivery(one, report, report_id, now) for one in outgoing])
        entry = Entry(
            report_id, report, deliveries, now, source, note,
            tuple([one.fallback_images for one in outgoing]), content_hash,
        )  # fmt: skip
        self._reminds |= any(one.handling.remind is not None for one in outgoing)
        if self._reminds:
            entry = replace(entry, ended=find_ended(report))
        new = [each.lane for each in deliveries if each.lane not in self._known_lanes]

        def committed(receipt: Receipt, stored: Entry) -> None:
            self._remember(new)
            if receipt.status == "accepted":
                self.lanes.accepted([Queued(each, loaded=True) for each in stored.deliveries])

        began = time.perf_counter()
        receipt = await self._store.queue.accept(entry, new, committed)
        self.tally.accepted(receipt.status, time.perf_counter() - began)
        return receipt

    def _remember(self, lanes: Sequence[Lane]) -> None:
        """Note that lanes have a row; of too many, forget all: adding a row twice does no harm."""
        if len(self._known_lanes) + len(lanes) > MAX_LANES:
            self._known_lanes.clear()
        self._known_lanes.update(lanes)

    def _delivery(self, outgoing: Outgoing, report: Report, report_id: str, now: float) -> Delivery:
        return Delivery(
            self._ids.next(),
            report_id,
            Lane.of(outgoing.target, report.send_from),
            outgoing.message,
            created_at=now,
            expires_at=max(now, outgoing.handling.held_until) + self._limits.expire,
            handling=outgoing.handling,
        )

    def _another(
        self, report_id: str, lane: Lane, message: Message, handling: Handling, now: float
    ) -> Delivery:
        """Make one more delivery of a report that is stored (`now`: epoch seconds)."""
        expires_at = now + self._limits.expire
        return Delivery(
            self._ids.next(), report_id, lane, message,
            created_at=now, expires_at=expires_at, handling=handling,
        )  # fmt: skip

    def leave(self) -> None:
        """A bot has gone: let go of what only it can send."""
        self.lanes.leave()

    async def withdraw(self, report_id: str) -> bool:
        """Expire what waits of a report, unless it is going out just now. False: nothing waits.

        Raises:
            StoreUnavailable: it could not be written.
        """
        lanes = await self._store.outcomes.withdraw(report_id)
        self.lanes.reread(lanes)
        return bool(lanes)

    async def expire(self) -> None:
        """Expire deliveries that are too old, in lanes that nothing is sent in.

        Raises:
            StoreUnavailable: it could not be written.
        """
        if not self.lanes.may_expire():
            return
        if given_up := await self._store.housekeeping.expire(await self._now()):
            self.tally.expired(given_up)
            count = given_up.total()
            logger.error(f"{count} 条推送超过 REPORT_EXPIRE 仍未送达，已放弃；原因见各条的状态")

    async def fall_back(self) -> None:
        """Send what has failed or waited too long to its fallback targets.

        Raises:
            StoreUnavailable: it could not be written.
        """
        now = await self._now()

        def divert(due: DueFallback) -> list[Delivery]:
            message = Message(f"{due.text}\n[没能送到 {due.target}，改发到这里]".strip())
            handling = Handling(due.priority)
            return [
                self._another(due.report_id, Lane(target), message, handling, now)
                for target in due.fallback
            ]

        new = await self._store.housekeeping.fall_back(now, divert)
        self.lanes.wake(new, fresh=True)

    async def remind(self) -> None:
        """Send again what is urgent and nobody has acknowledged, and at last to others.

        Raises:
            StoreUnavailable: it could not be written.
        """
        now = await self._now()

        def make(due: DueReminder) -> list[Delivery]:
            lanes = [Lane(one) for one in due.escalate] if due.is_over else [due.lane]
            handling = Handling(Priority.URGENT, mention=() if due.is_over else due.mention)
            message = Message(f"{due.text}\n[{_reminding(due)}]".strip())
            return [self._another(due.report_id, each, message, handling, now) for each in lanes]

        new = await self._store.reminders.remind(now, make)
        self.lanes.wake(new, fresh=True)

    async def acknowledge(self, report_id: str, target: Target | None) -> bool:
        """End a report's reminders, with `target` those there alone. Returns whether there were
        any.

        Raises:
            StoreUnavailable: it could not be written.
        """
        return await self._store.reminders.end(report_id, target)

    async def prune(self) -> None:
        """Delete what is past retention, in small batches; not while the clock may still be wrong.

        Raises:
            StoreUnavailable: it could not be written.
        """
        if not self.lanes.may_expire():
            return
        now, housekeeping = await self._now(), self._store.housekeeping
        await housekeeping.date_back(now)
        retention, images = self._limits.retention, self._limits.image_retention
        await housekeeping.forget_images(now - min(images, retention))  # a few at a time
        await housekeeping.forget_reports(now - retention)
        await self._store.unread.forget(now - UNREAD_SECONDS)
        await self._store.spent.forget(now - self._limits.retention)
        forgotten = await housekeeping.forget_lanes()
        self._known_lanes = {lane for lane in self._known_lanes if str(lane) not in forgotten}
        await housekeeping.give_space_back()

    async def shift(self, since: float, by: float) -> None:
        """The clock was set, forward by `by` seconds: move all waits with it.

        Args:
            since: the clock's reading when it was started, or last set before this.
            by: seconds; negative: it was set back.

        Raises:
            StoreUnavailable: it could not be written.
        """
        until = self._clock() - by
        await self._store.housekeeping.move_in_time(since, by)
        await self.lanes.shift(by)
        await self._store.housekeeping.move_history(since, until, by)

    async def _now(self) -> float:
        """The time by which something is given up or deleted for all (epoch seconds)."""
        return await self._store.now(self._clock())

    async def _stand(self) -> None:
        """Lead, or go on leading, if nobody else does."""
        now = self._clock()
        self._leads = self._leads and now < self._term_ends
        self._leads = await self._store.terms.take("leader", self.owner, now, TERM)
        self._term_ends = now + TERM

    async def _check(self) -> None:
        while True:
            await self._store.check()
            await asyncio.sleep(CHECK_EVERY)

    async def _repeat(
        self,
        job: Callable[[], Awaitable[None]],
        every: float,
        *,
        delay: float = 0.0,
        leading: bool = False,
    ) -> None:
        """Run a job periodically, first after `delay` seconds, `leading`: while this process leads;
        a failure of the store does not end it, and is logged once."""
        complained = False
        await asyncio.sleep(delay)
        while True:
            if leading and not self._leads:
                await asyncio.sleep(LOOK_EVERY)
                continue
            try:
                await job()
                complained = False
            except StoreUnavailable as error:
                if not complained:
                    logger.warning(f"数据库暂时不可用：{error}")
                complained = True
            await asyncio.sleep(every)


def _reminding(due: DueReminder) -> str:
    """What a reminder says of itself (Chinese)."""
    if due.is_over:
        return f"在 {due.lane.target} 提醒了 {due.reminded} 次，没有人说知道了，转到这里"
    return f"第 {due.reminded + 1} 次提醒：回复这一条「知道了」就不再提醒"


async def _hash_content(report: Report) -> str:
    """Hash what a report says, where that tells it from others with its key; else empty."""
    if not report.key_with_words:
        return ""
    if report.images:  # many megabytes, perhaps
        return await asyncio.to_thread(hash_words, report)
    return hash_words(report)
