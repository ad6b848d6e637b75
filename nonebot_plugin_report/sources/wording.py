"""Writes the words of a report from templates that name a body's fields. Pure.

`{issue.title}` is the text at that path, `{rows.*.name}` the texts of a list; a part in `[…]` is
left out where a field within it is empty: `给{it}加上标签[ {label.name}]`. Spaces between Chinese
and other words come of themselves.
"""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import lru_cache, reduce
from typing import Final, cast

from .base import EVERY, Fields, as_text, lines, pick, records
from .markup import plain

MAX_BODY: Final = 1000
"""Most characters of a comment or description."""
MAX_BODY_LINES: Final = 8
"""Most lines of a comment or description."""
MAX_READ: Final = 16_384
"""Characters of a comment or description in which these lines are looked for."""
MAX_COMMITS: Final = 10
"""Most commits that are listed."""
_MAX_NAMES: Final = 5
"""Most texts of a list within a sentence."""
_PART: Final = re.compile(r"\[([^\[\]]*)\]|([^\[\]]+)")
_FIELD: Final = re.compile(r"\{([\w.*-]+)\}")


@lru_cache(maxsize=2048)
def _split(template: str) -> tuple[tuple[bool, tuple[str, ...]], ...]:
    """Split a template, ours, into parts: whether each is optional, and its texts and paths in
    turn."""
    return tuple(
        (part[1] is not None, tuple(_FIELD.split(part[1] if part[1] is not None else part[2])))
        for part in _PART.finditer(template)
    )


def fill(template: str, fields: Fields) -> str:
    """Write a template with the fields of a body."""
    written: list[str] = []
    for optional, texts in _split(template):
        values = [cut(read(fields, path)) for path in texts[1::2]]
        if optional and not all(values):
            continue
        for literal, value in zip(texts[::2], (*values, ""), strict=True):
            written += (literal, value)
    return reduce(join, written, "").strip()


def join(left: str, right: str) -> str:
    """Join two texts, with a space between Chinese and what is not."""
    if not left or not right:
        return left + right
    before, after = left[-1], right[0]
    mixed = (_is_chinese(before) and _is_word(after)) or (_is_word(before) and _is_chinese(after))
    return f"{left} {right}" if mixed else left + right


def _is_chinese(character: str) -> bool:
    return "\u4e00" <= character <= "\u9fff"


def _is_word(character: str) -> bool:
    return character.isascii() and character > " "


def read(value: object, path: str) -> str:
    """Get the text at a path; with `*` in it, the texts of the list there, joined."""
    before, star, after = path.partition(".*.")
    if not star:
        return as_text(pick(value, path))
    texts = dict.fromkeys(filter(None, (read(row, after) for row in records(value, before))))
    more = "等" if len(texts) > _MAX_NAMES else ""
    return "、".join(list(texts)[:_MAX_NAMES]) + more


def texts_of(value: object, path: str) -> list[str]:
    """Get the texts and numbers of the list at a path."""
    entries = pick(value, path)
    rows = cast("list[object]", entries)[:EVERY] if isinstance(entries, list) else []
    return [entry for row in rows if (entry := as_text(row))]


def fill_lines(templates: Iterable[str], fields: Fields) -> str:
    """Write each template that has words, a line each."""
    return lines(*(fill(template, fields) for template in templates))


def first(value: object, *paths: str) -> str:
    """Get the first text that is not empty at these paths; empty if there is none."""
    return next(filter(None, (read(value, path) for path in paths)), "")


def cut(body: str) -> str:
    """Cut a long text, without marks, to `MAX_BODY` characters and `MAX_BODY_LINES` lines."""
    rows = [row for row in plain(body[:MAX_READ]).splitlines() if row.strip()]
    short = "\n".join(rows[:MAX_BODY_LINES])
    if len(short) > MAX_BODY:
        return f"{short[:MAX_BODY]}…"
    return f"{short}\n…" if len(rows) > MAX_BODY_LINES or len(body) > MAX_READ else short


def first_line(body: str) -> str:
    """Get the first line of a text."""
    return body.strip().partition("\n")[0].strip()


def branch(ref: str) -> str:
    """Get the name of a branch or tag by its full one, such as `refs/heads/main`."""
    return ref.removeprefix("refs/heads/").removeprefix("refs/tags/")


def ref_kind(ref: str) -> str:
    """Name what a full name is of (Chinese): a branch or a tag."""
    return "标签" if ref.startswith("refs/tags/") else "分支"


def list_commits(commits: Iterable[Fields], total: int) -> str:
    """List commits by their first lines; `total` counts those too that are not listed."""
    listed = [_commit(one) for one in list(commits)[:MAX_COMMITS]]
    unlisted = total - len(listed)
    return lines(*listed, f"还有 {unlisted} 个提交" if unlisted > 0 and listed else "")


def _commit(commit: Fields) -> str:
    author = first(commit, "author.name", "author.username", "author.raw")
    title = first_line(first(commit, "message", "title"))
    short = first(commit, "id", "sha", "hash")[:7]
    return f"{short} {title}{f'（{author}）' if author else ''}".strip()


def count(number: str, most_digits: int = 9) -> int:
    """Read a number from outside; 0: it is none."""
    return int(number) if number.isdecimal() and len(number) <= most_digits else 0


MAX_SECONDS: Final = 10.0 * 365 * 24 * 3600
"""Seconds beyond which nothing takes: a duration from outside is none."""


def seconds(value: object) -> float | None:
    """Read a duration in seconds, which may be text; None: there is none."""
    try:
        duration = float(as_text(value) or -1)
    except ValueError:
        return None
    return duration if 0 < duration <= MAX_SECONDS else None


def file_size(value: object) -> str:
    """Write a number of bytes for people; empty: it is none."""
    digits = as_text(value)
    amount = float(digits) if digits.isdecimal() and len(digits) < 16 else 0.0
    for unit in ("B", "KB", "MB", "GB"):
        if amount < 1024:
            return f"{amount:.3g} {unit}" if amount else ""
        amount /= 1024
    return f"{amount:.3g} TB"


def epoch(number: object) -> str | None:
    """Write a Unix time, in seconds or milliseconds, in ISO format; None: it is none."""
    seconds_since = count(as_text(number), 13)
    seconds_since = seconds_since // 1000 if seconds_since >= 10**11 else seconds_since
    return datetime.fromtimestamp(seconds_since, UTC).isoformat() if seconds_since else None
