"""Makes one message of the deliveries that are sent together, reading the store as needed."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from ..errors import StoreUnavailable, Unreadable
from ..model.image import Image
from ..model.message import Message
from ..store.queue import Queue, Queued
from .digest import Gist, gist, merge, pictured, summarize
from .picture_cache import Pictures

MERGED_PICTURES: Final = 8 * 2**20
"""Most bytes of pictures in one merged message."""
PICTURE_LEFT_OUT: Final = "截图太多太大，没有一起发出"
PICTURE_GONE: Final = "截图已经不在了，或者读不出来"
READ_TRIES: Final = 3
"""Times that the pictures of a delivery are read; after that it goes without them."""
MAX_TRIES: Final = 1000
"""Deliveries whose failed reads are counted."""


class Composer:
    """Makes messages of deliveries."""

    def __init__(self, queue: Queue, pictures: Pictures, rest: str) -> None:
        """`rest` tells how to read what a digest leaves out (Chinese)."""
        self._rest = rest
        self._queue = queue
        self._pictures = pictures
        self._tries: dict[str, int] = {}
        """By the ids of deliveries whose pictures could not be read: how often that was tried."""
        self._reading = asyncio.Lock()
        """One message's pictures are read at a time, so that others with the same find them."""

    async def unreadable(self, batch: Sequence[Queued]) -> list[Queued]:
        """The deliveries of a batch that this code cannot read.

        Raises:
            StoreUnavailable: they could not be read.
        """
        queue_rows: list[Queued] = []
        for queued in batch:
            try:
                await self._queue.text(queued.delivery.id)
            except Unreadable:
                queue_rows.append(queued)
        return queue_rows

    async def compose(self, batch: Sequence[Queued], *, digest: bool) -> Message:
        """The message of a single delivery, or one for the whole batch.

        Raises:
            StoreUnavailable: they could not be read.
            Unreadable: what is stored of one of them is not what this code writes.
        """
        if digest:
            return await self._digest([one.delivery.id for one in batch])
        messages: list[Message] = []
        room = MERGED_PICTURES
        for one in batch:
            room -= one.picture_bytes
            messages.append(await self._message(one, pictured=room >= 0 or len(batch) == 1))
        return merge(messages) if messages[1:] else messages[0]

    async def _message(self, queued: Queued, *, pictured: bool) -> Message:
        if queued.loaded and pictured:
            return queued.delivery.message
        message, ids = await self._queue.text(queued.delivery.id)
        if not pictured:
            return _with_note(message, PICTURE_LEFT_OUT)
        images = await self._images(queued.delivery.id, ids)
        message = replace(message, images=tuple(images.values()))
        return message if len(images) == len(ids) else _with_note(message, PICTURE_GONE)

    async def _images(self, delivery_id: str, ids: Sequence[str]) -> dict[str, Image]:
        """Those of some pictures that are in memory, or can be read, in their order.

        Raises:
            StoreUnavailable: they cannot be read, and it is not the last try for this delivery.
        """
        if not ids:
            return {}
        async with self._reading:
            images = {each: self._pictures.find(each) for each in ids}
            missing = [each for each, image in images.items() if image is None]
            try:
                images |= await self._queue.pictures(missing)
            except StoreUnavailable:
                if self._fails_again(delivery_id):
                    raise
            self._tries.pop(delivery_id, None)
        for each, image in images.items():
            if image is not None:
                self._pictures.add(each, image)
        return {each: image for each, image in images.items() if image is not None}

    def _fails_again(self, delivery_id: str) -> bool:
        """Count a failed read of a delivery's pictures. Returns whether it is worth another."""
        tries = self._tries.pop(delivery_id, 0) + 1
        if tries >= READ_TRIES:
            return False
        self._tries[delivery_id] = tries
        if len(self._tries) > MAX_TRIES:
            del self._tries[next(iter(self._tries))]
        return True

    async def _digest(self, ids: Sequence[str]) -> Message:
        gists: list[Gist] = []
        first: list[str] = []
        for each in ids:  # one at a time in memory
            message, picture_ids = await self._queue.text(each)
            gists.append(gist(message, has_image=bool(picture_ids)))
            first.append(next(iter(picture_ids), ""))
        images: list[Image] = []
        for index in sorted(pictured(gists)):
            images += (await self._images(ids[index], first[index : index + 1])).values()
        return summarize(gists, images, self._rest)


def _with_note(message: Message, note: str) -> Message:
    return replace(message, text=f"{message.text}\n[{note}]".strip())
