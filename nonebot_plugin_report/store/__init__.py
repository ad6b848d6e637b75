"""Everything that is kept, in one database. The only place that knows SQL.

Statements are written in SQLAlchemy Core, the same for every engine; callers pass and get plain
values.
"""

from pathlib import Path
from typing import Final

from .database import Database
from .history import History
from .housekeeping import Housekeeping
from .leases import Leases
from .mutes import Mutes
from .outcomes import Outcomes
from .pictures import PictureFiles, PictureRows, Pictures
from .queue import Queue
from .tokens import Binding, Bindings
from .transactions import Transactions
from .unread import Unread
from .watches import Watches

__all__ = ["Binding", "Store"]


class Store:
    """One database, its functions grouped by theme."""

    def __init__(self, place: Path | str) -> None:
        """`place` is an SQLite file, or a PostgreSQL database's address as text."""
        self._database, files = _parts(place)
        self.shared: Final = not isinstance(place, Path)
        """Other processes use it too."""
        self.queue = Queue(self._database, files)
        self.outcomes = Outcomes(self._database)
        self.leases = Leases(self._database)
        self.history = History(self._database, files)
        self.housekeeping = Housekeeping(self._database, files)
        self.bindings = Bindings(self._database)
        self.mutes = Mutes(self._database)
        self.watches = Watches(self._database)
        self.unread = Unread(self._database)

    async def open(self) -> None:
        """Connect; an SQLite file is locked for this process.

        Raises:
            StoreUnavailable: another process has the file, or it cannot be used.
        """
        await self._database.open()

    async def close(self) -> None:
        """Finish pending operations and disconnect."""
        await self._database.close()

    async def check(self) -> None:
        """Check that what is written now will be found.

        Raises:
            StoreUnavailable: it will not; `close` followed by `open` repairs it.
        """
        await self._database.check()


def _parts(place: Path | str) -> tuple[Transactions, Pictures]:
    """The engine, and where pictures are; PostgreSQL's driver is loaded where it is used."""
    if isinstance(place, Path):
        return Database(place), PictureFiles(place.with_name(f"{place.name}-pictures"))
    from .remote import RemoteDatabase

    return RemoteDatabase(place), PictureRows()
