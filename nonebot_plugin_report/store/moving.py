"""All of one database into another, whichever engine each is.

Table by table in the order of their keys, a batch with each commit: what is there already need not
come again. Until all is there, and was compared, no bot opens the new one (`upgrade_for_use`). The
old one is left as it was, but for an upgrade, so it can be gone back to.
"""

import asyncio
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from secrets import token_hex
from typing import Any, Final

from sqlalchemy import (
    Column,
    ColumnElement,
    LargeBinary,
    Table,
    delete,
    func,
    insert,
    inspect,
    select,
    type_coerce,
)
from sqlalchemy.types import NullType

from ..errors import StoreUnavailable
from .ends import End, open_end
from .leases import release_all
from .row_types import RowType
from .schema import (
    ENGINES_OWN,
    MOVING_FROM,
    MOVING_TO,
    image,
    meta,
    metadata,
    process,
    read_meta,
    term,
    upgrade,
)

BATCH: Final = 100
"""Rows of one commit."""
PICTURES: Final = 8
"""Pictures of one commit; one is as large as REPORT_MAX_BODY at most."""
TABLES: Final = [one for one in metadata.sorted_tables if one not in (meta, process, term)]
"""What is moved as it is, each after what it refers to. Processes end, and their terms with
them."""

_ROWS: Final = {one.name: RowType(*one.columns) for one in TABLES}

Tell = Callable[[str, int, int], None]
"""Is told what is being done (Chinese), and how many rows of how many are done."""


@dataclass(frozen=True, slots=True)
class Moved:
    """What was moved."""

    reports: int
    waiting: int
    """Deliveries that were not sent yet."""
    pictures: int
    unreadable: int = 0
    """Rows with rubbish in them, which stay where they are."""


async def move(source: Path | str, target: Path | str, tell: Tell) -> Moved:
    """Move all that is in `source`, an SQLite file or a PostgreSQL database's address, to `target`,
    which is empty or has a part of it from an earlier attempt.

    Raises:
        StoreUnavailable: a bot uses one of both, one cannot be used, `target` has something else,
            or what came there is not what was sent. Nothing of `source` is lost.
    """
    _check(source, target)
    with open_end(source) as old:
        name = _leave(old)
        with open_end(target) as new:
            _arrive(new, name)
            with old.snapshot():
                if _noted(old, MOVING_TO) != name:
                    raise StoreUnavailable("刚才有机器人用了要搬的数据库；停掉它，再搬一次")
                moved = await _Move(old, new, tell).run()
            _settle(old, new)
    return moved


def _check(source: Path | str, target: Path | str) -> None:
    if isinstance(source, Path):
        if not source.is_file():
            raise StoreUnavailable(f"没有数据库 {source}")
        same = isinstance(target, Path) and source.resolve() == target.resolve()
    else:
        same = source == target
    if same:
        raise StoreUnavailable("两个地址是同一个数据库")


def _leave(old: End) -> str:
    """Prepare what is moved. Returns the move's name: another one once it was used again."""
    with old.transaction():
        old.alone()
        if meta.name not in inspect(old.conn).get_table_names():
            raise StoreUnavailable("要搬的数据库里没有本插件的东西；检查第一个地址")
        upgrade(old.conn)
        name = _noted(old, MOVING_TO)
        if not name:
            # The first that a killed process was sending counts as a possible repeat from now on.
            release_all(old.conn)
            name = token_hex(8)
            old.conn.execute(insert(meta).values(name=MOVING_TO, value=name))
    return name


def _arrive(new: End, name: str) -> None:
    """Prepare where it is moved to."""
    with new.transaction():
        new.alone()
        tables = inspect(new.conn).get_table_names()
        origin = _noted(new, MOVING_FROM) if meta.name in tables else ""
        if origin and origin != name:
            raise StoreUnavailable(
                "目标里有没搬完的一半，但不是从这里来的，或者中断之后机器人又用过源头；"
                "换一个空的目标，从头搬"
            )
        if not origin:
            filled = [one for one in TABLES if one.name in tables and _count(new, one)]
            if filled:
                raise StoreUnavailable("目标里已经有东西，不会盖掉它；换一个空的")
        upgrade(new.conn)
        if not origin:
            new.conn.execute(insert(meta).values(name=MOVING_FROM, value=name))


def _settle(old: End, new: End) -> None:
    """All is there: let it be used."""
    noted = select(meta).where(meta.c.name.not_in(ENGINES_OWN))
    rows = [dict(row) for row in old.conn.execute(noted).mappings()]
    with new.transaction():
        new.alone()
        new.conn.execute(
            delete(meta).where(meta.c.name.not_in(ENGINES_OWN) | (meta.c.name == MOVING_FROM))
        )
        if rows:
            new.conn.execute(insert(meta), rows)


