"""Ids that sort by the time they were made, so that many writers can make their own."""

import random
from collections.abc import Callable
from typing import Final

_ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's: no i, l, o, u
_PAIRS: Final = [first + second for first in _ALPHABET for second in _ALPHABET]
_CHARACTERS: Final = frozenset(_ALPHABET)
_LENGTH: Final = 20
_SHIFTS: Final = tuple(range(90, -1, -10))
_RANDOM_BITS: Final = 52
_STEP_BITS: Final = 40
_BEGINNING: Final = 12
"""Characters that `number` is made of: 48 bits of milliseconds, 12 random ones."""
_ORIGIN: Final = 1_577_836_800_000 << 12
"""The year 2020, so that numbers stay below 2**53 until 2089: JavaScript knows no greater ones."""


def _encode(number: int) -> str:
    return "".join([_PAIRS[number >> shift & 1023] for shift in _SHIFTS])


def _decode(text: str) -> int:
    number = 0
    for character in text:
        number = number << 5 | _ALPHABET.index(character)
    return number


def number(report_id: str) -> int:
    """An id as a number, for clients that need one. No two ids of a process have the same."""
    return _decode(report_id[:_BEGINNING]) - _ORIGIN


def beginning(number: int) -> str:
    """How the id with this number begins; empty: there can be none."""
    bits = number + _ORIGIN
    return _encode(bits << 40)[:_BEGINNING] if 0 < bits < 1 << 60 else ""


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
        # beginning of its own.
        step = (1 << _STEP_BITS) + random.getrandbits(_STEP_BITS)
        self._last = max(fresh, self._last + step)
        return _encode(self._last)
