"""Outcomes, as channels make them."""

from collections.abc import Awaitable, Callable
from typing import Final

from ..model.delivery import Delivered, Outcome, Rejected
from ..model.message import Message
from ..model.text import clean

_SAID_LENGTH: Final = 120
PICTURE_REJECTED: Final = "只发了文字，图片被拒绝：{}"


def delivered(*notes: str) -> Delivered:
    """It arrived; each note that is not empty says what had to be left out."""
    return Delivered("；".join(dict.fromkeys(filter(None, notes))))


def lost_picture(message: Message) -> str:
    """The note of a channel without pictures, where there was one."""
    return "" if message.image is None else "这个渠道不能发图片"


async def or_text(outcome: Outcome, send_text: Callable[[], Awaitable[Outcome]]) -> Outcome:
    """Send the text alone where the message with its picture was rejected."""
    if not isinstance(outcome, Rejected):
        return outcome
    alone = await send_text()
    if not isinstance(alone, Delivered):
        return alone
    return delivered(alone.note, PICTURE_REJECTED.format(outcome.reason))


def said(text: object) -> str:
    """What a service says of a failure, short and on one line, to stand in a reason."""
    words = " ".join(clean(text).split()) if isinstance(text, str) else ""
    return words[:_SAID_LENGTH]
