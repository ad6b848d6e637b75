"""Room on the disk: pictures leave enough of it that the words of later reports can be stored."""

import shutil
from pathlib import Path
from typing import Final

from loguru import logger

from ..errors import DiskFull, StoreUnavailable

RESERVE_BYTES: Final = 256 * 2**20
"""Bytes of the disk that pictures leave free."""
RESERVE_SHARE: Final = 8
"""Of a small disk they leave the eighth part."""
WRITTEN: Final = 2
"""Times that a picture is written: to the write-ahead log, and from there to the database."""


class Room:
    """The disk of an SQLite file; None: the disk of a server, of which nothing is known here."""

    def __init__(self, path: Path | None) -> None:
        self._folder = path and path.parent
        self._logged = False

    def check(self, size: int) -> None:
        """Check that pictures of so many bytes leave enough room for words.

        Raises:
            DiskFull: they would not.
        """
        if self._folder is None:
            return
        try:
            disk = shutil.disk_usage(self._folder)
        except OSError:  # storing them says what is wrong
            return
        if disk.free - size * WRITTEN < min(RESERVE_BYTES, disk.total // RESERVE_SHARE):
            raise DiskFull("磁盘快满了，请清出空间")
        self._logged = False

    def log_refusal(self, error: StoreUnavailable) -> None:
        """Log once, until there is room again, that a picture was not stored."""
        if not self._logged:
            logger.error(f"截图没有存下，只存了文字：{error}")
        self._logged = True
