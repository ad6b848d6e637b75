"""The outbox's tables, and how a store of an older version becomes one of today's."""

from typing import Final

from sqlalchemy import (
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
    insert,
    select,
    text,
)

from ..delivery import State
from ..errors import StoreUnavailable

VERSION: Final = 1
"""What this code writes. A change of the tables adds one, and the step that upgrades to it."""

metadata: Final = MetaData()

meta: Final = Table(
    "meta",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("value", String, nullable=False),
)

report: Final = Table(
    "report",
    metadata,
    Column("id", String(20), primary_key=True),  # time-ordered, so new rows go to the end
    Column("key", String, nullable=True),  # the sender's own id
    Column("received_at", Float, nullable=False),  # epoch seconds, as all times here
    Column("event", Text, nullable=False),
    Column("heading", Text, nullable=False),
    Column("fields", Text, nullable=False),  # the report as JSON, without the picture
    Column("image", String(64), nullable=True),
)
Index("report_key", report.c.key, unique=True, sqlite_where=report.c.key.is_not(None),
      postgresql_where=report.c.key.is_not(None))  # fmt: skip

image: Final = Table(
    "image",
    metadata,
    Column("sha256", String(64), primary_key=True),  # the same bytes are kept once
    Column("bytes", LargeBinary, nullable=False),
    Column("media_type", String, nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("used_at", Float, nullable=False),
)
Index("image_used_at", image.c.used_at)

lane: Final = Table(
    "lane",
    metadata,
    Column("name", String, primary_key=True),
    Column("target", String, nullable=False),
    Column("bot", String, nullable=False),
    Column("due_at", Float, nullable=False),  # back-off: nothing goes out before
    Column("failures", Integer, nullable=False),  # in a row, for the back-off
    Column("blocked_reason", Text, nullable=False),  # why it is parked; empty: it is not
    Column("blocked_at", Float, nullable=False),
    Column("owner", String, nullable=True),  # the process that sends now
    Column("epoch", Integer, nullable=False),  # grows with each owner; every write carries it
    Column("lease_until", Float, nullable=False),
)

delivery: Final = Table(
    "delivery",
    metadata,
    Column("id", String(20), primary_key=True),  # time-ordered: the order within a lane
    Column("report_id", String(20), ForeignKey("report.id"), nullable=False),
    Column("lane", String, ForeignKey("lane.name"), nullable=False),
    Column("state", String(16), nullable=False),
    Column("text", Text, nullable=False),
    Column("image", String(64), nullable=True),
    Column("attempts", Integer, nullable=False),
    Column("repeats", Integer, nullable=False),
    Column("reason", Text, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("expires_at", Float, nullable=False),
    Column("finished_at", Float, nullable=True),
)
Index("delivery_report", delivery.c.report_id)
# What waits is little, however large the store grows: only that is indexed.
_WAITING: Final = text(f"state = '{State.WAITING}'")
Index("delivery_waiting", delivery.c.lane, delivery.c.id,
      sqlite_where=_WAITING, postgresql_where=_WAITING)  # fmt: skip
Index("delivery_waiting_image", delivery.c.image,
      sqlite_where=_WAITING, postgresql_where=_WAITING)  # fmt: skip


def upgrade(conn: Connection) -> None:
    """Make the tables, or bring them to `VERSION`.

    Raises:
        StoreUnavailable: a newer version of the plugin wrote them.
    """
    metadata.create_all(conn)
    stored = conn.scalar(select(meta.c.value).where(meta.c.name == "version"))
    if stored is None:
        conn.execute(insert(meta).values(name="version", value=str(VERSION)))
    elif int(stored) > VERSION:
        raise StoreUnavailable(
            f"数据库是更新版本的插件写的（结构版本 {stored}，本插件只认识到 {VERSION}），请升级插件"
        )
