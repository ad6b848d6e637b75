"""Bitbucket Cloud's and Data Center's webhooks. Pure.

https://support.atlassian.com/bitbucket-cloud/docs/event-payloads/
https://confluence.atlassian.com/bitbucketserver/event-payload-938025882.html
"""

from collections.abc import Mapping
from typing import Final

from .. import wording
from ..base import Fields, Headers, Source, Translated, lines, pick, record, records, text
from ..wording import branch, fill, fill_lines, first, first_line

EVENT: Final = "x-event-key"
Wording = tuple[str, str]
"""Title and content."""
_TITLES: Final[Mapping[str, str]] = {
    "repo:fork": "{who}复刻到 {fork.full_name}",
    "repo:forked": "{who}复刻了仓库",
    "repo:updated": "{who}修改了仓库的设置",
    "repo:modified": "{who}修改了仓库的设置",
    "repo:transfer": "{who}转移了仓库",
    "repo:commit_comment_created": "{who}评论了提交 {commit.hash}",
    "repo:comment:added": "{who}评论了提交 {commit}",
    "repo:comment:edited": "{who}修改了对提交 {commit} 的评论",
    "repo:comment:deleted": "{who}删除了对提交 {commit} 的评论",
    "repo:commit_status_created": "{commit_status.name} {state}",
    "repo:commit_status_updated": "{commit_status.name} {state}",
    "issue:created": "{who}打开了 issue #{issue.id} {issue.title}",
    "issue:updated": "{who}更新了 issue #{issue.id} {issue.title}",
    "issue:comment_created": "{who}评论了 issue #{issue.id} {issue.title}",
    "pullrequest:created": "{who}打开了 {it}",
    "pullrequest:updated": "{who}更新了 {it}",
    "pullrequest:approved": "{who}批准了 {it}",
    "pullrequest:unapproved": "{who}撤销批准 {it}",
    "pullrequest:changes_request_created": "{who}要求修改 {it}",
    "pullrequest:changes_request_removed": "{who}不再要求修改 {it}",
    "pullrequest:fulfilled": "{who}合并了 {it}",
    "pullrequest:rejected": "{who}拒绝了 {it}",
    "pullrequest:comment_created": "{who}评论了 {it}",
    "pullrequest:comment_updated": "{who}修改了对 {it} 的评论",
    "pullrequest:comment_deleted": "{who}删除了对 {it} 的评论",
    "pullrequest:comment_resolved": "{who}解决了 {it} 里的一处评论",
    "pullrequest:comment_reopened": "{who}重新打开了 {it} 里的一处评论",
    "pr:opened": "{who}打开了 {it}",
    "pr:from_ref_updated": "{who}推送了新提交到 {it}",
    "pr:to_ref_updated": "{it} 的目标分支有新提交",
    "pr:modified": "{who}修改了 {it}",
    "pr:reviewer:updated": "{who}改了 {it} 的审阅者",
    "pr:reviewer:approved": "{who}批准了 {it}",
    "pr:reviewer:unapproved": "{who}撤销批准 {it}",
    "pr:reviewer:needs_work": "{who}要求修改 {it}",
    "pr:reviewer:changes_requested": "{who}要求修改 {it}",
    "pr:merged": "{who}合并了 {it}",
    "pr:declined": "{who}拒绝了 {it}",
    "pr:deleted": "{who}删除了 {it}",
    "pr:comment:added": "{who}评论了 {it}",
    "pr:comment:edited": "{who}修改了对 {it} 的评论",
    "pr:comment:deleted": "{who}删除了对 {it} 的评论",
}
"""By the event: the template of the title; `{it}` is the pull request."""
_LINES: Final = (
    "[{source} → {target}]",
    "[{comment.content.raw}]",
    "[{comment.text}]",
    "[{words}]",
    "[状态：{changes.status.old} → {changes.status.new}]",
    "[指派给 {issue.assignee.display_name}]",
    "[原因：{reason}]",
    "[{commit_status.description}]",
    "[{link}]",
)
_STATES: Final[Mapping[str, tuple[str, int | str]]] = {
    "SUCCESSFUL": ("成功了", 0), "FAILED": ("失败了", 1), "INPROGRESS": ("正在进行", "进行中"),
    "STOPPED": ("停止了", "已停止"),
}  # fmt: skip
_OPENED: Final = frozenset({"issue:created", "pullrequest:created", "pr:opened"})


