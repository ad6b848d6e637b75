"""Every statement of the outbox, named by what it does. Runs inside `Database.run`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from sqlalchemy import (
    Connection,
    bindparam,
    delete,
    exists,
    func,
    insert,
    literal_column,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from ..delivery import (
    Backlog,
    Blocked,
    Delivery,
    DeliveryState,
    Lane,
    Message,
    Outgoing,
    Rank,
    Receipt,
    ReportState,
    State,
    Target,
)
from ..errors import InvalidReport, LeaseLost, Unreadable
from ..hold import Held
from ..report import Image, Report, dump, restore
from ..watch import Watched
from .schema import binding, delivery, image, lane, meta, mute, report, watch


@dataclass(frozen=True, slots=True)
class Entry:
    """A report ready to be stored, with its deliveries."""

    id: str
    report: Report
    deliveries: tuple[tuple[Delivery, Outgoing], ...]
    received_at: float
    expires_at: float
    source: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to send in a lane. Every write of its owner carries the epoch."""

    lane: str
    owner: str
    epoch: int
    until: float


@dataclass(frozen=True, slots=True)
class Claim:
    """What came of asking for a lane."""

    lease: Lease | None
    """None: look again at `due_at`."""
    due_at: float
    failures: int


@dataclass(frozen=True, slots=True)
class Queued:
    """A waiting delivery as a lane's queue holds it."""

    delivery: Delivery
    loaded: bool
    """Its message is here; else only `message` knows it, so that a long queue needs no memory."""
    expires_at: float
    reason: str
    """What the last try came to."""
    held: Held
    picture_bytes: int = 0


# The state is written out, so that the partial index of what waits is used.
_IS_WAITING: Final = delivery.c.state == literal_column(f"'{State.WAITING}'")
_HOLDS: Final = (
    lane.c.name == bindparam("of"),
    lane.c.owner == bindparam("by"),
    lane.c.epoch == bindparam("at"),
)
_IS_HELD: Final = exists().where(*_HOLDS)


def _or_ignore(conn: Connection, table: Any) -> Any:
    """An INSERT that leaves an existing row alone."""
    make = postgresql_insert if conn.dialect.name == "postgresql" else sqlite_insert
    return make(table).on_conflict_do_nothing()


# --- accepting -----------------------------------------------------------------------------------

_INSERT_REPORT: Final = insert(report)
_INSERT_DELIVERY: Final = insert(delivery)
_FIND_KEY: Final = select(report.c.id).where(
    report.c.source == bindparam("source"), report.c.key == bindparam("key")
)
_TARGETS: Final = (
    select(lane.c.target)
    .join(delivery, delivery.c.lane == lane.c.name)
    .where(delivery.c.report_id == bindparam("id"))
    .order_by(delivery.c.id)
)
_TOUCH_IMAGE: Final = (
    update(image).where(image.c.sha256 == bindparam("sha")).values(used_at=bindparam("now"))
)


def accept(conn: Connection, entry: Entry) -> Receipt:
    """Store a report and its deliveries, or find the one of its token that has the same key."""
    key = {"source": entry.source, "key": entry.report.key}
    if entry.report.key and (known := conn.scalar(_FIND_KEY, key)):
        targets = conn.scalars(_TARGETS, {"id": known}).all()
        return Receipt(known, "duplicate", tuple(Target.parse(one) for one in targets))
    sha = _store_image(conn, entry.report.image, entry.received_at)
    conn.execute(_INSERT_REPORT, _report_row(entry, sha))
    rows = [_delivery_row(one, outgoing, entry, sha) for one, outgoing in entry.deliveries]
    if not rows:
        return Receipt(entry.id, "dropped", ())
    conn.execute(_INSERT_DELIVERY, rows)
    return Receipt(entry.id, "accepted", tuple(one.target for _, one in entry.deliveries))


def add_lane(conn: Connection, of: Lane) -> None:
    """Make a lane's row where there is none."""
    row = {
        "name": str(of), "target": str(of.target), "bot": of.bot, "due_at": 0.0, "failures": 0,
        "blocked_reason": "", "blocked_at": 0.0, "owner": None, "epoch": 0, "lease_until": 0.0,
    }  # fmt: skip
    conn.execute(_or_ignore(conn, lane), row)


