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

from .database import Database
from .history import History
from .housekeeping import Housekeeping
from .journal import Journal
from .leases import Leases
from .moment import SERVER_CLOCK
from .mutes import Mutes
from .outcomes import Outcomes
from .pictures import PictureFiles, PictureRows, Pictures, folder_of
from .processes import Processes
from .queue import Queue
from .reader import Reader
from .sessions import StoredSessions
from .spent import Spent
from .stories import Stories
from .terms import Terms
from .tokens import Binding, Bindings
from .transactions import Transactions
from .unread import Unread
from .watches import Watches

if TYPE_CHECKING:
    from .archive import Archive
    from .others import Others

__all__ = ["Binding", "Store"]


class Store:
    """One database, its functions grouped by theme."""

    def __init__(self, place: Path | str) -> None:
        """`place` is an SQLite file, or a PostgreSQL database's address as text."""
        self._database, files, self.others, journal = _parts(place)
        self._files = files
        self._reader = Reader.of(place)
        self.queue = Queue(self._database, files)
        self.outcomes = Outcomes(self._database, journal)
        self.leases = Leases(self._database)
        self.history = History(self._database, files)
        self.housekeeping = Housekeeping(self._database, files)
        self.bindings = Bindings(self._database)
        self.mutes = Mutes(self._database)
        self.sessions = StoredSessions(self._database)
        self.watches = Watches(self._database)
        self.unread = Unread(self._database)
        self.terms = Terms(self._database)
        self.stories = Stories(self._database)
        self.spent = Spent(self._database)
        self.processes = Processes(self._database)

    @cached_property
    def archive(self) -> "Archive":
        """The history as the page looks through it; loaded with the first look."""
        from .archive import Archive

        return Archive(self._reader, self._files)

    @property
    def shared(self) -> bool:
        """Other processes may use it too."""
        return self.others is not None

    async def open(self) -> None:
        """Connect; an SQLite file is locked for this process.

        Raises:
            StoreUnavailable: another process has the file, or it cannot be used.
        """
        await self._database.open()
        self._reader.open()

    async def now(self, own: float) -> float:
        """The time by the database's clock if several processes go by it, else `own` (epoch
        seconds).

        Raises:
            StoreUnavailable: it cannot be asked.
        """
        if not self.shared:
            return own
        return await self._database.run(lambda conn: conn.scalars(_TIME).one(), durable=False)

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

        return await self._database.run(read, durable=False)

    async def close(self) -> None:
        """Finish pending operations and disconnect."""
        await self._reader.close()
        await self._database.close()
        self.outcomes.close()

    async def check(self) -> None:
        """Check that what is written now will be found.

        Raises:
            StoreUnavailable: it will not; `close` followed by `open` repairs it.
        """
        await self._database.check()


_TIME: Final = select(SERVER_CLOCK)


def _parts(place: Path | str) -> "tuple[Transactions, Pictures, Others | None, Journal | None]":
    """The engine, where pictures are, how to reach other processes, and the journal of one that is
    alone; PostgreSQL's driver is loaded where it is used."""
    if isinstance(place, Path):
        files = PictureFiles(folder_of(place))
        return Database(place), files, None, Journal.of(place)
    from .others import Others
    from .remote import RemoteDatabase

    database = RemoteDatabase(place)
    others = Others(database, place, token_hex(8))
    return database, PictureRows(), others, None
