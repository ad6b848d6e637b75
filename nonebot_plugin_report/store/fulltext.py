"""The words of the history's index, in each engine's own way: SQLite's FTS5, PostgreSQL's text
search vectors. Neither needs an extension that may be missing, and both are given pairs of
characters (`words`), so that Chinese is found by its parts.
"""

from collections.abc import Iterable, Sequence
from typing import Final, Protocol
from unicodedata import combining, normalize

from sqlalchemy import Connection, bindparam, select, text

from .ids import beginning, number
from .schema import report
from .statements import Statement, driver
from .words import pairs, phrases

LAST: Final = "~"
"""After every id."""
WINDOW: Final = 50_000
"""Reports among which PostgreSQL looks at once, so that no statement takes long: words that are
frequent apart may never stand together."""


class FullText(Protocol):
    """Where words are kept and found."""

    def create(self, conn: Connection) -> None:
        """Make its table where there is none."""
        ...

    def drop(self, conn: Connection) -> None:
        """Remove it."""
        ...

    def add(self, conn: Connection, said: Iterable[tuple[str, str]]) -> None:
        """Add reports by their ids, and what each says."""
        ...

    def forget(self, conn: Connection, report_id: str, said: str) -> None:
        """Take a report out again."""
        ...

    def find(
        self, conn: Connection, words: str, before: str, count: int
    ) -> tuple[Sequence[str], str]:
        """Ids before one, the newest first, of reports that say these words; and the id before
        which to go on; empty: that was all. One that was deleted may be among them."""
        ...


def full_text(conn: Connection) -> FullText:
    """The one of an engine."""
    return _ENGINES[conn.dialect.name]


class _Fts:
    """SQLite's, which keeps no text: a report is known by a number. https://sqlite.org/fts5.html"""

    def create(self, conn: Connection) -> None:
        # Without an index of its own a single character is looked for in all reports that have it
        # before the first of them is told.
        conn.exec_driver_sql(
            "CREATE VIRTUAL TABLE IF NOT EXISTS index_words USING fts5"
            "(said, content = '', prefix = '1', tokenize = 'unicode61 remove_diacritics 2')"
        )

    def drop(self, conn: Connection) -> None:
        conn.exec_driver_sql("DROP TABLE IF EXISTS index_words")

    def add(self, conn: Connection, said: Iterable[tuple[str, str]]) -> None:
        driver(conn).executemany(
            "INSERT INTO index_words (rowid, said) VALUES (?, ?)",
            [(number(one), " ".join(pairs(words))) for one, words in said],
        )

    def forget(self, conn: Connection, report_id: str, said: str) -> None:
        conn.exec_driver_sql(
            "INSERT INTO index_words (index_words, rowid, said) VALUES ('delete', ?, ?)",
            (number(report_id), " ".join(pairs(said))),
        )

    def find(
        self, conn: Connection, words: str, before: str, count: int
    ) -> tuple[Sequence[str], str]:
        below = number(before) if before != LAST else 2**62
        values = {"words": _fts_query(words), "before": below, "count": count}
        begins = [beginning(one) for one in conn.scalars(_FTS_FOUND, values)]
        # A number is of one report alone; one that was deleted keeps its place.
        rows = [_NUMBERED.row(conn, {"first": one, "end": f"{one}{LAST}"}) for one in begins]
        ids = [row.id if row else one.ljust(20, "0") for row, one in zip(rows, begins, strict=True)]
        return ids, ids[-1] if len(ids) == count else ""


_FTS_FOUND: Final = text(
    "SELECT rowid FROM index_words WHERE index_words MATCH :words AND rowid < :before "
    "ORDER BY rowid DESC LIMIT :count"
)
_NUMBERED: Final = Statement(
    select(report.c.id)
    .where(report.c.id >= bindparam("first"), report.c.id < bindparam("end"))
    .limit(1)
)


def _fts_query(words: str) -> str:
    """https://www.sqlite.org/fts5.html#full_text_query_syntax"""
    return " ".join(
        f'"{" ".join(one)}"' if len(one[0]) > 1 else f'"{one[0]}" *' for one in phrases(words)
    )


class _Vectors:
    """PostgreSQL's. https://www.postgresql.org/docs/current/datatype-textsearch.html"""

    def create(self, conn: Connection) -> None:
        for statement in (
            'CREATE TABLE IF NOT EXISTS index_words (report varchar(20) COLLATE "C" PRIMARY KEY, '
            "said tsvector NOT NULL)",
            "CREATE INDEX IF NOT EXISTS index_words_said ON index_words USING gin (said)",
        ):
            conn.exec_driver_sql(statement)

    def drop(self, conn: Connection) -> None:
        conn.exec_driver_sql("DROP TABLE IF EXISTS index_words")

    def add(self, conn: Connection, said: Iterable[tuple[str, str]]) -> None:
        rows = [{"report": one, "said": _vector(words)} for one, words in said]
        conn.execute(_ADD_VECTOR, rows)

    def forget(self, conn: Connection, report_id: str, said: str) -> None:
        conn.execute(_FORGET_VECTOR, {"report": report_id})

    def find(
        self, conn: Connection, words: str, before: str, count: int
    ) -> tuple[Sequence[str], str]:
        start = conn.scalar(_WINDOW_START, {"before": before, "window": WINDOW}) or ""
        values = {"words": _ts_query(words), "start": start, "before": before, "count": count}
        ids = conn.scalars(_VECTORS_FOUND, values).all()
        return ids, ids[-1] if len(ids) == count else start


_ADD_VECTOR: Final = text(
    "INSERT INTO index_words (report, said) VALUES (:report, CAST(:said AS tsvector)) "
    "ON CONFLICT DO NOTHING"
)
_FORGET_VECTOR: Final = text("DELETE FROM index_words WHERE report = :report")
_WINDOW_START: Final = text(
    "SELECT report FROM index_words WHERE report < :before "
    "ORDER BY report DESC OFFSET :window LIMIT 1"
)
_VECTORS_FOUND: Final = text(
    "SELECT report FROM index_words WHERE said @@ CAST(:words AS tsquery) "
    "AND report >= :start AND report < :before ORDER BY report DESC LIMIT :count"
)


def _vector(said: str) -> str:
    return " ".join(f"'{_folded(one)}':{at}" for at, one in enumerate(pairs(said), 1))


def _ts_query(words: str) -> str:
    """https://www.postgresql.org/docs/current/datatype-textsearch.html#DATATYPE-TSQUERY"""
    return " & ".join(map(_follow_each_other, phrases(words)))


def _follow_each_other(phrase: Sequence[str]) -> str:
    if len(phrase[0]) == 1:
        return f"'{_folded(phrase[0])}':*"
    quoted = (f"'{_folded(one)}'" for one in phrase)
    return f"({' <-> '.join(quoted)})"


def _folded(word: str) -> str:
    """Without accents, as FTS5 does by itself. There is no quote in it, nor anything else that
    PostgreSQL would read."""
    return "".join(one for one in normalize("NFD", word) if not combining(one))


_ENGINES: Final[dict[str, FullText]] = {"sqlite": _Fts(), "postgresql": _Vectors()}
