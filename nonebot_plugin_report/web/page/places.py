"""Places for answers that last, by who holds the session: a friend who opens everything at once
takes nothing from the owner."""

from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager

from ...access.sessions import Viewer
from ...errors import Busy


class Places:
    """The places of one kind of answer. The owner has theirs apart from those of all others."""

    def __init__(self, each: int, total: int) -> None:
        """`each` is how many one holder has, `total` how many all but the owner."""
        self._each = each
        self._total = total
        self._taken = Counter[str]()
        self._taken_by_others = 0

    @contextmanager
    def take(self, viewer: Viewer, refusal: str) -> Generator[None]:
        """Take a place, and free it at the end.

        Raises:
            Busy: the viewer has too many, or all together; with the `refusal`.
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
