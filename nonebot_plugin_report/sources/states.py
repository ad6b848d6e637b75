"""Reads how bad something is, from the colour of a card and from the words for a state. Pure."""

import re
from collections.abc import Mapping
from colorsys import rgb_to_hsv
from typing import Final

from ..model.report import Result, read_result
from .base import as_text

MAX_HEADING: Final = 300
"""Characters of a heading in which a state is looked for."""

_COLOURS: Final[Mapping[str, Result]] = {
    **dict.fromkeys(("danger", "attention", "red", "carmine", "error"), Result.FAIL),
    **dict.fromkeys(("warning", "yellow", "orange"), Result.PARTIAL),
    **dict.fromkeys(("good", "green", "success"), Result.SUCCESS),
}
"""Colours by name: of Slack's attachments, Teams' text blocks and Feishu's card headers."""
_DECORATIVE: Final = frozenset({
    # https://github.com/go-gitea/gitea (services/webhook/discord.go): a closed issue is red.
    0x1AC600, 0xFFD930, 0xEB6420, 0xFF3232,
    # https://github.com/Sonarr/Sonarr (src/NzbDrone.Core/Notifications/Discord/DiscordColors.cs)
    0xFFC230,
    # https://github.com/y1ndan/onepush (onepush/providers/discord.py)
    0xFB7299,
    # https://github.com/seerr-team/seerr (server/lib/notifications/agents/discord.ts)
    0xE67E22,
})  # fmt: skip
"""Colours that say nothing of a state: a tool has these for everything, or for its kinds."""
_HEX: Final = re.compile(r"(?:#|0x)?([0-9a-f]{6}|[0-9a-f]{3})", re.IGNORECASE)
_MIN_SATURATION: Final = 0.55
_MIN_VALUE: Final = 0.35

_STATE_NAMES: Final = frozenset({
    "status", "state", "severity", "level", "result", "priority", "importance", "alertlevel",
    "alertstatus", "alertstate", "newstate", "currentstate", "状态", "级别", "等级", "严重程度",
    "严重性", "结果", "优先级", "当前状态", "告警级别", "告警等级", "告警状态", "报警级别",
    "报警等级", "报警状态", "事件状态", "事件级别",
})  # fmt: skip
"""Names of fields whose value is a state; without blanks, in lower case."""
_FAILURES: Final = (
    "alert", "alerting", "emergency", "disaster", "offline", "triggered", "trigger", "problem",
    "breached", "严重", "紧急", "致命", "灾难", "故障", "离线", "掉线", "宕机", "告警", "报警",
    "告警中", "触发",
)  # fmt: skip
_RECOVERIES: Final = (
    "recovered", "recovery", "online", "normal", "resolve", "cleared", "已解决", "已恢复", "在线",
    "上线",
)  # fmt: skip
_WORDS: Final[Mapping[str, Result]] = {
    **dict.fromkeys(_FAILURES, Result.FAIL),
    **dict.fromkeys(_RECOVERIES, Result.SUCCESS),
}
"""Words for a state besides those for a result."""
_EMOJI: Final[Mapping[str, Result]] = {
    **dict.fromkeys("❌🔴🚨🟥⛔🛑🆘", Result.FAIL),
    **dict.fromkeys("⚠🟡🟠🟨🟧", Result.PARTIAL),
    **dict.fromkeys("✅🟢✔🟩", Result.SUCCESS),
}
_BRACKETED: Final = re.compile(r"[\[【(（]([^\[\]【】()（）]{1,24})[\]】)）]")
_COUNT: Final = re.compile(r"[:：]\d+$")
_DECORATION: Final = re.compile(r"[^\w\s]+")
_PHRASE: Final = re.compile(
    r"\b(?:(?i:is|went|goes|are|back|now)\s+(?i:(?P<good>up|online)|(?P<bad>down|offline))"
    r"|(?P<GOOD>UP|OK|RESOLVED|RECOVERED|SUCCESS)|(?P<BAD>DOWN|FAIL|FAILED|FAILURE|FIRING|CRITICAL))\b"
)


def read_colour(value: object) -> Result | None:
    """Read a colour, by name or as RGB in hexadecimal or decimal digits; None: it tells no
    state."""
    text = as_text(value).lower()[:16]
    if (named := _COLOURS.get(text)) is not None:
        return named
    match = None if isinstance(value, int) else _HEX.fullmatch(text)
    if match is not None:
        digits = match[1] if len(match[1]) == 6 else "".join(digit * 2 for digit in match[1])
        return _of_rgb(int(digits, 16))
    return _of_rgb(int(text)) if text.isascii() and text.isdecimal() else None


def _of_rgb(colour: int) -> Result | None:
    if colour in _DECORATIVE or colour >= 1 << 24:
        return None
    parts = ((colour >> shift & 255) / 255 for shift in (16, 8, 0))
    hue, saturation, value = rgb_to_hsv(*parts)
    if saturation < _MIN_SATURATION or value < _MIN_VALUE:
        return None
    degrees = hue * 360
    if degrees <= 16 or degrees >= 338:
        return Result.FAIL
    if 24 <= degrees <= 66:
        return Result.PARTIAL
    return Result.SUCCESS if 90 <= degrees <= 165 else None


def read_state(word: str) -> Result | None:
    """Read a word for a state, such as `🔴 Down` or `FIRING:2`; None: it is none."""
    text = _COUNT.sub("", word.strip())
    plain = _DECORATION.sub("", text).strip().lower()
    return read_result(plain) or _WORDS.get(plain) or next(_emoji_of(text), None)


def read_field(name: str, value: str) -> Result | None:
    """Read a field of a card as a state; None: it is not one of a state, or tells none."""
    plain = re.sub(r"[\s_\-:：*]", "", name[:40]).lower()
    return read_state(value[:MAX_HEADING]) if plain in _STATE_NAMES else None


def read_heading(text: str) -> Result | None:
    """Read the state that a heading tells by an emoji, in brackets or as `… is DOWN`."""
    heading = text[:MAX_HEADING]
    if (result := next(_emoji_of(heading), None)) is not None:
        return result
    bracketed = (read_state(match[1]) for match in _BRACKETED.finditer(heading))
    if (result := next(filter(None, bracketed), None)) is not None:
        return result
    match = _PHRASE.search(heading)
    if match is None:
        return None
    return Result.SUCCESS if match["good"] or match["GOOD"] else Result.FAIL


def _emoji_of(text: str) -> "filter[Result]":
    return filter(None, (_EMOJI.get(character) for character in text))


def without_emoji(heading: str, result: Result | None) -> str:
    """Remove the emoji of a state from both ends of a heading that has the result's own anyway."""
    marks = "".join(mark for mark, state in _EMOJI.items() if state is result)
    return heading.strip(f"{marks}\ufe0f ") or heading if marks else heading