def _store_image(conn: Connection, picture: Image | None, now: float) -> str | None:
    if picture is None:
        return None
    sha = sha256(picture.data).hexdigest()
    if conn.execute(_TOUCH_IMAGE, {"sha": sha, "now": now}).rowcount == 0:
        row = {
            "sha256": sha, "bytes": picture.data, "media_type": picture.media_type,
            "width": picture.width, "height": picture.height, "used_at": now,
        }  # fmt: skip
        conn.execute(_or_ignore(conn, image), row)
    return sha


def _report_row(entry: Entry, sha: str | None) -> dict[str, object]:
    source = entry.report
    return {
        "id": entry.id,
        "key": source.key or None,
        "received_at": entry.received_at,
        "event": source.event,
        "heading": source.heading,
        "fields": dump(source).decode(),
        "text": _common_text(entry),
        "image": sha,
        "source": entry.source,
        "note": entry.note,
    }


def _common_text(entry: Entry) -> str:
    """The words that are stored once, for all deliveries that have them."""
    return entry.deliveries[0][0].message.text if entry.deliveries else ""


def _delivery_row(
    one: Delivery, outgoing: Outgoing, entry: Entry, sha: str | None
) -> dict[str, object]:
    after, text = outgoing.fallback_after, one.message.text
    return {
        "id": one.id,
        "report_id": entry.id,
        "lane": str(one.lane),
        "state": State.WAITING,
        "text": None if text == _common_text(entry) else text,
        "image": sha if one.message.image else None,
        "attempts": 0,
        "repeats": 0,
        "reason": outgoing.reason,
        "created_at": entry.received_at,
        "expires_at": entry.expires_at,
        "finished_at": None,
        "rank": int(outgoing.rank),
        "held_until": outgoing.held_until,
        "fallback": " ".join(str(target) for target in outgoing.fallback),
        "fallback_at": None if after is None else entry.received_at + after,
    }


# --- lanes ---------------------------------------------------------------------------------------

_WAITING_LANES: Final = select(lane.c.name, lane.c.target, lane.c.bot).where(
    exists().where(delivery.c.lane == lane.c.name, _IS_WAITING)
)
_LOCK_LANE: Final = (
    select(lane).where(lane.c.name == bindparam("lane")).with_for_update(skip_locked=True)
)
_OWN: Final = (
    update(lane)
    .where(lane.c.name == bindparam("of"))
    .values(
        owner=bindparam("by"), epoch=bindparam("at"), lease_until=bindparam("until"),
        blocked_reason="", blocked_at=0.0,
    )
)  # fmt: skip
_TEXT: Final = func.coalesce(delivery.c.text, report.c.text).label("text")
_QUEUE: Final = (
    select(
        delivery.c.id, delivery.c.report_id, delivery.c.attempts, delivery.c.expires_at,
        delivery.c.reason, delivery.c.created_at, delivery.c.rank, delivery.c.held_until,
        func.coalesce(func.length(image.c.bytes), 0).label("picture_bytes"),
    ).outerjoin(image, delivery.c.image == image.c.sha256)
    .where(delivery.c.lane == bindparam("lane"), _IS_WAITING)
    .order_by(delivery.c.rank, delivery.c.id).limit(bindparam("limit"))
)  # fmt: skip
_WORDS: Final = (
    select(_TEXT, delivery.c.image, report.c.fields)
    .join(report, delivery.c.report_id == report.c.id)
    .where(delivery.c.id == bindparam("id"))
)
_PICTURE: Final = select(image).where(image.c.sha256 == bindparam("sha"))
_RESUME: Final = (
    update(lane)
    .where(
        lane.c.due_at > 0,
        lane.c.target.not_like("channel:%"),
        exists().where(delivery.c.lane == lane.c.name, _IS_WAITING),
    )
    .values(due_at=0.0, failures=0)
)
_HEADS: Final = (
    select(func.min(delivery.c.id))
    .where(
        _IS_WAITING,
        delivery.c.lane.in_(
            select(lane.c.name).where(
                lane.c.owner.is_not(None),
                or_(bindparam("lane").is_(None), lane.c.name == bindparam("lane")),
            )
        ),
    )
    .group_by(delivery.c.lane)
)


