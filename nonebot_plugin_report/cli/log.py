"""The ready bot's log, written by a thread: a console or pipe that takes nothing stops nobody.

One click into Windows' console (QuickEdit) stops whoever writes to it, until a key is pressed.
"""

import logging
import os
import signal
import sys
import threading
from collections import deque
from collections.abc import Generator
from contextlib import contextmanager
from io import RawIOBase
from types import FrameType
from typing import Final

import nonebot
from nonebot.log import LoguruHandler, default_filter, default_format, logger_id

MAX_WAITING: Final = 2**20
"""Characters that wait for the console; lines beyond are left out, and counted."""
END_SECONDS: Final = 2.0
"""How long the end of the process waits for the console to take the last lines."""
RETRY_SECONDS: Final = 0.1
"""Pause before a stream in non-blocking mode that is full is tried again."""
LEFT_OUT: Final = "（窗口或管道有一阵子不收日志，少了 {} 行）\n"


class LogWriter:
    """A stream whose `write` never waits: a thread writes to the real stream."""

    def __init__(self, raw: RawIOBase, encoding: str, *, is_terminal: bool) -> None:
        """`raw` has no lock that a thread stuck in it could keep when the process ends."""
        self._raw = raw
        self._encoding = encoding
        self._is_terminal = is_terminal
        self._lines: deque[str] = deque()
        self._waiting = 0
        """Characters of the lines, including lines that the thread is writing."""
        self._left_out = 0
        self._is_broken = False
        self._changed = threading.Condition()
        threading.Thread(target=self._run, name="report-log", daemon=True).start()

    def write(self, message: str) -> None:
        """Have a line written, or leave it out where too many wait."""
        with self._changed:
            if self._waiting + len(message) > MAX_WAITING:
                self._left_out += 1
                return
            self._lines.append(message)
            self._waiting += len(message)
            self._changed.notify_all()

    def isatty(self) -> bool:
        """Whether colours are wanted."""
        return self._is_terminal

    def close(self, seconds: float) -> None:
        """Wait until all lines are written, at most `seconds`."""
        with self._changed:
            self._changed.wait_for(lambda: not self._waiting or self._is_broken, seconds)

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._lines)
                text = "".join(self._lines)
                self._lines.clear()
            self._write(text)
            with self._changed:
                self._waiting -= len(text)
                left_out, self._left_out = self._left_out, 0
                if left_out:
                    notice = LEFT_OUT.format(left_out)
                    self._lines.append(notice)
                    self._waiting += len(notice)
                self._changed.notify_all()

    def _write(self, text: str) -> None:
        remainder = memoryview(text.encode(self._encoding, "replace"))
        try:
            while remainder and not self._is_broken:
                written = self._raw.write(remainder)
                if written is None:
                    threading.Event().wait(RETRY_SECONDS)
                remainder = remainder[written or 0 :]
        except OSError:  # the reader is gone
            self._is_broken = True


@contextmanager
def threaded_log() -> Generator[None]:
    """Within this scope NoneBot's log, and what goes through `logging`, is written by a thread."""
    buffer = getattr(sys.stdout, "buffer", None)
    raw = getattr(buffer, "raw", buffer)  # unbuffered (python -u), it is the raw stream itself
    if not isinstance(raw, RawIOBase):  # not a real stream, or none at all (pythonw)
        yield
        return
    if sys.platform == "win32" and sys.stdout.isatty():
        os.system("")  # noqa: S605, S607 - an empty command turns on colours in Windows' console
    writer = LogWriter(raw, sys.stdout.encoding, is_terminal=sys.stdout.isatty())
    nonebot.logger.remove(logger_id)
    sink = nonebot.logger.add(
        writer, level=0, diagnose=False, filter=default_filter, format=default_format
    )
    # asyncio's complaints would go to the standard error stream, which is as stuck.
    logging.basicConfig(handlers=[LoguruHandler()], level=logging.WARNING)
    _finish_before_sigterm(writer)
    try:
        yield
    finally:
        writer.close(END_SECONDS)
        nonebot.logger.remove(sink)


def _finish_before_sigterm(writer: LogWriter) -> None:
    """Write the last lines before the process ends by SIGTERM, which uvicorn raises once more when
    it has stopped."""

    def finish(number: int, _: FrameType | None) -> None:
        writer.close(END_SECONDS)
        signal.signal(number, signal.SIG_DFL)
        signal.raise_signal(number)

    signal.signal(signal.SIGTERM, finish)
