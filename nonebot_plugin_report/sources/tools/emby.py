"""Emby's webhooks: JSON, or a form of which `data` is the JSON. Pure.

https://emby.media/support/articles/Webhooks.html
"""

from collections.abc import Mapping
from typing import Final

from ...errors import InvalidReport
from .. import wording
from ..base import Fields, Headers, Source, Translated, lines, record, text
from ..bodies.decode import decode
from ..wording import first

_VERBS: Final[Mapping[str, str]] = {
    "playback.start": "开始播放", "playback.pause": "暂停播放", "playback.unpause": "继续播放",
    "playback.stop": "停止播放", "item.rate": "收藏或评分", "item.markplayed": "标为已看",
    "item.markunplayed": "标为未看", "library.new": "新增", "library.deleted": "删除了",
}  # fmt: skip
_RESULTS: Final = {"warn": 2, "warning": 2, "error": 1, "fatal": 1}
"""Results by `Severity`."""
_FAILED: Final = ("failed", "failure", "error")


def _recognise(fields: Fields, headers: Headers) -> bool:
    opened = _opened(fields)
    about = ("Server", "Severity", "Item")
    return "." in text(opened, "Event") and any(name in opened for name in about)


def _translate(fields: Fields, headers: Headers) -> Translated | None:
    opened = _opened(fields)
    event = text(opened, "Event")
    if not event:
        return None
    person, item = text(opened, "User.Name"), _name(record(opened, "Item"))
    server = text(opened, "Server.Name")
    verb = _VERBS.get(event)
    who = f"{person} " if person else ""
    title = f"{who}{verb}：{item}" if verb and item else text(opened, "Title") or event
    severity = _RESULTS.get(text(opened, "Severity").lower())
    report_fields: dict[str, object] = {
        "title": f"{server}：{title}" if server else title,
        "content": lines(
            wording.cut(text(opened, "Description")),
            _device(opened),
            wording.cut(text(opened, "Item.Overview")) if event == "library.new" else "",
        ),
        "event": f"emby.{event}",
        "result": severity or (1 if event.endswith(_FAILED) else None),
        "timestamp": text(opened, "Date"),
    }
    return Translated(report_fields)


def _device(opened: Fields) -> str:
    device = first(opened, "Session.DeviceName", "DeviceInfo.Name")
    client = first(opened, "Session.Client", "DeviceInfo.AppName")
    address = text(opened, "Session.RemoteEndPoint")
    rows = (f"设备：{device}" if device else "", f"（{client}）" if device and client else "")
    return lines("".join(rows), f"地址：{address}" if address else "")


def _name(item: Fields) -> str:
    season, number = text(item, "ParentIndexNumber"), text(item, "IndexNumber")
    code = f"S{season:0>2}E{number:0>2}" if season and number else ""
    parts = (text(item, "SeriesName"), code, text(item, "Name"))
    year = text(item, "ProductionYear") if text(item, "Type") in ("Movie", "Series") else ""
    return " ".join(filter(None, parts)) + (f"（{year}）" if year else "")


def _opened(fields: Fields) -> Fields:
    """Read the field of a form that has all of the JSON."""
    written = fields.get("data")
    if not isinstance(written, str) or '"Event"' not in written:
        return fields
    try:
        return decode(bytearray(written.encode("utf-8", "replace")))
    except InvalidReport:
        return fields


SOURCE: Final = Source("Emby", frozenset({"Event", "data"}), _recognise, _translate)
