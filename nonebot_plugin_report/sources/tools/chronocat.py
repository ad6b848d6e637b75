"""Chronocat's messages to QQ, as QingLong writes them: {peer, elements}. Pure.

https://github.com/whyour/qinglong (sample/notify.py: `chronocat`),
https://chronocat.vercel.app/openapi (`/api/message/send`). `chatType` is 1 for a friend and 2 for a
group.
"""

from dataclasses import replace
from typing import Final

from ...model.numbers import qq_number
from ..base import Fields, Headers, Source, Translated, records, text
from ..bodies.form import TARGETS
from ..chat import Message

_RECEIVERS: Final = {"1": ("send_to", "QQ 号"), "2": ("send_to_group", "群号")}
"""By `chatType`: our field, and the Chinese word for its number."""


def _recognise(fields: Fields, headers: Headers) -> bool:
    return any("elementType" in element for element in records(fields, "elements")[:1])


def _translate(fields: Fields, headers: Headers) -> Translated | None:
    if not _recognise(fields, headers):
        return None
    message = Message()
    for element in message.records(fields, "elements"):
        message.add(text(element, "textElement.content"))
        message.put("[图片]" if "picElement" in element else "")
    translated = message.translate()
    if translated is None or not TARGETS.isdisjoint(fields):
        return translated
    return replace(translated, fields=translated.fields | _receiver(fields))


def _receiver(fields: Fields) -> dict[str, object]:
    """Read the receiver, in our own fields; none of what is no QQ number."""
    name, noun = _RECEIVERS.get(text(fields, "peer.chatType"), ("", ""))
    try:
        number = qq_number(text(fields, "peer.peerUin"), noun)
    except ValueError:
        return {}
    return {name: number} if name else {}


SOURCE: Final = Source("Chronocat", frozenset({"elements"}), _recognise, _translate)
