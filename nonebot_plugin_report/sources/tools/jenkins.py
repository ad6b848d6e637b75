"""Jenkins' Notification plugin. Pure.

https://github.com/jenkinsci/notification-plugin (README.md, src/main/java/com/tikal/hudson/plugins/
notification/model)
"""

from collections.abc import Mapping
from typing import Final

from .. import wording
from ..base import Fields, Headers, Source, Translated, pick, record, text
from ..wording import fill_lines, first

_PHASES: Final = {
    "QUEUED": "在排队",
    "STARTED": "开始了",
    "COMPLETED": "结束了",
    "FINALIZED": "结束了",
}
_STATES: Final[Mapping[str, tuple[str, int | str]]] = {
    "SUCCESS": ("成功了", 0), "FAILURE": ("失败了", 1), "UNSTABLE": ("不稳定", 2),
    "ABORTED": ("中止了", "已中止"), "NOT_BUILT": ("没有构建", "没有构建"),
}  # fmt: skip
_LINES: Final = (
    "[分支 {build.scm.branch}]",
    "[提交 {build.scm.commit}]",
    "[改动的人：{culprits}]",
    "[{build.notes}]",
    "[测试：{build.test_summary.total} 个，失败 {build.test_summary.failed} 个]",
    "[{build.full_url}]",
)


def _recognise(fields: Fields, headers: Headers) -> bool:
    return bool(text(fields, "name") and text(fields, "build.phase"))


def _translate(fields: Fields, headers: Headers) -> Translated | None:
    name, number = first(fields, "display_name", "name"), text(fields, "build.number")
    if not name or not record(fields, "build"):
        return None
    phase, state = text(fields, "build.phase"), text(fields, "build.status")
    ended = phase in ("COMPLETED", "FINALIZED", "")
    verb, result = _STATES.get(state, (_PHASES.get(phase, phase), None))
    verb, result = (verb, result) if ended else (_PHASES.get(phase, phase), None)
    people = wording.texts_of(fields, "build.scm.culprits")
    report_fields: dict[str, object] = {
        "title": f"{name} #{number} {verb}" if number else f"{name} {verb}",
        "content": fill_lines(_LINES, {**fields, "culprits": "、".join(people[:5])}),
        "event": f"jenkins.{phase.lower() or 'build'}",
        "result": result,
    }
    milliseconds = wording.seconds(pick(fields, "build.duration"))
    elapsed = milliseconds / 1000 if milliseconds and ended else None
    return Translated(report_fields, story=f"{name} {number}", elapsed=elapsed)


SOURCE: Final = Source("Jenkins", frozenset({"build"}), _recognise, _translate)
