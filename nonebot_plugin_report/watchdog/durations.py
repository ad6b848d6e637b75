"""How long a task took: the time between its start event and its end event."""

from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from ..store.history import History
from ..store.ids import first_id

LONGEST: Final = 86400.0
"""Seconds between the start and the end of a task, at most."""
REMEMBERED: Final = 1000
"""Starts kept in memory; older ones are looked up in the store."""
_START: Final = ".start"
_END: Final = ".end"


class Durations:
    """Remembers start events by source."""

    def __init__(self, history: History, clock: Callable[[], float]) -> None:
        """`clock` gives epoch seconds."""
        self._history = history
        self._clock = clock
        self._starts: OrderedDict[tuple[str, str], float | None] = OrderedDict()
        """By source and the event without its suffix; None: it has ended."""

    async def elapsed(self, event: str, source: str) -> float | None:
        """For an end event: the seconds since its start event came from the same source.

        Raises:
            StoreUnavailable: the start could not be looked up.
        """
        if not event.endswith(_END):
            return None
        now, stem = self._clock(), event.removesuffix(_END)
        key = (source, stem)
        if key not in self._starts:
            self._remember(key, await self._stored_start(stem, source))
        start = self._starts[key]
        return now - start if start is not None and 0 <= now - start <= LONGEST else None

    def accepted(self, event: str, source: str) -> None:
        """An event was just accepted."""
        for ending, start in ((_START, self._clock()), (_END, None)):
            if event.endswith(ending):
                self._remember((source, event.removesuffix(ending)), start)

    def shift(self, by: float) -> None:
        """The clock was set, forward by `by` seconds: move the starts with it."""
        for key, start in self._starts.items():
            self._starts[key] = None if start is None else start + by

    def _remember(self, key: tuple[str, str], start: float | None) -> None:
        self._starts[key] = start
        self._starts.move_to_end(key)
        while len(self._starts) > REMEMBERED:
            self._starts.popitem(last=False)

    async def _stored_start(self, stem: str, source: str) -> float | None:
        """A start that is not in memory, such as one before the last restart."""
        since = first_id(self._clock() - LONGEST)
        start = await self._history.last_received(f"{stem}{_START}", source, since)
        end = await self._history.last_received(f"{stem}{_END}", source, since)
        return start if start is not None and (end is None or end < start) else None
