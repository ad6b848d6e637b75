"""Gitee's webhooks. Pure.

https://help.gitee.com/webhook/gitee-webhook-push-data-format
"""

from collections.abc import Callable, Mapping
from typing import Final

from .. import wording
from ..base import Fields, Headers, Source, Translated, lines, records, text
from ..wording import branch, fill, fill_lines, first, first_line, ref_kind

EVENT: Final = "x-gitee-event"
Wording = tuple[str, str]
"""Title and content."""
_ACTIONS: Final[Mapping[str, str]] = {
    "open": "打开了", "close": "关闭了", "closed": "关闭了", "reopen": "重新打开了",
    "update": "更新了", "merge": "合并了", "merged": "合并了", "assign": "指派了",
    "unassign": "取消指派了", "test": "请人测试", "tested": "测试通过了",
    "approved": "审查通过了", "delete": "删除了", "edit": "修改了", "comment": "评论了",
    "edited": "修改了对", "deleted": "删除了对", "state_change": "改了状态：", "": "更新了",
}  # fmt: skip
_STATES: Final[Mapping[str, str]] = {
    "open": "待办", "progressing": "进行中", "closed": "已完成", "rejected": "已拒绝",
    "merged": "已合并",
}  # fmt: skip
_CHANGED: Final[Mapping[str, str]] = {
    "source_branch_changed": "推送了新提交", "target_branch_changed": "目标分支有新提交",
    "update_title": "改了标题", "update_body": "改了说明", "update_label": "改了标签",
    "update_draft": "改了草稿状态", "target_branch_modified": "改了目标分支",
}  # fmt: skip
"""What was updated of a pull request, by `action_desc`."""
_NOUNS: Final = {"PullRequest": "PR", "Issue": "issue", "Commit": "提交"}


def _push(fields: Fields) -> Wording:
    ref = text(fields, "ref")
    kind, name, who = ref_kind(ref), branch(ref), _person(fields)
    link = text(fields, "compare") or _repository(fields, "html_url")
    if fields.get("deleted") is True:
        return f"{who}删除了{kind} {name}", link
    commits = records(fields, "commits")
    total = max(len(commits), wording.count(text(fields, "total_commits_count")))
    new = "新" if fields.get("created") is True else ""
    if not total or kind == "标签":
        return f"{who}推送了{new}{kind} {name}", link
    title = f"{who}推送了 {total} 个提交到{new}{kind} {name}"
    return title, lines(wording.list_commits(commits, total), link)


def _issue(fields: Fields) -> Wording:
    action = text(fields, "action")
    state = first(fields, "state", "issue.state")
    name = first(fields, "title", "issue.title")
    number = first(fields, "iid", "issue.number")
    title = " ".join(filter(None, ("issue", f"#{number}" if number else "", name)))
    return f"{_person(fields)}{_verb(action)}{title}", lines(
        f"状态：{_STATES.get(state, state)}" if action != "open" and state else "",
        fill("[指派给 {assignee.name}]", fields),
        fill("[里程碑 {milestone.title}]", fields),
        _description(fields, "description", "issue.body"),
        first(fields, "url", "issue.html_url"),
    )


def _pull_request(fields: Fields) -> Wording:
    changed = text(fields, "action_desc")
    name = first(fields, "title", "pull_request.title")
    number = first(fields, "iid", "number", "pull_request.number")
    title = " ".join(filter(None, ("PR", f"!{number}" if number else "", name)))
    source = first(fields, "source_branch", "pull_request.head.ref")
    target = first(fields, "target_branch", "pull_request.base.ref")
    return f"{_person(fields)}{_verb(text(fields, 'action'))} {title}", lines(
        f"{source} → {target}" if source and target else "",
        _CHANGED.get(changed, changed),
        fill("[指派给 {target_user.name}]", fields),
        wording.cut(first(fields, "body", "pull_request.body")),
        first(fields, "url", "pull_request.html_url"),
    )


def _note(fields: Fields) -> Wording:
    kind = text(fields, "noteable_type")
    number = first(fields, "per_iid", "issue.number", "pull_request.number", "short_commit_id")
    name = first_line(first(fields, "title", "issue.title", "pull_request.title"))
    subject = " ".join(filter(None, (_NOUNS.get(kind, kind), number, name)))
    verb = _verb(text(fields, "action") or "comment")
    behind = " 的评论" if verb.endswith("对") else ""
    return f"{_person(fields)}{verb} {subject}{behind}", lines(
        wording.cut(first(fields, "note", "comment.body")),
        first(fields, "url", "comment.html_url"),
    )


def _verb(action: str) -> str:
    return _ACTIONS.get(action, f"{action} ")


def _description(fields: Fields, *paths: str) -> str:
    return wording.cut(first(fields, *paths)) if text(fields, "action") == "open" else ""


def _repository(fields: Fields, name: str) -> str:
    return first(fields, f"repository.{name}", f"project.{name}")


def _person(fields: Fields) -> str:
    """Get who did it, with a space behind; empty if nobody is named."""
    person = first(
        fields, "sender.name", "user_name", "user.name", "updated_by.name", "pusher.name",
        "sender.login",
    )  # fmt: skip
    return f"{person} " if person else ""


_KINDS: Final[Mapping[str, Callable[[Fields], Wording]]] = {
    "push_hooks": _push, "tag_push_hooks": _push, "issue_hooks": _issue,
    "merge_request_hooks": _pull_request, "note_hooks": _note,
}  # fmt: skip


def _recognise(fields: Fields, headers: Headers) -> bool:
    kind = text(fields, "hook_name")
    return kind in _KINDS or bool(kind and headers.get(EVENT))


def _translate(fields: Fields, headers: Headers) -> Translated | None:
    kind = text(fields, "hook_name")
    if not kind:
        return None
    title, content = _KINDS.get(kind, _other)(fields)
    where = first(
        fields, "repository.full_name", "project.full_name", "project.path_with_namespace"
    )
    action = text(fields, "action")
    event = f"gitee.{kind.removesuffix('_hooks')}"
    report_fields: dict[str, object] = {
        "title": f"{where}：{title}" if where else title,
        "content": content,
        "event": f"{event}.{action}" if action else event,
    }
    rewritten = frozenset({"body"} if kind == "merge_request_hooks" else ())
    return Translated(report_fields, rewritten=rewritten)


def _other(fields: Fields) -> Wording:
    title = fill("{who}{hook_name}[ {action}][ {title}]", {**fields, "who": _person(fields)})
    return title, fill_lines(("[{description}]", "[{url}]", "[{repository.html_url}]"), fields)


SOURCE: Final = Source("Gitee", frozenset({"hook_name"}), _recognise, _translate)
