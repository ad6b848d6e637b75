"""What came of deliveries, in a file beside the database until it is stored there.

A line in it survives the sudden end of this process, and costs a twentieth of a transaction: so an
outcome can wait for others to share one, and the lane's next message need not wait for that. A
power cut may undo it, which costs a repeat, as it may undo a transaction without a sync.
"""

import os
from contextlib import suppress
from pathlib import Path
from typing import Final, Self

from loguru import logger

from ..errors import StoreUnavailable, os_reason
from .file import PRIVATE_FILE

LONG: Final = 2**16
"""Bytes from which the file is emptied once nothing in it is needed any more."""
_BINARY: Final = getattr(os, "O_BINARY", 0)
_FLAGS: Final = os.O_RDWR | os.O_CREAT | os.O_APPEND | _BINARY


class Journal:
    """The file. Only who has locked the database may change it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: int | None = None
        self._size = self._needed = 0

    @classmethod
    def of(cls, store: Path) -> Self:
        """The one of a database."""
        return cls(store.with_name(f"{store.name}-outcomes"))

    def begin(self) -> list[bytes]:
        """Open it; returns the lines that a process left there, some of which may be torn.

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

    def left(self) -> list[bytes]:
        """The lines that a process left there, for who only reads them. Blocks.

        Raises:
            StoreUnavailable: they cannot be read.
        """
        try:
            return self._path.read_bytes().splitlines()
        except FileNotFoundError:
            return []
        except OSError as error:
            raise StoreUnavailable(f"读不了送达记录：{os_reason(error)}", file=self._path) from None

    def note(self, line: bytes) -> bool:
        """Add a line. False: it could not be written."""
        if self._file is None:
            return False
        line = b"\n" + line  # before it, since the last one may be torn
        try:
            written = os.write(self._file, line)
        except OSError:  # storing it will fail too, and tell
            return False
        self._size += written
        if written < len(line):
            return False
        self._needed += 1
        return True

    def settled(self) -> None:
        """One of the lines is not needed any more."""
        self._needed -= 1
        if self._needed <= 0 and self._size > LONG:
            self.empty()

    def empty(self) -> None:
        """None of the lines is needed any more."""
        self._size = self._needed = 0
        if self._file is not None:
            with suppress(OSError):  # lines that are read again change nothing
                os.ftruncate(self._file, 0)

    def close(self) -> None:
        """Close it; what is in it is read by `begin`."""
        file, self._file = self._file, None
        if file is not None:
            os.close(file)
