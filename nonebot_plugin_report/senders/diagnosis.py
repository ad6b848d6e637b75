"""For the doctor: whether a OneBot was refused, and whose friends the superusers are."""

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, Final, cast

from loguru import logger
from nonebot.adapters import Bot

if TYPE_CHECKING:
    from loguru import Message, Record

ANSWER_SECONDS: Final = 5.0
"""Seconds to wait for a list of friends."""
_REFUSALS: Final = ("Authorization Header", "Signature Header", "Missing Signature")
"""What NoneBot's OneBot adapters log when a token or secret is wrong."""


class RefusedBots:
    """Notices when NoneBot's OneBot adapter refuses an implementation."""

    def __init__(self) -> None:
        self.last: float | None = None
        """Epoch seconds by the computer's clock; None: there was none."""
        self._sink: int | None = None

    def listen(self) -> None:
        """Start listening."""
        # The adapters tell nobody but the log, and NoneBot has no hook for it.
        self._sink = logger.add(self._hear, level="WARNING", filter=_is_refusal, format="")

    def close(self) -> None:
        """Stop listening."""
        if self._sink is not None:
            with suppress(ValueError):  # the user's own code may have removed all of them
                logger.remove(self._sink)
            self._sink = None

    def _hear(self, message: "Message") -> None:
        self.last = message.record["time"].timestamp()


def _is_refusal(record: "Record") -> bool:
    from_adapter = "OneBot" in record["message"]
    return from_adapter and any(one in record["message"] for one in _REFUSALS)


async def strangers(users: Iterable[str], bots: Iterable[Bot]) -> tuple[str, ...]:
    """Those users who are not friends of any of these OneBot bots; nobody if a bot does not answer.

    OneBot 11, "公开 API", and OneBot 12, "用户接口": get_friend_list.
    """
    friends: set[str] = set()
    asked = list(bots)
    for bot in asked:
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                answer: object = await bot.call_api("get_friend_list")
        except Exception:  # noqa: BLE001 - a closed socket raises whatever the server's WebSocket library does
            return ()
        if not isinstance(answer, list):
            return ()
        for one in cast("list[object]", answer):
            if isinstance(one, dict):
                friends.add(str(cast("dict[object, object]", one).get("user_id")))
    return tuple(one for one in users if one not in friends) if asked else ()
