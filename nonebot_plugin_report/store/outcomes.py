"""What came of sending: final states, and attempts that are to be repeated."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

import orjson
from sqlalchemy import Connection, Integer, bindparam, case, func, select, update

from ..errors import LeaseLost
from ..model.delivery import WITHDRAWN, State
from ..model.target import Lane
from .journal import Journal
from .leases import IS_HELD, Lease, back_off, write_held
from .rows import IS_WAITING, read_lane
from .schema import delivery, lane
from .statements import Statement
from .transactions import Transactions


@dataclass(frozen=True, slots=True)
class Recorded:
    """A final state on its way to the store."""

    noted: bool
    """It survives the end of this process already."""
    stored: "asyncio.Future[None]"
    """Raises LeaseLost if another process has taken the lane over, StoreUnavailable if it could not
    be written."""


@dataclass(frozen=True, slots=True)
class _Ending:
    """The final state of deliveries that went as one message."""

    lease: Lease
    ids: Sequence[str]
    state: State
    reason: str
    now: float
    works: bool
    sent: bool

    def write(self, conn: Connection) -> None:
        """Store it.

        Raises:
            LeaseLost: another process has taken the lane over, or it is stored already.
        """
        for one in self.ids:
            _finish(conn, self.lease, one, self.state, self.reason, self.now, sent=self.sent)
        if self.works:
            back_off(conn, self.lease, 0.0, 0)

    def line(self) -> bytes:
        """As the journal has it."""
        return orjson.dumps(self)


class Outcomes:
    """Records what came of deliveries."""

    def __init__(self, database: Transactions, journal: Journal | None) -> None:
        """`journal`: where they survive the end of this process sooner than in the database; None:
        nowhere, since another process may go on with the lane."""
        self._database = database
        self._journal = journal

    async def recover(self) -> None:
        """Store what a process noted, and did not come to store.

        Raises:
            StoreUnavailable: it could not be written.
        """
        if (journal := self._journal) is None:
            return
        lines = await asyncio.to_thread(journal.begin)
        await self._database.run(lambda conn: store_noted(conn, lines), durable=False)
        journal.empty()

    def close(self) -> None:
        """Note nothing any more."""
        if self._journal is not None:
            self._journal.close()

    def finish(
        self,
        lease: Lease,
        ids: Sequence[str],
        state: State,
        reason: str,
        now: float,
        *,
        works: bool,
        sent: bool = True,
    ) -> Recorded:
        """Record the final state of deliveries soon.

        `works`: end their lane's back-off; `sent`: an attempt led to it, rather than the discovery
        that an earlier one arrived, or that the time is over.

        A power cut may undo it, which costs a repeat; if it is not noted, so may the end of this
        process until it is stored.
        """
        ending = _Ending(lease, ids, state, reason, now, works, sent)
        journal = self._journal
        noted = journal is not None and journal.note(ending.line())
        stored = self._database.later(ending.write)
        if journal is not None and noted:
            # Also if it failed: who tries again notes it again.
            stored.add_done_callback(lambda _: journal.settled())
        return Recorded(noted, stored)

    def hurry(self) -> None:
        """Record now what `finish` was asked to."""
        self._database.hurry()

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

        def write(conn: Connection) -> None:
            for one in ids:
                write_held(
                    conn, _POSTPONE, lease,
                    this=one, why=reason, again=int(repeated), began=began,
                )  # fmt: skip
            back_off(conn, lease, due_at, failures)

        await self._database.run(write, durable=False)

    async def withdraw(self, report_id: str) -> list[Lane]:
        """Let what waits of a report expire, without its fallback. Returns the lanes.

        Raises:
            StoreUnavailable: it could not be written.
        """
        return await self._database.run(lambda conn: _withdraw(conn, report_id))


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
        attempts=_AT_LEAST, repeats=_REPEATS,
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
_POSTPONE: Final = Statement(
    update(delivery)
    .where(delivery.c.id == bindparam("this"), IS_WAITING, IS_HELD)
    .values(
        reason=bindparam("why"), attempts=delivery.c.attempts + 1,
        repeats=delivery.c.repeats + bindparam("again"),
        tried_at=func.coalesce(delivery.c.tried_at, bindparam("began")),
    )
)  # fmt: skip


def _finish(
    conn: Connection,
    lease: Lease,
    delivery_id: str,
    state: State,
    reason: str,
    now: float,
    *,
    sent: bool,
) -> None:
    expired = state is State.EXPIRED
    write_held(
        conn, _FINISH, lease,
        this=delivery_id, to=state.value, why=reason, now=now,
        tries=int(sent and not expired),
        least=int(not expired),  # a process that was killed did not count its last attempt
        undone=int(not sent and not expired),  # nor was the repeat made that was to follow
    )  # fmt: skip
    if state is State.UNCONFIRMED:
        _KEEP.run(conn, {"this": delivery_id})
    if state is not State.DELIVERED:
        GIVE_UP.run(conn, {"this": delivery_id, "now": now})


def store_noted(conn: Connection, lines: Sequence[bytes]) -> None:
    """Store what a process noted in its journal; what is stored already stays as it is."""
    for ending in filter(None, map(_read, lines)):
        with suppress(LeaseLost):
            ending.write(conn)


def _read(line: bytes) -> _Ending | None:
    """A line of the journal; None: it is torn."""
    try:
        said: dict[str, Any] = orjson.loads(line)
        lease, state = Lease(**said.pop("lease")), State(said.pop("state"))
        return _Ending(lease=lease, state=state, **said)
    except (AttributeError, KeyError, TypeError, ValueError):
        return None


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
    return [of for row in lanes if (of := read_lane(row)) is not None]


def expiry_reason(cause: str) -> str:
    """The reason of an expired delivery."""
    if cause == TAKEN_BACK:
        return cause
    return f"超过 REPORT_EXPIRE 仍未送达：{cause}" if cause else "超过 REPORT_EXPIRE 仍未送达"
