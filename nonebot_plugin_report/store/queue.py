"""The lanes' queues: accepted deliveries, and the outcomes of sending them."""

import asyncio
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import Any, Final

from sqlalchemy import Connection, Integer, and_, bindparam, case, func, or_, select

from ..errors import Unreadable
from ..model.delivery import Delivery, State
from ..model.image import Image
from ..model.message import Message
from ..model.status import Receipt
from ..model.target import Lane, Target
from .ids import first_id
from .leases import Claim, claim
from .pack import Place
from .pictures import Pictures, hashes_of
from .rows import (
    HANDLING,
    INSERT_DELIVERY,
    INSERT_REPORT,
    IS_WAITING,
    TEXT,
    Entry,
    StoredImage,
    add_lane,
    delivery_row,
    image_sizes,
    place_image,
    read_handling,
    read_hashes,
    read_images,
    read_report,
    report_row,
    store_image,
)
from .schema import delivery, lane, report
from .statements import Statement
from .transactions import Transactions

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

    def __init__(self, database: Transactions, files: Pictures) -> None:
        self._files = files
        self._run = database.run
        self._deep = asyncio.Lock()

    async def accept(
        self, entry: Entry, lanes: Sequence[Lane], committed: Callable[[Receipt], None]
    ) -> Receipt:
        """Store a report and its deliveries, or find the report of its token with the same key.

        It is on disk when this returns; `committed` is told before, as soon as it survives the end
        of this process. `lanes` are those that have no row yet, as far as is known.

        Raises:
            StoreUnavailable: nothing was stored. Only where the disk begins to fail in the middle
                may it have been, or all but its pictures.
        """
        images = entry.images
        hashes = await hashes_of(images) if images else {}
        missing = lanes
        places: Mapping[str, Place] = {}
        elsewhere: list[str] = []

        def write(conn: Connection) -> Receipt:
            nonlocal missing
            elsewhere.clear()
            for one in missing:
                add_lane(conn, one)
            # It runs again where another process has deleted one meanwhile.
            missing = [one.lane for one in entry.deliveries]
            if known := _known(conn, entry):
                return known
            for one in images:
                data, digest = self._files.in_row(one), hashes[id(one)]
                if not store_image(conn, one, digest, data, places.get(digest), entry.received_at):
                    elsewhere.append(digest)
            return _accept(conn, entry, hashes)

        if not images:
            return await self._run(write, committed=committed)
        pictures = {hashes[id(one)]: one for one in images}
        kept = await self._files.keep(pictures, entry.received_at)
        places = kept.places
        receipt = await self._run(write, committed=committed, beside=kept.parts)
        if elsewhere:
            await self._run(lambda conn: _place(conn, elsewhere, places))
        return receipt

    async def claim(
        self, of: Lane, owner: str, now: float, seconds: float, limit: int
    ) -> tuple[Claim, list[Queued]]:
        """Claim a lane, if that is possible, and read the head of its queue.

        See `leases.claim`.

        Raises:
            StoreUnavailable: it could not be written.
        """

        def write(conn: Connection) -> tuple[Claim, list[Queued]]:
            made = claim(conn, of, owner, now, seconds)
            return made, _head(conn, of, limit) if made.lease else []

        return await self._run(write, durable=False)

    async def head(self, of: Lane, limit: int) -> list[Queued]:
        """The head of a lane's queue, by priority and age; of few with the messages that are short.

        Raises:
            StoreUnavailable: it could not be read.
        """
        async with self._deep if limit > SHALLOW else nullcontext():
            return await self._run(lambda conn: _head(conn, of, limit), durable=False)

    async def words(self, delivery_id: str) -> tuple[Message, tuple[str, ...]]:
        """A delivery's message without its pictures, and their hashes.

        Raises:
            StoreUnavailable: it could not be read.
            Unreadable: what is stored is not what this code writes.
        """
        return await self._run(lambda conn: _words(conn, delivery_id), durable=False)

    async def message(
        self, delivery_id: str, known: Callable[[str], Image | None]
    ) -> tuple[Message, dict[str, Image]]:
        """A delivery's message, and those of its pictures that are still stored, by hash.

        `known` looks up pictures in memory by hash; those are not read again.

        Raises:
            StoreUnavailable: it could not be read.
            Unreadable: what is stored is not what this code writes.
        """

        def read(conn: Connection) -> tuple[Message, tuple[str, ...], dict[str, StoredImage]]:
            words, hashes = _words(conn, delivery_id)
            held.update({digest: one for digest in hashes if (one := known(digest)) is not None})
            return (
                words,
                hashes,
                read_images(conn, [digest for digest in hashes if digest not in held]),
            )

        held: dict[str, Image] = {}
        words, hashes, stored = await self._run(read, durable=False)
        held |= await self._files.load(stored)
        pictures = {digest: held[digest] for digest in hashes if digest in held}
        return replace(words, images=tuple(pictures.values())), pictures

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
            return [row.at for row in reversed(_SENT.rows(conn, values))]

        return await self._run(read, durable=False)

    async def picture(self, digest: str) -> Image | None:
        """A picture by its hash, or None if it is no longer stored.

        Raises:
            StoreUnavailable: it could not be read.
        """
        found = await self._run(lambda conn: read_images(conn, [digest]), durable=False)
        return (await self._files.load(found)).get(digest)


