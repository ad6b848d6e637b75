"""Prometheus' Alertmanager: a group of alerts. Pure.

https://prometheus.io/docs/alerting/latest/configuration/#webhook_config
"""

from typing import Final

from ..alerts import is_group, read_alerts, translate_group
from ..base import Fields, Headers, Source, Translated


def _recognise(fields: Fields, headers: Headers) -> bool:
    return is_group(fields)


def _translate(fields: Fields, headers: Headers) -> Translated | None:
    alerts = read_alerts(fields)
    return translate_group(fields, alerts) if alerts else None


SOURCE: Final = Source("Alertmanager", frozenset({"alerts"}), _recognise, _translate)
