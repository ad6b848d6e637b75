"""OpsGenie and Jira Service Management: webhooks, and alerts as tools create them. Pure.

https://support.atlassian.com/opsgenie/docs/opsgenie-edge-connector-alert-action-data/ ({action,
alert}), https://docs.opsgenie.com/docs/alert-api ({message, alias, priority, responders, …}).
"""

from typing import Final

from ...model.report import Result
from ..base import Fields, Headers, Source, Translated, leaves, record, text
from ..chat import Message

_ACTIONS: Final = {
    "Create": "触发", "Close": "恢复", "Acknowledge": "已确认", "UnAcknowledge": "取消确认",
    "AddNote": "有新备注", "Escalate": "已升级", "AssignOwnership": "已指派", "Delete": "已删除",
    "Snooze": "已推迟", "SnoozeEnded": "推迟结束", "UpdatePriority": "优先级变了",
    "UpdateMessage": "标题变了", "UpdateDescription": "说明变了", "AddTags": "加了标签",
    "RemoveTags": "去掉了标签", "AddRecipient": "加了接收人", "TakeOwnership": "有人接手",
}  # fmt: skip
_BY_ACTION: Final = {"Close": Result.SUCCESS, "Delete": None}
_BY_PRIORITY: Final = {
    "P1": Result.FAIL,
    "P2": Result.FAIL,
    "P3": Result.FAIL,
    "P4": Result.PARTIAL,
}
"""P3 is what an alert without a priority has; P5 is informational."""
_OF_ALERT: Final = frozenset({"alias", "responders", "visibleTo", "entity", "priority", "details"})


def _recognise(fields: Fields, headers: Headers) -> bool:
    if text(fields, "alert.message") and text(fields, "action"):
        return True
    priority = text(fields, "priority")
    created = isinstance(fields.get("message"), str) and priority in (*_BY_PRIORITY, "P5")
    return created and len(_OF_ALERT.intersection(fields)) > 1


def _translate(fields: Fields, headers: Headers) -> Translated | None:
    if not _recognise(fields, headers):
        return None
    message, action = Message(), text(fields, "action")
    alert = record(fields, "alert") or fields
    verb = _ACTIONS.get(action, action) if alert is not fields else "触发"
    message.head(f"{verb}：{text(alert, 'message')}")
    message.add(text(alert, "description"), text(alert, "note"))
    for label, name in (
        ("对象", "entity"), ("来源", "source"), ("优先级", "priority"), ("负责人", "owner"),
    ):  # fmt: skip
        message.add_detail(label, text(alert, name))
    tags = (tag for tag in message.entries(alert.get("tags")) if isinstance(tag, str))
    message.add_detail("标签", "、".join(tags))
    for name, value in leaves(record(alert, "details")):
        message.add_detail(name, value)
    message.at = text(alert, "createdAt") if action in ("", "Create") else ""
    message.colour(_result(action, text(alert, "priority")))
    return message.translate(*(["message"] if alert is fields else []))


def _result(action: str, priority: str) -> Result | None:
    if action in _BY_ACTION:
        return _BY_ACTION[action]
    if action not in ("", "Create", "Escalate", "SnoozeEnded"):
        return None
    return _BY_PRIORITY.get(priority) if priority else Result.FAIL


SOURCE: Final = Source("OpsGenie", frozenset({"alert", "priority"}), _recognise, _translate)
