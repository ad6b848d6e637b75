"""UptimeRobot's webhooks: what its default has, in JSON, a form or the query. Pure.

https://help.uptimerobot.com/en/articles/11361398-webhook-integration
"""

from typing import Final

from .. import wording
from ..base import Fields, Headers, Source, Translated, text
from ..wording import fill_lines

_TYPES: Final = {
    "1": ("down", "掉线", 1), "2": ("up", "恢复", 0), "3": ("certificate", "证书快到期", 2),
    "down": ("down", "掉线", 1), "up": ("up", "恢复", 0),
}  # fmt: skip
"""By `alertType` or its name: the event, the verb (Chinese) and the result."""
_LINES: Final = (
    "[{alertDetails}]",
    "[{monitorURL}]",
    "[证书到期：{sslExpiryDate}][，还有 {sslExpiryDaysLeft} 天]",
)


def _recognise(fields: Fields, headers: Headers) -> bool:
    return "monitorFriendlyName" in fields and ("alertType" in fields or "alertDetails" in fields)


def _translate(fields: Fields, headers: Headers) -> Translated | None:
    name = text(fields, "monitorFriendlyName")
    kind = text(fields, "alertType").lower()
    word = text(fields, "alertTypeFriendlyName")
    if not name:
        return None
    event, verb, result = _TYPES.get(kind) or _TYPES.get(word.lower()) or ("notice", word, None)
    report_fields: dict[str, object] = {
        "title": f"{verb}：{name}" if verb else name,
        "content": fill_lines(_LINES, fields),
        "event": f"monitor.{event}",
        "result": result,
        "timestamp": wording.epoch(fields.get("alertDateTime")),
    }
    elapsed = wording.seconds(fields.get("alertDuration")) if event == "up" else None
    return Translated(report_fields, story=text(fields, "monitorID") or name, elapsed=elapsed)


SOURCE: Final = Source("UptimeRobot", frozenset({"monitorFriendlyName"}), _recognise, _translate)
