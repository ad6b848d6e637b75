"""The lanes' queues: accepted deliveries, and what is read to send them."""

import asyncio
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, Final

from loguru import logger
from sqlalchemy import Connection, Integer, and_, bindparam, case, func, or_, select, update

from ..errors import DiskFull, Unreadable
from ..model.delivery import Delivery, State
from ..model.image import Image
from ..model.message import Message
from ..model.status import Receipt
from ..model.target import Lane, Target
from .ids import first_id
from .leases import Claim, claim
from .outcomes import GIVE_UP
from .reminders import end_of_story
from .room import Room
from .row_types import is_moment
from .rows import (
    HANDLING,
    INSERT_DELIVERY,
    INSERT_REPORT,
    IS_WAITING,
    TEXT,
    Entry,
    add_lane,
    delivery_row,
    image_sizes,
    insert_image,
    read_delivery,
    read_ids,
    read_images,
    read_report,
    read_target,
    read_text,
    report_row,
)
from .schema import delivery, lane, report
from .statements import Statement
from .writer import Writer

SHALLOW: Final = 50
"""Deliveries of a queue that are read beside others'. Of more, one queue is read at a time: when a
bot comes back, all lanes want theirs, and in one transaction nobody else would run meanwhile."""
SHORT: Final = 2000
"""Characters of a message that is read with the head of its queue; one that is longer, or has
pictures, is read when it is sent."""
ALIKE: Final = 200
"""Deliveries of a lane that are looked through for those that say the same."""


WAITED: Final = 86400.0
"""Seconds for which most have waited at the longest: among those, what was sent is looked for."""


@dataclass(frozen=True, slots=True)
class Queued:
    """A waiting delivery, as it is held in memory."""

    delivery: Delivery
    loaded: bool = False
    """Its message is in memory; otherwise only in the store, so that long queues stay small."""
    picture_bytes: int = 0
    pictures: Hashable = None
    """Equal for deliveries that are known to have the same pictures."""


class Queue:
    """Deliveries, by lane."""

    def __init__(self, database: Writer, room: Room) -> None:
        self._run = database.run
        self._room = room
        self._deep = asyncio.Lock()

    async def accept(
        self, entry: Entry, lanes: Sequence[Lane], committed: Callable[[Receipt, Entry], None]
    ) -> Receipt:
        """Store a report and its deliveries, or find the same report of its token.

        It is on disk when this returns. Where there is no room for its pictures, the words are
        stored alone, and say so. `lanes` are those that have no row yet, as far as is known;
        `committed` is called with the receipt and what was stored, also if the caller is cancelled.

        Raises:
            StoreUnavailable: nothing was stored; see `Writer.run`.
        """
        try:
            return await self._accept(entry, lanes, committed)
        except DiskFull as error:
            if not entry.images:
                raise
            self._room.log_refusal(error)
        return await self._accept(entry.without_images(), lanes, committed)

    async def _accept(
        self, entry: Entry, lanes: Sequence[Lane], committed: Callable[[Receipt, Entry], None]
    ) -> Receipt:
        missing = lanes

        def write(conn: Connection) -> Receipt:
            nonlocal missing
            for each in missing:
                add_lane(conn, each)
            # It runs again where another process has deleted one meanwhile.
            missing = [delivery.lane for delivery in entry.deliveries]
            if receipt := _duplicate(conn, entry):
                return receipt
            if entry.images:
                self._room.check(entry.image_bytes)
            return _insert(conn, entry)

        return await self._run(write, committed=lambda receipt: committed(receipt, entry))

    async def claim(
        self, of: Lane, owner: str, now: float, seconds: float, limit: int
    ) -> tuple[Claim, list[Queued]]:
        """Claim a lane, if that is possible, and read the head of its queue.

        See `leases.claim`.

        Raises:
            StoreUnavailable: it could not be written.
        """

        def write(conn: Connection) -> tuple[Claim, list[Queued]]:
            claimed = claim(conn, of, owner, now, seconds)
            return claimed, _head(conn, of, limit, now) if claimed.lease else []

        return await self._run(write, durable=False)

    async def head(self, of: Lane, limit: int, now: float) -> list[Queued]:
        """The head of a lane's queue, by priority and age; of few with the messages that are short.
        `now`: epoch seconds.

        Raises:
            StoreUnavailable: it could not be read.
        """
        async with self._deep if limit > SHALLOW else nullcontext():
            return await self._run(lambda conn: _head(conn, of, limit, now), durable=False)

    async def text(self, delivery_id: str) -> tuple[Message, tuple[str, ...]]:
        """A delivery's message without its pictures, and their ids.

        Raises:
            StoreUnavailable: it could not be read.
            Unreadable: what is stored is not what this code writes.
        """
        return await self._run(lambda conn: _text(conn, delivery_id), durable=False)

    async def pictures(self, ids: Iterable[str]) -> dict[str, Image]:
        """Those of some pictures that are still stored, by id.

        Raises:
            StoreUnavailable: they could not be read.
        """
        return await self._run(lambda conn: read_images(conn, ids), durable=False)

    async def alike(self, to: Target, text: str | None, since: float) -> int:
        """How many messages with these words may have arrived of the deliveries to a target that
        ended since a moment (epoch seconds); None: how many messages of several deliveries each.
        Looks only at the newest.

        Raises:
            StoreUnavailable: it could not be read.
        """
        return await self._run(lambda conn: _alike(conn, to, text, since), durable=False)

    async def sent(self, of: Lane, since: float, limit: int) -> list[float]:
        """When (epoch seconds) messages in a lane ended since a moment, the oldest first; the last
        `limit` at most.

        Raises:
            StoreUnavailable: it could not be read.
        """
        first = first_id(since - WAITED)
        values = {"lane": str(of), "since": since, "limit": limit, "first": first}

        def read(conn: Connection) -> list[float]:
            return [row.at for row in reversed(_SENT.rows(conn, values)) if is_moment(row.at)]

        return await self._run(read, durable=False)