def waiting_lanes(conn: Connection) -> list[Lane]:
    """The lanes in which something waits."""
    return [of for row in conn.execute(_WAITING_LANES) if (of := _lane(row)) is not None]


def _lane(row: Any) -> Lane | None:
    """A stored lane; None: it is none that this code writes."""
    target = _target(row.target)
    return target and Lane(target, row.bot)


def _target(text: str) -> Target | None:
    try:
        return Target.parse(text)
    except ValueError:
        return None


def set_aside(conn: Connection, now: float) -> dict[str, int]:
    """End the deliveries of lanes that cannot be read. Returns how many there were, by lane."""
    ended: dict[str, int] = {}
    for row in conn.execute(_WAITING_LANES).all():
        if (of := _lane(row)) is not None and str(of) == row.name:
            continue
        stuck = update(delivery).where(delivery.c.lane == row.name, _IS_WAITING)
        end = stuck.values(state=State.REJECTED, reason="接收者无法识别", finished_at=now)
        ended[row.name] = conn.execute(end).rowcount
    return ended


def claim(conn: Connection, of: Lane, owner: str, now: float, until: float) -> Claim:
    """Take a lane, unless somebody else has it or it backs off.

    A lane whose owner let its lease lapse is taken over: its head may have been sent, so sending
    it now counts as a repeat.
    """
    row = conn.execute(_LOCK_LANE, {"lane": str(of)}).one_or_none()
    if row is None:  # its row is locked: another process is at it
        return Claim(None, now + 1, 0)
    if row.owner not in (None, owner) and row.lease_until > now:
        return Claim(None, row.lease_until, row.failures)
    if row.due_at > now:
        return Claim(None, row.due_at, row.failures)
    if row.owner not in (None, owner):
        _count_repeats(conn, str(of))
    epoch = row.epoch + (row.owner != owner)
    conn.execute(_OWN, {"of": str(of), "by": owner, "at": epoch, "until": until})
    return Claim(Lease(str(of), owner, epoch, until), row.due_at, row.failures)


def queue(conn: Connection, of: Lane, limit: int) -> list[Queued]:
    """What waits in a lane, by rank and then by age, without the messages."""
    rows = conn.execute(_QUEUE, {"lane": str(of), "limit": limit})
    return [
        Queued(
            Delivery(row.id, row.report_id, of, Message(""), row.attempts),
            loaded=False,
            expires_at=row.expires_at,
            reason=row.reason,
            held=Held(row.created_at, _rank(row.rank), row.held_until),
            picture_bytes=row.picture_bytes,
        )
        for row in rows
    ]


_RANKS: Final = {int(rank): rank for rank in Rank}


def _rank(stored: int) -> Rank:
    return _RANKS.get(stored, Rank.NORMAL)


def words(conn: Connection, delivery_id: str) -> tuple[Message, str | None]:
    """What a delivery is to show but for its picture, and the hash of that.

    Raises:
        Unreadable: what is stored is not what this code writes.
    """
    row = conn.execute(_WORDS, {"id": delivery_id}).one_or_none()
    if row is None:
        raise Unreadable
    return Message(row.text, None, _restored(row.fields)), row.image


def picture(conn: Connection, sha: str) -> Image | None:
    """A picture by its hash, if it is still stored."""
    row = conn.execute(_PICTURE, {"sha": sha}).one_or_none()
    return None if row is None else _picture(row)


def _picture(row: Any) -> Image | None:
    return Image(row.bytes, row.media_type, row.width, row.height) if row.bytes else None


def _restored(fields: str) -> Report:
    try:
        return restore(fields)
    except InvalidReport as error:
        raise Unreadable from error


def renew(conn: Connection, owner: str, names: Sequence[str], until: float) -> None:
    """Keep the lanes that this process is sending in."""
    held = lane.c.name.in_(names) & (lane.c.owner == owner)
    conn.execute(update(lane).where(held).values(lease_until=until))


