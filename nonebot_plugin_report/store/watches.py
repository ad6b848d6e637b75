"""Where the watches stand."""

from collections.abc import Mapping

from sqlalchemy import Connection, delete, insert, select

from ..watch import Watched
from .database import Database
from .schema import watch


class Watches:
    """What each watch is waiting for."""

    def __init__(self, database: Database) -> None:
        self._run = database.run

    async def all(self) -> dict[str, Watched]:
        """Each watch's, by its key.

        Raises:
            StoreUnavailable: they could not be read.
        """

        def read(conn: Connection) -> dict[str, Watched]:
            rows = conn.execute(select(watch))
            return {row.name: Watched(row.since, row.due_at, row.overdue_at) for row in rows}

        return await self._run(read)

    async def set(self, changed: Mapping[str, Watched]) -> None:
        """Remember what these are waiting for.

        Raises:
            StoreUnavailable: it could not be written.
        """

        def write(conn: Connection) -> None:
            for name, one in changed.items():
                conn.execute(delete(watch).where(watch.c.name == name))
                conn.execute(
                    insert(watch).values(
                        name=name, since=one.since, due_at=one.due_at, overdue_at=one.overdue_at
                    )
                )

        await self._run(write)
