"""The command `explain`: what the settings would do with a report."""

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Final

import nonebot

from ..config import Config
from ..errors import Misused, Refused
from ..model.grant import MASTER
from ..model.report import Report, Result, dump
from ..model.text import one_line
from ..model.timing import in_words, parse_time
from ..routing.planner import Planner
from ..routing.recast import RESULT_NAMES
from ..routing.telling import describe
from ..sources.bodies.form import decode_form
from ..sources.mapping import FieldResult, OwnSource
from ..sources.parse import parse
from ..sources.reader import Context, named, opened, read
from .bot import read_config
from .client import Client

FIELDS: Final = (
    "title", "content", "message", "event", "result", "timestamp", "send_to", "to",
    "send_to_group", "to_group", "channel", "send_from", "from",
)  # fmt: skip
"""Fields that can be written as NAME=VALUE, aliases included."""
MAX_SHOWN: Final = 200
"""Characters of a field that are shown."""


def run_explain(options: argparse.Namespace) -> int:
    """Print what would become of a report; returns 0 if it would be accepted."""
    config = read_config()
    superusers = nonebot.get_driver().config.superusers
    try:
        report = _report(options, config)
        print(explain(config, superusers, report, token=options.token, at=options.at))
    except Refused as error:
        print(f"不会收下：{error}", file=sys.stderr)
        return 1
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def _report(options: argparse.Namespace, config: Config) -> Report:
    """Make the report that the arguments describe; of a source's, print each field's result."""
    if options.source:
        content = _body(options, config)
        report, lines = try_source(content, options.source, read_fields(options.fields), config)
        print("\n".join(lines) + "\n")
        return report
    if not options.fields:
        raise Misused("字段：没有写", "例如 event=task.error，或 --source 来源 < 内容")
    fields = read_fields(options.fields)
    report = parse(fields)
    for words in describe_verdict(report, fields):
        print(words)
    return report


def describe_verdict(report: Report, fields: Mapping[str, str]) -> Iterator[str]:
    """Say what was read out of the words of a report of `fields` (Chinese)."""
    if isinstance(report.result, Result) and not fields.get("result"):
        yield f"从文字看，结果是：{report.icon} {RESULT_NAMES[report.result]}"
    if report.event and not fields.get("event"):
        yield f"从文字看，事件是：{report.event}"
    if report.readings:
        yield f"读出：{'；'.join(map(str, report.readings))}"


def _body(options: argparse.Namespace, config: Config) -> bytes:
    if options.last:
        name, _ = named({}, {"source": options.source}, config.report_sources)
        return asyncio.run(_last(name))
    if sys.stdin.isatty():
        raise Misused("没有给它内容", "从标准输入给它：… < body.json，或加上 --last")
    return sys.stdin.buffer.read(config.report_max_body)


async def _last(source: str) -> bytes:
    async with Client() as client:
        return await client.unread(source)


def try_source(
    content: bytes, source: str, fields: Mapping[str, str], config: Config
) -> tuple[Report, list[str]]:
    """Read a body by a source; returns the report, and a line for each field's result (Chinese).

    Args:
        content: the body.
        source: the source's name.
        fields: stand for the URL's parameters.
        config: the settings.

    Raises:
        InvalidReport: there is no such source, or nothing can be sent.
    """
    own, query = config.report_sources, {**fields, "source": source}
    body = decode_form(content)
    name, named_source = named(body, query, own)
    reading = read(body, Context(query, fields, {}), own)
    lines = [f"来源 {name}："]
    if isinstance(named_source, OwnSource):
        lines += [_describe_result(result) for result in named_source.find(opened(body))]
    lines += [
        f"  得到 {field}：{_shortened(text)}" for field, text in _fields_to_show(reading.report)
    ]
    if reading.unread:
        lines.append("  没能读懂，会按原样发")
    return reading.report, lines


def _describe_result(result: FieldResult) -> str:
    return f"  {result.name} ← {result.written}：{result.fault or _shortened(str(result.value))}"


def _fields_to_show(report: Report) -> Iterator[tuple[str, str]]:
    """Give a report's fields that are not empty, as text."""
    fields: dict[str, object] = json.loads(dump(report))
    for name, value in fields.items():
        if name == "readings":
            yield "读出", "；".join(map(str, report.readings))
            continue
        yield name, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    if report.image or report.image_fault:
        yield "screenshot", report.image_fault or "一张图片"
    if report.elapsed is not None:
        yield "用时", in_words(report.elapsed)


def _shortened(text: str) -> str:
    return one_line(text, MAX_SHOWN)


def read_fields(pairs: Iterable[str]) -> dict[str, str]:
    """Read fields of a report, each written NAME=VALUE.

    Raises:
        Misused: a field is written otherwise, or there is no such field.
    """
    fields: dict[str, str] = {}
    for pair in pairs:
        name, separator, value = pair.partition("=")
        if not separator:
            raise Misused(f"{pair[:40]}：应写成 字段=内容，例如 event=task.error")
        if name not in FIELDS:
            raise Misused(f"{name[:40]}：没有这个字段", f"可用的有 {'、'.join(FIELDS)}")
        fields[name] = value
    return fields


def explain(
    config: Config,
    superusers: Iterable[str],
    report: Report,
    *,
    token: str = MASTER.name,
    at: str = "",
) -> str:
    """Say which rule would take a report, where it would go, and in which words (Chinese).

    Args:
        config: the settings.
        superusers: NoneBot's.
        report: the report to explain.
        token: the name of the token that the report comes with.
        at: the time of day, such as `23:30`; empty: now.

    Raises:
        Refused: the report would not be accepted.
        ValueError: `at` is no time of day, or there is no such token; the text is Chinese.
    """
    moment, directory = _moment(at), config.directory(superusers)
    grants = {grant.name: grant for grant in (MASTER, *config.grants(directory).values())}
    if token not in grants:
        # The argument may be the token itself: it is not printed.
        raise ValueError(f"没有这个名字的令牌；有的是：{'、'.join(grants)}")
    planner = Planner(directory, config.report_template, config.policies(directory).of)
    counted = planner.recast(report, grants[token], moment)
    plan = planner.plan(counted.report, grants[token], moment)
    lines = [f"按第 {number} 条规则算作：{counts}" for number, counts in counted.applied]
    if plan.routing.rules:
        numbers = "、".join(str(number) for number in plan.routing.rules)
        lines.append(f"符合的规则：第 {numbers} 条")
    else:
        lines.append("没有符合的规则")
    if not plan.outgoing:
        lines.append(f"不发给任何人：{plan.routing.reason}")
    for planned, outgoing in zip(plan.routing.planned, plan.outgoing, strict=True):
        notes = describe(planned, planner.wait(outgoing, moment))
        lines += ["", f"→ {outgoing.target}", *(f"  （{note}）" for note in notes)]
        lines += [f"  {line}" for line in outgoing.message.text.splitlines()]
    return "\n".join(lines)


def _moment(at: str) -> float:
    if not at:
        return time.time()
    return datetime.combine(datetime.now().astimezone().date(), parse_time(at)).timestamp()