def park(conn: Connection, of: Lane, owner: str, reason: str, now: float) -> None:
    """Let go of a lane until its bot is back. No delivery is touched."""
    conn.execute(
        update(lane)
        .where(lane.c.name == str(of), or_(lane.c.owner.is_(None), lane.c.owner == owner))
        .where(lane.c.blocked_reason != reason)
        .values(blocked_reason=reason, blocked_at=now, owner=None)
    )
    conn.execute(
        update(lane).where(lane.c.name == str(of), lane.c.owner == owner).values(owner=None)
    )


def resume(conn: Connection) -> None:
    """End the back-off of QQ's lanes in which something waits: a bot came back."""
    conn.execute(_RESUME)


def release(conn: Connection, owner: str, keep: Sequence[str]) -> None:
    """Let go of all lanes but `keep`: this process ends in good order."""
    held = (lane.c.owner == owner) & lane.c.name.not_in(keep)
    conn.execute(update(lane).where(held).values(owner=None))


def recover(conn: Connection) -> None:
    """Let go of all lanes of processes that are gone; only where there can be no other process.

    What stood at the head of a lane that was not let go may have been sent: the next try of it is
    counted as a repeat.
    """
    _count_repeats(conn, None)
    conn.execute(update(lane).where(lane.c.owner.is_not(None)).values(owner=None))


def _count_repeats(conn: Connection, name: str | None) -> None:
    heads = conn.scalars(_HEADS, {"lane": name}).all()
    if heads:
        repeated = update(delivery).where(delivery.c.id.in_(heads))
        conn.execute(repeated.values(repeats=delivery.c.repeats + 1))


# --- recording -----------------------------------------------------------------------------------

_FINISH: Final = (
    update(delivery)
    .where(delivery.c.id == bindparam("this"), _IS_WAITING, _IS_HELD)
    .values(
        state=bindparam("to"), reason=bindparam("why"), finished_at=bindparam("now"),
        attempts=delivery.c.attempts + bindparam("tries"),
    )
)  # fmt: skip
_GIVE_UP: Final = (
    update(delivery)
    .where(delivery.c.id == bindparam("this"), delivery.c.fallback != "")
    .values(fallback_at=bindparam("now"))
)
_POSTPONE: Final = (
    update(delivery)
    .where(delivery.c.id == bindparam("this"), _IS_WAITING, _IS_HELD)
    .values(
        reason=bindparam("why"), attempts=delivery.c.attempts + 1,
        repeats=delivery.c.repeats + bindparam("again"),
    )
)  # fmt: skip
_BACK_OFF: Final = (
    update(lane).where(*_HOLDS).values(due_at=bindparam("due"), failures=bindparam("count"))
)


def finish(
    conn: Connection, lease: Lease, delivery_id: str, state: State, reason: str, now: float
) -> None:
    """Write the end of a delivery.

    Raises:
        LeaseLost: the lane is another process's by now; nothing was written.
    """
    tries = 0 if state is State.EXPIRED else 1
    _write(conn, _FINISH, lease, this=delivery_id, to=state, why=reason, now=now, tries=tries)
    if state is not State.DELIVERED:
        conn.execute(_GIVE_UP, {"this": delivery_id, "now": now})


def postpone(
    conn: Connection, lease: Lease, delivery_id: str, reason: str, *, repeated: bool
) -> None:
    """Count a try that did not end a delivery; `repeated`: it may have arrived all the same.

    Raises:
        LeaseLost: the lane is another process's by now; nothing was written.
    """
    _write(conn, _POSTPONE, lease, this=delivery_id, why=reason, again=int(repeated))


def back_off(conn: Connection, lease: Lease, due_at: float, failures: int) -> None:
    """Let nothing out of a lane before `due_at`; 0 and 0: it works again."""
    conn.execute(_BACK_OFF, {**_held(lease), "due": due_at, "count": failures})


def _write(conn: Connection, statement: Any, lease: Lease, **values: object) -> None:
    if conn.execute(statement, {**_held(lease), **values}).rowcount != 1:
        raise LeaseLost


