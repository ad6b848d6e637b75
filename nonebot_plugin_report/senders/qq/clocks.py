"""Follows the clocks of the OneBot implementations, which each of their events tells.

Histories show QQ's time, as messages do, or that of the implementation's computer, as heartbeats
do; either may differ from this computer's.
"""

from dataclasses import dataclass
from typing import Final

KEPT_SECONDS: Final = 600.0
"""How long the largest reading counts: an event that was long on its way tells an older time."""


@dataclass(slots=True)
class _Reading:
    ahead: float
    """Seconds by which the clock is ahead of the one by which `at` is told."""
    at: float


class Clocks:
    """The clock of each bot, by id. `now` is in seconds of a clock that is never set."""

    def __init__(self) -> None:
        self._readings: dict[tuple[str, bool], _Reading] = {}
        """By bot, and whether QQ's own time was told."""

    def heard(self, self_id: str, told: float, now: float, *, by_qq: bool) -> None:
        """Take in the time (epoch seconds) that an event tells; `by_qq`: it is a message's."""
        ahead = told - now
        reading = self._readings.get((self_id, by_qq))
        if reading is None or ahead >= reading.ahead - 1.0 or now - reading.at > KEPT_SECONDS:
            best = ahead if reading is None or now - reading.at > KEPT_SECONDS else reading.ahead
            self._readings[self_id, by_qq] = _Reading(max(ahead, best), now)

    def read(self, self_id: str, now: float) -> float | None:
        """Read a bot's clock (epoch seconds); None: no event has told it."""
        reading = self._readings.get((self_id, True)) or self._readings.get((self_id, False))
        return None if reading is None else now + reading.ahead

    def forget(self, self_id: str) -> None:
        """Forget a disconnected bot."""
        for by_qq in (True, False):
            self._readings.pop((self_id, by_qq), None)
