"""The built-in sources, by name and by shape. Pure."""

import re
from collections.abc import Mapping
from typing import Final

from .base import Fields, Headers, Source
from .tools import (
    alertmanager,
    aliyun,
    apprise,
    azuredevops,
    bark,
    bitbucket,
    chronocat,
    cloudflare,
    dingtalk,
    discord,
    dockerhub,
    drone,
    emby,
    feishu,
    gitee,
    github,
    gitlab,
    googlechat,
    grafana,
    harbor,
    jellyfin,
    jenkins,
    jira,
    maa,
    matrix,
    onebot,
    opsgenie,
    pagerduty,
    plain,
    plex,
    pushers,
    seerr,
    sentry,
    servarr,
    slack,
    statuspage,
    teams,
    telegram,
    uptimekuma,
    uptimerobot,
    webex,
    wecom,
    zabbix,
)

SOURCES: Final[Mapping[str, Source]] = {
    # Grafana first: it writes all that Alertmanager does.
    "grafana": grafana.SOURCE,
    "alertmanager": alertmanager.SOURCE,
    "uptimekuma": uptimekuma.SOURCE,
    "uptimerobot": uptimerobot.SOURCE,
    "zabbix": zabbix.SOURCE,
    "sentry": sentry.SOURCE,
    "aliyun": aliyun.SOURCE,
    "cloudflare": cloudflare.SOURCE,
    "statuspage": statuspage.SOURCE,
    "jira": jira.SOURCE,
    "gitee": gitee.SOURCE,
    "gitlab": gitlab.SOURCE,
    "github": github.SOURCE,
    "bitbucket": bitbucket.SOURCE,
    "azuredevops": azuredevops.SOURCE,
    "drone": drone.SOURCE,
    "jenkins": jenkins.SOURCE,
    "dockerhub": dockerhub.SOURCE,
    "harbor": harbor.SOURCE,
    "sonarr": servarr.SOURCE,
    "seerr": seerr.SOURCE,
    "jellyfin": jellyfin.SOURCE,
    "emby": emby.SOURCE,
    "plex": plex.SOURCE,
    "apprise": apprise.SOURCE,
    "maa": maa.SOURCE,
    "onebot": onebot.SOURCE,
    "dingtalk": dingtalk.SOURCE,
    "wecom": wecom.SOURCE,
    "feishu": feishu.SOURCE,
    "discord": discord.SOURCE,
    "teams": teams.SOURCE,
    "googlechat": googlechat.SOURCE,
    # After those whose messages have `attachments` or `text`, too.
    "slack": slack.SOURCE,
    "telegram": telegram.SOURCE,
    "bark": bark.SOURCE,
    "webex": webex.SOURCE,
    "matrix": matrix.SOURCE,
    "chronocat": chronocat.SOURCE,
    "pagerduty": pagerduty.SOURCE,
    "opsgenie": opsgenie.SOURCE,
    **pushers.SOURCES,
    **plain.SOURCES,
}
_SHAPED: Final = tuple(
    (source, source.recognise) for source in SOURCES.values() if source.recognise is not None
)


def recognise(fields: Fields, headers: Headers) -> Source | None:
    """Find the source of a body by its shape; None: the body is in our own dialect, or unknown."""
    for source, recognises in _SHAPED:
        if not source.marks.isdisjoint(fields) and recognises(fields, headers):
            return source
    return None


def plain_name(name: str) -> str:
    """Bring a source's name into the form that is looked up: `Uptime Kuma` becomes `uptimekuma`."""
    return re.sub(r"[\s_-]", "", name[:100].lower())


def built_in(name: str) -> tuple[str, Source] | None:
    """Find a built-in source and its name in `SOURCES`; None: there is none of this name."""
    plain = plain_name(name)
    return next((one for one in SOURCES.items() if plain_name(one[0]) == plain), None)
