"""The states of the watches, and how far the watchdog has read."""

from collections.abc import Mapping
from typing import Final

from sqlalchemy import Connection, delete, func, insert, select

from ..model.watch import WatchState
from .row_types import RowType
from .rows import IS_ID
from .schema import meta, report, watch
from .statements import Statement
from .writer import Writer

_READ_UNTIL: Final = "watched_until"
_BEGIN: Final = Statement(insert(meta), "ON CONFLICT DO NOTHING")


_WATCH: Final = RowType(*watch.columns)


class Watches:
    """The states of the watches."""

    def __init__(self, database: Writer) -> None:
        self._run = database.run

    async def all(self) -> dict[str, WatchState]:
        """All states, by the watch's key.

        Raises:
            StoreUnavailable: they could not be read.
        """

        def read(conn: Connection) -> dict[str, WatchState]:
            rows = _WATCH.read(conn.execute(select(watch)))
            return {
                row.name: WatchState(row.since, row.due_at, row.overdue_at, row.reported_at)
                for row in rows
            }

        return await self._run(read)

    async def read_until(self) -> str:
        """The id of the last report that was read; at first the newest stored one, or "0".

        Raises:
            StoreUnavailable: it could not be read.
        """

        def read(conn: Connection) -> str:
            position = conn.scalar(select(meta.c.value).where(meta.c.name == _READ_UNTIL))
            if isinstance(position, str):
                return position
            first = conn.scalar(select(func.max(report.c.id)).where(IS_ID)) or "0"
            _BEGIN.run(conn, {"name": _READ_UNTIL, "value": first})
            return first

        return await self._run(read)

    async def save(self, changed: Mapping[str, WatchState], read_until: str) -> None:
        """Store changed states, and how far was read (empty: that is another process's).

        Raises:
            StoreUnavailable: it could not be written.
        """

        def write(conn: Connection) -> None:
            for name, changed_state in changed.items():
                conn.execute(delete(watch).where(watch.c.name == name))
                conn.execute(
                    insert(watch).values(
                        name=name, since=changed_state.since, due_at=changed_state.due_at,
                        overdue_at=changed_state.overdue_at, reported_at=changed_state.reported_at,
                    )
                )  # fmt: skip
            if not read_until:
                return
            conn.execute(delete(meta).where(meta.c.name == _READ_UNTIL))
            conn.execute(insert(meta).values(name=_READ_UNTIL, value=read_until))

        await self._run(write)
