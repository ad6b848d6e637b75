"""Targets that were muted by a command in the chat."""

from collections.abc import Callable

from ..model.target import Target
from ..store import mutes as store


class Mutes:
    """The muted targets; stored, and kept in memory."""

    def __init__(self, stored: store.Mutes, clock: Callable[[], float]) -> None:
        """`clock` gives epoch seconds."""
        self._stored = stored
        self._clock = clock
        self._until: dict[Target, float] = {}

    async def open(self) -> None:
        """Load the muted targets.

        Raises:
            StoreUnavailable: it could not be read.
        """
        self._until = await self._stored.all()

    def until(self, target: Target) -> float:
        """Until when (epoch seconds) a target is muted; 0 or a past moment: it is not."""
        return self._until.get(target, 0.0)

    async def mute(self, target: Target, until: float) -> None:
        """Hold back what is not urgent until a moment (epoch seconds); 0: unmute.

        Raises:
            StoreUnavailable: it could not be written.
        """
        await self._stored.set(target, until)
        self._until = {**self._until, target: until}

    def all(self) -> dict[Target, float]:
        """The muted targets, and until when (epoch seconds)."""
        now = self._clock()
        return {target: until for target, until in self._until.items() if until > now}
