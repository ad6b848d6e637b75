"""Which of several processes does what only one has to do, for a term that it renews."""

from typing import Final

from sqlalchemy import Connection, insert, or_, update

from .moment import moment
from .schema import term
from .statements import Statement
from .writer import Writer

_ADD: Final = Statement(insert(term), "ON CONFLICT DO NOTHING")


class Terms:
    """The offices, and who holds each."""

    def __init__(self, database: Writer) -> None:
        self._run = database.run

    async def take(self, office: str, owner: str, now: float, seconds: float) -> bool:
        """Take or keep an office for some seconds, unless another has it; `now`: epoch seconds.

        Raises:
            StoreUnavailable: it could not be written.
        """
        return await self._run(lambda conn: _take(conn, office, owner, now, seconds), durable=False)

    async def resign(self, owner: str) -> None:
        """Give up all offices of a process.

        Raises:
            StoreUnavailable: it could not be written.
        """
        mine = update(term).where(term.c.owner == owner).values(until=0.0)
        await self._run(lambda conn: conn.execute(mine), durable=False)


def _take(conn: Connection, office: str, owner: str, now: float, seconds: float) -> bool:
    _ADD.run(conn, {"office": office, "owner": owner, "until": 0.0})
    free = or_(term.c.owner == owner, term.c.until <= moment(now))
    taken = update(term).where(term.c.office == office, free)
    taken = taken.values(owner=owner, until=moment(now) + seconds)
    return conn.execute(taken).rowcount == 1
