"""What came of deliveries, in a file beside the database until it is stored there.

A line in it survives the sudden end of this process, and costs a twentieth of a transaction: so an
outcome can wait for others to share one, and the lane's next message need not wait for that. A
power cut may undo it, which costs a repeat, as it may undo a transaction without a sync.
"""

import os
from contextlib import suppress
from pathlib import Path
from typing import Final

from loguru import logger

from ..errors import os_reason
from .file import PRIVATE_FILE

LONG: Final = 2**16
"""Bytes from which the file is emptied once nothing in it is still to be stored."""
_BINARY: Final = getattr(os, "O_BINARY", 0)
_FLAGS: Final = os.O_RDWR | os.O_CREAT | os.O_APPEND | _BINARY


class Journal:
    """The file. Only who has locked the database may use it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: int | None = None
        self._size = self._unstored = 0

    def begin(self) -> list[bytes]:
        """Open it; returns the lines that a process left there. The last may be torn.

        Blocks. Without it, `note` returns False.
        """
        self.close()
        try:
            self._file = os.open(self._path, _FLAGS, PRIVATE_FILE)
            content = os.read(self._file, os.fstat(self._file).st_size)
        except OSError as error:
            logger.warning(f"没能打开 {self._path}：{os_reason(error)}")
            return []
        self._size = len(content)
        return content.splitlines()

    def note(self, line: bytes) -> bool:
        """Add a line. False: it could not be written."""
        if self._file is None:
            return False
        line += b"\n"
        try:
            written = os.write(self._file, line)
        except OSError:  # storing it will fail too, and tell
            return False
        self._size += written
        self._unstored += 1
        return written == len(line)

    def stored(self) -> None:
        """What one of the lines says is in the database."""
        self._unstored -= 1
        if self._unstored <= 0 and self._size > LONG:
            self.empty()

    def empty(self) -> None:
        """All that it says is in the database."""
        self._size = self._unstored = 0
        if self._file is not None:
            with suppress(OSError):  # lines that are read again change nothing
                os.ftruncate(self._file, 0)

    def close(self) -> None:
        """Close it; what is in it is read by `begin`."""
        file, self._file = self._file, None
        if file is not None:
            os.close(file)
