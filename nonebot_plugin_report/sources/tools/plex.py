"""Plex's webhooks: a form of which `payload` is the JSON, with a picture. Pure.

https://support.plex.tv/articles/115002267687-webhooks/
"""

from collections.abc import Mapping
from typing import Final

from .. import wording
from ..base import Fields, Headers, Source, Translated, lines, record, text

_EVENTS: Final[Mapping[str, tuple[str, int | None]]] = {
    "media.play": ("开始播放", None),
    "media.pause": ("暂停播放", None),
    "media.resume": ("继续播放", None),
    "media.stop": ("停止播放", None),
    "media.scrobble": ("看完了", None),
    "media.rate": ("评了分", None),
    "library.new": ("新增", None),
    "library.on.deck": ("可以接着看", None),
    "playback.started": ("开始播放", None),
    "device.new": ("有新设备登录", 2),
    "admin.database.backup": ("数据库备份好了", 0),
    "admin.database.corrupted": ("数据库损坏了", 1),
}
"""By `event`: what happened (Chinese), and the result."""


def _recognise(fields: Fields, headers: Headers) -> bool:
    about = ("Account", "Metadata", "Server")
    return "." in text(fields, "event") and any(record(fields, name) for name in about)


def _translate(fields: Fields, headers: Headers) -> Translated | None:
    event = text(fields, "event")
    if not event or not (record(fields, "Server") or record(fields, "Metadata")):
        return None
    verb, result = _EVENTS.get(event, (event, None))
    person, item = text(fields, "Account.title"), _name(record(fields, "Metadata"))
    server, player = text(fields, "Server.title"), text(fields, "Player.title")
    title = f"{f'{person} ' if person else ''}{verb}{f'：{item}' if item else ''}"
    report_fields: dict[str, object] = {
        "title": f"{server}：{title}" if server else title,
        "content": lines(
            f"设备：{player}" if player else "",
            f"库：{section}" if (section := text(fields, "Metadata.librarySectionTitle")) else "",
            wording.cut(text(fields, "Metadata.summary")) if event == "library.new" else "",
        ),
        "event": f"plex.{event}",
        "result": result,
    }
    return Translated(report_fields)


def _name(item: Fields) -> str:
    season, number = text(item, "parentIndex"), text(item, "index")
    episode = text(item, "type") == "episode" and season and number
    code = f"S{season:0>2}E{number:0>2}" if episode else ""
    parts = (text(item, "grandparentTitle"), code, text(item, "title"))
    year = text(item, "year") if text(item, "type") == "movie" else ""
    return " ".join(filter(None, parts)) + (f"（{year}）" if year else "")


SOURCE: Final = Source("Plex", frozenset({"Account", "Metadata", "Server"}), _recognise, _translate)
