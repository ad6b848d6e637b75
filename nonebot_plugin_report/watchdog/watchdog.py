"""Reports missing events. Accepted reports are read from the store, after their answer."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from loguru import logger

from ..errors import NotFound, StoreUnavailable
from ..model.clock import wait_for
from ..model.grant import OWN
from ..model.report import Report
from ..model.watch import Arrival, Standing, WatchState
from ..store import Store
from .beats import DOWN_BY_ITSELF, Beat, beat_standings, beaten, failed, heard_again, silent
from .watches import Changes, Trusts, Watch, arrived, passed, standings

LOOK_EVERY: Final = 10.0
"""Seconds between checks for overdue events."""
SAVE_EVERY: Final = 60.0
"""Seconds between saves of the reading position and signs of life, which may be lost."""
LAG: Final = 15.0
"""Seconds after which all events of other processes are in the store. Until then, no event counts
as missing."""

Entry = Watch | Beat


class Watchdog:
    """Keeps the watches' states across restarts; after a kill, reads the missed events from the
    store."""

    def __init__(
        self,
        store: Store,
        watches: Sequence[Entry],
        clock: Callable[[], float],
        tell: Callable[[Entry, Report], Awaitable[None]],
        trusts: Trusts,
        leads: Callable[[], bool] = lambda: True,
    ) -> None:
        """Load nothing yet.

        Args:
            store: keeps the states.
            watches: REPORT_WATCH.
            clock: gives epoch seconds.
            tell: sends a watch's report, once for each of its keys.
            trusts: whether a token reaches all recipients of a watch.
            leads: whether this process, of several, looks for overdue events.
        """
        self._trusts = trusts
        self._store = store
        self._leads = leads
        self._led = False
        """Whether this process led at its last look."""
        self._watches = [one for one in watches if isinstance(one, Watch)]
        self.beats: Final = {one.beat: one for one in watches if isinstance(one, Beat)}
        """By name."""
        self._active = bool(watches)
        self._clock = clock
        self._tell = tell
        self._states: dict[str, WatchState] = {}
        self._unsaved: dict[str, WatchState] = {}
        """States that are not stored yet."""
        self._pressing = False
        """Whether an unsaved state must be stored at once."""
        self._unsent: deque[tuple[Entry, Report]] = deque()
        self._arrivals: deque[Arrival] = deque()
        self._woken = asyncio.Event()
        self._read = ""
        """The id of the last report that was read."""
        self._saved_at = 0.0

    async def open(self) -> None:
        """Load the states, and read the reports that came since.

        Raises:
            StoreUnavailable: the store could not be read.
        """
        if not self._active:
            return
        self._arrivals.clear()
        self._states = await self._store.watches.all() | self._unsaved
        begin = await self._store.watches.read_until()
        if self._store.shared:
            return  # the leading process reads on
        self._read = self._read or begin
        while batch := await self._store.history.arrivals(self._read, but_from=OWN):
            for arrival in batch:
                self._look_at(arrival)
        self._take(heard_again(self.beats.values(), self._states, self._clock()))

    def beat(self, name: str, source: str, *, down: str | None = None) -> None:
        """Take in a sign of life with a token.

        `down` is the client's own text about a failure, empty
        for a failure without a text, None for no failure.

        Raises:
            NotFound: no beat of that name is configured for that token.
        """
        beat = self._find_beat(name, source)
        now, before = self._clock(), self._states.get(beat.key)
        if down is None:
            changes = beaten(beat, before, now)
        else:
            reason = down if self._trusts(beat, source) else ""
            changes = failed(beat, before, now, reason or DOWN_BY_ITSELF)
        self._take(changes, pressing=before is None or bool(changes.reports))
        if changes.reports:
            self._woken.set()

    def _find_beat(self, name: str, source: str) -> Beat:
        allowed = {
            one.beat: one for one in self.beats.values() if one.concerns(source, self._trusts)
        }
        if (beat := allowed.get(name)) is not None:
            return beat
        if allowed:
            names = f"有的是：{'、'.join(allowed)}"
        else:
            names = '例如 {"beat": "pc", "every": "5m", "token": "令牌的名字"}'
        raise NotFound(
            f"REPORT_WATCH 里没有这个令牌能用的、叫这个名字的心跳；{names}。"
            "不写 token 的心跳只认能发给它要告诉的每个人的令牌"
        )

    def accepted(self, report_id: str, event: str, source: str) -> None:
        """Take in that a report was stored."""
        if self._active and not self._store.shared:
            self._arrivals.append(Arrival(report_id, event, source, self._clock()))
            self._woken.set()

    async def run(self) -> None:
        """Follow the arriving and the missing events, until cancelled."""
        while True:
            # First: an arrival during `catch_up` must wake the loop again.
            self._woken.clear()
            await self.catch_up()
            await wait_for(self._woken, LOOK_EVERY)

    async def catch_up(self) -> None:
        """Process arrived and overdue events: send the reports, then save the states.

        The order matters: after a crash between the two, the key of a repeated report stops it.
        Work that the store refuses is done the next time.
        """
        try:
            if self._store.shared:
                await self._read_others()
            else:
                while self._arrivals:
                    self._look_at(self._arrivals.popleft())
                self._look_for_overdue(self._clock())
            while self._unsent:
                await self._tell(*self._unsent[0])
                self._unsent.popleft()
            await self._save()
        except StoreUnavailable as error:
            logger.warning(f"看门狗的记录暂时没能存下，稍后再存：{error}")

    def standings(self) -> tuple[Standing, ...]:
        """Describe each watch, and the events it waits for now."""
        beats = beat_standings(self.beats.values(), self._states)
        return (*standings(self._watches, self._states), *beats)

    async def save(self) -> None:
        """Store all states now, signs of life too.

        Raises:
            StoreUnavailable: it could not be written.
        """
        self._pressing |= bool(self._unsaved)
        await self._save()

    async def shift(self) -> None:
        """Load the states again after the clock was set: the store has moved them already.

        Raises:
            StoreUnavailable: the states could not be read.
        """
        if self._active:
            self._states = await self._store.watches.all() | self._unsaved
            self._take(heard_again(self.beats.values(), self._states, self._clock()))

    async def _read_others(self) -> None:
        """Read the events of all processes; the leading one looks for overdue events."""
        if not self._active:
            return
        self._states = await self._store.watches.all() | self._unsaved
        leads, now = self._leads(), self._clock()
        if leads:
            if not self._led:
                self._read = await self._store.watches.read_until()
                self._take(heard_again(self.beats.values(), self._states, now))
            while batch := await self._store.history.arrivals(self._read, but_from=OWN):
                settled = [one for one in batch if one.at < now - LAG]
                for arrival in settled:
                    self._look_at(arrival)
                if len(settled) < len(batch):
                    break
            self._look_for_overdue(now - LAG)
        self._led = leads

    def _look_for_overdue(self, now: float) -> None:
        self._take(passed(self._watches, self._states, now))
        self._take(silent(self.beats.values(), self._states, now))

    def _look_at(self, arrival: Arrival) -> None:
        self._read = max(self._read, arrival.id)
        self._take(
            arrived(
                self._watches, self._states, arrival.event, arrival.source, arrival.at, self._trusts
            )
        )

    async def _save(self) -> None:
        now = self._clock()
        shared = self._store.shared  # other processes wait for saved states
        later = self._read and now - self._saved_at >= SAVE_EVERY
        if not (self._pressing or later or (shared and self._unsaved)):
            return
        changed, self._unsaved, self._pressing = self._unsaved, {}, False
        try:
            read = self._read if not shared or self._led else ""
            await self._store.watches.save(changed, read)
        except StoreUnavailable:
            self._unsaved, self._pressing = changed | self._unsaved, True
            raise
        self._saved_at = now

    def _take(self, changes: Changes, *, pressing: bool = True) -> None:
        """Take in changes. `pressing` stores them at once; a sign of life can wait."""
        self._pressing |= pressing and bool(changes.changed)
        self._states.update(changes.changed)
        self._unsaved.update(changes.changed)
        self._unsent.extend(changes.reports)
