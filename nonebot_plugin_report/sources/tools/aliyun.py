"""Aliyun's CloudMonitor: a form, or the same as JSON. Pure.

https://help.aliyun.com/zh/cms/cloudmonitor-1-0/user-guide/use-the-webhook-callback-feature
"""

from typing import Final

from .. import wording
from ..base import Fields, Headers, Source, Translated, text
from ..wording import fill_lines, first

_STATES: Final = {
    "ALERT": ("触发", "alert.firing"), "OK": ("恢复", "alert.resolved"),
    "INSUFFICIENT_DATA": ("没有数据", "alert.firing"),
}  # fmt: skip
_LEVELS: Final[dict[str, int | str]] = {"CRITICAL": 1, "WARN": 2, "INFO": "通知"}
_LINES: Final = (
    "[{metricName} 现在 {curValue}][，条件 {expression}]",
    "[实例：{dimensions}]",
    "[级别：{triggerLevel}]",
    "[持续 {lasted}]",
)


def _recognise(fields: Fields, headers: Headers) -> bool:
    return text(fields, "alertState") in _STATES and "alertName" in fields


def _translate(fields: Fields, headers: Headers) -> Translated | None:
    name, instance = text(fields, "alertName"), text(fields, "instanceName")
    if not name:
        return None
    verb, event = _STATES.get(text(fields, "alertState"), ("触发", "alert.firing"))
    seconds = text(fields, "lastTime")
    lasted = f"{seconds} 秒" if seconds.isdecimal() else seconds
    result = _LEVELS.get(text(fields, "triggerLevel"), 1)
    context = {**fields, "dimensions": _dimensions(fields), "lasted": lasted}
    report_fields: dict[str, object] = {
        "title": f"{verb}：{name}{f'（{instance}）' if instance else ''}",
        "content": fill_lines(_LINES, context),
        "event": event,
        "result": 0 if event == "alert.resolved" else result,
        "timestamp": wording.epoch(fields.get("timestamp")),
    }
    story = f"{first(fields, 'ruleId', 'alertName')} {text(fields, 'dimensions')}"
    return Translated(report_fields, story=story)


def _dimensions(fields: Fields) -> str:
    """Write what is measured, which is written as Java writes a map; the account is left out."""
    written = text(fields, "dimensions").strip("{}[]")
    parts = (part.strip() for part in written.split(","))
    return "，".join(part for part in parts if part and not part.startswith("userId="))


SOURCE: Final = Source("阿里云监控", frozenset({"alertState"}), _recognise, _translate)
