"""Reads the arguments of commands: counts, times, targets. Pure, except for looking up a bare
number."""

import re
from collections.abc import Callable
from datetime import time
from typing import Final

from ..model.quantity import LONGEST
from ..model.target import Target
from ..model.timing import next_time
from .request import Asker, Context, Wrong
from .wording import quoted

MOST_ASKED: Final = 1000
"""Most characters read of a command."""
MOST_RECENT: Final = 20
"""Most reports in a list."""
MORNING: Final = time(8)
"""The end of a night, unless a time is given."""

_HALF_WIDTH: Final = {0xFF01 + n: 0x21 + n for n in range(94)} | {0x3000: 0x20}
_DIGITS: Final = "零一二三四五六七八九"
_CHINESE: Final = rf"[二三四五]?十[{_DIGITS}]?|[两{_DIGITS}]"
_UNITS: Final = {
    "秒钟": 1, "秒": 1, "s": 1, "sec": 1, "分钟": 60, "分": 60, "m": 60, "min": 60, "mins": 60,
    "小时": 3600, "钟头": 3600, "h": 3600, "hour": 3600, "hours": 3600,
    "天": 86400, "日": 86400, "d": 86400, "day": 86400, "days": 86400,
}  # fmt: skip
_UNIT: Final = "|".join(sorted(_UNITS, key=len, reverse=True))
_LENGTH: Final = re.compile(
    rf"\s*(?P<amount>\d{{1,9}}(?:\.\d{{1,3}})?|{_CHINESE}|半)\s*个?(?P<half>半)?"
    rf"\s*(?P<unit>{_UNIT})(?P<more>半)?(?![a-z])"
)
_MINUTES: Final = re.compile(r"(\d{1,9})(?=\s|$)")
_TIME: Final = re.compile(
    r"(?P<to>直?到|至)?\s*(?P<day>今天|今晚|明天|明早|明晚)?\s*的?"
    r"(?P<part>凌晨|早上|早|上午|中午|下午|傍晚|晚上|晚)?"
    rf"\s*(?P<hour>\d{{1,2}}|{_CHINESE})"
    r"(?:\s*:\s*(?P<minute>\d{2})|\s*(?P<clock>点)钟?(?:(?P<half>半)|(?P<past>\d{1,2})分?)?|(?=\s|$))"
    r"(?!\d)"
)
_MOMENTS: Final = {
    "今晚": MORNING, "明早": MORNING, "明天": MORNING, "早上": MORNING, "天亮": MORNING,
    "中午": time(12), "今天": time(0), "半夜": time(0),
}  # fmt: skip
_MOMENT: Final = re.compile(rf"(?:直?到|至)?\s*(?P<moment>{'|'.join(_MOMENTS)})(?=\s|$)")
_TOMORROW: Final = ("明天", "明早", "明晚")
_EVENING: Final = ("下午", "傍晚", "晚上", "晚", "今晚", "明晚")
_BEGINS: Final = re.compile(rf"\d|半|直?到|今|明|(?:{_CHINESE})\s*个?(?:{_UNIT}|点|半)")
_Found = tuple[float, int]
"""Until when (epoch seconds), and where in the text that ends."""


def begins_argument(text: str) -> bool:
    """Whether text that follows a command without a space can be its argument."""
    return _BEGINS.match(_plain(text)) is not None


def read_count(word: str) -> int | None:
    """A count or position in a list; None if it is not one."""
    match = re.fullmatch(r"第?0*(\d{1,2})条?", _plain(word), re.ASCII)
    return int(match[1]) if match and 0 < int(match[1]) <= MOST_RECENT else None


def read_until(text: str, now: float) -> tuple[float, str] | None:
    """Until when (epoch seconds), and the text after it; None: no time is written.

    `2h`, `2 小时`, `半天`, `到 8 点`, `今晚`; a number alone is minutes.
    """
    text = " ".join(text.split())
    readers: tuple[Callable[[str, float], _Found | None], ...] = (
        _read_length, _read_time, _read_moment, _read_minutes,
    )  # fmt: skip
    readings = (read(_plain(text), now) for read in readers)
    until, end = next((one for one in readings if one is not None), (0.0, 0))
    return (until, text[end:].strip()) if end else None


def _plain(text: str) -> str:
    """Full-width characters as plain ones, one for one."""
    return text.translate(_HALF_WIDTH).lower()


