"""Bounds the bytes of pictures that are being sent: each is copied several times on the way."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Hashable
from contextlib import (
    AbstractAsyncContextManager,
    AsyncExitStack,
    asynccontextmanager,
    nullcontext,
)
from dataclasses import dataclass
from typing import Final

PATIENCE: Final = 20.0
"""Seconds after which a holder's room is given to others."""

_NOTHING: Final = nullcontext()


@dataclass(slots=True)
class _Shared:
    """Room that several hold together."""

    entered: "asyncio.Future[None]"
    held: AsyncExitStack
    holders: int = 0


class Budget:
    """Room for a number of bytes, given out first come, first served."""

    def __init__(self, size: int, patience: float = PATIENCE) -> None:
        """`size` in bytes, `patience` in seconds."""
        self._size = size
        self._patience = patience
        self._free = size
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()
        self._shared: dict[Hashable, _Shared] = {}

    def room(
        self, wanted: int, together: Hashable | None = None
    ) -> AbstractAsyncContextManager[None]:
        """Hold room for a number of bytes (at most all there is); those who hold it `together` hold
        the same."""
        if not wanted:
            return _NOTHING
        return self._held(wanted) if together is None else self._held_together(wanted, together)

    @asynccontextmanager
    async def _held_together(self, wanted: int, together: Hashable) -> AsyncGenerator[None]:
        if (shared := self._shared.get(together)) is None:
            held = AsyncExitStack()
            entered = asyncio.ensure_future(held.enter_async_context(self._held(wanted)))
            shared = self._shared[together] = _Shared(entered, held)
        shared.holders += 1
        try:
            await asyncio.shield(shared.entered)
            yield
        finally:
            shared.holders -= 1
            if not shared.holders:
                del self._shared[together]
                shared.entered.cancel()
                await shared.held.aclose()

    @asynccontextmanager
    async def _held(self, wanted: int) -> AsyncGenerator[None]:
        wanted = min(wanted, self._size)
        if self._waiting or wanted > self._free:
            await self._turn(wanted)
        else:
            self._free -= wanted
        given_back = False

        def give_back() -> None:
            nonlocal given_back
            if not given_back:
                given_back = True
                self._free += wanted
                self._admit()

        late = asyncio.get_running_loop().call_later(self._patience, give_back)
        try:
            yield
        finally:
            late.cancel()
            give_back()

    async def _turn(self, wanted: int) -> None:
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append((wanted, turn))
        try:
            await turn
        except asyncio.CancelledError:
            if turn.cancelled():
                self._waiting.remove((wanted, turn))
            else:  # it was just admitted
                self._free += wanted
            self._admit()
            raise

    def _admit(self) -> None:
        while self._waiting and self._waiting[0][0] <= self._free:
            wanted, turn = self._waiting.popleft()
            self._free -= wanted
            turn.set_result(None)
