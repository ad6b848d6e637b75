"""Parts of a message for ntfy: its actions, and when it is to be delivered. Pure.

https://docs.ntfy.sh/publish/ (Action buttons, Scheduled delivery); the short form of actions and
the times as server/actions.go and util/time.go of https://github.com/binwiederhier/ntfy read them.
"""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Final, cast

from ..errors import InvalidReport
from .base import as_text

MAX_ACTIONS: Final = 3
"""Most buttons of a message."""
MAX_LENGTH: Final = 4096
"""Characters that are read of either."""
MAX_DELAY: Final = 3 * 24 * 3600.0
"""Seconds after which a message is delivered at the latest."""
_UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_DURATION: Final = re.compile(r"(\d{1,9})\s*(s|m|h|d)[a-z]*")
_CLOCK: Final = re.compile(r"(tomorrow|today)?[\s,]*(?:at\s+)?(\d{1,2})(?::(\d\d))?\s*(am|pm)?")
_PIECE: Final = re.compile(r"""\s*(?:[\w.-]+\s*=\s*)?(?:"[^"]*"|'[^']*'|[^,;]*)\s*""")
_NAMED: Final = re.compile(r"\s*([\w.-]+)\s*=\s*(.*)", re.DOTALL)


def read_actions(value: object) -> list[str]:
    """Write the buttons of a message, a line each: a link with its label; of another only the
    label, since QQ has no buttons."""
    lines: list[str] = []
    for action in list(_actions(value))[:MAX_ACTIONS]:
        label, url = action.get("label", ""), action.get("url", "")
        if action.get("action", "view") == "view" and url:
            lines.append(f"{label}：{url}" if label else url)
        elif label:
            lines.append(f"[按钮 {label}，QQ 里按不了]")
    return lines


def _actions(value: object) -> Iterator[Mapping[str, str]]:
    if isinstance(value, str):
        text = value[:MAX_LENGTH].strip()
        if not text.startswith("["):
            yield from map(_read_short, _split(text))
            return
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            return
    rows = cast("list[object]", value)[:MAX_ACTIONS] if isinstance(value, list) else []
    for row in rows:
        if isinstance(row, dict):
            named = cast("dict[str, object]", row).items()
            yield {name: text.strip() for name, text in named if isinstance(text, str)}


def _split(text: str) -> list[list[str]]:
    """Split the short form into actions, and each into its pieces; quoted ones stay whole."""
    actions: list[list[str]] = [[]]
    at = 0
    while at <= len(text) and len(actions) <= MAX_ACTIONS:
        piece = cast("re.Match[str]", _PIECE.match(text, at))
        actions[-1].append(piece[0].strip())
        end = piece.end()
        if text[end : end + 1] == ";":
            actions.append([])
        at = max(end, at) + 1
    return [pieces for pieces in actions if any(pieces)]


def _read_short(pieces: list[str]) -> Mapping[str, str]:
    """Read an action such as `view, label, https://…, clear=true`."""
    action: dict[str, str] = {}
    places = iter(("action", "label", "url"))
    for piece in pieces:
        named = _NAMED.fullmatch(piece)
        # An address may have a query with `=` in it.
        if named and (named[1] in ("action", "label", "url", "clear", "body", "method", "intent")
                      or named[1].startswith(("headers.", "extras."))):  # fmt: skip
            action[named[1]] = named[2].strip("\"' ")
        elif name := next(places, ""):
            action[name] = piece.strip("\"' ")
    return action


def read_delay(value: object, now: datetime) -> datetime | None:
    """Read when a message is to be delivered: `30min`, `1 day`, a Unix time, `10am`, `tomorrow,
    10:30`; None: at once.

    Args:
        value: as its sender wrote it.
        now: local and aware.

    Raises:
        InvalidReport: it is another time, or too far away.
    """
    text = as_text(value)[:MAX_LENGTH].lower()
    if text in ("", "0"):
        return None
    at = _read_time(text, now)
    if at is None:
        raise InvalidReport(
            "delay", "看不懂这个时间；请写 30m、2h、1d、10am、tomorrow 10am 或 Unix 时间"
        )
    wait = (at - now).total_seconds()
    if wait > MAX_DELAY:
        raise InvalidReport("delay", "最多推迟 3 天")
    return at if wait > 0 else None


def _read_time(text: str, now: datetime) -> datetime | None:
    if re.fullmatch(r"\d{9,11}", text):
        return datetime.fromtimestamp(int(text), now.tzinfo)
    durations = _DURATION.findall(text)
    if durations and not _DURATION.sub("", text).strip(" ,"):
        seconds = sum(int(amount) * _UNITS[unit] for amount, unit in durations)
        return now + timedelta(seconds=min(seconds, 2 * MAX_DELAY))
    if text == "tomorrow":
        return now + timedelta(days=1)
    if (clock := _CLOCK.fullmatch(text)) and (clock[3] or clock[4]):
        return _at_clock(clock, now)
    return None


def _at_clock(clock: re.Match[str], now: datetime) -> datetime | None:
    hour, minute = int(clock[2]), int(clock[3] or 0)
    hour = hour % 12 + 12 * (clock[4] == "pm") if clock[4] else hour
    if hour > 23 or minute > 59:
        return None
    at = now.replace(hour=hour, minute=minute, second=0, microsecond=0)
    if clock[1] == "tomorrow" or (clock[1] is None and at <= now):
        at += timedelta(days=1)
    return at
