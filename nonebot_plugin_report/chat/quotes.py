"""Reads which message a reply quotes."""

from dataclasses import dataclass
from typing import Any, cast

from nonebot.adapters import Event


@dataclass(frozen=True, slots=True)
class Quote:
    """A message that another one quotes."""

    message_id: str
    author: str
    """The account that wrote it; empty: the implementation did not say."""


def has_quote(event: Event) -> bool:
    """Whether a message may quote another. Cheap: it is asked of each message."""
    if getattr(event, "reply", None) is not None:
        return True
    message = cast("Any", event).get_message()
    return bool(message) and message[0].type == "reply"


def read_quote(event: Event) -> Quote | None:
    """Read the quote of a message.

    The adapters of OneBot 11 and 12 take the segment "reply" out and make `event.reply` of it.
    Where `get_msg` has no answer, that of OneBot 11 leaves the segment.
    """
    reply = cast("Any", getattr(event, "reply", None))
    if reply is not None:
        author = getattr(getattr(reply, "sender", reply), "user_id", None)
        return Quote(str(reply.message_id), "" if author is None else str(author))
    data = cast("dict[str, object]", cast("Any", event).get_message()[0].data)
    return Quote(str(data["id"]), "") if "id" in data else None
