"""The processes that share the store, as each says of itself from time to time."""

from typing import Final

from sqlalchemy import Connection, Float, cast, delete, func, insert, select, update

from ..model.status import Process
from .moment import moment
from .row_types import RowType
from .schema import lane, process
from .writer import Writer

STALE: Final = 15.0
"""Seconds after which a process that says nothing has no lease any more."""
KEPT: Final = 3600.0
"""Seconds for which it is told that there was one."""


class Processes:
    """Who is there. All times are epoch seconds."""

    def __init__(self, database: Writer) -> None:
        self._run = database.run

    async def sign(self, member: Process) -> None:
        """Note that a process lives, and what it says of itself.

        Raises:
            StoreUnavailable: it could not be written.
        """
        await self._run(lambda conn: _sign(conn, member), durable=False)

    async def all(self, now: float) -> tuple[Process, ...]:
        """All of them, the oldest first.

        Raises:
            StoreUnavailable: they could not be read.
        """
        return await self._run(lambda conn: _all(conn, now), durable=False)

    async def leave(self, name: str) -> None:
        """Forget a process that ends.

        Raises:
            StoreUnavailable: it could not be written.
        """
        mine = delete(process).where(process.c.name == name)
        await self._run(lambda conn: conn.execute(mine), durable=False)

    async def forget(self, now: float) -> None:
        """Forget those of whom nothing was heard for `KEPT` seconds.

        Raises:
            StoreUnavailable: it could not be written.
        """
        outdated = delete(process).where(process.c.seen_at < moment(now) - KEPT)
        await self._run(lambda conn: conn.execute(outdated), durable=False)


def _sign(conn: Connection, member: Process) -> None:
    values = {"bots": " ".join(member.bots), "seen_at": moment(member.seen_at)}
    statement = update(process).where(process.c.name == member.name).values(values)
    if conn.execute(statement).rowcount == 0:
        conn.execute(
            insert(process).values(
                name=member.name,
                host=member.host,
                pid=member.pid,
                started_at=moment(member.started_at),
                **values,
            )
        )


_PROCESS: Final = RowType(*process.columns)


def _all(conn: Connection, now: float) -> tuple[Process, ...]:
    lanes = select(func.count()).where(lane.c.owner == process.c.name).scalar_subquery()
    silent = cast(moment(now) - process.c.seen_at, Float)
    query = select(process, lanes.label("lanes"), silent.label("silent"))
    return tuple(
        Process(
            row.name, row.host, row.pid, tuple(row.bots.split()), row.started_at, row.seen_at,
            row.lanes, lapsed=row.silent > STALE,
        )
        for row in _PROCESS.read(conn.execute(query.order_by(process.c.started_at, process.c.name)))
    )  # fmt: skip
