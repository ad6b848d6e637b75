"""Where the bytes of pictures are: in files beside an SQLite database, or in PostgreSQL's rows.

In SQLite a picture would be written twice: to the write-ahead log, and from there again. In a
folder, under its hash, it is written once, by a thread, while the row that names it is committed:
the answer waits for both. Bots on several machines share no folder.
"""

import asyncio
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Final, Protocol, TypeVar

from ..errors import StoreUnavailable, os_reason
from ..model.image import Image
from .file import PRIVATE_FILE, PRIVATE_FOLDER, sync_folder

T = TypeVar("T")

HASHED_AT_ONCE: Final = 2**19
"""Bytes of pictures that are hashed on the event loop, in a third of a millisecond; a thread would
cost as much by waiting for the interpreter."""
_PART: Final = ".part"
"""The ending of a file that is being written."""
_CREATE: Final = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0)


def folder_of(store: Path) -> Path:
    """Where the pictures of a database are."""
    return store.with_name(f"{store.name}-pictures")


class Pictures(Protocol):
    """A place for their bytes."""

    async def keep(self, images: Mapping[str, Image], now: float) -> "asyncio.Future[None] | None":
        """Put those of some pictures (by hash) there that are not there, as far as that is outside
        of the database.

        When this returns, the rows that name them may be stored. When the future is done, they are
        on disk; its exception is StoreUnavailable. None: they are already.

        Raises:
            StoreUnavailable: they cannot be written.
        """
        ...

    def in_row(self, image: Image) -> bytes:
        """What a picture's row holds of it."""
        ...

    async def load(self, images: Mapping[str, Image]) -> dict[str, Image]:
        """Pictures by hash, with the bytes of those whose row has none; without those that are no
        longer there."""
        ...

    async def unused(self, before: float) -> list[str]:
        """The hashes of those outside of the database that were last kept before a time (epoch
        seconds)."""
        ...

    async def forget(self, hashes: Iterable[str], before: float) -> None:
        """Delete these, unless they were kept again meanwhile.

        Raises:
            StoreUnavailable: one could not be deleted.
        """
        ...


class PictureRows:
    """The database itself."""

    async def keep(self, images: Mapping[str, Image], now: float) -> "asyncio.Future[None] | None":
        """The row is all there is to write."""

    def in_row(self, image: Image) -> bytes:
        """All of it."""
        return image.data

    async def load(self, images: Mapping[str, Image]) -> dict[str, Image]:
        """They are there already."""
        return dict(images)

    async def unused(self, before: float) -> list[str]:
        """There are none outside."""
        return []

    async def forget(self, hashes: Iterable[str], before: float) -> None:
        """There is nothing to delete: they go with their rows."""


@dataclass(slots=True)
class _Group:
    """Pictures that are written together."""

    images: dict[str, Image] = field(default_factory=dict[str, Image])
    """By hash."""
    at: float = 0.0
    """When the last one came (epoch seconds)."""
    waiting: "list[asyncio.Future[None]]" = field(default_factory=list["asyncio.Future[None]"])


