"""Who gets a report. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from .delivery import Target
from .errors import InvalidReport
from .report import Report

SUPERUSERS: Final = "superusers"
"""In a list of targets: every superuser in private."""


@dataclass(frozen=True, slots=True)
class Directory:
    """Whom reports can reach."""

    superusers: tuple[str, ...]
    """QQ numbers, sorted."""
    channels: frozenset[str] = frozenset()
    """The names of REPORT_CHANNELS."""
    defaults: tuple[str, ...] = (SUPERUSERS,)
    """REPORT_DEFAULT_TARGETS."""

    def expand(self, specs: Iterable[str]) -> tuple[Target, ...]:
        """The targets of a list that `check_target` accepted, each once."""
        found: list[Target] = []
        for spec in specs:
            if spec == SUPERUSERS:
                found += [Target("private", user) for user in self.superusers]
            else:
                found.append(Target.parse(spec))
        return tuple(dict.fromkeys(found))


def onebot_users(superusers: Iterable[str]) -> tuple[str, ...]:
    """The QQ numbers of NoneBot's SUPERUSERS: `10001`, or `onebot:10001` for one adapter.

    An entry for another adapter names nobody that OneBot could reach. Sorted, so that a set of
    settings gives the same order each time.
    """
    users: set[str] = set()
    for entry in superusers:
        adapter, separator, user = entry.rpartition(":")
        if not separator or adapter.lower() == "onebot":
            users.add(user)
    return tuple(sorted(users))


def check_target(spec: str, channels: Iterable[str]) -> str:
    """A target as settings write it, in its plain form.

    Raises:
        ValueError: it is none, or names a channel that there is not; the text is Chinese.
    """
    spec = spec.strip().replace("：", ":")
    if spec == SUPERUSERS:
        return spec
    try:
        target = Target.parse(spec)
    except ValueError:
        raise ValueError("应为 superusers、private:QQ号、group:群号 或 channel:渠道名") from None
    if target.kind == "channel" and target.id not in channels:
        raise ValueError(f"REPORT_CHANNELS 里没有名为 {target.id} 的渠道")
    return str(target)


def route(report: Report, directory: Directory) -> tuple[Target, ...]:
    """The targets of a report: those that it names, else REPORT_DEFAULT_TARGETS.

    Raises:
        InvalidReport: it reaches nobody, or it names an unknown channel.
    """
    if not directory.channels.issuperset(report.channel):
        raise InvalidReport("channel", "REPORT_CHANNELS 里没有这个名字的渠道")
    named = [Target("private", user) for user in report.send_to]
    named += [Target("group", group) for group in report.send_to_group]
    named += [Target("channel", name) for name in report.channel]
    targets = tuple(dict.fromkeys(named)) or directory.expand(directory.defaults)
    if not targets:
        raise InvalidReport(
            "send_to", "没有指定接收者；也没有设置 SUPERUSERS 或 REPORT_DEFAULT_TARGETS"
        )
    return targets
