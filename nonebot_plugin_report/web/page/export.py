"""Takes what was looked for along: as a table, or with the pictures."""

import csv
import io
import zipfile
from collections.abc import AsyncIterator, Iterable
from dataclasses import replace
from datetime import datetime
from typing import Final

from fastapi import Request, Response
from starlette.responses import StreamingResponse

from ...access.sessions import Viewer
from ...errors import Busy
from ...hub import Hub
from ...model.archive import Shown, Sight, Wanted
from .history import read_wanted
from .views import report_json, sight, words_of

PART: Final = 100
"""Reports that are read at once."""
MOST: Final = 50_000
"""Reports of a table; the rest comes with a filter by day."""
MOST_PICTURED: Final = 1000
"""Reports of a ZIP."""
AT_ONCE: Final = 2
_COLUMNS: Final = (
    "时间", "结果", "标题", "正文", "事件", "令牌", "接收者", "图片", "ID",
)  # fmt: skip
_FORMULA: Final = ("=", "+", "-", "@", "\t")
"""What makes a spreadsheet take a cell for a formula."""


class ExportApi:
    """Answers with files."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._underway = 0

    async def table(self, request: Request, viewer: Viewer) -> Response:
        """CSV，Excel 能直接打开。"""
        wanted = read_wanted(request.query_params)
        return self._file(self._rows(sight(viewer), wanted), "reports.csv", "text/csv")

    async def pictured(self, request: Request, viewer: Viewer) -> Response:
        """ZIP：表格，和每条推送的图片。"""
        wanted = read_wanted(request.query_params)
        return self._file(self._zip(sight(viewer), wanted), "reports.zip", "application/zip")

    def _file(self, content: AsyncIterator[bytes], name: str, media: str) -> Response:
        if self._underway >= AT_ONCE:
            raise Busy("有别的导出正在进行，等它结束再试")
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return StreamingResponse(self._counted(content), media_type=media, headers=headers)

    async def _counted(self, content: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        self._underway += 1
        try:
            async for one in content:
                yield one
        finally:
            self._underway -= 1

    async def _parts(self, of: Sight, wanted: Wanted, most: int) -> AsyncIterator[list[Shown]]:
        while most > 0:
            part = await self._hub.archive.part(of, wanted, min(PART, most))
            yield list(part.shown)
            most -= len(part.shown)
            if not part.rest:
                return
            wanted = replace(wanted, before=part.rest)

    async def _rows(self, of: Sight, wanted: Wanted) -> AsyncIterator[bytes]:
        # Excel takes a file without this mark for one in the system's old encoding.
        yield "\ufeff".encode() + _lines([_COLUMNS])
        async for some in self._parts(of, wanted, MOST):
            yield _lines([self._row(one) for one in some])

    def _row(self, one: Shown) -> tuple[str, ...]:
        found = report_json(one, self._hub.clock())
        title, text = words_of(one)
        at = datetime.fromtimestamp(found["at"]).astimezone()
        deliveries = "\n".join(f"{each['target']} {each['line']}" for each in found["deliveries"])
        return (
            f"{at:%Y-%m-%d %H:%M:%S}", found["icon"], title, text,
            found["label"], found["source"], deliveries, str(found["pictures"]), found["id"],
        )  # fmt: skip

    async def _zip(self, of: Sight, wanted: Wanted) -> AsyncIterator[bytes]:
        sink = _Sink()
        rows: list[tuple[str, ...]] = [_COLUMNS]
        with zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED) as archive:
            async for some in self._parts(of, wanted, MOST_PICTURED):
                for one in some:
                    rows.append(self._row(one))
                    for number, digest in enumerate(one.pictures, 1):
                        image = await self._hub.archive.picture(digest)
                        if image is not None:
                            name = f"{one.listed.state.id}-{number}.{image.extension}"
                            archive.writestr(name, image.data)
                            yield sink.take()
            archive.writestr("reports.csv", "\ufeff".encode() + _lines(rows))
        yield sink.take()


class _Sink(io.RawIOBase):
    """What a ZIP is written to; what was written is taken away at once."""

    def __init__(self) -> None:
        self._written = bytearray()

    def writable(self) -> bool:
        """It is; it cannot be read, nor gone back in."""
        return True

    def write(self, content: bytes | bytearray | memoryview) -> int:  # pyright: ignore[reportIncompatibleMethodOverride] - of all that can be written, ZipFile writes these
        """Keep it until it is taken."""
        self._written += content
        return len(content)

    def take(self) -> bytes:
        """What was written since the last time."""
        taken, self._written = bytes(self._written), bytearray()
        return taken


def _lines(rows: Iterable[Iterable[str]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerows([_plain(cell) for cell in row] for row in rows)
    return text.getvalue().encode()


def _plain(cell: str) -> str:
    """A cell that is nothing but text."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
