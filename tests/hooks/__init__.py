"""Bodies as the webhooks of other tools write them, and what each reads as; one file a kind of
tool, in the shape that their documentation and source show."""

from typing import Final

from . import builds, forges, media, monitors
from .base import Hook as Hook

HOOKS: Final[dict[str, list[Hook]]] = {
    "gitlab": forges.GITLAB,
    "gitee": forges.GITEE,
    "bitbucket": builds.BITBUCKET,
    "azuredevops": builds.AZURE,
    "drone": builds.DRONE,
    "jenkins": builds.JENKINS,
    "dockerhub": builds.DOCKER,
    "harbor": builds.HARBOR,
    "sonarr": media.SONARR,
    "seerr": media.SEERR,
    "jellyfin": media.JELLYFIN,
    "emby": media.EMBY,
    "plex": media.PLEX,
    "uptimerobot": monitors.UPTIMEROBOT,
    "zabbix": monitors.ZABBIX,
    "sentry": monitors.SENTRY,
    "aliyun": monitors.ALIYUN,
    "cloudflare": monitors.CLOUDFLARE,
    "statuspage": monitors.STATUSPAGE,
    "jira": monitors.JIRA,
}
"""By the name of the source."""
