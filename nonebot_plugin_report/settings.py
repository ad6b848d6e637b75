"""The types of settings' values, and the messages for wrong ones (Chinese, without the value).

Settings are parsed here, once, into the values that the code uses, so that nothing about them can
fail later. Full-width signs and spaces are accepted.
"""

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated, Any, Final, cast
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    PlainSerializer,
    SecretStr,
)
from pydantic_core import CoreSchema, ErrorDetails, core_schema

from .model.docstrings import add_meanings
from .model.mask import Mask
from .model.mention import read_mentions
from .model.numbers import bot_id
from .model.patterns import Globs, Pattern
from .model.quantity import seconds, size
from .model.recipient import EVERYBODY, Recipient, read_recipient
from .model.target import Kind
from .model.timing import DailyTime, DailyWindow

MAX_RATE: Final = 1000
MAX_CHAT_COMMAND: Final = 20
"""Characters of the name of the chat commands."""
_DAY: Final = 86400.0


class Settings(BaseModel):
    """A group of settings: immutable, without unknown names, and without the input in errors."""

    # A refused setting may hold a secret, and pydantic repeats what it refuses. NoneBot reads what
    # looks like a number in `.env` as one, so numbers are taken for text.
    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        hide_input_in_errors=True,
        json_schema_extra=add_meanings,
        coerce_numbers_to_str=True,
    )


