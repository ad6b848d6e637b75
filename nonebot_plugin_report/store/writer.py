"""One thread with one connection writes to the database, whichever engine it is.

An operation is a plain function of a SQLAlchemy `Connection`. All operations that wait when the
thread becomes free go in one transaction, in the order in which they came. If that fails, each goes
in a transaction of its own, so that nobody is refused for another's operation.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from queue import SimpleQueue
from threading import Thread
from time import monotonic
from typing import Any, Final, Protocol, TypeVar

from loguru import logger
from sqlalchemy import Connection

from ..errors import DiskFull, ReportError, StoreUnavailable

T = TypeVar("T")

Operation = Callable[[Connection], Any]

MAX_BATCH: Final = 64
"""Operations in one transaction."""
DEADLINE: Final = 8.0
"""Seconds after which a transaction is interrupted: BetterGI waits 30 s for an answer."""
OPEN_SECONDS: Final = 30.0
"""Seconds after which opening the database is interrupted."""


class Engine(Protocol):
    """A database's connection. The writer's thread calls all but `check` and `interrupt`."""

    def open(self) -> None:
        """Connect, and bring the tables up to date.

        Raises:
            StoreUnavailable: the database cannot be used.
        """
        ...

    def close(self) -> None:
        """Disconnect."""
        ...

    def transact(self, operations: Sequence[Operation], *, durable: bool) -> list[Any]:
        """Run operations in one transaction; return their results.

        `durable`: return when the engine has synced it, so that a power cut cannot undo it.

        Raises:
            StoreUnavailable: the database is at fault, and no operation is worth another attempt.
            Exception: nothing was stored; one of the operations may be at fault.
        """
        ...

    def translate(self, error: Exception) -> Exception:
        """Make an error of ours from the driver's; return any other as it is."""
        ...

    def check(self) -> None:
        """Check that what is written now will be found.

        Raises:
            StoreUnavailable: it will not; `close` followed by `open` repairs it.
        """
        ...

    def interrupt(self) -> None:
        """End a wait for the database that has taken too long."""
        ...


@dataclass(slots=True, eq=False)
class _Call:
    """An operation, and the future that its caller awaits."""

    operation: Operation
    future: "asyncio.Future[Any]"
    durable: bool
    committed: Callable[[Any], None] | None
    result: Any = None
    error: Exception | None = None


