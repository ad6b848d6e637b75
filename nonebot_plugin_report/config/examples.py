"""The documentation's examples, which everybody replaces by something of their own."""

from collections.abc import Iterable, Mapping
from typing import Final, cast

EXAMPLE_USER: Final = "10001"
"""The QQ number in the documentation's SUPERUSERS."""
TO_FILL: Final = "在这里填"
"""Stands in a channel's example for what everybody has to fill in."""
_EXAMPLES: Final = (
    TO_FILL, "你的令牌", "你的 key", "hook/你的", "一长串随机字符", "签名密钥", "你的域名",
)  # fmt: skip
"""What the documentation has where everybody puts something of their own."""


def placeholders(settings: Mapping[str, object], superusers: Iterable[str]) -> list[str]:
    """Settings in which something of the documentation's examples was left as it stands there."""
    found = [name.upper() for name, value in settings.items() if _is_example(value)]
    return [*(["SUPERUSERS"] if EXAMPLE_USER in superusers else []), *sorted(found)]


def _is_example(value: object) -> bool:
    match value:
        case str():
            return any(one in value for one in _EXAMPLES)
        case dict():
            return any(map(_is_example, cast("dict[object, object]", value).values()))
        case list():
            return any(map(_is_example, cast("list[object]", value)))
        case _:
            return False
