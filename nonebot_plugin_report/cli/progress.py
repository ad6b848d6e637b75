"""Progress in a terminal; elsewhere only the results."""

import shutil
import sys
import time
from collections.abc import Iterable
from threading import Event, Lock, Thread
from types import TracebackType
from typing import Final, Self

_PAINT_SECONDS: Final = 0.5
_MAX_NAMES: Final = 3


class Progress:
    """A progress line at the end of the terminal; results are printed above it."""

    def __init__(self, names: Iterable[str]) -> None:
        """`names` are the tasks to wait for."""
        self._pending = list(names)
        self._all = len(self._pending)
        self._begun = time.monotonic()
        self._shown = sys.stdout.isatty()
        self._over = Event()
        self._lock = Lock()
        self._painter = Thread(target=self._paint, name="progress", daemon=True)

    def __enter__(self) -> Self:
        if self._shown:
            self._painter.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        where: TracebackType | None,
    ) -> None:
        self._over.set()
        if self._shown:
            self._painter.join()
            self._write("")

    def done(self, name: str, text: str = "") -> None:
        """Count a task as done; `text` is its result, printed now unless empty."""
        if name in self._pending:
            self._pending.remove(name)
        self._write(f"{text}\n" if text else "")

    def _paint(self) -> None:
        while not self._over.wait(_PAINT_SECONDS):
            if self._pending:
                names = "、".join(self._pending[:_MAX_NAMES])
                more = "……" if len(self._pending) > _MAX_NAMES else ""
                count = f"{self._all - len(self._pending)}/{self._all}"
                spent = time.monotonic() - self._begun
                self._write(f"⏳ {count}，还在等 {names}{more}（{spent:.0f} 秒）")

    def _write(self, text: str) -> None:
        """Replace the progress line, without escape codes: not every Windows console knows them."""
        with self._lock:
            width = shutil.get_terminal_size().columns - 1
            before = f"\r{' ' * width}\r" if self._shown else ""
            sys.stdout.write(before + text)
            sys.stdout.flush()
