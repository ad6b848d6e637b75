"""Every setting of this plugin; read once, handed on as values."""

import re
from collections.abc import Iterable
from typing import Annotated, Final, cast

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SerializeAsAny,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_core import ErrorDetails

from .errors import ConfigError
from .rules import SUPERUSERS, check_target
from .senders import load
from .senders.base import Channel
from .settings import Duration, Names, Pause, Size, Text, complaint, from_json
from .template import DEFAULT, Template, compile_template

_CHANNEL_NAME: Final = re.compile(r"[^\s,，:：]{1,64}")
_DATABASE: Final = re.compile(r"sqlite(\+aiosqlite)?:///.+")


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
    report_max_body: Annotated[Size, Field(ge=1024)] = 8 * 2**20
    """一次推送最多多少字节，例如 8MiB；超过的回答 413"""
    report_database_url: str | None = None
    """数据库地址，例如 sqlite:///data/report.db；不设置则放在 localstore 的数据目录里"""
    report_send_interval: Pause = 1.0
    """同一机器人连发 5 条之后，每两条之间至少间隔几秒；0 表示不限速"""
    report_expire: Duration = 86400.0
    """多久还没送到就放弃（会记下原因），例如 24h"""
    report_retention: Duration = 30 * 86400.0
    """历史记录保留多久，例如 30d"""
    report_image_retention: Duration = 3 * 86400.0
    """截图保留多久，例如 3d；还没送出的截图不会被清理"""

    report_channels: dict[str, SerializeAsAny[Channel]] = Field(default_factory=dict[str, Channel])
    """通知渠道：你起的名字 → 渠道的设置，例如 {"phone": {"type": "bark", "device_key": "…"}}"""
    report_default_targets: Names = (SUPERUSERS,)
    """推送没有写明接收者时发给谁：superusers、private:QQ号、group:群号、channel:渠道名"""

    @field_validator("report_channels", mode="before")
    @classmethod
    def _load_channels(cls, value: object) -> object:
        value = from_json(value)
        if not isinstance(value, dict):
            raise ValueError('应为 JSON 对象，例如 {"phone": {"type": "bark", "device_key": "…"}}')
        entries = cast("dict[object, object]", value).items()
        return {str(name): _load_channel(str(name), settings) for name, settings in entries}

    @field_validator("report_default_targets")
    @classmethod
    def _check_targets(cls, value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        # Channels that are wrong themselves are not there: that is told of, and no more.
        channels = info.data.get("report_channels")
        return value if channels is None else tuple(check_target(one, channels) for one in value)

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
    return f"{str(error['loc'][0]).upper()} 设置有误：{complaint(error)}"


def _load_channel(name: str, settings: object) -> Channel:
    if not _CHANNEL_NAME.fullmatch(name):
        raise ValueError("渠道的名字里不能有空格、逗号和冒号，最多 64 个字符")
    if isinstance(settings, Channel):
        return settings
    if not isinstance(settings, dict):
        raise ValueError(f'渠道 {name} 应为 JSON 对象，例如 {{"type": "bark", …}}')
    try:
        return load(cast("dict[str, object]", settings))
    except ConfigError as error:
        raise ValueError(f"渠道 {name} 的 {error}") from None
