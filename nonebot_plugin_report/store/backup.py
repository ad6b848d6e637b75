"""A copy of an SQLite store while a bot uses it."""

import os
import shutil
import sqlite3
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from ..errors import StoreUnavailable, os_reason
from .file import PRIVATE_FILE, PRIVATE_FOLDER, sync_folder
from .journal import Journal
from .outcomes import store_noted
from .pictures import folder_of
from .sqlite import engine, set_pragma, transaction, translate


@dataclass(frozen=True, slots=True)
class Backup:
    """What was copied."""

    reports: int
    pictures: int


def back_up(source: Path, target: Path) -> Backup:
    """Copy a database as it is at one moment to a new file, and its pictures beside it, as a store
    has them; when this returns, all of it is on disk. Blocks.

    Raises:
        StoreUnavailable: there is something of that name already, or it could not be copied.
    """
    if not source.is_file():
        raise StoreUnavailable(f"没有数据库 {source}")
    pictures = folder_of(target)
    for one in (target, pictures):
        if one.exists():
            raise StoreUnavailable(f"已经有 {one}，不会盖掉它；换一个名字")
    part = target.with_name(f"{target.name}.part")
    try:
        made = [one for one in (target.parent, *target.parent.parents) if not one.exists()]
        target.parent.mkdir(parents=True, exist_ok=True)
        part.unlink(missing_ok=True)
        os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE))
        noted = Journal.of(source).left()  # before what is there already is read
        copied = _copy_database(source, part)
        if noted:
            _store_noted(part, noted)
        _copy_pictures(folder_of(source), pictures)
        part.rename(target)
        for folder in (target, *made):
            sync_folder(folder.parent)
    except (SQLAlchemyError, sqlite3.Error) as error:
        raise translate(error) from None
    except OSError as error:
        raise StoreUnavailable(f"备份不了：{os_reason(error)}") from None
    finally:
        if not target.exists():  # half of it is of no use, and would be in the way
            shutil.rmtree(pictures, ignore_errors=True)
            with suppress(OSError):
                part.unlink()
    return copied


def _copy_database(source: Path, target: Path) -> Backup:
    """All pages at once: what is written meanwhile would make it begin anew. Nobody waits for who
    reads, and a connection that only reads copies no write-ahead log when it ends."""
    with (
        closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True)) as old,
        closing(sqlite3.connect(target, isolation_level=None)) as new,
    ):
        old.backup(new)
        new.execute("PRAGMA journal_mode = DELETE")  # one file, for who copies it further
        if new.execute("PRAGMA quick_check").fetchall() != [("ok",)]:
            raise StoreUnavailable("备份出来的数据库是坏的；检查磁盘")
        (reports,) = new.execute("SELECT count(*) FROM report").fetchone()
        (pictures,) = new.execute("SELECT count(*) FROM image").fetchone()
        return Backup(reports, pictures)


def _store_noted(copy: Path, lines: list[bytes]) -> None:
    """So that it needs no file beside it: what a bot that was killed has sent is not sent again."""
    made = engine(copy)
    try:
        with made.connect() as conn:
            with transaction(conn):
                store_noted(conn, lines)
            set_pragma(conn, "journal_mode", "DELETE")
    finally:
        made.dispose()


def _copy_pictures(source: Path, target: Path) -> None:
    """All that is there after the database was copied: also what is in no row any more, which who
    uses the copy deletes. What retention deletes meanwhile is not needed either."""
    for file in source.iterdir() if source.is_dir() else ():
        try:
            original = file.open("rb")
        except FileNotFoundError:
            continue
        target.mkdir(PRIVATE_FOLDER, exist_ok=True)
        (target / file.name).touch(PRIVATE_FILE)
        with original, (target / file.name).open("wb") as copy:
            shutil.copyfileobj(original, copy)
            copy.flush()
            os.fsync(copy.fileno())
    if target.is_dir():
        sync_folder(target)
