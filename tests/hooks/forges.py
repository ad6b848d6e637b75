"""Forges and what builds for them."""

from typing import Any, Final

from nonebot_plugin_report.model.report import Result

from .base import Hook

JSON = dict[str, Any]

# ── GitLab ────────────────────────────────────────────────────────────────────────────────────────

_SITE: Final = "https://gitlab.example/octo/hello"
_PROJECT: Final[JSON] = {"path_with_namespace": "octo/hello", "web_url": _SITE, "name": "Hello"}
_MONA: Final[JSON] = {"name": "Mona", "username": "mona"}
_SHA: Final = "9c1a2b3d4e5f60718293a4b5c6d7e8f901234567"
_COMMIT: Final[JSON] = {
    "id": _SHA, "message": "修好首页\n\n详情略", "title": "修好首页", "author": {"name": "Mona"},
}  # fmt: skip


def _gitlab(kind: str, **fields: Any) -> JSON:
    return {"object_kind": kind, "user": _MONA, "project": _PROJECT, **fields}


def _pushed(kind: str = "push", **fields: Any) -> JSON:
    return {
        "object_kind": kind, "ref": "refs/heads/main", "before": "1" * 40, "after": _SHA,
        "user_name": "Mona", "project": _PROJECT, "commits": [_COMMIT], "total_commits_count": 3,
        **fields,
    }  # fmt: skip


def _pipeline(status: str, **fields: Any) -> JSON:
    attributes = {
        "id": 31, "ref": "main", "tag": False, "status": status, "duration": 63,
        "url": f"{_SITE}/-/pipelines/31",
    }  # fmt: skip
    return _gitlab("pipeline", object_attributes=attributes, commit=_COMMIT, **fields)