def _read_length(text: str, now: float) -> _Found | None:
    seconds, end = 0.0, 0
    while match := _LENGTH.match(text, end):
        halves = 0.5 * sum(match[name] is not None for name in ("half", "more"))
        seconds += (_number(match["amount"]) + halves) * _UNITS[match["unit"]]
        end = match.end()
    return (now + min(seconds, LONGEST), end) if end else None


def _read_time(text: str, now: float) -> _Found | None:
    match = _TIME.match(text)
    if match is None or not any(match[name] for name in ("to", "day", "minute", "clock")):
        return None
    minute = int(match["minute"] or match["past"] or (30 if match["half"] else 0))
    hour = int(_number(match["hour"]))
    if hour > 24 or minute > 59:
        return None
    after = next_time(time(0), now, None) - 1 if _is_tomorrow(match["day"], now) else now
    hours = _hours(hour, match["day"], match["part"], exact=match["minute"] is not None)
    return min(next_time(time(one % 24, minute), after, None) for one in hours), match.end()


def _hours(hour: int, day: str | None, part: str | None, *, exact: bool) -> tuple[int, ...]:
    """The hours that can be meant: 8 点 is that of the morning or of the evening."""
    if day in _EVENING or part in _EVENING:
        if hour == 12:
            return (12 if part == "下午" else 24,)
        return (hour + 12 if hour < 12 else hour,)
    if part == "中午":
        return (hour + 12 if hour < 3 else hour,)
    if exact or part or day == "明早" or not 0 < hour < 12:
        return (hour,)
    return (hour, hour + 12)


def _read_moment(text: str, now: float) -> _Found | None:
    match = _MOMENT.match(text)
    if match is None:
        return None
    after = next_time(time(0), now, None) if _is_tomorrow(match["moment"], now) else now
    return next_time(_MOMENTS[match["moment"]], after, None), match.end()


def _is_tomorrow(day: str | None, now: float) -> bool:
    """Whether a day begins with the next midnight. Who is up before five says "tomorrow" of the
    same day."""
    late = next_time(time(5), now, None) < next_time(time(0), now, None)
    return day in _TOMORROW and not late


def _read_minutes(text: str, now: float) -> _Found | None:
    match = _MINUTES.match(text)
    return match and (now + min(int(match[1]) * 60.0, LONGEST), match.end())


def _number(text: str) -> float:
    if text == "半":
        return 0.5
    if text[0].isdecimal():
        return float(text)
    tens, ten, ones = text.replace("两", "二").rpartition("十")
    value = _DIGITS.index(ones) if ones else 0
    return value + (10 * (_DIGITS.index(tens) if tens else 1) if ten else 0)


_KINDS: Final = {"群": "group", "qq": "private", "好友": "private", "渠道": "channel"}
_NAMED: Final = re.compile(rf"({'|'.join(_KINDS)})[\s:：号]*(\S+)", re.IGNORECASE)


async def read_target(context: Context, asker: Asker, text: str) -> Target:
    """The target that is named, or the chat itself; bound users only have their own.

    Raises:
        Wrong: it names none, or several.
    """
    text = " ".join(text.split())
    if not asker.superuser or text in ("我", "自己", "me"):
        return asker.own
    if text in ("", "这里", "这个群", "本群", "群"):
        return asker.here
    directory = context.hub.directory
    if re.fullmatch(r"\d{1,19}", _plain(text), re.ASCII):
        return await _numbered(context, _plain(text))
    if text in directory.channels and text not in directory.aliases:
        return Target("channel", text)
    if match := _NAMED.fullmatch(text):
        text = f"{_KINDS[match[1].lower()]}:{match[2]}"
    try:
        targets = directory.find(text)
    except ValueError as error:
        choices = "「群777」、「QQ10001」、「我」、渠道名或别名"
        named = str(error) if ":" in text else f"没有{quoted(text)}这个接收者；可以写{choices}"
        raise Wrong(named) from None
    if len(targets) != 1:
        raise Wrong(f"要写一个接收者，{quoted(text)}是 {len(targets)} 个")
    return targets[0]


async def _numbered(context: Context, number: str) -> Target:
    """A bare number: a known target or user, else a group."""
    number = number.lstrip("0")
    if not number:
        raise Wrong("要写群号或 QQ 号")
    group, user = Target("group", number), Target("private", number)
    targets = await context.hub.history.reached((group, user))
    if user in context.hub.directory.superusers or number in context.hub.tokens.bound():
        targets |= {user}
    if targets == {group, user}:
        raise Wrong(f"{number} 是群还是 QQ？请写成「群{number}」或「QQ{number}」")
    return user if targets == {user} else group
