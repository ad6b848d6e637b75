"""Parses all settings of this plugin once, into values."""

import re
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Final, Self, cast

from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    PlainSerializer,
    SerializeAsAny,
    Tag,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_core import ErrorDetails

from ..access.gate import digest
from ..errors import ConfigError
from ..model.docstrings import add_meanings
from ..model.grant import BOUND, MASTER, RESERVED, Grant
from ..model.mask import Mask
from ..model.recipient import EVERYBODY, SUPERUSERS, Alias, Recipient
from ..model.scheduling import Policy
from ..model.target import NAME, Kind, Target
from ..model.timing import DailyWindow, in_words
from ..routing.policies import Policies
from ..routing.rules import Directory, Rule, Words, onebot_users, unknown
from ..routing.template import DEFAULT_TEMPLATE
from ..senders import load_all
from ..senders.base import Channel, Unavailable
from ..settings import (
    BotId,
    ChatCommand,
    Duration,
    Masks,
    MaxPicture,
    MentionsOf,
    Networks,
    Pause,
    QuietHours,
    Rate,
    Read,
    Recipients,
    Scope,
    Secret,
    Settings,
    Size,
    Text,
    TokenNames,
    check_url,
    complaint,
    from_json,
)
from ..sources.mapping import OwnSource, read_own_sources
from ..watchdog.beats import Beat
from ..watchdog.watches import Watch

_SQLITE: Final = re.compile(r"sqlite(\+aiosqlite)?:///.+")
_POSTGRES: Final = re.compile(r"(postgresql|postgres)(\+\w+)?://.+")
OwnSources = Annotated[
    dict[str, OwnSource],
    Read(lambda value: read_own_sources(from_json(value))),
    PlainSerializer(lambda value: {name: source.settings for name, source in value.items()}),
]


def _kind_of_watch(value: object) -> str:
    beats = "beat" in value if isinstance(value, dict) else isinstance(value, Beat)
    return _BEAT if beats else _WATCH


_WATCH: Final = "<watch>"
_BEAT: Final = "<beat>"
WatchEntry = Annotated[
    Annotated[Watch, Tag(_WATCH)] | Annotated[Beat, Tag(_BEAT)], Discriminator(_kind_of_watch)
]
"""One entry of REPORT_WATCH."""


class TokenSettings(Settings):
    """One entry of REPORT_TOKENS."""

    token: Secret
    """令牌"""
    to: Scope
    """能发给谁：private:QQ号、group:群号、channel:渠道名、superusers；private:* 是所有 QQ 号，
    group:* 是所有群，channel:* 是所有渠道"""
    default: Recipients = ()
    """没有写接收者时发给谁；不写就是 to 里写明的每一个"""
    rate: Rate = None
    """频率限制，例如 30/1h；超过的合成摘要"""


