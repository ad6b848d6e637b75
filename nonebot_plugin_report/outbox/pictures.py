"""Pictures in memory: each once, within a bound."""

from collections.abc import Sequence
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
"""Bytes of pictures being sent at the same time. To a channel, each message takes five to seven
times its picture's size until it is answered, as base64, JSON and socket buffers; QQ's bots write
one after another, and share the base64."""


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
        size, ids = sum(len(one.data) for one in images), tuple(map(id, images))
        queued = replace(queued, picture_bytes=size, pictures=ids)
        self._alive.update(zip(ids, images, strict=True))
        if sum(len(one.data) for one in self._alive.values()) <= KEPT_BYTES:
            return queued
        bare = replace(queued.delivery, message=Message(""))
        return replace(queued, delivery=bare, loaded=False, pictures=None)

    def known(self, sha: str) -> Image | None:
        """A picture that a lane has in memory, by its hash."""
        return self._alive.get(sha)

    def add(self, sha: str, image: Image) -> None:
        """Remember a picture that was read."""
        self._alive[sha] = image

    def room(self, batch: Sequence[Queued]) -> AbstractAsyncContextManager[None]:
        """Hold room for the pictures of deliveries that are sent as one message."""
        size, first = sum([one.picture_bytes for one in batch]), batch[0]
        shares = len(batch) == 1 and first.delivery.lane.target.kind != "channel"
        return self._budget.room(size, first.pictures if shares else None)