def _held(lease: Lease) -> dict[str, object]:
    return {"of": lease.lane, "by": lease.owner, "at": lease.epoch}


# --- housekeeping --------------------------------------------------------------------------------


def expire(conn: Connection, now: float, limit: int) -> int:
    """Give up what is too old in lanes that nobody sends in. Returns how many there were."""
    rows = conn.execute(
        select(delivery.c.id, delivery.c.reason, lane.c.blocked_reason)
        .join(lane, delivery.c.lane == lane.c.name)
        .where(_IS_WAITING, delivery.c.expires_at <= now)
        .where(or_(lane.c.owner.is_(None), lane.c.lease_until <= now))
        .limit(limit)
    ).all()
    for row in rows:
        reason = expiry_reason(row.blocked_reason or row.reason)
        conn.execute(
            update(delivery)
            .where(delivery.c.id == row.id, _IS_WAITING)
            .values(state=State.EXPIRED, reason=reason, finished_at=now)
        )
        conn.execute(_GIVE_UP, {"this": row.id, "now": now})
    return len(rows)


@dataclass(frozen=True, slots=True)
class Fallen:
    """A delivery whose fallback is due."""

    report_id: str
    target: Target
    text: str
    image: str | None
    rank: Rank
    fallback: tuple[Target, ...]


_FALLEN: Final = (
    select(
        delivery.c.id, delivery.c.report_id, delivery.c.state, delivery.c.image, delivery.c.rank,
        delivery.c.fallback, lane.c.target, _TEXT,
    ).join(lane, delivery.c.lane == lane.c.name)
    .join(report, delivery.c.report_id == report.c.id)
    .where(delivery.c.fallback != "", delivery.c.fallback_at <= bindparam("now"))
    .limit(bindparam("limit"))
)  # fmt: skip


def fallen(conn: Connection, now: float, limit: int) -> list[Fallen]:
    """The deliveries that were given up or have waited too long, each once: they are marked."""
    rows = conn.execute(_FALLEN, {"now": now, "limit": limit}).all()
    conn.execute(
        update(delivery).where(delivery.c.id.in_([row.id for row in rows])).values(fallback="")
    )
    return [
        Fallen(
            row.report_id, target, row.text, row.image, min(_rank(row.rank), Rank.NORMAL),
            tuple(to for one in row.fallback.split(" ") if (to := _target(one)) is not None),
        )
        for row in rows
        if row.state != State.DELIVERED and (target := _target(row.target)) is not None
    ]  # fmt: skip


def fall_back(
    conn: Connection, to: Sequence[Delivery], of: Fallen, now: float, expires_at: float
) -> None:
    """Store deliveries of a fallen one's report for other targets."""
    for one in to:
        add_lane(conn, one.lane)
        row = {
            "id": one.id, "report_id": of.report_id, "lane": str(one.lane),
            "state": State.WAITING, "text": one.message.text, "image": of.image, "attempts": 0,
            "repeats": 0, "reason": "", "created_at": now, "expires_at": expires_at,
            "finished_at": None, "rank": int(of.rank), "held_until": 0.0, "fallback": "",
            "fallback_at": None,
        }  # fmt: skip
        conn.execute(_INSERT_DELIVERY, row)


def expiry_reason(cause: str) -> str:
    """Why a delivery was given up."""
    return f"超过 REPORT_EXPIRE 仍未送达：{cause}" if cause else "超过 REPORT_EXPIRE 仍未送达"


def prune_reports(conn: Connection, before: str, limit: int) -> int:
    """Forget reports with ids below `before` of which nothing waits. Returns how many."""
    waits = exists().where(delivery.c.report_id == report.c.id, _IS_WAITING)
    old = select(report.c.id).where(report.c.id < before, ~waits).order_by(report.c.id).limit(limit)
    ids = conn.scalars(old).all()
    conn.execute(delete(delivery).where(delivery.c.report_id.in_(ids)))
    return conn.execute(delete(report).where(report.c.id.in_(ids))).rowcount


