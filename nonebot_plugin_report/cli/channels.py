"""What users read of the channels, made from their code."""

import sys
from typing import Any, get_args

from ..errors import ConfigError
from ..senders import channel_class, names


def run_channels(kind: str | None) -> int:
    """Print all types of channels, or the settings of one; 0 if there is such a type."""
    try:
        print(describe_settings(kind) if kind else describe())
    except ConfigError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def describe() -> str:
    """A Markdown table of all channels: docs/channels.md's."""
    lines = ["| 渠道 | `type` | 设置 | 图片 | 限制 |", "|---|---|---|---|---|"]
    for name in names():
        found = channel_class(name)
        settings = " ".join(
            f"**`{field}`**" if info.is_required() else f"`{field}`"
            for field, info in found.model_fields.items()
        )
        row = (found.label, f"`{name}`", settings, found.pictures, found.limits)
        lines.append(f"| {' | '.join(row)} |")
    return "\n".join(lines)


def describe_settings(kind: str) -> str:
    """A Markdown list of a channel's settings: docs/channels.md's.

    Raises:
        ConfigError: there is no such channel.
    """
    found = channel_class(kind)
    lines = [
        f"## {found.label}（`{kind}`）",
        "",
        f"图片：{found.pictures}。限制：{found.limits}。",
        "",
    ]
    for name, info in found.model_fields.items():
        text = " ".join((info.description or "").split())
        default = info.get_default(call_default_factory=True, validated_data={})
        if info.is_required():
            default = "必填"
        elif default in (None, (), {}, ""):
            default = "可不写"
        else:
            default = f"默认 `{_shown(default)}`"
        choices = "、".join(f"`{one}`" for one in _choices(info.annotation))
        lines.append(f"- `{name}`（{default}）：{text}" + (f"；可选 {choices}" if choices else ""))
    return "\n".join(lines)


def _shown(default: object) -> str:
    match default:
        case bool():
            return "true" if default else "false"
        case tuple():
            return ",".join(str(one) for one in default)  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType] - any setting
        case _:
            return str(default)


def _choices(annotation: Any) -> tuple[object, ...]:
    return get_args(annotation) if "Literal" in str(annotation)[:20] else ()
