"""The last body of each source that could not be read as such, for whoever mends the settings."""

from typing import Final

from sqlalchemy import Connection, bindparam, delete, insert, select

from .schema import unread
from .statements import Statement
from .writer import Writer

# Not by SQLAlchemy's own execution, which takes a number in place of bytes for their length.
_LAST: Final = Statement(
    select(unread.c.body).where(
        unread.c.source == bindparam("source"), unread.c.kept_at >= bindparam("since")
    )
)


class Unread:
    """What could not be read, one body for each source."""

    def __init__(self, database: Writer) -> None:
        self._run = database.run

    async def keep(self, source: str, body: bytes, now: float) -> None:
        """Keep a body in place of the one before (epoch seconds).

        Raises:
            StoreUnavailable: it could not be written.
        """

        def write(conn: Connection) -> None:
            conn.execute(delete(unread).where(unread.c.source == source))
            conn.execute(insert(unread).values(source=source, kept_at=now, body=body))

        await self._run(write, durable=False)

    async def last(self, source: str, since: float) -> bytes | None:
        """The body of a source that was kept since a moment (epoch seconds), or None.

        Raises:
            StoreUnavailable: it could not be read.
        """
        values = {"source": source, "since": since}
        row = await self._run(lambda conn: _LAST.row(conn, values))
        return row.body if row is not None and isinstance(row.body, bytes) else None

    async def forget(self, before: float) -> None:
        """Delete what was kept before a moment (epoch seconds).

        Raises:
            StoreUnavailable: it could not be written.
        """
        await self._run(lambda conn: conn.execute(delete(unread).where(unread.c.kept_at < before)))
