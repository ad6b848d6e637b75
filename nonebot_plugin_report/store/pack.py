"""Files that pictures are written into, one behind the other.

A file for each picture would be a name, an inode and a commit of the file system's own log for each
of them; and every call into the system waits for the interpreter lock of a busy event loop
afterwards. What goes to the end of a file that is open is one call, the wait for the disk included.
"""

import os
import weakref
from collections.abc import Iterable, Sequence
from pathlib import Path
from threading import Lock
from typing import Final

from ..errors import StoreUnavailable, os_reason
from ..model.value import value_type
from .file import PRIVATE_FILE, PRIVATE_FOLDER, Identity, identity, sync_folder

PACK_BYTES: Final = 256 * 2**20
"""A pack of this size gets no more pictures."""
PACK_PICTURES: Final = 4096
"""Nor does one of so many."""
PACK_SECONDS: Final = 3600.0
"""Nor one that is as old: its bytes are deleted when the last of its pictures is."""
SUFFIX: Final = ".pack"

_AT_ONCE: Final = 512
"""Buffers of one call; writev(2) takes 1,024 of them."""
_DURABLE: Final = getattr(os, "O_DSYNC", 0)
"""Each write ends on disk, where the system knows that."""
_CREATE: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _DURABLE | getattr(os, "O_BINARY", 0)


@value_type
class Place:
    """Where the bytes of a picture are."""

    pack: str
    """The file's name."""
    offset: int


class Pack:
    """One of these files, which only this process writes to. The event loop gives out places, a
    thread writes."""

    def __init__(self, folder: Path, name: str, began: float) -> None:
        """`began` is now, in epoch seconds."""
        self.name = f"{name}{SUFFIX}"
        self.proven = False
        """The last write ended on disk. Before the first, there is no file."""
        self.folder = folder
        self.began = began
        self._file = str(folder / self.name)
        self._end = 0
        self._offsets: dict[str, int] = {}
        """By the pictures' hashes."""
        self._written: set[str] = set()
        self._failed = False
        self._descriptor: int | None = None
        self._identity: Identity | None = None
        self._lock = Lock()

    def is_open(self, now: float) -> bool:
        """More may be written to it (`now` in epoch seconds)."""
        return (
            not self._failed
            and self._end < PACK_BYTES
            and len(self._offsets) < PACK_PICTURES
            and 0 <= now - self.began < PACK_SECONDS
            # It was not deleted, nor moved elsewhere with its folder.
            and (self._identity is None or identity(self._file) == self._identity)
        )

    def give_place(self, digest: str, size: int) -> Place:
        """A place for a picture, by its hash; the same one for one that has it already."""
        offset = self._offsets.get(digest)
        if offset is None:
            offset = self._offsets[digest] = self._end
            self._end += size
        return Place(self.name, offset)

    def has(self, digest: str) -> bool:
        """A picture is on disk here."""
        return digest in self._written

    def write(self, parts: Sequence["Part"]) -> None:
        """Write pictures to their places; they are on disk when this returns. Blocks.

        Raises:
            OSError: they may not be there.
        """
        with self._lock:
            try:
                descriptor = self._open() if self._descriptor is None else self._descriptor
                for run in _runs(parts):
                    _write(descriptor, run[0].offset, [one.data for one in run])
                if not _DURABLE:
                    os.fsync(descriptor)
            except OSError:
                self._failed, self.proven = True, False
                raise
            self._written.update([one.digest for one in parts])
            self.proven = not self._failed

    def _open(self) -> int:
        if not self.folder.is_dir():
            self.folder.mkdir(PRIVATE_FOLDER, parents=True)
            sync_folder(self.folder.parent)
        descriptor = self._descriptor = os.open(self._file, _CREATE, PRIVATE_FILE)
        # When nobody has anything left to write to it.
        weakref.finalize(self, os.close, descriptor)
        sync_folder(self.folder)
        self._identity = identity(self._file)
        return descriptor


@value_type
class Part:
    """The bytes of a picture, to be written to its place."""

    pack: Pack
    digest: str
    offset: int
    data: bytes


def write(parts: Iterable[Part]) -> None:
    """Write pictures to their places; they are on disk when this returns. Blocks.

    Raises:
        OSError: they may not be there.
    """
    by_pack: dict[Pack, list[Part]] = {}
    for one in parts:
        by_pack.setdefault(one.pack, []).append(one)
    for pack, some in by_pack.items():
        pack.write(some)


def refused(folder: Path, error: OSError) -> StoreUnavailable:
    """What to tell whoever's picture could not be written, or read, in a folder."""
    return StoreUnavailable(f"无法写入图片文件夹：{os_reason(error)}", file=folder)


def read(folder: Path, place: Place, size: int) -> bytes:
    """What is at a place; fewer bytes where the file is shorter, none where there is no file.
    Blocks.

    Raises:
        OSError: it cannot be read.
    """
    try:
        with (folder / place.pack).open("rb") as file:
            file.seek(place.offset)
            return file.read(size)
    except FileNotFoundError:
        return b""


def _runs(parts: Sequence[Part]) -> Iterable[list[Part]]:
    """Those whose places are one behind the other."""
    run: list[Part] = []
    for one in parts:
        if run and (len(run) == _AT_ONCE or one.offset != run[-1].offset + len(run[-1].data)):
            yield run
            run = []
        run.append(one)
    if run:
        yield run


def _write(descriptor: int, offset: int, buffers: list[bytes]) -> None:
    while buffers:
        done = _write_at(descriptor, buffers, offset)
        offset += done
        while buffers and done >= len(buffers[0]):
            done -= len(buffers.pop(0))
        if done:  # the disk was full, for example; the next call says so
            buffers[0] = buffers[0][done:]


def _write_at(descriptor: int, buffers: Sequence[bytes], offset: int) -> int:
    if hasattr(os, "pwritev"):
        return os.pwritev(descriptor, buffers, offset)
    os.lseek(descriptor, offset, os.SEEK_SET)
    return os.write(descriptor, buffers[0])
