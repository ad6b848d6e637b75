"""Rows to values and back: the one place that writes or reads each kind of row."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import (
    Connection,
    bindparam,
    exists,
    func,
    insert,
    literal_column,
    select,
    text,
    update,
)

from ..errors import Unreadable
from ..model.delivery import Delivery, Handling, Priority, State
from ..model.grant import BOUND
from ..model.image import Image
from ..model.report import Report, dump, restore
from ..model.target import Lane, Target
from ..model.value import value_type
from . import schema
from .fold import fold_report
from .pack import Place
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

    @property
    def text(self) -> str:
        """The text that is stored once, for all deliveries that show it."""
        return self.deliveries[0].message.text if self.deliveries else ""

    @property
    def images(self) -> tuple[Image, ...]:
        """All pictures that it, a delivery or its fallback shows, each once."""
        if not (self.report.images or any(one.message.images for one in self.deliveries)):
            return ()
        shown = (
            self.report.images,
            *(one.message.images for one in self.deliveries),
            *filter(None, self.fallback_images),
        )
        return tuple({id(one): one for images in shown for one in images}.values())


_WAITING: Final = State.WAITING.value
# A literal and no parameter, so that the partial index on waiting deliveries is used.
IS_WAITING: Final = delivery.c.state == literal_column(f"'{State.WAITING}'")
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
# One that is there stays, for as long as one that has just come.
_STORE_IMAGE: Final = Statement(
    insert(image), "ON CONFLICT (digest) DO UPDATE SET used_at = excluded.used_at"
)
_STORE_PLACED_IMAGE: Final = Statement(
    insert(image),
    "ON CONFLICT (digest) DO UPDATE SET used_at = excluded.used_at"
    " WHERE image.pack = excluded.pack AND image.pack_offset = excluded.pack_offset",
)
_PLACE_IMAGE: Final = Statement(
    update(image)
    .where(image.c.digest == bindparam("digest"))
    .values(pack=bindparam("name"), pack_offset=bindparam("offset"))
)
_TOUCH_IMAGE: Final = Statement(
    update(image).where(image.c.digest == bindparam("digest")).values(used_at=bindparam("now"))
)


def add_lane(conn: Connection, of: Lane) -> None:
    """Insert a lane's row if there is none."""
    row = {
        "name": str(of), "target": str(of.target), "bot": of.bot, "due_at": 0.0, "failures": 0,
        "blocked_reason": "", "blocked_at": 0.0, "owner": None, "epoch": 0, "lease_until": 0.0,
    }  # fmt: skip
    _ADD_LANE.run(conn, row)


def store_image(
    conn: Connection, picture: Image, digest: str, data: bytes, place: Place | None, now: float
) -> bool:
    """Store a picture, each once; `digest` is its hash, `data` what its row holds of its bytes,
    `place` where the others are.

    Returns whether its row says so. That of one that was stored earlier names another place, and
    has to until its bytes are on disk at the new one: see `place_image`.
    """
    row = {
        "digest": digest, "bytes": data, "size": len(picture.data), "used_at": now,
        "media_type": picture.media_type, "width": picture.width, "height": picture.height,
        **place_columns(place),
    }  # fmt: skip
    if place is None:
        _STORE_IMAGE.run(conn, row)
        return True
    if _STORE_PLACED_IMAGE.run(conn, row).rowcount == 1:
        return True
    use_image(conn, digest, now)
    return False


def place_columns(place: Place | None) -> dict[str, object]:
    """Where the bytes of a picture are, as its row has it."""
    if place is None:
        return {"pack": None, "pack_offset": None}
    return {"pack": place.pack, "pack_offset": place.offset}


def place_image(conn: Connection, digest: str, place: Place) -> None:
    """The bytes of a picture are on disk at this place, too: they are read from there from now on,
    since what was there before is the first to be deleted, if it is there at all."""
    _PLACE_IMAGE.run(conn, {"digest": digest, "name": place.pack, "offset": place.offset})


def use_image(conn: Connection, digest: str, now: float) -> None:
    """A picture is shown again: it is kept for as long as one that has just come."""
    _TOUCH_IMAGE.run(conn, {"digest": digest, "now": now})


def written_hashes(hashes: Iterable[str]) -> str | None:
    """Pictures' hashes as a row has them."""
    return " ".join(hashes) or None


