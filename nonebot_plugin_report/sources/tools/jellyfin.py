"""Jellyfin's webhook plugin, with all its properties or by its template for any event. Pure.

https://github.com/jellyfin/jellyfin-plugin-webhook (README.md, Notifiers,
Templates/GenericNotification.handlebars)
"""

from collections.abc import Mapping
from typing import Final

from .. import wording
from ..base import Fields, Headers, Source, Translated, lines, text
from ..wording import fill, fill_lines, first

_TYPES: Final[Mapping[str, tuple[str, int | None]]] = {
    "ItemAdded": ("新增：{it}", None),
    "ItemDeleted": ("删除了：{it}", None),
    "PlaybackStart": ("[{who} ]开始播放：{it}", None),
    "PlaybackProgress": ("[{who} ]正在播放：{it}", None),
    "PlaybackStop": ("[{who} ]停止播放：{it}", None),
    "SessionStart": ("[{who} ]连上了", None),
    "AuthenticationSuccess": ("[{who} ]登录了", None),
    "AuthenticationFailure": ("[{who} ]登录失败", 2),
    "UserCreated": ("新建了用户[ {who}]", None),
    "UserDeleted": ("删除了用户[ {who}]", None),
    "UserUpdated": ("修改了用户[ {who}]", None),
    "UserLockedOut": ("用户[ {who} ]被锁定", 2),
    "UserPasswordChanged": ("用户[ {who} ]改了密码", None),
    "UserDataSaved": ("[{who} ]的记录更新了：{it}", None),
    "PendingRestart": ("等待重启", 2),
    "TaskCompleted": ("任务完成：{TaskName}", 0),
    "SubtitleDownloadFailure": ("字幕下载失败：{it}", 1),
    "PluginInstalling": ("正在安装插件 {PluginName}", None),
    "PluginInstalled": ("安装了插件 {PluginName}", 0),
    "PluginUninstalled": ("卸载了插件 {PluginName}", None),
    "PluginUpdated": ("更新了插件 {PluginName}", 0),
    "PluginInstallationFailed": ("插件 {PluginName} 安装失败", 1),
    "PluginInstallationCancelled": ("插件 {PluginName} 取消安装", None),
}
"""By `NotificationType`: the template of the title, and the result."""
_LINES: Final = (
    "[设备：{DeviceName}][（{ClientName}）]",
    "[地址：{RemoteEndPoint}]",
    "[进度：{PlaybackPosition} / {RunTime}]",
    "[版本 {PluginVersion}]",
    "[{ResultErrorMessage}]",
    "[{VersionInfo}]",
)
_LEVELS: Final = {"warning": 2, "warn": 2, "error": 1, "fatal": 1, "critical": 1}
_ENDS: Final = {"Failed": ("任务失败：{TaskName}", 1), "Aborted": ("任务中断：{TaskName}", 2)}
_TEMPLATE: Final = frozenset({"Name", "Description", "Date", "Level"})


def _recognise(fields: Fields, headers: Headers) -> bool:
    return bool(text(fields, "NotificationType")) or fields.keys() >= _TEMPLATE


def _translate(fields: Fields, headers: Headers) -> Translated | None:
    kind = text(fields, "NotificationType")
    if not kind and not text(fields, "Name"):
        return None
    if kind not in _TYPES:
        return _translate_any(kind, fields)
    template, result = _TYPES[kind]
    if kind == "TaskCompleted":
        template, result = _ENDS.get(text(fields, "ResultStatus"), (template, result))
    person = first(fields, "NotificationUsername", "Username", "UserName")
    context = {**fields, "it": _name(fields), "who": person}
    server = text(fields, "ServerName")
    title = fill(template, context)
    report_fields: dict[str, object] = {
        "title": f"{server}：{title}" if server else title,
        "content": lines(
            fill_lines(_LINES, context),
            wording.cut(text(fields, "Overview")) if kind == "ItemAdded" else "",
        ),
        "event": f"jellyfin.{kind}",
        "result": result,
        "timestamp": _moment(fields),
    }
    return Translated(report_fields)


def _translate_any(kind: str, fields: Fields) -> Translated:
    """Translate what the plugin's template for any event writes."""
    name = text(fields, "Name")
    report_fields: dict[str, object] = {
        "title": name or kind,
        "content": lines(
            text(fields, "Description"), text(fields, "Overview"), text(fields, "Url")
        ),
        "event": f"jellyfin.{kind or 'notice'}",
        "result": _LEVELS.get(text(fields, "Level").lower()),
        "timestamp": _moment(fields),
    }
    return Translated(report_fields)


def _moment(fields: Fields) -> str:
    return first(fields, "Timestamp", "Date")


def _name(fields: Fields) -> str:
    """Name an item: an episode by its series and number, a film by its year."""
    season, number = first(fields, "SeasonNumber"), first(fields, "EpisodeNumber")
    code = f"S{season:0>2}E{number:0>2}" if season and number else ""
    year = text(fields, "Year") if text(fields, "ItemType") in ("Movie", "Series") else ""
    name = first(fields, "Name", "ItemName")
    parts = (text(fields, "SeriesName"), code, text(fields, "Artist"), name)
    return " ".join(dict.fromkeys(filter(None, parts))) + (f"（{year}）" if year else "")


SOURCE: Final = Source("Jellyfin", frozenset({"NotificationType", "Level"}), _recognise, _translate)
