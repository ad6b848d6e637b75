"""Bounds the bytes of pictures that are being sent: each is copied several times on the way."""

import asyncio
from collections import deque
from collections.abc import Hashable
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass
from typing import Final

PATIENCE: Final = 20.0
"""Seconds after which a holder's room is given to others."""

_NOTHING: Final = nullcontext()


@dataclass(slots=True, eq=False)
class _Room:
    """Room that somebody holds, or waits for; several may do so together."""

    size: int
    holders: int = 0
    turn: "asyncio.Future[None] | None" = None
    """It is waited for until then."""
    late: asyncio.TimerHandle | None = None
    """It is held until then at the longest."""


class Budget:
    """Room for a number of bytes, given out first come, first served."""

    def __init__(self, size: int, patience: float = PATIENCE) -> None:
        """`size` in bytes, `patience` in seconds."""
        self._size = size
        self._patience = patience
        self._free = size
        self._waiting: deque[_Room] = deque()
        self._shared: dict[Hashable, _Room] = {}

    def room(
        self, size: int, together: Hashable | None = None
    ) -> AbstractAsyncContextManager[None]:
        """Hold room for a number of bytes (at most all there is); those who hold it `together` hold
        the same."""
        return _Holder(self, size, together) if size else _NOTHING

    def join(self, size: int, together: Hashable | None) -> _Room:
        """One more holds room, or waits for it."""
        room = None if together is None else self._shared.get(together)
        if room is None:
            room = _Room(min(size, self._size))
            if together is not None:
                self._shared[together] = room
            if self._waiting or room.size > self._free:
                room.turn = asyncio.get_running_loop().create_future()
                self._waiting.append(room)
            else:
                self._give(room)
        room.holders += 1
        return room

    def leave(self, room: _Room, together: Hashable | None) -> None:
        """One fewer holds room, or waits for it."""
        room.holders -= 1
        if room.holders:
            return
        if together is not None:
            del self._shared[together]
        if room in self._waiting:
            self._waiting.remove(room)
            self._admit()
        else:
            self._take_back(room)

    def _give(self, room: _Room) -> None:
        self._free -= room.size
        loop = asyncio.get_running_loop()
        room.late = loop.call_later(self._patience, self._take_back, room)

    def _take_back(self, room: _Room) -> None:
        """Once only."""
        if room.late is not None:
            room.late.cancel()
            room.late = None
            self._free += room.size
            self._admit()

    def _admit(self) -> None:
        while self._waiting and self._waiting[0].size <= self._free:
            room = self._waiting.popleft()
            self._give(room)
            if room.turn is not None:
                room.turn.set_result(None)


class _Holder:
    """A scope in which one holds room."""

    def __init__(self, budget: Budget, size: int, together: Hashable | None) -> None:
        self._budget = budget
        self._wanted = size
        self._together = together
        self._room: _Room | None = None

    async def __aenter__(self) -> None:
        room = self._room = self._budget.join(self._wanted, self._together)
        if room.turn is not None and not room.turn.done():
            try:
                # Of several who wait for it, one that is cancelled does not end the others' wait.
                await asyncio.shield(room.turn)
            except BaseException:
                self._budget.leave(room, self._together)
                raise

    async def __aexit__(self, *_: object) -> None:
        if self._room is not None:
            self._budget.leave(self._room, self._together)
