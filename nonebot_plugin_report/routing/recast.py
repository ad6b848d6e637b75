"""Rules that say what a report counts as, before all others. Pure.

A tool's words can be changed by its user, so that no table knows them.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Final, Self

from pydantic import PlainSerializer, model_validator

from ..model.report import Report, Result, count_as, read_result
from ..model.text import clean
from ..model.value import value_type
from ..settings import Read, Settings

if TYPE_CHECKING:
    from .rules import Rule

MAX_EVENT: Final = 128
"""Most characters of an event, as in a push."""
RESULT_NAMES: Final = {
    Result.SUCCESS: "Success",
    Result.FAIL: "Fail",
    Result.PARTIAL: "PartialSuccess",
}
"""The results as settings have them."""


def _read_result(value: object) -> Result:
    result = read_result(str(value))
    if result is None:
        raise ValueError("应为 Success、Fail、PartialSuccess 或 0、1、2")
    return result


def _read_event(value: object) -> str:
    event = clean(value).strip() if isinstance(value, str) else ""
    if not event or len(event) > MAX_EVENT or "\n" in event:
        raise ValueError(f"应为事件名，例如 maa.error，最多 {MAX_EVENT} 字")
    return event


class CountsAs(Settings):
    """What a report counts as; what is not written stays."""

    result: (
        Annotated[Result, Read(_read_result), PlainSerializer(lambda value: RESULT_NAMES[value])]
        | None
    ) = None
    """结果：Success、Fail、PartialSuccess（或 0、1、2）"""
    event: Annotated[str, Read(_read_event)] | None = None
    """事件名，例如 maa.error；以 .start、.end 结尾的算用时"""

    @model_validator(mode="after")
    def _check_words(self) -> Self:
        if self.result is None and self.event is None:
            raise ValueError("要写 result 或 event")
        return self

    def __str__(self) -> str:
        result = None if self.result is None else f"{self.result.icon} {RESULT_NAMES[self.result]}"
        return "，".join(filter(None, (result, self.event and f"事件 {self.event}")))


@value_type
class Recast:
    """A report as the rules say that it counts."""

    report: Report
    applied: tuple[tuple[int, CountsAs], ...] = ()
    """The rules that said so, counted from 1."""


def recast(report: Report, rules: Sequence["Rule"], source: str, now: float) -> Recast:
    """Apply the rules that say what a report counts as, each to what the one before made of it.

    Args:
        report: what was sent.
        rules: all rules.
        source: the name of its token.
        now: epoch seconds.
    """
    applied: list[tuple[int, CountsAs]] = []
    for number, rule in enumerate(rules, 1):
        if rule.counts_as is not None and rule.holds(report, source, now):
            report = _apply(report, rule.counts_as)
            applied.append((number, rule.counts_as))
    return Recast(report, tuple(applied))


def _apply(report: Report, counts: CountsAs) -> Report:
    result = report.result if counts.result is None else counts.result
    if counts.event is None:
        return replace(report, result=result)
    return count_as(report, result, counts.event)
