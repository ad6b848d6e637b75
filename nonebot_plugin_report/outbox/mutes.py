"""Who wants to be left in peace for a while, and said so in the chat."""

from collections.abc import Callable

from ..model.target import Target
from ..store import mutes as store


class Mutes:
    """The muted targets, as they are stored."""

    def __init__(self, stored: store.Mutes, clock: Callable[[], float]) -> None:
        """`clock` gives epoch seconds."""
        self._stored = stored
        self._clock = clock
        self._until: dict[Target, float] = {}

    async def open(self) -> None:
        """Take up who is muted.

        Raises:
            StoreUnavailable: it could not be read.
        """
        self._until = await self._stored.all()

    def until(self, target: Target) -> float:
        """Until when (epoch seconds) a target is muted; 0, or a moment that is past: it is not."""
        return self._until.get(target, 0.0)

    async def mute(self, target: Target, until: float) -> None:
        """Hold what is not urgent back until a moment (epoch seconds); 0: no longer.

        Raises:
            StoreUnavailable: it could not be written.
        """
        await self._stored.set(target, until)
        self._until = {**self._until, target: until}

    def all(self) -> dict[Target, float]:
        """Until when (epoch seconds) each muted target is."""
        now = self._clock()
        return {target: until for target, until in self._until.items() if until > now}
