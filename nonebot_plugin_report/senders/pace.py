"""Keeps to a service's rate limits."""

import asyncio

Rate = tuple[int, float]
"""A number of messages, and the seconds in which no more may be sent."""


class Pace:
    """Delays messages that would exceed a channel's rates."""

    def __init__(self, rates: tuple[Rate, ...]) -> None:
        self._rates = rates
        self._turns: list[float] = []
        """Times of the last messages, past and planned, by the event loop's clock."""

    async def turn(self) -> None:
        """Wait until one more message may be sent."""
        if not self._rates:
            return
        now = asyncio.get_running_loop().time()
        at = max([now, *self._turns[-1:]])
        for count, period in self._rates:
            if len(self._turns) >= count:
                at = max(at, self._turns[-count] + period)
        self._turns = [*self._turns, at][-max(count for count, _ in self._rates) :]
        if at > now:
            await asyncio.sleep(at - now)
