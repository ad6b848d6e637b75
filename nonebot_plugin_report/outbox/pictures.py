"""Pictures in memory: each once, and no more of them than there is room for."""

from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from typing import Final
from weakref import WeakValueDictionary

from ..model.image import Image
from ..model.message import Message
from ..store.queue import Queued
from .budget import Budget

KEPT_BYTES: Final = 16 * 2**20
"""Bytes of pictures up to which what was just accepted stays in memory until it is sent."""
ROOM_BYTES: Final = 8 * 2**20
"""Bytes of pictures on their way at the same time; each is then in memory five to seven times, as
base64, as JSON and in what the sockets hold."""


class Pictures:
    """What the lanes have of pictures, together."""

    def __init__(self) -> None:
        self._alive: WeakValueDictionary[str | int, Image] = WeakValueDictionary()
        """By their hash where they were read from the store, else by identity."""
        self._budget = Budget(ROOM_BYTES)

    def admit(self, queued: Queued) -> Queued:
        """A delivery with its message, if there is room for its picture; else without it."""
        image = queued.delivery.message.image
        if image is None:
            return queued
        queued = replace(queued, picture_bytes=len(image.data))
        self._alive[id(image)] = image
        if sum(len(one.data) for one in self._alive.values()) <= KEPT_BYTES:
            return queued
        bare = replace(queued.delivery, message=Message(""))
        return replace(queued, delivery=bare, loaded=False)

    def known(self, sha: str) -> Image | None:
        """A picture that some lane has read already."""
        return self._alive.get(sha)

    def add(self, sha: str, image: Image) -> None:
        """A picture was read."""
        self._alive[sha] = image

    def room(self, size: int) -> AbstractAsyncContextManager[None]:
        """Room for pictures of so many bytes, as long as they are on their way."""
        return self._budget.room(size)
