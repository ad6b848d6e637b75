"""A copy of an SQLite store while a bot uses it."""

import os
import sqlite3
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from ..errors import StoreUnavailable, os_reason
from .file import PRIVATE_FILE, sync_folder
from .sqlite import translate


@dataclass(frozen=True, slots=True)
class Backup:
    """What was copied."""

    reports: int
    pictures: int


def back_up(source: Path, target: Path) -> Backup:
    """Copy a database as it is at one moment to a new file; when this returns, all of it is on
    disk. Blocks.

    Raises:
        StoreUnavailable: there is something of that name already, or it could not be copied.
    """
    if not source.is_file():
        raise StoreUnavailable(f"没有数据库 {source}")
    if target.exists():
        raise StoreUnavailable(f"已经有 {target}，不会盖掉它；换一个名字")
    part = target.with_name(f"{target.name}.part")
    try:
        parents = (target.parent, *target.parent.parents)
        new_folders = [folder for folder in parents if not folder.exists()]
        target.parent.mkdir(parents=True, exist_ok=True)
        part.unlink(missing_ok=True)
        os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE))
        copied = _copy_database(source, part)
        part.rename(target)
        for path in (target, *new_folders):
            sync_folder(path.parent)
    except sqlite3.Error as error:
        raise translate(error) from None
    except OSError as error:
        raise StoreUnavailable(f"备份不了：{os_reason(error)}") from None
    finally:
        if not target.exists():
            with suppress(OSError):
                part.unlink()
    return copied


def _copy_database(source: Path, target: Path) -> Backup:
    """All pages at once: what is written meanwhile would make it begin anew. Nobody waits for a
    reader, and a connection that only reads copies no write-ahead log when it ends."""
    with (
        closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True)) as old,
        closing(sqlite3.connect(target, isolation_level=None)) as new,
    ):
        old.backup(new)
        new.execute("PRAGMA journal_mode = DELETE")  # one file, for whoever copies it further
        if new.execute("PRAGMA quick_check").fetchall() != [("ok",)]:
            raise StoreUnavailable("备份出来的数据库是坏的；检查磁盘")
        (reports,) = new.execute("SELECT count(*) FROM report").fetchone()
        (pictures,) = new.execute("SELECT count(*) FROM image").fetchone()
        return Backup(reports, pictures)
