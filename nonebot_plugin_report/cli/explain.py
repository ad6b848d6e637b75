"""The command `explain`: what the settings would do with a report."""

import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final

import nonebot

from ..config import Config
from ..errors import InvalidReport, Refused
from ..model.delivery import Priority
from ..model.grant import MASTER
from ..model.scheduling import Wait
from ..model.timing import in_words, parse_time
from ..routing.planner import Planner
from ..routing.rules import Planned
from ..sources.parse import parse
from .bot import read_config

FIELDS: Final = (
    "title", "content", "message", "event", "result", "timestamp", "send_to", "to",
    "send_to_group", "to_group", "channel", "send_from", "from",
)  # fmt: skip
"""Fields that can be written as NAME=VALUE, aliases included."""


def run_explain(pairs: Sequence[str], *, token: str, at: str) -> int:
    """Tell what would become of a report; 0 if it would be accepted."""
    config = read_config()
    superusers = nonebot.get_driver().config.superusers
    try:
        fields = read_fields(pairs)
        print(explain(config, superusers, fields, token=token, at=at))
    except Refused as error:
        print(f"不会收下：{error}", file=sys.stderr)
        return 1
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def read_fields(pairs: Iterable[str]) -> dict[str, str]:
    """Fields of a report, each written NAME=VALUE.

    Raises:
        InvalidReport: one is written otherwise, or there is no such field.
    """
    fields: dict[str, str] = {}
    for pair in pairs:
        name, separator, value = pair.partition("=")
        if not separator:
            raise InvalidReport(pair[:40], "应写成 字段=内容，例如 event=task.error")
        if name not in FIELDS:
            raise InvalidReport(name[:40], f"没有这个字段；可用的有 {'、'.join(FIELDS)}")
        fields[name] = value
    return fields


def explain(
    config: Config,
    superusers: Iterable[str],
    fields: Mapping[str, str],
    *,
    token: str = MASTER.name,
    at: str = "",
) -> str:
    """Which rule would take a report, where it would go, and in which words (Chinese).

    Args:
        config: the settings.
        superusers: NoneBot's.
        fields: the report's.
        token: the name of the token that it comes with.
        at: the time of day, such as `23:30`; empty: now.

    Raises:
        Refused: it would not be accepted.
        ValueError: `at` is no time of day, or there is no such token; the text is Chinese.
    """
    moment, directory = _moment(at), config.directory(superusers)
    grants = {one.name: one for one in (MASTER, *config.grants(directory).values())}
    if token not in grants:
        # What was typed may be the token itself.
        raise ValueError(f"没有这个名字的令牌；有的是：{'、'.join(grants)}")
    planner = Planner(directory, config.report_template, config.policies(directory).of)
    plan = planner.plan(parse(fields), grants[token], moment)
    if plan.routing.rules:
        numbers = "、".join(str(number) for number in plan.routing.rules)
        lines = [f"符合的规则：第 {numbers} 条"]
    else:
        lines = ["没有符合的规则"]
    if not plan.outgoing:
        lines.append(f"不发给任何人：{plan.routing.reason}")
    for planned, one in zip(plan.routing.planned, plan.outgoing, strict=True):
        how = _how(planned, planner.wait(one, moment))
        lines += ["", f"→ {one.target}", *(f"  （{said}）" for said in how)]
        lines += [f"  {line}" for line in one.message.text.splitlines()]
    return "\n".join(lines)


def _moment(at: str) -> float:
    if not at:
        return time.time()
    return datetime.combine(datetime.now().astimezone().date(), parse_time(at)).timestamp()


def _how(planned: Planned, wait: Wait | None) -> Iterator[str]:
    if planned.handling.priority is Priority.URGENT:
        yield "紧急：不等免打扰，不合并"
    if not planned.screenshot:
        yield "不带截图"
    elif planned.mask is not None:
        yield f"截图遮住 {planned.mask}"
    if wait is not None:
        until = datetime.fromtimestamp(wait.until).astimezone()
        yield f"{wait.reason}，{until:%H:%M} 再发"
    if planned.handling.fallback:
        targets = "、".join(str(one) for one in planned.handling.fallback)
        waiting = planned.handling.fallback_after
        when = "没能送达" if waiting is None else f"等了 {in_words(waiting)}还没送达，或没能送达"
        yield f"{when}时改发给 {targets}"
