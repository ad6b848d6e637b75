"""Who gets a report, and how. Pure: the time is an argument."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Annotated, Final, Self

from pydantic import Field, PlainSerializer, field_validator, model_validator

from ..errors import ConfigError, Forbidden, InvalidReport
from ..model.delivery import Handling, Priority
from ..model.grant import Grant
from ..model.mask import Mask
from ..model.mention import find_people
from ..model.numbers import qq_number
from ..model.patterns import Globs
from ..model.recipient import (
    EVERYBODY,
    SUPERUSERS,
    Alias,
    Recipient,
    read_recipient,
    unknown_recipient,
)
from ..model.report import Report, Result, read_result
from ..model.target import Kind, Target
from ..model.value import value_type
from ..settings import (
    Bots,
    Duration,
    EventGlobs,
    MaskOf,
    Mentions,
    Names,
    Read,
    Recipients,
    Regex,
    Settings,
    TokenNames,
    Window,
)
from .recast import CountsAs
from .template import Template, compile_template

MAX_MATCHED: Final = 10_000
"""Characters of a message that `match` looks at."""
QUICK: Final = 500
"""Characters that patterns search in negligible time."""


def read_template(value: object) -> Template:
    """Compile a template of the settings.

    Raises:
        ValueError: it is not one; the text is Chinese.
    """
    if not isinstance(value, str):
        raise ValueError("应为字符串；请加上引号")
    try:
        return compile_template(value)
    except ConfigError as error:
        raise ValueError(str(error)) from None


Words = Annotated[Template, Read(read_template), PlainSerializer(lambda value: value.text)]
"""A message's template."""


_ACTIONS: Final = frozenset({
    "to", "template", "screenshot", "mask", "drop", "urgent", "fallback", "fallback_after",
    "fallback_unconfirmed", "override", "mention",
    "remind", "escalate",
})  # fmt: skip
"""Fields of a rule that cannot stand beside `as`."""


