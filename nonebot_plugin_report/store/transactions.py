"""What runs the store's operations, whichever engine it is."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from sqlalchemy import Connection

T = TypeVar("T")


@dataclass(slots=True)
class Call:
    """An operation, and who waits for it."""

    operation: Callable[[Connection], Any]
    future: "asyncio.Future[Any]"
    durable: bool
    result: Any = None
    """Or the exception that it ended with."""
    wrote: bool = False
    """Its transaction changed something."""

    def settle(self) -> None:
        """Tell its caller."""
        if self.future.done():  # its caller was cancelled
            return
        if isinstance(self.result, Exception):
            self.future.set_exception(self.result)
        else:
            self.future.set_result(self.result)


class Transactions(Protocol):
    """An engine. An operation is a plain function of a SQLAlchemy `Connection`; it may run a second
    time, after a rollback of what it shared a transaction with."""

    async def open(self) -> None:
        """Connect, and bring the tables up to date.

        Raises:
            StoreUnavailable: it cannot be used.
        """
        ...

    async def close(self) -> None:
        """Finish pending operations and disconnect."""
        ...

    async def check(self) -> None:
        """Check that what is written now will be found.

        Raises:
            StoreUnavailable: it will not; `close` followed by `open` repairs it.
        """
        ...

    async def run(self, operation: Callable[[Connection], T], *, durable: bool = True) -> T:
        """Run an operation in a transaction; when this returns, it is committed.

        `durable`: a power cut cannot undo it. Otherwise it survives the end of this process,
        however sudden.

        Raises:
            StoreUnavailable: nothing of it was stored. Only where the disk or the connection failed
                in the middle may it have been.
        """
        ...

    def later(self, operation: Callable[[Connection], T]) -> "asyncio.Future[T]":
        """Run an operation that nobody waits for, not durably, and soon: with the next one, or
        alone. Until then the end of this process undoes it.

        The future's result or exception is as `run`'s.
        """
        ...

    def hurry(self) -> None:
        """Run now what was put off by `later`."""
        ...
