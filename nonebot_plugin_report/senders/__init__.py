"""Where messages leave; one file a channel, found by its name."""

import pkgutil
from collections.abc import Mapping
from importlib import import_module
from typing import Final

from pydantic import ValidationError

from ..errors import ConfigError
from ..settings import complaint, place
from .base import Channel

_SUPPORT: Final = frozenset(
    {"base", "describe", "fit", "http", "literal", "qq", "redact", "router", "shrink"}
)
"""Modules here that are no channel."""


def names() -> list[str]:
    """The types of channels that come with the plugin."""
    found = (module.name for module in pkgutil.iter_modules(__path__))
    return sorted(name for name in found if name not in _SUPPORT)


def channel_class(kind: str) -> type[Channel]:
    """The class of a type: `feishu` is one of ours, `package.module` somebody else's.

    Raises:
        ConfigError: there is none.
    """
    if "." not in kind and kind not in names():
        raise ConfigError(f"没有这种渠道；可用的有 {'、'.join(names())}")
    try:
        found: object = import_module(kind if "." in kind else f"{__name__}.{kind}").Channel
    except (ImportError, AttributeError) as error:
        raise ConfigError(
            f"加载不了这种渠道（{type(error).__name__}）；检查它装好了没有"
        ) from error
    if not (isinstance(found, type) and issubclass(found, Channel)):
        raise ConfigError("它的 Channel 不是 nonebot_plugin_report.senders.base.Channel 的子类")
    return found


def load(settings: Mapping[str, object]) -> Channel:
    """Make a channel of its settings.

    Raises:
        ConfigError: names the field and the mend, for each that is wrong.
    """
    kind = settings.get("type")
    if not isinstance(kind, str) or not kind:
        raise ConfigError(f"type：没有填写；可用的有 {'、'.join(names())}")
    try:
        found = channel_class(kind)
    except ConfigError as error:
        raise ConfigError(f"type：{error}") from error
    try:
        return found.model_validate({k: v for k, v in settings.items() if k != "type"})
    except ValidationError as error:
        details = error.errors(include_input=False, include_url=False)
        wrong = (": ".join(filter(None, (place(one), complaint(one)))) for one in details)
        raise ConfigError("，".join(one.replace(": ", "：", 1) for one in wrong)) from None
