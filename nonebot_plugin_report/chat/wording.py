"""Words of answers: short, for a phone; text from outside is quoted."""

from collections.abc import Sequence
from typing import Final

from ..model.delivery import State
from ..model.report import Report, Result
from ..model.status import Blocked, DeliveryState, Listed, progress
from ..model.target import Target
from ..model.text import begins_with, clean
from ..model.timing import moment
from .request import Asker

MOST_LINES: Final = 20
"""Most deliveries, mutes or lanes in an answer."""
NAME_LENGTH: Final = 60
"""Most characters of a title or a name."""
BRIEF_LENGTH: Final = 40
"""Most characters of a report in a list."""
REASON_LENGTH: Final = 160
"""Most characters of a reason."""
STATES: Final = {
    State.WAITING: "⏳ 等待",
    State.DELIVERED: "✅ 送达",
    State.REJECTED: "🚫 被拒绝",
    State.EXPIRED: "⌛ 放弃",
    State.UNCONFIRMED: "❔ 未确认",
}
_THEIRS: Final = str.maketrans({
    "「": "『", "」": "』",
    **dict.fromkeys("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"),
})  # fmt: skip
"""Text from outside must not close its quotes, nor reverse the direction of what follows."""


def short(text: str, limit: int = NAME_LENGTH) -> str:
    """Text in one line, cut."""
    line = " ".join(clean(text[: 4 * limit]).split())
    return line if len(line) <= limit and len(text) <= 4 * limit else f"{line[: limit - 1]}…"


def quoted(text: str, limit: int = NAME_LENGTH) -> str:
    """Text from outside: cut, and quoted. Empty text stays empty."""
    line = short(text, limit).translate(_THEIRS)
    return f"「{line}」" if line else ""


def list_first(lines: Sequence[str]) -> list[str]:
    """The first of many, and how many more there are."""
    further = len(lines) - MOST_LINES
    return [*lines[:MOST_LINES], *([f"……还有 {further} 个"] if further > 0 else [])]


def name_target(target: Target, asker: Asker) -> str:
    """A target, as the asker would say it."""
    match target.kind:
        case "private":
            return "你" if target == asker.own else f"QQ {target.id}"
        case "group":
            return "这个群" if target == asker.here else f"群 {target.id}"
        case "channel":
            return f"渠道 {short(target.id)}"


def subject(target: Target, asker: Asker) -> str:
    """A target before a verb, with a space after a number."""
    name = name_target(target, asker)
    return f"{name} " if name[-1].isascii() else name


def until(at: float, now: float) -> str:
    """A moment as an end time; both in epoch seconds."""
    written = moment(at, now)
    return f"到 {written}" if written[0].isdecimal() else f"到{written}"


def icon(report: Report) -> str:
    """The result's icon; other words come from outside and are not shown as ours."""
    return report.result.icon if isinstance(report.result, Result) else ""


def brief(listed: Listed) -> str:
    """A report in a few words, after its result's icon."""
    if listed.report is None:
        mark = next((each.icon for each in Result if listed.text.startswith(each.icon)), "")
        # The first two lines: those of a template of one's own may say anything.
        text = "\n".join(listed.text.removeprefix(mark).split("\n")[:2]) or listed.state.heading
    else:
        mark, heading, body = icon(listed.report), listed.report.heading, listed.report.body
        text = "：".join(part for part in (heading, body) if part)
        text = body if body and begins_with(body, heading) else text
        text = text if mark else f"{listed.report.icon} {text}"
    return f"{mark}{quoted(text, BRIEF_LENGTH) or '（没有文字）'}"


def undelivered(listed: Listed) -> str:
    """What was not delivered of a report, or nothing."""
    if not listed.state.deliveries:
        return f"没有发出：{short(listed.state.note, REASON_LENGTH)}"
    states = dict.fromkeys(each.state for each in listed.state.deliveries)
    return "、".join(STATES[each] for each in states if each is not State.DELIVERED)


def describe_delivery(delivery: DeliveryState, asker: Asker, now: float) -> str:
    """The state of a delivery."""
    mark = STATES[delivery.state].partition(" ")[0]
    line = progress(delivery, now, lambda reason: quoted(reason, REASON_LENGTH))
    return f"{mark} {name_target(delivery.target, asker)}：{line}"


def parked(blocked: Blocked, asker: Asker) -> str:
    """Why a lane waits."""
    by = f"（由{quoted(blocked.lane.bot)}发送）" if blocked.lane.bot else ""
    return (
        f"⏸ {name_target(blocked.lane.target, asker)}{by}：{quoted(blocked.reason, REASON_LENGTH)}"
    )