_ISSUE: Final[JSON] = {
    "iid": 23, "title": "首页是空的", "description": "打开就是空的", "action": "open",
    "url": f"{_SITE}/-/issues/23",
}  # fmt: skip
_MERGE: Final[JSON] = {
    "iid": 1, "title": "修好首页", "source_branch": "fix", "target_branch": "main",
    "action": "merge", "url": f"{_SITE}/-/merge_requests/1",
}  # fmt: skip
GITLAB: Final = [
    Hook(
        _pushed(),
        "octo/hello：Mona 推送了 3 个提交到分支 main",
        f"9c1a2b3 修好首页（Mona）\n还有 2 个提交\n{_SITE}",
        event="gitlab.push",
    ),
    Hook(
        _pushed("tag_push", ref="refs/tags/v1", before="0" * 40, commits=[], total_commits_count=0),
        "octo/hello：Mona 推送了新标签 v1",
        _SITE,
        event="gitlab.tag_push",
    ),
    Hook(_pushed(after="0" * 40), "octo/hello：Mona 删除了分支 main", _SITE),
    Hook(
        _gitlab("issue", object_attributes=_ISSUE, labels=[{"title": "bug"}]),
        "octo/hello：Mona 打开了议题 #23 首页是空的",
        f"打开就是空的\n标签：bug\n{_SITE}/-/issues/23",
        event="gitlab.issue.open",
    ),
    Hook(
        _gitlab(
            "issue", event_type="confidential_issue",
            object_attributes={**_ISSUE, "action": "close", "type": "Incident"},
        ),
        "octo/hello：Mona 关闭了私密事故 #23 首页是空的",
        f"{_SITE}/-/issues/23",
    ),
    Hook(
        _gitlab("merge_request", object_attributes=_MERGE),
        "octo/hello：Mona 合并了合并请求 !1 修好首页",
        f"fix → main\n{_SITE}/-/merge_requests/1",
        event="gitlab.merge_request.merge",
    ),
    Hook(
        _gitlab(
            "merge_request",
            object_attributes={
                **_MERGE, "action": "update", "oldrev": "1" * 40, "last_commit": _COMMIT,
            },
            changes={
                "draft": {"previous": True, "current": False},
                "labels": {"previous": [], "current": [{"title": "web"}]},
            },
        ),
        "octo/hello：Mona 更新了合并请求 !1 修好首页",
        "fix → main\n标签改为：web\n不再是草稿\n推送了新提交：修好首页\n"
        f"{_SITE}/-/merge_requests/1",
    ),
    Hook(
        _gitlab(
            "note", merge_request=_MERGE,
            object_attributes={
                "note": "再看看", "noteable_type": "MergeRequest", "action": "create",
                "url": f"{_SITE}/-/merge_requests/1#note_2",
            },
        ),
        "octo/hello：Mona 评论了合并请求 !1 修好首页",
        f"再看看\n{_SITE}/-/merge_requests/1#note_2",
        event="gitlab.note.create",
    ),
    Hook(
        _gitlab(
            "note", commit=_COMMIT,
            object_attributes={"note": "好", "noteable_type": "Commit", "action": "update"},
        ),
        "octo/hello：Mona 修改了对提交 9c1a2b3d 修好首页 的评论",
        "好",
    ),
    Hook(
        _pipeline(
            "failed",
            builds=[{"name": "test", "status": "failed"}, {"name": "lint", "status": "success"}],
        ),
        "octo/hello：流水线 #31 失败了（分支 main）",
        f"失败的任务：test\n修好首页（Mona）\n由 Mona 触发\n{_SITE}/-/pipelines/31",
        Result.FAIL,
        "gitlab.pipeline",
    ),
    Hook(
        _pipeline("success", merge_request={"iid": 1, "title": "修好首页"}),
        "octo/hello：流水线 #31 成功了（分支 main）",
        f"合并请求 !1 修好首页\n修好首页（Mona）\n由 Mona 触发\n{_SITE}/-/pipelines/31",
        Result.SUCCESS,
    ),
    Hook(
        {
            "object_kind": "build", "ref": "main", "build_id": 7, "build_name": "test",
            "build_stage": "check", "build_status": "failed", "build_duration": 12.5,
            "build_failure_reason": "script_failure", "build_allow_failure": True,
            "project_id": 1, "project_name": "octo / hello", "user": _MONA, "commit": _COMMIT,
            "repository": {"homepage": _SITE},
        },
        "octo / hello：任务 test 失败了（分支 main）",
        "阶段：check\n原因：script_failure\n允许失败\n修好首页（Mona）\n由 Mona 触发\n"
        f"{_SITE}/-/jobs/7",
        Result.PARTIAL,
        "gitlab.build",
    ),
    Hook(
        _gitlab(
            "deployment", status="success", environment="staging", deployment_id=15,
            short_sha="9c1a2b3d", commit_title="修好首页", deployable_url=f"{_SITE}/-/jobs/7",
        ),
        "octo/hello：部署到 staging 成功了",
        f"9c1a2b3d 修好首页\n由 Mona 触发\n{_SITE}/-/jobs/7",
        Result.SUCCESS,
    ),
    Hook(
        _gitlab(
            "wiki_page",
            object_attributes={"title": "首页", "action": "create", "message": "写一点"},
        ),
        "octo/hello：Mona 新建了 wiki 页 首页",
        "写一点",
    ),
    Hook(
        _gitlab("feature_flag", object_attributes={"name": "new-home", "active": True}),
        "octo/hello：Mona 打开了功能开关 new-home",
        _SITE,
    ),
    Hook(
        {
            "object_kind": "release", "project": _PROJECT, "action": "create", "name": "第一版",
            "tag": "v1.0", "description": "能用了", "url": f"{_SITE}/-/releases/v1.0",
        },
        "octo/hello：发布了版本 第一版",
        f"标签 v1.0\n能用了\n{_SITE}/-/releases/v1.0",
        event="gitlab.release.create",
    ),
    Hook(
        _gitlab(
            "emoji", event_type="award", issue={"title": "首页是空的"},
            object_attributes={"name": "thumbsup", "awardable_type": "Issue", "action": "award"},
        ),
        "octo/hello：Mona 回应了议题 首页是空的：thumbsup",
    ),
    Hook(
        {
            "object_kind": "access_token", "event_name": "expiring_access_token",
            "project": _PROJECT,
            "object_attributes": {"name": "deploy", "expires_at": "2026-12-07"},
        },
        "octo/hello：访问令牌 deploy 快要过期",
        f"2026-12-07 过期\n{_SITE}",
        Result.PARTIAL,
    ),
    Hook(
        {
            "event_name": "user_add_to_group", "group_path": "octo", "group_access": "Developer",
            "user_name": "Bob", "user_username": "bob",
        },
        "octo：Bob（bob）加入了群组",
        "角色：Developer",
        event="gitlab.user_add_to_group",
    ),
    Hook(
        {"event_name": "user_failed_login", "name": "Bob", "username": "bob", "state": "blocked"},
        "被停用的用户 Bob（bob）想要登录",
        "",
        Result.PARTIAL,
    ),
    Hook(
        _gitlab("comet", object_attributes={"title": "彗星", "action": "spot", "url": "https://c"}),
        "octo/hello：Mona spot comet 彗星",
        f"https://c\n{_SITE}",
    ),
    Hook(
        {"event_name": "runner_rotate", "name": "nas", "user_name": "Mona"},
        "Mona 更新了 runner_rotate nas",
        event="gitlab.runner_rotate",
        headers={"x-gitlab-event": "System Hook"},
    ),
]  # fmt: skip

