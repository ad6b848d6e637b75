"""The kinds of values that settings have, and how a wrong one is told: in Chinese, unrepeated."""

import json
import re
from typing import Annotated, Any, Final, cast
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr
from pydantic_core import ErrorDetails

_UNITS: Final = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
_SIZES: Final = {
    "": 1,
    "b": 1,
    "k": 2**10,
    "kib": 2**10,
    "kb": 2**10,
    "m": 2**20,
    "mib": 2**20,
    "mb": 2**20,
}
MAX_RATE: Final = 1000


class Settings(BaseModel):
    """A group of settings: nothing unknown, nothing changed later, no input in an error."""

    # A refused setting may hold a secret, and pydantic repeats what it refuses. NoneBot reads what
    # looks like a number in `.env` as one, so numbers are taken for text.
    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        hide_input_in_errors=True,
        use_attribute_docstrings=True,
        coerce_numbers_to_str=True,
    )


def _quantity(value: object, units: dict[str, int], examples: str) -> float:
    match value:
        case bool():
            pass
        case int() | float():
            return float(value)
        case str() if found := re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([a-zA-Z]*)\s*", value):
            if factor := units.get(found[2].lower()):
                return float(found[1]) * factor
        case _:
            pass
    raise ValueError(f"应为数字或带单位的数字，例如 {examples}")


def seconds(value: object) -> float:
    """A duration: a number, or text such as `24h`."""
    return _quantity(value, _UNITS, "30、90s、15m、24h、7d")


def _size(value: object) -> int:
    return int(_quantity(value, _SIZES, "8388608、512KiB、8MiB"))


def _rate(value: object) -> object:
    """So many in a time, such as `20/1h`."""
    if value is None or isinstance(value, tuple):
        return cast("object", value)
    count, separator, period = str(value).partition("/")
    if not separator or not count.strip().isdecimal() or not 0 < int(count) <= MAX_RATE:
        raise ValueError(f"应写成 20/1h 的样子：多久之内最多几条（最多 {MAX_RATE}）")
    return int(count), seconds(period)


def _text(value: object) -> object:
    """`.env` values that look like JSON arrive as what JSON makes of them."""
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
    """What NoneBot could not read as JSON arrives as text: it is read again, to tell where."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except json.JSONDecodeError as error:
        where = f"第 {error.lineno} 行第 {error.colno} 个字符"
        raise ValueError(f"不是合法的 JSON（{where}附近），检查引号、逗号和括号") from None


def _one_or_many(value: object) -> object:
    """A list, or its entries with commas between them."""
    match value:
        case str():
            return [one.strip() for one in re.split("[,，;；\\s]+", value) if one.strip()]
        case int():
            return [str(value)]
        case _:
            return value


def check_url(value: str) -> str:
    """An HTTP address.

    Raises:
        ValueError: it is none; the text is Chinese.
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


Duration = Annotated[float, BeforeValidator(seconds), Field(gt=0)]
"""Seconds; a number, or text such as `24h`."""
Pause = Annotated[float, BeforeValidator(seconds), Field(ge=0)]
"""Likewise, and 0."""
Size = Annotated[int, BeforeValidator(_size)]
"""Bytes; a number, or text such as `8MiB`."""
Text = Annotated[str | None, BeforeValidator(_text)]
"""Text at the top level of `.env`; empty: None."""
Rate = Annotated[tuple[int, float] | None, BeforeValidator(_rate)]
"""So many in so many seconds; text such as `20/1h`."""
Filled = Annotated[str, Field(min_length=1)]
"""Text that cannot be empty."""
Secret = Annotated[SecretStr, AfterValidator(_filled)]
"""Text that cannot be empty and must not be seen."""
Url = Annotated[str, AfterValidator(check_url)]
"""An HTTP address."""
SecretUrl = Annotated[SecretStr, AfterValidator(_secret_url)]
"""An HTTP address that has a key in it, or credentials."""
Secrets = Annotated[tuple[Secret, ...], BeforeValidator(_one_or_many), Field(min_length=1)]
"""Several, as a list or as one string with commas, semicolons or spaces."""
Headers = Annotated[dict[str, SecretStr], AfterValidator(_check_headers)]
"""HTTP headers, whose values must not be seen."""
Names = Annotated[tuple[str, ...], BeforeValidator(_one_or_many)]
"""A list, or one string with commas, semicolons or spaces."""


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
    "bool_type": "应为 true 或 false",
    "bool_parsing": "应为 true 或 false",
    "list_type": "应为列表，写在 [ ] 里",
    "tuple_type": "应为列表，写在 [ ] 里",
    "dict_type": "应为 JSON 对象",
    "model_type": "应为 JSON 对象",
    "value_error": "{error}",
}


def complaint(error: ErrorDetails) -> str:
    """What is wrong with a setting's value and how to mend it, in Chinese, without the value."""
    context: dict[str, Any] = dict(error.get("ctx", {}))
    if "expected" in context:
        context["expected"] = re.sub(r", | or ", "、", context["expected"])
    return _COMPLAINTS.get(error["type"], error["msg"]).format(**context)


def place(error: ErrorDetails) -> str:
    """Where in a group of settings an error is, such as `to.0`."""
    return ".".join(str(part) for part in error["loc"])
