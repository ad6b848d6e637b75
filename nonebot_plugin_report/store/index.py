"""An index of the history, apart from it: with SQLite in a file of its own, so that looking things
up costs no push anything; with PostgreSQL in tables beside the store's.

It can be made anew out of the store at any time: from the newest report back to the oldest, in
small steps, while new ones are added. Words of deleted reports stay in it; once most of what it
knows is gone, it begins anew.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

import orjson
from sqlalchemy import (
    Column,
    Connection,
    Float,
    Integer,
    MetaData,
    Table,
    UniqueConstraint,
    bindparam,
    case,
    delete,
    func,
    insert,
    select,
    update,
)

from ..errors import Unreadable
from ..model.archive import Sight
from ..model.status import ReportState
from .fulltext import full_text
from .ids import number
from .rows import read_report
from .schema import ID, STRING, report
from .statements import Statement

VERSION: Final = 2
"""A file of another version is made anew."""
STEP: Final = 100
"""Reports that are added at once."""
WHOLE: Final = 2**16
"""Characters of a report up to which all its fields are indexed; of a longer one, what was sent."""
MOST_WORDS: Final = 4000
"""Characters of a report that are found."""
GONE_SECONDS: Final = 86400.0
"""Seconds for which is known what was deleted."""
MOST_KNOWN: Final = 200
"""Events, results or sources to choose from."""

metadata: Final = MetaData()
state: Final = Table(
    "index_state",
    metadata,
    Column("version", Integer, nullable=False),
    Column("newest", STRING, nullable=False),  # ids of what is indexed; empty: nothing is
    Column("oldest", STRING, nullable=False),
    Column("first", STRING, nullable=False),  # the oldest of the store when that was reached
)
value: Final = Table(
    "index_value",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("field", STRING, nullable=False),  # event, result or source
    Column("word", STRING, nullable=False),
    Column("count", Integer, nullable=False),
    UniqueConstraint("field", "word"),
)
entry: Final = Table(
    "index_entry",
    metadata,
    Column("value", Integer, primary_key=True),
    Column("report", ID, primary_key=True),
    sqlite_with_rowid=False,
)
daily: Final = Table(
    "index_daily",
    metadata,
    Column("source", STRING, primary_key=True),
    Column("day", STRING, primary_key=True),
    Column("result", STRING, primary_key=True),
    Column("count", Integer, nullable=False),
    sqlite_with_rowid=False,
)
gone: Final = Table(
    "index_gone",
    metadata,
    Column("report", ID, primary_key=True),
    Column("at", Float, nullable=False),
    Column("source", STRING, nullable=False),
    Column("targets", STRING, nullable=False),  # JSON
)
FIELDS: Final = case((func.length(report.c.fields) <= WHOLE, report.c.fields)).label("fields")
"""A report's fields, unless they are too long to be looked at."""
_COLUMNS: Final = (
    report.c.id, report.c.event, report.c.source, report.c.received_at, report.c.heading,
    func.substr(report.c.text, 1, MOST_WORDS).label("text"), FIELDS,
)  # fmt: skip
_NEWER: Final = Statement(
    select(*_COLUMNS)
    .where(report.c.id > bindparam("id"), report.c.id < bindparam("settled"))
    .order_by(report.c.id)
    .limit(STEP)
)
_OLDER: Final = Statement(
    select(*_COLUMNS).where(report.c.id < bindparam("id")).order_by(report.c.id.desc()).limit(STEP)
)
_ONE: Final = Statement(select(*_COLUMNS).where(report.c.id == bindparam("id")))
_COUNT_VALUE: Final = Statement(
    insert(value).values({name: bindparam(name) for name in ("field", "word", "count")}).inline(),
    "ON CONFLICT (field, word) DO UPDATE SET count = index_value.count + excluded.count",
)
_COUNT_DAY: Final = Statement(
    insert(daily),
    "ON CONFLICT (source, day, result) DO UPDATE SET count = index_daily.count + excluded.count",
)
_ADD_ENTRY: Final = Statement(insert(entry), "ON CONFLICT DO NOTHING")
_VALUE: Final = Statement(
    select(value.c.id, value.c.count).where(
        value.c.field == bindparam("field"), value.c.word == bindparam("word")
    )
)
_ADD_GONE: Final = Statement(insert(gone), "ON CONFLICT DO NOTHING")
_ALONE: Final = select(state).with_for_update()
"""Only one process at a time changes it, where there are several."""


def create(conn: Connection) -> None:
    """Make the tables where there are none."""
    metadata.create_all(conn)
    full_text(conn).create(conn)
    if conn.execute(select(state)).first() is None:
        conn.execute(insert(state).values(version=VERSION, newest="", oldest="", first=""))


def drop(conn: Connection) -> None:
    """Remove the tables."""
    metadata.drop_all(conn)
    full_text(conn).drop(conn)


def is_current(conn: Connection) -> bool:
    """Whether this code can go on with the file, and it is worth it."""
    found = conn.execute(select(state)).one()
    if found.version != VERSION:
        return False
    first = conn.scalar(select(func.min(report.c.id))) or ""
    # Ids are times: what is gone is longer than what is left.
    return not (first and found.first) or (
        number(first) - number(found.first) <= number(found.newest) - number(first)
    )


