"""Azure DevOps' service hooks. Pure.

https://learn.microsoft.com/en-us/azure/devops/service-hooks/events
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from .. import wording
from ..base import Fields, Headers, Source, Translated, lines, moment, record, text
from ..wording import first, first_line

_EVENTS: Final[Mapping[str, str]] = {
    "build.complete": "构建结束", "git.push": "推送", "git.pullrequest.created": "新的 PR",
    "git.pullrequest.updated": "PR 有变化", "git.pullrequest.merged": "PR 合并",
    "ms.vss-code.git-pullrequest-comment-event": "PR 有新评论", "tfvc.checkin": "签入",
    "git.repo.created": "新建仓库", "git.repo.deleted": "删除仓库",
    "workitem.created": "新的工作项", "workitem.updated": "工作项有变化",
    "workitem.commented": "工作项有新评论", "workitem.deleted": "删除工作项",
    "workitem.restored": "恢复工作项",
    "ms.vss-release.release-created-event": "新的发布",
    "ms.vss-release.release-abandoned-event": "放弃发布",
    "ms.vss-release.deployment-started-event": "部署开始",
    "ms.vss-release.deployment-completed-event": "部署结束",
    "ms.vss-release.deployment-approval-pending-event": "部署等待批准",
    "ms.vss-release.deployment-approval-completed-event": "部署的批准结束",
    "ms.vss-pipelines.run-state-changed-event": "流水线的状态变了",
    "ms.vss-pipelines.stage-state-changed-event": "流水线的阶段变了",
    "ms.vss-pipelines.job-state-changed-event": "流水线的任务变了",
}  # fmt: skip
_RESULTS: Final[Mapping[str, int | str]] = {
    "succeeded": 0, "partiallysucceeded": 2, "failed": 1, "stopped": "已取消",
    "canceled": "已取消", "rejected": 1, "succeededwithissues": 2,
}  # fmt: skip
_STATES: Final = (
    "resource.result", "resource.run.result", "resource.stage.result", "resource.job.result",
    "resource.environment.status", "resource.deployment.deploymentStatus", "resource.status",
)  # fmt: skip
_ENDED: Final = ("build.", "ms.vss-release.deployment-completed", "ms.vss-pipelines.")
"""How events begin that say how something ended."""


def _recognise(fields: Fields, headers: Headers) -> bool:
    return bool(text(fields, "eventType") and text(fields, "publisherId"))


def _translate(fields: Fields, headers: Headers) -> Translated | None:
    event = text(fields, "eventType")
    message = text(fields, "message.text")
    if not event or not (message or record(fields, "resource")):
        return None
    label = _EVENTS.get(event, event)
    title = first_line(message) or first(fields, "resource.name", "resource.buildNumber")
    details = text(fields, "detailedMessage.text")
    state = first(fields, *_STATES).lower() if event.startswith(_ENDED) else ""
    report_fields: dict[str, object] = {
        "title": f"{label}：{title}" if title else label,
        "content": lines(
            wording.cut(details) if details != message else "",
            first(
                fields,
                "resource._links.web.href",
                "resource.run._links.web.href",
                "resource.repository.remoteUrl",
            ),
        ),
        "event": f"azure.{event}",
        "result": _RESULTS.get(state),
    }
    return Translated(report_fields, elapsed=_elapsed(record(fields, "resource")))


def _elapsed(resource: Fields) -> float | None:
    """Seconds that a build took; its times have seven digits below a second."""
    began, ended = _moment(resource, "startTime"), _moment(resource, "finishTime")
    return max(0.0, (ended - began).total_seconds()) if began and ended else None


def _moment(resource: Fields, name: str) -> datetime | None:
    return moment(text(resource, name))


SOURCE: Final = Source("Azure DevOps", frozenset({"eventType"}), _recognise, _translate)
