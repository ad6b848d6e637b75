"""Answers with the pictures of reports: small ones for the list, and whole ones."""

from collections import OrderedDict
from typing import Final

from fastapi import Request, Response

from ...access.sessions import Viewer
from ...errors import NotFound
from ...hub import Hub
from ...model.image import Image
from ...pictures.in_turn import in_turn
from ...store.turns import Turns
from ..outgoing import Content, Outgoing
from .history import HistoryApi

SMALL_BYTES: Final = 16 * 2**10
SMALL_SIDES: Final = 640
"""Width and height together: 410 pixels wide for a screenshot, sharp on a phone's list."""
MAX_CACHED: Final = 16 * 2**20
"""Bytes of small pictures in memory."""


class PicturesApi:
    """Answers with pictures."""

    def __init__(self, hub: Hub, history: HistoryApi, outgoing: Outgoing) -> None:
        """`outgoing` grants the memory for whole pictures."""
        self._hub = hub
        self._history = history
        self._outgoing = outgoing
        self._small: OrderedDict[str, bytes] = OrderedDict()
        """Small pictures by the hash of the whole one."""
        self._cached_bytes = 0
        self._shrinking = Turns()
        """Limits the whole pictures in memory to one while it is shrunk."""

    async def picture(self, request: Request, viewer: Viewer) -> Response:
        """一条推送的一张图片。"""
        view = await self._history.find_view(request, viewer)
        number = str(request.path_params["number"])
        hashes = dict(zip(map(str, range(len(view.pictures))), view.pictures, strict=True))
        if number not in hashes:
            raise NotFound("没有这张图片")
        if "small" in request.query_params:
            return Response(await self._smaller(hashes[number], viewer), media_type="image/jpeg")
        return await self._whole(hashes[number], viewer)

    async def _whole(self, digest: str, viewer: Viewer) -> Response:
        size = await self._hub.archive.of(viewer.holder).picture_size(digest)

        async def load() -> Content:
            image = await self._read(digest, viewer)
            return Content(image.media_type, len(image.data), (image.data,))

        return await self._outgoing.answer(viewer.grant, size, load)

    async def _smaller(self, digest: str, viewer: Viewer) -> bytes:
        if digest not in self._small:
            async with self._shrinking.of(viewer.holder):
                await self._shrink(digest, viewer)
        self._small.move_to_end(digest)
        return self._small[digest]

    async def _shrink(self, digest: str, viewer: Viewer) -> None:
        if digest in self._small:  # another request has shrunk it meanwhile
            return
        small = await in_turn(_shrunk, await self._read(digest, viewer))
        if small is None:
            raise NotFound("这张图片缩不小")
        self._keep(digest, small.data)

    def _keep(self, digest: str, data: bytes) -> None:
        self._cached_bytes += len(data) - len(self._small.pop(digest, b""))
        self._small[digest] = data
        while self._cached_bytes > MAX_CACHED:
            _, evicted = self._small.popitem(last=False)
            self._cached_bytes -= len(evicted)

    async def _read(self, digest: str, viewer: Viewer) -> Image:
        image = await self._hub.archive.of(viewer.holder).picture(digest)
        if image is None:
            raise NotFound("这张图片已经清理了")
        return image


def _shrunk(image: Image) -> Image | None:
    # Imported here, in the thread: it is slow, and most bots do not need it.
    from ...pictures.shrink import shrink

    small, _ = shrink(image, SMALL_BYTES, SMALL_SIDES, still=False)
    return small
