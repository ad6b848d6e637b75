"""The tokens of users who bound themselves."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, delete, insert, select

from .row_types import RowType
from .schema import binding
from .writer import Writer

_BINDING: Final = RowType(*binding.columns)


@dataclass(frozen=True, slots=True)
class Binding:
    """A user's own token."""

    user: str
    token: str
    """Its SHA-256."""
    created_at: float


class Bindings:
    """The users who bound themselves, and their tokens."""

    def __init__(self, database: Writer) -> None:
        self._run = database.run

    async def all(self) -> list[Binding]:
        """All bindings, the oldest first.

        Raises:
            StoreUnavailable: they could not be read.
        """

        def read(conn: Connection) -> list[Binding]:
            rows = conn.execute(select(binding).order_by(binding.c.created_at))
            return [Binding(row.user, row.token, row.created_at) for row in _BINDING.read(rows)]

        return await self._run(read)

    async def add(self, entry: Binding) -> None:
        """Give a user a token; a former one becomes invalid.

        Raises:
            StoreUnavailable: it could not be written.
        """

        def write(conn: Connection) -> None:
            conn.execute(delete(binding).where(binding.c.user == entry.user))
            conn.execute(
                insert(binding).values(
                    user=entry.user, token=entry.token, created_at=entry.created_at
                )
            )

        await self._run(write)

    async def remove(self, user: str) -> None:
        """Take a user's token away.

        Raises:
            StoreUnavailable: it could not be written.
        """

        def write(conn: Connection) -> None:
            conn.execute(delete(binding).where(binding.c.user == user))

        await self._run(write)
