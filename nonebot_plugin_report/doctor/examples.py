"""Finds the documentation's examples in settings, where users should have put their own values."""

from collections.abc import Iterable, Mapping
from typing import Final, cast

EXAMPLE_USER: Final = "10001"
"""The QQ number in the documentation's SUPERUSERS."""
TO_FILL: Final = "在这里填"
"""Stands in a channel's example for a value to fill in."""
_EXAMPLES: Final = (
    TO_FILL, "你的令牌", "你的 key", "hook/你的", "一长串随机字符", "签名密钥", "你的域名",
)  # fmt: skip
"""Texts that stand in the documentation where users put their own values."""


def placeholders(settings: Mapping[str, object], superusers: Iterable[str]) -> list[str]:
    """Find settings in which a text of the documentation's examples was left."""
    names = [name.upper() for name, value in settings.items() if _is_example(value)]
    return [*(["SUPERUSERS"] if EXAMPLE_USER in superusers else []), *sorted(names)]


def _is_example(value: object) -> bool:
    match value:
        case str():
            return any(example in value for example in _EXAMPLES)
        case dict():
            return any(map(_is_example, cast("dict[object, object]", value).values()))
        case list():
            return any(map(_is_example, cast("list[object]", value)))
        case _:
            return False
