"""Ids that sort by the time they were made, so that many writers can make their own."""

import secrets
from collections.abc import Callable
from typing import Final

_ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's: no i, l, o, u
_RANDOM_BITS: Final = 52
_LENGTH: Final = 20


def _encode(number: int) -> str:
    return "".join(_ALPHABET[number >> shift & 31] for shift in range(5 * _LENGTH - 5, -1, -5))


def _decode(text: str) -> int:
    number = 0
    for character in text:
        number = number << 5 | _ALPHABET.index(character)
    return number


def first_id(at: float) -> str:
    """The least id of a moment (epoch seconds)."""
    return _encode(int(at * 1000) << _RANDOM_BITS)


class IdMaker:
    """Makes ids of 20 letters and digits: 48 bits of milliseconds, 52 random ones.

    Each is greater than the one before, also when the clock goes back.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        """`clock` gives epoch seconds."""
        self._clock = clock
        self._last = 0

    def continue_after(self, newest: str) -> None:
        """Make only ids greater than this one (empty: none was made yet)."""
        self._last = max(self._last, _decode(newest))

    def next(self) -> str:
        """A new id."""
        fresh = int(self._clock() * 1000) << _RANDOM_BITS | secrets.randbits(_RANDOM_BITS)
        self._last = max(fresh, self._last + 1)
        return _encode(self._last)
