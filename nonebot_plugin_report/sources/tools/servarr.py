"""Sonarr, Radarr, Lidarr, Readarr, Whisparr and Prowlarr, which write alike. Pure.

https://github.com/Sonarr/Sonarr (src/NzbDrone.Core/Notifications/Webhook/WebhookBase.cs), and the
same file of the others.
"""

from collections.abc import Mapping
from typing import Final

from .. import wording
from ..base import Fields, Headers, Source, Translated, lines, record, records, text
from ..wording import fill, fill_lines, first

_EVENTS: Final[Mapping[str, tuple[str, int | None]]] = {
    "Grab": ("开始下载", None),
    "Download": ("导入完成", 0),
    "DownloadFailure": ("下载失败", 1),
    "ImportFailure": ("导入失败", 1),
    "Rename": ("重命名了文件", None),
    "Retag": ("改写了文件的标签", None),
    "SeriesAdd": ("添加了", None),
    "MovieAdded": ("添加了", None),
    "ArtistAdd": ("添加了", None),
    "AuthorAdded": ("添加了", None),
    "SeriesDelete": ("删除了", None),
    "MovieDelete": ("删除了", None),
    "ArtistDelete": ("删除了", None),
    "AuthorDelete": ("删除了", None),
    "AlbumDelete": ("删除了", None),
    "BookDelete": ("删除了", None),
    "EpisodeFileDelete": ("删除了文件", None),
    "MovieFileDelete": ("删除了文件", None),
    "BookFileDelete": ("删除了文件", None),
    "Health": ("出了问题", 1),
    "HealthRestored": ("恢复了", 0),
    "ApplicationUpdate": ("更新了", 0),
    "ManualInteractionRequired": ("需要人工处理", 2),
    "Test": ("测试推送", None),
}
"""By `eventType`: the verb (Chinese), and the result."""
_LEVELS: Final = {"ok": 0, "notice": 2, "warning": 2, "error": 1}
"""Results of what is wrong, by `level`."""
_ABOUT: Final = ("series", "movie", "remoteMovie", "artist", "author", "release")
_FILES: Final = ("episodeFile", "movieFile", "trackFile", "bookFile")
_RENAMED: Final = (
    "renamedEpisodeFiles", "renamedMovieFiles", "renamedTrackFiles", "renamedBookFiles",
)  # fmt: skip
_REASONS: Final = {
    "upgrade": "换成了更好的版本", "manual": "手动删除", "missingFromDisk": "磁盘上不见了",
    "manualOverride": "手动替换", "noLinkedEpisodes": "没有对应的剧集",
}  # fmt: skip
MAX_FILES: Final = 5
"""Most files that are listed."""


def _recognise(fields: Fields, headers: Headers) -> bool:
    event = text(fields, "eventType")
    return bool(event and "instanceName" in fields) or (
        event in _EVENTS and any(name in fields for name in _ABOUT)
    )


def _translate(fields: Fields, headers: Headers) -> Translated | None:
    event = text(fields, "eventType")
    if not event:
        return None
    verb, result = _EVENTS.get(event, (event, None))
    if event == "Download" and fields.get("isUpgrade") is True:
        verb = "换成了更好的版本"
    if event == "Health":
        result = _LEVELS.get(text(fields, "level").lower(), 1)
    if event == "ApplicationUpdate" and (version := text(fields, "newVersion")):
        verb = f"更新到 {version}"
    instance, subject = text(fields, "instanceName"), _subject(fields)
    message = text(fields, "message") if event in ("Health", "HealthRestored") else ""
    about = subject or wording.first_line(message)
    title = f"{verb}：{about}" if about else verb
    report_fields: dict[str, object] = {
        "title": f"{instance} {title}" if instance else title,
        "content": _content(event, fields),
        "event": f"arr.{event.lower()}",
        "result": result,
    }
    health = event in ("Health", "HealthRestored")
    return Translated(report_fields, story=f"{instance} {text(fields, 'type')}" if health else "")


def _subject(fields: Fields) -> str:
    """Name what an event is about: a series with its episodes, a film, an album, a book."""
    year = first(fields, "movie.year", "remoteMovie.year")
    movie = first(fields, "movie.title", "remoteMovie.title")
    if series := text(fields, "series.title"):
        return " ".join(filter(None, (series, *map(_episode, records(fields, "episodes")[:10]))))
    if movie:
        return f"{movie}（{year}）" if year not in ("", "0") else movie
    if person := first(fields, "artist.name", "author.name"):
        works = first(fields, "album.title", "albums.*.title", "book.title", "books.*.title")
        return f"{person} - {works}" if works else person
    return first(fields, "release.releaseTitle", "releaseTitle")


def _episode(episode: Fields) -> str:
    season, number = text(episode, "seasonNumber"), text(episode, "episodeNumber")
    code = f"S{season:0>2}E{number:0>2}" if season and number else ""
    return " ".join(filter(None, (code, text(episode, "title"))))


def _content(event: str, fields: Fields) -> str:
    file = next(filter(None, (record(fields, name) for name in _FILES)), record(fields, "none"))
    tracks = records(fields, "trackFiles") or records(fields, "bookFiles")
    file = file or (tracks[0] if tracks else file)
    release = record(fields, "release")
    reason = text(fields, "deleteReason")
    downloaded = event in ("Grab", "ManualInteractionRequired", "DownloadFailure")
    context = {
        **fields,
        "quality": first(file, "quality") or first(fields, "release.quality", "quality"),
        "size": wording.file_size(file.get("size") or release.get("size")),
        "reason": _REASONS.get(reason, reason),
    }
    message = text(fields, "message")
    return lines(
        message if event not in ("Health", "HealthRestored") or "\n" in message else "",
        fill_lines(_LINES, context),
        fill("[{release.releaseTitle}]", fields) if downloaded else "",
        fill("[{file.relativePath}]", {"file": file}),
        _renamed(fields),
        *_problems(fields),
        "文件也删了" if fields.get("deletedFiles") is True else "",
        text(fields, "wikiUrl"),
    )


_LINES: Final = (
    "[质量：{quality}][，{size}]",
    "[来自 {release.indexer}]",
    "[下载器：{downloadClient}]",
    "[原因：{reason}]",
)


def _renamed(fields: Fields) -> str:
    rows = next(filter(None, (records(fields, name) for name in _RENAMED)), records(fields, "none"))
    listed = [fill("[{previousRelativePath} → ]{relativePath}", row) for row in rows[:MAX_FILES]]
    unlisted = len(rows) - len(listed)
    return lines(*listed, f"还有 {unlisted} 个文件" if unlisted > 0 else "")


def _problems(fields: Fields) -> list[str]:
    """List why a download waits for somebody."""
    problems: list[str] = []
    for row in records(fields, "downloadStatusMessages")[:MAX_FILES]:
        problems += wording.texts_of(row, "messages")[:MAX_FILES]
    return list(dict.fromkeys(problems))[:MAX_FILES]


SOURCE: Final = Source("Sonarr", frozenset({"eventType"}), _recognise, _translate)
