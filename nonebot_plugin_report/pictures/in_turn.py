"""Runs the decoding of pictures off the event loop: one at a time, equal work only once."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Final, TypeVar

Result = TypeVar("Result")
_one_at_a_time: Final = ThreadPoolExecutor(1, "report-picture")
"""One large picture at a time: each may take all the memory meant for decoding."""
_underway: Final[list[tuple[object, "Future[Any]"]]] = []
"""The work that waits or runs: several channels often want the same."""


async def in_turn(work: Callable[..., Result], *arguments: object) -> Result:
    """Run `work` with its arguments, which are compared by value, and return its result."""
    task = work, arguments
    future = next((future for other, future in _underway if other == task), None)
    if future is None:
        future = _one_at_a_time.submit(work, *arguments)
        started = task, future
        _underway.append(started)
        future.add_done_callback(lambda _: _underway.remove(started))
    # A cancelled caller must not cancel the work for other callers.
    return await asyncio.shield(asyncio.wrap_future(future))
