"""Reports as somebody may see them, many at once."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection, select

from ..model.criteria import ReportView, Sight
from .history import (
    DELIVERY_COLUMNS,
    LISTED_COLUMNS,
    STATE_COLUMNS,
    as_sent,
    read_listed,
    read_state,
    sent_to,
)
from .rows import read_ids
from .schema import delivery, lane, report

_REPORTS: Final = select(*STATE_COLUMNS, *LISTED_COLUMNS, report.c.image)
_DELIVERIES: Final = (
    select(delivery.c.report_id, *DELIVERY_COLUMNS)
    .join(lane, delivery.c.lane == lane.c.name)
    .order_by(delivery.c.id)
)


def read_views(conn: Connection, ids: Sequence[str], sight: Sight) -> tuple[ReportView, ...]:
    """Those of some reports that may be seen, in the order of their ids here."""
    rows = {row.id: row for row in conn.execute(_REPORTS.where(report.c.id.in_(ids)))}
    deliveries = defaultdict[str, list[Any]](list)
    for row in conn.execute(_DELIVERIES.where(delivery.c.report_id.in_(ids))):
        deliveries[row.report_id].append(row)
    views = (_view(conn, rows[name], deliveries[name], sight) for name in ids if name in rows)
    return tuple(view for view in views if view is not None)


def _view(conn: Connection, row: Any, deliveries: Sequence[Any], sight: Sight) -> ReportView | None:
    if (state := read_state(row, deliveries)) is None:
        return None
    if sight.source is None or row.source == sight.source:
        return ReportView(read_listed(state, row), read_ids(row.image), own=True)
    if sight.target is None or (sent := sent_to(conn, row.id, sight.target)) is None:
        return None
    return ReportView(as_sent(state, sight.target, sent.text), read_ids(sent.image), own=False)
