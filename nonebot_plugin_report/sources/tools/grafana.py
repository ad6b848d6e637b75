"""Grafana's alerting, which writes what Alertmanager does and more, and its older one. Pure.

https://grafana.com/docs/grafana/latest/alerting/configure-notifications/manage-contact-points/integrations/webhook-notifier/
https://github.com/grafana/alerting (receivers/webhook/v1/webhook.go, templates/template_data.go)
"""

import re
from dataclasses import replace
from hashlib import sha256
from typing import Final

from ..alerts import Alert, is_group, translate_group
from ..base import Fields, Headers, Source, Translated, lines, records, text, texts

_OLD_STATES: Final[dict[str, tuple[str, int | str]]] = {
    "alerting": ("alert.firing", 1),
    "ok": ("alert.resolved", 0),
    "no_data": ("alert.firing", 2),
    "pending": ("alert.pending", "待确认"),
    "paused": ("alert.paused", "已暂停"),
}

_DEFAULT_TITLE: Final = re.compile(r"\[(?:FIRING|RESOLVED)(?::|\])")
"""How Grafana's own template of a title begins: templates/default_template.go."""


def _recognise(fields: Fields, headers: Headers) -> bool:
    grouped = is_group(fields) and "orgId" in fields
    return grouped or ("ruleName" in fields and text(fields, "state") in _OLD_STATES)


def _translate(fields: Fields, headers: Headers) -> Translated | None:
    if "ruleName" in fields:
        return _translate_old(fields)
    message, title = text(fields, "message"), text(fields, "title")
    rewritten = {name for name in ("message", "title") if _is_default(text(fields, name))}
    message = "" if "message" in rewritten else message
    alerts = [Alert.read(one, _more(one, message)) for one in records(fields, "alerts")]
    if not alerts:
        return None
    group = translate_group(fields, alerts)
    title = title if title and "title" not in rewritten else group.fields["title"]
    # Other words of the same alerts are of another contact point.
    key = sha256(f"{group.fields['id']} {title} {message}".encode("utf-8", "replace"))
    report_fields = group.fields | {
        "title": title,
        "screenshot": _picture(fields),
        "id": key.hexdigest()[:32],
    }
    if message:  # the user's own template
        report_fields["content"] = lines(
            message, *(one.times for one in alerts if one.times), *_links(alerts)
        )
    return replace(group, fields=report_fields, rewritten=frozenset(rewritten))


def _is_default(written: str) -> bool:
    """Whether a title or message is of Grafana's own template, which says what the alerts do."""
    if _DEFAULT_TITLE.match(written):
        return True
    return written.startswith(("**Firing**", "**Resolved**")) and "\n - alertname = " in written


def _links(alerts: list[Alert]) -> list[str]:
    return [one.more for one in alerts if one.more]


def _more(alert: Fields, message: str) -> str:
    """Write an alert's values and links, unless the template's `message` has them."""
    values = "，".join(f"{name}={value}" for name, value in texts(alert, "values").items())
    values = values or text(alert, "valueString")
    links = (text(alert, name) for name in ("panelURL", "dashboardURL", "generatorURL"))
    link = next((one for one in links if "/" in one), "")  # the test button has only a query
    parts = (values if not message else "", link, text(alert, "imageURL"))
    return lines(*(one for one in parts if one not in message))


def _picture(fields: Fields) -> str | None:
    encoded = (text(one, "embeddedImage") for one in records(fields, "alerts"))
    return next(filter(None, encoded), None)


def _translate_old(fields: Fields) -> Translated:
    """Translate an alert of Grafana up to 8, which never says when the alert began."""
    event, result = _OLD_STATES.get(text(fields, "state"), ("", None))
    metrics = (
        f"{text(one, 'metric')}={text(one, 'value')}" for one in records(fields, "evalMatches")
    )
    report_fields: dict[str, object] = {
        "title": text(fields, "title") or text(fields, "ruleName"),
        "content": lines(
            text(fields, "message"),
            " ".join(metrics),
            text(fields, "ruleUrl"),
            text(fields, "imageUrl"),
        ),
        "event": event,
        "result": result,
    }
    return Translated(report_fields, story=text(fields, "ruleId"))


SOURCE: Final = Source("Grafana", frozenset({"orgId", "ruleName"}), _recognise, _translate)
