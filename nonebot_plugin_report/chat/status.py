"""The command that shows the state."""

from collections.abc import Sequence
from typing import Final

from ..model.delivery import State
from ..model.grant import BOUND
from ..model.status import Listed, Refusal
from ..model.timing import in_words, moment
from ..model.watch import Standing
from .request import Asker, Context
from .wording import (
    MOST_LINES,
    REASON_LENGTH,
    brief,
    describe_delivery,
    list_first,
    parked,
    quoted,
    short,
    subject,
    until,
)

LATELY: Final = 86400.0
"""Seconds for which failures are shown."""
FAILURES: Final = 3
"""Most failed reports that are shown one by one."""
_LACKS: Final = {
    State.REJECTED: "🚫 {}没收到",
    State.EXPIRED: "🚫 {}没收到",
    State.UNCONFIRMED: "❔ 不知道{}收到没有：",
}


async def status(context: Context, asker: Asker, _: Sequence[str]) -> str:
    """Show what works, what waits, what failed recently and what is watched."""
    hub = context.hub
    health = await hub.health()
    if health.backlog is None:
        fault = health.fault_detail if asker.superuser and asker.here == asker.own else health.fault
        return f"❌ 收不下推送：{short(fault, REASON_LENGTH)}"
    lines = ["✅ 正常，能收下推送"]
    now, blocked, retrying = hub.clock(), health.backlog.blocked, health.backlog.retrying
    if asker.superuser:
        lines += [
            f"{'🟢' if online else '🔴'} {short(bot)}（{kind}）"
            for bot, kind, online in health.bots[:MOST_LINES]
        ]
        waiting, oldest = health.backlog.waiting, health.backlog.oldest
        if oldest is not None:
            lines.append(f"⏳ {waiting} 条等待送出，最早的等了 {in_words(now - oldest)}")
    else:
        blocked = tuple(one for one in blocked if one.lane.target == asker.own)
        retrying = tuple(one for one in retrying if one.target == asker.own)
    muted = [
        f"🔕 {subject(target, asker)}静音{until(end, now)}"
        for target, end in hub.mutes.all().items()
        if asker.superuser or target == asker.own
    ]
    lines += list_first([parked(one, asker) for one in blocked])
    lines += [
        *list_first([describe_delivery(one, asker, now) for one in retrying]),
        *list_first(muted),
    ]
    lines += await _failures(context, asker, now)
    lines += list_first([_refusal(one, now) for one in health.refusals if _may_see(one, asker)])
    if asker.superuser:
        lines += list_first([_watch(one, now) for one in hub.watchdog.standings()])
    return "\n".join(lines)


async def _failures(context: Context, asker: Asker, now: float) -> list[str]:
    failed = await context.hub.history.failed(now - LATELY, FAILURES + 1, asker.only)
    lines = [line for one in failed[:FAILURES] for line in _failure(one, asker, now)]
    return list_first(lines) + (["……还有没送到的"] if len(failed) > FAILURES else [])


def _failure(failure: Listed, asker: Asker, now: float) -> list[str]:
    return [
        f"{_LACKS[each.state].format(subject(each.target, asker))}{brief(failure)}"
        f" {moment(each.finished_at or now, now)}：{quoted(each.reason, REASON_LENGTH)}"
        for each in failure.state.deliveries
        if each.state.failed
    ]


def _may_see(refusal: Refusal, asker: Asker) -> bool:
    return asker.superuser or refusal.token == f"{BOUND}{asker.own.id}"


def _refusal(refusal: Refusal, now: float) -> str:
    reason = short(refusal.reason, REASON_LENGTH)
    return f"📪 {moment(refusal.at, now)} 没收下{quoted(refusal.client)}：{reason}"


def _watch(standing: Standing, now: float) -> str:
    if standing.due_at is None:
        stands = "现在不用等"
    elif standing.overdue:
        stands = "过了时间，还没来"
    else:
        stands = f"在等，{until(standing.due_at, now)}"
    return f"👀 {quoted(standing.description)}：{stands}"
