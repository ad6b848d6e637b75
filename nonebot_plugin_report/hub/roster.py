"""Keeps the list of processes that share the store: each writes its sign of life regularly."""

import asyncio
import os
import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from loguru import logger

from ..errors import StoreUnavailable
from ..model.status import Process
from ..store import Store
from .health import Bots

SIGN_EVERY: Final = 5.0
"""Seconds between a process's signs of life."""
MOST_BOTS: Final = 20
"""Bots of a process in its sign of life."""
HOST_LENGTH: Final = 64


@dataclass(frozen=True, slots=True)
class Roster:
    """This process, and the others."""

    store: Store
    name: str
    """The name of this process, as in leases."""
    bots: Callable[[], Bots]
    clock: Callable[[], float]
    """Gives epoch seconds."""
    leads: Callable[[], bool]
    """Whether this process does the work of the leader."""

    async def run(self) -> None:
        """Sign until cancelled."""
        while True:
            try:
                await self.store.processes.sign(self._self())
                if self.leads():
                    await self.store.processes.forget(self.clock())
            except StoreUnavailable as error:
                logger.debug(f"没能写下这个进程还在：{error}")
            await asyncio.sleep(SIGN_EVERY)

    async def leave(self) -> None:
        """Remove this process, which ends."""
        try:
            await self.store.processes.leave(self.name)
        except StoreUnavailable as error:
            logger.debug(f"没能写下这个进程停了：{error}")

    async def all(self) -> tuple[Process, ...]:
        """Read all processes; none for a store of one process.

        Raises:
            StoreUnavailable: the processes could not be read.
        """
        return await self.store.processes.all(self.clock()) if self.store.shared else ()

    def _self(self) -> Process:
        bots = [self_id for self_id, _, online in self.bots() if online]
        host, now = socket.gethostname()[:HOST_LENGTH], self.clock()
        return Process(self.name, host, os.getpid(), tuple(bots[:MOST_BOTS]), now, now)
