"""Drone's webhooks. Pure.

https://docs.drone.io/webhooks/overview/ and https://github.com/harness/gitness (the `drone` branch:
service/hook, core/build.go)
"""

from collections.abc import Mapping
from typing import Final

from .. import wording
from ..base import Fields, Headers, Source, Translated, record, text
from ..wording import fill_lines, first, first_line

_STATES: Final[Mapping[str, tuple[str, int | str]]] = {
    "success": ("成功了", 0), "failure": ("失败了", 1), "error": ("出错了", 1),
    "killed": ("取消了", "已取消"), "running": ("开始了", "进行中"),
    "pending": ("在等待运行", "等待中"), "blocked": ("等待批准", "等待批准"),
    "declined": ("被拒绝", "已拒绝"), "skipped": ("跳过了", "已跳过"),
}  # fmt: skip
_LINES: Final = (
    "[分支 {build.target}]",
    "[{message}]",
    "[由 {build.author_login} 触发]",
    "[{build.error}]",
    "[{build.link}]",
)


def _recognise(fields: Fields, headers: Headers) -> bool:
    return bool(record(fields, "build") and text(fields, "repo.slug"))


def _translate(fields: Fields, headers: Headers) -> Translated | None:
    where = first(fields, "repo.slug", "repo.name")
    if not where:
        return None
    state = text(fields, "build.status")
    verb, result = _STATES.get(state, (state, None))
    number = text(fields, "build.number")
    action = text(fields, "action")
    built = bool(record(fields, "build"))
    context = {**fields, "message": first_line(first(fields, "build.title", "build.message"))}
    report_fields: dict[str, object] = {
        "title": f"{where}：构建 #{number} {verb}" if built else f"{where}：仓库 {action}",
        "content": fill_lines(_LINES, context),
        "event": f"drone.{first(fields, 'event') or 'build'}",
        "result": result,
    }
    story = f"{where} {number}" if built else ""
    return Translated(report_fields, story=story, elapsed=_elapsed(fields))


def _elapsed(fields: Fields) -> float | None:
    began, ended = text(fields, "build.started"), text(fields, "build.finished")
    if not (began.isdecimal() and ended.isdecimal()):
        return None
    return wording.seconds(wording.count(ended, 11) - wording.count(began, 11))


SOURCE: Final = Source("Drone", frozenset({"build"}), _recognise, _translate)