def step(conn: Connection, settled: str) -> bool:
    """Add some reports: new ones, or else the next older ones. False: all are in it.

    Reports are stored in another order than their ids were made in, as those with pictures take
    longer: from `settled` on, one with a smaller id may still come.
    """
    found = conn.execute(_ALONE).one()
    known = {"id": found.newest, "settled": settled}
    if rows := _NEWER.rows(conn, known) if found.newest else []:
        _add(conn, rows)
        conn.execute(update(state).values(newest=rows[-1].id))
        return True
    if found.first:
        return False
    # The first ever is the newest, from which on it goes back.
    rows = _OLDER.rows(conn, {"id": found.oldest or settled})
    if rows:
        _add(conn, rows)
        newest = found.newest or rows[0].id
        conn.execute(update(state).values(newest=newest, oldest=rows[-1].id))
        return True
    conn.execute(update(state).values(first=found.oldest))  # nothing yet: it stays empty
    return False


def newest(conn: Connection) -> str:
    """The id up to which reports are in it."""
    return conn.execute(select(state.c.newest)).scalar_one()


def progress(conn: Connection) -> float:
    """Which part of the history is in it, from 0 to 1."""
    found = conn.execute(select(state)).one()
    # One at a time SQLite takes them from the ends of the index; together it reads all of it.
    first, newest = (conn.scalar(select(end(report.c.id))) for end in (func.min, func.max))
    if found.first or not (first and newest):
        return 1.0
    if not found.oldest:
        return 0.0
    span = number(newest) - number(first)
    return min(1.0, (number(newest) - number(found.oldest)) / span) if span > 0 else 1.0


def forget(conn: Connection, report_id: str) -> None:
    """Take a report out, which is still in the store."""
    found = conn.execute(_ALONE).one()
    row = _ONE.row(conn, {"id": report_id})
    if row is None or not found.oldest <= report_id <= found.newest:
        return
    words, values, day = _parts(row)
    full_text(conn).forget(conn, report_id, words)
    for field, word in values:
        _COUNT_VALUE.run(conn, {"field": field, "word": word, "count": -1})
        of = _VALUE.row(conn, {"field": field, "word": word}).id
        conn.execute(delete(entry).where(entry.c.value == of, entry.c.report == report_id))
    source, of_day, result = day
    _COUNT_DAY.run(conn, {"source": source, "day": of_day, "result": result, "count": -1})


def note_gone(conn: Connection, one: ReportState, now: float) -> None:
    """Note for whoever looks that a report is deleted now (epoch seconds), and whose it was."""
    targets = sorted({str(each.target) for each in one.deliveries})
    row = {"report": one.id, "at": now, "source": one.source}
    conn.execute(delete(gone).where(gone.c.at < now - GONE_SECONDS))
    _ADD_GONE.run(conn, {**row, "targets": orjson.dumps(targets).decode()})


def gone_since(conn: Connection, since: float, sight: Sight) -> list[str]:
    """The ids of the reports that were deleted since a moment (epoch seconds) and could be seen."""
    target = sight.target and str(sight.target)
    return [
        row.report
        for row in conn.execute(select(gone).where(gone.c.at >= since))
        if sight.source in (None, row.source) or target in orjson.loads(row.targets)
    ]


def find_value(conn: Connection, field: str, word: str) -> Any:
    """The row of a value, with its `id` and how often it came; None: it never did."""
    return _VALUE.row(conn, {"field": field, "word": word})


def known(conn: Connection, field: str) -> tuple[str, ...]:
    """The values of a field, the most frequent first."""
    query = select(value.c.word).where(
        value.c.field == field, value.c.count > 0, value.c.word != ""
    )
    return tuple(conn.scalars(query.order_by(value.c.count.desc(), value.c.word).limit(MOST_KNOWN)))


def _add(conn: Connection, rows: Iterable[Any]) -> None:
    words: list[tuple[str, str]] = []
    values, days = Counter[tuple[str, str]](), Counter[tuple[str, str, str]]()
    entries: list[tuple[tuple[str, str], str]] = []
    for row in rows:
        of_row, its_values, day = _parts(row)
        words.append((row.id, of_row))
        values.update(its_values)
        days[day] += 1
        entries += [(one, row.id) for one in its_values]
    for (field, word), count in values.items():
        _COUNT_VALUE.run(conn, {"field": field, "word": word, "count": count})
    ids = {one: _VALUE.row(conn, {"field": one[0], "word": one[1]}).id for one in values}
    _ADD_ENTRY.run_for_each(conn, [{"value": ids[one], "report": of} for one, of in entries])
    for (source, day, result), count in days.items():
        _COUNT_DAY.run(conn, {"source": source, "day": day, "result": result, "count": count})
    full_text(conn).add(conn, words)


def _parts(row: Any) -> tuple[str, tuple[tuple[str, str], ...], tuple[str, str, str]]:
    """A report's words, its values by field, and what it counts for."""
    result, said = _fields(row.fields)
    sent = row.text
    words = sent if all(one in sent for one in said) else "\n".join((*said, sent))
    # `heading` is what a report without a title is called.
    words = "\n".join((row.heading, words))[:MOST_WORDS]
    values = (("event", row.event), ("result", result), ("source", row.source))
    day = f"{datetime.fromtimestamp(row.received_at).astimezone():%Y-%m-%d}"
    return words, values, (row.source, day, result)


def result_of(stored: str | None) -> str:
    """A report's result, by its fields; empty: it has none."""
    return _fields(stored)[0]


def _fields(stored: str | None) -> tuple[str, tuple[str, ...]]:
    """A report's result and what it says."""
    if stored is None:
        return "", ()
    try:
        one = read_report(stored)
    except Unreadable:
        return "", ()
    return one.result_word, (one.title, one.body)
