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
from ..errors import LeaseLost
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
_FIND_KEY: Final = select(report.c.id).where(report.c.key == bindparam("key"))
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
    """Store a report and its deliveries, or find the one that has the same key."""
    if entry.report.key and (known := conn.scalar(_FIND_KEY, {"key": entry.report.key})):
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
        "image": sha,
        "source": entry.source,
        "note": entry.note,
    }


def _delivery_row(
    one: Delivery, outgoing: Outgoing, entry: Entry, sha: str | None
) -> dict[str, object]:
    after = outgoing.fallback_after
    return {
        "id": one.id,
        "report_id": entry.id,
        "lane": str(one.lane),
        "state": State.WAITING,
        "text": one.message.text,
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

_WAITING_LANES: Final = select(lane.c.target, lane.c.bot).where(
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
_QUEUE: Final = (
    select(
        delivery.c.id, delivery.c.report_id, delivery.c.attempts, delivery.c.expires_at,
        delivery.c.reason, delivery.c.created_at, delivery.c.rank, delivery.c.held_until,
    ).where(delivery.c.lane == bindparam("lane"), _IS_WAITING)
    .order_by(delivery.c.rank, delivery.c.id).limit(bindparam("limit"))
)  # fmt: skip
_MESSAGE: Final = (
    select(delivery.c.text, report.c.fields, image)
    .join(report, delivery.c.report_id == report.c.id)
    .outerjoin(image, delivery.c.image == image.c.sha256)
    .where(delivery.c.id == bindparam("id"))
)
_WORDS: Final = (
    select(delivery.c.text, delivery.c.image, report.c.fields)
    .join(report, delivery.c.report_id == report.c.id)
    .where(delivery.c.id == bindparam("id"))
)
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
    return [Lane(Target.parse(row.target), row.bot) for row in conn.execute(_WAITING_LANES)]


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
            held=Held(row.created_at, Rank(row.rank), row.held_until),
        )
        for row in rows
    ]


def message(conn: Connection, delivery_id: str) -> Message:
    """What a delivery is to show; without a picture that is no longer stored."""
    row = conn.execute(_MESSAGE, {"id": delivery_id}).one()
    picture = row.bytes and Image(row.bytes, row.media_type, row.width, row.height)
    return Message(row.text, picture or None, restore(row.fields))


def words(conn: Connection, delivery_id: str) -> tuple[Message, bool]:
    """What a delivery is to show but for its picture, and whether it has one."""
    row = conn.execute(_WORDS, {"id": delivery_id}).one()
    return Message(row.text, None, restore(row.fields)), row.image is not None


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

    id: str
    report_id: str
    target: Target
    text: str
    image: str | None
    rank: Rank
    fallback: tuple[Target, ...]


def fallen(conn: Connection, now: float, limit: int) -> list[Fallen]:
    """The deliveries that were given up or have waited too long, each once: they are marked."""
    rows = conn.execute(
        select(delivery, lane.c.target)
        .join(lane, delivery.c.lane == lane.c.name)
        .where(delivery.c.fallback != "", delivery.c.fallback_at <= now)
        .limit(limit)
    ).all()
    conn.execute(
        update(delivery).where(delivery.c.id.in_([row.id for row in rows])).values(fallback="")
    )
    return [
        Fallen(
            row.id, row.report_id, Target.parse(row.target), row.text, row.image,
            min(Rank(row.rank), Rank.NORMAL),
            tuple(Target.parse(one) for one in row.fallback.split(" ")),
        )
        for row in rows
        if row.state != State.DELIVERED
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


# --- looking -------------------------------------------------------------------------------------


def newest_id(conn: Connection) -> str:
    """The greatest id given so far, or an empty string."""
    found = (conn.scalar(select(func.max(table.c.id))) for table in (report, delivery))
    return max(one or "" for one in found)


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
        Blocked(Lane(Target.parse(row.target), row.bot), row.blocked_reason, row.blocked_at)
        for row in parked
    )
    return Backlog(waiting, oldest, tuple(blocked))


def report_state(conn: Connection, wanted: str) -> ReportState | None:
    """A report by its id, or by the id that its sender gave it."""
    row = conn.execute(
        select(report).where(or_(report.c.id == wanted, report.c.key == wanted))
    ).first()
    if row is None:
        return None
    deliveries = conn.execute(
        select(delivery, lane.c.target, lane.c.blocked_reason)
        .join(lane, delivery.c.lane == lane.c.name)
        .where(delivery.c.report_id == row.id)
        .order_by(delivery.c.id)
    )
    return ReportState(
        row.id, row.key or "", row.event, row.heading, row.received_at, row.source, row.note,
        tuple(_delivery_state(one) for one in deliveries),
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
    return {Target.parse(row.target): row.until for row in conn.execute(select(mute))}


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
    query = select(report.c.id).order_by(report.c.id.desc()).limit(limit)
    if target is not None:
        query = query.where(
            exists()
            .where(delivery.c.report_id == report.c.id)
            .where(delivery.c.lane == lane.c.name, lane.c.target == str(target))
        )
    return list(conn.scalars(query))


def report_message(conn: Connection, report_id: str) -> tuple[Report, Image | None] | None:
    """A stored report and its picture, as far as they are still there."""
    row = conn.execute(
        select(report.c.fields, image)
        .outerjoin(image, report.c.image == image.c.sha256)
        .where(report.c.id == report_id)
    ).first()
    if row is None:
        return None
    picture = row.bytes and Image(row.bytes, row.media_type, row.width, row.height)
    return restore(row.fields), picture or None
