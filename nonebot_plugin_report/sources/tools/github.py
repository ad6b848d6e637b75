"""GitHub's webhooks, and those of Gitea and Forgejo, which write the same. Pure.

https://docs.github.com/en/webhooks/webhook-events-and-payloads
"""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from ..base import (
    MAX_SHOWN,
    Fields,
    Headers,
    Source,
    Translated,
    lines,
    moment,
    record,
    records,
    text,
)

EVENT: Final = "x-github-event"
DELIVERY: Final = "x-github-delivery"
SIGNATURE: Final = "x-hub-signature-256"
"""Header with the HMAC-SHA256 of the body, by the shared secret."""
MAX_BODY: Final = 1000
"""Most characters of a comment or description."""

_Kind = tuple[str, str, str]
"""The Chinese word for a kind of event; the field that has its title, and the field with
details."""
_KINDS: Final[dict[str, _Kind]] = {
    "pull_request": (" PR", "pull_request", "pull_request"),
    "pull_request_review": (" PR", "pull_request", "review"),
    "pull_request_review_comment": (" PR", "pull_request", "comment"),
    "issues": (" issue", "issue", "issue"),
    "issue_comment": ("", "issue", "comment"),
    "commit_comment": ("提交", "comment", "comment"),
    "discussion": ("讨论", "discussion", "discussion"),
    "discussion_comment": ("讨论", "discussion", "comment"),
    "release": ("版本", "release", "release"),
    "workflow_run": ("工作流", "workflow_run", "workflow_run"),
    "workflow_job": ("任务", "workflow_job", "workflow_job"),
    "check_run": ("检查", "check_run", "check_run"),
    "check_suite": ("检查", "check_suite", "check_suite"),
    "deployment_status": ("部署", "deployment", "deployment_status"),
    "deployment": ("部署", "deployment", "deployment"),
    "dependabot_alert": ("依赖警告", "alert", "alert"),
    "code_scanning_alert": ("代码扫描警告", "alert", "alert"),
    "secret_scanning_alert": ("密钥泄露警告", "alert", "alert"),
    "milestone": ("里程碑", "milestone", "milestone"),
    "label": ("标签", "label", "label"),
    "member": ("成员", "member", "member"),
    "repository": ("仓库", "repository", "repository"),
}
_ACTIONS: Final = {
    "opened": "打开了", "closed": "关闭了", "reopened": "重新打开了", "edited": "修改了",
    "created": "新建了", "deleted": "删除了", "published": "发布了", "released": "发布了",
    "prereleased": "预发布了", "unpublished": "撤回了", "synchronize": "更新了",
    "ready_for_review": "请求审阅", "review_requested": "请求审阅",
    "converted_to_draft": "转为草稿：",
    "assigned": "指派了", "unassigned": "取消指派了", "labeled": "标记了",
    "unlabeled": "取消标记了",
    "locked": "锁定了", "unlocked": "解锁了", "pinned": "置顶了", "unpinned": "取消置顶了",
    "milestoned": "排进了里程碑：", "demilestoned": "移出了里程碑：", "transferred": "转移了",
    "answered": "回答了", "added": "添加了", "removed": "移除了", "fixed": "修复了",
    "requested": "开始了", "queued": "排队中：", "in_progress": "正在运行", "waiting": "等待中：",
    "completed": "完成了",
}  # fmt: skip
_COMMENT_ACTIONS: Final = {"created": "评论了", "edited": "修改了评论：", "deleted": "删除了评论："}
_REVIEWS: Final = {"approved": "批准了", "changes_requested": "要求修改", "commented": "审阅了"}
_RESULTS: Final[dict[str, int | str]] = {
    "success": 0, "failure": 1, "error": 1, "timed_out": 1, "startup_failure": 1,
    "cancelled": "已取消", "skipped": "已跳过", "neutral": "无结论", "stale": "已过期",
    "action_required": "需要操作",
}  # fmt: skip
_RUNS: Final = frozenset({"workflow_run", "workflow_job", "check_run", "check_suite"})
_SEVERE: Final = frozenset({"dependabot_alert", "code_scanning_alert", "secret_scanning_alert"})


