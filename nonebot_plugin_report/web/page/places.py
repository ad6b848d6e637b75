"""Limits lasting answers per holder: a friend who opens many leaves the owner's places free."""

from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager

from ...access.sessions import Viewer
from ...errors import Busy


class Places:
    """The places of one kind of answer. The owner's places are apart from those of all others."""

    def __init__(self, each: int, total: int) -> None:
        """`each` is the number of places of one holder, `total` of all holders but the owner."""
        self._each = each
        self._total = total
        self._taken = Counter[str]()
        self._taken_by_others = 0

    @contextmanager
    def take(self, viewer: Viewer, refusal: str) -> Generator[None]:
        """Take a place, and free it at the end.

        Raises:
            Busy: with the `refusal`; the viewer or all viewers together have too many.
        """
        holder, counted = viewer.holder, not viewer.is_master
        if self._taken[holder] >= self._each or (counted and self._taken_by_others >= self._total):
            raise Busy(refusal)
        self._taken[holder] += 1
        self._taken_by_others += counted
        try:
            yield
        finally:
            self._taken[holder] -= 1
            self._taken_by_others -= counted
            if not self._taken[holder]:
                del self._taken[holder]
