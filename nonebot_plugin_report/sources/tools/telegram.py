"""Telegram's messages where they are sent to the push address, not to the API of that name. Pure.

https://core.telegram.org/bots/api#sendmessage: {chat_id, text, parse_mode, …}.
"""

from typing import Final

from ..base import Fields, Headers, Source, Translated
from ..telegram import message_text


def _recognise(fields: Fields, headers: Headers) -> bool:
    return isinstance(fields.get("text"), str)


def _translate(fields: Fields, headers: Headers) -> Translated | None:
    if not _recognise(fields, headers):
        return None
    content = message_text("sendmessage", fields)
    return Translated({"content": content}, rewritten=frozenset({"text"}))


SOURCE: Final = Source("Telegram", frozenset({"chat_id", "parse_mode"}), _recognise, _translate)
