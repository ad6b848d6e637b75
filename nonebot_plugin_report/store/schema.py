"""The tables and their indexes, and the numbered steps that bring older tables up to date."""

from collections.abc import Sequence
from typing import Final

import orjson
from sqlalchemy import (
    DDL,
    Column,
    Connection,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    delete,
    event,
    insert,
    select,
    text,
)
from sqlalchemy.schema import CreateIndex

from ..errors import StoreUnavailable
from ..model.delivery import FAILED, State
from ..model.grant import BOUND

STRING: Final = String().with_variant(String(collation="C"), "postgresql")
"""Compared byte by byte, as SQLite does: the order within a lane is that of ids."""
ID: Final = String(20).with_variant(String(20, collation="C"), "postgresql")

Step = Sequence[str]
"""SQL statements that bring tables of one version to the next."""
STEPS: Final[Sequence[Step]] = (
    ("ALTER TABLE delivery ADD COLUMN mention TEXT NOT NULL DEFAULT ''",),
    ("ALTER TABLE delivery ADD COLUMN message_id VARCHAR NOT NULL DEFAULT ''",),
    (
        "ALTER TABLE delivery ADD COLUMN remind_at FLOAT",
        "ALTER TABLE delivery ADD COLUMN remind_every FLOAT NOT NULL DEFAULT 0",
        "ALTER TABLE delivery ADD COLUMN reminded INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE delivery ADD COLUMN escalate TEXT NOT NULL DEFAULT ''",
    ),
)
"""The step from version 1 to 2, the step from 2 to 3, and so on. A change of the tables adds one;
new tables and all indexes are made without a step."""

metadata: Final = MetaData()

meta: Final = Table(
    "meta",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("value", STRING, nullable=False),
)

report: Final = Table(
    "report",
    metadata,
    Column("id", ID, primary_key=True),  # time-ordered, so new rows go to the end
    Column("key", STRING, nullable=True),  # the client's own id
    # What was said under that id; empty: whatever was.
    Column("content_hash", STRING, nullable=False, server_default=""),
    Column("received_at", Float, nullable=False),  # epoch seconds, as all times here
    Column("event", Text, nullable=False),
    Column("source", STRING, nullable=False, server_default=""),  # the token's name
    Column("result", STRING, nullable=False, server_default=""),  # BetterGI's number, or a word
    # What a search looks through: before what may be long, which SQLite reads up to a column.
    Column("folded", Text, nullable=False, server_default=""),
    Column("heading", Text, nullable=False),
    Column("fields", Text, nullable=False),  # the report as JSON, without the pictures
    Column("text", Text, nullable=False, server_default=""),  # the first delivery's text
    Column("image", Text, nullable=True),  # its pictures' ids, with spaces between them
    Column("story", STRING, nullable=True),  # what its event begins or ends: an alert
    Column("note", Text, nullable=False, server_default=""),  # why it has no delivery
)
# The client's own id is unique within its token, not across tokens, and with what it says.
_HAS_KEY: Final = report.c.key.is_not(None)
Index("report_source_key", report.c.source, report.c.key, report.c.content_hash, unique=True,
      sqlite_where=_HAS_KEY)  # fmt: skip
# The newest of all that came with one id.
Index("report_key", report.c.source, report.c.key, report.c.received_at,
      sqlite_where=_HAS_KEY)  # fmt: skip
_HAS_STORY: Final = report.c.story.is_not(None)
Index("report_story", report.c.source, report.c.story, report.c.event, report.c.received_at,
      sqlite_where=_HAS_STORY)  # fmt: skip
Index("report_received", report.c.received_at, report.c.id)  # the order of the history
Index("report_event", report.c.event, report.c.source, report.c.received_at)
# When somebody who bound themselves used their token last.
_BOUND: Final = text(f"substr(source, 1, {len(BOUND)}) = '{BOUND}'")
Index("report_bound", report.c.source, report.c.received_at,
      sqlite_where=_BOUND)  # fmt: skip