# ── Gitee ─────────────────────────────────────────────────────────────────────────────────────────

_ON_GITEE: Final = "https://gitee.example/octo/hello"
_BASE: Final[JSON] = {
    "repository": {"full_name": "octo/hello", "html_url": _ON_GITEE},
    "sender": {"name": "小明", "login": "ming"}, "password": "s3cret",
}  # fmt: skip
GITEE: Final = [
    Hook(
        {
            **_BASE, "hook_name": "push_hooks", "ref": "refs/heads/main", "created": False,
            "deleted": False, "commits": [_COMMIT], "total_commits_count": 1,
            "compare": f"{_ON_GITEE}/compare/a...b",
        },
        "octo/hello：小明 推送了 1 个提交到分支 main",
        f"9c1a2b3 修好首页（Mona）\n{_ON_GITEE}/compare/a...b",
        event="gitee.push",
        headers={"x-gitee-event": "Push Hook"},
    ),
    Hook(
        {**_BASE, "hook_name": "tag_push_hooks", "ref": "refs/tags/v1", "created": True},
        "octo/hello：小明 推送了新标签 v1",
        _ON_GITEE,
    ),
    Hook(
        {**_BASE, "hook_name": "push_hooks", "ref": "refs/heads/old", "deleted": True},
        "octo/hello：小明 删除了分支 old",
        _ON_GITEE,
    ),
    Hook(
        {
            **_BASE, "hook_name": "issue_hooks", "action": "state_change", "state": "progressing",
            "title": "首页是空的", "iid": "I5A1", "url": f"{_ON_GITEE}/issues/I5A1",
            "assignee": {"name": "小红"},
        },
        "octo/hello：小明 改了状态：issue #I5A1 首页是空的",
        f"状态：进行中\n指派给 小红\n{_ON_GITEE}/issues/I5A1",
        event="gitee.issue.state_change",
    ),
    Hook(
        {
            **_BASE, "hook_name": "merge_request_hooks", "action": "update",
            "action_desc": "source_branch_changed", "title": "修好首页", "iid": 3,
            "source_branch": "fix", "target_branch": "main", "url": f"{_ON_GITEE}/pulls/3",
        },
        "octo/hello：小明 更新了 PR !3 修好首页",
        f"fix → main\n推送了新提交\n{_ON_GITEE}/pulls/3",
    ),
    Hook(
        {
            **_BASE, "hook_name": "note_hooks", "action": "comment", "noteable_type": "Issue",
            "note": "马上改", "title": "首页是空的", "per_iid": "#I5A1",
            "url": f"{_ON_GITEE}/issues/I5A1#note_1",
        },
        "octo/hello：小明 评论了 issue #I5A1 首页是空的",
        f"马上改\n{_ON_GITEE}/issues/I5A1#note_1",
    ),
    Hook(
        {**_BASE, "hook_name": "star_hooks", "action": "create"},
        "octo/hello：小明 star_hooks create",
        _ON_GITEE,
        headers={"x-gitee-event": "Star Hook"},
    ),
]  # fmt: skip