# --- accepting -----------------------------------------------------------------------------------

_FIND_KEY: Final = Statement(
    select(report.c.id)
    .where(report.c.source == bindparam("source"), report.c.key == bindparam("key"))
    .order_by(report.c.received_at.desc())
    .limit(1)
)
_FIND_CONTENT: Final = Statement(
    select(report.c.id).where(
        report.c.source == bindparam("source"),
        report.c.key == bindparam("key"),
        report.c.content_hash == bindparam("content_hash"),
    )
)
_TARGETS: Final = (
    select(lane.c.target)
    .join(delivery, delivery.c.lane == lane.c.name)
    .where(delivery.c.report_id == bindparam("id"))
    .order_by(delivery.c.id)
)


def _duplicate(conn: Connection, entry: Entry) -> Receipt | None:
    """The receipt of the report of the same token with the same key, and the same content where
    that counts, or None."""
    if not entry.report.key:
        return None
    values = {"source": entry.source, "key": entry.report.key, "content_hash": entry.content_hash}
    row = (_FIND_CONTENT if entry.content_hash else _FIND_KEY).row(conn, values)
    if row is None:
        return None
    targets = map(read_target, conn.scalars(_TARGETS, {"id": row.id}))
    return Receipt(row.id, "duplicate", tuple(each for each in targets if each is not None))


def _insert(conn: Connection, entry: Entry) -> Receipt:
    if entry.ended is not None:
        end_of_story(conn, entry.source, entry.ended)
    ids = {
        id(image): insert_image(conn, image, entry, number)
        for number, image in enumerate(entry.images)
    }
    INSERT_REPORT.run(conn, report_row(entry, _ids(entry.report.images, ids)))
    if not entry.deliveries:
        return Receipt(entry.id, "dropped", ())
    common = entry.text
    for outgoing, fallback in zip_longest(entry.deliveries, entry.fallback_images):
        row = delivery_row(
            outgoing,
            None if outgoing.message.text == common else outgoing.message.text,
            _ids(outgoing.message.images, ids),
            None if fallback is None else _ids(fallback, ids),
        )
        INSERT_DELIVERY.run(conn, row)
    return Receipt(entry.id, "accepted", tuple([one.lane.target for one in entry.deliveries]))


def _ids(images: Sequence[Image], ids: Mapping[int, str]) -> list[str]:
    """Pictures' ids, each once; `ids` has them by identity."""
    return list(dict.fromkeys(ids[id(image)] for image in images))


# --- lanes ---------------------------------------------------------------------------------------