def _event(fields: Fields, headers: Headers) -> str:
    if event := headers.get(EVENT, "") or text(fields, "eventKey"):
        return event
    about = ("push", "pullrequest", "issue", "commit_status")
    kinds = ("repo:push", "pullrequest:updated", "issue:updated", "repo:commit_status_updated")
    return next((kind for name, kind in zip(about, kinds, strict=True) if record(fields, name)), "")


def _recognise(fields: Fields, headers: Headers) -> bool:
    return bool(_event(fields, headers)) and bool(record(fields, "actor"))


def _translate(fields: Fields, headers: Headers) -> Translated | None:
    event = _event(fields, headers)
    if not event or not record(fields, "actor"):
        return None
    pushed = event in ("repo:push", "repo:refs_changed")
    title, content = _push(fields) if pushed else _describe(event, fields)
    where = first(
        fields, "repository.full_name", "repository.slug",
        "pullRequest.toRef.repository.slug", "new.slug",
    )  # fmt: skip
    report_fields: dict[str, object] = {
        "title": f"{where}：{title}" if where else title,
        "content": content,
        "event": f"bitbucket.{event.replace(':', '.')}",
        "result": _STATES.get(text(fields, "commit_status.state"), ("", None))[1],
        "id": headers.get("x-request-uuid"),
    }
    return Translated(report_fields)


def _person(fields: Fields) -> str:
    """Get who did it, with a space behind; empty if nobody is named."""
    person = first(
        fields, "actor.display_name", "actor.displayName", "actor.nickname", "actor.name"
    )
    return f"{person} " if person else ""


def _push(fields: Fields) -> Wording:
    """Tell of a push, which may change several branches."""
    changes = records(fields, "push.changes") or records(fields, "changes")
    titles = [_change(one) for one in changes[: wording.MAX_COMMITS]]
    commits = [row for one in changes for row in records(one, "commits")]
    content = lines(
        *(titles if len(titles) > 1 else ()),
        wording.list_commits(commits, len(commits)),
        first(fields, "push.changes.*.links.html.href", "repository.links.html.href"),
    )
    done = titles[0] if len(titles) == 1 else f"改了 {len(changes)} 个分支"
    return f"{_person(fields)}{done}", content


def _change(change: Fields) -> str:
    new, old = record(change, "new"), record(change, "old")
    name = first(new, "name") or first(old, "name") or text(change, "ref.displayId")
    kind = first(new, "type") or first(old, "type") or text(change, "ref.type").lower()
    noun = "标签" if kind == "tag" else "分支"
    if change.get("closed") is True or text(change, "type") == "DELETE":
        return f"删除了{noun} {branch(name)}"
    fresh = change.get("created") is True or text(change, "type") == "ADD"
    count = len(records(change, "commits"))
    verb = "强制推送" if change.get("forced") is True else "推送"
    commits = f" {count} 个提交到" if count else ""
    return f"{verb}了{commits}{'新' if fresh else ''}{noun} {branch(name)}"


def _describe(event: str, fields: Fields) -> Wording:
    pull = record(fields, "pullrequest") or record(fields, "pullRequest")
    body = first(fields, "issue.content.raw") or first(pull, "description", "summary.raw")
    state = text(fields, "commit_status.state")
    context: dict[str, object] = {
        **fields,
        "who": _person(fields),
        "it": f"PR #{text(pull, 'id')} {text(pull, 'title')}",
        "source": first(pull, "source.branch.name", "fromRef.displayId"),
        "target": first(pull, "destination.branch.name", "toRef.displayId"),
        "words": body if event in _OPENED else "",
        "reason": text(pull, "reason") if event == "pullrequest:rejected" else "",
        "state": _STATES.get(state, (state, None))[0],
        "link": _link(fields, pull),
    }
    if isinstance(pick(fields, "commit.hash"), str):
        context["commit"] = {"hash": text(fields, "commit.hash")[:7]}
    name = first_line(first(fields, "issue.title") or first(pull, "title"))
    template = _TITLES.get(event, f"{{who}}{event.replace('{', '').replace('[', '')}")
    title = fill(template.replace("{who}", "[{who} ]"), context)
    return title if event in _TITLES or not name else f"{title} {name}", fill_lines(_LINES, context)


def _link(fields: Fields, pull: Fields) -> str:
    return first(
        fields, "comment.links.html.href", "commit_status.url", "issue.links.html.href",
        "commit.links.html.href",
    ) or first(pull, "links.html.href", "links.self.*.href") or first(
        fields, "fork.links.html.href", "repository.links.html.href"
    )  # fmt: skip


SOURCE: Final = Source("Bitbucket", frozenset({"actor"}), _recognise, _translate)
