"""The SQLite file as a thing on disk: locked, private, and still the one that was opened."""

import os
import sqlite3
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

from filelock import FileLock, Timeout
from loguru import logger

from ..errors import StoreInUse, StoreUnavailable, os_reason

PRIVATE_FILE: Final = 0o600
PRIVATE_FOLDER: Final = 0o700

_TWO_BOTS: Final = "两个机器人请用不同的 REPORT_DATABASE_URL 或 LOCALSTORE_DATA_DIR"

Identity = tuple[int, int]
"""Device and inode: equal for two names of one file, different once a file was replaced."""


class DatabaseFile:
    """A database's file and its write-ahead log, used by one process at a time."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._name_lock = FileLock(f"{path.resolve()}.lock", mode=PRIVATE_FILE)
        self._descriptor: int | None = None
        self._log = f"{path}-wal"
        self._log_bytes = 0
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

    def note_files(self) -> None:
        """Remember which files these are: SQLite has just opened them, and has written to them."""
        self._opened = {str(file): identity(file) for file in self._files()[:2]}
        self.note_log()

    def note_log(self) -> None:
        """Remember how long the write-ahead log is after a commit."""
        self._log_bytes = _size(self._log)

    def is_truncated(self) -> bool:
        """Whether the write-ahead log is shorter than after the last commit: SQLite itself makes it
        shorter only within one, so another program did."""
        return _size(self._log) < self._log_bytes

    def fault(self) -> str:
        """Why writes would be lost (Chinese): the file is gone or replaced. Empty: it is not."""
        for file, opened in self._opened.items():
            if identity(file) != opened:
                return f"数据库文件 {Path(file).name} 被删除或替换了"
        return ""

    def rescue(self, connection: sqlite3.Connection) -> Path | None:
        """Save the contents of a connection whose files are gone into a new file.

        Returns its name, or None where that could not be done.
        """
        stamp = time.strftime("%Y%m%d-%H%M%S")
        rescued = self.path.with_name(f"{self.path.name}.kept-{stamp}")
        try:
            self.path.parent.mkdir(PRIVATE_FOLDER, parents=True, exist_ok=True)
            os.close(os.open(rescued, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE))
            connection.execute("VACUUM INTO ?", (str(rescued),))
        except (OSError, sqlite3.Error) as error:
            logger.error(f"没能把数据库的内容另存为 {rescued}：{error}")
            return None
        return rescued

    def restore(self, rescued: Path) -> None:
        """Put a rescued file in the lost one's place; if another file is there, keep both."""
        database, log, index = self._files()
        for file in (log, index):
            # SQLite would replay a log that is older than its database.
            if file is index or identity(file) == self._opened.get(str(log)):
                file.unlink(missing_ok=True)
        if identity(database) in (None, self._opened.get(str(database))):
            rescued.replace(database)
            logger.error(f"数据库 {database} 运行中被删除或截断了；内容没有丢，已经重新写好")
        else:
            logger.error(f"数据库 {database} 运行中被换成了另一个文件；原来的内容存在 {rescued}")

    def release(self) -> None:
        """Release the file."""
        self._opened, self._log_bytes = {}, 0
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
        status = os.stat(file)  # noqa: PTH116 - with each commit, and pathlib costs as much again
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _size(file: str) -> int:
    """The size of a file in bytes; 0: there is none."""
    try:
        return os.stat(file).st_size  # noqa: PTH116 - with each commit, and pathlib costs as much again
    except OSError:
        return 0


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
