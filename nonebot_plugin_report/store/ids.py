"""Ids that sort by the time they were made, so that many writers can make their own."""

import random
from collections.abc import Callable, Iterator
from typing import Final

_ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's: no i, l, o, u
_PAIRS: Final = [first + second for first in _ALPHABET for second in _ALPHABET]
_CHARACTERS: Final = frozenset(_ALPHABET)
_LENGTH: Final = 20
_SHIFTS: Final = tuple(range(90, -1, -10))
_RANDOM_BITS: Final = 52
_STEP_BITS: Final = 49
"""Bits of an eighth of a millisecond: each id of a process has one of its own."""
_NUMBERS: Final = 2**31 - 1
"""How many numbers there are, from 1: clients read them as int32. After 74 hours they repeat."""
_PER_SECOND: Final = 8000
MAX_ROUNDS: Final = 400
"""Rounds of the numbers that are looked back: three years."""


def _encode(number: int) -> str:
    return "".join([_PAIRS[number >> shift & 1023] for shift in _SHIFTS])


def _decode(text: str) -> int:
    number = 0
    for character in text:
        number = number << 5 | _ALPHABET.index(character)
    return number


def number(report_id: str) -> int:
    """Convert an id to a number, for clients that need one. Ids of one process that are made within
    74 hours have different ones."""
    return (_decode(report_id) >> _STEP_BITS) % _NUMBERS + 1


def spans(report_number: int, now: float, seconds: float) -> Iterator[tuple[str, str]]:
    """Give the ids that a number may stand for: first and last of each span, the newest first.

    Args:
        report_number: the number.
        now: epoch seconds.
        seconds: how old the id may be.
    """
    if not 0 < report_number <= _NUMBERS:
        return
    # The clock may have been set back since.
    newest = int((now + _NUMBERS / _PER_SECOND / 2) * _PER_SECOND)
    moment = newest - (newest - (report_number - 1)) % _NUMBERS
    for _ in range(MAX_ROUNDS):
        if moment < max((now - seconds) * _PER_SECOND - 1, 0):
            return
        yield _encode(moment << _STEP_BITS), _encode((moment + 1 << _STEP_BITS) - 1)
        moment -= _NUMBERS


def first_id(at: float) -> str:
    """The smallest id of a moment (epoch seconds)."""
    return _encode(int(at * 1000) << _RANDOM_BITS)


def moment_of(report_id: object) -> float | None:
    """When an id was made (epoch seconds); None: it is no id."""
    if not isinstance(report_id, str) or len(report_id) != _LENGTH:
        return None
    if not _CHARACTERS.issuperset(report_id):
        return None
    return (_decode(report_id) >> _RANDOM_BITS) / 1000


class IdMaker:
    """Makes ids of 20 letters and digits: 48 bits of milliseconds, 52 random ones.

    Each is greater than the one before, also when the clock goes back.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        """`clock` gives epoch seconds."""
        self._clock = clock
        self._last = 0

    def continue_after(self, newest: str) -> None:
        """Make only ids greater than this one (empty: any)."""
        self._last = max(self._last, _decode(newest))

    def next(self) -> str:
        """A new id."""
        # Not a secret: asking for a report by its id needs the token.
        fresh = int(self._clock() * 1000) << _RANDOM_BITS | random.getrandbits(_RANDOM_BITS)
        # A random step: another process may be at the same id. It is so long that each id has a
        # number of its own.
        step = (1 << _STEP_BITS) + random.getrandbits(_STEP_BITS)
        self._last = max(fresh, self._last + step)
        return _encode(self._last)
