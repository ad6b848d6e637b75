"""The words for GitHub's events and actions, which Gitea, Forgejo and Gogs share. Pure.

https://docs.github.com/en/webhooks/webhook-events-and-payloads, and for names of Gitea's own
https://github.com/go-gitea/gitea (modules/structs/hook.go).
"""

from collections.abc import Mapping
from dataclasses import field
from typing import Final

from ...model.value import value_type

Actions = Mapping[str, str]
"""By the action, what was done: a template in which `{it}` is the subject."""


@value_type
class Kind:
    """How to tell of an event."""

    noun: str = ""
    """What it is about (Chinese)."""
    about: str = ""
    """Path of the object that has its number and name; empty: there is none."""
    detail: str = ""
    """Path of the object that has the text and the link; empty: the same."""
    lines: tuple[str, ...] = ()
    """Templates of further lines."""
    actions: Actions = field(default_factory=dict[str, str])
    """Where these are not those of `ACTIONS`."""


ACTIONS: Final[Actions] = {
    "": "触发了{it}",
    "opened": "打开了{it}",
    "closed": "关闭了{it}",
    "reopened": "重新打开了{it}",
    "edited": "修改了{it}",
    "updated": "更新了{it}",
    "created": "新建了{it}",
    "deleted": "删除了{it}",
    "published": "发布了{it}",
    "released": "发布了{it}",
    "prereleased": "预发布了{it}",
    "unpublished": "撤回了{it}",
    "synchronize": "更新了{it}",
    "synchronized": "更新了{it}",
    "ready_for_review": "请求审阅{it}",
    "converted_to_draft": "把{it}转为草稿",
    "review_requested": "请[ {requested_reviewer.login}][ {requested_team.name}] 审阅{it}",
    "review_request_removed": "不再请[ {requested_reviewer.login}]"
    "[ {requested_team.name}] 审阅{it}",
    "auto_merge_enabled": "让{it}通过后自动合并",
    "auto_merge_disabled": "取消了{it}的自动合并",
    "enqueued": "把{it}排进合并队列",
    "dequeued": "把{it}移出合并队列",
    "assigned": "把{it}指派给[ {assignees}]",
    "unassigned": "不再把{it}指派给[ {assignee.login}]",
    "labeled": "给{it}加上标签[ {label.name}]",
    "unlabeled": "去掉了{it}的标签[ {label.name}]",
    "label_updated": "修改了{it}的标签[：{labels}]",
    "label_cleared": "清空了{it}的标签",
    "locked": "锁定了{it}",
    "unlocked": "解锁了{it}",
    "pinned": "置顶了{it}",
    "unpinned": "取消置顶{it}",
    "milestoned": "把{it}排进里程碑[ {milestone}]",
    "demilestoned": "把{it}移出里程碑[ {milestone}]",
    "typed": "把{it}归为[ {type.name}]",
    "untyped": "去掉了{it}的类型[ {type.name}]",
    "transferred": "转移了{it}[，到 {changes.new_repository.full_name}]",
    "answered": "选定了{it}的回答",
    "unanswered": "取消了{it}选定的回答",
    "category_changed": "把{it}改到分类[ {discussion.category.name}]",
    "added": "添加了{it}",
    "removed": "移除了{it}",
    "renamed": "把{it}改了名",
    "archived": "归档了{it}",
    "unarchived": "取消归档{it}",
    "restored": "恢复了{it}",
    "moved": "移动了{it}",
    "converted": "转换了{it}",
    "reordered": "调整了{it}的次序",
    "publicized": "公开了{it}",
    "privatized": "把{it}设为私有",
    "fixed": "修复了{it}",
    "dismissed": "忽略了{it}",
    "resolved": "解决了{it}",
    "unresolved": "重新打开了{it}",
    "requested": "开始了{it}",
    "queued": "让{it}排队",
    "in_progress": "正在运行{it}",
    "waiting": "让{it}等待",
    "completed": "完成了{it}",
    "rerequested": "要求重新运行{it}",
    "requested_action": "对{it}要求执行[ {requested_action.identifier}]",
    "enabled": "启用了{it}",
    "disabled": "停用了{it}",
    "suspend": "停用了{it}",
    "unsuspend": "恢复了{it}",
    "approved": "批准了{it}",
    "rejected": "拒绝了{it}",
    "denied": "拒绝了{it}",
    "cancelled": "取消了{it}",
    "reported": "报告了{it}",
    "withdrawn": "撤回了{it}",
    "submitted": "提交了{it}",
    "revoked": "撤销了{it}",
    "reviewed": "审阅了{it}",
    "started": "开始了{it}",
    "sub_issue_added": "给{it}加上子任务[ #{sub_issue.number}][ {sub_issue.title}]",
    "sub_issue_removed": "去掉了{it}的子任务[ #{sub_issue.number}][ {sub_issue.title}]",
    "parent_issue_added": "给{it}加上上级任务[ #{parent_issue.number}][ {parent_issue.title}]",
    "parent_issue_removed": "去掉了{it}的上级任务[ #{parent_issue.number}][ {parent_issue.title}]",
}

