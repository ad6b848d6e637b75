"""Everything that is kept, in one database. The only place that knows SQL.

Statements are written in SQLAlchemy Core, the same for every engine; callers pass and get plain
values.
"""

from pathlib import Path

from .archive import Archive
from .database import Database
from .history import History
from .housekeeping import Housekeeping
from .leases import Leases
from .mutes import Mutes
from .outcomes import Outcomes
from .pictures import PictureFiles
from .queue import Queue
from .sessions import StoredSessions
from .tokens import Binding, Bindings
from .unread import Unread
from .watches import Watches

__all__ = ["Binding", "Store"]


class Store:
    """One database, its functions grouped by theme."""

    def __init__(self, path: Path) -> None:
        """`path` is the SQLite file."""
        self._database = Database(path)
        files = PictureFiles(path.with_name(f"{path.name}-pictures"))
        self.queue = Queue(self._database, files)
        self.outcomes = Outcomes(self._database)
        self.leases = Leases(self._database)
        self.history = History(self._database, files)
        self.archive = Archive(path, files)
        self.housekeeping = Housekeeping(self._database, files)
        self.bindings = Bindings(self._database)
        self.mutes = Mutes(self._database)
        self.sessions = StoredSessions(self._database)
        self.watches = Watches(self._database)
        self.unread = Unread(self._database)

    async def open(self) -> None:
        """Connect, and lock it for this process.

        Raises:
            StoreUnavailable: another process has it, or it cannot be used.
        """
        await self._database.open()
        self.archive.open()

    async def close(self) -> None:
        """Finish pending operations and disconnect."""
        await self.archive.close()
        await self._database.close()

    async def check(self) -> None:
        """Check that the file on disk is still the one that was opened.

        Raises:
            StoreUnavailable: it is not; `close` followed by `open` repairs it.
        """
        await self._database.check_file()