def read_hashes(stored: str | None) -> tuple[str, ...]:
    """The pictures' hashes of a row."""
    return tuple((stored or "").split())


def report_row(entry: Entry, hashes: Iterable[str]) -> dict[str, object]:
    """A report's row; `hashes` are its pictures'."""
    source = entry.report
    return {
        "id": entry.id,
        "key": source.key or None,
        "received_at": entry.received_at,
        "event": source.event,
        "result": source.result_word,
        "folded": fold_report(
            source.heading, (*(one.message.text for one in entry.deliveries), source.body)
        ),
        "heading": source.heading,
        "fields": dump(source).decode(),
        "text": entry.text,
        "image": written_hashes(hashes),
        "source": entry.source,
        "story": source.story or None,
        "note": entry.note,
    }


def delivery_row(
    one: Delivery,
    text: str | None,
    hashes: Iterable[str],
    fallback_hashes: Iterable[str] | None = None,
) -> dict[str, object]:
    """A delivery's row; `text` is None if it shows the report's, `hashes` are its pictures',
    `fallback_hashes` those for its fallbacks, if they are others."""
    handling = one.handling
    after = handling.fallback_after
    return {
        "id": one.id,
        "report_id": one.report_id,
        "lane": str(one.lane),
        "state": _WAITING,
        "text": text,
        "image": written_hashes(hashes),
        "fallback_image": None if fallback_hashes is None else " ".join(fallback_hashes),
        "attempts": 0,
        "repeats": 0,
        "reason": handling.reason,
        "created_at": one.created_at,
        "expires_at": one.expires_at,
        "finished_at": None,
        "tried_at": None,
        "priority": int(handling.priority),
        "held_until": handling.held_until,
        "fallback": " ".join(map(str, handling.fallback)),
        "fallback_at": None if after is None else one.created_at + after,
        "fallback_unconfirmed": int(handling.fallback_unconfirmed),
    }


def read_lane(row: Any) -> Lane | None:
    """The lane of a row; None if this code cannot read it."""
    target = read_target(row.target)
    return target and Lane(target, row.bot)


def read_target(text: str) -> Target | None:
    """The target of a row; None if this code cannot read it."""
    try:
        return Target.parse(text)
    except ValueError:
        return None


_PRIORITIES: Final = {int(priority): priority for priority in Priority}


HANDLING: Final = (delivery.c.priority, delivery.c.held_until, delivery.c.reason)
"""The columns of `read_handling`."""


def read_handling(row: Any) -> Handling:
    """The handling of a row, without fallbacks, which the housekeeping reads."""
    return Handling(read_priority(row.priority), row.held_until, row.reason)


def read_priority(stored: int) -> Priority:
    """A stored priority; an unknown one is normal."""
    return _PRIORITIES.get(stored, Priority.NORMAL)


_READ_IMAGE: Final = Statement(select(image).where(image.c.digest == bindparam("digest")))


@value_type
class StoredImage:
    """A picture as its row has it."""

    image: Image
    """Without bytes if they are in a file:"""
    size: int
    place: Place | None
    """None: in one of its own, as an older version wrote it."""


def stored_image(row: Mapping[str, Any]) -> StoredImage:
    """The picture of a row."""
    name = row["pack"]
    return StoredImage(
        Image(row["bytes"], row["media_type"], row["width"], row["height"]),
        row["size"],
        Place(name, row["pack_offset"]) if name else None,
    )


def read_images(conn: Connection, hashes: Iterable[str]) -> dict[str, StoredImage]:
    """Those of some pictures that are still stored, by hash."""
    rows = {digest: _READ_IMAGE.row(conn, {"digest": digest}) for digest in hashes}
    return {digest: stored_image(row._asdict()) for digest, row in rows.items() if row is not None}


def image_sizes(conn: Connection, hashes: set[str]) -> dict[str, int]:
    """The bytes of pictures that are still stored, by hash."""
    if not hashes:
        return {}
    query = select(image.c.digest, image.c.size).where(image.c.digest.in_(hashes))
    return {row.digest: row.size for row in conn.execute(query)}


def read_report(fields: str) -> Report:
    """A stored report, without its pictures.

    Raises:
        Unreadable: this code did not write it.
    """
    try:
        return restore(fields)
    except ValueError as error:
        raise Unreadable from error