_COMMENTS: Final[Actions] = {
    "created": "评论了{it}",
    "edited": "修改了{it}的评论",
    "deleted": "删除了{it}的评论",
    "pinned": "置顶了{it}的评论",
    "unpinned": "取消置顶{it}的评论",
    "dismissed": "撤销了{it}的评论",
}
_ALERTS: Final[Actions] = {
    "created": "发现{it}",
    "create": "发现{it}",
    "reintroduced": "又发现{it}",
    "reopen": "重新打开了{it}",
    "reopened_by_user": "重新打开了{it}",
    "auto_reopened": "自动重新打开了{it}",
    "appeared_in_branch": "在分支[ {ref}] 发现{it}",
    "closed_by_user": "关闭了{it}",
    "auto_dismissed": "自动忽略了{it}",
    "dismiss": "忽略了{it}",
    "resolve": "解决了{it}",
    "publicly_leaked": "发现已经公开泄露的{it}",
    "validated": "验证了{it}[：{alert.validity}]",
    "assignees_changed": "改了{it}的负责人",
    "updated_assignment": "改了{it}的负责人",
}
_ALERT_LINES: Final = (
    "[严重程度：{severity}]",
    "[{alert.dependency.package.name}][（{alert.dependency.manifest_path}）]",
    "[{alert.affected_package_name}][ {alert.affected_range}]",
    "[{alert.tool.name}][：{alert.rule.id}]",
    "[位置：{alert.most_recent_instance.location.path}]"
    "[:{alert.most_recent_instance.location.start_line}]",
    "[处理：{alert.resolution}]",
    "[处理：{alert.dismissed_reason}][ {alert.dismissed_comment}]",
)
_MEMBER_ROLE: Final = (
    "[权限：{changes.role_name.to}]",
    "[权限：{changes.permission.to}]",
    "[原来的权限：{changes.old_permission.from}]",
)
_RUN_LINES: Final = ("[分支 {branch}]", "[{text.display_title}]", "[{text.output.title}]")
_CARD_LINES: Final = ("[{project_card.note}]",)
_V2_ITEM: Final = (
    "[类型：{projects_v2_item.content_type}]",
    "[{changes.field_value.field_name}][：{changes.field_value.from.name}]"
    "[ → {changes.field_value.to.name}]",
)

