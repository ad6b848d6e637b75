"""Uptime Kuma: {heartbeat, monitor, msg}. Pure.

https://github.com/louislam/uptime-kuma (server/notification-providers/webhook.js,
server/model/monitor.js, heartbeat.js). As a form, `data` has all of it as JSON; by GET, each
object is JSON of its own. A test and a certificate's end come without heartbeat.
"""

import re
from datetime import datetime
from typing import Final

from ...errors import InvalidReport
from ..base import Fields, Headers, Source, Translated, lines, local, moment, record, text
from ..bodies.decode import decode

_STATES: Final[dict[str, tuple[str, str, int | str]]] = {
    "0": ("down", "掉线", 1),
    "1": ("up", "恢复", 0),
    "2": ("pending", "待确认", "待确认"),
    "3": ("maintenance", "维护中", "维护"),
}
"""By `status`: the event, the Chinese verb for the title, and the result."""
_UTC: Final = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?")


def _recognise(fields: Fields, headers: Headers) -> bool:
    opened = _opened(fields)
    return {"heartbeat", "monitor", "msg"} <= opened.keys() and all(
        opened[name] is None or isinstance(opened[name], dict) for name in ("heartbeat", "monitor")
    )


def _translate(fields: Fields, headers: Headers) -> Translated | None:
    opened = _opened(fields)
    if not (text(opened, "msg") or record(opened, "heartbeat")):
        return None
    monitor, beat = record(opened, "monitor"), record(opened, "heartbeat")
    name, state = text(monitor, "name"), _STATES.get(text(beat, "status"))
    if state is None:
        report_fields: dict[str, object] = {
            "title": name or "Uptime Kuma",
            "content": text(opened, "msg"),
        }
        return Translated(report_fields | {"event": "monitor.notice"})
    event, verb, result = state
    at, since = _moment(beat.get("time")), _moment(beat.get("lastDownTime"))
    ended = event == "up" and at is not None and since is not None
    return Translated(
        {
            "title": f"{verb}：{name}" if name else verb,
            "content": _content(opened, monitor, beat, since if ended else None),
            "event": f"monitor.{event}",
            "result": result,
            "timestamp": at and at.isoformat(),
        },
        story=text(monitor, "id") or name,
        elapsed=max(0.0, (at - since).total_seconds()) if ended and at and since else None,
    )


def _content(opened: Fields, monitor: Fields, beat: Fields, since: datetime | None) -> str:
    message, reason = text(opened, "msg"), text(beat, "msg")
    host, port = text(monitor, "hostname"), text(monitor, "port")
    url = text(monitor, "url")
    where = url if url not in ("http://", "https://") else ""
    where = where or (f"{host}:{port}" if host and port else host)
    ping = text(beat, "ping")
    return lines(
        message,
        "" if reason in message or reason == "N/A" else reason,
        text(monitor, "description"),
        where,
        f"响应 {ping} 毫秒" if ping else "",
        f"{local(since)} 掉线" if since else "",
    )


def _opened(fields: Fields) -> Fields:
    """Read fields of a form that are JSON themselves."""
    if isinstance(data := fields.get("data"), str) and '"heartbeat"' in data[:200]:
        return _json(data) or fields
    written = {
        name: opened
        for name in ("heartbeat", "monitor")
        if isinstance(value := fields.get(name), str) and (opened := _json(value))
    }
    if not written:
        return fields
    return {"heartbeat": None, "monitor": None, **fields, **written}


def _json(value: str) -> Fields | None:
    try:
        return decode(value.encode("utf-8", "replace"))
    except InvalidReport:
        return None


def _moment(value: object) -> datetime | None:
    """Read a moment of Kuma, which is UTC without an offset."""
    plain = isinstance(value, str) and _UTC.fullmatch(value)
    return moment(f"{value}+00:00" if plain else value)


SOURCE: Final = Source(
    "Uptime Kuma", frozenset({"heartbeat", "monitor", "data"}), _recognise, _translate
)
