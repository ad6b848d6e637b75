"""Tools that write our own dialect already: there is nothing to translate. Pure.

March7thAssistant (module/notification/webhook.py, custom.py), OneDragon, whose user writes the body
(src/one_dragon/base/push/channel/webhook.py), Alas and StarRailCopilot by onepush's `custom`, and
AUTO-MAS (app/services/notification.py): {title, content}, and a picture in `image`.
"""

from typing import Final

from ..base import Fields, Headers, Source, Translated
from ..bodies.form import WORDS


def _translate(fields: Fields, headers: Headers) -> Translated | None:
    return Translated(dict(fields)) if WORDS.intersection(fields) else None


SOURCES: Final = {
    name.lower(): Source(name, frozenset(), None, _translate)
    for name in ("March7thAssistant", "OneDragon", "Alas", "StarRailCopilot", "AUTO-MAS")
}
