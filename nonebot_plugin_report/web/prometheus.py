"""Our numbers as Prometheus reads them. Only here is prometheus-client known.

https://prometheus.io/docs/practices/naming/ and https://prometheus.io/docs/instrumenting/writing_clientlibs/
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable
from itertools import accumulate
from typing import Final

from fastapi import Response
from prometheus_client import REGISTRY, Metric
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
)
from prometheus_client.exposition import choose_encoder

from ..errors import Refused
from ..hub import Health, Hub
from ..model.delivery import FAILED, State
from ..model.target import Target
from ..outbox.tally import DELIVERY_BOUNDS, Histogram, Place, place
from .answers import STATUS

STATUSES: Final = ("accepted", "duplicate", "dropped")
"""What becomes of reports that are stored."""
PLACE: Final = ("kind", "channel")
"""The labels of a place; where it is no channel, the second is empty, as good as absent."""
QQ: Final[tuple[Place, ...]] = (("private", ""), ("group", ""))


class Collector:
    """A collector in the default registry."""

    def __init__(self, hub: Hub, health: Callable[[], Health | None]) -> None:
        """Register it. What there is of labels is known from here on, whatever clients name.

        Args:
            hub: has counted.
            health: the hub's state as it was read last; None: not yet.
        """
        self._hub = hub
        self._health = health
        channels = (Target("channel", name) for name in hub.config.report_channels)
        self._places = (*QQ, *map(place, channels))
        REGISTRY.register(self)

    def unregister(self) -> None:
        """Leave the registry."""
        REGISTRY.unregister(self)

    def answer(self, accept: str) -> Response:
        """All of the registry, in the format that a client accepts. In any thread: what is counted
        meanwhile stands in this answer or in the next."""
        encode, media_type = choose_encoder(accept)
        return Response(encode(REGISTRY), headers={"Content-Type": media_type})

    def collect(self) -> Iterable[Metric]:
        """All families, also those of which nothing was seen yet: a rate needs a zero before."""
        yield from self._pushes()
        yield from self._deliveries()
        yield from self._waiting()

    def _pushes(self) -> Iterable[Metric]:
        tally = self._hub.tally
        stored = CounterMetricFamily(
            "report_hub_reports", "存下的推送，按回答里的 status", labels=("status",)
        )
        for status in STATUSES:
            stored.add_metric((status,), tally.stored[status])
        yield stored
        refused = CounterMetricFamily(
            "report_hub_refused", "没有收下的推送，按原因", labels=("reason",)
        )
        for error in STATUS:
            refused.add_metric((_reason(error),), tally.refused[error])
        yield refused
        commits = HistogramMetricFamily(
            "report_hub_commit_seconds", "存一条推送用了几秒，到磁盘为止"
        )
        commits.add_metric((), _buckets(tally.commits), tally.commits.seconds)
        yield commits

    def _deliveries(self) -> Iterable[Metric]:
        tally = self._hub.tally
        ended = CounterMetricFamily(
            "report_hub_deliveries", "有了结果的，按结果与接收者", labels=("state", *PLACE)
        )
        took = HistogramMetricFamily(
            "report_hub_delivery_seconds", "从收下到送达几秒，存着等的也算", labels=PLACE
        )
        for where in self._places:
            delivered = tally.delivered.get(where) or Histogram(DELIVERY_BOUNDS)
            took.add_metric(where, _buckets(delivered), delivered.seconds)
            ended.add_metric((State.DELIVERED.value, *where), delivered.count)
            for state in FAILED:
                ended.add_metric((state.value, *where), tally.failed[state, where])
        taken = CounterMetricFamily("report_hub_takeovers", "从停住或被杀的进程接过来的发送队列")
        taken.add_metric((), tally.take_overs)
        yield from (ended, took, taken)

    def _waiting(self) -> Iterable[Metric]:
        health = self._health()
        backlog = health and health.backlog
        ready = GaugeMetricFamily("report_hub_ready", "1：能收下推送")
        waiting = GaugeMetricFamily("report_hub_waiting_deliveries", "还没有结果的")
        oldest = GaugeMetricFamily("report_hub_oldest_waiting_seconds", "其中最老的等了几秒")
        parked = GaugeMetricFamily("report_hub_parked_lanes", "暂停的发送队列", labels=PLACE)
        if health is not None:
            ready.add_metric((), not health.fault)
        if backlog is not None:
            waiting.add_metric((), backlog.waiting)
            age = 0.0 if backlog.oldest is None else self._hub.clock() - backlog.oldest
            oldest.add_metric((), max(age, 0.0))
            lanes = Counter(place(one.lane.target) for one in backlog.blocked)
            for where in self._places:
                parked.add_metric(where, lanes[where])
        yield from (ready, waiting, oldest, parked)


def _reason(error: type[Refused]) -> str:
    """An error's name as a label: `body_too_large`."""
    return re.sub(r"(?<=.)(?=[A-Z])", "_", error.__name__).lower()


def _buckets(histogram: Histogram) -> list[tuple[str, float]]:
    bounds = (*map(str, histogram.bounds), "+Inf")
    return list(zip(bounds, accumulate(histogram.counts), strict=True))
