"""Pictures in memory: each once, within a bound."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from functools import partial
from typing import Final
from weakref import ref

from ..model.image import Image
from ..model.message import Message
from ..store.queue import Queued
from .budget import Budget

KEPT_BYTES: Final = 8 * 2**20
"""Bytes of just accepted pictures that are kept in memory until they are sent."""
ROOM_BYTES: Final = 8 * 2**20
"""Bytes of pictures being sent at the same time. To a channel, each message takes five to seven
times its picture's size until it is answered, as base64, JSON and socket buffers; QQ's bots write
one after another, and share the base64."""


class Pictures:
    """The pictures of all lanes."""

    def __init__(self) -> None:
        self._alive: dict[str | int, tuple[ref[Image], int]] = {}
        """And their bytes; by id if they were read from the store, otherwise by identity."""
        self._bytes = 0
        """Of all of them."""
        self._budget = Budget(ROOM_BYTES)

    def admit(self, queued: Queued) -> Queued:
        """The delivery with its message if there is room for its pictures, otherwise without."""
        images = queued.delivery.message.images
        if not images:
            return queued
        size, ids = sum(len(one.data) for one in images), tuple(map(id, images))
        for name, image in zip(ids, images, strict=True):
            self._remember(name, image)
        if self._bytes <= KEPT_BYTES:
            return Queued(queued.delivery, queued.loaded, size, ids)
        return Queued(replace(queued.delivery, message=Message("")), picture_bytes=size)

    def find(self, picture_id: str) -> Image | None:
        """A picture that a lane has in memory, by its id in the store."""
        reference, _ = self._alive.get(picture_id, _NONE)
        return reference and reference()

    def add(self, picture_id: str, image: Image) -> None:
        """Remember a picture that was read."""
        self._remember(picture_id, image)

    def room(self, batch: Sequence[Queued]) -> AbstractAsyncContextManager[None]:
        """Hold room for the pictures of deliveries that are sent as one message."""
        size, first = sum([one.picture_bytes for one in batch]), batch[0]
        shares = len(batch) == 1 and first.delivery.lane.target.kind != "channel"
        return self._budget.room(size, first.pictures if shares else None)

    def _remember(self, name: str | int, image: Image) -> None:
        cached, size = self._alive.get(name, _NONE)
        if cached is None or cached() is not image:
            self._bytes += len(image.data) - size
            self._alive[name] = ref(image, partial(self._forget, name)), len(image.data)

    def _forget(self, name: str | int, reference: "ref[Image]") -> None:
        cached, size = self._alive.get(name, _NONE)
        if cached is reference:
            del self._alive[name]
            self._bytes -= size


_NONE: Final = (None, 0)
