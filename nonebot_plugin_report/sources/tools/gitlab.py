"""GitLab's webhooks of projects and groups, and its system hooks. Pure.

https://docs.gitlab.com/user/project/integrations/webhook_events/
https://docs.gitlab.com/administration/system_hooks/
"""

from collections.abc import Callable, Mapping
from typing import Final

from .. import wording
from ..base import Fields, Headers, Source, Translated, lines, pick, record, records, text
from ..wording import branch, fill, fill_lines, first, first_line, ref_kind

EVENT: Final = "x-gitlab-event"
Wording = tuple[str, str]
"""Title and content."""
_NONE: Final = "0" * 40
"""The commit of a branch that did not exist before, or does not afterwards."""

_STATES: Final[Mapping[str, tuple[str, int | str]]] = {
    "success": ("成功了", 0),
    "failed": ("失败了", 1),
    "canceled": ("取消了", "已取消"),
    "canceling": ("正在取消", "取消中"),
    "skipped": ("跳过了", "已跳过"),
    "running": ("开始了", "进行中"),
    "pending": ("在等待运行", "等待中"),
    "created": ("新建了", "已创建"),
    "preparing": ("在准备", "准备中"),
    "manual": ("等人手动运行", "等待手动"),
    "scheduled": ("定了时", "已定时"),
    "waiting_for_resource": ("在等待资源", "等待中"),
    "blocked": ("等待批准", "等待批准"),
}
"""By the status of a pipeline, a job or a deployment: the verb, and the result."""
_ACTIONS: Final[Mapping[str, str]] = {
    "open": "打开了", "close": "关闭了", "reopen": "重新打开了", "update": "更新了",
    "merge": "合并了", "approved": "批准了", "approval": "批准了", "unapproved": "撤销批准",
    "unapproval": "撤销批准", "create": "新建了", "delete": "删除了", "": "更新了",
}  # fmt: skip
_TYPES: Final[Mapping[str, str]] = {
    "Issue": "议题", "Task": "任务", "Incident": "事故", "Ticket": "工单", "Epic": "史诗",
    "Objective": "目标", "Key Result": "关键结果", "Test Case": "测试用例",
    "Requirement": "需求", "MergeRequest": "合并请求", "Commit": "提交", "Snippet": "代码片段",
    "WikiPage::Meta": "wiki 页", "DesignManagement::Design": "设计", "Project": "项目",
    "Note": "评论",
}  # fmt: skip
_ABOUT: Final = ("merge_request", "issue", "work_item", "epic", "snippet", "commit", "wiki_page")
"""Objects that a comment may be about."""
_CHANGES: Final = (
    "[原标题：{changes.title.previous}]",
    "[标签改为：{changes.labels.current.*.title}]",
    "[改为指派给：{changes.assignees.current.*.name}]",
    "[改为请这些人审阅：{changes.reviewers.current.*.name}]",
    "[期限改为：{changes.due_date.current}]",
)
_OPENED: Final = (
    "[标签：{labels.*.title}]",
    "[指派给：{assignees.*.name}]",
    "[审阅者：{reviewers.*.name}]",
    "[期限：{object_attributes.due_date}]",
)


def _push(fields: Fields) -> Wording:
    ref = text(fields, "ref")
    kind, name, who = ref_kind(ref), branch(ref), _person(fields)
    link = text(fields, "project.web_url")
    message = first_line(text(fields, "message"))
    if text(fields, "after") == _NONE:
        return f"{who}删除了{kind} {name}", link
    new = "新" if text(fields, "before") == _NONE else ""
    total = wording.count(text(fields, "total_commits_count"))
    commits = records(fields, "commits")
    total = max(total, len(commits))
    if not total:
        return f"{who}推送了{new}{kind} {name}", lines(message, link)
    listed = wording.list_commits(reversed(commits), total)
    return f"{who}推送了 {total} 个提交到{new}{kind} {name}", lines(message, listed, link)


def _subject(fields: Fields) -> Wording:
    """Tell of an issue, a work item or a merge request."""
    attributes = record(fields, "object_attributes")
    action = text(attributes, "action")
    merge = text(fields, "object_kind") == "merge_request"
    noun = "合并请求" if merge else _noun(attributes)
    if text(fields, "event_type").startswith("confidential") or attributes.get("confidential"):
        noun = f"私密{noun}"
    name = f"{'!' if merge else '#'}{text(attributes, 'iid')} {text(attributes, 'title')}"
    verb = _ACTIONS.get(action, f"{action} ")
    return f"{_person(fields)}{verb}{noun} {name}", lines(
        fill("[{source_branch} → {target_branch}]", attributes),
        wording.cut(text(attributes, "description")) if action == "open" else "",
        fill_lines(_OPENED if action in ("open", "") else _CHANGES, fields),
        _draft(fields),
        _pushed(fields),
        text(attributes, "url"),
    )


