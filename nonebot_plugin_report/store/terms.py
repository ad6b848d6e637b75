"""Which of several processes does what only one has to do, for a term that it renews."""

from typing import Final

from sqlalchemy import Connection, insert, or_, update

from .schema import term
from .statements import Statement
from .transactions import Transactions

_ADD: Final = Statement(insert(term), "ON CONFLICT DO NOTHING")


class Terms:
    """The offices, and who holds each."""

    def __init__(self, database: Transactions) -> None:
        self._run = database.run

    async def take(self, office: str, owner: str, now: float, until: float) -> bool:
        """Take or keep an office until a moment, unless another has it; all times epoch seconds.

        Raises:
            StoreUnavailable: it could not be written.
        """
        return await self._run(lambda conn: _take(conn, office, owner, now, until), durable=False)

    async def resign(self, owner: str) -> None:
        """Give up all offices of a process.

        Raises:
            StoreUnavailable: it could not be written.
        """
        mine = update(term).where(term.c.owner == owner).values(until=0.0)
        await self._run(lambda conn: conn.execute(mine), durable=False)


def _take(conn: Connection, office: str, owner: str, now: float, until: float) -> bool:
    _ADD.run(conn, {"office": office, "owner": owner, "until": 0.0})
    free = or_(term.c.owner == owner, term.c.until <= now)
    taken = update(term).where(term.c.office == office, free).values(owner=owner, until=until)
    return conn.execute(taken).rowcount == 1