class Writer:
    """The thread, the queue of operations, and the engine with its connection."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._queue: SimpleQueue[_Call | None] = SimpleQueue()
        self._thread: Thread | None = None
        self._waiting = 0
        """Operations that have no result yet."""
        self._began = 0.0
        """When the transaction that runs began (monotonic); 0: none runs."""
        self._watch: asyncio.TimerHandle | None = None

    async def open(self) -> None:
        """Start the thread; connect, and bring the tables up to date.

        Raises:
            StoreUnavailable: the database cannot be used.
        """
        loop = asyncio.get_running_loop()
        opened: asyncio.Future[None] = loop.create_future()
        self._queue = SimpleQueue()
        self._thread = Thread(
            target=self._work, args=(loop, self._queue, opened), name="report-store", daemon=True
        )
        self._thread.start()
        deadline = loop.call_later(OPEN_SECONDS, self._engine.interrupt)
        try:
            await opened
        except BaseException:
            await self.close()
            raise
        finally:
            deadline.cancel()

    async def close(self) -> None:
        """Finish the operations that wait, and disconnect."""
        thread, self._thread = self._thread, None
        if thread is None:
            return
        self._queue.put(None)
        await asyncio.to_thread(thread.join)
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None

    async def check(self) -> None:
        """Check that what is written now will be found.

        Raises:
            StoreUnavailable: it will not; `close` followed by `open` repairs it.
        """
        await asyncio.to_thread(self._engine.check)

    async def run(
        self,
        operation: Callable[[Connection], T],
        *,
        durable: bool = True,
        committed: Callable[[T], None] | None = None,
    ) -> T:
        """Run an operation; return its result once it is committed.

        `durable`: and synced: a power cut cannot undo it. Otherwise it survives the end of this
        process. `committed` is called with the result on the event loop, even if the caller was
        cancelled meanwhile. An operation may run a second time, after a rollback.

        Raises:
            StoreUnavailable: nothing was stored; only if the disk or the connection failed in the
                middle of the commit may it have been.
        """
        return await self.submit(operation, durable=durable, committed=committed)

    def submit(
        self,
        operation: Callable[[Connection], T],
        *,
        durable: bool = True,
        committed: Callable[[T], None] | None = None,
    ) -> "asyncio.Future[T]":
        """Queue an operation; the future's result or exception is as `run`'s."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        if self._thread is None:
            future.set_exception(StoreUnavailable())
            return future
        self._waiting += 1
        self._queue.put(_Call(operation, future, durable, committed))
        if self._watch is None:
            self._watch = loop.call_later(DEADLINE, self._look)
        return future

    def _look(self) -> None:
        """Interrupt a transaction that has had its time; look again while operations wait."""
        self._watch = None
        if not self._waiting:
            return
        age = monotonic() - self._began if self._began else 0.0
        if age >= DEADLINE:
            self._engine.interrupt()
            age = 0.0
        self._watch = asyncio.get_running_loop().call_later(DEADLINE - age, self._look)

    def _settle(self, batch: Sequence[_Call]) -> None:
        """Hand the results over, on the event loop."""
        self._waiting -= len(batch)
        for call in batch:
            if call.error is None and call.committed is not None:
                call.committed(call.result)
            if call.future.done():  # its caller was cancelled
                continue
            if call.error is None:
                call.future.set_result(call.result)
            else:
                call.future.set_exception(call.error)

    # --- in the thread ---------------------------------------------------------------------------

    def _work(
        self,
        loop: asyncio.AbstractEventLoop,
        queue: "SimpleQueue[_Call | None]",
        opened: "asyncio.Future[None]",
    ) -> None:
        try:
            self._engine.open()
        except Exception as error:  # noqa: BLE001 - handed to whoever opens the store
            _call(loop, _refuse_opening, opened, self._engine.translate(error))
            return
        _call(loop, _confirm_opening, opened)
        ends = False
        while not ends:
            batch, ends = _take(queue)
            try:
                self._transact(batch)
            except BaseException as error:  # noqa: BLE001 - the thread's root: it goes on
                _refuse(batch, _unexpected(error))
            _call(loop, self._settle, batch)
        self._engine.close()

    def _transact(self, batch: Sequence[_Call]) -> None:
        if not batch:
            return
        self._began = monotonic()
        try:
            results = self._engine.transact(
                [call.operation for call in batch], durable=any(call.durable for call in batch)
            )
        except Exception as error:  # noqa: BLE001 - handed to the caller whose operation raised it
            if len(batch) == 1 or _is_of_database(error):
                error = self._engine.translate(error)
                _refuse(batch, error if isinstance(error, ReportError) else _unexpected(error))
            else:
                for call in batch:
                    self._transact([call])
        else:
            for call, result in zip(batch, results, strict=True):
                call.result = result
        finally:
            self._began = 0.0


def _take(queue: "SimpleQueue[_Call | None]") -> tuple[list[_Call], bool]:
    """Wait for operations; return those that wait, and whether they are the last."""
    batch: list[_Call] = []
    while len(batch) < MAX_BATCH and not (batch and queue.empty()):
        call = queue.get()
        if call is None:
            return batch, True
        batch.append(call)
    return batch, False


def _is_of_database(error: Exception) -> bool:
    """Whether no operation is worth another attempt. A disk may have room for a smaller one."""
    return isinstance(error, StoreUnavailable) and not isinstance(error, DiskFull)


def _unexpected(error: BaseException) -> StoreUnavailable:
    logger.opt(exception=error).error("写数据库时出错")
    return StoreUnavailable("写数据库时出错，详见日志")


def _refuse(batch: Sequence[_Call], error: Exception) -> None:
    for call in batch:
        call.error = error


def _call(loop: asyncio.AbstractEventLoop, function: Callable[..., None], *values: object) -> None:
    with suppress(RuntimeError):  # the event loop was closed without the store
        loop.call_soon_threadsafe(function, *values)


def _confirm_opening(opened: "asyncio.Future[None]") -> None:
    if not opened.done():
        opened.set_result(None)


def _refuse_opening(opened: "asyncio.Future[None]", error: Exception) -> None:
    if not opened.done():
        opened.set_exception(error)
