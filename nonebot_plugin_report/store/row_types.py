"""What a row may hold. SQLite stores any value in any column, and a failing disk or another program
may have put it there: what cannot be read is set aside, and stops nobody.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final, TypeGuard

from sqlalchemy import ColumnElement, Float, Integer, LargeBinary

from ..errors import Unreadable

MAX_MOMENT: Final = 32_503_680_000.0
"""Epoch seconds of the year 3000: Windows shows no later time."""
UNBOUNDED: Final = "expires_at"
"""The only time that is never shown: REPORT_EXPIRE may be longer than a calendar."""


def is_moment(value: object) -> TypeGuard[float]:
    """Whether a value is a time that can be shown (epoch seconds)."""
    return isinstance(value, int | float) and 0 <= value <= MAX_MOMENT


class RowType:
    """The columns of a kind of row."""

    def __init__(self, *columns: ColumnElement[Any]) -> None:
        self._cells = tuple((str(one.key), _check_of(one)) for one in columns)

    def check(self, row: Any) -> None:
        """Check each value of a row, which may have more columns.

        Raises:
            Unreadable: one is none of its column's.
        """
        for name, holds in self._cells:
            if not holds(getattr(row, name)):
                raise Unreadable

    def holds(self, values: Mapping[str, object]) -> bool:
        """Whether each value, by its column's name, is one of its column's."""
        return all(check(values[name]) for name, check in self._cells)

    def read(self, rows: Iterable[Any]) -> Iterator[Any]:
        """The rows that can be read."""
        for row in rows:
            try:
                self.check(row)
            except Unreadable:
                continue
            yield row


def _check_of(column: ColumnElement[Any]) -> Callable[[object], bool]:
    holds = _value_check(column)
    if getattr(column, "nullable", False):
        return lambda value: value is None or holds(value)
    return holds


def _value_check(column: ColumnElement[Any]) -> Callable[[object], bool]:
    if column.key == UNBOUNDED:
        return lambda value: isinstance(value, int | float) and value >= 0
    match column.type:
        case Float():
            return is_moment
        case Integer():
            return lambda value: isinstance(value, int)
        case LargeBinary():
            return lambda value: isinstance(value, bytes | memoryview)
        case _:
            return lambda value: isinstance(value, str)