@dataclass(frozen=True, slots=True)
class Read:
    """Reads a setting by a function. pydantic's `PlainValidator` would make a schema of the value's
    own type, too: a sixth of the plugin's time to load."""

    function: Callable[[Any], object]

    def __get_pydantic_core_schema__(self, _: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Make the schema, as pydantic asks of metadata in `Annotated`."""
        return core_schema.no_info_plain_validator_function(
            self.function, json_schema_input_schema=core_schema.any_schema()
        )


def _rate(value: object) -> object:
    """Read a rate such as `20/1h`."""
    if value is None:
        return None
    if isinstance(value, tuple):  # a rate that was read already
        value = "/".join(map(str, cast("tuple[object, ...]", value)))
    count, separator, period = str(value).replace("／", "/").partition("/")
    count = count.strip()
    well_formed = separator and count.isdecimal() and len(count) <= len(str(MAX_RATE))
    if not well_formed or not 0 < int(count) <= MAX_RATE:
        raise ValueError(f"应写成 20/1h 的样子：多久之内最多几条（最多 {MAX_RATE}）")
    length = seconds(period)
    if not length:
        raise ValueError("应写成 20/1h 的样子：时间应大于 0")
    return int(count), length


def _text(value: object) -> object:
    """Read text; values of `.env` that look like JSON arrive as JSON's values."""
    match value:
        case bool() | float() | dict() | list():
            raise ValueError("被读成了数字、真假值或 JSON；请加引号写成字符串，例如 '\"1e5\"'")
        case int():
            return str(value)
        case str():
            return value.strip() or None
        case _:
            return value


def from_json(value: object) -> object:
    """Parse JSON that NoneBot left as text because it is invalid, to say where it is wrong."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except json.JSONDecodeError as error:
        where = f"第 {error.lineno} 行第 {error.colno} 个字符"
        raise ValueError(f"不是合法的 JSON（{where}附近），检查引号、逗号和括号") from None


def _entries(value: object) -> tuple[str, ...]:
    """Read a list, or text with separators."""
    match value:
        case str():
            return tuple(one for one in re.split("[,，;；\\s]+", value) if one)
        case bool():
            raise ValueError("应为列表，写在 [ ] 里")
        case int():
            return (str(value),)
        case list() | tuple():
            return tuple(_entry(one) for one in cast("list[object]", value))
        case _:
            raise ValueError("应为列表，写在 [ ] 里")


def _entry(value: object) -> str:
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise ValueError("应为字符串；请加上引号")


def _plain_text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("应为字符串；请加上引号")
    return value


def _colon_entries(value: object) -> tuple[str, ...]:
    """Read a list as `_entries` does; colons may be full-width and have spaces around them."""
    if isinstance(value, str):
        value = _plain_colons(value)
    return tuple(_plain_colons(one) for one in _entries(value))


def _plain_colons(text: str) -> str:
    return re.sub(r"\s*[:：]\s*", ":", text)


def _recipients(value: object) -> tuple[Recipient, ...]:
    return tuple(read_recipient(one) for one in _colon_entries(value))


def _scope(value: object) -> tuple[Recipient | Kind, ...]:
    entries: list[Recipient | Kind] = []
    for word in _colon_entries(value):
        match word.split(":"):
            case ["private" | "group" | "channel" as kind, "*"]:
                entries.append(kind)
            case _:
                entries.append(read_recipient(word))
    return tuple(entries)


def _read_quiet(value: object) -> dict[Recipient, DailyWindow]:
    """Read quiet hours by recipient; a window alone is for everybody."""
    if isinstance(value, str) and not value.lstrip().startswith("{"):
        value = {EVERYBODY.name: value} if value.strip() else {}
    value = from_json(value)
    if not isinstance(value, dict):
        raise ValueError('应为时段或 JSON 对象，例如 {"superusers": "23:00-08:00"}')
    entries = cast("dict[object, object]", value).items()
    return dict(_read_quiet_hours(str(name), window) for name, window in entries)


def _read_masks(value: object) -> dict[Recipient | Kind, Mask]:
    """Read masks by recipient; a mask alone is for everybody but the superusers."""
    if isinstance(value, str) and value.lstrip().startswith(("{", "[")):
        value = from_json(value)
    if not isinstance(value, dict):
        value = {EVERYBODY.name: value}
    masks: dict[Recipient | Kind, Mask] = {}
    for name, mask in cast("dict[object, object]", value).items():
        (recipient,) = _scope([str(name)])
        try:
            masks[recipient] = Mask.read(mask)
        except ValueError as error:
            raise ValueError(f"{str(name)[:40]}：{error}") from None
    return masks


def _read_mentions_of(value: object) -> dict[Recipient | Kind, tuple[str, ...]]:
    """Read whom to mention, by recipient; people alone are for every group."""
    if isinstance(value, str) and value.lstrip().startswith(("{", "[")):
        value = from_json(value)
    if not isinstance(value, dict):
        value = {EVERYBODY.name: value}
    mentions: dict[Recipient | Kind, tuple[str, ...]] = {}
    for name, people in cast("dict[object, object]", value).items():
        (recipient,) = _scope([str(name)])
        try:
            mentions[recipient] = read_mentions(_entries(people))
        except ValueError as error:
            raise ValueError(f"{str(name)[:40]}：{error}") from None
    return mentions


def _read_quiet_hours(name: str, text: object) -> tuple[Recipient, DailyWindow]:
    recipient = read_recipient(name)
    try:
        window = DailyWindow.parse(_plain_text(text))
        if window.length >= _DAY:
            raise ValueError("全天都免打扰，就什么也送不出去")
    except ValueError as error:
        raise ValueError(f"{recipient}：{error}") from None
    return recipient, window


def _written(value: Iterable[Recipient | Kind]) -> list[str]:
    return [f"{one}:*" if isinstance(one, str) else str(one) for one in value]


def check_chat_command(value: str) -> str:
    """Check the name of the chat commands.

    Raises:
        ValueError: it is not one word; the text is Chinese.
    """
    if len(value) > MAX_CHAT_COMMAND or re.search(r"[\s/\[\]]", value):
        raise ValueError(
            f"应为一个词，例如 通知：不写前缀 /，没有空格和方括号，最多 {MAX_CHAT_COMMAND} 个字"
        )
    return value


def check_url(value: str) -> str:
    """Check an HTTP address.

    Raises:
        ValueError: this is no HTTP address; the text is Chinese.
    """
    try:
        parts = urlsplit(value)
        valid = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        valid = False
    if not valid or re.search(r"\s", value):
        raise ValueError("应为 http:// 或 https:// 开头的完整网址")
    return value


def _secret_url(value: SecretStr) -> SecretStr:
    check_url(value.get_secret_value())
    return value


def _proxy_url(value: SecretStr) -> SecretStr:
    try:
        check_url(re.sub(r"^socks5h?:", "http:", value.get_secret_value()))
    except ValueError:
        raise ValueError("应为 http:// 或 socks5:// 开头的完整网址") from None
    return value


def _filled(value: SecretStr) -> SecretStr:
    if not value.get_secret_value().strip():
        raise ValueError("不能是空的")
    return value


def _check_headers(headers: dict[str, SecretStr]) -> dict[str, SecretStr]:
    for name, value in headers.items():
        text = name + value.get_secret_value()
        if not name or not text.isascii() or not text.isprintable():
            raise ValueError("请求头只能有可见的 ASCII 字符")
    return headers


def _networks(value: object) -> tuple[IPv4Network | IPv6Network, ...]:
    try:
        return tuple(ip_network(one, strict=False) for one in _entries(value))
    except ValueError:
        raise ValueError("应为 IP 地址或网段，例如 172.17.0.1 或 172.16.0.0/12") from None


Duration = Annotated[float, BeforeValidator(seconds), Field(gt=0)]
"""Seconds (positive); a number, or text such as `24h`."""
Pause = Annotated[float, BeforeValidator(seconds), Field(ge=0)]
"""Seconds, or 0."""
Size = Annotated[int, BeforeValidator(size)]
"""Bytes; a number, or text such as `8MiB`."""
MaxPicture = Annotated[
    Annotated[int, Field(ge=64 * 2**10)] | None,
    BeforeValidator(lambda value: None if value in (None, "none") else size(value)),
    PlainSerializer(lambda value: "none" if value is None else value),
]
"""Bytes of a picture, as `Size`; `none` is any size, which is None."""
Text = Annotated[str | None, BeforeValidator(_text)]
"""Text at the top level of `.env`; empty: None."""
ChatCommand = Annotated[str, BeforeValidator(_text), AfterValidator(check_chat_command)]
"""The name of the chat commands, without a prefix."""
Rate = Annotated[tuple[int, float] | None, BeforeValidator(_rate)]
"""A number and seconds; text such as `20/1h`."""
Filled = Annotated[str, Field(min_length=1)]
"""Text that cannot be empty."""
Secret = Annotated[SecretStr, AfterValidator(_filled)]
"""Secret text that cannot be empty."""
Url = Annotated[str, AfterValidator(check_url)]
"""An HTTP address."""
SecretUrl = Annotated[SecretStr, AfterValidator(_secret_url)]
"""An HTTP address that contains a secret."""
ProxyUrl = Annotated[SecretStr, AfterValidator(_proxy_url)]
"""An address of an HTTP or SOCKS proxy, which may contain a password."""
Secrets = Annotated[
    tuple[Secret, ...],
    BeforeValidator(lambda value: _entries(value) if isinstance(value, str | int) else value),
    Field(min_length=1),
]
"""Several secrets, as a list or as one string with commas, semicolons or spaces."""
Headers = Annotated[dict[str, SecretStr], AfterValidator(_check_headers)]
"""HTTP headers; their values are secret."""
Names = Annotated[tuple[str, ...], BeforeValidator(_entries)]
"""A list, or one string with commas, semicolons or spaces."""
TokenNames = Annotated[tuple[str, ...], BeforeValidator(_colon_entries)]
"""Names of tokens, as `Names`; the tokens of bound users have a colon in theirs."""
Bots = Annotated[
    tuple[str, ...], BeforeValidator(lambda value: tuple(map(bot_id, _entries(value))))
]
"""Bots' ids, as `Names`."""
BotId = Annotated[Text, AfterValidator(lambda value: value and bot_id(value))]
"""One bot's id, or None."""
Recipients = Annotated[tuple[Recipient, ...], Read(_recipients), PlainSerializer(_written)]
"""Targets and aliases, as `Names`."""
Scope = Annotated[tuple[Recipient | Kind, ...], Read(_scope), PlainSerializer(_written)]
"""Targets and aliases, as `Names`, and all targets of a kind, written `group:*`."""
EventGlobs = Annotated[
    Globs,
    Read(lambda value: Globs(_entries(value))),
    PlainSerializer(lambda value: value.texts),
]
"""Wildcards for event names, as `Names`."""
Regex = Annotated[
    Pattern,
    Read(lambda value: Pattern(_plain_text(value))),
    PlainSerializer(lambda value: value.text),
]
"""A regular expression."""
QuietHours = Annotated[
    dict[Recipient, DailyWindow],
    Read(_read_quiet),
    PlainSerializer(lambda value: {str(name): str(window) for name, window in value.items()}),
]
"""Daily windows, by recipient."""
MaskOf = Annotated[Mask, Read(Mask.read), PlainSerializer(Mask.written)]
"""The part of pictures that is covered: `uid`, `none`, or boxes."""
Mentions = Annotated[tuple[str, ...], Read(lambda value: read_mentions(_entries(value)))]
"""People to mention, as `Names`: QQ numbers, `owner`, `all`."""
MentionsOf = Annotated[
    dict[Recipient | Kind, tuple[str, ...]],
    Read(_read_mentions_of),
    PlainSerializer(lambda value: {name: value[key] for key in value for name in _written([key])}),
]
"""People to mention, by recipient."""
Masks = Annotated[
    dict[Recipient | Kind, Mask],
    Read(_read_masks),
    PlainSerializer(
        lambda value: {
            name: mask.written() for name, mask in zip(_written(value), value.values(), strict=True)
        }
    ),
]
"""Masks, by recipient or kind of target."""
Window = Annotated[
    DailyWindow,
    Read(lambda value: DailyWindow.parse(_plain_text(value))),
    PlainSerializer(str),
]
"""A daily window, such as `23:00-08:00`."""
Clock = Annotated[
    DailyTime,
    Read(lambda value: DailyTime.parse(_plain_text(value))),
    PlainSerializer(str),
]
"""A time of day, such as `06:00`."""
Networks = Annotated[tuple[IPv4Network | IPv6Network, ...], Read(_networks)]
"""Addresses or networks, as a list or one string with commas, semicolons or spaces."""


_COMPLAINTS: Final = {
    "missing": "没有填写",
    "extra_forbidden": "没有这个设置，检查拼写",
    "greater_than": "应大于 {gt}",
    "greater_than_equal": "应不小于 {ge}",
    "less_than_equal": "应不大于 {le}",
    "string_type": "应为字符串；请加上引号",
    "string_too_short": "不能是空的",
    "too_short": "不能是空的",
    "string_too_long": "最多 {max_length} 个字符",
    "too_long": "最多 {max_length} 个",
    "literal_error": "应为 {expected} 之一",
    "int_type": "应为整数",
    "int_parsing": "应为整数",
    "int_from_float": "应为整数",
    "float_type": "应为数字",
    "float_parsing": "应为数字",
    "ip_any_address": "应为 IP 地址：127.0.0.1 只有本机能连，0.0.0.0 别的电脑也能连",
    "bool_type": "应为 true 或 false",
    "bool_parsing": "应为 true 或 false",
    "list_type": "应为列表，写在 [ ] 里",
    "tuple_type": "应为列表，写在 [ ] 里",
    "dict_type": "应为 JSON 对象",
    "model_type": "应为 JSON 对象",
    "value_error": "{error}",
}


def complaint(error: ErrorDetails) -> str:
    """Say what is wrong with a setting and how to correct it (Chinese), without the value."""
    context: dict[str, Any] = dict(error.get("ctx", {}))
    if "expected" in context:
        context["expected"] = re.sub(r", | or ", "、", context["expected"])
    return _COMPLAINTS.get(error["type"], error["msg"]).format(**context)


def place(error: ErrorDetails) -> str:
    """Name the place of an error in a group of settings, such as `to.0`."""
    return ".".join(str(part) for part in error["loc"])
