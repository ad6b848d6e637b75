"""Helpers with which channels make outcomes."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta, timezone
from typing import Final

from ..model.delivery import Delivered, Outcome, Rejected
from ..model.text import clean

_REASON_LENGTH: Final = 120
PICTURE_REJECTED: Final = "只发了文字，图片被拒绝：{}"
_CHINA: Final = timezone(timedelta(hours=8))
_MARGIN: Final = timedelta(minutes=5)
"""Added to midnight, as no two clocks are the same."""


def delivered(*notes: str) -> Delivered:
    """Make a `Delivered` whose note joins these; empty ones are skipped."""
    return Delivered("；".join(dict.fromkeys(filter(None, notes))))


async def or_text(outcome: Outcome, send_text: Callable[[], Awaitable[Outcome]]) -> Outcome:
    """Send the text alone if the message with its picture was rejected."""
    if not isinstance(outcome, Rejected):
        return outcome
    alone = await send_text()
    if not isinstance(alone, Delivered):
        return alone
    return delivered(alone.note, PICTURE_REJECTED.format(outcome.reason))


def short_reason(text: object) -> str:
    """Shorten a service's own text about a failure to one line, for a reason."""
    line = " ".join(clean(text).split()) if isinstance(text, str) else ""
    return line[:_REASON_LENGTH]


def until_tomorrow(now: float) -> float:
    """Compute the seconds from a moment (epoch seconds) until the next day in China, by which the
    services there count their daily limits."""
    tomorrow = datetime.fromtimestamp(now, _CHINA).date() + timedelta(days=1)
    midnight = datetime(tomorrow.year, tomorrow.month, tomorrow.day, tzinfo=_CHINA)
    return (midnight + _MARGIN).timestamp() - now
