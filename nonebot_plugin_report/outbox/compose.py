"""Makes one message of the deliveries that are sent together, reading the store as needed."""

import asyncio
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace
from typing import Final

from ..errors import Unreadable
from ..model.image import Image
from ..model.message import Message
from ..store.queue import Queue, Queued
from .digest import Gist, gist, merge, pictured, summarize
from .pictures import Pictures

MERGED_PICTURES: Final = 8 * 2**20
"""Most bytes of pictures in one merged message."""
PICTURE_LEFT_OUT: Final = "截图太多太大，没有一起发出"


class Composer:
    """Makes messages of deliveries."""

    def __init__(self, queue: Queue, pictures: Pictures, rest: str) -> None:
        """`rest` tells how to read what a digest leaves out (Chinese)."""
        self._rest = rest
        self._queue = queue
        self._pictures = pictures
        self._reading = asyncio.Lock()
        """One message's pictures are read at a time, so that others with the same find them."""

    async def unreadable(self, batch: Sequence[Queued]) -> list[Queued]:
        """The deliveries of a batch that this code cannot read.

        Raises:
            StoreUnavailable: they could not be read.
        """
        found: list[Queued] = []
        for one in batch:
            try:
                await self._queue.words(one.delivery.id)
            except Unreadable:
                found.append(one)
        return found

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
        if pictured:
            async with self._reading if queued.picture_bytes else nullcontext():
                known = self._pictures.known
                message, pictures = await self._queue.message(queued.delivery.id, known)
                for digest, image in pictures.items():
                    self._pictures.add(digest, image)
            return message
        message, _ = await self._queue.words(queued.delivery.id)
        return replace(message, text=f"{message.text}\n[{PICTURE_LEFT_OUT}]".strip())

    async def _digest(self, ids: Sequence[str]) -> Message:
        gists: list[Gist] = []
        first: list[str] = []
        for one in ids:  # one at a time in memory
            message, hashes = await self._queue.words(one)
            gists.append(gist(message, has_image=bool(hashes)))
            first.append(next(iter(hashes), ""))
        shown = [await self._picture(first[index]) for index in sorted(pictured(gists))]
        return summarize(gists, [one for one in shown if one is not None], self._rest)

    async def _picture(self, digest: str) -> Image | None:
        if (known := self._pictures.known(digest)) is not None:
            return known
        image = await self._queue.picture(digest)
        if image is not None:
            self._pictures.add(digest, image)
        return image
