"""The command `channels`, and the tables in docs/channels.md: documentation made from code."""

import json
import re
import unicodedata
from typing import Any, Final, get_args

from ..doctor.examples import TO_FILL
from ..model.docstrings import meanings
from ..senders import channel_class, names

_CODE: Final = "`"
"""Markdown's quotes around names, which a terminal does not need."""


def run_channels(kind: str | None) -> int:
    """Print all types of channels, or the settings of a type.

    Raises:
        ConfigError: there is no such type.
    """
    print(show_settings(_type_of(kind)) if kind else show())
    return 0


def _type_of(text: str) -> str:
    """Find a type by its name or its Chinese label."""
    lowered = text.strip().lower()
    for name in names():
        if lowered in (name, channel_class(name).label.lower()):
            return name
    return text.strip()


def show() -> str:
    """List all types of channels, for a terminal."""
    rows = [(name, channel_class(name).label, channel_class(name).pictures) for name in names()]
    lines = [
        f"{_padded(kind, 12)}{_padded(label, 18)}图片：{pictures.replace(_CODE, '')}"
        for kind, label, pictures in rows
    ]
    return "\n".join([*lines, "", "一种渠道的设置：channels 类型，例如 channels bark"])


def show_settings(kind: str) -> str:
    """Describe a channel's settings, for a terminal, and what to copy into `.env`.

    Raises:
        ConfigError: there is no such channel.
    """
    text = describe_settings(kind).replace(_CODE, "").removeprefix("## ")
    text = re.sub(r"^- ", "  ", text, flags=re.MULTILINE)
    fields = channel_class(kind).model_fields.items()
    needed = {name: f"{TO_FILL} {name}" for name, info in fields if info.is_required()}
    example = json.dumps({kind.rpartition(".")[2]: {"type": kind, **needed}}, ensure_ascii=False)
    return (
        f"{text}\n\n复制到 .env 里，填好（已经有 REPORT_CHANNELS 的，把里面的一项加进去）：\n\n"
        f"REPORT_CHANNELS='{example}'\n\n再试一下：test {kind.rpartition('.')[2]}"
    )


def _padded(text: str, columns: int) -> str:
    """Fill a text with spaces to so many columns; a Chinese character takes two."""
    wide = sum(unicodedata.east_asian_width(character) in "WF" for character in text)
    return text + " " * max(1, columns - len(text) - wide)


def describe() -> str:
    """Write the table of all channels in docs/channels.md."""
    lines = ["| 渠道 | `type` | 设置 | 图片 | 限制 |", "|---|---|---|---|---|"]
    for name in names():
        channel = channel_class(name)
        settings = " ".join(
            f"**`{field}`**" if info.is_required() else f"`{field}`"
            for field, info in channel.model_fields.items()
        )
        row = (channel.label, f"`{name}`", settings, channel.pictures, channel.limits)
        lines.append(f"| {' | '.join(row)} |")
    return "\n".join(lines)


def describe_settings(kind: str) -> str:
    """Write the list of a channel's settings in docs/channels.md.

    Raises:
        ConfigError: there is no such channel.
    """
    channel = channel_class(kind)
    lines = [
        f"## {channel.label}（`{kind}`）",
        "",
        f"图片：{channel.pictures}。限制：{channel.limits}。",
        "",
    ]
    descriptions = meanings(channel)
    for name, info in channel.model_fields.items():
        text = " ".join(descriptions.get(name, "").split())
        default = info.get_default(call_default_factory=True, validated_data={})
        if info.is_required():
            default = "必填"
        elif default in (None, (), {}, ""):
            default = "可不写"
        else:
            default = f"默认 `{_written(default)}`"
        choices = "、".join(f"`{choice}`" for choice in _choices(info.annotation))
        lines.append(f"- `{name}`（{default}）：{text}" + (f"；可选 {choices}" if choices else ""))
    return "\n".join(lines)


def _written(default: object) -> str:
    match default:
        case bool():
            return "true" if default else "false"
        case tuple():
            return ",".join(str(one) for one in default)  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType] - any setting
        case _:
            return str(default)


def _choices(annotation: Any) -> tuple[object, ...]:
    return get_args(annotation) if "Literal" in str(annotation)[:20] else ()