def _noun(attributes: Fields) -> str:
    kind = text(attributes, "type") or "Issue"
    return _TYPES.get(kind, kind)


def _draft(fields: Fields) -> str:
    draft = pick(fields, "changes.draft.current")
    return "" if draft is None else "转为草稿" if draft is True else "不再是草稿"


def _pushed(fields: Fields) -> str:
    """Name the newest commit of a merge request, if the event is that it was pushed."""
    if not text(fields, "object_attributes.oldrev"):
        return ""
    return fill("推送了新提交[：{object_attributes.last_commit.title}]", fields)


def _about(fields: Fields) -> Fields:
    """Get what a comment or an emoji is about; empty if it is of no kind that is known."""
    nothing: Fields = {}
    return next(filter(None, (record(fields, name) for name in _ABOUT)), nothing)


def _note(fields: Fields) -> Wording:
    attributes = record(fields, "object_attributes")
    about = _about(fields)
    kind = text(attributes, "noteable_type")
    number = text(about, "iid")
    sign = "!" if kind == "MergeRequest" else "#"
    name = first_line(first(about, "title", "message"))
    which = f"{sign}{number}" if number else text(about, "id")[:8] if kind == "Commit" else ""
    subject = " ".join(filter(None, (_TYPES.get(kind, kind), which, name)))
    changed = text(attributes, "action") == "update"
    verb = "修改了对" if changed else "评论了"
    title = f"{_person(fields)}{verb}{subject}{' 的评论' if changed else ''}"
    return title, lines(
        wording.cut(first(attributes, "note", "description")),
        fill("[{st_diff.new_path}]", attributes),
        text(attributes, "url"),
    )


def _pipeline(fields: Fields) -> Wording:
    attributes = record(fields, "object_attributes")
    verb = _state(attributes, "status")[0]
    kind = "标签" if attributes.get("tag") is True else "分支"
    failed = "、".join(text(one, "name") for one in _failed(fields)[: wording.MAX_COMMITS])
    number = fill("[#{id}]", attributes)
    return f"流水线 {number} {verb}（{kind} {text(attributes, 'ref')}）", lines(
        f"失败的任务：{failed}" if failed else "",
        fill("[合并请求 !{merge_request.iid}][ {merge_request.title}]", fields),
        _commit(fields),
        fill("[由 {user.name} 触发]", fields),
        text(attributes, "url") or _link(fields, "pipelines", text(attributes, "id")),
    )


def _failed(fields: Fields) -> list[Fields]:
    return [one for one in records(fields, "builds") if text(one, "status") == "failed"]


def _job(fields: Fields) -> Wording:
    kind = "标签" if fields.get("tag") is True else "分支"
    name, verb = text(fields, "build_name"), _state(fields, "build_status")[0]
    reason = text(fields, "build_failure_reason")
    return f"任务 {name} {verb}（{kind} {text(fields, 'ref')}）", lines(
        fill("[阶段：{build_stage}]", fields),
        f"原因：{reason}" if reason not in ("", "unknown_failure") else "",
        "允许失败" if fields.get("build_allow_failure") is True else "",
        _commit(fields),
        fill("[由 {user.name} 触发]", fields),
        _link(fields, "jobs", text(fields, "build_id")),
    )


def _commit(fields: Fields) -> str:
    author = first(fields, "commit.author.name", "commit.author_name")
    title = first_line(first(fields, "commit.title", "commit.message"))
    return f"{title}{f'（{author}）' if author else ''}" if title else ""


def _link(fields: Fields, kind: str, number: str) -> str:
    where = first(fields, "project.web_url", "repository.homepage")
    return f"{where}/-/{kind}/{number}" if where and number else where


def _deployment(fields: Fields) -> Wording:
    verb = _state(fields, "status")[0]
    return f"部署到 {text(fields, 'environment')} {verb}", fill_lines(
        (
            "[分支 {ref}]",
            "[{short_sha}][ {commit_title}]",
            "[由 {user.name} 触发]",
            "[{environment_external_url}]",
            "[{deployable_url}]",
        ),
        fields,
    )


def _feature_flag(fields: Fields) -> Wording:
    active = pick(fields, "object_attributes.active")
    verb = "打开了" if active is True else "关闭了"
    return f"{_person(fields)}{verb}功能开关 {text(fields, 'object_attributes.name')}", lines(
        text(fields, "object_attributes.description"), text(fields, "project.web_url")
    )


