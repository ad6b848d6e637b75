"""What runs the store's operations, whichever engine it is."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from sqlalchemy import Connection

from .pack import Part

T = TypeVar("T")


@dataclass(slots=True)
class Call:
    """An operation, and who waits for it."""

    operation: Callable[[Connection], Any]
    future: "asyncio.Future[Any]"
    durable: bool
    committed: Callable[[Any], None] | None = None
    """Is told the result when it is committed, perhaps before it is on disk."""
    beside: Sequence[Part] = ()
    """What is written to other files meanwhile."""
    result: Any = None
    """Or the exception that it ended with."""
    wrote: bool = False
    """Its transaction changed something."""

    def commit(self) -> None:
        """Its transaction has ended."""
        if self.committed is not None and not isinstance(self.result, Exception):
            self.committed(self.result)

    def settle(self) -> None:
        """Tell its caller."""
        if self.future.done():  # its caller was cancelled
            return
        if isinstance(self.result, Exception):
            self.future.set_exception(self.result)
        else:
            self.future.set_result(self.result)


class Calls:
    """The operations that wait for their transaction."""

    def __init__(self, schedule: Callable[[], None], later: float) -> None:
        """`schedule` sees to it that those in `waiting` are taken soon; `later` is how many seconds
        what nobody waits for waits for somebody else's transaction."""
        self.waiting: list[Call] = []
        self._schedule = schedule
        self._later_seconds = later
        self._later: list[Call] = []
        self._timer: asyncio.TimerHandle | None = None

    def add(
        self,
        operation: Callable[[Connection], T],
        *,
        durable: bool,
        committed: Callable[[T], None] | None = None,
        beside: Sequence[Part] = (),
    ) -> "asyncio.Future[T]":
        """One that somebody waits for."""
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self.waiting.append(Call(operation, future, durable, committed, beside))
        self._schedule()
        return future

    def later(self, operation: Callable[[Connection], T]) -> "asyncio.Future[T]":
        """One that nobody waits for, not durable: taken with others, or after some time."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._later.append(Call(operation, future, durable=False))
        if self._timer is None:
            self._timer = loop.call_later(self._later_seconds, self.hurry)
        return future

    def hurry(self) -> None:
        """Put those that nobody waits for before the others."""
        if self._later:
            self.waiting[:0] = self.take_later()
            self._schedule()

    def take_later(self) -> list[Call]:
        """Those that nobody waits for, for a transaction that begins."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        taken, self._later = self._later, []
        return taken


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

    async def run(
        self,
        operation: Callable[[Connection], T],
        *,
        durable: bool = True,
        committed: Callable[[T], None] | None = None,
        beside: Sequence[Part] = (),
    ) -> T:
        """Run an operation in a transaction; when this returns, it is committed.

        `durable`: a power cut cannot undo it. Otherwise it survives the end of this process,
        however sudden. `committed` is told the result as soon as that holds of it. `beside` is on
        disk, too, when a durable one returns that wrote something; an engine whose pictures are in
        its rows has none of these.

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