KINDS: Final[Mapping[str, Kind]] = {
    "pull_request": Kind(
        "PR", "pull_request", lines=("[{pull_request.head.ref} → {pull_request.base.ref}]",)
    ),
    "pull_request_review": Kind(
        "PR", "pull_request", "review",
        actions={"edited": "修改了{it}的审阅", "dismissed": "撤销了{it}的审阅"},
    ),
    "pull_request_review_comment": Kind(
        "PR", "pull_request", "comment", ("[{comment.path}]",), _COMMENTS
    ),
    "pull_request_review_thread": Kind(
        "PR", "pull_request", "", ("[{thread.comments.*.body}]",),
        {"resolved": "解决了{it}里的一处讨论", "unresolved": "重新打开了{it}里的一处讨论"},
    ),
    "issues": Kind("issue", "issue"),
    "sub_issues": Kind("issue", "parent_issue"),
    "issue_dependencies": Kind(
        "issue", "blocked_issue", "", (),
        {
            "blocked_by_added": "给{it}加上前置任务[ #{blocking_issue.number}]",
            "blocked_by_removed": "去掉了{it}的前置任务[ #{blocking_issue.number}]",
            "blocking_added": "给{it}加上前置任务[ #{blocking_issue.number}]",
            "blocking_removed": "去掉了{it}的前置任务[ #{blocking_issue.number}]",
        },
    ),
    "issue_comment": Kind("", "issue", "comment", (), _COMMENTS),
    "commit_comment": Kind(
        "提交", "comment", "", ("[提交 {comment.commit_id}]",), _COMMENTS
    ),
    "discussion": Kind(
        "讨论", "discussion", "", ("[原来的分类：{changes.category.from.name}]",)
    ),
    "discussion_comment": Kind("讨论", "discussion", "comment", (), _COMMENTS),
    "release": Kind("版本", "release"),
    "workflow_run": Kind("工作流", "workflow_run", "", _RUN_LINES),
    "workflow_job": Kind(
        "任务", "workflow_job", "", ("[工作流 {workflow_job.workflow_name}]", *_RUN_LINES)
    ),
    "workflow_dispatch": Kind(
        "工作流", "", "", ("[{workflow}]", "[分支 {branch}]"), {"": "手动运行了{it}"}
    ),
    "repository_dispatch": Kind("自定义事件", "", "", ("[{action}]", "[分支 {branch}]")),
    "check_run": Kind("检查", "check_run", "", _RUN_LINES),
    "check_suite": Kind("检查", "check_suite", "", ("[{check_suite.app.name}]", *_RUN_LINES)),
    "deployment": Kind("部署", "deployment", "", ("[分支 {deployment.ref}]",)),
    "deployment_status": Kind(
        "部署", "deployment", "deployment_status", ("[分支 {deployment.ref}]",),
        {"created": "更新了{it}[：{deployment_state}]"},
    ),
    "deployment_review": Kind(
        "部署", "workflow_run", "", ("[{workflow_job_run.name}]", "[{environment}]", "[{comment}]")
    ),
    "deployment_protection_rule": Kind(
        "部署", "deployment", "", ("[{environment}]",), {"requested": "请求批准{it}"}
    ),
    "dependabot_alert": Kind("依赖警告", "alert", "", _ALERT_LINES, _ALERTS),
    "repository_vulnerability_alert": Kind("依赖警告", "alert", "", _ALERT_LINES, _ALERTS),
    "code_scanning_alert": Kind("代码扫描警告", "alert", "", _ALERT_LINES, _ALERTS),
    "secret_scanning_alert": Kind("密钥泄露警告", "alert", "", _ALERT_LINES, _ALERTS),
    "secret_scanning_alert_location": Kind(
        "密钥泄露警告", "alert", "",
        (
            "[位置：{location.details.path}][:{location.details.start_line}]",
            "[位置：{location.type}]",
        ),
        {"created": "又发现一处{it}"},
    ),
    "secret_scanning_scan": Kind("密钥扫描", "", "", ("[{type}]",)),
    "repository_advisory": Kind("安全公告", "repository_advisory", "", ("[严重程度：{severity}]",)),
    "security_advisory": Kind(
        "安全公告", "security_advisory", "",
        ("[严重程度：{severity}]", "[影响：{security_advisory.vulnerabilities.*.package.name}]"),
    ),
    "security_and_analysis": Kind("安全与分析的设置", actions={"": "修改了{it}"}),
    "milestone": Kind("里程碑", "milestone", "", ("[到期：{milestone.due_on}]",)),
    "label": Kind("标签", "label", "", ("[原名：{changes.name.from}]",)),
    "member": Kind("成员", "member", "", _MEMBER_ROLE, {"edited": "修改了{it}的权限"}),
    "membership": Kind(
        "成员", "member", "", (),
        {"added": "把{it}加进团队[ {team.name}]", "removed": "把{it}移出团队[ {team.name}]"},
    ),
    "organization": Kind(
        "组织", "organization", "", ("[角色：{membership.role}]", "[角色：{invitation.role}]"),
        {
            "member_added": "把[ {membership.user.login}] 加进{it}",
            "member_removed": "把[ {membership.user.login}] 移出{it}",
            "member_invited": "邀请[ {user.login}] 加入{it}",
        },
    ),
    "org_block": Kind(
        "用户", "blocked_user", actions={"blocked": "拉黑了{it}", "unblocked": "不再拉黑{it}"}
    ),
    "team": Kind(
        "团队", "team", "", ("[权限：{team.permission}]",),
        {
            "added_to_repository": "把{it}加进仓库[ {repository.full_name}]",
            "removed_from_repository": "把{it}移出仓库[ {repository.full_name}]",
        },
    ),
    "team_add": Kind(
        "团队", "team", "", ("[权限：{team.permission}]",), {"": "把{it}加进仓库"}
    ),
    "repository": Kind(
        "仓库", "repository", "",
        (
            "[原名：{changes.repository.name.from}]",
            "[原来的默认分支：{changes.default_branch.from}]",
            "[原来属于 {changes.owner.from.user.login}]",
            "[原来属于 {changes.owner.from.organization.login}]",
        ),
    ),
    "repository_import": Kind("仓库", "repository", actions={"": "导入了{it}"}),
    "repository_ruleset": Kind("仓库规则", "repository_ruleset"),
    "public": Kind("仓库", "repository", actions={"": "公开了{it}"}),
    "branch_protection_rule": Kind("分支保护规则", "rule"),
    "branch_protection_configuration": Kind("分支保护"),
    "merge_group": Kind(
        "合并队列", "", "",
        (
            "[分支 {base}]",
            "[{merge_group.head_commit.message}]",
            "[原因：{reason}]",
        ),
        {"checks_requested": "请求检查{it}", "destroyed": "清空了{it}"},
    ),
    "installation": Kind(
        "应用", "installation", "",
        ("[账号 {installation.account.login}]", "[仓库：{repositories.*.full_name}]"),
        {
            "created": "安装了{it}", "deleted": "卸载了{it}",
            "new_permissions_accepted": "接受了{it}的新权限",
        },
    ),
    "installation_repositories": Kind(
        "应用", "installation", "",
        (
            "[添加：{repositories_added.*.full_name}]",
            "[移除：{repositories_removed.*.full_name}]",
        ),
        {"added": "给{it}添加了仓库", "removed": "移除了{it}的仓库"},
    ),
    "installation_target": Kind(
        "账号", "account", "", ("[原名：{changes.login.from}]",)
    ),
    "github_app_authorization": Kind("应用的授权", actions={"revoked": "撤销了{it}"}),
    "personal_access_token_request": Kind(
        "访问令牌的申请", "personal_access_token_request.owner"
    ),
    "marketplace_purchase": Kind(
        "市场的方案", "marketplace_purchase.plan", "",
        (
            "[原来的方案：{previous_marketplace_purchase.plan.name}]",
            "[账号 {marketplace_purchase.account.login}]",
            "[{effective_date} 生效]",
        ),
        {
            "purchased": "购买了{it}", "changed": "改了{it}", "cancelled": "取消了{it}",
            "pending_change": "准备改{it}", "pending_change_cancelled": "不再改{it}",
        },
    ),
    "sponsorship": Kind(
        "赞助", "sponsorship.tier", "",
        (
            "[赞助者 {sponsorship.sponsor.login}]",
            "[被赞助者 {sponsorship.sponsorable.login}]",
            "[原来的档位：{changes.tier.from.name}]",
            "[{effective_date} 生效]",
        ),
        {
            "created": "开始了{it}", "cancelled": "结束了{it}", "tier_changed": "改了{it}",
            "pending_cancellation": "准备结束{it}", "pending_tier_change": "准备改{it}",
        },
    ),
    "package": Kind(
        "软件包", "package", "",
        ("[版本 {package.package_version.version}]", "[类型：{package.package_type}]",
         "[{package.package_version.html_url}]"),
    ),
    "registry_package": Kind(
        "软件包", "registry_package", "",
        ("[版本 {registry_package.package_version.version}]",
         "[类型：{registry_package.package_type}]",
         "[{registry_package.package_version.html_url}]"),
    ),
    "project": Kind("看板", "project"),
    "project_card": Kind("卡片", "", "", _CARD_LINES),
    "project_column": Kind("看板的列", "project_column"),
    "projects_v2": Kind(
        "看板", "projects_v2", "", ("[{projects_v2.short_description}]",)
    ),
    "projects_v2_item": Kind("看板里的一项", "", "", _V2_ITEM),
    "projects_v2_status_update": Kind(
        "看板的进展", "", "",
        ("[{projects_v2_status_update.status}]", "[{projects_v2_status_update.body}]"),
    ),
    "deploy_key": Kind("部署密钥", "key", "", ("[只读：{read_only}]",)),
    "custom_property": Kind("自定义属性", "definition"),
    "custom_property_values": Kind(
        "自定义属性的值", "", "", ("[{new_property_values.*.property_name}]",)
    ),
    "meta": Kind("这个 webhook"),
    "wiki": Kind("wiki 页", "", "", ("[{page}]", "[{comment}]")),
}  # fmt: skip
"""By the event; what is told otherwise stands in github.py."""

