"""Bark's messages where they are sent to the push address, not to the API of that name. Pure.

https://github.com/Finb/bark-server/blob/master/docs/API_V2.md: {title, body, group, sound, …}.
"""

from typing import Final

from ..bark import message_fields
from ..base import Fields, Headers, Source, Translated

_MARKS: Final = frozenset({
    "device_key", "device_keys", "badge", "sound", "isArchive", "autoCopy", "automaticallyCopy",
})  # fmt: skip
"""Fields that nobody else's messages with a `body` have."""


def _recognise(fields: Fields, headers: Headers) -> bool:
    return isinstance(fields.get("body") or fields.get("markdown"), str)


def _translate(fields: Fields, headers: Headers) -> Translated | None:
    if not _recognise(fields, headers):
        return None
    written = message_fields(fields)
    return Translated(written, rewritten=frozenset({"body", "image", "url", "level"}))


SOURCE: Final = Source("Bark", _MARKS, _recognise, _translate)
