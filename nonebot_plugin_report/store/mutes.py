"""Muted targets."""

from typing import Final

from sqlalchemy import Connection, delete, insert, select

from ..model.target import Target
from .row_types import RowType
from .rows import read_target
from .schema import mute
from .writer import Writer

_MUTE: Final = RowType(mute.c.until)


class Mutes:
    """The muted targets."""

    def __init__(self, database: Writer) -> None:
        self._run = database.run

    async def all(self) -> dict[Target, float]:
        """Each muted target, and until when (epoch seconds).

        Raises:
            StoreUnavailable: they could not be read.
        """

        def read(conn: Connection) -> dict[Target, float]:
            rows = conn.execute(select(mute))
            return {
                target: row.until
                for row in _MUTE.read(rows)
                if (target := read_target(row.target)) is not None
            }

        return await self._run(read)

    async def set(self, target: Target, until: float) -> None:
        """Mute a target until a moment (epoch seconds); 0: unmute it.

        Raises:
            StoreUnavailable: it could not be written.
        """

        def write(conn: Connection) -> None:
            conn.execute(delete(mute).where(mute.c.target == str(target)))
            if until:
                conn.execute(insert(mute).values(target=str(target), until=until))

        await self._run(write)
