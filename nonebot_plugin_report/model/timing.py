"""Moments as tools write them, and times of day: windows such as quiet hours, in a time zone,
across midnight and clock changes.

Times of day are read as people write them: also with full-width signs and digits, and spaces
around.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Final, Self
from zoneinfo import ZoneInfo


def parse_time(text: str) -> time:
    """A time of day such as `8:00` or `23:30`.

    Raises:
        ValueError: it is none; the text is Chinese.
    """
    match = re.fullmatch(r"\s*(\d{1,2})\s*[:：]\s*(\d{2})\s*", text)
    if match and int(match[1]) < 24 and int(match[2]) < 60:
        return time(int(match[1]), int(match[2]))
    if match and (int(match[1]), int(match[2])) == (24, 0):
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
    match = re.search("[A-Za-z]", text)
    end = match.start() if match else len(text)
    return text[:end], text[end:].strip()


FIRST_YEAR: Final = 1971
LAST_YEAR: Final = 2999
"""Years of a timestamp. Outside of them programs write that they have none (0001-01-01 of C# and
Go, 0 of Unix, 9999-12-31), and Windows converts no moment before 1970 or after 3000
(https://learn.microsoft.com/cpp/c-runtime-library/reference/localtime-s-localtime32-s-localtime64-s).
"""
_FIRST_SECOND: Final = datetime(FIRST_YEAR, 1, 1, tzinfo=UTC).timestamp()
_LAST_SECOND: Final = datetime(LAST_YEAR, 12, 31, tzinfo=UTC).timestamp()
_UNIX: Final = re.compile(r"(0|[0-9]{10}|[0-9]{13}|[0-9]{16}|[0-9]{19})(\.[0-9]+)?")
_ANY_DIGITS: Final = re.compile(r"[0-9]{9,}")
_UNIX_UNITS: Final = (1, 1_000, 1_000_000, 1_000_000_000)
_MAX_UNIX: Final = 10**12
"""From here on a number is not one of seconds, but of the next smaller unit."""


def read_timestamp(written: str | float) -> datetime | None:
    """Read when something happened, as tools write it; None: the tool has no time.

    ISO 8601, local where it has no offset, or Unix time as a number or as digits: seconds (10
    digits), milliseconds (13), microseconds or nanoseconds. `"1769122800000"` is 2026-01-22. The
    result is aware and local, and can be converted to any other zone on any system.

    Raises:
        ValueError: it is no moment.
    """
    if not isinstance(written, str):
        return _read_unix(written)
    text = written.strip()
    if _UNIX.fullmatch(text):
        return _read_unix(float(text) if "." in text else int(text))
    if _ANY_DIGITS.fullmatch(text):  # fromisoformat would take the ninth for a separator
        raise ValueError("no timestamp has as many digits")
    at = datetime.fromisoformat(text)
    return at.astimezone() if FIRST_YEAR <= at.year <= LAST_YEAR else None


def _read_unix(number: float) -> datetime | None:
    for unit in _UNIX_UNITS:
        if abs(number) < _MAX_UNIX * unit:
            seconds = number / unit
            if not _FIRST_SECOND <= seconds < _LAST_SECOND:
                return None
            return datetime.fromtimestamp(seconds, UTC).astimezone()
    raise ValueError("not a Unix time")


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
    minutes, seconds_left = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} 小时 {minutes} 分" if minutes else f"{hours} 小时"
    if minutes:
        return f"{minutes} 分"
    return f"{seconds_left} 秒"
