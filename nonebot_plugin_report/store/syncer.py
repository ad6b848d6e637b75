"""A thread that waits for the disk, and does nothing else: pictures, and the write-ahead log.

Each time that a thread gets hold of the interpreter lock, a busy event loop stands still for it. An
executor's thread needs it several times for each call; this one twice, and with pictures once more.
"""

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from queue import SimpleQueue
from threading import Event, Thread
from typing import Final

from .pack import Part, write

HAND_OVER: Final = 0.0003
"""Seconds that the event loop lets the thread have the interpreter at the most, to begin: otherwise
it would begin when the loop next calls into the system for long enough, which may be after the
messages, and the disk would stand still meanwhile."""

Done = Callable[[OSError | None, OSError | None], None]
"""Is told, on the event loop, why the pictures may not be on disk, and why the log may not be."""
_Asked = tuple[asyncio.AbstractEventLoop, Sequence[Part], Done]


class Syncer:
    """The thread."""

    def __init__(self, sync: Callable[[], None]) -> None:
        """`sync` waits for the disk; it may raise OSError."""
        self._sync = sync
        self._asked: SimpleQueue[_Asked | None] = SimpleQueue()
        self._begun = Event()
        self._thread = Thread(target=self._work, name="report-sync", daemon=True)

    def start(self) -> None:
        """Start it."""
        self._thread.start()

    def ask(self, parts: Sequence[Part], done: Done) -> None:
        """Write these, and wait for the disk once more, for all that was written until now."""
        self._begun.clear()
        self._asked.put((asyncio.get_running_loop(), parts, done))
        self._begun.wait(HAND_OVER)

    def stop(self) -> None:
        """End it, when it has done what it was asked to. Blocks."""
        self._asked.put(None)
        self._thread.join()

    def _work(self) -> None:
        while (asked := self._asked.get()) is not None:
            loop, parts, done = asked
            self._begun.set()
            refused = error_of(partial(write, parts)) if parts else None
            loop.call_soon_threadsafe(done, refused, error_of(self._sync))


def error_of(work: Callable[[], None]) -> OSError | None:
    """Do something that uses the disk. Returns how that failed."""
    try:
        work()
    except OSError as error:
        return error