def _recognise(fields: Fields, headers: Headers) -> bool:
    return bool(headers.get(EVENT)) and ("repository" in fields or "sender" in fields)


def _translate(fields: Fields, headers: Headers) -> Translated | None:
    event = headers.get(EVENT, "") or _guess(fields)
    if not (event and (record(fields, "repository") or record(fields, "sender"))):
        return None
    action = text(fields, "action")
    title, content = _SPECIAL.get(event, _describe)(event, fields)
    where = text(fields, "repository.full_name") or text(fields, "organization.login")
    report_fields: dict[str, object] = {
        "title": f"{where}：{title}" if where else title,
        "content": content,
        "event": f"github.{event}.{action}" if action else f"github.{event}",
        "result": _result(event, fields),
        "id": headers.get(DELIVERY),
    }
    return Translated(report_fields, elapsed=_elapsed(event, fields))


def _guess(fields: Fields) -> str:
    """Guess the event of a body without its header, by its fields."""
    if "pusher" in fields and "commits" in fields:
        return "push"
    if "zen" in fields:
        return "ping"
    if "review" in fields and "pull_request" in fields:
        return "pull_request_review"
    if "comment" in fields:
        return "issue_comment" if "issue" in fields else "commit_comment"
    if "starred_at" in fields:
        return "star"
    kinds = (kind for kind in _KINDS if kind != "repository")  # every body has a repository
    return next((kind for kind in kinds if record(fields, _KINDS[kind][1])), "")


def _actor(fields: Fields) -> str:
    return text(fields, "sender.login") or text(fields, "pusher.name") or "有人"


def _describe(event: str, fields: Fields) -> tuple[str, str]:
    """Write title and content of an event of most kinds: actor, action and subject; then the text,
    the state and the link."""
    noun, about, detail = _KINDS.get(event, (event, event, event))
    subject, details = record(fields, about), record(fields, detail)
    number = text(subject, "number")
    name = next(filter(None, (text(subject, key) for key in _NAMES)), "")
    head = f"{_actor(fields)} {_action(event, fields)}{noun}"
    title = " ".join(filter(None, (head, f"#{number}" if number else "", name)))
    branch = text(details, "head_branch")
    return title, lines(
        f"分支 {branch}" if branch and event in _RUNS else "",
        _cut(text(details, "body")) if text(fields, "action") in _WRITTEN else "",
        text(details, "display_title"),
        text(details, "description"),
        text(details, "environment"),
        next(filter(None, (text(details, "html_url"), text(details, "target_url"))), ""),
    )


_WRITTEN: Final = frozenset(
    {"opened", "created", "edited", "submitted", "published", "prereleased", "released"}
)
"""Actions that come with a new text; with other actions it would be shown again."""
_NAMES: Final = (
    "title", "name", "tag_name", "security_advisory.summary", "rule.description",
    "secret_type_display_name", "login", "path", "environment", "full_name",
)  # fmt: skip


def _action(event: str, fields: Fields) -> str:
    action = text(fields, "action")
    if event == "pull_request" and action == "closed" and _is_merged(fields):
        return "合并了"
    if event == "pull_request_review" and action == "submitted":
        return _REVIEWS.get(text(fields, "review.state"), "审阅了")
    if event.endswith("_comment"):
        return _COMMENT_ACTIONS.get(action, f"{action} ")
    return _ACTIONS.get(action, f"{action} " if action else "")


def _is_merged(fields: Fields) -> bool:
    """Whether a pull request that was closed was merged."""
    return record(fields, "pull_request").get("merged") is True


