"""Many reports in one message: merged, or as a digest. Pure."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ..model.image import Image
from ..model.message import Message
from ..model.report import Report, Result

PICTURES: Final = 3
"""Screenshots that a digest shows."""
FULL: Final = 10
"""Failures that a digest shows with their words."""
FULL_LENGTH: Final = 1000
"""Characters of such a failure that it shows."""
KINDS: Final = 20
"""Events that are counted by themselves."""
NAMED_BY: Final = 30
"""Characters of a report's words that stand for it where it has no event or title."""
EVENT: Final = "report.digest"


def merge(messages: Sequence[Message]) -> Message:
    """All the words and pictures of several messages, in one."""
    text = "\n\n".join(one.text for one in messages if one.text)
    pictures = [one.image for one in messages if one.image is not None]
    report = Report(title=f"{len(messages)} 条推送", content=text, event=EVENT)
    return Message(
        text, pictures[0] if pictures else None, report, tuple(pictures[1:]), tuple(messages)
    )


@dataclass(frozen=True, slots=True)
class Gist:
    """What a digest needs of a message, so that many of them need little memory."""

    name: str
    """What it is counted under."""
    result: Result | None
    text: str
    """Of a failure, its words as far as they are shown; else empty."""
    has_image: bool


def gist(message: Message, *, has_image: bool) -> Gist:
    """What a digest says of a message."""
    report = message.report
    failed = report.result is Result.FAIL
    text = message.text[:FULL_LENGTH] + "…" * (len(message.text) > FULL_LENGTH)
    result = report.result if isinstance(report.result, Result) else None
    return Gist(_name(message), result, text if failed else "", has_image)


def pictured(gists: Sequence[Gist]) -> tuple[int, ...]:
    """Which of several messages a digest shows the pictures of: failures' first."""
    having = [i for i, one in enumerate(gists) if one.has_image]
    having.sort(key=lambda i: gists[i].result is not Result.FAIL)
    return tuple(having[:PICTURES])


def summarize(gists: Sequence[Gist], pictures: Sequence[Image]) -> Message:
    """A digest: counts by event and result, failures with their words, and the pictures."""
    lines = [f"📋 {len(gists)} 条推送的摘要", *_counts(gists)]
    failures = [one.text for one in gists if one.result is Result.FAIL]
    if failures:
        lines += ["", "失败的：", *failures[:FULL]]
    if len(failures) > FULL:
        lines.append(f"……还有 {len(failures) - FULL} 条失败")
    text = "\n".join(lines)
    report = Report(title=lines[0], content=text, event=EVENT)
    return Message(text, pictures[0] if pictures else None, report, tuple(pictures[1:]))


def _counts(gists: Sequence[Gist]) -> list[str]:
    """A line for each event, the most frequent first."""
    kinds = Counter(one.name for one in gists).most_common()
    lines: list[str] = []
    for name, count in kinds[:KINDS]:
        results = Counter(
            one.result.icon for one in gists if one.name == name and one.result is not None
        )
        icons = " ".join(f"{icon}{number}" for icon, number in sorted(results.items()))
        lines.append(f"{name} × {count}" + (f"（{icons}）" if icons else ""))
    if rest := sum(count for _, count in kinds[KINDS:]):
        lines.append(f"其他 × {rest}")
    return lines


def _name(message: Message) -> str:
    """What a message is counted under; where nothing names it, its words have to."""
    report, first_line = message.report, message.text.strip().partition("\n")[0]
    return report.event_label or report.title or first_line[:NAMED_BY] or "[截图]"
