"""Times as cron writes them, in a time zone."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Self
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from .timing import parse_zone

FIELDS: Final = 5
"""Minute, hour, day, month, day of the week."""


@dataclass(frozen=True, slots=True)
class CronTimes:
    """The times that a cron expression means."""

    expression: str
    zone: ZoneInfo | None = None
    """None: this machine's."""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `0 3 * * *`, or with a zone `0 3 * * * Asia/Shanghai`.

        Raises:
            ValueError: it is something else; the text is Chinese.
        """
        fields = text.split()
        times = cls(" ".join(fields[:FIELDS]), parse_zone(" ".join(fields[FIELDS:])))
        try:
            times.after(0.0)
        except (CronSimError, StopIteration):
            raise ValueError("应写成 cron 的样子：分 时 日 月 星期，例如 0 3 * * *") from None
        return times

    def __str__(self) -> str:
        return f"{self.expression} {self.zone.key}" if self.zone else self.expression

    def after(self, at: float) -> float:
        """The first of them after a moment; both in epoch seconds."""
        return next(CronSim(self.expression, datetime.fromtimestamp(at, self.zone))).timestamp()
