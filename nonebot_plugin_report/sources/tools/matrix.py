"""Matrix: the messages that tools send to a room. Pure.

https://spec.matrix.org/latest/client-server-api/#mroommessage-msgtypes.
"""

from typing import Final

from ..base import Fields, Headers, Source, Translated, text
from ..chat import Message
from ..markup import from_html, plain


def _recognise(fields: Fields, headers: Headers) -> bool:
    kind = text(fields, "msgtype")
    return kind.startswith("m.") and isinstance(fields.get("body"), str)


def _translate(fields: Fields, headers: Headers) -> Translated | None:
    if not _recognise(fields, headers):
        return None
    message = Message(plain)
    message.lead(text(fields, "body"))
    message.read = from_html
    message.add(text(fields, "formatted_body"))
    return message.translate("body")


SOURCE: Final = Source("Matrix", frozenset({"msgtype"}), _recognise, _translate)
