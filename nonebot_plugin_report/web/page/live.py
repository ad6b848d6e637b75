"""Streams new, changed and deleted reports and mutes as server-sent events.

https://html.spec.whatwg.org/multipage/server-sent-events.html. The browser connects again by itself
and names its last event. A changed report is sent again.
"""

import asyncio
import signal
from collections.abc import AsyncGenerator, Iterable
from typing import Final

import orjson
from fastapi import Request, Response

from ...access.sessions import Viewer
from ...errors import Busy, StoreUnavailable
from ...hub import Hub
from ...model.criteria import Criteria, Cursor, ReportView
from ...model.delivery import State
from ...model.target import Target
from .door import Door
from .places import Places
from .stream import stream
from .views import report_json, sight

LOOK_EVERY: Final = 1.0
"""Seconds between looks for new events."""
SIGN_EVERY: Final = 15
"""Looks without an event before a comment is sent, so that a broken connection is noticed."""
LATE: Final = 30.0
"""Most seconds between a report's arrival and its storage."""
NEW: Final = 30
"""Most new reports per look; for more, the page is asked to reload."""
WAITING: Final = 100
"""Most reports whose waiting deliveries are followed."""
EACH: Final = 8
"""Connections of one holder."""
TOTAL: Final = 128
"""Connections of all but the owner."""


class LiveApi:
    """Answers with the stream of events."""

    def __init__(self, hub: Hub, door: Door) -> None:
        self._hub = hub
        self._door = door
        self._places = Places(EACH, TOTAL)

    async def follow(self, request: Request, viewer: Viewer) -> Response:
        """新的推送，和状态的变化。"""
        last = request.headers.get("last-event-id") or request.query_params.get("after", "")
        return await stream(
            self._events(request, viewer, self._since(last)),
            "text/event-stream",
            {"X-Accel-Buffering": "no"},  # nginx would keep them back
        )

    def _since(self, last: str) -> float:
        """Return the time from which reports may be new to the page (epoch seconds)."""
        now = self._hub.clock()
        try:
            return min(Cursor.parse(last).at, now) - LATE
        except ValueError:
            return now

    async def _events(
        self, request: Request, viewer: Viewer, since: float
    ) -> AsyncGenerator[bytes]:
        with self._places.take(viewer, "开着的页面太多"):
            following = _Following(self._hub, viewer, since)
            yield b"retry: 2000\n\n"
            looks = 0
            while not _server_stops():
                if await self._door.viewer(request) is None:
                    yield b"event: left\ndata: {}\n\n"
                    return
                looks += 1
                try:
                    events = await following.look()
                except (StoreUnavailable, Busy):
                    events = []
                for event in events:
                    yield event
                if not events and looks % SIGN_EVERY == 0:
                    yield b": still here\n\n"
                await asyncio.sleep(LOOK_EVERY)


class _Following:
    """The events that one page has received."""

    def __init__(self, hub: Hub, viewer: Viewer, since: float) -> None:
        self._hub = hub
        self._archive = hub.archive.of(viewer.holder)
        self._sight = sight(viewer)
        self._since = since
        self._arrival_times: dict[str, float] = {}
        """Arrival times of sent reports that the next look may read again."""
        self._deleted_ids: set[str] = set()
        """Ids of recently deleted reports whose deletion was sent."""
        self._muted = self._mutes()
        self._waiting: dict[str, bytes] | None = None
        """Last events of the reports that may change, by id; None: not read yet."""

    async def look(self) -> list[bytes]:
        """Collect the events since the last look."""
        if self._waiting is not None:
            now = self._hub.clock()
            lately = self._since if self._since <= now else 0.0  # else the clock was set back
            self._since = max(lately, now - LATE)
        else:
            recent = await self._archive.part(self._sight, Criteria(), WAITING)
            self._waiting = {}
            self._remember(recent.views)
        part = await self._archive.since(self._sight, self._since, self._arrival_times, NEW)
        self._arrival_times = {
            report: at for report, at in self._arrival_times.items() if at >= self._since
        }
        states = [view.listed.state for view in part.views]
        self._arrival_times.update((state.id, state.received_at) for state in states)
        events = [self._remember([one])[0] for one in reversed(part.views)]
        if part.next:
            events.append(b"event: missed\ndata: {}\n\n")
        events += await self._changed(self._waiting, {one.listed.state.id for one in part.views})
        return events + await self._deleted() + self._remuted()

    async def _changed(self, waiting: dict[str, bytes], just: set[str]) -> list[bytes]:
        ids = [one for one in waiting if one not in just]
        if not ids:
            return []
        before, events = dict(waiting), list[bytes]()
        views = await self._archive.views(self._sight, ids)
        for report_id in ids:
            del waiting[report_id]
        for view in views:
            event = self._remember([view])[0]
            if event != before[view.listed.state.id]:
                events.append(event)
        return events

    async def _deleted(self) -> list[bytes]:
        deleted = set(await self._archive.deleted(self._sight, self._since))
        new, self._deleted_ids = deleted - self._deleted_ids, deleted
        return [b"event: gone\ndata: %s\n\n" % orjson.dumps(one) for one in sorted(new)]

    def _mutes(self) -> dict[Target, float]:
        muted, target = self._hub.mutes.all(), self._sight.target
        if self._sight.source is None:
            return muted
        return {target: muted[target]} if target in muted else {}

    def _remuted(self) -> list[bytes]:
        """Make the event of changed mutes, after which the page asks for them."""
        before, self._muted = self._muted, self._mutes()
        return [b"event: muted\ndata: {}\n\n"] if before != self._muted else []

    def _remember(self, views: Iterable[ReportView]) -> list[bytes]:
        """Make the events of reports, and remember the reports that may change."""
        events: list[bytes] = []
        for view in views:
            state = view.listed.state
            content = orjson.dumps(report_json(view, self._hub.clock()))
            position = str(Cursor(state.received_at, state.id)).encode()
            events.append(b"event: report\nid: %s\ndata: %s\n\n" % (position, content))
            waits = any(each.state is State.WAITING for each in state.deliveries)
            if self._waiting is not None and waits and len(self._waiting) < WAITING:
                self._waiting[state.id] = events[-1]
        return events


def _server_stops() -> bool:
    """Return whether uvicorn waits for our streams to end, which it does without a limit or notice.
    The signal handler is a method of its server (uvicorn.Server.capture_signals, 0.29 and later).
    """
    server = getattr(signal.getsignal(signal.SIGINT), "__self__", None)
    return bool(getattr(server, "should_exit", False))
