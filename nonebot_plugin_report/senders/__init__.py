"""Sends messages. `channels` holds one file per channel type, found by its name."""

import pkgutil
from collections.abc import Mapping
from importlib import import_module
from typing import cast

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from ..errors import ConfigError, MissingExtra
from ..model.target import NAME
from ..settings import complaint, place
from . import channels
from .base import Channel, Unavailable


def names() -> list[str]:
    """List the built-in types of channels."""
    module_names = (module.name for module in pkgutil.iter_modules(channels.__path__))
    return sorted(module_names)


def channel_class(kind: str) -> type[Channel]:
    """Find the class of a type: `feishu` is built in, `package.module` is third-party.

    Raises:
        ConfigError: there is no such type.
    """
    if "." not in kind and kind not in names():
        raise ConfigError(f"没有这种渠道；可用的有 {'、'.join(names())}")
    try:
        candidate: object = import_module(
            kind if "." in kind else f"{channels.__name__}.{kind}"
        ).Channel
    except (ImportError, AttributeError) as error:
        raise ConfigError(
            f"加载不了这种渠道（{type(error).__name__}）；检查它装好了没有"
        ) from error
    if not (isinstance(candidate, type) and issubclass(candidate, Channel)):
        raise ConfigError("它的 Channel 不是 nonebot_plugin_report.senders.base.Channel 的子类")
    return candidate


def load(settings: Mapping[str, object]) -> Channel:
    """Make a channel from its settings.

    Raises:
        ConfigError: names each wrong field and how to correct it.
        MissingExtra: the settings are right, but a library for the channel is not installed.
    """
    kind = settings.get("type")
    if not isinstance(kind, str) or not kind:
        raise ConfigError(f"type：没有填写；可用的有 {'、'.join(names())}")
    try:
        channel_type = channel_class(kind)
    except ConfigError as error:
        raise ConfigError(f"type：{error}") from error
    try:
        return channel_type.model_validate({k: v for k, v in settings.items() if k != "type"})
    except ValidationError as error:
        details = error.errors(include_input=False, include_url=False)
        missing = [one for one in details if isinstance(_cause(one), MissingExtra)]
        if len(missing) == len(details):
            raise MissingExtra(f"{channel_type.label}：{complaint(missing[0])}") from None
        wrong = (": ".join(filter(None, (place(one), complaint(one)))) for one in details)
        raise ConfigError("，".join(one.replace(": ", "：", 1) for one in wrong)) from None


def _cause(error: ErrorDetails) -> object:
    return error.get("ctx", {}).get("error")


def load_all(settings: object) -> dict[str, Channel]:
    """Make the channels of REPORT_CHANNELS, by the user's names for them. A channel whose library
    is not installed becomes `Unavailable`.

    Raises:
        ValueError: with the fault, in Chinese.
    """
    if not isinstance(settings, dict):
        raise ValueError('应为 JSON 对象，例如 {"phone": {"type": "bark", "device_key": "…"}}')
    entries = cast("dict[object, object]", settings).items()
    return {str(name): _load_named(str(name), one) for name, one in entries}


def _load_named(name: str, settings: object) -> Channel:
    if not NAME.fullmatch(name):
        raise ValueError("渠道的名字里不能有空格、逗号和冒号，最多 64 个字符")
    if isinstance(settings, Channel):
        return settings
    if not isinstance(settings, dict):
        raise ValueError(f'渠道 {name} 应为 JSON 对象，例如 {{"type": "bark", …}}')
    try:
        return load(cast("dict[str, object]", settings))
    except MissingExtra as error:  # the others go on without it
        return Unavailable(reason=str(error))
    except ConfigError as error:
        raise ValueError(f"渠道 {name} 的 {error}") from None
