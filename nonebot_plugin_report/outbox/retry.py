"""Decides what follows from an outcome. Pure: the random number is an argument."""

from dataclasses import dataclass
from typing import Final

from ..model.delivery import Away, Delivered, NotSent, Outcome, Rejected, State, Unknown

FIRST_DELAY: Final = 2.0
"""Seconds before the second attempt; the delay doubles with each further one."""
LONGEST_DELAY: Final = 600.0
REPEAT_DELAYS: Final = (30.0, 120.0, 600.0)
"""Seconds before each repeat of a message that may have arrived. There are no more repeats."""
REPEAT_SPREAD: Final = 0.1
"""The part by which these may be longer, so that lanes do not repeat in step."""
MAX_REFUSALS: Final = 5
"""Attempts at least of a message that is answered with an unexplained failure. At some time it has
to end, so that it cannot block its lane for ever."""
REFUSED_FOR: Final = 900.0
"""Seconds at least between its first attempt and its last: a router that restarts, or a server of
QQ's that is overloaded, is answered so too."""
ASIDE_AFTER: Final = 60.0
"""Seconds after which such a message steps aside in QQ's lanes, so that others go before it: risk
control refuses some texts, and no others (https://github.com/NapNeko/NapCatQQ/issues/901,
https://github.com/Mrs4s/go-cqhttp/issues/211)."""


@dataclass(frozen=True, slots=True)
class Finish:
    """The delivery has ended."""

    state: State
    reason: str
    message_id: str = ""
    """The service's own id of the message; empty: it gave none."""


@dataclass(frozen=True, slots=True)
class Retry:
    """Try again in `delay` seconds."""

    delay: float
    reason: str
    repeated: bool
    """The next attempt may repeat a message that arrived."""


@dataclass(frozen=True, slots=True)
class StepAside:
    """Try again in `delay` seconds, by itself; the others in the lane go on at once."""

    delay: float
    reason: str


@dataclass(frozen=True, slots=True)
class Park:
    """Wait until the bot is back; this does not count as an attempt."""

    reason: str
    delay: float | None = None
    """Seconds until it is tried again, whatever bot comes back; None: until one does."""


Decision = Finish | Retry | StepAside | Park


def decide(
    outcome: Outcome,
    attempts: int,
    failures: int,
    jitter: float,
    *,
    tried_for: float,
    repeats: int = 0,
    may_step_aside: bool = False,
) -> Decision:
    """What to do after an attempt.

    Args:
        outcome: its outcome.
        attempts: attempts of this delivery, including this one.
        failures: failed attempts in a row in its lane, including this one.
        jitter: a random number in [0, 1).
        tried_for: seconds since the delivery's first attempt began.
        repeats: earlier attempts that may have arrived.
        may_step_aside: others in its lane may go before it.
    """
    match outcome:
        case Delivered(note, message_id):
            return Finish(State.DELIVERED, note, message_id)
        case Rejected(reason):
            return Finish(State.REJECTED, reason)
        case Away(reason, least):
            return Park(reason, None if least is None else least * (1 + jitter))
        case Unknown(reason, soon) if repeats < len(REPEAT_DELAYS):
            delay = (soon or REPEAT_DELAYS[repeats]) * (1 + REPEAT_SPREAD * jitter)
            return Retry(delay, reason, repeated=True)
        case Unknown(reason):
            return Finish(State.UNCONFIRMED, f"可能已经送到，一直没有得到确认：{reason}")
        case NotSent(reason, answered=True) if (
            attempts >= MAX_REFUSALS and tried_for >= REFUSED_FOR
        ):
            return Finish(State.REJECTED, f"试了 {attempts} 次都被拒绝：{reason}")
        case NotSent(reason, retry_after, answered=True) if (
            may_step_aside and tried_for >= ASIDE_AFTER
        ):
            return StepAside(_delay_refused(attempts, jitter, tried_for, retry_after), reason)
        case NotSent(reason, retry_after, answered=True):
            last = ASIDE_AFTER if may_step_aside else REFUSED_FOR  # the others in the lane wait
            delay = _delay_refused(failures, jitter, tried_for, retry_after, last)
            return Retry(delay, reason, repeated=False)
        case NotSent(reason, retry_after):
            delay = _delay(FIRST_DELAY, LONGEST_DELAY, failures, jitter)
            return Retry(max(delay, retry_after or 0.0), reason, repeated=False)


def _delay_refused(
    failures: int,
    jitter: float,
    tried_for: float,
    retry_after: float | None,
    last: float = REFUSED_FOR,
) -> float:
    """Seconds before the next attempt, which is not later than `last` seconds after the first."""
    delay = _delay(FIRST_DELAY, LONGEST_DELAY, failures, jitter)
    if tried_for < last:
        delay = min(delay, last - tried_for)
    return max(delay, retry_after or 0.0)


def _delay(first: float, longest: float, failures: int, jitter: float) -> float:
    """Exponential back-off; the upper half is random, so that lanes do not retry in step."""
    full = min(longest, first * 2 ** min(failures - 1, 20))
    return full * (1 + jitter) / 2
