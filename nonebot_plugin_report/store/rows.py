"""Rows to values and back: the one place that writes or reads each kind of row."""

from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from sqlalchemy import Connection, bindparam, func, insert, literal_column, text, update
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from ..errors import Unreadable
from ..model.delivery import FAILED, Delivery, Handling, Priority, State
from ..model.grant import BOUND
from ..model.image import Image
from ..model.report import Report, dump, restore
from ..model.target import Lane, Target
from .schema import delivery, image, lane, report


@dataclass(frozen=True, slots=True)
class Entry:
    """A report ready to be stored, with its deliveries."""

    id: str
    report: Report
    deliveries: tuple[Delivery, ...]
    received_at: float
    source: str = ""
    note: str = ""

    @property
    def text(self) -> str:
        """The text that is stored once, for all deliveries that show it."""
        return self.deliveries[0].message.text if self.deliveries else ""


# A literal and no parameter, so that the partial index on waiting deliveries is used.
IS_WAITING: Final = delivery.c.state == literal_column(f"'{State.WAITING}'")
HAS_FAILED: Final = text(f"delivery.state IN {tuple(map(str, FAILED))}")
IS_BOUND: Final = text(f"substr(report.source, 1, {len(BOUND)}) = '{BOUND}'")
TEXT: Final = func.coalesce(delivery.c.text, report.c.text).label("text")
INSERT_REPORT: Final = insert(report)
INSERT_DELIVERY: Final = insert(delivery)
_ADD_LANE: Final = sqlite_insert(lane).on_conflict_do_nothing()
_ADD_IMAGE: Final = sqlite_insert(image).on_conflict_do_nothing()
_TOUCH_IMAGE: Final = (
    update(image).where(image.c.sha256 == bindparam("sha")).values(used_at=bindparam("now"))
)


def add_lane(conn: Connection, of: Lane) -> None:
    """Insert a lane's row if there is none."""
    row = {
        "name": str(of), "target": str(of.target), "bot": of.bot, "due_at": 0.0, "failures": 0,
        "blocked_reason": "", "blocked_at": 0.0, "owner": None, "epoch": 0, "lease_until": 0.0,
    }  # fmt: skip
    conn.execute(_ADD_LANE, row)


def store_image(conn: Connection, picture: Image | None, now: float) -> str | None:
    """Store a picture, each once. Returns its hash."""
    if picture is None:
        return None
    sha = sha256(picture.data).hexdigest()
    if conn.execute(_TOUCH_IMAGE, {"sha": sha, "now": now}).rowcount == 0:
        row = {
            "sha256": sha, "bytes": picture.data, "media_type": picture.media_type,
            "width": picture.width, "height": picture.height, "used_at": now,
        }  # fmt: skip
        conn.execute(_ADD_IMAGE, row)
    return sha


def report_row(entry: Entry, sha: str | None) -> dict[str, object]:
    """A report's row; `sha` is its picture's hash."""
    source = entry.report
    return {
        "id": entry.id,
        "key": source.key or None,
        "received_at": entry.received_at,
        "event": source.event,
        "heading": source.heading,
        "fields": dump(source).decode(),
        "text": entry.text,
        "image": sha,
        "source": entry.source,
        "note": entry.note,
    }


def delivery_row(one: Delivery, text: str | None, sha: str | None) -> dict[str, object]:
    """A delivery's row; `text` is None if it shows the report's, `sha` its picture's hash."""
    handling = one.handling
    after = handling.fallback_after
    return {
        "id": one.id,
        "report_id": one.report_id,
        "lane": str(one.lane),
        "state": State.WAITING,
        "text": text,
        "image": sha,
        "attempts": 0,
        "repeats": 0,
        "reason": handling.reason,
        "created_at": one.created_at,
        "expires_at": one.expires_at,
        "finished_at": None,
        "tried_at": None,
        "priority": int(handling.priority),
        "held_until": handling.held_until,
        "fallback": " ".join(str(target) for target in handling.fallback),
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


def read_picture(row: Any) -> Image | None:
    """The picture of a row, if it is still stored."""
    return Image(row.bytes, row.media_type, row.width, row.height) if row.bytes else None


def read_report(fields: str) -> Report:
    """A stored report, without its picture.

    Raises:
        Unreadable: this code did not write it.
    """
    try:
        return restore(fields)
    except ValueError as error:
        raise Unreadable from error
