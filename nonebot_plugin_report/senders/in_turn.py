"""Runs what decodes pictures: off the event loop, one at a time, and the same only once."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Final, TypeVar

Made = TypeVar("Made")
_one_at_a_time: Final = ThreadPoolExecutor(1, "report-picture")
"""One large picture at a time: each may take all the memory meant for decoding."""
_underway: Final[list[tuple[object, "Future[Any]"]]] = []
"""The work that waits or runs: several channels often want the same."""


async def in_turn(work: Callable[..., Made], *arguments: object) -> Made:
    """What `work` makes of its arguments, which are compared by value."""
    wanted = work, arguments
    made = next((made for same, made in _underway if same == wanted), None)
    if made is None:
        made = _one_at_a_time.submit(work, *arguments)
        started = wanted, made
        _underway.append(started)
        made.add_done_callback(lambda _: _underway.remove(started))
    # A caller that is cancelled does not cancel it for the others.
    return await asyncio.shield(asyncio.wrap_future(made))
