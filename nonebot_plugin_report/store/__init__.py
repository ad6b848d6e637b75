"""Everything that is kept, in one database. The only place that knows SQL.

Statements are SQLAlchemy Core's, the same on every engine; what comes in and goes out are values.
"""

from pathlib import Path

from .database import Database
from .history import History
from .housekeeping import Housekeeping
from .mutes import Mutes
from .queue import Queue
from .tokens import Binding, Bindings
from .watches import Watches

__all__ = ["Binding", "Store"]


class Store:
    """A database by theme. Opened and closed as a whole."""

    def __init__(self, path: Path) -> None:
        """`path` is the SQLite file."""
        self._database = Database(path)
        self.queue = Queue(self._database)
        self.history = History(self._database)
        self.housekeeping = Housekeeping(self._database)
        self.bindings = Bindings(self._database)
        self.mutes = Mutes(self._database)
        self.watches = Watches(self._database)

    async def open(self) -> None:
        """Make it usable by this process.

        Raises:
            StoreUnavailable: another process has it, or it cannot be used.
        """
        await self._database.open()

    async def close(self) -> None:
        """Finish what was asked for, and let go of it."""
        await self._database.close()

    async def check(self) -> None:
        """See whether what is written will still be found again.

        Raises:
            StoreUnavailable: it will not; after `close`, `open` mends it.
        """
        await self._database.check_file()