class Rule(Settings):
    """One entry of REPORT_RULES: conditions, all of which must hold, and actions."""

    event: EventGlobs = Globs(())
    """事件名，可用通配符，例如 *.error；写几个是满足其一"""
    result: Names = ()
    """结果：Success、Fail、PartialSuccess（或 0、1、2）"""
    token: TokenNames = ()
    """令牌的名字（REPORT_TOKENS 里的）；REPORT_TOKEN 的名字是 master"""
    send_from: Annotated[Bots, Field(alias="from")] = ()
    """推送里的 from（send_from）"""
    match: Regex | None = None
    """在标题和正文里查找的正则表达式"""
    time: Window | None = None
    """一天里的时段，例如 23:00-08:00"""

    to: Recipients = ()
    """发给谁：superusers、private:QQ号、group:群号、channel:渠道名，或 REPORT_ALIASES 里的名字"""
    template: Words | None = None
    """用这个模板，不用 REPORT_TEMPLATE"""
    screenshot: bool | None = None
    """false：不带截图"""
    mask: MaskOf | None = None
    """截图遮住哪里：uid（右下角的 UID）、none（不遮），或几块 [[左, 上, 宽, 高], …]，
    是图片宽高的百分之几"""
    drop: bool = False
    """true：不发给任何人"""
    urgent: bool = False
    """true：不等免打扰结束，不合并"""
    remind: Annotated[Duration, Field(ge=60, le=86400)] | None = None
    """紧急的推送，这么久没有人说「知道了」就再发，例如 10m；最多三次"""
    escalate: Recipients = ()
    """三次之后还没有人说「知道了」，再发给谁"""
    mention: Mentions | None = None
    """发到 QQ 群时，紧急的、失败的 @ 谁：QQ 号、owner（令牌的主人）、all（所有人）；[] 是不 @"""
    counts_as: Annotated[CountsAs | None, Field(alias="as")] = None
    """算作什么结果、什么事件，例如 {"result": "Fail", "event": "maa.error"}；在其他规则之前"""
    fallback: Recipients = ()
    """没能送达时改发给谁"""
    fallback_after: Duration | None = None
    """等了这么久还没送达，也改发，例如 10m；不写则只在放弃时改发"""
    fallback_unconfirmed: bool = False
    """true：不能确认有没有送达时也改发（对方可能收到两遍）"""
    further: Annotated[bool, Field(alias="continue")] = False
    """true：继续看后面的规则"""
    override: bool = False
    """true：推送自己写明的接收者不算数"""

    @field_validator("result")
    @classmethod
    def _check_result(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        results = [result for one in value if (result := read_result(one)) is not None]
        if len(results) < len(value):
            raise ValueError("应为 Success、Fail、PartialSuccess 或 0、1、2")
        return tuple(str(one.number) for one in results)

    @model_validator(mode="after")
    def _check_actions(self) -> Self:
        if self.counts_as is not None and self.model_fields_set & _ACTIONS:
            raise ValueError("as 只能和条件写在一起；还要做别的，另写一条规则")
        if self.drop and self.to:
            raise ValueError("drop 和 to 不能一起写")
        if self.fallback_after is not None and not self.fallback:
            raise ValueError("写了 fallback_after，还要写 fallback")
        if self.escalate and self.remind is None:
            raise ValueError("写了 escalate，还要写 remind")
        if self.fallback_unconfirmed and not self.fallback:
            raise ValueError("写了 fallback_unconfirmed，还要写 fallback")
        return self

    def holds(self, report: Report, source: str, now: float) -> bool:
        """Whether every condition holds."""
        return (
            (not self.event.texts or self.event.match(report.event))
            and (not self.result or _result(report) in self.result)
            and (not self.token or source in self.token)
            and (not self.send_from or report.send_from in self.send_from)
            and (self.time is None or self.time.covers(now))
            and (self.match is None or self.match.found_in(_searched(report)))
        )


def _searched(report: Report) -> str:
    """The text that `match` searches. A final line end would keep `$` from matching."""
    return f"{report.title}\n{report.body}"[:MAX_MATCHED].rstrip("\n")


def _result(report: Report) -> str:
    return str(report.result.number) if isinstance(report.result, Result) else ""


@dataclass(frozen=True, slots=True)
class Directory:
    """Who can be reached, and the rules."""

    superusers: tuple[Target, ...]
    channels: frozenset[str] = frozenset()
    """The names of REPORT_CHANNELS."""
    defaults: tuple[Recipient, ...] = (SUPERUSERS,)
    """REPORT_DEFAULT_TARGETS."""
    aliases: Mapping[str, tuple[Recipient, ...]] = field(
        default_factory=dict[str, tuple[Recipient, ...]]
    )
    """REPORT_ALIASES."""
    rules: Sequence[Rule] = ()
    masks: Mapping[Recipient | Kind, Mask] = field(default_factory=dict[Recipient | Kind, Mask])
    """REPORT_MASK."""
    mentions: Mapping[Recipient | Kind, tuple[str, ...]] = field(
        default_factory=dict[Recipient | Kind, tuple[str, ...]]
    )
    """REPORT_MENTION."""
    unusable: tuple[str, ...] = ()
    """Entries of SUPERUSERS that are no QQ number."""

    def expand(self, recipients: Iterable[Recipient]) -> tuple[Target, ...]:
        """The targets of recipients, each once. Every alias in the settings is known here."""
        targets: list[Target] = []
        for recipient in recipients:
            if isinstance(recipient, Target):
                targets.append(recipient)
            elif recipient == SUPERUSERS:
                targets += self.superusers
            else:
                targets += self.expand(self.aliases[recipient.name])
        return tuple(dict.fromkeys(targets))

    def mask(self, target: Target) -> Mask | None:
        """What is covered of the pictures for a target, unless a rule says otherwise.

        What is said of everybody is not said of superusers.
        """
        if not self.masks:
            return None
        for recipient, mask in self.masks.items():
            if isinstance(recipient, str) or recipient == EVERYBODY:
                continue
            if target in self.expand([recipient]):
                return mask
        common = None if target in self.superusers else self.masks.get(EVERYBODY)
        return self.masks.get(target.kind, common)

    def mention(self, target: Target) -> tuple[str, ...]:
        """Whom failures and urgent reports mention in a group, unless a rule says otherwise."""
        for recipient, mentions in self.mentions.items():
            if isinstance(recipient, str) or recipient == EVERYBODY:
                continue
            if target in self.expand([recipient]):
                return mentions
        return self.mentions.get(target.kind, self.mentions.get(EVERYBODY, ()))

    def find(self, text: str) -> tuple[Target, ...]:
        """The targets of a recipient written as in the settings.

        Raises:
            ValueError: it names nobody; the text is Chinese.
        """
        recipient = read_recipient(text)
        if fault := unknown(recipient, self.channels, self.aliases):
            raise ValueError(fault)
        return self.expand([recipient])

    def is_slow(self, report: Report) -> bool:
        """Whether matching this report against the rules may take noticeable time."""
        is_long = len(report.message) + len(report.content) > QUICK
        return is_long and any(rule.match is not None for rule in self.rules)


_PLAIN: Final = Handling()


@value_type
class Planned:
    """One target of a report, and how it is to be delivered."""

    target: Target
    template: Template | None = None
    """None: REPORT_TEMPLATE."""
    screenshot: bool = True
    handling: Handling = _PLAIN
    mask: Mask | None = None
    """What is covered of the pictures; None: nothing."""
    fallback_mask: Mask | None = None
    """What is covered of them for the fallbacks; None: the same."""


@value_type
class Routing:
    """Who gets a report."""

    planned: tuple[Planned, ...]
    rules: tuple[int, ...] = ()
    """The rules that applied, counted from 1."""
    reason: str = ""
    """Why nobody gets it (Chinese), if so."""


def onebot_users(superusers: Iterable[str]) -> tuple[tuple[Target, ...], tuple[str, ...]]:
    """NoneBot's SUPERUSERS that OneBot can reach, and the entries that are not QQ numbers.

    An entry is `10001`, or `onebot:10001` for one adapter; `qq:10001` is another adapter's.
    Sorted, since NoneBot's setting is a set.
    """
    users: set[str] = set()
    unusable: list[str] = []
    for entry in sorted(superusers):
        adapter, separator, user = entry.replace("：", ":").rpartition(":")
        if separator and adapter.strip().lower() != "onebot":
            unusable.append(entry)
            continue
        try:
            users.add(qq_number(user))
        except ValueError:
            unusable.append(entry)
    return tuple(Target("private", user) for user in sorted(users)), tuple(unusable)


def unknown(
    recipient: Recipient, channels: Iterable[str], aliases: Iterable[str] = ()
) -> str | None:
    """Why a well-formed recipient does not exist (Chinese), or None."""
    match recipient:
        case Alias(name) if recipient != SUPERUSERS and name not in aliases:
            return str(unknown_recipient(name))
        case Target("channel", name) if name not in channels:
            return f"REPORT_CHANNELS 里没有名为 {name} 的渠道"
        case _:
            return None


def route(report: Report, directory: Directory, grant: Grant, now: float) -> Routing:
    """Who gets a report that came with a grant, at a moment (epoch seconds).

    Recipients that the report names win over the rules, unless a rule says `override`; a grant's
    scope wins over everything.

    Raises:
        Forbidden: it names somebody outside its token's scope, or its defaults are.
        InvalidReport: it reaches nobody, or it names an unknown channel.
    """
    routing = _route(report, directory, grant, now)
    return _hasten(routing) if report.urgent else routing


def _route(report: Report, directory: Directory, grant: Grant, now: float) -> Routing:
    named = _named(report, directory, grant)
    matched = _matched(report, directory.rules, grant.name, now)
    if matched and (ruled := _by_rules(matched, directory, grant, is_named=bool(named))):
        return ruled
    targets = named or _defaults(directory, grant)
    rules = [rule for _, rule in matched]
    planned = [_plan(one, rules, directory, grant) for one in targets]
    return Routing(tuple(planned), _numbers(matched))


def _hasten(routing: Routing) -> Routing:
    """Make every delivery urgent: the tool says so, as a rule would."""
    return replace(
        routing,
        planned=tuple(
            replace(one, handling=replace(one.handling, priority=Priority.URGENT))
            for one in routing.planned
        ),
    )


def _by_rules(
    matched: Sequence[tuple[int, Rule]], directory: Directory, grant: Grant, *, is_named: bool
) -> Routing | None:
    """Who gets a report by the rules that apply to it; None: they leave that to the report, or to
    the defaults."""
    forcing = [rule for _, rule in matched if rule.override]
    deciding = forcing or ([] if is_named else [rule for _, rule in matched])
    planned: dict[Target, Planned] = {}
    for rule in deciding:
        if rule.drop:
            break
        for target in directory.expand(rule.to):
            if grant.reaches(target) and target not in planned:
                # A rule without `to` applies to every target.
                saying = [
                    one
                    for _, one in matched
                    if not one.to or one is rule or target in directory.expand(one.to)
                ]
                planned[target] = _plan(target, saying, directory, grant)
    if not planned and any(rule.drop for rule in deciding):
        number = next(number for number, rule in matched if rule.drop)
        return Routing((), _numbers(matched), f"规则 {number} 写着 drop")
    return Routing(tuple(planned.values()), _numbers(matched)) if planned else None


def _numbers(matched: Sequence[tuple[int, Rule]]) -> tuple[int, ...]:
    return tuple([number for number, _ in matched])


def _named(report: Report, directory: Directory, grant: Grant) -> tuple[Target, ...]:
    exist = directory.channels.issuperset(report.channel)
    if not exist and grant.is_master:
        raise InvalidReport("channel", "REPORT_CHANNELS 里没有这个名字的渠道")
    named = _written(report.send_to, report.send_to_group, report.channel) if exist else ()
    # A limited token does not learn which channels exist.
    if not exist or not all(map(grant.reaches, named)):
        raise Forbidden("这个令牌不能发给推送里写明的接收者")
    return named


@lru_cache(maxsize=64)
def _written(
    users: tuple[str, ...], groups: tuple[str, ...], channels: tuple[str, ...]
) -> tuple[Target, ...]:
    """The targets that a report names, each once. A tool names the same ones each time."""
    named = [Target("private", user) for user in users]
    named += [Target("group", group) for group in groups]
    named += [Target("channel", name) for name in channels]
    return tuple(dict.fromkeys(named))


def _matched(
    report: Report, rules: Sequence[Rule], source: str, now: float
) -> list[tuple[int, Rule]]:
    """The rules that apply to a report, up to the first without `continue`."""
    matching: list[tuple[int, Rule]] = []
    for number, rule in enumerate(rules, 1):
        if rule.counts_as is None and rule.holds(report, source, now):
            matching.append((number, rule))
            if not rule.further:
                break
    return matching


def _defaults(directory: Directory, grant: Grant) -> tuple[Target, ...]:
    """The targets of a report that names none: the token's, or the settings' within its scope."""
    targets = grant.defaults or directory.expand(directory.defaults)
    allowed = tuple(target for target in targets if grant.reaches(target))
    if targets and not allowed:
        raise Forbidden("这个令牌没有默认的接收者，推送要写明发给谁")
    if not allowed:
        raise InvalidReport(
            "send_to", "没有指定接收者；也没有设置 SUPERUSERS 或 REPORT_DEFAULT_TARGETS"
        )
    return allowed


def _plan(target: Target, rules: Sequence[Rule], directory: Directory, grant: Grant) -> Planned:
    """What the rules say about a target; the first that says something wins."""
    handling = _handle(target, rules, directory, grant)
    ruled = next((rule.mask for rule in rules if rule.mask is not None), None)
    own = (directory.mask(target) if ruled is None else ruled) or Mask()
    # All that one of the fallbacks is not to see is covered, whichever of them gets it.
    common = sum(filter(None, map(directory.mask, handling.fallback)), own)
    return Planned(
        target,
        template=next((rule.template for rule in rules if rule.template is not None), None),
        screenshot=next((r.screenshot for r in rules if r.screenshot is not None), True),
        handling=handling,
        mask=own if own.parts else None,
        fallback_mask=None if common == own else common,
    )


def _handle(target: Target, rules: Sequence[Rule], directory: Directory, grant: Grant) -> Handling:
    """How a delivery to a target is treated."""
    ruled = next((rule.mention for rule in rules if rule.mention is not None), None)
    mentions = directory.mention(target) if ruled is None else ruled
    mention = find_people(mentions, target, grant, directory.superusers)
    if not rules:
        return Handling(mention=mention) if mention else _PLAIN
    falling = next((rule for rule in rules if rule.fallback), None)
    fallback = directory.expand(falling.fallback) if falling else ()
    reminding = next((rule for rule in rules if rule.remind is not None), None)
    escalate = directory.expand(reminding.escalate) if reminding else ()
    return Handling(
        Priority.URGENT if any(rule.urgent for rule in rules) else Priority.NORMAL,
        fallback=tuple(one for one in fallback if grant.reaches(one) and one != target),
        fallback_after=falling.fallback_after if falling else None,
        fallback_unconfirmed=falling is not None and falling.fallback_unconfirmed,
        mention=mention,
        remind=reminding.remind if reminding else None,
        escalate=tuple(one for one in escalate if grant.reaches(one) and one != target),
    )
