"""OneBot 11's messages where they are sent to the push address, not to the API of that name. Pure.

March7thAssistant's own template is such a message (module/notification/custom.py): `message` is a
list of segments, because of its picture."""

from typing import Final, cast

from ..base import Fields, Headers, Source, Translated
from ..bodies.form import TARGETS
from ..onebot import read_message, read_receiver


def _recognise(fields: Fields, headers: Headers) -> bool:
    message = fields.get("message")
    segments = cast("list[object]", message) if isinstance(message, list) else []
    return bool(segments) and all(
        isinstance(segment, dict) and isinstance(cast("Fields", segment).get("type"), str)
        for segment in segments
    )


def _translate(fields: Fields, headers: Headers) -> Translated | None:
    if not _recognise(fields, headers):
        return None
    named = {"user_id", "group_id"}.intersection(fields) and not TARGETS.intersection(fields)
    receiver = read_receiver("send_msg", fields) if named else {}
    return Translated({**receiver, **read_message(fields["message"])})


SOURCE: Final = Source("OneBot", frozenset({"message"}), _recognise, _translate)
