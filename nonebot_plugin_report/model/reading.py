"""Figures that were read out of a tool's words: stamina and when it is full, drops, a duration."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final, cast

from .text import restore_text
from .timing import in_words, read_timestamp
from .value import value_type

MAX_READINGS: Final = 100
"""Most figures that are kept of one report."""
LABELS: Final[Mapping[str, str]] = {
    "sanity": "理智",
    "trailblaze_power": "开拓力",
    "charge": "体力",
    "original_resin": "原粹树脂",
    "condensed_resin": "浓缩树脂",
    "commission_reward": "每日委托奖励",
    "drop": "掉落",
    "recruited": "招募",
    "completed": "已完成",
    "uncompleted": "未完成",
    "elapsed": "用时",
}
"""The Chinese name of each figure."""


@value_type
class Reading:
    """One figure."""

    name: str
    """A key of `LABELS`."""
    value: float | None = None
    """An amount; of `elapsed` seconds; of `commission_reward` 1 where it was claimed, else 0."""
    most: float | None = None
    """The amount that is full."""
    full_at: datetime | str | None = None
    """The moment at which it is full; a string where the tool writes words, such as 今天23时5分."""
    of: str = ""
    """The item that was dropped, or how rare what was recruited is."""
    place: str = ""
    """The stage at which it dropped."""

    def __str__(self) -> str:
        """Write it for people (Chinese)."""
        label = " ".join(filter(None, (LABELS.get(self.name, self.name), self.place, self.of)))
        amount = self._amount
        full = "" if self.full_at is None else f"{_minute(self.full_at)} 回满"
        return f"{label} {'，'.join(filter(None, (amount, full)))}".strip()

    @property
    def _amount(self) -> str:
        if self.value is None:
            return ""
        if self.name == "elapsed":
            return in_words(self.value)
        if self.name == "commission_reward":
            return "已领取" if self.value else "未领取"
        return f"{self.value:g}" if self.most is None else f"{self.value:g}/{self.most:g}"


def _minute(at: datetime | str) -> str:
    return at if isinstance(at, str) else f"{at:%Y-%m-%d %H:%M}"


def merge_readings(readings: Iterable[Reading]) -> tuple[Reading, ...]:
    """Join what was said of the same figure in several places; the last amount counts."""
    merged: dict[tuple[str, str, str], Reading] = {}
    for reading in readings:
        key = reading.name, reading.of, reading.place
        before = merged.get(key)
        if before is None and len(merged) >= MAX_READINGS:
            break
        merged[key] = reading if before is None else _joined(before, reading)
    return tuple(merged.values())


def _joined(before: Reading, after: Reading) -> Reading:
    return Reading(
        after.name,
        before.value if after.value is None else after.value,
        before.most if after.most is None else after.most,
        before.full_at if after.full_at is None else after.full_at,
        after.of,
        after.place,
    )


def dump_readings(readings: Iterable[Reading]) -> list[dict[str, object]]:
    """Write figures as JSON has them, without what is empty."""
    return [
        {name: value for name, value in _fields(reading).items() if value not in ("", None)}
        for reading in readings
    ]


def _fields(reading: Reading) -> dict[str, object]:
    full_at = reading.full_at
    return {
        "name": reading.name,
        "value": reading.value,
        "most": reading.most,
        "full_at": full_at.isoformat() if isinstance(full_at, datetime) else full_at,
        "of": reading.of,
        "place": reading.place,
    }


def restore_readings(stored: object) -> tuple[Reading, ...]:
    """Read what `dump_readings` wrote; None: there were no figures.

    Raises:
        TypeError: it is something else.
    """
    if stored is None:
        return ()
    if not isinstance(stored, list):
        raise TypeError("readings")
    return tuple(_restore(entry) for entry in cast("list[object]", stored)[:MAX_READINGS])


def _restore(entry: object) -> Reading:
    if not isinstance(entry, dict):
        raise TypeError("reading")
    fields = cast("dict[str, object]", entry)
    full_at = restore_text(fields, "full_at")
    return Reading(
        restore_text(fields, "name"),
        _number(fields, "value"),
        _number(fields, "most"),
        _moment(full_at) if full_at else None,
        restore_text(fields, "of"),
        restore_text(fields, "place"),
    )


def _number(fields: Mapping[str, object], name: str) -> float | None:
    number = fields.get(name)
    if number is not None and not isinstance(number, int | float):
        raise TypeError(name)
    return number


def _moment(written: str) -> datetime | str:
    try:
        return read_timestamp(written) or written
    except ValueError:  # words, not a time
        return written
