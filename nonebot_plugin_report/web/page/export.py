"""Exports all results of a search: as a table, or with the pictures.

Reports are read and sent in steps, so that a million reports take no more memory than a few.
"""

import asyncio
import io
import zipfile
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from dataclasses import replace
from datetime import datetime
from typing import Final
from urllib.parse import quote

from fastapi import Request, Response

from ...access.sessions import Viewer
from ...errors import Busy, StoreUnavailable
from ...hub import Hub
from ...model.criteria import Criteria, ReportView
from ...model.image import Image
from ..outgoing import PIECE, Outgoing
from . import spreadsheet
from .history import read_criteria
from .places import Places
from .stream import stream
from .views import report_json, sight, title_and_text
from .whole import read_full_report

STEP: Final = 25
"""Reports per read."""
EACH: Final = 1
"""Exports of one holder at a time."""
TOTAL: Final = 16
"""Exports of all but the owner."""
MAX_PICTURES: Final = 50_000
"""Pictures of one ZIP: each has an entry in the directory at its end."""
MAX_LEFT_OUT: Final = 1000
"""Pictures missing in a ZIP that are listed by name."""
TABLE: Final = "推送记录.csv"
LEFT_OUT: Final = "没有包括的图片.txt"
_EPOCH: Final = 1980
"""The first year that a ZIP knows (APPNOTE.TXT, 4.4.6)."""

Pieces = AsyncGenerator[bytes]


class ExportApi:
    """Answers with files."""

    def __init__(self, hub: Hub, outgoing: Outgoing, max_pictures: int = MAX_PICTURES) -> None:
        """`outgoing` grants the memory for pictures."""
        self._hub = hub
        self._outgoing = outgoing
        self._max_pictures = max_pictures
        self._places = Places(EACH, TOTAL)

    async def table(self, request: Request, viewer: Viewer) -> Response:
        """CSV，Excel 能直接打开。"""
        criteria = read_criteria(request.query_params)
        return await self._file(viewer, self._rows(viewer, criteria), "csv", "text/csv")

    async def pictured(self, request: Request, viewer: Viewer) -> Response:
        """ZIP：表格，和每条推送的图片。"""
        criteria = read_criteria(request.query_params)
        return await self._file(viewer, self._zip(viewer, criteria), "zip", "application/zip")

    async def _file(
        self, viewer: Viewer, pieces: Pieces, extension: str, media_type: str
    ) -> Response:
        today = datetime.fromtimestamp(self._hub.clock()).astimezone()
        name = quote(f"推送记录 {today:%Y-%m-%d}.{extension}")
        # RFC 6266, section 5: `filename` is for clients that do not know `filename*`.
        disposition = f"attachment; filename=\"reports.{extension}\"; filename*=UTF-8''{name}"
        return await stream(
            self._in_place(viewer, pieces), media_type, {"Content-Disposition": disposition}
        )

    async def _in_place(self, viewer: Viewer, pieces: Pieces) -> Pieces:
        with self._places.take(viewer, "上一个导出还没有结束，等它结束再试"):
            async with aclosing(pieces):
                async for piece in pieces:
                    yield piece

    async def _parts(
        self, viewer: Viewer, criteria: Criteria
    ) -> AsyncGenerator[tuple[ReportView, ...]]:
        """Read all reports that meet the criteria, in steps."""
        archive = self._hub.archive.of(viewer.holder)
        while True:
            part = await archive.part(sight(viewer), criteria, STEP)
            yield part.views
            if not part.next:
                return
            criteria = replace(criteria, before=part.next)

    async def _rows(self, viewer: Viewer, criteria: Criteria) -> Pieces:
        """Write the table. Where the history cannot be read any further, the last row says so."""
        rows, began = bytearray(spreadsheet.head()), False
        try:
            async with aclosing(self._parts(viewer, criteria)) as parts:
                async for part in parts:
                    for view in part:
                        rows += spreadsheet.write_rows([await self._row(view, viewer)])
                        if len(rows) >= PIECE:
                            yield bytes(rows)
                            rows.clear()
                    yield bytes(rows)
                    rows.clear()
                    began = True
        except StoreUnavailable as error:
            if began:
                yield spreadsheet.note_row(f"到这里为止：{error}")
            raise

    async def _row(self, view: ReportView, viewer: Viewer) -> tuple[str, ...]:
        full = await read_full_report(self._hub.archive.of(viewer.holder), view)
        listed = report_json(view, self._hub.clock())
        if view.own and full.report is None:
            listed["note"] = f"读不出原来的内容，这里是发出的文字。{listed['note']}"
        return spreadsheet.report_row(listed, full.report, full.title, full.text)

    async def _zip(self, viewer: Viewer, criteria: Criteria) -> Pieces:
        file = ZipStream(self._hub.clock())
        async with aclosing(self._rows(viewer, criteria)) as rows:
            async for piece in file.add_table(rows):
                yield piece
        async with aclosing(self._parts(viewer, criteria)) as parts:
            async for part in parts:
                for view in part:
                    async for piece in self._pictures(file, view, viewer):
                        yield piece
        yield await file.end()

    async def _pictures(self, file: "ZipStream", view: ReportView, viewer: Viewer) -> Pieces:
        """Write the pictures of a report."""
        state, archive = view.listed.state, self._hub.archive.of(viewer.holder)
        for number, digest in enumerate(view.pictures, 1):
            name = spreadsheet.picture_name(
                state.received_at, title_and_text(view)[0], state.id, number
            )
            if file.pictures >= self._max_pictures:
                file.leave_out(name, "一个文件里放不下更多，请按日期分开导出")
                continue
            try:
                size = await archive.picture_size(digest)
                async with self._outgoing.room(viewer.grant, size):
                    image = await archive.picture(digest)
                    if image is None:
                        file.leave_out(name, "已经清理了")
                        continue
                    for piece in file.add_picture(name, image, state.received_at):
                        yield piece
            except Busy:
                file.leave_out(name, "别的图片还没有发完，没有轮到它")


