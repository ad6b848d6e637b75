"""Bodies as the webhooks of other tools write them, and what each reads as; one file a kind of
tool, in the shape that their documentation and source show."""

from typing import Final

from . import forges, media
from .base import Hook as Hook

HOOKS: Final[dict[str, list[Hook]]] = {
    "gitlab": forges.GITLAB,
    "gitee": forges.GITEE,
    "sonarr": media.SONARR,
    "seerr": media.SEERR,
    "jellyfin": media.JELLYFIN,
    "emby": media.EMBY,
    "plex": media.PLEX,
}
"""By the name of the source."""
