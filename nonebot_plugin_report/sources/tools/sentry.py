"""Sentry's integration platform, and its older plugin WebHooks. Pure.

https://docs.sentry.io/organization/integrations/integration-platform/webhooks/
https://github.com/getsentry/sentry (src/sentry/plugins/sentry_webhooks/plugin.py)
"""

from collections.abc import Mapping
from typing import Final

from .. import wording
from ..base import Fields, Headers, Source, Translated, lines, record, text
from ..wording import fill_lines, first

RESOURCE: Final = "sentry-hook-resource"
_ACTIONS: Final[Mapping[str, tuple[str, int | None]]] = {
    "triggered": ("触发", 1), "created": ("新问题", 1), "resolved": ("解决了", 0),
    "unresolved": ("又出现", 1), "assigned": ("指派了", None), "ignored": ("忽略了", None),
    "archived": ("归档了", None), "critical": ("触发", 1), "warning": ("触发", 2),
    "open": ("触发", 1),
}  # fmt: skip
"""By the action: the verb (Chinese) and the result."""
_LEVELS: Final = {"warning": 2, "info": None, "debug": None}
"""Results of an error by its level; any other is a failure."""
_ABOUT: Final = (
    "data.event", "data.error", "data.issue", "data.issue_alert", "data.metric_alert", "event",
)  # fmt: skip
_LINES: Final = (
    "[项目：{project}]",
    "[规则：{rule}]",
    "[位置：{culprit}]",
    "[环境：{environment}]",
    "[指派给 {assignee}]",
)


def _recognise(fields: Fields, headers: Headers) -> bool:
    if headers.get(RESOURCE):
        return bool(record(fields, "data"))
    return "triggering_rules" in fields and "project_slug" in fields


def _translate(fields: Fields, headers: Headers) -> Translated | None:
    about = next(filter(None, (record(fields, path) for path in _ABOUT)), record(fields, "none"))
    if not about and not text(fields, "message"):
        return None
    action, resource = text(fields, "action") or "triggered", headers.get(RESOURCE, "issue")
    verb, result = _ACTIONS.get(action, (action, None))
    level = first(about, "level") or text(fields, "level")
    title = first(fields, "data.description_title") or first(
        about, "title", "metadata.title", "alert_rule.name"
    )
    title = title or wording.first_line(text(fields, "message")) or resource
    message = first(about, "message", "metadata.value") or text(fields, "message")
    context = {
        "project": first(fields, "project_name", "data.issue.project.name")
        or first(about, "project_name", "project_slug"),
        "rule": first(fields, "data.triggered_rule", "data.metric_alert.alert_rule.name")
        or "、".join(wording.texts_of(fields, "triggering_rules")),
        "culprit": first(about, "culprit") or text(fields, "culprit"),
        "environment": first(about, "environment"),
        "assignee": first(fields, "data.issue.assignedTo.name") if action == "assigned" else "",
    }
    report_fields: dict[str, object] = {
        "title": f"{verb}：{title}",
        "content": lines(
            text(fields, "data.description_text"),
            wording.cut(message) if message not in title else "",
            fill_lines(_LINES, context),
            first(fields, "data.web_url", "data.event.web_url", "url")
            or first(about, "web_url", "permalink"),
        ),
        "event": f"sentry.{resource}.{action}",
        "result": _LEVELS.get(level, result) if result == 1 else result,
    }
    story = first(fields, "data.event.issue_id", "data.metric_alert.id", "id") or text(about, "id")
    return Translated(report_fields, story=story, rewritten=frozenset({"id", "message"}))


SOURCE: Final = Source("Sentry", frozenset({"data", "triggering_rules"}), _recognise, _translate)
