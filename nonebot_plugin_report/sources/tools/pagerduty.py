"""PagerDuty: events as tools send them, and webhooks as it sends them itself. Pure.

https://developer.pagerduty.com/docs/send-alert-event (events v2: {routing_key, event_action,
payload}), https://developer.pagerduty.com/docs/webhooks-overview (v3: {event: {event_type, data}}).
"""

from typing import Final

from ...model.report import Result
from ..base import Fields, Headers, Source, Translated, leaves, record, text
from ..chat import Message

_ACTIONS: Final = {"trigger": "触发", "acknowledge": "已确认", "resolve": "恢复"}
_EVENTS: Final = {
    "triggered": "触发", "acknowledged": "已确认", "unacknowledged": "确认已失效",
    "resolved": "恢复", "reopened": "重新打开", "escalated": "已升级", "delegated": "已转交",
    "reassigned": "已改派", "annotated": "有新备注", "priority_updated": "优先级变了",
    "status_update_published": "有新进展", "responder.added": "有人加入处理",
    "responder.replied": "处理人有回复", "service_updated": "服务变了",
}  # fmt: skip
"""Incident events by the end of `event_type`: as the title says them (Chinese)."""


_STATES: Final = {
    **dict.fromkeys(("triggered", "reopened", "escalated"), Result.FAIL),
    "resolved": Result.SUCCESS,
}


def _is_event(fields: Fields) -> bool:
    return text(fields, "event_action") in _ACTIONS and bool(
        record(fields, "payload") or text(fields, "dedup_key")
    )


def _recognise(fields: Fields, headers: Headers) -> bool:
    if _is_event(fields):
        return True
    kind = text(fields, "event.event_type")
    return kind.partition(".")[0] in ("incident", "service", "pagey") and "." in kind


def _translate(fields: Fields, headers: Headers) -> Translated | None:
    if _is_event(fields):
        return _read_event(fields)
    return _read_webhook(fields) if _recognise(fields, headers) else None


def _read_event(fields: Fields) -> Translated | None:
    message, payload = Message(), record(fields, "payload")
    action = text(fields, "event_action")
    message.head(f"{_ACTIONS[action]}：{text(payload, 'summary') or text(fields, 'dedup_key')}")
    message.add_detail("来源", text(payload, "source"))
    message.add_detail("级别", text(payload, "severity"))
    for label, name in (("组件", "component"), ("分组", "group"), ("类别", "class")):
        message.add_detail(label, text(payload, name))
    for name, value in leaves(record(payload, "custom_details")):
        message.add_detail(name, value)
    for link in message.records(fields, "links"):
        message.add_link(text(link, "text"), text(link, "href"))
    message.put(text(fields, "client_url"))
    message.at = text(payload, "timestamp")
    if action != "trigger":  # its severity is that of what began
        message.states[:] = [Result.SUCCESS] if action == "resolve" else []
    return message.translate()


def _read_webhook(fields: Fields) -> Translated | None:
    event = record(fields, "event")
    message, data = Message(), record(event, "data")
    kind = text(event, "event_type").partition(".")[2]
    incident = record(data, "incident") or data
    about = text(incident, "title") or text(incident, "summary") or text(data, "message")
    message.head(f"{_EVENTS.get(kind, kind)}：{about}" if about else _EVENTS.get(kind, kind))
    message.add_detail("服务", text(incident, "service.summary"))
    message.add_detail("紧急程度", text(incident, "urgency"))
    message.add_detail("优先级", text(incident, "priority.summary"))
    assignees = (text(one, "summary") for one in message.records(incident, "assignees"))
    message.add_detail("负责人", "、".join(filter(None, assignees)))
    message.add(text(data, "message"), text(data, "content"))
    message.put(text(incident, "html_url"))
    message.at = text(event, "occurred_at")
    if kind in _STATES:
        message.states.insert(0, _STATES[kind])
    return message.translate("event")


SOURCE: Final = Source("PagerDuty", frozenset({"event_action", "event"}), _recognise, _translate)