_IS_SHORT: Final = and_(
    delivery.c.image.is_(None),
    func.length(TEXT) + func.length(report.c.fields) <= SHORT,
    bindparam("limit", type_=Integer) <= SHALLOW,
)
_HEAD: Final = Statement(
    select(
        delivery.c.id, delivery.c.report_id, delivery.c.attempts, delivery.c.expires_at,
        delivery.c.tried_at, delivery.c.repeats, delivery.c.created_at, *HANDLING,
        delivery.c.image,
        case((_IS_SHORT, TEXT)).label("text"), case((_IS_SHORT, report.c.fields)).label("fields"),
    ).outerjoin(report, delivery.c.report_id == report.c.id)  # one without its report is set aside
    .where(delivery.c.lane == bindparam("lane"), IS_WAITING)
    .order_by(delivery.c.priority, delivery.c.id).limit(bindparam("limit"))
)  # fmt: skip
# What is sent together ends together.
_SENT: Final = Statement(
    select(func.max(delivery.c.finished_at).label("at"))
    .where(
        delivery.c.lane == bindparam("lane"),
        delivery.c.report_id > bindparam("first"),
        delivery.c.finished_at > bindparam("since"),
        delivery.c.attempts > 0,
    )
    .group_by(delivery.c.finished_at)
    .order_by(delivery.c.finished_at.desc())
    .limit(bindparam("limit"))
)
_SET_ASIDE: Final = Statement(
    update(delivery)
    .where(delivery.c.id == bindparam("this"), IS_WAITING)
    .values(state=State.REJECTED.value, reason=bindparam("why"), finished_at=bindparam("now"))
)
_TEXT: Final = Statement(
    select(TEXT, delivery.c.image, report.c.fields)
    .join(report, delivery.c.report_id == report.c.id)
    .where(delivery.c.id == bindparam("id"))
)


def _head(conn: Connection, of: Lane, limit: int, now: float) -> list[Queued]:
    """The head of a queue; what cannot be read is set aside, so that it does not stop the lane."""
    while True:
        rows = _HEAD.rows(conn, {"lane": str(of), "limit": limit})
        sizes = image_sizes(conn, {each for row in rows for each in read_ids(row.image)})
        queued: list[Queued] = []
        set_aside = 0
        for row in rows:
            try:
                queued.append(_queued(row, of, sizes))
            except Unreadable as error:
                values = {"this": row.id, "why": str(error), "now": now}
                set_aside += _SET_ASIDE.run(conn, values).rowcount
                GIVE_UP.run(conn, values)
        if not set_aside:
            return queued
        logger.error(f"发给 {of} 的 {set_aside} 条推送在存储里的记录无法读取，没有发出")


def _queued(row: Any, of: Lane, sizes: Mapping[str, int]) -> Queued:
    message = _short(row)
    return Queued(
        read_delivery(row, of, message or Message("")),
        loaded=message is not None,
        picture_bytes=sum(sizes.get(each, 0) for each in read_ids(row.image)),
        pictures=row.image,
    )


def _short(row: Any) -> Message | None:
    """The message of a row that has one; None also if it is unreadable: who sends it sees that."""
    if row.text is None:
        return None
    try:
        return Message(read_text(row.text), report=read_report(row.fields))
    except Unreadable:
        return None


def _text(conn: Connection, delivery_id: str) -> tuple[Message, tuple[str, ...]]:
    row = _TEXT.row(conn, {"id": delivery_id})
    if row is None:
        raise Unreadable
    return Message(read_text(row.text), report=read_report(row.fields)), read_ids(row.image)


_NEWEST: Final = (
    select(delivery.c.state, delivery.c.repeats, delivery.c.finished_at, TEXT)
    .join(report, delivery.c.report_id == report.c.id)
    .where(delivery.c.lane == bindparam("lane"))
    .order_by(delivery.c.report_id.desc())
    .limit(ALIKE)
    .subquery()
)
_ENDED: Final = (
    _NEWEST.c.finished_at >= bindparam("since"),
    or_(_NEWEST.c.state == State.DELIVERED, _NEWEST.c.repeats > 0),
)
# What is sent together ends together.
_TOGETHER: Final = (
    select(_NEWEST.c.finished_at)
    .where(*_ENDED)
    .group_by(_NEWEST.c.finished_at)
    .having(func.count() > 1)
    .subquery()
)
_ALIKE_TOGETHER: Final = select(func.count()).select_from(_TOGETHER)
_ALIKE: Final = select(func.count()).where(*_ENDED, _NEWEST.c.text == bindparam("text"))


def _alike(conn: Connection, to: Target, text: str | None, since: float) -> int:
    query, values = (_ALIKE_TOGETHER, {}) if text is None else (_ALIKE, {"text": text})
    lanes = conn.scalars(select(lane.c.name).where(lane.c.target == str(to))).all()
    return sum(conn.scalar(query, {**values, "lane": one, "since": since}) or 0 for one in lanes)
