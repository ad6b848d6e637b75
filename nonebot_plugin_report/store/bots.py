"""The bots of QQ that have been connected, to this process or to another on the same store."""

from typing import Final

from sqlalchemy import Connection, bindparam, exists, insert, select

from .schema import bot
from .statements import Statement
from .writer import Writer

_ADD: Final = Statement(
    insert(bot).from_select(
        list(bot.columns),
        select(*(bindparam(one.name, type_=one.type) for one in bot.columns)).where(
            ~exists().where(bot.c.id == bindparam("id"))
        ),
    ),
    "ON CONFLICT DO NOTHING",
)


class StoredBots:
    """The bots that have been connected."""

    def __init__(self, database: Writer) -> None:
        self._run = database.run

    async def add(self, bot_id: str, now: float) -> None:
        """Remember a bot (epoch seconds).

        Raises:
            StoreUnavailable: it could not be written.
        """
        row = {"id": bot_id, "since": now}
        await self._run(lambda conn: _ADD.run(conn, row), durable=False)

    async def all(self) -> frozenset[str]:
        """Read the ids of all of them.

        Raises:
            StoreUnavailable: they could not be read.
        """

        def read(conn: Connection) -> frozenset[str]:
            return frozenset(map(str, conn.scalars(select(bot.c.id))))

        return await self._run(read, durable=False)
