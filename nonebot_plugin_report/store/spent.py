"""When the tokens that have a rate were used, for processes that count together."""

from typing import Final

from loguru import logger
from sqlalchemy import Connection, bindparam, delete, insert, select

from .row_types import is_moment
from .schema import spent
from .statements import Statement
from .writer import Writer

_ADD: Final = Statement(insert(spent))
_LAST: Final = Statement(
    select(spent.c.at)
    .where(spent.c.source == bindparam("source"), spent.c.at > bindparam("since"))
    .order_by(spent.c.at.desc())
    .limit(bindparam("limit"))
)


class Spent:
    """The uses of tokens."""

    def __init__(self, database: Writer) -> None:
        self._database = database

    async def last(self, source: str, since: float, limit: int) -> list[float]:
        """When (epoch seconds) a token was used since a moment, the oldest first; the last `limit`
        times at most.

        Raises:
            StoreUnavailable: it could not be read.
        """
        values = {"source": source, "since": since, "limit": limit}

        def read(conn: Connection) -> list[float]:
            return [row.at for row in reversed(_LAST.rows(conn, values)) if is_moment(row.at)]

        return await self._database.run(read, durable=False)

    def add(self, source: str, at: float) -> None:
        """Note a use soon (epoch seconds)."""

        def write(conn: Connection) -> None:
            _ADD.run(conn, {"source": source, "at": at})

        added = self._database.submit(write, durable=False)
        added.add_done_callback(
            lambda one: one.cancelled() or (one.exception() and logger.debug("一次推送没有计数"))
        )

    async def forget(self, before: float) -> None:
        """Delete what was before a moment (epoch seconds).

        Raises:
            StoreUnavailable: it could not be written.
        """
        old = delete(spent).where(spent.c.at < before)
        await self._database.run(lambda conn: conn.execute(old))
