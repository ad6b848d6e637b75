"""Asks the bots themselves: notices refused ones, and reads their friends and groups."""

import asyncio
import re
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, Final, cast

from loguru import logger
from nonebot.adapters import Bot

from ...model.target import Kind

if TYPE_CHECKING:
    from loguru import Message, Record

ANSWER_SECONDS: Final = 5.0
"""Seconds to wait for a list of friends or groups."""
_USER_NAMES: Final = ("nickname", "user_name")
_REFUSALS: Final = ("Authorization Header", "Signature Header", "Missing Signature")
"""What NoneBot's OneBot adapters log when a token or secret is wrong."""


_SECOND: Final = re.compile(r"already a bot (\S+), ignored$")
"""What they log when an account connects that is connected (nonebot-adapter-onebot, issue 45): most
often its former connection is dead, and nobody has noticed."""


class RefusedBots:
    """Notices when NoneBot's OneBot adapter refuses an implementation."""

    def __init__(self, second: Callable[[str], None] = lambda _: None) -> None:
        """`second` is called with the id of an account that connects a second time."""
        self._second = second
        self.last: float | None = None
        """Time of the last refusal (epoch seconds, by the computer's clock), or None."""
        self.astray = ""
        """Where one connects that is no address of OneBot's (Chinese); empty: none does."""
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
        if match := _SECOND.search(message.record["message"]):
            self._second(match[1])
        else:
            self.last = message.record["time"].timestamp()


def _is_refusal(record: "Record") -> bool:
    from_adapter = "OneBot" in record["message"]
    text = record["message"]
    return from_adapter and (any(one in text for one in _REFUSALS) or bool(_SECOND.search(text)))


async def strangers(users: Iterable[str], bots: Iterable[Bot]) -> tuple[str, ...]:
    """List the users that no bot has as a friend; nobody if one of the bots does not answer."""
    friends: set[str] = set()
    asked = list(bots)
    for bot in asked:
        answer = await read_contacts("private", bot)
        if answer is None:
            return ()
        friends.update(answer)
    return tuple(one for one in users if one not in friends) if asked else ()


async def contacts(kind: Kind, bots: Iterable[Bot]) -> dict[str, str]:
    """Read the friends or groups of these OneBot bots: names by number. Silent bots are skipped."""
    names_by_number: dict[str, str] = {}
    for bot in bots:
        names_by_number |= await read_contacts(kind, bot) or {}
    return {number: name for number, name in names_by_number.items() if number.isdecimal()}


async def read_contacts(kind: Kind, bot: Bot) -> dict[str, str] | None:
    """Read a bot's friends or groups: names by number; None: the bot gives no list.

    OneBot 11, "公开 API", and OneBot 12, "用户接口" and "群接口".
    """
    friends = kind == "private"
    action = "get_friend_list" if friends else "get_group_list"
    number, names = ("user_id", _USER_NAMES) if friends else ("group_id", ("group_name",))
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            answer: object = await bot.call_api(action)
    except Exception:  # noqa: BLE001 - a closed socket raises whatever the server's WebSocket library does
        return None
    if not isinstance(answer, list):
        return None
    names_by_number: dict[str, str] = {}
    for entry in cast("list[object]", answer):
        if isinstance(entry, dict):
            fields = cast("dict[object, object]", entry)
            name = next((str(fields[name]) for name in names if fields.get(name)), "")
            names_by_number[str(fields.get(number))] = name
    return names_by_number
