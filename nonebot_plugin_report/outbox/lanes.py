"""The lanes of this process: which are in memory, which have a task, whose leases are renewed."""

import asyncio
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from loguru import logger

from ..errors import StoreUnavailable
from ..model.target import Lane
from ..store.queue import Queued
from .worker import LaneTools, LaneWorker

IDLE_LANES: Final = 1000
"""Idle lanes kept in memory: clients can make up any number of them."""
EXPIRY_PATIENCE: Final = 60.0
"""Seconds without expiry after a start or a change of the clock."""


class Lanes:
    """The workers by lane. In order within a lane, lanes side by side."""

    def __init__(self, tools: LaneTools) -> None:
        self._tools = tools
        self._workers: OrderedDict[Lane, LaneWorker] = OrderedDict()
        self._tasks: asyncio.TaskGroup | None = None

    def begin(self, *, patience: float) -> None:
        """Start from what is stored; nothing expires for `patience` seconds."""
        self._workers.clear()
        self._tools.grace.ends_at = self._tools.clock() + patience

    def may_expire(self) -> bool:
        """Whether deliveries may expire: not while the clock may still be wrong."""
        return self._tools.clock() >= self._tools.grace.ends_at

    async def run(self) -> None:
        """Work until cancelled."""
        async with asyncio.TaskGroup() as self._tasks:
            try:
                while True:
                    await asyncio.sleep(self._tools.lease_seconds / 3)
                    await self._renew()
            finally:
                self._tasks = None

    def accepted(self, queued: Iterable[Queued]) -> None:
        """Send these deliveries, which were just stored."""
        for each in queued:
            worker = self._worker(each.delivery.lane)
            worker.accept(each)
            self._wake(worker)

    def wake(self, lanes: Iterable[Lane], *, fresh: bool = False) -> None:
        """Read these lanes' queues again: something new waits, `fresh` if this process stored it,
        or their bot is back."""
        for lane in lanes:
            worker = self._worker(lane)
            worker.queue.miss()
            worker.fresh |= fresh
            self._wake(worker)

    def reread(self, lanes: Sequence[Lane]) -> None:
        """Read these lanes' queues again: this process changed something that waits there."""
        for lane in lanes:
            self._worker(lane).queue.forget()
        self.wake(lanes, fresh=True)

    async def heard(self, lanes: Sequence[Lane] | None) -> None:
        """Look at lanes (None: at any) that another process stored something in, or let go of.

        Raises:
            StoreUnavailable: the waiting lanes could not be read.
        """
        for lane in self._workers if lanes is None else lanes:
            if (worker := self._workers.get(lane)) is not None:
                worker.queue.taken_until = 0.0
                worker.queue.forget()
        if lanes is None:
            await self.sweep()
        else:
            self.wake(lanes)

    def leave(self) -> None:
        """Let go of the lanes that only a bot that has gone can send in."""
        for worker in self._workers.values():
            if worker.queue.lease is not None:
                self._wake(worker)

    async def resume(self) -> None:
        """Wake every lane in which something waits, without its back-off: a bot came back.

        Raises:
            StoreUnavailable: the waiting lanes could not be read.
        """
        for lane, worker in self._workers.items():
            if lane.target.kind != "channel":
                worker.queue.succeeded()
        await self._tools.leases.resume()
        await self.sweep()

    async def sweep(self) -> None:
        """Wake every lane in which something waits.

        Raises:
            StoreUnavailable: the waiting lanes could not be read.
        """
        self.wake(await self._tools.leases.waiting_lanes())

    async def shift(self, by: float) -> None:
        """Look at every lane again: the clock was set, forward by `by` seconds. Stored times were
        moved already.

        Raises:
            StoreUnavailable: the waiting lanes could not be read.
        """
        self._tools.grace.ends_at = self._tools.clock() + EXPIRY_PATIENCE
        for worker in self._workers.values():
            worker.queue.shift(by)
            worker.wake()
        await self.sweep()

    async def release(self) -> None:
        """Release the lanes, except those in which a message was being sent.

        Raises:
            StoreUnavailable: it could not be written.
        """
        sending = [str(lane) for lane, worker in self._workers.items() if worker.sending]
        await self._tools.leases.release(self._tools.owner, sending)
        if self._tools.others is not None:
            await self._tools.others.tell_all()

    async def drain(self, lane: Lane) -> float | None:
        """Send what waits in a lane without a task of its own; see `LaneWorker.drain`."""
        return await self._worker(lane).drain()

    def _worker(self, lane: Lane) -> LaneWorker:
        if (worker := self._workers.get(lane)) is None:
            worker = self._workers[lane] = LaneWorker(lane, self._tools)
            if len(self._workers) > IDLE_LANES:
                self._forget_idle()
        return worker

    def _forget_idle(self) -> None:
        """Forget the oldest of the idle lanes."""
        for lane, worker in self._workers.items():
            if worker.idle:
                del self._workers[lane]
                return

    def _wake(self, worker: LaneWorker) -> None:
        worker.wake()
        if not worker.running and self._tasks is not None:
            worker.running = True
            self._tasks.create_task(worker.run())

    async def _renew(self) -> None:
        now, seconds = self._tools.clock(), self._tools.lease_seconds
        held = [
            (worker, lease)
            for worker in self._workers.values()
            if worker.running and (lease := worker.queue.lease)
        ]
        idle = self._give_up_idle() if self._tools.others is not None else []
        renewed: set[str] = set()
        try:
            if idle:  # at once: what claims one of them again comes after it
                await self._tools.leases.let_go(self._tools.owner, idle)
            if held:
                names = [lease.lane for _, lease in held]
                renewed = await self._tools.leases.renew(self._tools.owner, names, now, seconds)
        except StoreUnavailable as error:
            logger.warning(f"发送队列的租约没能续上：{error}")
            return
        for worker, lease in held:
            if worker.queue.lease != lease:
                continue
            if lease.lane in renewed:
                worker.queue.lease = replace(lease, until=now + seconds)
            else:  # another process took it over: what is in memory is not ours to send
                worker.queue.lose()

    def _give_up_idle(self) -> list[str]:
        """Give up the leases of lanes in which nothing waits: whoever takes one over later must not
        think that something was being sent. Returns their names."""
        idle = [
            worker
            for worker in self._workers.values()
            if worker.queue.lease is not None and not worker.running
        ]
        for worker in idle:
            worker.queue.lose()
        return [str(worker.lane) for worker in idle]
