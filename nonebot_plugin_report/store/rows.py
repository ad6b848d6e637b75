"""Rows to values and back: the one place that writes or reads each kind of row."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    bindparam,
    case,
    exists,
    func,
    insert,
    literal_column,
    select,
    text,
)

from ..errors import Unreadable
from ..model.delivery import Delivery, Handling, Priority, State
from ..model.grant import BOUND
from ..model.image import Image
from ..model.mention import join_mentions, split_mentions
from ..model.message import Message
from ..model.report import Report, dump, restore
from ..model.target import Lane, Target
from . import schema
from .fold import fold_report
from .row_types import RowType
from .schema import delivery, image, lane, report
from .statements import Statement


@dataclass(frozen=True, slots=True)
class Entry:
    """A report ready to be stored, with its deliveries."""

    id: str
    report: Report
    deliveries: tuple[Delivery, ...]
    received_at: float
    source: str = ""
    note: str = ""
    fallback_images: tuple[tuple[Image, ...] | None, ...] = ()
    """Of each delivery the pictures for its fallbacks; None: its own."""
    content_hash: str = ""
    """With the report's key, tells one report from another; empty: the key alone does."""
    ended: tuple[str, str] | None = None
    """What the report ends of what waits to be acknowledged; see `find_ended`."""

    @property
    def image_bytes(self) -> int:
        """The bytes of all its pictures."""
        return sum(len(image.data) for image in self.images)

    def without_images(self) -> "Entry":
        """The same without pictures; each text that had some says so."""
        return replace(
            self,
            report=replace(self.report, images=()),
            deliveries=tuple(map(_without_images, self.deliveries)),
            fallback_images=(None,) * len(self.deliveries),
        )

    @property
    def text(self) -> str:
        """The text that is stored once, for all deliveries that show it."""
        return self.deliveries[0].message.text if self.deliveries else ""

    @property
    def images(self) -> tuple[Image, ...]:
        """All pictures that it, a delivery or its fallback shows, each once."""
        if not (self.report.images or any(one.message.images for one in self.deliveries)):
            return ()
        groups = (
            self.report.images,
            *(one.message.images for one in self.deliveries),
            *filter(None, self.fallback_images),
        )
        return tuple({id(one): one for images in groups for one in images}.values())


def _without_images(of: Delivery) -> Delivery:
    message = of.message
    if not message.images:
        return of
    text = f"{message.text}\n[{PICTURE_NOT_STORED}]".strip()
    return replace(of, message=replace(message, text=text, images=()))


PICTURE_NOT_STORED: Final = "机器人的磁盘快满了，截图没有存下"
_WAITING: Final = State.WAITING.value
# A literal and no parameter, so that the partial index on waiting deliveries is used.
IS_WAITING: Final = delivery.c.state == literal_column(f"'{State.WAITING}'")
STEPPED_ASIDE: Final = case(
    (func.coalesce(delivery.c.tried_at, delivery.c.held_until) < delivery.c.held_until, 1), else_=0
)
"""1 as `Delivery.stepped_aside`, 0 otherwise."""
HAS_FAILED: Final = text(f"({schema.HAS_FAILED})")
IS_BOUND: Final = text(f"substr(report.source, 1, {len(BOUND)}) = '{BOUND}'")
TEXT: Final = func.coalesce(delivery.c.text, report.c.text).label("text")
INSERT_REPORT: Final = Statement(insert(report))
INSERT_DELIVERY: Final = Statement(insert(delivery))
# Of one that is there already, an insert would wait for whoever changes its row just now.
_ADD_LANE: Final = Statement(
    insert(lane).from_select(
        list(lane.columns),
        select(*(bindparam(one.name, type_=one.type) for one in lane.columns)).where(
            ~exists().where(lane.c.name == bindparam("name"))
        ),
    ),
    "ON CONFLICT DO NOTHING",
)
_INSERT_IMAGE: Final = Statement(insert(image))


