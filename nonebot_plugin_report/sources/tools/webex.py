"""Webex: messages as tools send them to a room, or to an incoming webhook. Pure.

https://developer.webex.com/docs/api/v1/messages/create-a-message.
"""

from typing import Final

from ..base import Fields, Headers, Source, Translated, text
from ..chat import Message
from ..markup import from_html, from_markdown

_ROOMS: Final = frozenset({"roomId", "toPersonEmail", "toPersonId", "parentId"})


def _recognise(fields: Fields, headers: Headers) -> bool:
    if isinstance(fields.get("markdown"), str):
        return len(fields) == 1 or not _ROOMS.isdisjoint(fields)
    return not _ROOMS.isdisjoint(fields) and isinstance(fields.get("text"), str)


def _translate(fields: Fields, headers: Headers) -> Translated | None:
    if not _recognise(fields, headers):
        return None
    message = Message(from_markdown)
    if isinstance(fields.get("html"), str):
        message.read = from_html
        message.add(text(fields, "html"))
    elif isinstance(fields.get("markdown"), str):
        message.add(text(fields, "markdown"))
    message.lead(text(fields, "text"))
    return message.translate("text")


SOURCE: Final = Source("Webex", frozenset({"markdown", *_ROOMS}), _recognise, _translate)
