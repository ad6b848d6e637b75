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

from .auth import ANY, BOUND, MASTER
from .errors import ConfigError
from .rules import SUPERUSERS, Rule, check_target
from .senders import load
from .senders.base import Channel
from .settings import (
    Duration,
    Names,
    Pause,
    Rate,
    Secret,
    Settings,
    Size,
    Text,
    check_url,
    complaint,
    from_json,
)
from .template import DEFAULT, Template, compile_template
from .timing import DailyWindow, in_words
from .watch import Watch

_CHANNEL_NAME: Final = re.compile(r"[^\s,，:：]{1,64}")
DAY: Final = 86400.0
_DATABASE: Final = re.compile(r"sqlite(\+aiosqlite)?:///.+")


class TokenSettings(Settings):
    """One entry of REPORT_TOKENS."""

    token: Secret
    """令牌"""
    to: Names
    """能发给谁：private:QQ号、group:群号、channel:渠道名、superusers；private:* 是所有 QQ 号，
    group:* 是所有群，channel:* 是所有渠道"""
    default: Names = ()
    """没有写接收者时发给谁；不写就是 to 里写明的每一个"""
    rate: Rate = None
    """频率限制，例如 30/1h；超过的合成摘要"""


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
    report_aliases: dict[str, Names] = Field(default_factory=dict[str, Names])
    """别名：你起的名字 → 一组接收者，写规则时用，例如 {"me": ["private:10001", "channel:phone"]}"""
    report_default_targets: Names = (SUPERUSERS,)
    """推送没有写明接收者时发给谁：superusers、private:QQ号、group:群号、channel:渠道名"""

    report_tokens: dict[str, TokenSettings] = Field(default_factory=dict[str, TokenSettings])
    """分给别人的令牌：名字 → 令牌与它能发给谁；见 README"""
    report_rules: tuple[Rule, ...] = ()
    """规则：从上到下，第一条符合的决定发给谁；见 README"""
    report_bind: Names = ()
    """谁可以私聊机器人「推送绑定」得到自己的令牌：off（默认）、friends（好友）、group:群号（群成员）"""
    report_bind_rate: Rate = (60, 3600.0)
    """自助绑定的令牌的频率限制，例如 60/1h"""
    report_public_url: Text = None
    """别人能访问到这个机器人的网址，例如 http://example.com:8080；用在给别人的推送地址里"""
    report_quiet: dict[str, str] = Field(default_factory=dict[str, str])
    """免打扰：接收者（或 *）→ 时段，例如 {"superusers": "23:00-08:00"}；
    期间不紧急的推送先存着，结束时合成一条摘要"""
    report_merge: Pause = 0.0
    """几秒之内发给同一接收者的推送合并成一条；0 表示不合并"""
    report_rate: Rate = None
    """每个接收者的频率限制，例如 20/1h；超过的合成摘要"""
    report_digest_after: Pause = 3600.0
    """积压超过多久，就以摘要补发；0 表示逐条补发"""
    report_watch: tuple[Watch, ...] = ()
    """看门狗：等不到的事件；见 README"""

    @field_validator(
        "report_aliases", "report_rules", "report_tokens", "report_watch", mode="before"
    )
    @classmethod
    def _read_json(cls, value: object) -> object:
        return from_json(value)

    @field_validator("report_quiet", mode="before")
    @classmethod
    def _read_quiet(cls, value: object) -> object:
        """A window alone is everybody's."""
        if isinstance(value, str) and not value.lstrip().startswith("{"):
            return {"*": value} if value.strip() else {}
        return from_json(value)

    @field_validator("report_bind")
    @classmethod
    def _check_bind(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for one in value:
            if not re.fullmatch(r"off|friends|group:\d+", one):
                raise ValueError("应为 off、friends 或 group:群号")
        return () if "off" in value else value

    @field_validator("report_public_url")
    @classmethod
    def _check_public_url(cls, value: str | None) -> str | None:
        return value and check_url(value).rstrip("/")

    @field_validator("report_aliases")
    @classmethod
    def _check_aliases(
        cls, value: dict[str, tuple[str, ...]], info: ValidationInfo
    ) -> dict[str, tuple[str, ...]]:
        for name in value:
            if not _CHANNEL_NAME.fullmatch(name) or name in (SUPERUSERS, "*"):
                raise ValueError(
                    f"{name[:40]!r} 不能做别名：不能有空格、逗号、冒号，也不能是 superusers"
                )
        return {
            name: _checked(specs, info, f"{name}：", aliases=()) for name, specs in value.items()
        }

    @field_validator("report_rules")
    @classmethod
    def _check_rules(cls, value: tuple[Rule, ...], info: ValidationInfo) -> tuple[Rule, ...]:
        for number, rule in enumerate(value, 1):
            where = f"第 {number} 条的"
            _checked(rule.to, info, f"{where} to：")
            _checked(rule.fallback, info, f"{where} fallback：")
            _check_token_names(rule.token, info, where)
        return value

    @field_validator("report_tokens")
    @classmethod
    def _check_tokens(
        cls, value: dict[str, TokenSettings], info: ValidationInfo
    ) -> dict[str, TokenSettings]:
        seen: set[str] = set()
        for name, one in value.items():
            if not _CHANNEL_NAME.fullmatch(name) or name == MASTER.name:
                raise ValueError(
                    f"{name[:40]!r} 不能做令牌的名字：不能有空格、逗号、冒号，也不能是 master"
                )
            named = [spec for spec in one.to if not spec.endswith(f":{ANY}")]
            scope = {*one.to, *_targets(_checked(named, info, f"{name} 的 to："), info)}
            for spec in _targets(_checked(one.default, info, f"{name} 的 default："), info):
                if not scope & {spec, f"{spec.partition(':')[0]}:{ANY}"}:
                    raise ValueError(f"{name} 的 default：{spec} 不在 to 里")
            try:
                _check_wait(one.rate[1] if one.rate else 0.0, info)
            except ValueError as error:
                raise ValueError(f"{name} 的 rate：{error}") from None
            secret = one.token.get_secret_value()
            if secret in seen or secret == info.data.get("report_token"):
                raise ValueError(f"{name} 的 token：和另一个令牌相同")
            seen.add(secret)
        return value

    @field_validator("report_quiet")
    @classmethod
    def _check_quiet(cls, value: dict[str, str], info: ValidationInfo) -> dict[str, str]:
        for spec, window in value.items():
            if spec != "*":
                _checked([spec], info, "")
            try:
                length = _check_wait(DailyWindow.parse(window).length, info)
                if length >= DAY:
                    raise ValueError("全天都免打扰，就什么也送不出去")
            except ValueError as error:
                raise ValueError(f"{spec}：{error}") from None
        return value

    @field_validator("report_merge")
    @classmethod
    def _check_merge(cls, value: float, info: ValidationInfo) -> float:
        return _check_wait(value, info)

    @field_validator("report_rate", "report_bind_rate")
    @classmethod
    def _check_rate(
        cls, value: tuple[int, float] | None, info: ValidationInfo
    ) -> tuple[int, float] | None:
        if value is not None:
            _check_wait(value[1], info)
        return value

    @field_validator("report_watch")
    @classmethod
    def _check_watch(cls, value: tuple[Watch, ...], info: ValidationInfo) -> tuple[Watch, ...]:
        for number, watch in enumerate(value, 1):
            where = f"第 {number} 条的"
            _checked(watch.to, info, f"{where} to：")
            _check_token_names(watch.token, info, where)
        return value

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
        return _checked(value, info, "")

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
    name, *inner = error["loc"]
    where = " 的 ".join(f"第 {one + 1} 条" if isinstance(one, int) else one for one in inner)
    where = where.replace("条 的", "条的")
    told = f"{where}：{complaint(error)}" if where else complaint(error)
    return f"{str(name).upper()} 设置有误：{told}"


def _checked(
    specs: Iterable[str], info: ValidationInfo, where: str, aliases: Iterable[str] | None = None
) -> tuple[str, ...]:
    """Targets in their plain form; `where` stands before what is wrong."""
    # Settings that are wrong themselves are not there: that is told of, and no more.
    channels: Iterable[str] | None = info.data.get("report_channels")
    known = info.data.get("report_aliases") if aliases is None else aliases
    if channels is None or known is None:
        return tuple(specs)
    try:
        return tuple(check_target(spec, channels, known) for spec in specs)
    except ValueError as error:
        raise ValueError(f"{where}{error}") from None


def _check_wait(length: float, info: ValidationInfo) -> float:
    """What waits as long as it is kept would be given up at the very moment it may go out."""
    expire = info.data.get("report_expire")
    if expire is not None and length >= expire:
        raise ValueError(
            f"要等 {in_words(length)}，推送却只存 {in_words(expire)}（REPORT_EXPIRE）就放弃了；"
            "改短，或把 REPORT_EXPIRE 改长"
        )
    return length


def _targets(specs: Iterable[str], info: ValidationInfo) -> list[str]:
    """With what aliases stand for in their place."""
    aliases: dict[str, tuple[str, ...]] = info.data.get("report_aliases") or {}
    return [one for spec in specs for one in aliases.get(spec, (spec,))]


def _check_token_names(names: Iterable[str], info: ValidationInfo, where: str) -> None:
    tokens = info.data.get("report_tokens")
    if tokens is None:
        return
    for name in names:
        if name not in (MASTER.name, *tokens) and not name.startswith(BOUND):
            raise ValueError(f"{where} token：REPORT_TOKENS 里没有名为 {name[:40]} 的令牌")


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