class Config(BaseModel):
    """推送插件的设置；写在 `.env` 里，都可以不写。"""

    # A refused setting may hold a secret, and pydantic repeats what it refuses.
    model_config = ConfigDict(
        frozen=True, extra="ignore", hide_input_in_errors=True, json_schema_extra=add_meanings
    )

    report_token: Text = Field(default=None, repr=False)
    """令牌：写在推送地址的 ?token= 后面，知道它的才能推送。
    不设置时任何能连到端口的程序都能推送，且只接受 JSON"""
    report_from: BotId = None
    """默认由哪个机器人（QQ 号）发送；不设置则用在线的、群里有它或是对方好友的那个"""
    report_route: str = "/report"
    """接收推送的路径"""
    report_template: Words = DEFAULT_TEMPLATE
    """消息模板；占位符全部为空的行会自动消失"""
    report_trusted_proxies: Networks = ()
    """反向代理的地址或网段，例如 172.17.0.1；只相信它们写的 X-Forwarded-For"""
    report_max_body: Annotated[Size, Field(ge=1024)] = 20 * 2**20
    """一次推送最多多少字节，例如 8MiB；超过的回答 413"""
    report_max_picture: MaxPicture = 5 * 2**20
    """发到 QQ 的一张截图最多多大，例如 5MiB；更大的压成 JPEG 再发，动图不动；none 是不限"""
    report_database_url: str | None = Field(default=None, repr=False)
    """数据库，例如 sqlite:///data/report.db；默认在 localstore 的数据目录；多个机器人共用：postgresql://用户:密码@主机/库名"""
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
    report_aliases: dict[str, Recipients] = Field(default_factory=dict[str, tuple[Recipient, ...]])
    """别名：你起的名字 → 一组接收者，写规则时用，例如 {"me": ["private:10001", "channel:phone"]}"""
    report_default_targets: Recipients = (SUPERUSERS,)
    """推送没有写明接收者时发给谁：superusers、private:QQ号、group:群号、channel:渠道名"""

    report_tokens: dict[str, TokenSettings] = Field(default_factory=dict[str, TokenSettings])
    """分给别人的令牌：名字 → 令牌与它能发给谁；见 docs/rules.md"""
    report_rules: tuple[Rule, ...] = ()
    """规则：从上到下，第一条符合的决定发给谁；见 docs/rules.md"""
    report_command: ChatCommand = "推送"
    """在 QQ 里的命令叫什么，例如 通知：命令就是 /通知 状态；和别的插件的命令重名时改"""
    report_bind: TokenNames = ()
    """谁可以私聊机器人「/推送 绑定」得到令牌：off（默认）、friends（好友）、group:群号（群成员）"""
    report_bind_rate: Rate = (60, 3600.0)
    """自助绑定的令牌的频率限制，例如 60/1h"""
    report_public_url: Text = None
    """别人能访问到这个机器人的网址，例如 http://example.com:8080；用在给别人的推送地址里"""
    report_quiet: QuietHours = Field(default_factory=dict[Recipient, DailyWindow])
    """免打扰：接收者（或 *）→ 时段，例如 {"superusers": "23:00-08:00"}；
    期间不紧急的推送先存着，结束时合成一条摘要"""
    report_mask: Masks = Field(default_factory=dict[Recipient | Kind, Mask])
    """截图遮住哪里：uid 是右下角的 UID，发给除超级用户以外的所有人时遮住；
    也可以按接收者写，例如 {"group:*": "uid"}；见 docs/rules.md"""
    report_mention: MentionsOf = Field(default_factory=dict[Recipient | Kind, tuple[str, ...]])
    """在 QQ 群里，紧急的、失败的推送 @ 谁：QQ 号、owner（令牌的主人）、all（所有人）；
    也可以按接收者写，例如 {"group:777": "owner"}；见 docs/rules.md"""
    report_merge: Pause = 0.0
    """几秒之内发给同一接收者的推送合并成一条；0 表示不合并"""
    report_rate: Rate = None
    """每个接收者的频率限制，例如 20/1h；超过的合成摘要"""
    report_digest_after: Pause = 3600.0
    """积压超过多久，就以摘要补发；0 表示逐条补发"""
    report_watch: tuple[WatchEntry, ...] = ()
    """看门狗：等不到的事件，没有来的心跳；见 docs/rules.md"""
    report_sources: OwnSources = Field(default_factory=dict[str, OwnSource])
    """自己的来源：名字 → 我们的每个字段取自哪里（JMESPath）；见 docs/sources.md"""

    @model_validator(mode="before")
    @classmethod
    def _leave_out_empty(cls, values: object) -> object:
        """`.env` may name a setting without a value, so that the environment can set it."""
        if not isinstance(values, dict):
            return values
        settings = cast("dict[object, object]", values)
        return {name: value for name, value in settings.items() if value != ""}

    @field_validator(
        "report_aliases", "report_rules", "report_tokens", "report_watch", mode="before"
    )
    @classmethod
    def _read_json(cls, value: object) -> object:
        return from_json(value)

    @field_validator("report_bind")
    @classmethod
    def _check_bind(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return () if "off" in value else tuple(map(_binder, value))

    @field_validator("report_public_url")
    @classmethod
    def _check_public_url(cls, value: str | None) -> str | None:
        return value and check_url(value).rstrip("/")

    @field_validator("report_aliases")
    @classmethod
    def _check_aliases(cls, value: dict[str, tuple[Recipient, ...]]) -> object:
        for name in value:
            if not NAME.fullmatch(name) or name in (SUPERUSERS.name, EVERYBODY.name):
                raise ValueError(
                    f"{name[:40]!r} 不能做别名：不能有空格、逗号、冒号，也不能是 superusers"
                )
        return value

    @field_validator("report_tokens")
    @classmethod
    def _check_tokens(cls, value: dict[str, TokenSettings]) -> object:
        for name in value:
            if not NAME.fullmatch(name):
                raise ValueError(f"{name[:40]!r} 不能做令牌的名字：不能有空格、逗号、冒号")
            if name.lower() in RESERVED:
                raise ValueError(f"{name!r} 不能做令牌的名字：插件自己在用；换一个")
        return value

    @model_validator(mode="after")
    def _check_all(self) -> Self:
        if faults := list(_faults(self)):
            raise ValueError("；".join(faults))
        return self

    @field_validator("report_channels", mode="before")
    @classmethod
    def _load_channels(cls, value: object) -> object:
        return load_all(from_json(value))

    @field_validator("report_route")
    @classmethod
    def _check_route(cls, value: str) -> str:
        route = "/" + value.strip().strip("/")
        if not re.fullmatch(r"(/[\w.~-]+)+", route, re.ASCII):
            raise ValueError("应为网址里的一段路径，例如 /report，且不能是 /")
        return route

    @field_validator("report_database_url")
    @classmethod
    def _check_database_url(cls, value: str | None) -> str | None:
        if value is None or _SQLITE.fullmatch(value):
            return value
        if not _POSTGRES.fullmatch(value):
            raise ValueError(
                "应为 sqlite:///文件路径，例如 sqlite:///data/report.db，"
                "或 postgresql://用户:密码@主机/库名"
            )
        if find_spec("psycopg") is None:
            raise ValueError('用 PostgreSQL 需要另外安装：pip install ".[postgres]"')
        return value

    @property
    def tokens(self) -> list[str]:
        """All tokens that are set."""
        others = (entry.token.get_secret_value() for entry in self.report_tokens.values())
        return [*filter(None, (self.report_token,)), *others]

    @property
    def bots(self) -> frozenset[str]:
        """The bots of QQ that the settings name."""
        of_rules = (bot for rule in self.report_rules for bot in rule.send_from)
        return frozenset([*filter(None, (self.report_from,)), *of_rules])

    @property
    def unavailable(self) -> dict[str, str]:
        """Channels that cannot be used yet, each with the reason (Chinese)."""
        channels = self.report_channels.items()
        return {name: one.reason for name, one in channels if isinstance(one, Unavailable)}

    def directory(self, superusers: Iterable[str]) -> Directory:
        """Make the directory of recipients and rules; `superusers` are NoneBot's."""
        users, unusable = onebot_users(superusers)
        return Directory(
            users,
            frozenset(self.report_channels),
            self.report_default_targets,
            self.report_aliases,
            self.report_rules,
            self.report_mask,
            self.report_mention,
            unusable,
        )

    def policies(self, directory: Directory) -> Policies:
        """Make the policies of all targets."""
        common = Policy(
            merge=self.report_merge, rate=self.report_rate, absence=self.report_digest_after
        )
        return Policies(common, self.report_quiet, directory)

    def grants(self, directory: Directory) -> dict[str, Grant]:
        """Make the grants of the tokens, by the token's digest."""
        grants: dict[str, Grant] = {}
        if self.report_token is not None:
            grants[digest(self.report_token)] = MASTER
        for name, settings in self.report_tokens.items():
            kinds: list[Kind] = [kind for kind in settings.to if isinstance(kind, str)]
            exact = directory.expand(_exact_recipients(settings))
            defaults = directory.expand(settings.default) or exact
            grant = Grant(name, frozenset((*kinds, *exact)), defaults, settings.rate)
            grants[digest(settings.token.get_secret_value())] = grant
        return grants

    @property
    def database(self) -> Path | str | None:
        """The SQLite file or the PostgreSQL database's address in `report_database_url`, or
        None."""
        if (url := self.report_database_url) is None:
            return None
        return Path(url.partition(":///")[2]) if _SQLITE.fullmatch(url) else url


def explain(error: ValidationError) -> ConfigError:
    """Write a line that names each wrong setting and how to correct it (Chinese), without
    values."""
    return ConfigError("；".join(_explain(one) for one in error.errors(include_input=False)))


def unknown_settings(names: Iterable[str]) -> list[str]:
    """Find unknown names that look like ours: most likely mistyped."""
    others = (name for name in names if name not in Config.model_fields)
    return sorted(
        name.upper() for name in others if name.startswith("report_") or _similar_setting(name)
    )


def tell_unknown(names: Iterable[str]) -> list[str]:
    """Write a message for each of `unknown_settings` (Chinese)."""
    return [
        f"不认识设置 {name}{f'，是不是 {meant}' if (meant := _similar_setting(name)) else ''}"
        for name in unknown_settings(names)
    ]


def _similar_setting(name: str) -> str:
    """Find the setting that was most likely meant; empty: no name is similar."""
    nearest = get_close_matches(name.lower(), Config.model_fields, 1, 0.85)
    return nearest[0].upper() if nearest else ""


def _explain(error: ErrorDetails) -> str:
    if not error["loc"]:  # about several settings, which its text names
        return complaint(error)
    name, *inner = (one for one in error["loc"] if one not in (_WATCH, _BEAT))
    where = " 的 ".join(f"第 {one + 1} 条" if isinstance(one, int) else one for one in inner)
    where = where.replace("条 的", "条的")
    text = f"{where}：{complaint(error)}" if where else complaint(error)
    return f"{str(name).upper()} 设置有误：{text}"


def _faults(config: Config) -> Iterator[str]:
    """Find what does not fit together of settings that are valid by themselves."""
    for faults in (_unknown_recipients, _unknown_tokens, _bad_tokens, _long_waits, _same_beats):
        for setting, fault in faults(config):
            yield f"{setting} 设置有误：{fault}"


_Faults = Iterator[tuple[str, str]]
"""Pairs of a setting's name and a fault of it (Chinese)."""


def _unknown_recipients(config: Config) -> _Faults:
    for setting, where, recipients in _named(config):
        # Aliases may not refer to aliases: they could form a loop.
        aliases = () if setting == "REPORT_ALIASES" else config.report_aliases
        for recipient in recipients:
            if fault := unknown(recipient, config.report_channels, aliases):
                yield setting, where + fault


def _named(config: Config) -> Iterator[tuple[str, str, Iterable[Recipient]]]:
    """Give every place that names recipients: the setting, the place in it, and the recipients."""
    yield "REPORT_DEFAULT_TARGETS", "", config.report_default_targets
    for name, members in config.report_aliases.items():
        yield "REPORT_ALIASES", f"{name}：", members
    for number, rule in enumerate(config.report_rules, 1):
        yield "REPORT_RULES", f"第 {number} 条的 to：", rule.to
        yield "REPORT_RULES", f"第 {number} 条的 fallback：", rule.fallback
        yield "REPORT_RULES", f"第 {number} 条的 escalate：", rule.escalate
    for name, token in config.report_tokens.items():
        yield "REPORT_TOKENS", f"{name} 的 to：", _exact_recipients(token)
        yield "REPORT_TOKENS", f"{name} 的 default：", token.default
    yield "REPORT_QUIET", "", (one for one in config.report_quiet if one != EVERYBODY)
    masked = (one for one in config.report_mask if not isinstance(one, str) and one != EVERYBODY)
    yield "REPORT_MASK", "", masked
    mentioned = (one for one in config.report_mention if not isinstance(one, str))
    yield "REPORT_MENTION", "", (one for one in mentioned if one != EVERYBODY)
    for number, watch in enumerate(config.report_watch, 1):
        yield "REPORT_WATCH", f"第 {number} 条的 to：", watch.to


def _unknown_tokens(config: Config) -> _Faults:
    names = {MASTER.name, *config.report_tokens}
    numbered = [("REPORT_RULES", *one) for one in enumerate(config.report_rules, 1)]
    watches = [("REPORT_WATCH", *one) for one in enumerate(config.report_watch, 1)]
    for setting, number, entry in (*numbered, *watches):
        for name in entry.token:
            if name not in names and not name.startswith(BOUND):
                fault = f"REPORT_TOKENS 里没有名为 {name[:40]} 的令牌"
                yield setting, f"第 {number} 条的 token：{fault}"


def _bad_tokens(config: Config) -> _Faults:
    seen = {config.report_token}
    for name, token in config.report_tokens.items():
        reached = {*token.to, *_expand_aliases(_exact_recipients(token), config.report_aliases)}
        for recipient in _expand_aliases(token.default, config.report_aliases):
            if recipient not in reached and not (
                isinstance(recipient, Target) and recipient.kind in reached
            ):
                yield "REPORT_TOKENS", f"{name} 的 default：{recipient} 不在 to 里"
        secret = token.token.get_secret_value()
        if secret in seen:
            yield "REPORT_TOKENS", f"{name} 的 token：和另一个令牌相同"
        seen.add(secret)


def _exact_recipients(token: TokenSettings) -> list[Recipient]:
    return [one for one in token.to if not isinstance(one, str)]


def _expand_aliases(
    recipients: Iterable[Recipient], aliases: Mapping[str, tuple[Recipient, ...]]
) -> list[Recipient]:
    """Replace aliases among recipients by their members."""
    expanded: list[Recipient] = []
    for recipient in recipients:
        is_alias = isinstance(recipient, Alias)
        expanded += aliases.get(recipient.name, (recipient,)) if is_alias else (recipient,)
    return expanded


def _long_waits(config: Config) -> _Faults:
    """Find waits as long as REPORT_EXPIRE: they would end just when the delivery expires."""
    expire = config.report_expire
    waits = [("REPORT_QUIET", f"{one}：", w.length) for one, w in config.report_quiet.items()]
    waits.append(("REPORT_MERGE", "", config.report_merge))
    rates = [("REPORT_RATE", "", config.report_rate)]
    if "report_bind_rate" in config.model_fields_set:  # the user did not write the default
        rates.append(("REPORT_BIND_RATE", "", config.report_bind_rate))
    for name, token in config.report_tokens.items():
        rates.append(("REPORT_TOKENS", f"{name} 的 rate：", token.rate))
    waits += [(setting, where, rate[1]) for setting, where, rate in rates if rate is not None]
    for setting, where, length in waits:
        if length >= expire:
            limit = f"推送却只存 {in_words(expire)}（REPORT_EXPIRE）就放弃了"
            yield (
                setting,
                f"{where}要等 {in_words(length)}，{limit}；改短，或把 REPORT_EXPIRE 改长",
            )


def _same_beats(config: Config) -> _Faults:
    names = [one.beat for one in config.report_watch if isinstance(one, Beat)]
    for name in {name for name in names if names.count(name) > 1}:
        yield "REPORT_WATCH", f"有两条心跳都叫 {name[:40]}"


def _binder(text: str) -> str:
    """Bring an entry of REPORT_BIND into canonical form."""
    try:
        return text if text == "friends" else str(_group(text))
    except ValueError:
        raise ValueError("应为 off、friends 或 group:群号") from None


def _group(text: str) -> Target:
    target = Target.read(text)
    if target.kind != "group":
        raise ValueError
    return target
