"""The browsers that have come in to the page."""

from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert, select, update

from .schema import session
from .transactions import Transactions


@dataclass(frozen=True, slots=True)
class Session:
    """A browser that has come in."""

    digest: str
    """The SHA-256 of the secret in its cookie."""
    holder: str
    """Who came in, as `access.sessions` writes it."""
    agent: str
    """What the browser calls itself."""
    created_at: float
    """Epoch seconds, as `seen_at`."""
    seen_at: float


class StoredSessions:
    """The sessions."""

    def __init__(self, database: Transactions) -> None:
        self._run = database.run

    async def all(self) -> list[Session]:
        """All sessions, the oldest first.

        Raises:
            StoreUnavailable: they could not be read.
        """

        def read(conn: Connection) -> list[Session]:
            rows = conn.execute(select(session).order_by(session.c.created_at))
            return [Session(*row) for row in rows]

        return await self._run(read)

    async def add(self, one: Session) -> None:
        """Keep a session.

        Raises:
            StoreUnavailable: it could not be written.
        """
        row = {
            "digest": one.digest, "holder": one.holder, "agent": one.agent,
            "created_at": one.created_at, "seen_at": one.seen_at,
        }  # fmt: skip
        await self._run(lambda conn: conn.execute(insert(session).values(row)))

    async def seen(self, digest: str, at: float) -> None:
        """Note when a session was last used (epoch seconds).

        Raises:
            StoreUnavailable: it could not be written.
        """
        changed = update(session).where(session.c.digest == digest).values(seen_at=at)
        await self._run(lambda conn: conn.execute(changed), durable=False)

    async def remove(self, digest: str) -> None:
        """End a session.

        Raises:
            StoreUnavailable: it could not be written.
        """
        await self._run(
            lambda conn: conn.execute(delete(session).where(session.c.digest == digest))
        )