def _release(fields: Fields) -> Wording:
    verb = {"create": "发布了", "update": "更新了", "delete": "删除了"}.get(
        text(fields, "action"), "发布了"
    )
    name, tag = text(fields, "name"), text(fields, "tag")
    return f"{verb}版本 {name or tag}", lines(
        f"标签 {tag}" if tag != name else "",
        wording.cut(text(fields, "description")),
        text(fields, "url"),
    )


def _emoji(fields: Fields) -> Wording:
    attributes = record(fields, "object_attributes")
    kind = text(attributes, "awardable_type")
    about = _about(fields)
    taken = text(fields, "event_type") == "revoke" or text(attributes, "action") == "revoke"
    verb = "收回了对" if taken else "回应了"
    subject = " ".join(filter(None, (_TYPES.get(kind, kind), first_line(first(about, "title")))))
    return f"{_person(fields)}{verb}{subject}：{text(attributes, 'name')}", lines(
        wording.cut(text(fields, "note.note")), text(attributes, "awarded_on_url")
    )


_KINDS: Final[Mapping[str, Callable[[Fields], Wording]]] = {
    "push": _push, "tag_push": _push, "issue": _subject, "work_item": _subject,
    "merge_request": _subject, "note": _note, "pipeline": _pipeline, "build": _job, "job": _job,
    "deployment": _deployment, "feature_flag": _feature_flag, "release": _release,
    "emoji": _emoji,
}  # fmt: skip
_ROLE: Final = ("[角色：{group_access}]", "[角色：{access_level}]", "[到期：{expires_at}]")
_OWNER: Final = ("[所有者：{owner_name}]", "[可见范围：{project_visibility}]")
_IN_GROUP: Final = "{user_name}（{user_username}）"
_NAMED: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "wiki_page": (
        "{who}{did} wiki 页 {object_attributes.title}",
        ("[{object_attributes.message}]", "[{object_attributes.url}]"),
    ),
    "access_token": (
        "访问令牌 {object_attributes.name} 快要过期",
        ("[{object_attributes.expires_at} 过期]", "[{project.web_url}]", "[{group.group_name}]"),
    ),
    "milestone": (
        "{who}{did}里程碑 {object_attributes.title}",
        ("[{object_attributes.description}]", "[到期：{object_attributes.due_date}]"),
    ),
    "vulnerability": (
        "漏洞：{object_attributes.title}",
        (
            "[严重程度：{object_attributes.severity}]",
            "[状态：{object_attributes.state}]",
            "[位置：{object_attributes.location.file}]",
            "[{object_attributes.url}]",
        ),
    ),
    "project_create": ("新建了项目 {path_with_namespace}", _OWNER),
    "project_destroy": ("删除了项目 {path_with_namespace}", _OWNER),
    "project_rename": (
        "项目改名为 {path_with_namespace}", ("[原名：{old_path_with_namespace}]", *_OWNER)
    ),
    "project_transfer": (
        "项目转移到 {path_with_namespace}", ("[原来在 {old_path_with_namespace}]", *_OWNER)
    ),
    "project_update": ("修改了项目 {path_with_namespace}", _OWNER),
    "repository_update": (
        "{who}更新了仓库", ("[{refs_changed.*.ref}]", "[{project.web_url}]")
    ),
    "group_create": ("新建了群组 {name}", ("[{full_path}]",)),
    "group_destroy": ("删除了群组 {name}", ("[{full_path}]",)),
    "group_rename": ("群组改名为 {name}", ("[原路径：{old_full_path}]", "[{full_path}]")),
    "subgroup_create": ("新建了子群组 {name}", ("[{full_path}]",)),
    "subgroup_destroy": ("删除了子群组 {name}", ("[{full_path}]",)),
    "user_create": ("新建了用户 {name}（{username}）", ("[{email}]",)),
    "user_destroy": ("删除了用户 {name}（{username}）", ("[{email}]",)),
    "user_rename": ("用户 {name} 改名为 {username}", ("[原名：{old_username}]",)),
    "user_failed_login": ("被停用的用户 {name}（{username}）想要登录", ("[{email}]",)),
    "user_add_to_team": (f"{_IN_GROUP}加入了项目", _ROLE),
    "user_remove_from_team": (f"{_IN_GROUP}离开了项目", _ROLE),
    "user_update_for_team": (f"{_IN_GROUP}在项目里的角色改了", _ROLE),
    "user_add_to_group": (f"{_IN_GROUP}加入了群组", _ROLE),
    "user_remove_from_group": (f"{_IN_GROUP}离开了群组", _ROLE),
    "user_update_for_group": (f"{_IN_GROUP}在群组里的角色改了", _ROLE),
    "user_access_request_to_group": (f"{_IN_GROUP}申请加入群组", _ROLE),
    "user_access_request_to_project": (f"{_IN_GROUP}申请加入项目", _ROLE),
    "user_access_request_revoked_for_group": (f"{_IN_GROUP}加入群组的申请撤销了", _ROLE),
    "user_access_request_revoked_for_project": (f"{_IN_GROUP}加入项目的申请撤销了", _ROLE),
    "key_create": ("{username} 添加了 SSH 密钥", ()),
    "key_destroy": ("{username} 删除了 SSH 密钥", ()),
}  # fmt: skip
"""By the kind or the event: the template of the title, and those of the content's lines."""
_WARNED: Final = frozenset({"access_token", "user_failed_login"})


