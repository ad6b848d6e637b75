"""Tells the other processes on the same PostgreSQL that something is theirs to send.

A word is only a hint: who misses one finds the same by looking every few seconds.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import closing
from threading import Event, Thread
from typing import Any, Final

import orjson
from loguru import logger
from sqlalchemy import Connection, bindparam, func, select

from ..errors import StoreUnavailable
from ..model.target import Lane, Target
from .postgres import connect, cut, end_stalled, is_direct, listen, notices
from .statements import Statement
from .writer import Writer

CHANNEL: Final = "nonebot_plugin_report"
GATHER_SECONDS: Final = 0.02
"""Seconds for which words are gathered, so that a burst is one."""
MAX_PAYLOAD: Final = 7000
"""Bytes of one word; PostgreSQL takes 8000 (its documentation of NOTIFY)."""
RECONNECT_EVERY: Final = 3.0
"""Seconds between attempts to listen."""

_SAY: Final = Statement(select(func.pg_notify(CHANNEL, bindparam("word"))))

Heard = Callable[[Sequence[Lane] | None], Awaitable[None]]
"""Is told of lanes; None: of any."""


class Others:
    """The processes beside this one."""

    def __init__(self, database: Writer, url: str, me: str) -> None:
        """`url` is where to listen, past `database`; `me` names this process."""
        self._database = database
        self._url = url
        self._me = me
        self._untold: set[tuple[Lane, str]] = set()
        self._server: Any = None
        self._told_of_polling = False

    def tell(self, lane: Lane, owner: str) -> None:
        """Soon: something waits in a lane in which this process does not send, but that `owner`
        has; empty: nobody knows who."""
        if not self._untold:
            asyncio.get_running_loop().call_later(GATHER_SECONDS, self._tell)
        self._untold.add((lane, owner))

    def _tell(self) -> None:
        untold, self._untold = self._untold, set[tuple[Lane, str]]()
        lanes = [[str(one.target), one.bot, owner] for one, owner in untold]
        notice = self._database.submit(self._word(lanes), durable=False)
        # A failure is read, so that it is not logged: a notice is a hint.
        notice.add_done_callback(lambda sent: sent.cancelled() or sent.exception())

    async def tell_all(self) -> None:
        """Now: all lanes are free."""
        try:
            await self._database.run(self._word(None), durable=False)
        except StoreUnavailable as error:
            logger.debug(f"没能告诉别的进程：{error}")

    async def end_stalled(self) -> None:
        """End the transactions of processes that were stopped, or cut off, in the middle of one:
        what they locked would be nobody's until they go on.

        Raises:
            StoreUnavailable: the database cannot be asked.
        """
        await self._database.run(end_stalled, durable=False)

    def _word(self, lanes: list[list[str]] | None) -> Callable[[Connection], object]:
        payload = orjson.dumps([self._me, lanes])
        if len(payload) > MAX_PAYLOAD:
            payload = orjson.dumps([self._me, None])
        return lambda conn: _SAY.run(conn, {"word": payload.decode()})

    async def listen(self, owner: str, heard: Heard) -> None:
        """Listen until cancelled. `owner`: as whom this process has lanes."""
        notices: asyncio.Queue[Sequence[Lane] | None] = asyncio.Queue()
        loop, stop = asyncio.get_running_loop(), Event()

        def put(word: Sequence[Lane] | None) -> None:
            loop.call_soon_threadsafe(notices.put_nowait, word)

        Thread(
            target=self._listen, args=(owner, put, stop), name="report-listen", daemon=True
        ).start()
        try:
            while True:
                await self._pass_on(await notices.get(), heard)
        finally:
            stop.set()
            cut(self._server)

    async def _pass_on(self, lanes: Sequence[Lane] | None, heard: Heard) -> None:
        try:
            await heard(lanes)
        except StoreUnavailable as error:
            logger.debug(f"没能去看别的进程留下的：{error}")

    def _listen(
        self, owner: str, put: Callable[[Sequence[Lane] | None], object], stop: Event
    ) -> None:
        """In the thread: connect, and listen until that ends."""
        while not stop.is_set():
            try:
                with closing(connect(self._url)) as self._server:
                    if not is_direct(self._server):
                        self._tell_of_polling()
                        return
                    listen(self._server, CHANNEL)
                    put(None)  # what was said until now was missed
                    for payload in notices(self._server, stop):
                        sender, lanes = orjson.loads(payload)
                        lanes = None if lanes is None else _meant(lanes, owner)
                        if sender != self._me and lanes != []:
                            put(lanes)
            except Exception as error:  # noqa: BLE001 - the thread's root: it is tried again
                logger.debug(f"听不到别的进程：{type(error).__name__}")
            stop.wait(RECONNECT_EVERY)

    def _tell_of_polling(self) -> None:
        if not self._told_of_polling:
            logger.info("数据库前面有连接池（PgBouncer），收不到通知，改为每几秒查看一次")
        self._told_of_polling = True


def _meant(lanes: list[list[str]], owner: str) -> list[Lane]:
    """The lanes of a word that `owner` has, or nobody knows who."""
    return [Lane(Target.parse(to), bot) for to, bot, of in lanes if of in ("", owner)]
