"""Everything that is kept, in one database. The only place that knows SQL.

Statements are written in SQLAlchemy Core, the same for every engine; callers pass and get plain
values.
"""

from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, select

from .bots import StoredBots
from .history import History
from .housekeeping import Housekeeping
from .leases import Leases
from .moment import SERVER_CLOCK
from .mutes import Mutes
from .outcomes import Outcomes
from .processes import Processes
from .queue import Queue
from .reader import Reader
from .reminders import Reminders
from .room import Room
from .sessions import StoredSessions
from .spent import Spent
from .sqlite import SqliteEngine
from .stories import Stories
from .terms import Terms
from .tokens import Binding, Bindings
from .unread import Unread
from .watches import Watches
from .writer import Writer

if TYPE_CHECKING:
    from .archive import Archive
    from .others import Others

__all__ = ["Binding", "Store"]


class Store:
    """One database, its functions grouped by theme."""

    def __init__(self, place: Path | str) -> None:
        """`place` is an SQLite file, or a PostgreSQL database's address as text."""
        self._writer, self.others = _parts(place)
        self._reader = Reader.of(place)
        self.queue = Queue(self._writer, Room(place if isinstance(place, Path) else None))
        self.outcomes = Outcomes(self._writer)
        self.reminders = Reminders(self._writer)
        self.leases = Leases(self._writer)
        self.history = History(self._writer)
        self.housekeeping = Housekeeping(self._writer)
        self.bots = StoredBots(self._writer)
        self.bindings = Bindings(self._writer)
        self.mutes = Mutes(self._writer)
        self.sessions = StoredSessions(self._writer)
        self.watches = Watches(self._writer)
        self.unread = Unread(self._writer)
        self.terms = Terms(self._writer)
        self.stories = Stories(self._writer)
        self.spent = Spent(self._writer)
        self.processes = Processes(self._writer)

    @cached_property
    def archive(self) -> "Archive":
        """The history as the page looks through it; loaded with the first look."""
        from .archive import Archive

        return Archive(self._reader)

    @property
    def shared(self) -> bool:
        """Other processes may use it too."""
        return self.others is not None

    async def open(self) -> None:
        """Connect; an SQLite file is locked for this process.

        Raises:
            StoreUnavailable: another process has the file, or it cannot be used.
        """
        await self._writer.open()
        self._reader.open()

    async def now(self, own: float) -> float:
        """The time by the database's clock if several processes go by it, else `own` (epoch
        seconds).

        Raises:
            StoreUnavailable: it cannot be asked.
        """
        if not self.shared:
            return own
        return await self._writer.run(lambda conn: conn.scalars(_TIME).one(), durable=False)

    async def time(self, passed: Callable[[], float]) -> tuple[float, float, float]:
        """The database's clock, in epoch seconds; and what `passed` said just before it was read,
        and just after.

        Raises:
            StoreUnavailable: it cannot be asked.
        """

        # Timed here: what waits for its turn, before and afterwards, says nothing of the clock.
        def read(conn: Connection) -> tuple[float, float, float]:
            since = passed()
            return conn.scalars(_TIME).one(), since, passed()

        return await self._writer.run(read, durable=False)

    async def close(self) -> None:
        """Finish pending operations and disconnect."""
        await self._reader.close()
        await self._writer.close()

    async def check(self) -> None:
        """Check that what is written now will be found.

        Raises:
            StoreUnavailable: it will not; `close` followed by `open` repairs it.
        """
        await self._writer.check()


_TIME: Final = select(SERVER_CLOCK)


def _parts(place: Path | str) -> "tuple[Writer, Others | None]":
    """The writer, and how to reach other processes; PostgreSQL's driver is loaded where it is
    used."""
    if isinstance(place, Path):
        return Writer(SqliteEngine(place)), None
    from .others import Others
    from .postgres import PostgresEngine

    writer = Writer(PostgresEngine(place))
    return writer, Others(writer, place, token_hex(8))
