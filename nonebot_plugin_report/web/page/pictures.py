"""The pictures of reports: as small ones in the list, and whole."""

import asyncio
from collections import OrderedDict
from typing import Final

from fastapi import Request, Response

from ...access.sessions import Viewer
from ...errors import NotFound
from ...hub import Hub
from ...model.image import Image
from ...senders.in_turn import in_turn
from .history import HistoryApi

SMALL_BYTES: Final = 16 * 2**10
SMALL_SIDES: Final = 640
"""Width and height together: 410 pixels wide for a screenshot, sharp on a phone's list."""
KEPT: Final = 16 * 2**20
"""Bytes of small pictures in memory."""
AT_ONCE: Final = 2
"""Whole pictures that are in memory to be made small."""


class PicturesApi:
    """Answers with pictures."""

    def __init__(self, hub: Hub, history: HistoryApi) -> None:
        self._hub = hub
        self._history = history
        self._small: OrderedDict[str, bytes] = OrderedDict()
        """By the whole one's hash."""
        self._kept = 0
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def picture(self, request: Request, viewer: Viewer) -> Response:
        """一条推送的一张图片。"""
        shown = await self._history.shown(request, viewer)
        number = str(request.path_params["number"])
        hashes = dict(zip(map(str, range(len(shown.pictures))), shown.pictures, strict=True))
        if number not in hashes:
            raise NotFound("没有这张图片")
        if "small" in request.query_params:
            return Response(await self._smaller(hashes[number]), media_type="image/jpeg")
        image = await self._whole(hashes[number])
        return Response(image.data, media_type=image.media_type)

    async def _smaller(self, digest: str) -> bytes:
        if digest in self._small:
            self._small.move_to_end(digest)
            return self._small[digest]
        async with self._turns:
            made = await in_turn(_shrunk, await self._whole(digest))
        if made is None:
            raise NotFound("这张图片缩不小")
        self._keep(digest, made.data)
        return made.data

    def _keep(self, digest: str, data: bytes) -> None:
        self._kept += len(data) - len(self._small.pop(digest, b""))
        self._small[digest] = data
        while self._kept > KEPT:
            _, gone = self._small.popitem(last=False)
            self._kept -= len(gone)

    async def _whole(self, digest: str) -> Image:
        image = await self._hub.archive.picture(digest)
        if image is None:
            raise NotFound("这张图片已经清理了")
        return image


def _shrunk(image: Image) -> Image | None:
    # Imported here, in the thread: it is slow, and most bots do not need it.
    from ...senders.shrink import shrink

    made, _ = shrink(image, SMALL_BYTES, SMALL_SIDES, still=False)
    return made
