"""What came of sending: final states, and attempts that are to be repeated."""

from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy import Connection, Integer, bindparam, case, func, select, update

from ..model.delivery import WITHDRAWN, State
from ..model.target import Lane
from .leases import IS_HELD, Lease, back_off, write_held
from .rows import IS_WAITING, read_lane
from .schema import delivery, lane
from .statements import Statement
from .writer import Writer


class Outcomes:
    """Records what came of deliveries."""

    def __init__(self, database: Writer) -> None:
        self._database = database

    async def finish(
        self,
        lease: Lease,
        ids: Sequence[str],
        state: State,
        reason: str,
        now: float,
        *,
        works: bool,
        sent: bool = True,
        message_id: str = "",
    ) -> None:
        """Record the final state of deliveries that went as one message.

        `works`: end their lane's back-off; `sent`: an attempt led to it, rather than the discovery
        that an earlier one arrived, or that the time is over; `message_id`: the service's own id of
        the message, if it gave one. A power cut may undo the record,
        which costs a repeat.

        Raises:
            LeaseLost: another process has taken the lane over; nothing was written.
            StoreUnavailable: it could not be written.
        """

        def write(conn: Connection) -> None:
            for each in ids:
                _finish(conn, lease, each, state, reason, now, message_id, sent=sent)
            if works:
                back_off(conn, lease, 0.0, 0)

        await self._database.run(write, durable=False)

    async def postpone(
        self,
        lease: Lease,
        ids: Sequence[str],
        reason: str,
        *,
        repeated: bool,
        began: float,
        due_at: float,
        failures: int,
    ) -> None:
        """Record a failed attempt; nothing is sent in the lane before `due_at`.

        `repeated`: it may have arrived nevertheless; `began`: when the attempt began. A power cut
        may undo the record.

        Raises:
            LeaseLost: another process has taken the lane over; nothing was written.
            StoreUnavailable: it could not be written.
        """
        values = {"why": reason, "again": int(repeated), "began": began}
        await self._put_off(_POSTPONE, lease, ids, values, due_at, failures)

    async def step_aside(
        self, lease: Lease, ids: Sequence[str], reason: str, *, began: float, held_until: float
    ) -> None:
        """Record a failed attempt of deliveries that went as one message: they are not tried again
        before `held_until`, and the others in their lane go on.

        `began`: when the attempt began; both are epoch seconds. A power cut may undo the record.

        Raises:
            LeaseLost: another process has taken the lane over; nothing was written.
            StoreUnavailable: it could not be written.
        """
        values = {"why": reason, "again": 0, "began": began, "until": held_until}
        await self._put_off(_STEP_ASIDE, lease, ids, values, 0.0, 0)

    async def _put_off(
        self,
        statement: Statement,
        lease: Lease,
        ids: Sequence[str],
        values: Mapping[str, object],
        due_at: float,
        failures: int,
    ) -> None:
        """Write a failed attempt of each delivery, and their lane's back-off."""

        def write(conn: Connection) -> None:
            for delivery_id in ids:
                write_held(conn, statement, lease, this=delivery_id, **values)
            back_off(conn, lease, due_at, failures)

        await self._database.run(write, durable=False)

    async def withdraw(self, report_id: str) -> list[Lane]:
        """Let what waits of a report expire, without its fallback. Returns the lanes.

        Raises:
            StoreUnavailable: it could not be written.
        """
        return await self._database.run(lambda conn: _withdraw(conn, report_id))


MAX_MESSAGE_ID: Final = 200
"""Characters that are stored of a service's own id."""
_TRIED: Final = delivery.c.attempts + bindparam("tries", type_=Integer)
_LEAST: Final = bindparam("least", type_=Integer)
_AT_LEAST: Final = case((_TRIED < _LEAST, _LEAST), else_=_TRIED)
_REPEATS: Final = case(
    (delivery.c.repeats > 0, delivery.c.repeats - bindparam("undone", type_=Integer)), else_=0
)
_FINISH: Final = Statement(
    update(delivery)
    .where(delivery.c.id == bindparam("this"), IS_WAITING, IS_HELD)
    .values(
        state=bindparam("to"), reason=bindparam("why"), finished_at=bindparam("now"),
        attempts=_AT_LEAST, repeats=_REPEATS, message_id=bindparam("message_id"),
    )
)  # fmt: skip
_KEEP: Final = Statement(
    update(delivery)
    .where(delivery.c.id == bindparam("this"), delivery.c.fallback_unconfirmed == 0)
    .values(fallback="")
)
GIVE_UP: Final = Statement(
    update(delivery)
    .where(delivery.c.id == bindparam("this"), delivery.c.fallback != "")
    .values(fallback_at=bindparam("now"))
)
_POSTPONED: Final = (
    update(delivery)
    .where(delivery.c.id == bindparam("this"), IS_WAITING, IS_HELD)
    .values(
        reason=bindparam("why"), attempts=delivery.c.attempts + 1,
        repeats=delivery.c.repeats + bindparam("again"),
        tried_at=func.coalesce(delivery.c.tried_at, bindparam("began")),
    )
)  # fmt: skip
_POSTPONE: Final = Statement(_POSTPONED)
_STEP_ASIDE: Final = Statement(_POSTPONED.values(held_until=bindparam("until")))


def _finish(
    conn: Connection,
    lease: Lease,
    delivery_id: str,
    state: State,
    reason: str,
    now: float,
    message_id: str,
    *,
    sent: bool,
) -> None:
    expired = state is State.EXPIRED
    write_held(
        conn, _FINISH, lease,
        this=delivery_id, to=state.value, why=reason, now=now,
        tries=int(sent and not expired),
        least=int(not expired),  # a process that was killed did not count its last attempt
        message_id=message_id[:MAX_MESSAGE_ID],
        undone=int(not sent and not expired),  # nor was the repeat made that was to follow
    )  # fmt: skip
    if state is State.UNCONFIRMED:
        _KEEP.run(conn, {"this": delivery_id})
    if state is not State.DELIVERED:
        GIVE_UP.run(conn, {"this": delivery_id, "now": now})


TAKEN_BACK: Final = "已撤回"
"""The reason of a delivery that was withdrawn."""


def _withdraw(conn: Connection, report_id: str) -> list[Lane]:
    mine = (delivery.c.report_id == report_id) & IS_WAITING
    names = select(delivery.c.lane).where(mine)
    lanes = conn.execute(select(lane).where(lane.c.name.in_(names))).all()
    # Whoever sends in its lane may have it in hand: they end it, by what they read here.
    conn.execute(
        update(delivery).where(mine).values(expires_at=WITHDRAWN, reason=TAKEN_BACK, fallback="")
    )
    conn.execute(update(delivery).where(delivery.c.report_id == report_id).values(remind_at=None))
    return [of for row in lanes if (of := read_lane(row)) is not None]


def expiry_reason(cause: str) -> str:
    """The reason of an expired delivery."""
    if cause == TAKEN_BACK:
        return cause
    return f"超过 REPORT_EXPIRE 仍未送达：{cause}" if cause else "超过 REPORT_EXPIRE 仍未送达"
