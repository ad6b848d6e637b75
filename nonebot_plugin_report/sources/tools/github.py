"""GitHub's webhooks, and those of Gitea, Forgejo and Gogs, which write the same. Pure.

https://docs.github.com/en/webhooks/webhook-events-and-payloads
https://github.com/go-gitea/gitea (modules/structs/hook.go, services/webhook)
https://github.com/gogs/gogs (internal/database/webhook.go)
"""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from .. import wording
from ..base import (
    Fields,
    Headers,
    Source,
    Translated,
    as_text,
    lines,
    moment,
    record,
    records,
    text,
)
from ..wording import branch, fill, fill_lines, first, first_line, ref_kind
from .github_words import ACTIONS, GITEA_REVIEWS, KINDS, RESULTS, REVIEWS, STATES, Kind

EVENT: Final = "x-github-event"
DELIVERY: Final = "x-github-delivery"
SIGNATURE: Final = "x-hub-signature-256"
"""Header with the HMAC-SHA256 of the body, by the shared secret."""
_EVENTS: Final = (EVENT, "x-gitea-event", "x-forgejo-event", "x-gogs-event")
_DELIVERIES: Final = (DELIVERY, "x-gitea-delivery", "x-forgejo-delivery", "x-gogs-delivery")
_OTHER_NAMES: Final = {
    "pull_request_approved": "pull_request_review",
    "pull_request_rejected": "pull_request_review",
    "pull_request_comment": "pull_request_review",
}
"""Gitea's names of events that GitHub has too."""
_RUNS: Final = frozenset({"workflow_run", "workflow_job", "check_run", "check_suite"})
_SEVERE: Final = frozenset(
    {
        "dependabot_alert", "repository_vulnerability_alert", "code_scanning_alert",
        "secret_scanning_alert",
    }
)  # fmt: skip
_FOUND: Final = frozenset(
    {
        "created", "create", "reopened", "reopen", "reopened_by_user", "auto_reopened",
        "reintroduced", "appeared_in_branch", "publicly_leaked",
    }
)  # fmt: skip
_MENDED: Final = frozenset({"fixed", "resolved", "resolve"})
_WRITTEN: Final = frozenset(
    {
        "", "opened", "created", "edited", "submitted", "published", "prereleased", "released",
        "reviewed", "updated", "answered",
    }
)  # fmt: skip
"""Actions that come with a new text; with other actions it would be shown again."""
_NAMES: Final = (
    "title", "name", "tag_name", "security_advisory.summary", "rule.description", "rule.name",
    "secret_type_display_name", "secret_type", "summary", "affected_package_name", "login", "path",
    "environment", "app.name", "app_slug", "property_name", "full_name",
)  # fmt: skip
_PEOPLE: Final = (
    "sender.login", "sender.username", "pusher.name", "pusher.login", "comment.user.login",
    "run.trigger_user.login",
)  # fmt: skip
_OWN: Final = frozenset({"repository", "sender", "organization", "installation", "enterprise"})
_SEVERITIES: Final = {
    "low": "低", "medium": "中", "moderate": "中", "high": "高", "critical": "严重",
    "error": "错误", "warning": "警告", "note": "提示",
}  # fmt: skip


def _event(headers: Headers) -> str:
    event = next(filter(None, (headers.get(name, "") for name in _EVENTS)), "")
    return _OTHER_NAMES.get(event, event)


def _recognise(fields: Fields, headers: Headers) -> bool:
    return bool(_event(headers))


def _translate(fields: Fields, headers: Headers) -> Translated | None:
    event = _event(headers) or _guess(fields)
    if not event or not any(record(fields, name) for name in SOURCE.marks):
        return None
    action = text(fields, "action")
    title, content = _SPECIAL.get(event, _describe)(event, fields)
    where = first(fields, "repository.full_name", "run.repository.full_name", "organization.login")
    delivery = next(filter(None, (headers.get(name) for name in _DELIVERIES)), None)
    report_fields: dict[str, object] = {
        "title": f"{where}：{title}" if where else title,
        "content": content,
        "event": f"github.{event}.{action}" if action else f"github.{event}",
        "result": _result(event, fields),
        "id": delivery,
    }
    return Translated(report_fields, story=_story(event, fields), elapsed=_elapsed(event, fields))


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
    kinds = (kind for kind in KINDS if KINDS[kind].about not in ("", *_OWN))
    return next((kind for kind in kinds if record(fields, KINDS[kind].about)), "")


def _actor(fields: Fields) -> str:
    """Get who did it, with a space behind; empty if nobody is named."""
    person = first(fields, *_PEOPLE)
    return f"{person} " if person else ""


