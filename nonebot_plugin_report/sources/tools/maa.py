"""MAA: {title, content, time}, from its user's template. Pure.

https://github.com/MaaAssistantArknights/MaaAssistantArknights
(src/MaaWpfGui/Services/ExternalNotification/CustomWebhookNotificationProvider.cs)
"""

import re
from typing import Final

from ..base import Fields, Headers, Source, Translated
from ..bodies.form import FORM_FIELDS, WORDS

_NAMES: Final = FORM_FIELDS | {"time", "source"}
"""Fields that may stand in its body; with any other it is another tool's."""
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d)?")


def _recognise(fields: Fields, headers: Headers) -> bool:
    time = fields.get("time")
    named = "content" in fields and "timestamp" not in fields and fields.keys() <= _NAMES
    return named and isinstance(time, str) and _TIME.fullmatch(time) is not None


def _translate(fields: Fields, headers: Headers) -> Translated | None:
    if not WORDS.intersection(fields):
        return None
    return Translated({**fields, "timestamp": fields.get("timestamp") or fields.get("time")})


SOURCE: Final = Source("MAA", frozenset({"time"}), _recognise, _translate)
