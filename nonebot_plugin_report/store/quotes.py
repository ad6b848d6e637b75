"""Finds the reports of a message that somebody quotes."""

from typing import Final

from sqlalchemy import Connection, bindparam, select

from ..model.delivery import State
from ..model.target import Target
from .row_types import RowType
from .schema import delivery, lane
from .statements import Statement

QUOTABLE: Final = 1000
"""The last deliveries to a target among which a quoted message is looked for."""
_SENT: Final = Statement(
    select(delivery.c.report_id, delivery.c.message_id, delivery.c.finished_at)
    .join(lane, delivery.c.lane == lane.c.name)
    .where(
        lane.c.target == bindparam("target"),
        delivery.c.state == State.DELIVERED.value,
        delivery.c.finished_at.is_not(None),
    )
    .order_by(delivery.c.report_id.desc())
    .limit(QUOTABLE)
)
_SENT_ROW: Final = RowType(delivery.c.report_id, delivery.c.message_id, delivery.c.finished_at)


def find_quoted(conn: Connection, target: Target, message_id: str, *, may_guess: bool) -> list[str]:
    """Find the ids of the reports that went in a message, each once; see `History.quoted`.

    What went together was finished at the same moment. An implementation that was started anew may
    give the same numbers again: the last message counts.
    """
    sent = list(_SENT_ROW.read(_SENT.rows(conn, {"target": str(target)})))
    quoted = [row for row in sent if message_id and row.message_id == message_id]
    if not quoted and may_guess:
        last = max((row.finished_at for row in sent), default=0.0)
        quoted = [row for row in sent if row.finished_at == last and not row.message_id]
    moment = max((row.finished_at for row in quoted), default=0.0)
    return list(dict.fromkeys(row.report_id for row in quoted if row.finished_at == moment))
