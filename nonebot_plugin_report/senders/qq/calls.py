"""The calls of a bot: which are pending, and which go one after another."""

import asyncio
from typing import Any
from weakref import WeakKeyDictionary

from nonebot.adapters import Bot

_turns: WeakKeyDictionary[Bot, asyncio.Lock] = WeakKeyDictionary()


def picture_turn(bot: Bot) -> asyncio.Lock:
    """Find the lock that a message with pictures holds until it is answered.

    QQ refuses a picture while the account uploads another one
    (https://github.com/NapNeko/NapCatQQ/issues/535, 764). Each connection has its own.
    """
    if (turn := _turns.get(bot)) is None:
        turn = _turns[bot] = asyncio.Lock()
    return turn


class Call:
    """A scope that ends with TimeoutError when `end` is called.

    `asyncio.timeout` would cost four times as much without a known deadline.
    """

    def __init__(self, calls: "set[Call]", task: "asyncio.Task[Any]") -> None:
        """`calls` are the pending calls of the bot, `task` is the task that makes this call."""
        self._calls = calls
        self._task = task
        self._cancelling = task.cancelling()
        self._ended = False

    def end(self) -> None:
        """End the scope."""
        self._ended = True
        self._task.cancel()

    def __enter__(self) -> None:
        self._calls.add(self)

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._calls.discard(self)
        if (
            self._ended
            and self._task.uncancel() <= self._cancelling
            and kind is asyncio.CancelledError
        ):
            raise TimeoutError