def _noted(end: End, name: str) -> str:
    return read_meta(end.conn, name)


def _count(end: End, table: Table) -> int:
    return end.conn.scalar(select(func.count()).select_from(table)) or 0


class _Move:
    """One run of it, while both are ready."""

    def __init__(self, old: End, new: End, tell: Tell) -> None:
        self._old = old
        self._new = new
        self._tell = tell
        self._done = self._unreadable = 0
        self._all = sum(_count(old, table) for table in TABLES)

    async def run(self) -> Moved:
        """Copy, and compare."""
        for table in TABLES:
            await self._copy(table)
        self._done = 0
        for table in TABLES:
            await self._compare(table)
        reports, deliveries = metadata.tables["report"], metadata.tables["delivery"]
        waits = select(func.count()).where(deliveries.c.state == "waiting")
        return Moved(
            _count(self._new, reports), self._new.conn.scalar(waits) or 0,
            _count(self._new, image), self._unreadable,
        )  # fmt: skip

    async def _step(self, what: str, rows: int) -> None:
        self._done += rows
        self._tell(what, self._done, self._all)
        await asyncio.sleep(0)  # here it can be cancelled

    async def _copy(self, table: Table) -> None:
        if not table.primary_key.columns:
            await self._copy_at_once(table)
            return
        (key,) = table.primary_key.columns
        last = self._new.conn.scalar(select(func.max(key)))
        if last is not None:
            there = select(func.count()).where(key <= last)
            await self._step("搬运", self._old.conn.scalar(there) or 0)
        with _batches(self._old, table, list(table.columns), after=last) as batches:
            for rows in batches:
                if readable := self._readable(table, rows):
                    with self._new.transaction():
                        self._new.conn.execute(insert(table), readable)
                await self._step("搬运", len(rows))

    async def _copy_at_once(self, table: Table) -> None:
        """Without a key nobody knows what is there already."""
        columns = list(table.columns)
        with self._new.transaction(), _batches(self._old, table, columns) as batches:
            self._new.conn.execute(delete(table))
            for rows in batches:
                if readable := self._readable(table, rows):
                    self._new.conn.execute(insert(table), readable)
                await self._step("搬运", len(rows))

    async def _compare(self, table: Table) -> None:
        columns = list(table.columns)
        with (
            self._new.transaction(),
            _batches(self._old, table, columns) as old,
            _batches(self._new, table, columns) as new,
        ):
            came = chain.from_iterable(new)
            for rows in old:
                readable = self._readable(table, rows)
                if readable != list(islice(came, len(readable))):
                    raise _differs(table)
                self._unreadable += len(rows) - len(readable)
                await self._step("核对", len(rows))
            if next(came, None) is not None:
                raise _differs(table)

    def _readable(self, table: Table, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """The rows of a batch that can be read, and whose references have come."""
        readable = [row for row in rows if _ROWS[table.name].holds(row)]
        for reference in table.foreign_keys:
            name, key = reference.parent.key, reference.column
            came = select(key).where(key.in_({row[name] for row in readable}))
            there = set(self._new.conn.scalars(came))
            readable = [row for row in readable if row[name] in there]
        return readable


@contextmanager
def _batches(
    end: End, table: Table, columns: Sequence[Column[Any]], after: object = None
) -> Generator[Iterator[list[dict[str, Any]]]]:
    """Rows in the order of their key, by the columns' names here; of those after a key."""
    size = PICTURES if table is image else BATCH
    query = select(*map(_as_stored, columns)).order_by(
        *(table.primary_key.columns or table.columns)
    )
    if after is not None:
        query = query.where(*(key > after for key in table.primary_key.columns))
    names = [column.key for column in columns]
    with end.conn.execute(query, execution_options={"yield_per": size}) as result:
        yield ([dict(zip(names, row, strict=True)) for row in rows] for rows in result.partitions())


def _as_stored(column: Column[Any]) -> ColumnElement[Any]:
    """A column without SQLAlchemy's reading of bytes, which takes a number for their length."""
    return type_coerce(column, NullType()) if isinstance(column.type, LargeBinary) else column


def _differs(table: Table) -> StoreUnavailable:
    return StoreUnavailable(
        f"核对没有通过：{table.name} 表搬过去之后和原来的不一样；"
        "换一个空的目标，从头搬，原来的数据库没有动"
    )
