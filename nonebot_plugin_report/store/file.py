"""The SQLite file as a thing on disk: locked, private, and still the one that was opened."""

import os
import sqlite3
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from filelock import FileLock, Timeout
from loguru import logger

from ..errors import StoreInUse, StoreUnavailable, os_reason

PRIVATE_FILE: Final = 0o600
PRIVATE_FOLDER: Final = 0o700

_TWO_BOTS: Final = "两个机器人请用不同的 REPORT_DATABASE_URL 或 LOCALSTORE_DATA_DIR"
_BINARY: Final = getattr(os, "O_BINARY", 0)
_sync: Final[Callable[[int], None]] = getattr(os, "fdatasync", os.fsync)

Identity = tuple[int, int]
"""Device and inode: equal for two names of one file, different once a file was replaced."""


class DatabaseFile:
    """A database's file and its write-ahead log, used by one process at a time."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._name_lock = FileLock(f"{path.resolve()}.lock", mode=PRIVATE_FILE)
        self._descriptor: int | None = None
        self._log: int | None = None
        """A descriptor of the write-ahead log. It is only synced: closing it drops no lock, as
        SQLite locks the other two files."""
        self._opened: dict[str, Identity | None] = {}
        """By the files' names."""

    def acquire(self, advice: str = _TWO_BOTS) -> None:
        """Lock the file for this process, creating it (private to its owner) if there is none.

        `advice` is for who finds it in use (Chinese).

        Raises:
            StoreInUse: another process holds it, under any name.
            StoreUnavailable: it cannot be used.
        """
        folder = self.path.parent
        try:
            if not folder.exists():
                folder.mkdir(PRIVATE_FOLDER, parents=True)
            self._name_lock.acquire(timeout=0)
            # Never closed before SQLite's own connection: that would drop SQLite's locks too
            # (POSIX, fcntl: all locks of a process on a file go with any descriptor of it).
            self._descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT, PRIVATE_FILE)
            _lock(self._descriptor)
            for file in self._files():
                _make_private(file)
        except (Timeout, BlockingIOError):
            self.release()
            raise StoreInUse(f"另一个进程正在使用数据库；{advice}", file=self.path) from None
        except OSError as error:
            self.release()
            raise StoreUnavailable(f"无法使用数据库：{os_reason(error)}", file=self.path) from None

    def opened(self) -> None:
        """Remember which files these are: SQLite has just opened them, and has written to them.

        Raises:
            OSError: the write-ahead log cannot be opened.
        """
        self._opened = {str(file): identity(file) for file in self._files()[:2]}
        self._log = os.open(self._files()[1], os.O_RDWR | _BINARY)

    def sync(self) -> None:
        """Wait until what was committed is on disk: it is in the write-ahead log.

        Raises:
            OSError: it may not be there.
        """
        if self._log is not None:
            _sync(self._log)

    def closing(self) -> None:
        """SQLite will remove the write-ahead log."""
        if self._log is not None:
            os.close(self._log)
            self._log = None

    def fault(self) -> str:
        """Why writes would be lost (Chinese): the file is gone or replaced. Empty: it is not."""
        for file, opened in self._opened.items():
            if identity(file) != opened:
                return f"数据库文件 {Path(file).name} 被删除或替换了"
        return ""

    def wal_bytes(self) -> int:
        """The size of the write-ahead log."""
        return 0 if self._log is None else os.fstat(self._log).st_size

    def rescue(self, connection: sqlite3.Connection) -> Path | None:
        """Save the contents of a connection whose files are gone into a new file.

        Returns its name, or None where that could not be done.
        """
        stamp = time.strftime("%Y%m%d-%H%M%S")
        kept = self.path.with_name(f"{self.path.name}.kept-{stamp}")
        try:
            self.path.parent.mkdir(PRIVATE_FOLDER, parents=True, exist_ok=True)
            os.close(os.open(kept, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE))
            connection.execute("VACUUM INTO ?", (str(kept),))
        except (OSError, sqlite3.Error) as error:
            logger.error(f"没能把数据库的内容另存为 {kept}：{error}")
            return None
        return kept

    def restore(self, kept: Path) -> None:
        """Put a rescued file in the lost one's place; if another file is there, keep both."""
        database, log, index = self._files()
        for file in (log, index):
            # SQLite would replay a log that is older than its database.
            if file is index or identity(file) == self._opened.get(str(log)):
                file.unlink(missing_ok=True)
        if identity(database) in (None, self._opened.get(str(database))):
            kept.replace(database)
            logger.error(f"数据库 {database} 运行中被删除了；内容没有丢，已经重新写好")
        else:
            logger.error(f"数据库 {database} 运行中被换成了另一个文件；原来的内容存在 {kept}")

    def release(self) -> None:
        """Release the file."""
        self._opened = {}
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
        self._name_lock.release()

    def _files(self) -> tuple[Path, Path, Path]:
        """The database, its write-ahead log, and that one's index."""
        return self.path, Path(f"{self.path}-wal"), Path(f"{self.path}-shm")


def sync_folder(folder: Path) -> None:
    """Wait until the names in a folder are on disk.

    Raises:
        OSError: they may not be there.
    """
    if os.name == "nt":  # there a folder cannot be opened
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def identity(file: Path | str) -> Identity | None:
    """Which file has a name; None: none has."""
    try:
        found = os.stat(file)  # noqa: PTH116 - with each commit, and pathlib costs as much again
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _make_private(file: Path) -> None:
    with suppress(FileNotFoundError):
        if file.stat().st_mode & 0o077:
            file.chmod(PRIVATE_FILE)


def _lock(descriptor: int) -> None:
    """Lock the file itself, so that a link to it is locked too.

    Raises:
        BlockingIOError: another process has it.
    """
    if sys.platform != "win32":  # there only the lock file is used
        import fcntl

        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
