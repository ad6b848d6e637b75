"""Measures durations: the time between a start event and its end event.

An event with a story (an alert, a monitor) pairs with events of the same story only.
"""

from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from ..model.report import Report
from ..model.story import STARTS, find_bounds
from ..store.history import History
from ..store.stories import Stories

LONGEST: Final = 86400.0
"""Most seconds between the start and the end of a task."""
REMEMBERED: Final = 1000
"""Starts kept in memory; older ones are looked up in the store."""
_Key = tuple[str, str, str]
"""The source, the start event, and the story."""


class Durations:
    """Remembers start events by source."""

    def __init__(self, history: History, stories: Stories, clock: Callable[[], float]) -> None:
        """`clock` gives epoch seconds."""
        self._history = history
        self._stories = stories
        self._clock = clock
        self._starts: OrderedDict[_Key, float | None] = OrderedDict()
        """Start times by key; None: the task has ended."""

    async def elapsed(self, report: Report, source: str) -> float | None:
        """Compute the seconds from a start event to this end event of the same source, unless the
        report has its own duration. None: the report is no end event, or has no start.

        Raises:
            StoreUnavailable: the start could not be looked up.
        """
        ending, began = find_bounds(report.event, is_story=bool(report.story))
        if report.elapsed is not None or ending not in STARTS:
            return report.elapsed
        now, key = self._clock(), (source, began, report.story)
        if key not in self._starts:
            self._remember(key, await self._stored_start(report, key))
        start = self._starts[key]
        return now - start if start is not None and 0 <= now - start <= LONGEST else None

    def accepted(self, report: Report, source: str) -> None:
        """Note an accepted report's start or end."""
        ending, began = find_bounds(report.event, is_story=bool(report.story))
        key = source, began, report.story
        if ending in STARTS:
            self._remember(key, None)
        elif ending:
            # A repeated start event of a running story keeps the first time.
            again = bool(report.story) and self._starts.get(key) is not None
            self._remember(key, self._starts[key] if again else self._clock())

    def shift(self, by: float) -> None:
        """Move the starts along: the clock was set forward by `by` seconds."""
        for key, start in self._starts.items():
            self._starts[key] = None if start is None else start + by

    def _remember(self, key: _Key, start: float | None) -> None:
        self._starts[key] = start
        self._starts.move_to_end(key)
        while len(self._starts) > REMEMBERED:
            self._starts.popitem(last=False)

    async def _stored_start(self, report: Report, key: _Key) -> float | None:
        """Look up a start that is not in memory, such as one before the last restart."""
        source, began, story = key
        since = self._clock() - LONGEST
        if story:
            return await self._stories.find_start(story, source, began, report.event, since)
        end = await self._history.received(report.event, source, since)
        start = await self._history.received(began, source, since if end is None else end)
        return start if start is not None and (end is None or end < start) else None
