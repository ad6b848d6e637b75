"""Pictures in memory: each once, within a bound."""

from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from typing import Final
from weakref import WeakValueDictionary

from ..model.image import Image
from ..model.message import Message
from ..store.queue import Queued
from .budget import Budget

KEPT_BYTES: Final = 16 * 2**20
"""Bytes of just accepted pictures that are kept in memory until they are sent."""
ROOM_BYTES: Final = 8 * 2**20
"""Bytes of pictures being sent at the same time; each then takes five to seven times its size, as
base64, JSON and socket buffers."""


class Pictures:
    """The pictures of all lanes."""

    def __init__(self) -> None:
        self._alive: WeakValueDictionary[str | int, Image] = WeakValueDictionary()
        """By hash if they were read from the store, otherwise by identity."""
        self._budget = Budget(ROOM_BYTES)

    def admit(self, queued: Queued) -> Queued:
        """The delivery with its message if there is room for its pictures, otherwise without."""
        images = queued.delivery.message.images
        if not images:
            return queued
        queued = replace(queued, picture_bytes=sum(len(one.data) for one in images))
        self._alive.update((id(one), one) for one in images)
        if sum(len(one.data) for one in self._alive.values()) <= KEPT_BYTES:
            return queued
        bare = replace(queued.delivery, message=Message(""))
        return replace(queued, delivery=bare, loaded=False)

    def known(self, sha: str) -> Image | None:
        """A picture that a lane has in memory, by its hash."""
        return self._alive.get(sha)

    def add(self, sha: str, image: Image) -> None:
        """Remember a picture that was read."""
        self._alive[sha] = image

    def room(self, size: int) -> AbstractAsyncContextManager[None]:
        """Hold room for pictures of `size` bytes while they are being sent."""
        return self._budget.room(size)
