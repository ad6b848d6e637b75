"""Jira's webhooks. Pure.

https://developer.atlassian.com/server/jira/platform/webhooks/
"""

from collections.abc import Mapping
from typing import Final

from .. import wording
from ..base import Fields, Headers, Source, Translated, lines, records, text
from ..wording import fill, fill_lines, first

_EVENTS: Final[Mapping[str, str]] = {
    "jira:issue_created": "[{who} ]新建了{it}", "jira:issue_updated": "[{who} ]更新了{it}",
    "jira:issue_deleted": "[{who} ]删除了{it}", "comment_created": "[{who} ]评论了{it}",
    "comment_updated": "[{who} ]修改了对{it}的评论",
    "comment_deleted": "[{who} ]删除了对{it}的评论",
    "issuelink_created": "链接了两个问题", "issuelink_deleted": "去掉了两个问题的链接",
    "worklog_created": "[{who} ]记了工时", "worklog_updated": "[{who} ]修改了工时",
    "jira:version_released": "发布了版本 {version.name}",
    "jira:version_created": "新建了版本 {version.name}",
    "sprint_started": "冲刺开始：{sprint.name}",
    "sprint_closed": "冲刺结束：{sprint.name}", "sprint_created": "新建了冲刺 {sprint.name}",
    "project_created": "新建了项目 {project.name}",
    "user_created": "新建了用户 {user.displayName}",
}  # fmt: skip
"""By `webhookEvent`: the template of the title; `{it}` is the issue."""
_CREATED: Final = (
    "[类型：{issue.fields.issuetype.name}]",
    "[优先级：{issue.fields.priority.name}]",
    "[指派给 {issue.fields.assignee.displayName}]",
)
MAX_CHANGES: Final = 5
"""Most changed fields that are listed."""


def _recognise(fields: Fields, headers: Headers) -> bool:
    return bool(text(fields, "webhookEvent"))


def _translate(fields: Fields, headers: Headers) -> Translated | None:
    event = text(fields, "webhookEvent")
    if not event:
        return None
    key = text(fields, "issue.key")
    context = {
        **fields,
        "it": " ".join(filter(None, (key, text(fields, "issue.fields.summary")))),
        "who": first(
            fields, "user.displayName", "comment.author.displayName", "worklog.author.displayName"
        ),
    }
    title = fill(_EVENTS.get(event, "[{who} ]{webhookEvent}[ {it}]"), context)
    created = event == "jira:issue_created"
    report_fields: dict[str, object] = {
        "title": title,
        "content": lines(
            wording.cut(text(fields, "comment.body")),
            fill_lines(_CREATED, fields) if created else "",
            wording.cut(text(fields, "issue.fields.description")) if created else "",
            *_changes(fields),
            _link(fields, key),
        ),
        "event": event if event.startswith("jira") else f"jira:{event}",
    }
    return Translated(report_fields)


def _changes(fields: Fields) -> list[str]:
    rows = records(fields, "changelog.items")[:MAX_CHANGES]
    return [
        f"{text(row, 'field')}：{wording.cut(first(row, 'fromString') or '空')}"
        f" → {wording.cut(first(row, 'toString') or '空')}"
        for row in rows
    ]


def _link(fields: Fields, key: str) -> str:
    site, found, _ = text(fields, "issue.self").partition("/rest/")
    return f"{site}/browse/{key}" if found and key else ""


SOURCE: Final = Source("Jira", frozenset({"webhookEvent"}), _recognise, _translate)
