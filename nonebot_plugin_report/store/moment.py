"""Now, as leases and terms are measured: by one clock for all who share a store.

Several processes go by their server's clock, within the statement that compares: what a process
thinks that the time is takes nothing away from another. A process that has its store to itself goes
by its own clock, which is carried on when the computer's is set (`hub.timekeeping`).
"""

from typing import Any, Final

from sqlalchemy import BindParameter, Float, bindparam, cast, extract, func
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

SERVER_CLOCK: Final = cast(extract("epoch", func.clock_timestamp()), Float)
"""PostgreSQL's clock as it is when this is evaluated, in epoch seconds: `now()` stands still from
the beginning of the transaction."""


class moment(FunctionElement[float]):  # noqa: N801 - used as a function, like SQLAlchemy's own
    """Epoch seconds: those of a PostgreSQL server's clock, on SQLite those given."""

    inherit_cache = True
    type = Float()

    def __init__(self, now: float | BindParameter[float]) -> None:
        """`now`: the process's own."""
        given = now if isinstance(now, BindParameter) else bindparam(None, now, Float)
        super().__init__(given)


@compiles(moment)
def _given(element: moment, compiler: SQLCompiler, **options: Any) -> str:
    return compiler.process(element.clauses, **options)


@compiles(moment, "postgresql")
def _servers(_: moment, compiler: SQLCompiler, **options: Any) -> str:
    return compiler.process(SERVER_CLOCK, **options)