def add_lane(conn: Connection, of: Lane) -> None:
    """Insert a lane's row if there is none."""
    row = {
        "name": str(of), "target": str(of.target), "bot": of.bot, "due_at": 0.0, "failures": 0,
        "blocked_reason": "", "blocked_at": 0.0, "owner": None, "epoch": 0, "lease_until": 0.0,
    }  # fmt: skip
    _ADD_LANE.run(conn, row)


def insert_further(
    conn: Connection, deliveries: Sequence[Delivery], image_ids: Sequence[str] = ()
) -> list[Lane]:
    """Insert more deliveries of reports that are stored, with their words; return the lanes."""
    for each in deliveries:
        add_lane(conn, each.lane)
        INSERT_DELIVERY.run(conn, delivery_row(each, each.message.text, image_ids))
    return [each.lane for each in deliveries]


def image_id(report_id: str, number: int) -> str:
    """The id of a report's picture."""
    return f"{report_id}.{number}"


def images_of(report_id: str) -> ColumnElement[bool]:
    """The condition that a picture is a report's, for the index on ids: "/" follows "."."""
    return (image.c.id > f"{report_id}.") & (image.c.id < f"{report_id}/")


def insert_image(conn: Connection, picture: Image, entry: Entry, number: int) -> str:
    """Store a picture; return its id."""
    picture_id = image_id(entry.id, number)
    row = {
        "id": picture_id, "report_id": entry.id, "stored_at": entry.received_at,
        "size": len(picture.data), "media_type": picture.media_type,
        "width": picture.width, "height": picture.height, "bytes": picture.data,
    }  # fmt: skip
    _INSERT_IMAGE.run(conn, row)
    return picture_id


def join_ids(ids: Iterable[str]) -> str | None:
    """Pictures' ids as a row has them."""
    return " ".join(ids) or None


def read_ids(stored: object) -> tuple[str, ...]:
    """The pictures' ids of a row; none if it cannot be read: the text goes without them."""
    return tuple(stored.split()) if isinstance(stored, str) else ()


def report_row(entry: Entry, image_ids: Iterable[str]) -> dict[str, object]:
    """A report's row; `image_ids` are its pictures'."""
    source = entry.report
    return {
        "id": entry.id,
        "key": source.key or None,
        "content_hash": entry.content_hash,
        "received_at": entry.received_at,
        "event": source.event,
        "result": source.result_word,
        "folded": fold_report(
            source.heading, (*(one.message.text for one in entry.deliveries), source.body)
        ),
        "heading": source.heading,
        "fields": dump(source).decode(),
        "text": entry.text,
        "image": join_ids(image_ids),
        "source": entry.source,
        "story": source.story or None,
        "note": entry.note,
    }


def delivery_row(
    value: Delivery,
    text: str | None,
    image_ids: Iterable[str],
    fallback_ids: Iterable[str] | None = None,
) -> dict[str, object]:
    """A delivery's row; `text` is None if it shows the report's, `image_ids` are its pictures,
    `fallback_ids` those for its fallbacks, if they are others."""
    handling = value.handling
    after = handling.fallback_after
    every = handling.remind if handling.priority is Priority.URGENT else None
    return {
        "id": value.id,
        "report_id": value.report_id,
        "lane": str(value.lane),
        "state": _WAITING,
        "text": text,
        "image": join_ids(image_ids),
        "fallback_image": None if fallback_ids is None else " ".join(fallback_ids),
        "attempts": 0,
        "repeats": 0,
        "reason": handling.reason,
        "created_at": value.created_at,
        "expires_at": value.expires_at,
        "finished_at": None,
        "tried_at": None,
        "priority": int(handling.priority),
        "held_until": handling.held_until,
        "fallback": " ".join(map(str, handling.fallback)),
        "fallback_at": None if after is None else value.created_at + after,
        "fallback_unconfirmed": int(handling.fallback_unconfirmed),
        "mention": join_mentions(handling.mention),
        "message_id": "",
        "remind_at": None if every is None else value.created_at + every,
        "remind_every": every or 0.0,
        "reminded": 0,
        "escalate": " ".join(map(str, handling.escalate)),
    }


