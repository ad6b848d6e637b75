"""Zabbix' media type Webhook: its own parameters, or those that its ready-made ones have. Pure.

https://www.zabbix.com/documentation/current/en/manual/config/notifications/media/webhook, and the
templates of media in https://github.com/zabbix/zabbix (templates/media).
"""

import re
from typing import Final

from ..base import Fields, Headers, Source, Translated, lines, text
from ..wording import fill, first

_SUBJECT: Final = re.compile(
    r"(Problem|Resolved|Updated problem)(?: in ([^:]{1,40}))?: ?(.+)", re.DOTALL
)
"""How the default subjects begin."""
_VERBS: Final = {"Problem": "触发", "Resolved": "恢复", "Updated problem": "更新"}
_FIELD: Final = re.compile(r"^(Severity|Original problem ID): *(.{1,64})$", re.MULTILINE)
_MILD: Final[dict[str, int | str]] = {
    "not classified": "通知", "information": "通知", "warning": 2, "average": 2,
    "0": "通知", "1": "通知", "2": 2, "3": 2,
}  # fmt: skip
"""Results by severity, or its number; any other is a failure."""


def _recognise(fields: Fields, headers: Headers) -> bool:
    beside = ("To", "HTTPProxy", "event_id", "event_value", "URL")
    subject, message = _words(fields)
    return bool(subject or message) and any(name in fields for name in beside)


def _words(fields: Fields) -> tuple[str, str]:
    return first(fields, "alert_subject", "Subject"), first(fields, "alert_message", "Message")


def _translate(fields: Fields, headers: Headers) -> Translated | None:
    subject, message = _words(fields)
    if not (subject or message):
        return None
    named = dict(_FIELD.findall(message.replace("\r", "")))
    match = _SUBJECT.fullmatch(subject)
    kind = _kind(fields, match[1] if match else "")
    severity = first(fields, "event_severity", "event_nseverity") or named.get("Severity", "")
    result = _MILD.get(severity.strip().lower(), 1)
    report_fields: dict[str, object] = {
        "title": f"{_VERBS[kind]}：{match[3]}" if match and kind else subject,
        "content": lines(
            f"持续 {match[2]}" if match and match[2] else "",
            message.replace("\r", ""),
            fill("[主机：{host_name}]", fields) if text(fields, "host_name") not in message else "",
        ),
        "event": "alert.resolved" if kind == "Resolved" else "alert.firing",
        "result": 0 if kind == "Resolved" else result if kind else None,
    }
    story = first(fields, "event_id") or named.get("Original problem ID", "")
    return Translated(report_fields, story=story)


def _kind(fields: Fields, begins: str) -> str:
    """Find whether it is a problem, its end, or news of it; empty: nothing says so."""
    if text(fields, "event_update_status") == "1":
        return "Updated problem"
    by_value = {"1": "Problem", "0": "Resolved"}
    return by_value.get(text(fields, "event_value"), "") or begins


SOURCE: Final = Source(
    "Zabbix", frozenset({"Subject", "Message", "alert_subject", "alert_message"}), _recognise,
    _translate,
)  # fmt: skip
