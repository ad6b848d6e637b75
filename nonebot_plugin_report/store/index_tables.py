"""The index of a store on PostgreSQL, in tables beside its own, for all processes; and a connection
of this process's own to read both, so that nobody's push waits for who looks.
"""

import asyncio
from collections.abc import Callable
from typing import Final, TypeVar

from loguru import logger
from sqlalchemy import Connection, text

from ..errors import StoreUnavailable
from . import index
from .postgres import lock_tables
from .remote import RemoteDatabase
from .transactions import Transactions

T = TypeVar("T")

LOOK_EVERY: Final = 2.0
"""Seconds between looks whether any process's page was looked at."""
_MADE: Final = text("SELECT to_regclass('index_state') IS NOT NULL")


class IndexTables:
    """The tables. They are made once somebody looks, and so is the connection: who has no page pays
    nothing for them."""

    def __init__(self, writer: Transactions, database: RemoteDatabase) -> None:
        """`writer` is the store's, `database` another connection to the same."""
        self._writer = writer
        self._database = database
        self._connecting = asyncio.Lock()
        self._connected = False

    def open(self) -> None:
        """Nothing to do: it connects when it is used."""

    async def close(self) -> None:
        """Disconnect."""
        self._connected = False
        await self._database.close()

    async def used(self) -> None:
        """Wait until somebody has looked, at whichever process."""
        while True:
            try:
                if await self._writer.run(lambda conn: conn.scalar(_MADE), durable=False):
                    return
            except StoreUnavailable as error:
                logger.debug(f"数据库暂时不可用：{error}")
            await asyncio.sleep(LOOK_EVERY)

    async def run(self, work: Callable[[Connection], T]) -> T:
        """Read, in a transaction.

        Raises:
            StoreUnavailable: it could not be read.
        """
        async with self._connecting:
            if not self._connected:
                await self._connect()
        return await self._database.run(work, durable=False)

    async def change(self, work: Callable[[Connection], T]) -> T:
        """Change the index, in a transaction.

        Raises:
            StoreUnavailable: it could not be written.
        """
        return await self.run(work)

    async def _connect(self) -> None:
        await self._database.open()
        try:
            await self._database.run(_make, durable=False)
        except StoreUnavailable:
            await self._database.close()
            raise
        self._connected = True


def _make(conn: Connection) -> None:
    lock_tables(conn)
    index.create(conn)
    if not index.is_current(conn):
        index.drop(conn)
        index.create(conn)