def prune_images(conn: Connection, before: float, limit: int) -> int:
    """Forget pictures last used before a time that nothing waiting shows. Returns how many."""
    waits = exists().where(delivery.c.image == image.c.sha256, _IS_WAITING)
    old = select(image.c.sha256).where(image.c.used_at < before, ~waits).limit(limit)
    hashes = conn.scalars(old).all()
    return conn.execute(delete(image).where(image.c.sha256.in_(hashes))).rowcount


def prune_lanes(conn: Connection, limit: int) -> list[str]:
    """Forget lanes of which nothing is left. Returns their names."""
    empty = ~exists().where(delivery.c.lane == lane.c.name)
    names = conn.scalars(select(lane.c.name).where(empty, lane.c.owner.is_(None)).limit(limit))
    gone = list(names)
    conn.execute(delete(lane).where(lane.c.name.in_(gone)))
    return gone


def move_in_time(conn: Connection, since: float, by: float) -> None:
    """Keep waits as long as they were meant: the clock was set, forward by `by` seconds.

    What was written down before `since` (epoch seconds) was so by another reading of the clock.
    """
    recent_ones = (_IS_WAITING, delivery.c.created_at >= since)
    conn.execute(
        update(delivery)
        .where(*recent_ones)
        .values(
            created_at=delivery.c.created_at + by,
            expires_at=delivery.c.expires_at + by,
            fallback_at=delivery.c.fallback_at + by,
        )
    )
    for table, column in (
        (delivery, delivery.c.held_until), (lane, lane.c.due_at), (lane, lane.c.lease_until),
        (mute, mute.c.until), (watch, watch.c.due_at),
    ):  # fmt: skip
        conn.execute(update(table).where(column > since).values({column: column + by}))


# --- looking -------------------------------------------------------------------------------------


def newest_id(conn: Connection) -> str:
    """The greatest id given so far, or an empty string."""
    found = (conn.scalar(select(func.max(table.c.id))) for table in (report, delivery))
    return max(one or "" for one in found)


def newest_moment(conn: Connection) -> float:
    """When the newest of what waits was accepted, by the clock of then; 0: nothing waits."""
    return conn.scalar(select(func.max(delivery.c.created_at)).where(_IS_WAITING)) or 0.0


def probe(conn: Connection, now: float) -> None:
    """A real write, to see that the store can."""
    row = {"name": "probed_at", "value": str(now)}
    if conn.execute(update(meta).where(meta.c.name == "probed_at").values(row)).rowcount == 0:
        conn.execute(insert(meta).values(row))


def backlog(conn: Connection) -> Backlog:
    """What waits, and which lanes are parked."""
    waiting, oldest = conn.execute(
        select(func.count(), func.min(delivery.c.created_at)).where(_IS_WAITING)
    ).one()
    parked = conn.execute(
        select(lane).where(
            lane.c.blocked_reason != "",
            exists().where(delivery.c.lane == lane.c.name, _IS_WAITING),
        ).order_by(lane.c.name)
    )  # fmt: skip
    blocked = (
        Blocked(of, row.blocked_reason, row.blocked_at)
        for row in parked
        if (of := _lane(row)) is not None
    )
    return Backlog(waiting, oldest, tuple(blocked))


_STATE_COLUMNS: Final = (
    report.c.id, report.c.key, report.c.event, report.c.heading, report.c.received_at,
    report.c.source, report.c.note,
)  # fmt: skip
_DELIVERY_COLUMNS: Final = (
    delivery.c.state, delivery.c.attempts, delivery.c.repeats, delivery.c.reason,
    delivery.c.finished_at, delivery.c.lane, lane.c.target, lane.c.blocked_reason,
)  # fmt: skip


def report_state(conn: Connection, wanted: str, source: str) -> ReportState | None:
    """A report by its id, or by the id that its sender gave it: unique within a token's source."""
    of_source = (report.c.source == source) & (report.c.key == wanted)
    row = conn.execute(select(*_STATE_COLUMNS).where(or_(report.c.id == wanted, of_source))).first()
    if row is None:
        return None
    deliveries = conn.execute(
        select(*_DELIVERY_COLUMNS)
        .join(lane, delivery.c.lane == lane.c.name)
        .where(delivery.c.report_id == row.id)
        .order_by(delivery.c.id)
    )
    return ReportState(
        row.id, row.key or "", row.event, row.heading, row.received_at, row.source, row.note,
        tuple(_delivery_state(one) for one in deliveries if _target(one.target)),
    )  # fmt: skip


