"""What looks for films and series, and what plays them."""

import json
from typing import Any, Final

from nonebot_plugin_report.model.report import Result

from .base import Hook

JSON = dict[str, Any]
_SERIES: Final[JSON] = {
    "series": {"id": 1, "title": "葬送的芙莉莲", "year": 2023},
    "episodes": [{"episodeNumber": 28, "seasonNumber": 1, "title": "旅立之时"}],
}  # fmt: skip


def _arr(event: str, instance: str = "Sonarr", **fields: Any) -> JSON:
    return {**fields, "eventType": event, "instanceName": instance, "applicationUrl": ""}


_HEALTH: Final = {
    "level": "warning", "message": "索引器都连不上", "type": "IndexerStatusCheck",
    "wikiUrl": "https://wiki.example/#indexers",
}  # fmt: skip
SONARR: Final = [
    Hook(
        _arr(
            "Grab", **_SERIES, downloadClient="qBittorrent",
            release={
                "quality": "WEBDL-1080p", "size": 1452345678, "indexer": "Mikan",
                "releaseTitle": "Frieren.S01E28.1080p",
            },
        ),
        "Sonarr 开始下载：葬送的芙莉莲 S01E28 旅立之时",
        "质量：WEBDL-1080p，1.35 GB\n来自 Mikan\n下载器：qBittorrent\nFrieren.S01E28.1080p",
        event="arr.grab",
    ),
    Hook(
        _arr(
            "Download", **_SERIES, isUpgrade=False, downloadClient="qBittorrent",
            episodeFile={"relativePath": "S01E28.mkv", "quality": "WEBDL-1080p", "size": 2048},
        ),
        "Sonarr 导入完成：葬送的芙莉莲 S01E28 旅立之时",
        "质量：WEBDL-1080p，2 KB\n下载器：qBittorrent\nS01E28.mkv",
        Result.SUCCESS,
        "arr.download",
    ),
    Hook(
        _arr(
            "Download", "Radarr", movie={"title": "你的名字。", "year": 2016}, isUpgrade=True,
            movieFile={"relativePath": "a.mkv", "quality": "Bluray-1080p"},
        ),
        "Radarr 换成了更好的版本：你的名字。（2016）",
        "质量：Bluray-1080p\na.mkv",
        Result.SUCCESS,
    ),
    Hook(
        _arr(
            "Rename", **_SERIES,
            renamedEpisodeFiles=[
                {"previousRelativePath": f"{n}.mkv", "relativePath": f"S01E0{n}.mkv"}
                for n in range(7)
            ],
        ),
        "Sonarr 重命名了文件：葬送的芙莉莲 S01E28 旅立之时",
        "\n".join(f"{n}.mkv → S01E0{n}.mkv" for n in range(5)) + "\n还有 2 个文件",
    ),
    Hook(
        _arr("EpisodeFileDelete", **_SERIES, deleteReason="upgrade"),
        "Sonarr 删除了文件：葬送的芙莉莲 S01E28 旅立之时",
        "原因：换成了更好的版本",
    ),
    Hook(
        _arr("SeriesDelete", series=_SERIES["series"], deletedFiles=True),
        "Sonarr 删除了：葬送的芙莉莲",
        "文件也删了",
    ),
    Hook(
        _arr("AlbumDelete", "Lidarr", artist={"name": "evan call"}, album={"title": "芙莉莲"}),
        "Lidarr 删除了：evan call - 芙莉莲",
    ),
    Hook(
        _arr("Grab", "Readarr", author={"name": "刘慈欣"}, books=[{"title": t} for t in "甲乙"]),
        "Readarr 开始下载：刘慈欣 - 甲、乙",
    ),
    Hook(
        _arr("DownloadFailure", "Lidarr", releaseTitle="A.B.FLAC", quality="FLAC"),
        "Lidarr 下载失败：A.B.FLAC",
        "质量：FLAC",
        Result.FAIL,
    ),
    Hook(
        _arr("Health", "Prowlarr", **_HEALTH),
        "Prowlarr 出了问题：索引器都连不上",
        "https://wiki.example/#indexers",
        Result.PARTIAL,
        "arr.health",
    ),
    Hook(
        _arr("Health", "Prowlarr", **{**_HEALTH, "level": "error"}),
        "Prowlarr 出了问题：索引器都连不上",
        "https://wiki.example/#indexers",
        Result.FAIL,
    ),
    Hook(
        _arr("HealthRestored", "Prowlarr", **_HEALTH),
        "Prowlarr 恢复了：索引器都连不上",
        "https://wiki.example/#indexers",
        Result.SUCCESS,
    ),
    Hook(
        _arr("ApplicationUpdate", message="Sonarr updated to 4.1", newVersion="4.1"),
        "Sonarr 更新到 4.1",
        "Sonarr updated to 4.1",
        Result.SUCCESS,
    ),
    Hook(
        _arr(
            "ManualInteractionRequired", **_SERIES,
            downloadStatusMessages=[{"title": "a.mkv", "messages": ["Not an upgrade"] * 2}],
        ),
        "Sonarr 需要人工处理：葬送的芙莉莲 S01E28 旅立之时",
        "Not an upgrade",
        Result.PARTIAL,
    ),
    Hook(_arr("Test", **_SERIES), "Sonarr 测试推送：葬送的芙莉莲 S01E28 旅立之时"),
    Hook(_arr("Test", "Prowlarr"), "Prowlarr 测试推送"),
    Hook(_arr("NewThing", **_SERIES), "Sonarr NewThing：葬送的芙莉莲 S01E28 旅立之时"),
]  # fmt: skip


