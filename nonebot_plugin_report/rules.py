"""Who gets a report. Pure."""

from collections.abc import Iterable

from .delivery import Target
from .errors import InvalidReport
from .report import Report


def route(report: Report, superusers: Iterable[str]) -> tuple[Target, ...]:
    """The targets of a report: those that it names, else every superuser in private.

    `superusers` are NoneBot's `SUPERUSERS` entries: `10001`, or `onebot:10001` for one adapter;
    an entry for another adapter names nobody that OneBot could reach.

    Raises:
        InvalidReport: it names nobody and there is no superuser, or it names an unknown channel.
    """
    if report.channel:
        raise InvalidReport("channel", "没有配置这个名字的渠道")
    named = [Target("private", user) for user in report.send_to]
    named += [Target("group", group) for group in report.send_to_group]
    targets = named or [Target("private", user) for user in _onebot_users(superusers)]
    if not targets:
        raise InvalidReport("send_to", "没有指定接收者，也没有设置 SUPERUSERS")
    return tuple(dict.fromkeys(targets))


def _onebot_users(superusers: Iterable[str]) -> list[str]:
    """Sorted, so that a set of settings gives the same order each time."""
    users: set[str] = set()
    for entry in superusers:
        adapter, separator, user = entry.rpartition(":")
        if not separator or adapter.lower() == "onebot":
            users.add(user)
    return sorted(users)
