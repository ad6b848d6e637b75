"""Where the bytes of pictures are: in files beside an SQLite database, or in PostgreSQL's rows.

In SQLite a picture would be written twice: to the write-ahead log, and from there again. In a file
beside it, it is written once, by the thread that waits for the log as well, after the row that
names it is committed: the answer waits for both. Bots on several machines share no folder.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from secrets import token_hex
from typing import Final, Protocol, TypeVar
from weakref import WeakValueDictionary

from blake3 import blake3

from ..model.image import Image
from ..model.value import value_type
from .pack import Pack, Part, Place, read, refused, write
from .rows import StoredImage

T = TypeVar("T")

HASHED_AT_ONCE: Final = 2**21
"""Bytes of pictures that are hashed on the event loop, in a third of a millisecond; a thread would
cost as much by waiting for the interpreter."""


def folder_of(store: Path) -> Path:
    """Where the pictures of a database are."""
    return store.with_name(f"{store.name}-pictures")


@value_type
class Kept:
    """Where pictures will be."""

    places: Mapping[str, Place]
    """By hash; none for those that are in their rows."""
    parts: Sequence[Part] = ()
    """What has to be written for that."""
    pack: Pack | None = None
    """It is not deleted as long as somebody holds it, also if no row names it yet."""


class Pictures(Protocol):
    """A place for their bytes."""

    async def keep(self, images: Mapping[str, Image], now: float) -> Kept:
        """Find a place for some pictures (by hash; `now` in epoch seconds).

        Their rows may be stored when this returns; what is in `Kept.parts` is to be written beside
        that.

        Raises:
            StoreUnavailable: they cannot be written.
        """
        ...

    async def put(self, images: Mapping[str, Image], now: float) -> Mapping[str, Place]:
        """The same, with nothing left to write; what is outside of the database is on disk.

        Raises:
            StoreUnavailable: they cannot be written.
        """
        ...

    def in_row(self, image: Image) -> bytes:
        """What a picture's row holds of it."""
        ...

    async def load(self, images: Mapping[str, StoredImage]) -> dict[str, Image]:
        """Pictures by hash, without those whose bytes are no longer there, or not whole."""
        ...

    async def files(self, before: float) -> list[str]:
        """The names of the files that nothing will be written to; those of which the first picture
        came before a time (epoch seconds) get no more."""
        ...

    async def delete(self, files: Iterable[str]) -> None:
        """Delete these.

        Raises:
            StoreUnavailable: one could not be deleted.
        """
        ...


class PictureRows:
    """The database itself."""

    async def keep(self, images: Mapping[str, Image], now: float) -> Kept:
        """The row is all there is to write."""
        return Kept({})

    async def put(self, images: Mapping[str, Image], now: float) -> Mapping[str, Place]:
        """Likewise."""
        return {}

    def in_row(self, image: Image) -> bytes:
        """All of it."""
        return image.data

    async def load(self, images: Mapping[str, StoredImage]) -> dict[str, Image]:
        """They are there already."""
        return {digest: one.image for digest, one in images.items()}

    async def files(self, before: float) -> list[str]:
        """There are none."""
        return []

    async def delete(self, files: Iterable[str]) -> None:
        """There is nothing to delete: they go with their rows."""


class PictureFiles:
    """A folder of packs, and of files of an older version: of one picture each, under its hash."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._thread = ThreadPoolExecutor(1, "report-pictures")
        self._pack: Pack | None = None
        self._in_use: WeakValueDictionary[str, Pack] = WeakValueDictionary()
        """Packs that something may be written to, by name."""

    async def keep(self, images: Mapping[str, Image], now: float) -> Kept:
        """Find a place for some pictures; see `Pictures.keep`.

        Where the last ones could not be written, nothing is stored before these are.

        Raises:
            StoreUnavailable: they cannot be written.
        """
        kept, pack = self._place(images, now)
        if pack.proven:
            return kept
        await self._run(lambda: write(kept.parts))
        return Kept(kept.places, pack=pack)

    async def put(self, images: Mapping[str, Image], now: float) -> Mapping[str, Place]:
        """Write some pictures; see `Pictures.put`.

        Raises:
            StoreUnavailable: they cannot be written.
        """
        kept, _ = self._place(images, now)
        await self._run(lambda: write(kept.parts))
        return kept.places

    def in_row(self, image: Image) -> bytes:
        """Nothing: it is in a file."""
        return b""

    async def load(self, images: Mapping[str, StoredImage]) -> dict[str, Image]:
        """Pictures by hash, without those whose bytes are no longer there, or not whole."""
        outside = {digest: one for digest, one in images.items() if not one.image.data}

        def read_all() -> dict[str, bytes]:
            return {digest: self._read(digest, one) for digest, one in outside.items()}

        found = await self._run(read_all) if outside else {}
        loaded = {
            digest: replace(one.image, data=found[digest]) if digest in found else one.image
            for digest, one in images.items()
        }
        return {digest: one for digest, one in loaded.items() if one.data}

    async def files(self, before: float) -> list[str]:
        """The names of the files that nothing will be written to; see `Pictures.files`."""
        if self._pack is not None and self._pack.began < before:
            self._pack = None
        in_use = {*self._in_use}
        return [name for name in await self._run(self._all) if name not in in_use]

    async def delete(self, files: Iterable[str]) -> None:
        """Delete these.

        Raises:
            StoreUnavailable: one could not be deleted.
        """
        await self._run(lambda: [(self._folder / one).unlink(missing_ok=True) for one in files])

    def _place(self, images: Mapping[str, Image], now: float) -> tuple[Kept, Pack]:
        pack = self._pack
        if pack is None or not pack.is_open(now):
            pack = self._pack = self._begin(now)
        places = {digest: pack.give_place(digest, len(one.data)) for digest, one in images.items()}
        parts = [
            Part(pack, digest, places[digest].offset, one.data)
            for digest, one in images.items()
            if not pack.has(digest)
        ]
        return Kept(places, parts, pack), pack

    def _begin(self, now: float) -> Pack:
        made = Pack(self._folder, token_hex(8), now)
        self._in_use[made.name] = made
        return made

    async def _run(self, work: Callable[[], T]) -> T:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work)
        except OSError as error:
            raise refused(self._folder, error) from None

    def _read(self, digest: str, stored: StoredImage) -> bytes:
        """Nothing where it is not whole: a power cut may have left a row whose push was not
        answered, and not its picture."""
        place = stored.place or Place(digest, 0)
        data = read(self._folder, place, stored.size)
        return data if is_of(digest, data) else b""

    def _all(self) -> list[str]:
        return [one.name for one in self._folder.iterdir()] if self._folder.is_dir() else []


async def hashes_of(images: Sequence[Image]) -> dict[int, str]:
    """The hashes of some pictures (BLAKE3, in hexadecimal), by identity (`id`)."""
    if sum(len(one.data) for one in images) <= HASHED_AT_ONCE:
        return _hashes(images)
    return await asyncio.to_thread(_hashes, images)


def _hashes(images: Sequence[Image]) -> dict[int, str]:
    return {id(one): blake3(one.data).hexdigest() for one in images}


def is_of(digest: str, data: bytes) -> bool:
    """Whether these bytes have a hash. An older version named pictures by their SHA-256."""
    return digest in (blake3(data).hexdigest(), sha256(data).hexdigest())