def _describe(event: str, fields: Fields) -> tuple[str, str]:
    """Write title and content of an event of most kinds: actor, action and subject; then the text,
    the state and the link."""
    kind = KINDS.get(event) or _unknown(event, fields)
    subject = record(fields, kind.about)
    details = record(fields, kind.detail or kind.about)
    number = text(subject, "number")
    name = first(subject, *_NAMES)
    context = _context(fields, subject, details) | {
        "it": " ".join(filter(None, (kind.noun, f"#{number}" if number else "", name)))
    }
    did = fill(_action(event, kind, fields), context)
    title = f"{_actor(fields)}{did}"
    return title, lines(
        fill_lines(kind.lines, context),
        fill_lines(_CHANGES, context),
        _body(fields, details),
        *(wording.cut(one) for one in _descriptions(details) if one != name),
        first(details, "html_url", "target_url", "log_url")
        or first(subject, "html_url")
        or first(fields, "repository.html_url", "organization.html_url"),
    )


_CHANGES: Final = ("[原标题：{changes.title.from}]", "[原因：{state_reason}]", "[标签 {tag}]")


def _context(fields: Fields, subject: Fields, details: Fields) -> dict[str, object]:
    """Add to the fields of a body what templates name and does not stand at one path alone."""
    severity = first(
        fields, "alert.security_advisory.severity", "alert.security_vulnerability.severity",
        "alert.rule.security_severity_level", "alert.rule.severity", "alert.severity",
        "security_advisory.severity", "repository_advisory.severity",
    )  # fmt: skip
    name, tag = text(subject, "name"), text(subject, "tag_name")
    reasons = {"not_planned": "不做了", "duplicate": "重复"}
    closed = text(fields, "action") == "closed"
    return {
        **fields,
        "text": details,
        "severity": _SEVERITIES.get(severity, severity),
        "branch": branch(first(details, "head_branch") or first(fields, "ref", "branch")),
        "base": branch(text(fields, "merge_group.base_ref")),
        "labels": wording.read(subject, "labels.*.name"),
        "assignees": first(fields, "assignee.login") or first(subject, "assignees.*.login"),
        "milestone": first(fields, "milestone.title") or first(subject, "milestone.title"),
        "deployment_state": STATES.get(state := text(details, "state"), state),
        "state_reason": reasons.get(text(subject, "state_reason"), "") if closed else "",
        "tag": tag if name and name != tag else "",
    }


def _unknown(event: str, fields: Fields) -> Kind:
    """Make a kind for an event that no table knows, of the object that is named like it."""
    about = event if record(fields, event) else ""
    others = (name for name in fields if name not in _OWN and name != "changes")
    about = about or next((name for name in others if record(fields, name)), "")
    return Kind(f" {event}", about)


def _action(event: str, kind: Kind, fields: Fields) -> str:
    """Get the template for what was done."""
    action = text(fields, "action")
    if event == "pull_request" and action == "closed" and _is_merged(fields):
        return "合并了{it}"
    if event == "pull_request_review" and action in ("submitted", "reviewed"):
        state, kind_of_gitea = text(fields, "review.state"), text(fields, "review.type")
        return REVIEWS.get(state) or GITEA_REVIEWS.get(kind_of_gitea) or "审阅了{it}"
    return kind.actions.get(action) or ACTIONS.get(action) or "{action} {it}"


def _is_merged(fields: Fields) -> bool:
    """Whether a pull request that was closed was merged."""
    return record(fields, "pull_request").get("merged") is True


def _descriptions(details: Fields) -> tuple[str, ...]:
    return text(details, "description"), text(details, "summary")


def _body(fields: Fields, details: Fields) -> str:
    """Write a comment or description, if the action comes with it."""
    if text(fields, "action") not in _WRITTEN:
        return ""
    return wording.cut(first(details, "body", "content", "note"))


def _push(event: str, fields: Fields) -> tuple[str, str]:
    ref = text(fields, "ref")
    kind, name = ref_kind(ref), branch(ref)
    commits = records(fields, "commits")
    link = first(fields, "compare", "compare_url")
    if fields.get("deleted") is True:
        return f"{_actor(fields)}删除了{kind} {name}", link
    verb = "强制推送" if fields.get("forced") is True else "推送"
    new = "新" if fields.get("created") is True else ""
    total = max(len(commits), wording.count(text(fields, "total_commits")))
    if not total:
        return f"{_actor(fields)}{verb}了{new}{kind} {name}", link
    title = f"{_actor(fields)}{verb}了 {total} 个提交到{new}{kind} {name}"
    return title, lines(wording.list_commits(commits, total), link)


def _reference(event: str, fields: Fields) -> tuple[str, str]:
    kind = {"branch": "分支", "tag": "标签", "repository": "仓库"}.get(text(fields, "ref_type"), "")
    verb = "新建了" if event == "create" else "删除了"
    return f"{_actor(fields)}{verb}{kind} {branch(text(fields, 'ref'))}", text(
        fields, "repository.html_url"
    )


