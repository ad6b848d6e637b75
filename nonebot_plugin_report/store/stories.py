"""Finds when a story began: what an alert, a monitor or the like begins and ends."""

from typing import Any, Final

from sqlalchemy import Connection, bindparam, select

from .schema import report
from .statements import Statement
from .writer import Writer


class Stories:
    """Reads stored reports by the story that they name."""

    def __init__(self, database: Writer) -> None:
        self._run = database.run

    async def find_start(
        self, story: str, source: str, began: str, ended: str, since: float
    ) -> float | None:
        """Find when (epoch seconds) a story began that has not ended since.

        Args:
            story: what the reports say that they belong to.
            source: the token that they came with.
            began: the event of a start; told again while the story goes on, the first one counts.
            ended: the event of an end.
            since: the earliest moment that counts, in epoch seconds.

        Raises:
            StoreUnavailable: it could not be read.
        """

        def read(conn: Connection) -> float | None:
            values = {"source": source, "story": story, "since": since}
            ended_at = _moment(_LAST.row(conn, {**values, "event": ended}))
            earliest = since if ended_at is None else ended_at
            began_at = _moment(_FIRST.row(conn, {**values, "event": began, "since": earliest}))
            return None if began_at == ended_at else began_at

        return await self._run(read, durable=False)


_OF_STORY: Final = select(report.c.received_at).where(
    report.c.source == bindparam("source"),
    report.c.story == bindparam("story"),
    report.c.event == bindparam("event"),
    report.c.received_at >= bindparam("since"),
)
_FIRST: Final = Statement(_OF_STORY.order_by(report.c.received_at).limit(1))
_LAST: Final = Statement(_OF_STORY.order_by(report.c.received_at.desc()).limit(1))


def _moment(row: Any) -> float | None:
    """A row's moment; None: there is no row, or no moment in it."""
    return row.received_at if row is not None and isinstance(row.received_at, float) else None
