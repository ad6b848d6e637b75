"""Everybody who may get a report that the plugin makes itself. Pure."""

from collections.abc import Iterable

from ..model.grant import MASTER
from ..model.recipient import Recipient
from ..model.target import Target
from .rules import Directory, Rule


def find_audience(
    directory: Directory, recipients: Iterable[Recipient], events: Iterable[str]
) -> frozenset[Target]:
    """Find everybody who may get a report of our own, at whatever time and whatever it says.

    Args:
        directory: the rules and the default recipients.
        recipients: the recipients that the report names; none: rules and defaults decide.
        events: the events that the report may have.
    """
    named = directory.expand(recipients)
    reached = set(named or directory.expand(directory.defaults))
    for rule in directory.rules:
        if not _may_apply(rule, events):
            continue
        reached.update(directory.expand(rule.fallback))
        reached.update(directory.expand(rule.escalate))
        if rule.override or not named:
            reached.update(directory.expand(rule.to))
    return frozenset(reached)


def _may_apply(rule: Rule, events: Iterable[str]) -> bool:
    """Whether the event and the token let a rule apply; its other conditions change by the hour
    or with the words."""
    is_ours = not rule.token or MASTER.name in rule.token
    return is_ours and (not rule.event.texts or any(map(rule.event.match, events)))
