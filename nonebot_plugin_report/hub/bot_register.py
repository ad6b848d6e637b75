"""Remembers which bots of QQ have been connected: a report for any other would wait for ever."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from loguru import logger

from ..errors import InvalidReport, StoreUnavailable
from ..store.bots import StoredBots

UNKNOWN: Final = (
    "这个机器人从来没有连接过；请检查号码，或不写，由任意一个在线的机器人发送；"
    "它要是刚装好，先让它连上一次"
)


@dataclass(slots=True)
class BotRegister:
    """The bots that are or were connected, or stand in the settings."""

    stored: StoredBots
    connected: Callable[[], Iterable[str]]
    """Gives the ids of those that are connected now."""
    ids: frozenset[str]
    """The ids of all that were, and of those in the settings."""

    async def open(self) -> None:
        """Read those that were connected before, or to other processes.

        Raises:
            StoreUnavailable: they could not be read.
        """
        self.ids |= await self.stored.all()

    async def add_connected(self, now: float) -> None:
        """Remember the bots that are connected now (epoch seconds)."""
        new = [bot for bot in self.connected() if bot not in self.ids]
        self.ids = self.ids.union(new)
        for bot in new:
            try:
                await self.stored.add(bot, now)
            except StoreUnavailable as error:
                logger.debug(f"没能记下机器人 {bot} 连接过：{error}")

    async def check(self, bot: str) -> None:
        """Check that a report can name a bot.

        Raises:
            InvalidReport: the bot has never been connected.
            StoreUnavailable: the store could not be read.
        """
        if bot in self.ids or bot in self.connected():
            return
        await self.open()  # another process may have it
        if bot not in self.ids:
            raise InvalidReport("send_from", UNKNOWN)
