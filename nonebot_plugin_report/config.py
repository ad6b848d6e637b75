"""Every setting of this plugin; read once, handed on as values."""

import re
from collections.abc import Iterable
from typing import Annotated, Any, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator
from pydantic_core import ErrorDetails

from .errors import ConfigError
from .template import DEFAULT, Template, compile_template

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
_DATABASE: Final = re.compile(r"sqlite(\+aiosqlite)?:///.+")


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


def _duration(value: object) -> float:
    return _quantity(value, _UNITS, "30、90s、15m、24h、7d")


def _size(value: object) -> int:
    return int(_quantity(value, _SIZES, "8388608、512KiB、8MiB"))


def _token(value: object) -> object:
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


Duration = Annotated[float, BeforeValidator(_duration), Field(gt=0)]
"""Seconds; a number, or text such as `24h`."""
Text = Annotated[str | None, BeforeValidator(_token)]


class Config(BaseModel):
    """推送插件的设置；写在 `.env` 里，都可以不写。"""

    # A refused setting may hold a secret, and pydantic repeats what it refuses.
    model_config = ConfigDict(
        frozen=True, extra="ignore", hide_input_in_errors=True, use_attribute_docstrings=True
    )

    report_token: Text = Field(default=None, repr=False)
    """令牌：写在推送地址的 ?token= 后面，知道它的才能推送。
    不设置时任何能连到端口的程序都能推送，且只接受 JSON"""
    report_from: Text = None
    """默认由哪个机器人（QQ 号）发送；不设置则用任意一个在线的 OneBot 机器人"""
    report_route: str = "/report"
    """接收推送的路径"""
    report_template: str = DEFAULT
    """消息模板；占位符全部为空的行会自动消失"""
    report_max_body: Annotated[int, BeforeValidator(_size), Field(ge=1024)] = 8 * 2**20
    """一次推送最多多少字节，例如 8MiB；超过的回答 413"""
    report_database_url: str | None = None
    """数据库地址，例如 sqlite:///data/report.db；不设置则放在 localstore 的数据目录里"""
    report_send_interval: Annotated[float, BeforeValidator(_duration), Field(ge=0)] = 1.0
    """同一机器人连发 5 条之后，每两条之间至少间隔几秒；0 表示不限速"""
    report_expire: Duration = 86400.0
    """多久还没送到就放弃（会记下原因），例如 24h"""
    report_retention: Duration = 30 * 86400.0
    """历史记录保留多久，例如 30d"""
    report_image_retention: Duration = 3 * 86400.0
    """截图保留多久，例如 3d；还没送出的截图不会被清理"""

    @field_validator("report_route")
    @classmethod
    def _check_route(cls, value: str) -> str:
        route = "/" + value.strip().strip("/")
        if not re.fullmatch(r"(/[\w.~-]+)+", route, re.ASCII):
            raise ValueError("应为网址里的一段路径，例如 /report，且不能是 /")
        return route

    @field_validator("report_template")
    @classmethod
    def _check_template(cls, value: str) -> str:
        try:
            compile_template(value)
        except ConfigError as error:
            raise ValueError(str(error)) from None
        return value

    @field_validator("report_database_url")
    @classmethod
    def _check_database_url(cls, value: str | None) -> str | None:
        if value is not None and not _DATABASE.fullmatch(value):
            raise ValueError("应为 sqlite:///文件路径，例如 sqlite:///data/report.db")
        return value

    @property
    def template(self) -> Template:
        """`report_template`, compiled."""
        return compile_template(self.report_template)

    @property
    def database_path(self) -> str | None:
        """The SQLite file's path of `report_database_url`, or None where none is set."""
        return self.report_database_url and self.report_database_url.partition(":///")[2]


def explain(error: ValidationError) -> ConfigError:
    """One Chinese line that names each wrong setting and the mend, without its value."""
    return ConfigError("；".join(_explain(one) for one in error.errors(include_input=False)))


def unknown_settings(names: Iterable[str]) -> list[str]:
    """Those names that look like ours and are none: most likely mistyped."""
    known = set(Config.model_fields)
    return sorted(
        name.upper() for name in names if name.startswith("report_") and name not in known
    )


def _explain(error: ErrorDetails) -> str:
    name = str(error["loc"][0]).upper() if error["loc"] else "设置"
    context: dict[str, Any] = error.get("ctx", {})
    match error["type"]:
        case "value_error":
            reason = str(context["error"])
        case "greater_than":
            reason = f"应大于 {context['gt']}"
        case "greater_than_equal":
            reason = f"应不小于 {context['ge']}"
        case "string_type":
            reason = "应为字符串；请加上引号"
        case _:
            reason = error["msg"]
    return f"{name} 设置有误：{reason}"