def _kind(fields: Fields) -> str:
    return first(fields, "object_kind", "event_name").removeprefix("confidential_")


def _recognise(fields: Fields, headers: Headers) -> bool:
    if headers.get(EVENT):
        return bool(_kind(fields))
    if text(fields, "object_kind"):
        return any(name in fields for name in ("object_attributes", "project", "project_id"))
    return text(fields, "event_name") in _NAMED


def _translate(fields: Fields, headers: Headers) -> Translated | None:
    kind = _kind(fields)
    if not kind:
        return None
    title, content = _KINDS[kind](fields) if kind in _KINDS else _named(kind, fields)
    where = first(
        fields, "project.path_with_namespace", "project_path_with_namespace", "project_name",
        "group_path", "group.full_path", "group.group_path", "repository.name",
    )  # fmt: skip
    action = first(fields, "object_attributes.action", "action")
    report_fields: dict[str, object] = {
        "title": f"{where}：{title}" if where else title,
        "content": content,
        "event": f"gitlab.{kind}.{action}" if action else f"gitlab.{kind}",
        "result": _result(kind, fields),
    }
    return Translated(
        report_fields,
        story=_story(kind, fields),
        elapsed=_elapsed(kind, fields),
        rewritten=frozenset({"id"}),  # of what it is about, not of the event
    )


def _named(kind: str, fields: Fields) -> Wording:
    action = first(fields, "object_attributes.action", "action")
    context = {**fields, "who": _person(fields), "did": _ACTIONS.get(action, f"{action} ")}
    if kind in _NAMED:
        title, rows = _NAMED[kind]
        return fill(title, context), fill_lines(rows, context)
    name = first(fields, "object_attributes.title", "object_attributes.name", "name", "title")
    did = wording.join(_ACTIONS.get(action, f"{action} "), kind)
    title = f"{_person(fields)}{did} {name}".strip()
    rows = ("[{object_attributes.description}]", "[{object_attributes.url}]", "[{project.web_url}]")
    return title, fill_lines(rows, context)


def _person(fields: Fields) -> str:
    """Get who did it, with a space behind; empty if nobody is named."""
    person = first(fields, "user.name", "user_name", "user.username", "user_username")
    return f"{person} " if person else ""


def _state(fields: Fields, name: str) -> tuple[str, int | str]:
    state = text(fields, name)
    return _STATES.get(state, (state, state))


def _result(kind: str, fields: Fields) -> int | str | None:
    match kind:
        case "pipeline":
            return _state(fields, "object_attributes.status")[1]
        case "deployment":
            return _state(fields, "status")[1]
        case "build" | "job":
            result = _state(fields, "build_status")[1]
            return 2 if result == 1 and fields.get("build_allow_failure") is True else result
        case _:
            return 2 if kind in _WARNED else None


def _story(kind: str, fields: Fields) -> str:
    """Name what begins and ends: a pipeline, a job, a deployment."""
    paths = {
        "pipeline": "object_attributes.id", "build": "build_id", "job": "build_id",
        "deployment": "deployment_id",
    }  # fmt: skip
    number = text(fields, paths[kind]) if kind in paths else ""
    return f"{kind} {number}" if number else ""


def _elapsed(kind: str, fields: Fields) -> float | None:
    paths = {
        "pipeline": "object_attributes.duration", "build": "build_duration",
        "job": "build_duration",
    }  # fmt: skip
    return wording.seconds(pick(fields, paths[kind])) if kind in paths else None


SOURCE: Final = Source("GitLab", frozenset({"object_kind", "event_name"}), _recognise, _translate)
