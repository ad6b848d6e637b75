"""The sources that are known, by name. Pure."""

import re
from collections.abc import Mapping
from typing import Final

from .base import Fields, Headers, Source
from .tools import alertmanager, apprise, github, grafana, maa, onebot, plain, uptimekuma

SOURCES: Final[Mapping[str, Source]] = {
    # Grafana first: it writes all that Alertmanager does.
    "grafana": grafana.SOURCE,
    "alertmanager": alertmanager.SOURCE,
    "uptimekuma": uptimekuma.SOURCE,
    "github": github.SOURCE,
    "apprise": apprise.SOURCE,
    "maa": maa.SOURCE,
    "onebot": onebot.SOURCE,
    **plain.SOURCES,
}
_SHAPED: Final = tuple(
    (one, one.recognise) for one in SOURCES.values() if one.recognise is not None
)


def recognise(fields: Fields, headers: Headers) -> Source | None:
    """The source of a body, by its shape; None: it is in our own dialect, or unknown."""
    for one, recognises in _SHAPED:
        if not one.marks.isdisjoint(fields) and recognises(fields, headers):
            return one
    return None


def plain_name(name: str) -> str:
    """A source's name as it is looked up: `Uptime Kuma`, `uptime-kuma`, `uptimekuma`."""
    return re.sub(r"[\s_-]", "", name[:100].lower())


def built_in(name: str) -> tuple[str, Source] | None:
    """The source of that name that this plugin brings along, by its name in `SOURCES`; or None."""
    wanted = plain_name(name)
    return next((one for one in SOURCES.items() if plain_name(one[0]) == wanted), None)