def _delivery_state(row: Any) -> DeliveryState:
    state = State(row.state)
    reason = row.reason
    if state is State.WAITING and row.blocked_reason:
        before = f"；上一次：{row.reason}" if row.attempts else f"；{row.reason}"
        reason = row.blocked_reason + (before if row.reason else "")
    return DeliveryState(
        Target.parse(row.target), state, row.attempts, row.repeats, reason, row.finished_at
    )


# --- what is remembered beside reports -----------------------------------------------------------


def last_received(conn: Connection, event: str, source: str, since_id: str) -> float | None:
    """When an event last came from a source, among reports with ids from `since_id` on."""
    return conn.scalar(
        select(report.c.received_at)
        .where(report.c.id >= since_id, report.c.event == event, report.c.source == source)
        .order_by(report.c.id.desc())
        .limit(1)
    )


def mutes(conn: Connection) -> dict[Target, float]:
    """Until when each muted target is."""
    rows = conn.execute(select(mute))
    return {target: row.until for row in rows if (target := _target(row.target)) is not None}


def set_mute(conn: Connection, target: Target, until: float) -> None:
    """Mute a target until a moment; 0: no longer."""
    conn.execute(delete(mute).where(mute.c.target == str(target)))
    if until:
        conn.execute(insert(mute).values(target=str(target), until=until))


@dataclass(frozen=True, slots=True)
class Binding:
    """A user's own token."""

    user: str
    token: str
    """Its SHA-256."""
    created_at: float


def bindings(conn: Connection) -> list[Binding]:
    """Who is bound, the oldest first."""
    rows = conn.execute(select(binding).order_by(binding.c.created_at))
    return [Binding(row.user, row.token, row.created_at) for row in rows]


def bind(conn: Connection, one: Binding) -> None:
    """Give a user a token; a former one is no longer good."""
    conn.execute(delete(binding).where(binding.c.user == one.user))
    conn.execute(insert(binding).values(user=one.user, token=one.token, created_at=one.created_at))


def unbind(conn: Connection, user: str) -> None:
    """Take a user's token away."""
    conn.execute(delete(binding).where(binding.c.user == user))


def watches(conn: Connection) -> dict[str, Watched]:
    """What each watch is waiting for."""
    return {
        row.name: Watched(row.since, row.due_at, row.overdue_at)
        for row in conn.execute(select(watch))
    }


def set_watches(conn: Connection, changed: Mapping[str, Watched]) -> None:
    """Remember what these watches are waiting for."""
    for name, one in changed.items():
        conn.execute(delete(watch).where(watch.c.name == name))
        conn.execute(
            insert(watch).values(
                name=name, since=one.since, due_at=one.due_at, overdue_at=one.overdue_at
            )
        )


def recent(conn: Connection, limit: int, target: Target | None) -> list[str]:
    """The ids of the newest reports, the newest first; of one target's only, if that is given."""
    if target is None:
        return list(conn.scalars(select(report.c.id).order_by(report.c.id.desc()).limit(limit)))
    names = conn.scalars(select(lane.c.name).where(lane.c.target == str(target))).all()
    found: set[str] = set()
    for name in names:
        # One lane at a time: each is read from the end of its index.
        query = select(delivery.c.report_id).where(delivery.c.lane == name)
        found.update(conn.scalars(query.order_by(delivery.c.report_id.desc()).limit(limit)))
    return sorted(found, reverse=True)[:limit]


def report_message(conn: Connection, report_id: str) -> tuple[Report, Image | None] | None:
    """A stored report and its picture, as far as they are still there.

    Raises:
        Unreadable: what is stored is not what this code writes.
    """
    row = conn.execute(
        select(report.c.fields, image)
        .outerjoin(image, report.c.image == image.c.sha256)
        .where(report.c.id == report_id)
    ).first()
    return None if row is None else (_restored(row.fields), _picture(row))