class PictureFiles:
    """The folder. Its one thread is the only one that changes it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._thread = ThreadPoolExecutor(1, "report-pictures")
        self._next = _Group()
        self._writing = False
        self._proven = False
        """The last ones could be written. Where they could not, nothing is stored before."""

    async def keep(self, images: Mapping[str, Image], now: float) -> "asyncio.Future[None] | None":
        """Write those of some pictures (by hash) that are not there; see `Pictures.keep`.

        Who comes while others are written shares the next turn, and its waits for the disk.

        Raises:
            StoreUnavailable: they cannot be written.
        """
        stored: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._next.images.update(images)
        self._next.at = now
        self._next.waiting.append(stored)
        proven = self._proven
        if not self._writing:
            self._begin()
        if proven:
            return stored
        return await stored

    def in_row(self, image: Image) -> bytes:
        """Nothing: it is in its file."""
        return b""

    async def load(self, images: Mapping[str, Image]) -> dict[str, Image]:
        """Pictures by hash, with the bytes of those whose row has none; without those that are no
        longer there."""
        missing = [sha for sha, one in images.items() if not one.data]
        if not missing:
            return dict(images)
        read = await self._run(lambda: {sha: self._read(sha) for sha in missing})
        loaded = {sha: replace(one, data=one.data or read[sha]) for sha, one in images.items()}
        return {sha: one for sha, one in loaded.items() if one.data}

    async def unused(self, before: float) -> list[str]:
        """The hashes of those that were last kept before a time (epoch seconds)."""
        return await self._run(lambda: [sha for sha, at in self._all() if at < before])

    async def forget(self, hashes: Iterable[str], before: float) -> None:
        """Delete these, unless they were kept again meanwhile.

        Raises:
            StoreUnavailable: one could not be deleted.
        """
        await self._run(lambda: self._forget(frozenset(hashes), before))

    async def _run(self, work: Callable[[], T]) -> T:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work)
        except OSError as error:
            raise self._unavailable(error) from None

    def _unavailable(self, error: OSError) -> StoreUnavailable:
        return StoreUnavailable(f"无法写入图片文件夹 {self._folder}：{os_reason(error)}")

    def _begin(self) -> None:
        group, self._next, self._writing = self._next, _Group(), True
        done = asyncio.get_running_loop().run_in_executor(self._thread, self._keep, group)
        done.add_done_callback(lambda done: self._ended(group, done))

    def _ended(self, group: _Group, done: "asyncio.Future[OSError | None]") -> None:
        error, self._writing = done.result(), False
        self._proven = error is None
        for stored in group.waiting:
            if stored.done():  # its caller was cancelled
                continue
            if error is None:
                stored.set_result(None)
            else:
                stored.set_exception(self._unavailable(error))
        if self._next.waiting:
            self._begin()

    def _keep(self, group: _Group) -> OSError | None:
        try:
            new = {
                sha: one.data for sha, one in group.images.items() if not self._touch(sha, group.at)
            }
            if new:
                self._write(new, group.at)
        except OSError as error:
            return error

    def _touch(self, sha: str, now: float) -> bool:
        """Note that a picture came again. False: it is not there."""
        try:
            os.utime(f"{self._folder}/{sha}", (now, now))
        except FileNotFoundError:
            return False
        return True

    def _write(self, pictures: Mapping[str, bytes], now: float) -> None:
        # Bare calls into the system: each waits for the interpreter afterwards, and a file object
        # makes twice as many.
        written: list[int] = []
        try:
            for sha, data in pictures.items():
                written.append(descriptor := self._create(f"{sha}{_PART}"))
                with memoryview(data) as left:
                    done = 0
                    while done < len(left):
                        done += os.write(descriptor, left[done:])
                os.utime(f"{self._folder}/{sha}{_PART}", (now, now))
            # The first wait brings most of the others' bytes along.
            for descriptor in written:
                os.fsync(descriptor)
        finally:
            for descriptor in written:
                os.close(descriptor)
        for sha in pictures:
            part = f"{self._folder}/{sha}{_PART}"
            os.replace(part, f"{self._folder}/{sha}")  # noqa: PTH105 - a path of strings, as above
        sync_folder(self._folder)

    def _create(self, name: str) -> int:
        try:
            return os.open(f"{self._folder}/{name}", _CREATE, PRIVATE_FILE)
        except FileNotFoundError:
            self._folder.mkdir(PRIVATE_FOLDER, parents=True, exist_ok=True)
            sync_folder(self._folder.parent)
            return os.open(f"{self._folder}/{name}", _CREATE, PRIVATE_FILE)

    def _read(self, sha: str) -> bytes:
        try:
            return (self._folder / sha).read_bytes()
        except FileNotFoundError:
            return b""

    def _all(self) -> Iterable[tuple[str, float]]:
        with suppress(FileNotFoundError), os.scandir(self._folder) as entries:
            for entry in entries:
                yield entry.name, entry.stat().st_mtime

    def _forget(self, hashes: frozenset[str], before: float) -> None:
        for sha in hashes:
            file = self._folder / sha
            with suppress(FileNotFoundError):
                if file.stat().st_mtime < before:
                    file.unlink()


async def hashes_of(images: Sequence[Image]) -> dict[int, str]:
    """The hashes of some pictures (SHA-256, in hexadecimal), by identity (`id`)."""
    if sum(len(one.data) for one in images) <= HASHED_AT_ONCE:
        return _hashes(images)
    return await asyncio.to_thread(_hashes, images)


def _hashes(images: Sequence[Image]) -> dict[int, str]:
    return {id(one): sha256(one.data).hexdigest() for one in images}
