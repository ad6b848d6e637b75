"""Tells what rules and policies make of a report."""

from collections.abc import Iterator
from datetime import datetime

from ..model.delivery import MAX_REMINDERS, Handling, Priority
from ..model.mention import ALL
from ..model.scheduling import Wait
from ..model.timing import in_words
from .rules import Planned


def describe(planned: Planned, wait: Wait | None) -> Iterator[str]:
    """How a target gets a report, apart from its words (Chinese); `wait`: why not at once."""
    if planned.handling.priority is Priority.URGENT:
        yield "紧急：不等免打扰，不合并"
        yield from _remind(planned.handling)
    if not planned.screenshot:
        yield "不带截图"
    elif planned.mask is not None:
        yield f"截图遮住 {planned.mask}"
    if planned.handling.mention:
        people = "、".join("所有人" if one == ALL else one for one in planned.handling.mention)
        yield f"紧急的、失败的 @ {people}"
    if wait is not None:
        until = datetime.fromtimestamp(wait.until).astimezone()
        yield f"{wait.reason}，{until:%H:%M} 再发"
    if planned.handling.fallback:
        targets = "、".join(str(one) for one in planned.handling.fallback)
        waiting = planned.handling.fallback_after
        when = "没能送达" if waiting is None else f"等了 {in_words(waiting)}还没送达，或没能送达"
        yield f"{when}时改发给 {targets}"


def _remind(handling: Handling) -> Iterator[str]:
    if handling.remind is None:
        return
    text = f"每过 {in_words(handling.remind)}，没有人说「知道了」就再发，最多 {MAX_REMINDERS} 次"
    targets = "、".join(str(one) for one in handling.escalate)
    yield f"{text}，然后发给 {targets}" if targets else text
