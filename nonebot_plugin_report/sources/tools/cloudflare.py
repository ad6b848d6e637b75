"""Cloudflare's notifications. Pure.

https://developers.cloudflare.com/notifications/reference/webhook-payload-schema/
"""

from typing import Final

from .. import wording
from ..base import Fields, Headers, Source, Translated, lines, text
from ..wording import first

_EVENTS: Final = {"ALERT_STATE_EVENT_START": 1, "ALERT_STATE_EVENT_END": 0}
_STATES: Final = (
    ("unhealthy", 1), ("down", 1), ("fail", 1), ("degraded", 2), ("healthy", 0), ("recovered", 0),
)  # fmt: skip
"""Words of the new state, and the result; the first that it ends with or has."""
_SEVERITIES: Final = {"CRITICAL": 1, "WARN": 2, "WARNING": 2}


def _recognise(fields: Fields, headers: Headers) -> bool:
    named = "alert_type" in fields and "account_id" in fields
    return named or bool(headers.get("cf-webhook-auth") and text(fields, "text"))


def _translate(fields: Fields, headers: Headers) -> Translated | None:
    words, name = text(fields, "text"), text(fields, "name")
    if not (words or name):
        return None
    state = first(fields, "data.new_status", "data.new_health", "data.status").lower()
    result = next((number for word, number in _STATES if word in state), None)
    result = _EVENTS.get(text(fields, "alert_event"), result)
    severity = _SEVERITIES.get(first(fields, "severity", "data.severity").upper())
    kind = text(fields, "alert_type")
    report_fields: dict[str, object] = {
        "title": name or "Cloudflare",
        "content": lines(words, first(fields, "data.url", "data.link")),
        "event": f"cloudflare.{kind}" if kind else "cloudflare",
        "result": severity if result is None else result,
        "timestamp": wording.epoch(fields.get("ts")),
    }
    return Translated(report_fields, story=text(fields, "alert_correlation_id"))


SOURCE: Final = Source(
    "Cloudflare", frozenset({"alert_type", "account_id", "text"}), _recognise, _translate
)