def _seerr(kind: str, **fields: Any) -> JSON:
    return {
        "notification_type": kind, "event": "An English event", "subject": "你的名字。 (2016)",
        "message": "", "media": {"media_type": "movie", "status": "PENDING"}, "request": None,
        "issue": None, "comment": None, "extra": [], **fields,
    }  # fmt: skip


SEERR: Final = [
    Hook(
        _seerr(
            "MEDIA_PENDING", message="彗星访问之夜", request={"requestedBy_username": "小明"},
            extra=[{"name": "画质", "value": "4K"}],
        ),
        "新的求片，等待批准：你的名字。 (2016)",
        "彗星访问之夜\n类型：电影\n求片的人：小明\n画质：4K",
        event="seerr.media_pending",
    ),
    Hook(
        _seerr("MEDIA_AVAILABLE"), "可以看了：你的名字。 (2016)", "类型：电影", Result.SUCCESS
    ),
    Hook(
        _seerr("MEDIA_FAILED"), "求片处理失败：你的名字。 (2016)", "类型：电影", Result.FAIL
    ),
    Hook(
        _seerr(
            "ISSUE_COMMENT", issue={"issue_type": "SUBTITLES", "reportedBy_username": "小红"},
            comment={"comment_message": "字幕换好了", "commentedBy_username": "小明"},
        ),
        "问题有新评论：你的名字。 (2016)",
        "类型：电影\n报告的人：小红\n问题：字幕\n小明：字幕换好了",
    ),
    Hook(
        _seerr("TEST_NOTIFICATION", subject="Test", message="能看到吗？", media=None),
        "测试推送：Test",
        "能看到吗？",
    ),
]  # fmt: skip


def _jellyfin(kind: str, **fields: Any) -> JSON:
    return {"ServerName": "客厅", "NotificationType": kind, **fields}


