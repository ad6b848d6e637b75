"""What follows from an outcome. Pure: the random number is an argument."""

from dataclasses import dataclass
from typing import Final

from ..model.delivery import Away, Delivered, NotSent, Outcome, Rejected, State, Unknown

FIRST_DELAY: Final = 2.0
"""Seconds before the second try; each further one waits twice as long."""
LONGEST_DELAY: Final = 600.0
FIRST_DELAY_UNKNOWN: Final = 30.0
"""A message that may have arrived is repeated with care: each repeat may be seen twice."""
LONGEST_DELAY_UNKNOWN: Final = 3600.0
MAX_REFUSALS: Final = 5
"""Tries of a message that is answered with a failure of no known cause, lest it block its lane."""


@dataclass(frozen=True, slots=True)
class Finish:
    """The delivery is over."""

    state: State
    reason: str


@dataclass(frozen=True, slots=True)
class Retry:
    """Try again in `delay` seconds."""

    delay: float
    reason: str
    repeated: bool
    """The next try may be a repeat of one that arrived."""


@dataclass(frozen=True, slots=True)
class Park:
    """Wait until the bot is back; this was no try."""

    reason: str


Decision = Finish | Retry | Park


def decide(outcome: Outcome, attempts: int, failures: int, jitter: float) -> Decision:
    """What to do after a try.

    Args:
        outcome: what came of it.
        attempts: tries of this delivery, this one included.
        failures: tries in a row that failed in its lane, this one included.
        jitter: a random number in [0, 1), which spreads the tries.
    """
    match outcome:
        case Delivered(note):
            return Finish(State.DELIVERED, note)
        case Rejected(reason):
            return Finish(State.REJECTED, reason)
        case Away(reason):
            return Park(reason)
        case Unknown(reason):
            delay = _delay(FIRST_DELAY_UNKNOWN, LONGEST_DELAY_UNKNOWN, failures, jitter)
            return Retry(delay, reason, repeated=True)
        case NotSent(reason, answered=True) if attempts >= MAX_REFUSALS:
            return Finish(State.REJECTED, f"试了 {attempts} 次都被拒绝：{reason}")
        case NotSent(reason, retry_after):
            delay = _delay(FIRST_DELAY, LONGEST_DELAY, failures, jitter)
            return Retry(max(delay, retry_after or 0.0), reason, repeated=False)


def _delay(first: float, longest: float, failures: int, jitter: float) -> float:
    """Exponential, the upper half of it random, so that lanes do not move in step."""
    full = min(longest, first * 2 ** min(failures - 1, 20))
    return full * (1 + jitter) / 2
