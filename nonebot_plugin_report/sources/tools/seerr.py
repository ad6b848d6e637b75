"""Seerr, Overseerr and Jellyseerr, as their default template has it. Pure.

https://docs.overseerr.dev/using-overseerr/notifications/webhooks
https://github.com/seerr-team/seerr (server/lib/notifications/agents/webhook.ts)
"""

from collections.abc import Mapping
from typing import Final

from .. import wording
from ..base import Fields, Headers, Source, Translated, lines, records, text
from ..wording import fill_lines, first

_TYPES: Final[Mapping[str, tuple[str, int | None]]] = {
    "MEDIA_PENDING": ("新的求片，等待批准", None),
    "MEDIA_APPROVED": ("求片批准了", None),
    "MEDIA_AUTO_APPROVED": ("求片自动批准了", None),
    "MEDIA_AUTO_REQUESTED": ("自动求片", None),
    "MEDIA_AVAILABLE": ("可以看了", 0),
    "MEDIA_FAILED": ("求片处理失败", 1),
    "MEDIA_DECLINED": ("求片被拒绝", None),
    "ISSUE_CREATED": ("有人报告问题", 2),
    "ISSUE_COMMENT": ("问题有新评论", None),
    "ISSUE_RESOLVED": ("问题解决了", 0),
    "ISSUE_REOPENED": ("问题重新打开了", 2),
    "TEST_NOTIFICATION": ("测试推送", None),
}
"""By `notification_type`: what happened (Chinese), and the result."""
_WORDS: Final = {
    "movie": "电影", "tv": "剧集", "VIDEO": "画面", "AUDIO": "声音", "SUBTITLES": "字幕",
    "OTHER": "其他",
}  # fmt: skip
_LINES: Final = (
    "[类型：{kind}]",
    "[求片的人：{request.requestedBy_username}]",
    "[报告的人：{issue.reportedBy_username}]",
    "[问题：{problem}]",
    "[{comment.commentedBy_username}：{comment.comment_message}]",
)


def _recognise(fields: Fields, headers: Headers) -> bool:
    return bool(text(fields, "notification_type")) and "subject" in fields


def _translate(fields: Fields, headers: Headers) -> Translated | None:
    kind = text(fields, "notification_type")
    if not kind:
        return None
    happened, result = _TYPES.get(kind, (text(fields, "event") or kind, None))
    subject = text(fields, "subject")
    media, problem = text(fields, "media.media_type"), text(fields, "issue.issue_type")
    context = {
        **fields,
        "kind": _WORDS.get(media, media),
        "problem": _WORDS.get(problem, problem),
    }
    extra = (f"{text(row, 'name')}：{text(row, 'value')}" for row in records(fields, "extra"))
    report_fields: dict[str, object] = {
        "title": f"{happened}：{subject}" if subject else happened,
        "content": lines(
            wording.cut(text(fields, "message")),
            fill_lines(_LINES, context),
            *(row for row in extra if row != "："),
        ),
        "event": f"seerr.{kind.lower()}",
        "result": result,
    }
    issue = first(fields, "issue.issue_id")
    return Translated(
        report_fields,
        story=f"issue {issue}" if issue else "",
        rewritten=frozenset({"message"}),
    )


SOURCE: Final = Source("Seerr", frozenset({"notification_type"}), _recognise, _translate)
