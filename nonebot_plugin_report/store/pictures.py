"""Where the bytes of pictures are: in files beside an SQLite database, or in PostgreSQL's rows.

In SQLite a picture would be written twice: to the write-ahead log, and from there again. In a
folder, under its hash, it is written once, by a thread, and is on disk before the row that names it
is committed. Bots on several machines share no folder.
"""

import asyncio
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Final, Protocol, TypeVar

from ..errors import StoreUnavailable, os_reason
from ..model.image import Image
from .file import PRIVATE_FILE, PRIVATE_FOLDER, sync_folder

T = TypeVar("T")

_PART: Final = ".part"
"""The ending of a file that is being written."""


class Pictures(Protocol):
    """A place for their bytes."""

    async def keep(self, images: Sequence[Image], now: float) -> dict[int, str]:
        """Put those of some pictures there that are not there, as far as that is outside of the
        database. Returns the hashes by identity (`id`).

        Raises:
            StoreUnavailable: they could not be written.
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

    async def keep(self, images: Sequence[Image], now: float) -> dict[int, str]:
        """The hashes by identity: the row is all there is to write."""
        return await asyncio.to_thread(
            lambda: {id(one): sha256(one.data).hexdigest() for one in images}
        )

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

    images: list[Image] = field(default_factory=list[Image])
    hashes: dict[int, str] = field(default_factory=dict[int, str])
    """By identity, once they are on disk."""


class PictureFiles:
    """The folder. Its one thread is the only one that changes it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._thread = ThreadPoolExecutor(1, "report-pictures")
        self._turn = asyncio.Lock()
        self._next = _Group()

    async def keep(self, images: Sequence[Image], now: float) -> dict[int, str]:
        """Write those of some pictures that are not there. Returns the hashes by identity (`id`).

        Who comes while others are written shares the next turn, and its waits for the disk.

        Raises:
            StoreUnavailable: they could not be written.
        """
        group = self._next
        group.images.extend(images)
        async with self._turn:
            if not group.hashes:
                self._next = _Group()
                group.hashes = await self._run(lambda: self._keep(group.images, now))
        return {id(one): group.hashes[id(one)] for one in images}

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
            raise StoreUnavailable(
                f"无法写入图片文件夹 {self._folder}：{os_reason(error)}"
            ) from None

    def _keep(self, images: Iterable[Image], now: float) -> dict[int, str]:
        hashes = {id(one): sha256(one.data).hexdigest() for one in images}
        pictures = {hashes[id(one)]: one.data for one in images}
        self._write({sha: data for sha, data in pictures.items() if not self._touch(sha, now)}, now)
        return hashes

    def _touch(self, sha: str, now: float) -> bool:
        """Note that a picture came again. False: it is not there."""
        try:
            os.utime(self._folder / sha, (now, now))
        except FileNotFoundError:
            return False
        return True

    def _write(self, pictures: Mapping[str, bytes], now: float) -> None:
        if not pictures:
            return
        if not self._folder.exists():
            self._folder.mkdir(PRIVATE_FOLDER, parents=True, exist_ok=True)
            sync_folder(self._folder.parent)
        with ExitStack() as opened:
            written: list[int] = []
            for sha, data in pictures.items():
                file = opened.enter_context(open(self._part(sha), "wb", opener=_private))
                file.write(data)
                file.flush()
                os.utime(file.fileno(), (now, now))
                written.append(file.fileno())
            # The first wait brings most of the others' bytes along.
            for descriptor in written:
                os.fsync(descriptor)
        for sha in pictures:
            self._part(sha).replace(self._folder / sha)
        sync_folder(self._folder)

    def _part(self, sha: str) -> Path:
        return self._folder / f"{sha}{_PART}"

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


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, PRIVATE_FILE)
