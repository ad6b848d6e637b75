"""A thread that waits for the disk, and does nothing else.

Each time that a thread gets hold of the interpreter lock, a busy event loop stands still for it. An
executor's thread needs it several times for each call; this one twice.
"""

import asyncio
from collections.abc import Callable
from queue import SimpleQueue
from threading import Thread

Done = Callable[[OSError | None], None]
"""Is told, on the event loop, that it is on disk, or why it may not be."""


class Syncer:
    """The thread."""

    def __init__(self, sync: Callable[[], None]) -> None:
        """`sync` waits for the disk; it may raise OSError."""
        self._sync = sync
        self._asked: SimpleQueue[tuple[asyncio.AbstractEventLoop, Done] | None] = SimpleQueue()
        self._thread = Thread(target=self._work, name="report-sync", daemon=True)

    def start(self) -> None:
        """Start it."""
        self._thread.start()

    def ask(self, done: Done) -> None:
        """Wait for the disk once more, for all that was written until now."""
        self._asked.put((asyncio.get_running_loop(), done))

    def stop(self) -> None:
        """End it, when it has done what it was asked to. Blocks."""
        self._asked.put(None)
        self._thread.join()

    def _work(self) -> None:
        while (asked := self._asked.get()) is not None:
            loop, done = asked
            error = None
            try:
                self._sync()
            except OSError as raised:
                error = raised
            loop.call_soon_threadsafe(done, error)
