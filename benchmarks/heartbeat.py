"""How long the event loop of a bot's process is held: a task that sleeps a millisecond notes how
late it wakes."""

import asyncio
from dataclasses import asdict, dataclass, replace
from time import perf_counter, process_time, thread_time

from fastapi import FastAPI
from fastapi.responses import JSONResponse
from nonebot import get_driver

PATH = "/heartbeat"
SLEEP = 0.001
LIMIT = 0.020
"""Seconds that nothing may hold the loop for."""


@dataclass(frozen=True, slots=True)
class Hold:
    """The longest hold of a time; without CPU of the process's own the machine was the cause."""

    seconds: float = 0.0
    loop_cpu: float = 0.0
    """What the loop's thread used meanwhile, in CPU seconds."""
    process_cpu: float = 0.0
    """What all threads used: one that keeps the interpreter holds the loop as well."""
    most_cpu: float = 0.0
    """The most that the loop's thread used in any hold: on a busy machine, where others hold the
    loop as well, what is surely our own."""
    over: int = 0
    """Holds that were longer than the limit."""


class Heartbeat:
    """What was seen since it was asked last."""

    def __init__(self) -> None:
        self._longest = Hold()
        self._most_cpu = 0.0
        self._over = 0

    async def start(self) -> None:
        """Beat as long as the process runs."""
        get_driver().task_group.start_soon(self._beat)

    def taken(self) -> Hold:
        """What was seen; begins anew."""
        seen = replace(self._longest, most_cpu=self._most_cpu, over=self._over)
        self._longest, self._most_cpu, self._over = Hold(), 0.0, 0
        return seen

    async def _beat(self) -> None:
        while True:
            began, loop, process = perf_counter(), thread_time(), process_time()
            await asyncio.sleep(SLEEP)
            late, cpu = perf_counter() - began - SLEEP, thread_time() - loop
            self._most_cpu = max(self._most_cpu, cpu)
            self._over += late > LIMIT
            if late > self._longest.seconds:
                self._longest = Hold(late, cpu, process_time() - process)


def install(app: FastAPI) -> None:
    """Beat in this bot, and answer on a path of the app."""
    heartbeat = Heartbeat()
    get_driver().on_startup(heartbeat.start)

    @app.get(PATH)
    async def held() -> JSONResponse:  # pyright: ignore[reportUnusedFunction] - the decorator registers it
        return JSONResponse(asdict(heartbeat.taken()))