# --- accepting -----------------------------------------------------------------------------------

_FIND_KEY: Final = Statement(
    select(report.c.id).where(
        report.c.source == bindparam("source"), report.c.key == bindparam("key")
    )
)
_TARGETS: Final = (
    select(lane.c.target)
    .join(delivery, delivery.c.lane == lane.c.name)
    .where(delivery.c.report_id == bindparam("id"))
    .order_by(delivery.c.id)
)


def _known(conn: Connection, entry: Entry) -> Receipt | None:
    """The report of the same token with the same key."""
    key = entry.report.key
    if not key or not (known := _FIND_KEY.row(conn, {"source": entry.source, "key": key})):
        return None
    targets = conn.scalars(_TARGETS, {"id": known.id}).all()
    return Receipt(known.id, "duplicate", tuple(Target.parse(one) for one in targets))


def _accept(conn: Connection, entry: Entry, hashes: Mapping[int, str]) -> Receipt:
    """`hashes` are those of its pictures, by identity."""
    INSERT_REPORT.run(conn, report_row(entry, _of(entry.report.images, hashes)))
    if not entry.deliveries:
        return Receipt(entry.id, "dropped", ())
    common = entry.text
    for one, fallback in zip_longest(entry.deliveries, entry.fallback_images):
        row = delivery_row(
            one,
            None if one.message.text == common else one.message.text,
            _of(one.message.images, hashes),
            None if fallback is None else _of(fallback, hashes),
        )
        INSERT_DELIVERY.run(conn, row)
    return Receipt(entry.id, "accepted", tuple([one.lane.target for one in entry.deliveries]))


def _place(conn: Connection, hashes: Iterable[str], places: Mapping[str, Place]) -> None:
    for digest in hashes:
        place_image(conn, digest, places[digest])


def _of(images: Sequence[Image], hashes: Mapping[int, str]) -> list[str]:
    return list(dict.fromkeys(hashes[id(one)] for one in images))


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
    ).join(report, delivery.c.report_id == report.c.id)
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
_WORDS: Final = Statement(
    select(TEXT, delivery.c.image, report.c.fields)
    .join(report, delivery.c.report_id == report.c.id)
    .where(delivery.c.id == bindparam("id"))
)


def _head(conn: Connection, of: Lane, limit: int) -> list[Queued]:
    rows = _HEAD.rows(conn, {"lane": str(of), "limit": limit})
    sizes = image_sizes(conn, {digest for row in rows for digest in read_hashes(row.image)})
    return [_queued(row, of, sizes) for row in rows]


def _queued(row: Any, of: Lane, sizes: Mapping[str, int]) -> Queued:
    message = _short(row)
    return Queued(
        Delivery(
            row.id,
            row.report_id,
            of,
            message or Message(""),
            row.attempts,
            row.tried_at,
            row.repeats,
            created_at=row.created_at,
            expires_at=row.expires_at,
            handling=read_handling(row),
        ),
        loaded=message is not None,
        picture_bytes=sum(sizes.get(digest, 0) for digest in read_hashes(row.image)),
        pictures=row.image,
    )


def _short(row: Any) -> Message | None:
    """The message of a row that has one; None also if it is unreadable: who sends it sees that."""
    if row.text is None:
        return None
    try:
        return Message(row.text, report=read_report(row.fields))
    except Unreadable:
        return None


def _words(conn: Connection, delivery_id: str) -> tuple[Message, tuple[str, ...]]:
    row = _WORDS.row(conn, {"id": delivery_id})
    if row is None:
        raise Unreadable
    return Message(row.text, report=read_report(row.fields)), read_hashes(row.image)


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
    query, words = (_ALIKE_TOGETHER, {}) if text is None else (_ALIKE, {"text": text})
    lanes = conn.scalars(select(lane.c.name).where(lane.c.target == str(to))).all()
    return sum(conn.scalar(query, {**words, "lane": one, "since": since}) or 0 for one in lanes)