def _star(event: str, fields: Fields) -> tuple[str, str]:
    verb = "取消了星标" if text(fields, "action") == "deleted" else "加了星标"
    count = text(fields, "repository.stargazers_count")
    return f"{_actor(fields)}{verb}", lines(
        f"现在有 {count} 个星标" if count else "", text(fields, "repository.html_url")
    )


def _fork(event: str, fields: Fields) -> tuple[str, str]:
    """Gitea has the new repository in `repository`, and the old one in `forkee`."""
    fork = record(fields, "forkee")
    if fork.get("fork") is False and fields.get("repository") != fork:
        fork = record(fields, "repository")
    return f"{_actor(fields)}复刻到 {text(fork, 'full_name')}", text(fork, "html_url")


def _ping(event: str, fields: Fields) -> tuple[str, str]:
    return "GitHub 连上了", text(fields, "zen")


def _status(event: str, fields: Fields) -> tuple[str, str]:
    message = first_line(text(fields, "commit.commit.message"))
    title = f"{text(fields, 'context')} {text(fields, 'sha')[:7]}".strip()
    return title, lines(
        fill("[分支 {branches.*.name}]", fields),
        text(fields, "description"),
        message,
        text(fields, "target_url"),
    )


def _wiki(event: str, fields: Fields) -> tuple[str, str]:
    """GitHub tells of several pages at once."""
    pages = records(fields, "pages")
    created = any(text(page, "action") == "created" for page in pages)
    listed = fill("{pages.*.title}", fields)
    title = f"{_actor(fields)}{'新建' if created else '修改'}了 wiki 页{listed}"
    return title, fill_lines(("[{pages.*.summary}]", "[{pages.*.html_url}]"), fields)


def _page_build(event: str, fields: Fields) -> tuple[str, str]:
    state = text(fields, "build.status")
    verb = {"built": "构建好了", "errored": "没能构建"}.get(state, "在构建")
    return f"{verb} GitHub Pages", fill_lines(
        (
            "[{build.error.message}]",
            "[推送的人：{build.pusher.login}]",
            "[提交 {build.commit}]",
            "[{repository.html_url}]",
        ),
        fields,
    )


def _action_run(event: str, fields: Fields) -> tuple[str, str]:
    """Tell of a run of Forgejo's actions, which it does only when it has ended."""
    verb = _RUN_ENDS.get(event, "结束了")
    return f"工作流{verb}：{text(fields, 'run.title')}", fill_lines(
        ("[{run.workflow_id}]", "[分支 {run.prettyref}]", "[{run.html_url}]"), fields
    )


_RUN_ENDS: Final = {
    "action_run_failure": "失败了", "action_run_recover": "恢复了", "action_run_success": "成功了",
}  # fmt: skip
_SPECIAL: Final[dict[str, Callable[[str, Fields], tuple[str, str]]]] = {
    "push": _push, "create": _reference, "delete": _reference, "star": _star, "watch": _star,
    "fork": _fork, "ping": _ping, "status": _status, "gollum": _wiki, "page_build": _page_build,
    **dict.fromkeys(_RUN_ENDS, _action_run),
}  # fmt: skip


def _result(event: str, fields: Fields) -> int | str | None:
    action = text(fields, "action")
    if event in _SEVERE:
        return 1 if action in _FOUND else 0 if action in _MENDED else None
    if event in _RUN_ENDS:
        return 1 if event == "action_run_failure" else 0
    word = _state(event, action, fields)
    return RESULTS.get(word, word or None)


def _state(event: str, action: str, fields: Fields) -> str:
    """Get the word of the tool's for how something ended or stands; empty: there is none."""
    if event in _RUNS:
        # A run that is started again still has its last conclusion.
        return text(fields, f"{event}.conclusion") if action in ("", "completed") else ""
    paths = {
        "status": "state", "deployment_status": "deployment_status.state",
        "page_build": "build.status", "repository_import": "status",
    }  # fmt: skip
    return text(fields, paths[event]) if event in paths else ""


def _story(event: str, fields: Fields) -> str:
    """Name the alert that an event finds or mends."""
    if event not in _SEVERE:
        return ""
    return first(fields, "alert.html_url", "alert.external_reference") or as_text(
        record(fields, "alert").get("number")
    )


def _elapsed(event: str, fields: Fields) -> float | None:
    """Seconds that a run took; None: it is no run, or goes on."""
    run = record(fields, event)
    if event not in _RUNS or not _state(event, text(fields, "action"), fields):
        return None
    began = _first_moment(run, ("run_started_at", "started_at"))
    ended = _first_moment(run, ("completed_at", "updated_at"))
    return max(0.0, (ended - began).total_seconds()) if began and ended else None


def _first_moment(run: Fields, names: tuple[str, ...]) -> datetime | None:
    return next(filter(None, (moment(run.get(name)) for name in names)), None)


SOURCE: Final = Source(
    "GitHub",
    frozenset({"repository", "sender", "run", "security_advisory", "marketplace_purchase"}),
    _recognise,
    _translate,
)
