"""Harbor's webhooks. Pure.

https://goharbor.io/docs/latest/working-with-projects/project-configuration/configure-webhooks/
"""

from collections.abc import Mapping
from typing import Final

from ..base import Fields, Headers, Source, Translated, record, records, text
from ..wording import fill_lines, first

_TYPES: Final[Mapping[str, tuple[str, int | None]]] = {
    "PUSH_ARTIFACT": ("推送了镜像", None), "PULL_ARTIFACT": ("拉取了镜像", None),
    "DELETE_ARTIFACT": ("删除了镜像", None), "UPLOAD_CHART": ("上传了 chart", None),
    "DOWNLOAD_CHART": ("下载了 chart", None), "DELETE_CHART": ("删除了 chart", None),
    "SCANNING_COMPLETED": ("扫描完成", 0), "SCANNING_FAILED": ("扫描失败", 1),
    "SCANNING_STOPPED": ("扫描停止了", None), "QUOTA_EXCEED": ("超出配额", 1),
    "QUOTA_WARNING": ("快到配额了", 2), "REPLICATION": ("复制", None),
    "TAG_RETENTION": ("清理标签", None),
}  # fmt: skip
"""By `type`: what happened (Chinese), and the result."""
_STATES: Final = {"success": 0, "succeed": 0, "failed": 1, "error": 1, "stopped": 2}
_LINES: Final = (
    "[{event_data.resources.*.resource_url}]",
    "[漏洞：{severity}]",
    "[{event_data.custom_attributes.Details}]",
    "[状态：{event_data.replication.job_status}]",
    "[状态：{event_data.retention.status}]",
)


def _recognise(fields: Fields, headers: Headers) -> bool:
    return bool(text(fields, "type") and "operator" in fields and record(fields, "event_data"))


def _translate(fields: Fields, headers: Headers) -> Translated | None:
    kind = text(fields, "type")
    if not kind or not record(fields, "event_data"):
        return None
    verb, result = _TYPES.get(kind, (kind, None))
    person = text(fields, "operator")
    name = first(fields, "event_data.repository.repo_full_name", "event_data.repository.name")
    tags = first(fields, "event_data.resources.*.tag")
    state = first(fields, "event_data.replication.job_status", "event_data.retention.status")
    report_fields: dict[str, object] = {
        "title": f"{f'{person} ' if person else ''}{verb}"
        f"{f' {name}' if name else ''}{f':{tags}' if tags else ''}",
        "content": fill_lines(_LINES, {**fields, "severity": _severity(fields)}),
        "event": f"harbor.{kind.lower()}",
        "result": _STATES.get(state.lower(), result),
    }
    return Translated(report_fields)


def _severity(fields: Fields) -> str:
    """Read how severe a scan's findings are; a resource's overview has a report by its kind."""
    for resource in records(fields, "event_data.resources"):
        for report in record(resource, "scan_overview").values():
            if severity := text(report, "severity"):
                return severity
    return ""


SOURCE: Final = Source("Harbor", frozenset({"event_data"}), _recognise, _translate)
