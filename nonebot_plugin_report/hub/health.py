"""Checks whether reports can be stored and sent."""

import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace
from typing import Final

from nonebot.adapters import Bot

from ..errors import StoreUnavailable
from ..model.status import Backlog, DeliveryState, Process, Refusal
from ..senders.qq.diagnosis import RefusedBots, strangers
from ..store import Store
from .counting import BacklogCount
from .supervisor import Supervisor

PROBE_EVERY: Final = 5.0
"""Seconds between writes that check whether writing works."""
LATELY: Final = 86400.0
"""Seconds for which failed deliveries are reported."""
MOST_FAILURES: Final = 3
"""Most failures that are reported."""

Bots = tuple[tuple[str, str, bool], ...]
"""For each bot: id, adapter, and whether it can send now."""


@dataclass(frozen=True, slots=True)
class Health:
    """The state that `GET {route}/health` shows."""

    fault: str
    """Why nothing can be stored (Chinese); empty: it can."""
    fault_detail: str
    """The fault for the owner, with paths."""
    bots: Bots
    backlog: Backlog | None
    """None if the store does not work."""
    in_use: bool = False
    """Whether nothing can be stored because another process has the store."""
    refused_at: float | None = None
    """Time when a OneBot implementation was last refused for its token (epoch seconds)."""
    astray: str = ""
    """Where a OneBot implementation connects that is no address of OneBot's (Chinese)."""
    processes: tuple[Process, ...] = ()
    """The processes that share the store; empty for a store of one process."""
    refusals: tuple[Refusal, ...] = ()
    """The last refused pushes with a right token or from this machine, the newest first."""
    failures: tuple[DeliveryState, ...] = ()
    """Recent failed deliveries; filled by `Checkup.details`."""
    strangers: tuple[str, ...] = ()
    """Superusers who are no bot's friends; filled by `Checkup.details`."""


class Checkup:
    """Checks the health."""

    def __init__(
        self,
        store: Store,
        supervisor: Supervisor,
        refused: RefusedBots,
        superusers: Iterable[str],
        processes: Callable[[], Awaitable[tuple[Process, ...]]],
        refusals: Callable[[], tuple[Refusal, ...]],
        clock: Callable[[], float],
    ) -> None:
        """`superusers` are QQ numbers; `processes` reads the processes on the store; `refusals`
        lists the last refused pushes; `clock` gives epoch seconds."""
        self._store = store
        self._supervisor = supervisor
        self._refused = refused
        self._superusers = tuple(superusers)
        self._processes = processes
        self._refusals = refusals
        self._clock = clock
        self._waiting = BacklogCount(store.history.backlog, time.monotonic)
        self._trouble: StoreUnavailable | None = None
        self._probed = float("-inf")

    def store_failed(self, error: StoreUnavailable) -> None:
        """Note that a report could not be stored."""
        self._trouble = error

    def store_worked(self) -> None:
        """Note that a report was stored."""
        self._trouble = None

    async def fault(self) -> str:
        """Return why nothing can be stored (Chinese); empty: reports can be. Writes only after a
        failure."""
        if not self._trouble:
            return self._supervisor.fault
        await self._look()
        return str(self._failure or "")

    async def health(self, bots: Bots) -> Health:
        """Read the state and the backlog. Writes something from time to time."""
        backlog = await self._look()
        processes: tuple[Process, ...] = ()
        if backlog is not None:
            try:
                processes = await self._processes()
            except StoreUnavailable as error:
                self.store_failed(error)
        failure = self._failure
        return Health(
            str(failure or ""),
            failure.detail if failure else "",
            bots,
            backlog,
            self._supervisor.in_use,
            self._refused.last,
            self._refused.astray,
            processes,
            self._refusals(),
        )

    async def details(self, health: Health, online: Iterable[Bot]) -> Health:
        """Add the costly fields to the state; `online` are the bots that can send now."""
        if health.fault:
            return health
        try:
            failures = await self._failures()
        except StoreUnavailable as error:
            self.store_failed(error)
            return replace(
                health, fault=str(error), fault_detail=error.detail, backlog=None, processes=()
            )
        unknown = await strangers(self._superusers, online)
        return replace(health, failures=failures, strangers=unknown)

    @property
    def _failure(self) -> StoreUnavailable | None:
        """Why nothing can be stored; None: it can."""
        return self._supervisor.failure or self._trouble

    async def _look(self) -> Backlog | None:
        """Read the backlog; None: the store does not work."""
        now = time.monotonic()
        probe = now - self._probed >= PROBE_EVERY
        if self._supervisor.fault or (self._trouble and not probe):
            return None
        try:
            if probe:
                await self._store.housekeeping.probe(self._clock())
            backlog = await self._waiting.read()
        except StoreUnavailable as error:
            self.store_failed(error)
            return None
        finally:
            self._probed = now if probe else self._probed
        self.store_worked()
        return backlog

    async def _failures(self) -> tuple[DeliveryState, ...]:
        listed = await self._store.history.failed(self._clock() - LATELY, MOST_FAILURES, None)
        deliveries = (one for report in listed for one in report.state.deliveries)
        return tuple(one for one in deliveries if one.state.failed)