REVIEWS: Final[Mapping[str, str]] = {
    "approved": "批准了{it}",
    "changes_requested": "要求修改{it}",
    "commented": "审阅了{it}",
}
"""What a review says, by its state."""
GITEA_REVIEWS: Final[Mapping[str, str]] = {
    "pull_request_review_approved": "批准了{it}",
    "pull_request_review_rejected": "要求修改{it}",
    "pull_request_review_comment": "审阅了{it}",
}
"""What a review says, by Gitea's `review.type`."""
STATES: Final[Mapping[str, str]] = {
    "success": "成功", "failure": "失败", "error": "出错", "pending": "等待中",
    "in_progress": "进行中", "queued": "排队中", "inactive": "已停用", "waiting": "等待中",
}  # fmt: skip
"""The state of a deployment."""
RESULTS: Final[Mapping[str, int | str]] = {
    "success": 0, "failure": 1, "error": 1, "errored": 1, "timed_out": 1, "startup_failure": 1,
    "built": 0, "cancelled": "已取消", "skipped": "已跳过", "neutral": "无结论", "stale": "已过期",
    "action_required": "需要操作", "warning": 2, "pending": "等待中", "queued": "排队中",
    "in_progress": "进行中", "inactive": "已停用", "waiting": "等待中", "building": "构建中",
}  # fmt: skip
"""By a run's conclusion, or a state."""
