"""The browsers that have come in to the page, and the links that let one in."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, delete, insert, select, update

from .row_types import RowType
from .schema import link, session
from .writer import Writer

_SESSION: Final = RowType(*session.columns)


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
    """The sessions and the links."""

    def __init__(self, database: Writer) -> None:
        self._run = database.run

    async def all(self) -> list[Session]:
        """All sessions, the oldest first.

        Raises:
            StoreUnavailable: they could not be read.
        """

        def read(conn: Connection) -> list[Session]:
            rows = conn.execute(select(session).order_by(session.c.created_at))
            return [Session(*row) for row in _SESSION.read(rows)]

        return await self._run(read)

    async def add(self, entry: Session) -> None:
        """Keep a session.

        Raises:
            StoreUnavailable: it could not be written.
        """
        row = {
            "digest": entry.digest, "holder": entry.holder, "agent": entry.agent,
            "created_at": entry.created_at, "seen_at": entry.seen_at,
        }  # fmt: skip
        await self._run(lambda conn: conn.execute(insert(session).values(row)))

    async def add_link(self, digest: str, holder: str, now: float, until: float) -> None:
        """Keep a link, that is good until a moment, by the SHA-256 of its secret; forget those that
        have ended by `now` (epoch seconds).

        Raises:
            StoreUnavailable: it could not be written.
        """

        def write(conn: Connection) -> None:
            conn.execute(delete(link).where(link.c.until <= now))
            conn.execute(insert(link).values(digest=digest, holder=holder, until=until))

        await self._run(write)

    async def take_link(self, digest: str, now: float) -> str | None:
        """The holder of a link, which is used up; None: it is not good (any more).

        Raises:
            StoreUnavailable: it could not be written.
        """

        def write(conn: Connection) -> str | None:
            good = (link.c.digest == digest) & (link.c.until > now)
            holder = conn.scalar(select(link.c.holder).where(good))
            if not isinstance(holder, str):
                return None
            # Another process may take it at the same moment.
            return holder if conn.execute(delete(link).where(good)).rowcount == 1 else None

        return await self._run(write)

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