class ZipStream:
    """A ZIP that is sent while it is written, without seeking."""

    def __init__(self, now: float) -> None:
        """`now` is the time of the table, in epoch seconds."""
        self._now = now
        self._sink = _Sink()
        self._zip = zipfile.ZipFile(self._sink, "w")
        self._left_out: list[str] = []
        self._left_out_count = 0
        self.pictures = 0
        """Number of pictures in the file."""

    async def add_table(self, rows: Pieces) -> Pieces:
        """Write the table."""
        with self._zip.open(_entry(TABLE, self._now), "w", force_zip64=True) as entry:
            async for row in rows:
                for piece in _cut(row):
                    entry.write(piece)
                    yield self._sink.take()

    def add_picture(self, name: str, image: Image, at: float) -> Iterator[bytes]:
        """Write a picture; `at` is its time, in epoch seconds."""
        self.pictures += 1
        entry = _entry(f"{name}.{image.extension}", at)
        entry.file_size = len(image.data)
        with self._zip.open(entry, "w") as file:
            for piece in _cut(image.data):
                file.write(piece)
                yield self._sink.take()

    def leave_out(self, name: str, reason: str) -> None:
        """Note a missing picture, with the reason (Chinese)."""
        self._left_out_count += 1
        if self._left_out_count <= MAX_LEFT_OUT:
            self._left_out.append(f"{name}：{reason}")

    async def end(self) -> bytes:
        """Write the list of missing pictures, and the directory."""
        if self._left_out_count:
            more = self._left_out_count - len(self._left_out)
            lines = [*self._left_out, *([f"另有 {more} 张"] if more else [])]
            text = "\r\n".join((f"有 {self._left_out_count} 张图片不在这里：", "", *lines, ""))
            self._zip.writestr(_entry(LEFT_OUT, self._now), f"\ufeff{text}")
        await asyncio.to_thread(self._zip.close)  # the directory may be long
        return self._sink.take()


class _Sink(io.RawIOBase):
    """Buffers the bytes of a ZIP until they are sent. Neither readable nor seekable."""

    def __init__(self) -> None:
        self._written = bytearray()

    def writable(self) -> bool:
        """Return True."""
        return True

    def write(self, content: bytes | bytearray | memoryview) -> int:  # pyright: ignore[reportIncompatibleMethodOverride] - ZipFile writes only these types
        """Buffer the content until `take`."""
        self._written += content
        return len(content)

    def take(self) -> bytes:
        """Take the bytes written since the last call."""
        taken, self._written = bytes(self._written), bytearray()
        return taken


def _entry(name: str, at: float) -> zipfile.ZipInfo:
    """Describe a file of a ZIP; `at` in epoch seconds. Pictures are compressed already."""
    moment = datetime.fromtimestamp(at).astimezone()
    clamped = moment if moment.year >= _EPOCH else moment.replace(year=_EPOCH)
    entry = zipfile.ZipInfo(name, clamped.timetuple()[:6])
    entry.compress_type = zipfile.ZIP_DEFLATED if name == TABLE else zipfile.ZIP_STORED
    entry.external_attr = 0o600 << 16
    return entry


def _cut(content: bytes) -> Iterator[bytes]:
    for at in range(0, len(content), PIECE):
        yield content[at : at + PIECE]
