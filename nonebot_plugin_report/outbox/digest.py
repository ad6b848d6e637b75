"""Many reports in one message: merged, or as a digest. Pure."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ..model.image import Image
from ..model.message import Message
from ..model.report import DIGEST, Report, Result
from ..model.text import begins_with, one_line
from ..model.trace import fold_traces

PICTURES: Final = 3
"""Most screenshots in a digest."""
LENGTH: Final = 3600
"""About the most characters of a digest: QQ shows 4,000 of a message."""
FULL_LENGTH: Final = 1000
"""Most characters of a failure."""
LEAST: Final = 40
"""Characters that each failure gets at least, however many there are."""
BESIDE: Final = 10
"""Characters around each failure: a line end, and its count."""
KINDS: Final = 30
"""Most lines of events, and of texts without one."""
NAMED_BY: Final = 60
"""Most characters of such a line."""


def how_to_read_on(chat_command: str) -> str:
    """What a digest says of what it leaves out (Chinese); `chat_command`: prefix and name."""
    return f"发「{chat_command} 最近」看其余的"


REST: Final = how_to_read_on("/推送")
"""The same with the usual prefix and name."""


def merge(messages: Sequence[Message]) -> Message:
    """Several messages in one, with all texts and pictures."""
    text = "\n\n".join(one.text for one in messages if one.text)
    pictures = tuple(image for one in messages for image in one.images)
    report = Report(title=f"{len(messages)} 条推送", content=text, event=DIGEST)
    return Message(text, pictures, report, tuple(messages))


@dataclass(frozen=True, slots=True)
class Gist:
    """What a digest needs of a message, in little memory."""

    name: str
    """What it is counted under: its event, else its text."""
    result: Result | None
    text: str
    """A failure's text, as far as it is shown; otherwise empty."""
    has_image: bool
    cut: bool
    """The text was longer."""
    said: int = 0
    """Equal for messages that say the same, at any time."""


def gist(message: Message, *, has_image: bool) -> Gist:
    """Summarize a message."""
    report = message.report
    result = report.result if isinstance(report.result, Result) else None
    if result is Result.FAIL:
        folded = fold_traces(message.text, "")
        cut = len(folded.text) > FULL_LENGTH
        text = folded.text[:FULL_LENGTH] + "…" * cut or "[截图]"
        name = one_line(report.event_label or report.title, NAMED_BY) or "没有标题的"
        said = hash((report.heading, report.body or message.text))
        return Gist(name, result, text, has_image, cut or folded.lines > 0, said)
    if report.event:
        return Gist(one_line(report.event_label, NAMED_BY), result, "", has_image, cut=False)
    words = " ".join(_full_text(message).split())
    name = one_line(words, NAMED_BY) or "[截图]"
    return Gist(name, result, "", has_image, cut=name != words and words != "")


def pictured(gists: Sequence[Gist]) -> tuple[int, ...]:
    """The messages whose pictures a digest shows: failures first."""
    having = [i for i, one in enumerate(gists) if one.has_image]
    having.sort(key=lambda i: gists[i].result is not Result.FAIL)
    return tuple(having[:PICTURES])


def summarize(gists: Sequence[Gist], pictures: Sequence[Image], rest: str = REST) -> Message:
    """A digest: counts by event and result, the texts without an event, each failure's text, the
    pictures, and `rest`: how to read what it leaves out."""
    title = f"📋 {len(gists)} 条推送的摘要"
    lines, more = _counts(gists)
    failures, more_failures = _failures(gists, LENGTH - len("\n".join(lines)))
    if failures:
        lines += ["", "失败的：", *failures]
    if more or more_failures or any(one.cut for one in gists):
        lines.append(rest)
    content = "\n".join(lines)
    report = Report(title=title, content=content, event=DIGEST)
    return Message(f"{title}\n{content}", tuple(pictures), report)


def _counts(gists: Sequence[Gist]) -> tuple[list[str], bool]:
    """A line per event, the most frequent first; and whether there are more."""
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
    return lines, bool(rest)


def _failures(gists: Sequence[Gist], room: int) -> tuple[list[str], bool]:
    """Each different failure once, in `room` characters; and whether something is left out."""
    failures = [one for one in gists if one.result is Result.FAIL]
    times = Counter(one.said for one in failures)
    texts = {one.said: one.text for one in reversed(failures)}  # of each, how it came first
    samples = list(dict.fromkeys(one.said for one in failures))[: room // (LEAST + BESIDE)]
    share = _share([len(texts[said]) for said in samples], room - BESIDE * len(samples))
    lines: list[str] = []
    for said in samples:
        text = texts[said]
        short = text if len(text) <= share else text[: share - 1].rstrip() + "…"
        lines.append(short + (f"（共 {times[said]} 次）" if times[said] > 1 else ""))
    if rest := sum(times.values()) - sum(times[said] for said in samples):
        lines.append(f"……还有 {rest} 条失败")
    return lines, bool(rest) or any(len(texts[said]) > share for said in samples)


def _share(lengths: Sequence[int], room: int) -> int:
    """The most that each may have for all to fit: what the short ones leave, the long ones get."""
    for index, length in enumerate(sorted(lengths)):
        share = room // (len(lengths) - index)
        if length > share:
            return share
        room -= length
    return max(lengths, default=0)


def _full_text(message: Message) -> str:
    """A message's text without result and time, and without what its template leaves out."""
    title, body = message.report.title, message.report.body
    if not (title or body) or title not in message.text or body not in message.text:
        return message.text.removeprefix(message.report.icon)
    if begins_with(body, title):
        return body
    return f"{title}：{body}" if body else title