image: Final = Table(
    "image",
    metadata,
    Column("id", STRING, primary_key=True),  # its report's id, "." and a number
    Column("report_id", ID, nullable=False),  # no foreign key: that would want an index
    Column("stored_at", Float, nullable=False),
    Column("size", Integer, nullable=False),
    Column("media_type", STRING, nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("bytes", LargeBinary, nullable=False),
)
Index("image_stored_at", image.c.stored_at)
# PostgreSQL would try in vain to compress them, which took most of the time to store one.
event.listen(
    image,
    "after_create",
    DDL("ALTER TABLE image ALTER COLUMN bytes SET STORAGE EXTERNAL").execute_if(
        dialect="postgresql"
    ),
)

lane: Final = Table(
    "lane",
    metadata,
    Column("name", STRING, primary_key=True),
    Column("target", STRING, nullable=False),
    Column("bot", STRING, nullable=False),
    Column("due_at", Float, nullable=False),  # back-off: nothing goes out before
    Column("failures", Integer, nullable=False),  # in a row, for the back-off
    Column("blocked_reason", Text, nullable=False),  # why it is parked; empty: it is not
    Column("blocked_at", Float, nullable=False),
    Column("owner", STRING, nullable=True),  # the process that sends now
    Column("epoch", Integer, nullable=False),  # grows with each owner; every write carries it
    Column("lease_until", Float, nullable=False),
)

delivery: Final = Table(
    "delivery",
    metadata,
    Column("id", ID, primary_key=True),  # time-ordered: the order within a lane
    Column("report_id", ID, ForeignKey("report.id"), nullable=False),
    Column("lane", STRING, ForeignKey("lane.name"), nullable=False),
    Column("state", String(16), nullable=False),
    Column("text", Text, nullable=True),  # None: the report's
    Column("image", Text, nullable=True),  # as the report's
    Column("fallback_image", Text, nullable=True),  # None: its fallbacks get the same pictures
    Column("attempts", Integer, nullable=False),
    Column("repeats", Integer, nullable=False),
    Column("reason", Text, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("expires_at", Float, nullable=False),
    Column("finished_at", Float, nullable=True),
    # model.delivery.Priority
    Column("rank", Integer, key="priority", nullable=False, server_default="1"),
    Column("held_until", Float, nullable=False, server_default="0"),
    Column("fallback", Text, nullable=False, server_default=""),  # targets, until they were used
    Column("fallback_at", Float, nullable=True),  # when they are
    Column("tried_at", Float, nullable=True),  # when the first attempt that failed began
    # 1: they are used, too, if nobody knows whether it arrived
    Column("fallback_unconfirmed", Integer, nullable=False, server_default="0"),
    Column("mention", Text, nullable=False, server_default=""),  # QQ numbers and "all"
    # The service's own id of the message, by which people quote it
    Column("message_id", STRING, nullable=False, server_default=""),
    Column("remind_at", Float, nullable=True),  # None: nobody has to acknowledge it any more
    Column("remind_every", Float, nullable=False, server_default="0"),  # seconds
    Column("reminded", Integer, nullable=False, server_default="0"),
    Column("escalate", Text, nullable=False, server_default=""),  # targets, after the last reminder
)
Index("delivery_report", delivery.c.report_id)
Index("delivery_lane", delivery.c.lane, delivery.c.report_id)
# Only waiting deliveries are indexed: they stay few, however large the store grows.
_WAITING: Final = text(f"state = '{State.WAITING}'")
# The last two columns let what waits be counted within the index.
Index("delivery_queue", delivery.c.lane, delivery.c.priority, delivery.c.id,
      delivery.c.created_at, delivery.c.state,
      sqlite_where=_WAITING)  # fmt: skip
Index("delivery_expiry", delivery.c.expires_at,
      sqlite_where=_WAITING)  # fmt: skip
# Few fail; what is told of them is the newest. Not with IN: for that SQLite makes a table to look
# into with each delivery that comes, and two with each that ends.
HAS_FAILED: Final = " OR ".join(f"delivery.state = '{one}'" for one in FAILED)
Index("delivery_failure", delivery.c.finished_at,
      sqlite_where=text(HAS_FAILED.replace("delivery.", "")))  # fmt: skip
_REMINDS: Final = text("remind_at IS NOT NULL")
Index("delivery_reminder", delivery.c.remind_at,
      sqlite_where=_REMINDS)  # fmt: skip
_FALLS_BACK: Final = text("fallback <> ''")
Index("delivery_fallback", delivery.c.fallback_at,
      sqlite_where=_FALLS_BACK)  # fmt: skip

# For those who look at the page, and for a day.
deleted: Final = Table(
    "deleted",
    metadata,
    Column("report", ID, primary_key=True),
    Column("deleted_at", Float, nullable=False),
    Column("source", STRING, nullable=False),
    Column("targets", Text, nullable=False),  # with spaces between them
)

mute: Final = Table(
    "mute",
    metadata,
    Column("target", STRING, primary_key=True),
    Column("until", Float, nullable=False),
)

binding: Final = Table(
    "binding",
    metadata,
    Column("user", STRING, primary_key=True),  # a QQ number
    Column("token", String(64), nullable=False, unique=True),  # its SHA-256
    Column("created_at", Float, nullable=False),
)

session: Final = Table(
    "session",
    metadata,
    Column("digest", String(64), primary_key=True),  # of the secret in the browser's cookie
    Column("holder", STRING, nullable=False),  # access.sessions
    Column("agent", Text, nullable=False),  # what the browser calls itself
    Column("created_at", Float, nullable=False),
    Column("seen_at", Float, nullable=False),
)

link: Final = Table(
    "link",
    metadata,
    Column("digest", String(64), primary_key=True),  # of the secret in it
    Column("holder", STRING, nullable=False),  # as a session's
    Column("until", Float, nullable=False),
)

watch: Final = Table(
    "watch",
    metadata,
    Column("name", STRING, primary_key=True),
    Column("since", Float, nullable=False),  # when it began to wait
    Column("due_at", Float, nullable=True),  # by when the event must come; None: waits for none
    Column("overdue_at", Float, nullable=True),  # when it was told that it had not come
    Column("reported_at", Float, nullable=True),  # when a beat was last told to be down
)

unread: Final = Table(
    "unread",
    metadata,
    Column("source", STRING, primary_key=True),  # the name that a body was called by
    Column("kept_at", Float, nullable=False),
    Column("body", LargeBinary, nullable=False),
)


term: Final = Table(
    "term",
    metadata,
    Column("office", STRING, primary_key=True),
    Column("owner", STRING, nullable=False),  # the process
    Column("until", Float, nullable=False),
)


process: Final = Table(
    "process",
    metadata,
    Column("name", STRING, primary_key=True),  # as a lane's owner
    Column("host", Text, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("bots", Text, nullable=False),  # of QQ that can send, with spaces between them
    Column("started_at", Float, nullable=False),
    Column("seen_at", Float, nullable=False),
)


bot: Final = Table(
    "bot",
    metadata,
    Column("id", STRING, primary_key=True),  # of QQ; it is or was connected
    Column("since", Float, nullable=False),
)


spent: Final = Table(
    "spent",
    metadata,
    Column("source", STRING, nullable=False),  # the token's name
    Column("at", Float, nullable=False),
)
Index("spent_source", spent.c.source, spent.c.at)


MOVING_FROM: Final = "moving_from"
"""In `meta`, while not all of another store has come over: the move that brings it."""
MOVING_TO: Final = "moving_to"
"""In `meta`, until the store is used again: the move that takes all of it elsewhere."""


_INDEXES: Final = "indexes"
"""In `meta`: the definition of each index as it was made, as JSON."""
ENGINES_OWN: Final = ("version", _INDEXES, MOVING_FROM, MOVING_TO)
"""What `meta` says of this database alone: a move to another one leaves it out."""


def upgrade_for_use(conn: Connection) -> None:
    """Upgrade the tables, and check that a bot may use them.

    Raises:
        StoreUnavailable: their version is unknown, or a move to this database has not ended.
    """
    upgrade(conn)
    if read_meta(conn, MOVING_FROM):
        raise StoreUnavailable("这个数据库还没有搬完；请把 move 命令再运行一次，它会接着搬")
    conn.execute(delete(meta).where(meta.c.name == MOVING_TO))


def upgrade(conn: Connection, steps: Sequence[Step] = STEPS) -> None:
    """Create the tables, or bring them up to date by the steps that they lack.

    Raises:
        StoreUnavailable: their version is unknown.
    """
    meta.create(conn, checkfirst=True)
    newest = 1 + len(steps)
    stored = read_meta(conn, "version")
    for step in steps[_version(stored, newest) - 1 :] if stored else ():
        for statement in step:
            conn.execute(text(statement))
    metadata.create_all(conn)
    _make_indexes(conn)
    write_meta(conn, "version", str(newest))


def read_meta(conn: Connection, name: str) -> str:
    """A value in `meta`; empty: there is none."""
    return str(conn.scalar(select(meta.c.value).where(meta.c.name == name)) or "")


def write_meta(conn: Connection, name: str, value: str) -> None:
    """Set a value in `meta`."""
    conn.execute(delete(meta).where(meta.c.name == name))
    conn.execute(insert(meta).values(name=name, value=value))


def _version(stored: str, newest: int) -> int:
    """A stored version as a number from 1 to `newest`.

    Raises:
        StoreUnavailable: it is another one.
    """
    if stored.isdecimal() and 1 <= (version := int(stored)) <= newest:
        return version
    raise StoreUnavailable(
        f"数据库是另一个版本的插件写的（结构版本 {stored}，本插件认识 1 到 {newest}），请升级插件"
    )


def _make_indexes(conn: Connection) -> None:
    """Create the indexes; drop those first whose definition has changed or is no longer here."""
    indexes = [index for table in metadata.sorted_tables for index in table.indexes]
    definitions = {
        str(index.name): str(CreateIndex(index).compile(dialect=conn.dialect)) for index in indexes
    }
    try:
        created: dict[str, str] = dict(orjson.loads(read_meta(conn, _INDEXES) or "{}"))
    except (ValueError, TypeError):  # what it says cannot be read: all are made anew
        created = dict.fromkeys(definitions, "")
    for name, definition in created.items():
        if definitions.get(name) != definition:
            conn.execute(text(f'DROP INDEX IF EXISTS "{name}"'))
    for index in indexes:
        index.create(conn, checkfirst=True)
    write_meta(conn, _INDEXES, orjson.dumps(definitions).decode())