def read_lane(row: Any) -> Lane | None:
    """The lane of a row; None if this code cannot read it."""
    target = read_target(row.target)
    return Lane(target, row.bot) if target is not None and isinstance(row.bot, str) else None


def read_target(text: object) -> Target | None:
    """The target of a row; None if this code cannot read it."""
    try:
        return Target.parse(text) if isinstance(text, str) else None
    except ValueError:
        return None


def read_targets(stored: str) -> tuple[Target, ...]:
    """The targets of a list in a row, without what this code cannot read."""
    return tuple(to for one in stored.split(" ") if (to := read_target(one)) is not None)


_PRIORITIES: Final = {int(priority): priority for priority in Priority}


HANDLING: Final = (
    delivery.c.priority,
    delivery.c.held_until,
    delivery.c.reason,
    delivery.c.mention,
)
"""The columns of `read_handling`."""


def read_handling(row: Any) -> Handling:
    """The handling of a row, without fallbacks, which the housekeeping reads."""
    mention = split_mentions(row.mention)
    return Handling(read_priority(row.priority), row.held_until, row.reason, mention=mention)


def read_priority(stored: int) -> Priority:
    """A stored priority; an unknown one is normal."""
    return _PRIORITIES.get(stored, Priority.NORMAL)


_IMAGE_COLUMNS: Final = (image.c.bytes, image.c.media_type, image.c.width, image.c.height)
_IMAGE: Final = RowType(*_IMAGE_COLUMNS)
_READ_IMAGE: Final = Statement(select(*_IMAGE_COLUMNS).where(image.c.id == bindparam("id")))


def read_images(conn: Connection, ids: Iterable[str]) -> dict[str, Image]:
    """Those of some pictures that are still stored and can be read, by id."""
    rows = {each: _READ_IMAGE.rows(conn, {"id": each}) for each in ids}
    return {each: Image(*row) for each, found in rows.items() for row in _IMAGE.read(found)}


_SIZE: Final = RowType(image.c.id, image.c.size)


def image_sizes(conn: Connection, ids: set[str]) -> dict[str, int]:
    """The bytes of pictures that are still stored, by id."""
    if not ids:
        return {}
    query = select(image.c.id, image.c.size).where(image.c.id.in_(ids))
    return {row.id: row.size for row in _SIZE.read(conn.execute(query))}


def read_report(fields: str) -> Report:
    """A stored report, without its pictures.

    Raises:
        Unreadable: this code did not write it.
    """
    try:
        return restore(fields)
    except ValueError as error:
        raise Unreadable from error


def read_text(stored: object) -> str:
    """A stored text.

    Raises:
        Unreadable: it is something else.
    """
    if not isinstance(stored, str):
        raise Unreadable
    return stored


_QUEUED: Final = RowType(
    delivery.c.id, delivery.c.report_id, delivery.c.attempts, delivery.c.tried_at,
    delivery.c.repeats, delivery.c.created_at, delivery.c.expires_at, delivery.c.held_until,
    delivery.c.reason,
)  # fmt: skip


def read_delivery(row: Any, of: Lane, message: Message) -> Delivery:
    """A waiting delivery.

    Raises:
        Unreadable: this code did not write its row.
    """
    _QUEUED.check(row)
    return Delivery(
        row.id,
        row.report_id,
        of,
        message,
        row.attempts,
        row.tried_at,
        row.repeats,
        created_at=row.created_at,
        expires_at=row.expires_at,
        handling=read_handling(row),
    )


IS_ID: Final = (report.c.id >= "0") & (report.c.id < "~")
"""An id that this code made: SQLite sorts numbers before texts, and bytes after them."""
