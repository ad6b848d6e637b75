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

    def room(self, batch: Sequence[Queued]) -> AbstractAsyncContextManager[None]:
        """Hold room for the pictures of deliveries that are sent as one message."""
        size, first = sum(one.picture_bytes for one in batch), batch[0].delivery
        shares = len(batch) == 1 and batch[0].loaded and first.lane.target.kind != "channel"
        together = tuple(map(id, first.message.images)) if size and shares else None
        return self._budget.room(size, together)