_EPISODE: Final[JSON] = {
    "SeriesName": "葬送的芙莉莲", "SeasonNumber": 1, "EpisodeNumber": 28, "Name": "旅立之时",
    "ItemType": "Episode", "Overview": "她又上路了",
}  # fmt: skip
JELLYFIN: Final = [
    Hook(
        _jellyfin(
            "PlaybackStart", **_EPISODE, NotificationUsername="小明", DeviceName="手机",
            ClientName="Jellyfin Android", PlaybackPosition="00:00:00", RunTime="00:24:00",
        ),
        "客厅：小明 开始播放：葬送的芙莉莲 S01E28 旅立之时",
        "设备：手机（Jellyfin Android）\n进度：00:00:00 / 00:24:00",
        event="jellyfin.PlaybackStart",
    ),
    Hook(
        _jellyfin("ItemAdded", **_EPISODE),
        "客厅：新增：葬送的芙莉莲 S01E28 旅立之时",
        "她又上路了",
    ),
    Hook(
        _jellyfin("ItemAdded", Name="你的名字。", ItemType="Movie", Year=2016),
        "客厅：新增：你的名字。（2016）",
    ),
    Hook(
        _jellyfin("AuthenticationFailure", Username="admin", RemoteEndPoint="192.0.2.3"),
        "客厅：admin 登录失败",
        "地址：192.0.2.3",
        Result.PARTIAL,
    ),
    Hook(
        _jellyfin(
            "TaskCompleted", TaskName="扫描媒体库", ResultStatus="Failed",
            ResultErrorMessage="磁盘不见了",
        ),
        "客厅：任务失败：扫描媒体库",
        "磁盘不见了",
        Result.FAIL,
    ),
    Hook(
        _jellyfin("TaskCompleted", TaskName="扫描媒体库", ResultStatus="Completed"),
        "客厅：任务完成：扫描媒体库",
        result=Result.SUCCESS,
    ),
    Hook(
        {
            "Name": "Failed login attempt from 192.0.2.3", "Description": "连错三次",
            "Date": "11/24/2026 12:00:21", "Level": "Warning", "Url": "", "Username": "",
        },
        "Failed login attempt from 192.0.2.3",
        "连错三次",
        Result.PARTIAL,
        "jellyfin.notice",
    ),
]  # fmt: skip
_EMBY: Final[JSON] = {
    "Title": "ming is playing 旅立之时 on NAS", "Event": "playback.start", "Severity": "Info",
    "User": {"Name": "ming"}, "Server": {"Name": "NAS"},
    "Item": {
        "Name": "旅立之时", "SeriesName": "葬送的芙莉莲", "ParentIndexNumber": 1,
        "IndexNumber": 28, "Type": "Episode",
    },
    "Session": {"DeviceName": "手机", "Client": "Emby Android"},
}  # fmt: skip
EMBY: Final = [
    Hook(
        _EMBY,
        "NAS：ming 开始播放：葬送的芙莉莲 S01E28 旅立之时",
        "设备：手机（Emby Android）",
        event="emby.playback.start",
    ),
    Hook(
        {"data": json.dumps(_EMBY, ensure_ascii=False)},
        "NAS：ming 开始播放：葬送的芙莉莲 S01E28 旅立之时",
        "设备：手机（Emby Android）",
    ),
    Hook(
        {
            "Title": "媒体库扫描失败", "Description": "磁盘不见了", "Severity": "Error",
            "Event": "scheduledtasks.failed", "Server": {"Name": "NAS"},
        },
        "NAS：媒体库扫描失败",
        "磁盘不见了",
        Result.FAIL,
    ),
]  # fmt: skip
_PLEX: Final[JSON] = {
    "event": "media.play", "user": True, "owner": True, "Account": {"title": "ming"},
    "Server": {"title": "NAS"}, "Player": {"title": "电视"},
    "Metadata": {
        "type": "episode", "title": "旅立之时", "grandparentTitle": "葬送的芙莉莲",
        "parentIndex": 1, "index": 28, "librarySectionTitle": "动画",
    },
}  # fmt: skip
PLEX: Final = [
    Hook(
        _PLEX,
        "NAS：ming 开始播放：葬送的芙莉莲 S01E28 旅立之时",
        "设备：电视\n库：动画",
        event="plex.media.play",
    ),
    Hook(
        {
            **_PLEX, "event": "library.new", "Account": {}, "Player": {},
            "Metadata": {
                "type": "movie", "title": "你的名字。", "year": 2016, "summary": "彗星访问之夜",
            },
        },
        "NAS：新增：你的名字。（2016）",
        "彗星访问之夜",
    ),
    Hook(
        {"event": "admin.database.corrupted", "Server": {"title": "NAS"}},
        "NAS：数据库损坏了",
        result=Result.FAIL,
    ),
]  # fmt: skip
