"""Times of day: windows such as quiet hours, in a time zone, across midnight and clock changes.

Read as people write them: also with full-width signs and digits, and spaces around.
"""

import re
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Self
from zoneinfo import ZoneInfo


def parse_time(text: str) -> time:
    """A time of day such as `8:00` or `23:30`.

    Raises:
        ValueError: it is none; the text is Chinese.
    """
    found = re.fullmatch(r"\s*(\d{1,2})\s*[:：]\s*(\d{2})\s*", text)
    if found and int(found[1]) < 24 and int(found[2]) < 60:
        return time(int(found[1]), int(found[2]))
    if found and (int(found[1]), int(found[2])) == (24, 0):
        return time(0)
    raise ValueError("时间应写成 23:00 的样子")


def parse_zone(name: str) -> ZoneInfo | None:
    """A time zone by its IANA name; empty: None, this machine's.

    Raises:
        ValueError: there is none; the text is Chinese.
    """
    try:
        return ZoneInfo(name) if name else None
    except (KeyError, ValueError, OSError):
        raise ValueError("不认识这个时区，应为 Asia/Shanghai 这样的名字") from None


@dataclass(frozen=True, slots=True)
class DailyTime:
    """A time of day in a zone."""

    of_day: time
    zone: ZoneInfo | None = None
    """None: this machine's."""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `06:00`, or with a zone `06:00 Asia/Shanghai`.

        Raises:
            ValueError: it is something else; the text is Chinese.
        """
        of_day, zone = _apart(text)
        return cls(parse_time(of_day), parse_zone(zone))

    def __str__(self) -> str:
        return f"{self.of_day:%H:%M} {self.zone.key}" if self.zone else f"{self.of_day:%H:%M}"

    def last(self, at: float) -> float:
        """When it was this time last, at or before a moment; both in epoch seconds."""
        return last_time(self.of_day, at, self.zone)


@dataclass(frozen=True, slots=True)
class DailyWindow:
    """From one time of day to another, past midnight where the end is not after the start."""

    start: time
    end: time
    zone: ZoneInfo | None = None
    """None: this machine's."""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `23:00-08:00`, or with a zone `23:00-08:00 Asia/Shanghai`.

        Raises:
            ValueError: it is something else; the text is Chinese.
        """
        hours, zone = _apart(text)
        start, separator, end = re.sub("[—–~～至－]", "-", hours).partition("-")
        if not separator:
            raise ValueError("应写成 23:00-08:00，需要时后面加时区，例如 23:00-08:00 Asia/Shanghai")
        return cls(parse_time(start), parse_time(end), parse_zone(zone))

    def __str__(self) -> str:
        hours = f"{self.start:%H:%M}-{self.end:%H:%M}"
        return f"{hours} {self.zone.key}" if self.zone else hours

    @property
    def length(self) -> float:
        """Seconds, on a day without a clock change."""
        start, end = (one.hour * 3600 + one.minute * 60 for one in (self.start, self.end))
        return float((end - start) % 86400 or 86400)

    def covers(self, at: float) -> bool:
        """Whether a moment (epoch seconds) is within the window."""
        now = _local(at, self.zone).time()
        if self.start < self.end:
            return self.start <= now < self.end
        return now >= self.start or now < self.end

    def end_after(self, at: float) -> float:
        """When the window ends next after a moment; both in epoch seconds."""
        return next_time(self.end, at, self.zone)


def _apart(text: str) -> tuple[str, str]:
    """The times, and the zone's name behind them: it begins with a letter."""
    found = re.search("[A-Za-z]", text)
    end = found.start() if found else len(text)
    return text[:end], text[end:].strip()


def next_time(of_day: time, at: float, zone: ZoneInfo | None) -> float:
    """When it is this time of day next after a moment; both in epoch seconds."""
    day = _local(at, zone).date()
    while True:
        # Where clocks skip this time of day, this is within the hour after the skip.
        moment = datetime.combine(day, of_day, zone).timestamp()
        if moment > at:
            return moment
        day += timedelta(days=1)


def last_time(of_day: time, at: float, zone: ZoneInfo | None) -> float:
    """When it was this time of day last, at or before a moment; both in epoch seconds."""
    day = _local(at, zone).date()
    while True:
        moment = datetime.combine(day, of_day, zone).timestamp()
        if moment <= at:
            return moment
        day -= timedelta(days=1)


def _local(at: float, zone: ZoneInfo | None) -> datetime:
    """Without a zone the result is naive, which the standard library takes for local time."""
    return datetime.fromtimestamp(at, zone)


def moment(at: float, now: float) -> str:
    """A moment in words, such as 昨天 21:44; both in epoch seconds."""
    then, today = (datetime.fromtimestamp(one).astimezone() for one in (at, now))
    days = {-1: "昨天 ", 0: "", 1: "明天 "}
    for by, name in days.items():
        if then.date() == today.date() + timedelta(days=by):
            return f"{name}{then:%H:%M}"
    return f"{then:%m-%d %H:%M}"


def in_words(seconds: float) -> str:
    """A duration as people say it, such as 3 小时 5 分."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} 小时 {minutes} 分" if minutes else f"{hours} 小时"
    if minutes:
        return f"{minutes} 分"
    return f"{rest} 秒"
