"""Atlassian Statuspage, as GitHub, Cloudflare and many others have it. Pure.

https://support.atlassian.com/statuspage/docs/enable-webhook-notifications/
"""

from collections.abc import Mapping
from typing import Final

from .. import wording
from ..base import Fields, Headers, Source, Translated, lines, record, records, text
from ..wording import fill, first

_INCIDENTS: Final = {
    "investigating": "正在调查", "identified": "找到原因", "monitoring": "正在观察",
    "resolved": "恢复", "postmortem": "事后总结", "scheduled": "计划维护",
    "in_progress": "正在维护", "verifying": "正在验证", "completed": "维护完成",
}  # fmt: skip
_COMPONENTS: Final[Mapping[str, tuple[str, int | str]]] = {
    "operational": ("恢复", 0), "degraded_performance": ("变慢", 2),
    "partial_outage": ("部分不可用", 2), "major_outage": ("不可用", 1),
    "under_maintenance": ("维护中", "维护"),
}  # fmt: skip
_IMPACTS: Final = {"minor": 2, "major": 1, "critical": 1}
_ENDED: Final = frozenset({"resolved", "completed"})


def _recognise(fields: Fields, headers: Headers) -> bool:
    about = ("incident", "component_update")
    return bool(record(fields, "page")) and any(record(fields, name) for name in about)


def _translate(fields: Fields, headers: Headers) -> Translated | None:
    if incident := record(fields, "incident"):
        return _incident(fields, incident)
    if not record(fields, "component_update"):
        return None
    state = first(fields, "component_update.new_status", "component.status")
    verb, result = _COMPONENTS.get(state, (state, state))
    name = text(fields, "component.name")
    report_fields: dict[str, object] = {
        "title": f"{verb}：{name}",
        "content": text(fields, "page.status_description"),
        "event": "status.component",
        "result": result,
    }
    return Translated(report_fields, story=first(fields, "component.id") or name)


def _incident(fields: Fields, incident: Fields) -> Translated:
    state = text(incident, "status")
    updates = records(incident, "incident_updates")
    newest = text(updates[0], "body") if updates else ""
    impact = _IMPACTS.get(text(incident, "impact"))
    report_fields: dict[str, object] = {
        "title": f"{_INCIDENTS.get(state, state)}：{text(incident, 'name')}",
        "content": lines(
            wording.cut(newest),
            fill("[影响：{components.*.name}]", incident),
            first(incident, "shortlink"),
        ),
        "event": f"status.incident.{state}",
        "result": 0 if state in _ENDED else impact,
    }
    return Translated(report_fields, story=text(incident, "id"))


SOURCE: Final = Source("Statuspage", frozenset({"page"}), _recognise, _translate)
