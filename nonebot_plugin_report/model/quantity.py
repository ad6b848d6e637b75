"""Durations and sizes, as people write them."""

import re
from typing import Final

_UNITS: Final = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
_SIZES: Final = {
    "": 1,
    "b": 1,
    "k": 2**10,
    "kib": 2**10,
    "kb": 2**10,
    "m": 2**20,
    "mib": 2**20,
    "mb": 2**20,
}
LONGEST: Final = 36500 * 86400.0
"""Seconds; a longer duration from now has no valid date."""
LARGEST: Final = 2**30
"""Bytes."""


def _quantity(value: object, units: dict[str, int], examples: str, most: float) -> float:
    match value:
        case bool():
            amount = None
        case int() | float():
            amount = value
        case str() if match := re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([a-zA-Z]*)\s*", value):
            factor = units.get(match[2].lower())
            amount = factor and float(match[1]) * factor
        case _:
            amount = None
    if amount is None:
        raise ValueError(f"应为数字或带单位的数字，例如 {examples}")
    if amount > most:
        raise ValueError(f"数字过大；应为数字或带单位的数字，例如 {examples}")
    return float(amount)


def seconds(value: object) -> float:
    """A duration: a number, or text such as `24h`."""
    return _quantity(value, _UNITS, "30、90s、15m、24h、7d", LONGEST)


def size(value: object) -> int:
    """Bytes: a number, or text such as `8MiB`."""
    return int(_quantity(value, _SIZES, "8388608、512KiB、8MiB", LARGEST))