def _push(event: str, fields: Fields) -> tuple[str, str]:
    ref = text(fields, "ref")
    kind = "标签" if ref.startswith("refs/tags/") else "分支"
    name = ref.removeprefix("refs/heads/").removeprefix("refs/tags/")
    commits = records(fields, "commits")
    if fields.get("deleted") is True:
        return f"{_actor(fields)} 删除了{kind} {name}", text(fields, "compare")
    verb = "强制推送" if fields.get("forced") is True else "推送"
    new = "新" if fields.get("created") is True else ""
    listed = [_commit(one) for one in commits[:MAX_SHOWN]]
    unlisted = len(commits) - len(listed)
    title = f"{_actor(fields)} {verb}了 {len(commits)} 个提交到{new}{kind} {name}"
    more = f"还有 {unlisted} 个提交" if unlisted > 0 else ""
    return title, lines(*listed, more, text(fields, "compare"))


def _commit(commit: Fields) -> str:
    first = text(commit, "message").partition("\n")[0]
    author = text(commit, "author.name")
    return f"{text(commit, 'id')[:7]} {first}{f'（{author}）' if author else ''}"


def _reference(event: str, fields: Fields) -> tuple[str, str]:
    kind = {"branch": "分支", "tag": "标签"}.get(text(fields, "ref_type"), "")
    did = "新建了" if event == "create" else "删除了"
    return f"{_actor(fields)} {did}{kind} {text(fields, 'ref')}", text(
        fields, "repository.html_url"
    )


def _star(event: str, fields: Fields) -> tuple[str, str]:
    did = "取消了星标" if text(fields, "action") == "deleted" else "加了星标"
    count = text(fields, "repository.stargazers_count")
    return f"{_actor(fields)} {did}", lines(
        f"现在有 {count} 个星标" if count else "", text(fields, "repository.html_url")
    )


def _fork(event: str, fields: Fields) -> tuple[str, str]:
    fork = record(fields, "forkee")
    return f"{_actor(fields)} 复刻到 {text(fork, 'full_name')}", text(fork, "html_url")


def _ping(event: str, fields: Fields) -> tuple[str, str]:
    return "GitHub 连上了", text(fields, "zen")


def _status(event: str, fields: Fields) -> tuple[str, str]:
    message = text(fields, "commit.commit.message").partition("\n")[0]
    title = f"{text(fields, 'context')} {text(fields, 'sha')[:7]}".strip()
    return title, lines(text(fields, "description"), message, text(fields, "target_url"))


_SPECIAL: Final[dict[str, Callable[[str, Fields], tuple[str, str]]]] = {
    "push": _push, "create": _reference, "delete": _reference, "star": _star, "watch": _star,
    "fork": _fork, "ping": _ping, "status": _status,
}  # fmt: skip


def _result(event: str, fields: Fields) -> int | str | None:
    if event in _SEVERE and text(fields, "action") in ("created", "reopened"):
        return 1
    run = record(fields, event) if event in _RUNS or event == "deployment_status" else fields
    word = text(run, "conclusion") or (
        text(run, "state") if event in ("status", "deployment_status") else ""
    )
    return _RESULTS.get(word, word or None)


def _elapsed(event: str, fields: Fields) -> float | None:
    """Seconds that a run took; None: it is no run, or goes on."""
    run = record(fields, event)
    if event not in _RUNS or not text(run, "conclusion"):
        return None
    began = _first(run, ("run_started_at", "started_at"))
    ended = _first(run, ("completed_at", "updated_at"))
    return max(0.0, (ended - began).total_seconds()) if began and ended else None


def _first(run: Fields, names: tuple[str, ...]) -> datetime | None:
    return next(filter(None, (moment(run.get(name)) for name in names)), None)


def _cut(body: str) -> str:
    return body if len(body) <= MAX_BODY else f"{body[:MAX_BODY]}…"


SOURCE: Final = Source("GitHub", frozenset({"repository", "sender"}), _recognise, _translate)
