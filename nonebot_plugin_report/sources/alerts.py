"""Groups of alerts, which Alertmanager and Grafana write alike. Pure.

https://github.com/prometheus/alertmanager (template/template.go, notify/webhook/webhook.go)
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from json import dumps
from typing import Final, Self

from ..model.text import one_line
from ..model.timing import in_words
from .base import EVERY, Fields, Translated, lines, local, moment, records, text, texts

RETRY_SECONDS: Final = 60.0
"""Seconds within which the same body is a retry, or comes from another Alertmanager of the cluster.
Later it is a repetition (`repeat_interval`), whose body is the very same."""
FEW: Final = 3
"""Most alerts of a group that are shown in full."""
MAX_LISTED: Final = 9
"""Most alerts of a group that are shown."""
MAX_NOTE: Final = 100
"""Characters of what is said of each of many."""
_FIRING: Final = "firing"
_NAME: Final = "alertname"
_PLAIN: Final = ("summary", "message", "description")
"""Annotations that are shown without their name, in this order before all others."""
_MILD: Final[Mapping[str, int | str]] = {
    "warning": 2, "warn": 2, "minor": 2, "info": "通知", "none": "通知",
}  # fmt: skip
"""Results by severity; any other severity is a failure."""


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert of a group."""

    firing: bool
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    since: datetime | None
    until: datetime | None
    fingerprint: str
    more: str = ""
    """Further lines to show, such as links."""

    @classmethod
    def read(cls, fields: Fields, more: str = "") -> Self:
        """Read an entry of `alerts`."""
        since, until = moment(fields.get("startsAt")), moment(fields.get("endsAt"))
        firing = text(fields, "status") != "resolved"
        return cls(
            firing,
            texts(fields, "labels"),
            texts(fields, "annotations"),
            since,
            None if firing else until,
            text(fields, "fingerprint"),
            more,
        )

    @property
    def lasted(self) -> float | None:
        """Seconds from the start to the end; None: the alert goes on, or a time is missing."""
        if self.since is None or self.until is None:
            return None
        return max(0.0, (self.until - self.since).total_seconds())

    @property
    def times(self) -> str:
        """The start and the duration (Chinese)."""
        began = f"{local(self.since)} 开始" if self.since else ""
        return began if self.lasted is None else f"{began}，持续 {in_words(self.lasted)}"

    @property
    def result(self) -> int | str:
        """The result in our own dialect."""
        severity = self.labels.get("severity", "").lower()
        return _MILD.get(severity, 1) if self.firing else 0


def is_group(fields: Fields) -> bool:
    """Whether a body has the shape of a group of alerts."""
    return (
        isinstance(fields.get("alerts"), list)
        and text(fields, "status") in (_FIRING, "resolved")
        and ("groupLabels" in fields or "commonLabels" in fields)
    )


def translate_group(fields: Fields, alerts: Sequence[Alert]) -> Translated:
    """Make a report of a group: a single alert in full, several as a list."""
    firing = any(one.firing for one in alerts)
    alone = alerts[0] if len(alerts) == 1 else None
    report_fields: dict[str, object] = {
        "title": _title(fields, alerts),
        "content": _content(fields, alerts),
        "event": "alert.firing" if firing else "alert.resolved",
        "result": _worst(alerts),
        "timestamp": alone and alone.until and alone.until.isoformat(),
        "id": _key(fields, alerts),
    }
    return Translated(
        report_fields,
        story=alone.fingerprint if alone else "",
        elapsed=alone.lasted if alone else None,
        key_seconds=RETRY_SECONDS,
    )


def read_alerts(fields: Fields) -> list[Alert]:
    """Read the alerts of a group."""
    return [Alert.read(one) for one in records(fields, "alerts")]


def _worst(alerts: Sequence[Alert]) -> int | str:
    results = [one.result for one in alerts if one.firing]
    return next((one for one in (1, 2) if one in results), results[0] if results else 0)


