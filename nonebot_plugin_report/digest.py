"""Many reports in one message: merged, or as a digest. Pure."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from .delivery import Message
from .report import Report, Result

PICTURES: Final = 3
"""Screenshots that a digest shows."""
FULL: Final = 10
"""Failures that a digest shows with all their words."""
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


def pictured(messages: Sequence[tuple[Message, bool]]) -> tuple[int, ...]:
    """Which of several messages a digest shows the pictures of: failures' first.

    `messages` come without their pictures, each with whether it has one.
    """
    having = [i for i, (_, has_image) in enumerate(messages) if has_image]
    having.sort(key=lambda i: messages[i][0].report.result is not Result.FAIL)
    return tuple(having[:PICTURES])


def summarize(messages: Sequence[Message]) -> Message:
    """A digest: counts by event and result, failures in full, and the pictures that are there."""
    lines = [f"📋 {len(messages)} 条推送的摘要", *_counts([one.report for one in messages])]
    failures = [one.text for one in messages if one.report.result is Result.FAIL]
    if failures:
        lines += ["", "失败的：", *failures[:FULL]]
    if len(failures) > FULL:
        lines.append(f"……还有 {len(failures) - FULL} 条失败")
    pictures = [one.image for one in messages if one.image is not None]
    text = "\n".join(lines)
    report = Report(title=lines[0], content=text, event=EVENT)
    return Message(text, pictures[0] if pictures else None, report, tuple(pictures[1:]))


def _counts(reports: Sequence[Report]) -> list[str]:
    """A line for each event, the most frequent first."""
    names = [_name(report) for report in reports]
    kinds = Counter(names).most_common()
    lines: list[str] = []
    for name, count in kinds[:KINDS]:
        results = Counter(
            report.result.icon
            for report, its in zip(reports, names, strict=True)
            if its == name and isinstance(report.result, Result)
        )
        icons = " ".join(f"{icon}{number}" for icon, number in sorted(results.items()))
        lines.append(f"{name} × {count}" + (f"（{icons}）" if icons else ""))
    if rest := sum(count for _, count in kinds[KINDS:]):
        lines.append(f"其他 × {rest}")
    return lines


def _name(report: Report) -> str:
    """What a report is counted under; where nothing names it, its words have to."""
    first_line = report.body.strip().partition("\n")[0]
    return report.event_label or report.title or first_line[:NAMED_BY] or "[截图]"
