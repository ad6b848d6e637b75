"""`GET {route}/metrics`: the default registry of prometheus-client, and our numbers in it.

The library is not loaded before somebody asks for the numbers, or another plugin has loaded it.
"""

import asyncio
import sys
import time
from importlib import import_module
from typing import TYPE_CHECKING, Final

from fastapi import Request, Response

from ..errors import Forbidden, Refused
from ..hub import Health, Hub
from .answers import error_answer
from .caller import Callers
from .refusals import Refusals

if TYPE_CHECKING:
    from .prometheus import Collector

FRESH: Final = 1.0
"""Seconds for which what was read of the store is not read again."""
MISSING: Final = '指标需要另外安装：pip install ".[metrics]"，再重启机器人'


class Reading:
    """The hub's state as it was read last: who collects the registry cannot wait for the store."""

    def __init__(self, hub: Hub) -> None:
        """Call this in the event loop."""
        self._hub = hub
        self._loop = asyncio.get_running_loop()
        self._last: Health | None = None
        self._read_at = float("-inf")
        self._task: asyncio.Task[None] | None = None

    async def read(self) -> None:
        """Read it now."""
        self._last = await self._hub.health()
        self._read_at = time.monotonic()

    def last(self) -> Health | None:
        """What was read last, None: nothing yet; if that is old, it is read again for the next who
        asks. May be called in any thread."""
        if time.monotonic() - self._read_at > FRESH:
            self._loop.call_soon_threadsafe(self._read_again)
        return self._last

    def close(self) -> None:
        """Read no more."""
        if self._task is not None:
            self._task.cancel()

    def _read_again(self) -> None:
        if self._task is None or self._task.done():
            # Begun by whoever collects, ended by a hook of NoneBot's: no TaskGroup spans both.
            self._task = self._loop.create_task(self.read(), name="report metrics")


class Metrics:
    """Shows our numbers to Prometheus."""

    def __init__(self, hub: Hub, callers: Callers, refusals: Refusals) -> None:
        self._hub = hub
        self._callers = callers
        self._refusals = refusals
        self._shown: tuple[Reading, Collector] | None = None

    async def open(self) -> None:
        """Put our numbers into the registry if another plugin has loaded it, to show it."""
        if "prometheus_client" in sys.modules:
            self._show()

    async def close(self) -> None:
        """Take them out again."""
        if self._shown is not None:
            reading, collector = self._shown
            reading.close()
            collector.unregister()
            self._shown = None

    async def scrape(self, request: Request) -> Response:
        """给 Prometheus 的指标；要 REPORT_TOKEN。"""
        try:
            if not self._callers.require(self._callers.identify(request)).is_master:
                raise Forbidden("只有 REPORT_TOKEN 能看指标")
        except Refused as error:
            return await self._refusals.answer(error)
        try:
            # In a thread: it takes longer than anything may hold up the event loop.
            await asyncio.to_thread(import_module, "prometheus_client")
        except ImportError:
            return error_answer(404, MISSING)
        reading, collector = self._show()
        await reading.read()
        # With many channels, or other plugins' numbers, so does this.
        return await asyncio.to_thread(collector.answer, request.headers.get("accept", ""))

    def _show(self) -> tuple[Reading, "Collector"]:
        """Put our numbers into the registry, once."""
        from .prometheus import Collector

        if self._shown is None:
            reading = Reading(self._hub)
            collector = Collector(self._hub, reading.last)
            self._shown = reading, collector
        return self._shown