def _title(fields: Fields, alerts: Sequence[Alert]) -> str:
    firing = sum(one.firing for one in alerts)
    names = list(dict.fromkeys(one.labels.get(_NAME, "") for one in alerts))
    groups = "、".join(texts(fields, "groupLabels").values())
    name = "、".join(filter(None, names[:3])) or groups or text(fields, "receiver")
    if len(alerts) <= 1:
        return f"{'触发' if firing else '恢复'}：{name}"
    counts = ((firing, "触发"), (len(alerts) - firing, "恢复"))
    counted = "，".join(f"{verb} {count} 条" for count, verb in counts if count)
    return f"{counted}：{name}"


def _content(fields: Fields, alerts: Sequence[Alert]) -> str:
    """Write the common labels and annotations first, then each alert."""
    labels = _shared([one.labels for one in alerts], texts(fields, "commonLabels"))
    notes = _shared([one.annotations for one in alerts], texts(fields, "commonAnnotations"))
    group = {k: v for k, v in texts(fields, "groupLabels").items() if labels.get(k) != v}
    alone = len(alerts) == 1
    # A single alert has all of its labels and annotations in its own lines.
    each = [
        _short(one, labels, notes)
        if len(alerts) > FEW
        else _line(one, {} if alone else labels, {} if alone else notes, alone=alone)
        for one in alerts[:MAX_LISTED]
    ]
    common = "" if alone else lines(_annotations(notes), _labels(labels))
    unlisted = max(0, len(alerts) - MAX_LISTED) + _number(text(fields, "truncatedAlerts"))
    note = f"还有 {unlisted} 条没有列出" if unlisted else ""
    return lines(common, _labels(group) if not alone else "", *each, note)


def _line(alert: Alert, labels: Mapping[str, str], notes: Mapping[str, str], *, alone: bool) -> str:
    own = {k: v for k, v in alert.labels.items() if labels.get(k) != v}
    annotations = {k: v for k, v in alert.annotations.items() if notes.get(k) != v}
    if alone:
        return lines(_annotations(annotations), _labels(own), alert.more, alert.times)
    which = " ".join(filter(None, (own.get(_NAME, ""), _labels(own))))
    head = f"{'🔥 触发' if alert.firing else '✅ 恢复'}：{which}"
    return lines(head.removesuffix("："), _annotations(annotations), alert.more, alert.times)


def _short(alert: Alert, labels: Mapping[str, str], notes: Mapping[str, str]) -> str:
    """Write one of many alerts in one line."""
    own = {k: v for k, v in alert.labels.items() if labels.get(k) != v}
    which = " ".join(filter(None, (own.get(_NAME, ""), _labels(own))))
    said = (alert.annotations[name] for name in _PLAIN if name in alert.annotations.keys() - notes)
    note = one_line(next(said, ""), MAX_NOTE)
    times = alert.times
    return "".join(
        (
            "🔥 触发" if alert.firing else "✅ 恢复",
            f"：{which}" if which else "",
            f"：{note}" if note else "",
            f"（{times}）" if times else "",
        )
    )


def _shared(each: Sequence[Mapping[str, str]], common: Mapping[str, str]) -> dict[str, str]:
    """Those entries of `common` that no alert contradicts."""
    return {k: v for k, v in common.items() if all(one.get(k, v) == v for one in each)}


def _labels(labels: Mapping[str, str]) -> str:
    return " ".join(f"{k}={v}" for k, v in list(labels.items())[:EVERY] if k != _NAME)


def _annotations(notes: Mapping[str, str]) -> str:
    plain = dict.fromkeys(notes[name] for name in _PLAIN if name in notes)
    named = (f"{name}：{note}" for name, note in notes.items() if name not in _PLAIN)
    return lines(*plain, *named)


def _number(value: str) -> int:
    return int(value) if value.isdecimal() and len(value) < 10 else 0


def _key(fields: Fields, alerts: Sequence[Alert]) -> str:
    """Hash what identifies a notification, whichever Alertmanager of a cluster sends it."""
    group = text(fields, "groupKey") or sorted(texts(fields, "groupLabels").items())
    each = [
        (one.fingerprint or sorted(one.labels.items()), one.firing, str(one.since), str(one.until))
        for one in alerts
    ]
    identity = (text(fields, "receiver"), group, each, text(fields, "truncatedAlerts"))
    return sha256(dumps(identity).encode()).hexdigest()[:32]
