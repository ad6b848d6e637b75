"""Counts in the histories of chats what a OneBot 11 bot has sent.

OneBot 11 has no history. go-cqhttp has that of groups (its documentation, "get_group_msg_history"),
NapCat, LLBot and Lagrange that of friends too. The formats of their answers are from their sources:
go-cqhttp coolq/api.go; NapCat packages/napcat-onebot, action/go-cqhttp and api/msg.ts; LLBot
src/onebot11/entities.ts; Lagrange.OneBot/Core/Operation/Message.
"""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from html import unescape
from typing import Any, Final, cast

from loguru import logger
from nonebot.adapters import Bot
from nonebot.exception import ActionFailed

from ...model.target import Kind, Target
from .failures import UNKNOWN_ACTION

COUNT: Final = 50
"""Messages of a chat that are looked at."""
SECONDS: Final = 10.0
"""How long an implementation may take to show them."""
_LATEST: Final = 10**11
"""Seconds; more are no time: NapCat puts milliseconds where QQ has none."""
_CODE: Final = re.compile(r"\[CQ:(\w+)[^\]]*\]")


@dataclass(frozen=True, slots=True)
class Appearance:
    """A message as its receiver sees it."""

    texts: frozenset[str]
    """The texts that the message may have."""
    pictured: bool
    """Whether the message shows a picture."""
    folded: bool
    """Whether it may be a forward message, whose text the history does not show."""


@dataclass(frozen=True, slots=True)
class _Entry:
    sender: str
    self_id: str
    """The bot's number, as every event of OneBot 11 names it; empty: the entry lacks it."""
    at: float
    sequence: int | None
    """QQ's own number of the message in the chat; None: the implementation does not give it."""
    text: str
    kinds: frozenset[str]
    """The types of its segments."""


class Histories:
    """The histories that the connected bots can show."""

    def __init__(self) -> None:
        self._unknown: set[tuple[str, str]] = set()
        """Bots, and the actions that their implementations do not know."""

    async def count(
        self, bot: Bot, target: Target, appearance: Appearance, since: float, until: float
    ) -> int | None:
        """Count the messages of this appearance that a bot sent to a target between two moments
        (epoch seconds); None: the bot cannot show the history."""
        action, parameters = question(target.kind, int(target.id))
        if bot.type != "OneBot V11" or (bot.self_id, action) in self._unknown:
            return None
        try:
            answer: object = await bot.call_api(action, **parameters, _timeout=SECONDS)
        except ActionFailed as error:
            if (getattr(error, "info", None) or vars(error)).get("retcode") in UNKNOWN_ACTION:
                self._unknown.add((bot.self_id, action))
            return None
        except Exception as error:  # noqa: BLE001 - a closed socket raises whatever the server's WebSocket library does
            logger.debug(f"没能看 {target} 的聊天记录：{type(error).__name__}")
            return None
        return count(answer, bot.self_id, appearance, since, until)

    def forget(self, self_id: str) -> None:
        """Forget a disconnected bot: it may be another implementation next time."""
        self._unknown = {one for one in self._unknown if one[0] != self_id}


def question(kind: Kind, number: int) -> tuple[str, dict[str, Any]]:
    """Return the action that shows a chat's history, and its parameters."""
    friend = kind == "private"
    action = "get_friend_msg_history" if friend else "get_group_msg_history"
    return action, {
        "user_id" if friend else "group_id": number,
        "message_seq": 0,
        "count": COUNT,
        # NapCat's own: links to pictures and the insides of messages take it long.
        "disable_get_url": True,
        "parse_mult_msg": False,
    }


def count(
    answer: object, self_id: str | None, appearance: Appearance, since: float, until: float
) -> int | None:
    """Count the bot's own messages of this appearance in a history, between two moments (epoch
    seconds). `self_id` is the bot's number; None: the number in the history itself.

    Returns None where the answer is no history, or QQ's clock differs from ours.
    """
    entries = _entries(answer)
    if entries is None or any(one.at > until for one in entries):
        return None
    sequences = Counter(one.sequence for one in entries if one.sequence is not None)
    return sum(
        one.sender == (self_id or one.self_id)
        and one.at >= since
        # QQ keeps what it failed to send among the others, without a number or with another's.
        and (one.sequence is None or (one.sequence > 0 and sequences[one.sequence] == 1))
        and _is_like(one, appearance)
        for one in entries
    )


def normalize(text: str) -> str:
    """Normalize a text for comparison: QQ does not keep all white space."""
    return " ".join(text.split())


def _is_like(entry: _Entry, appearance: Appearance) -> bool:
    if appearance.folded and "forward" in entry.kinds:
        return True
    if not entry.text:
        return appearance.pictured and "image" in entry.kinds and "" in appearance.texts
    return entry.text in appearance.texts


def _entries(answer: object) -> list[_Entry] | None:
    messages = (
        cast("dict[str, object]", answer).get("messages") if isinstance(answer, dict) else None
    )
    if not isinstance(messages, list):
        return None
    entries = cast("list[object]", messages)
    read = (_entry(cast("dict[str, Any]", one)) for one in entries if isinstance(one, dict))
    return [one for one in read if one is not None]


def _entry(fields: dict[str, Any]) -> _Entry | None:
    """Read an entry; None: the fields are no message that QQ has sent."""
    sender = fields.get("sender")
    by = cast("dict[str, Any]", sender).get("user_id") if isinstance(sender, dict) else None
    at = fields.get("time")
    if not isinstance(at, int | float) or not 0 < at < _LATEST:
        return None
    sequence = _number(fields.get("real_seq"))
    if sequence is None and fields.get("message_seq") != fields.get("message_id"):
        sequence = _number(fields.get("message_seq"))
    elif sequence is None and "message_seq" in fields:
        return None  # NapCat before 4.7, which tells what failed from nothing else
    message = fields.get("message")
    text, kinds = _read(fields.get("raw_message") if message is None else message)
    by, self_id = str(by or fields.get("user_id")), str(fields.get("self_id") or "")
    return _Entry(by, self_id, float(at), sequence, normalize(text), kinds)


def _number(value: object) -> int | None:
    return int(value) if isinstance(value, int | str) and str(value).isdecimal() else None


def _read(message: object) -> tuple[str, frozenset[str]]:
    """Read the text and the types of segments from an array or a string of CQ codes (OneBot 11,
    "消息格式")."""
    if isinstance(message, str):
        return unescape(_CODE.sub("", message)), frozenset(_CODE.findall(message))
    segments = cast("Iterable[object]", message if isinstance(message, list) else ())
    texts: list[str] = []
    kinds: set[str] = set()
    for segment in segments:
        match segment:
            case {"type": "text", "data": {"text": str(text)}}:
                texts.append(text)
            case {"type": str(kind)}:
                kinds.add(kind)
            case _:
                pass
    return "".join(texts), frozenset(kinds)
