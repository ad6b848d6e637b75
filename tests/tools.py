"""Bodies as other tools write them, in the shape that their documentation and source show."""

import json
from copy import deepcopy
from typing import Any, Final

JSON = dict[str, Any]

ALERT: Final[JSON] = {
    "status": "firing",
    "labels": {
        "alertname": "InstanceDown", "instance": "web-1:9100", "job": "node",
        "severity": "critical",
    },
    "annotations": {
        "summary": "web-1 连不上了", "description": "已经 5 分钟没有回答",
        "runbook_url": "https://wiki.example/instance-down",
    },
    "startsAt": "2026-11-24T12:39:00.739266876Z",
    "endsAt": "0001-01-01T00:00:00Z",
    "generatorURL": "http://prometheus:9090/graph?g0.expr=up+%3D%3D+0&g0.tab=1",
    "fingerprint": "02a6b2d1f9e0c3a4",
}  # fmt: skip
ALERTMANAGER: Final[JSON] = {
    "receiver": "qq",
    "status": "firing",
    "alerts": [ALERT],
    "groupLabels": {"alertname": "InstanceDown"},
    "commonLabels": ALERT["labels"],
    "commonAnnotations": ALERT["annotations"],
    "externalURL": "http://alertmanager:9093",
    "version": "4",
    "groupKey": '{}:{alertname="InstanceDown"}',
    "truncatedAlerts": 0,
}


def resolved(body: JSON, ended: str = "2026-11-24T13:44:00.739266876Z") -> JSON:
    """The same alerts, which ended."""
    made: JSON = {**deepcopy(body), "status": "resolved"}
    for one in made["alerts"]:
        one |= {"status": "resolved", "endsAt": ended}
    return made


def group(*alerts: JSON, **more: Any) -> JSON:
    """Several alerts in one body, with what is common to them."""
    names = ("labels", "annotations")
    common = {
        name: dict(set.intersection(*(set(one[name].items()) for one in alerts))) for name in names
    }
    firing = any(one["status"] == "firing" for one in alerts)
    return {
        **ALERTMANAGER, "alerts": list(alerts), "status": "firing" if firing else "resolved",
        "commonLabels": common["labels"], "commonAnnotations": common["annotations"], **more,
    }  # fmt: skip


GRAFANA: Final[JSON] = {
    "receiver": "QQ",
    "status": "firing",
    "orgId": 1,
    "alerts": [
        {
            "status": "firing",
            "labels": {"alertname": "High memory usage", "team": "blue", "zone": "us-1"},
            "annotations": {
                "description": "The system has high memory usage",
                "runbook_url": "https://myrunbook.example/runbook/1234",
                "summary": "This alert was triggered for zone us-1",
            },
            "startsAt": "2026-11-24T09:51:03.157076+08:00",
            "endsAt": "0001-01-01T00:00:00Z",
            "generatorURL": "https://grafana.example/alerting/1afz29v7z/edit",
            "fingerprint": "c6eadffa33fcdf37",
            "silenceURL": "https://grafana.example/alerting/silence/new?matchers=alertname%3DT2",
            "dashboardURL": "",
            "panelURL": "",
            "values": {"B": 44.23943737541908, "C": 1},
            "valueString": "[ var='B' labels={} value=44.2 ]",
        },
    ],
    "groupLabels": {},
    "commonLabels": {"team": "blue"},
    "commonAnnotations": {},
    "externalURL": "https://grafana.example/",
    "version": "1",
    "groupKey": "{}:{}",
    "truncatedAlerts": 0,
    "title": "[FIRING:1]  (blue)",
    "state": "alerting",
    "message": "**Firing**\n\nValue: B=44.24, C=1\nLabels:\n - alertname = High memory usage\n"
    " - team = blue\n - zone = us-1\nAnnotations:\n"
    " - description = The system has high memory usage\n"
    " - runbook_url = https://myrunbook.example/runbook/1234\n"
    " - summary = This alert was triggered for zone us-1\n"
    "Source: https://grafana.example/alerting/1afz29v7z/edit\n",
}
GRAFANA_8: Final[JSON] = {
    "dashboardId": 1,
    "evalMatches": [{"value": 1, "metric": "Count", "tags": {}}],
    "imageUrl": "https://grafana.example/assets/img/blog.png",
    "message": "Notification Message",
    "orgId": 1,
    "panelId": 2,
    "ruleId": 1,
    "ruleName": "Panel Title alert",
    "ruleUrl": "http://grafana.example/d/hZ7BuVbWz/test-dashboard?tab=alert",
    "state": "alerting",
    "tags": {"tag name": "tag value"},
    "title": "[Alerting] Panel Title alert",
}

KUMA: Final[JSON] = {
    "heartbeat": {
        "monitorID": 7, "status": 0, "time": "2026-11-24 12:39:00.123",
        "msg": "connect ECONNREFUSED 10.0.0.2:443", "ping": None, "important": True,
        "duration": 20, "retries": 3, "timezone": "Asia/Shanghai", "timezoneOffset": "+08:00",
        "localDateTime": "2026-11-24 20:39:00",
    },
    "monitor": {
        "id": 7, "name": "博客", "description": "在家里的机器上", "pathName": "博客",
        "url": "https://blog.example", "method": "GET", "hostname": None, "port": None,
        "type": "http", "interval": 60, "notificationIDList": {"1": True}, "tags": [],
    },
    "msg": "[博客] [🔴 Down] connect ECONNREFUSED 10.0.0.2:443",
}  # fmt: skip
KUMA_UP: Final[JSON] = {
    "heartbeat": {
        **KUMA["heartbeat"], "status": 1, "time": "2026-11-24 13:44:00.123", "msg": "200 - OK",
        "ping": 123,
    },
    "monitor": KUMA["monitor"],
    "msg": "[博客] [✅ Up] 200 - OK",
}  # fmt: skip
KUMA_TEST: Final[JSON] = {"heartbeat": None, "monitor": None, "msg": "QQ Testing"}

REPOSITORY: Final[JSON] = {
    "id": 1, "name": "hello", "full_name": "octo/hello", "private": False,
    "html_url": "https://github.com/octo/hello", "description": None, "stargazers_count": 80,
}  # fmt: skip
SENDER: Final[JSON] = {"login": "mona", "id": 2, "type": "User"}
_COMMIT: Final[JSON] = {
    "id": "9c1a2b3d4e5f60718293a4b5c6d7e8f901234567", "message": "修好首页\n\n详情略",
    "author": {"name": "Mona", "username": "mona"}, "added": [], "removed": [], "modified": ["a"],
}  # fmt: skip
_PULL: Final[JSON] = {
    "number": 2, "title": "Update the README", "body": "A pretty simple change.", "merged": False,
    "html_url": "https://github.com/octo/hello/pull/2", "state": "open",
}  # fmt: skip
_ISSUE: Final[JSON] = {
    "number": 1, "title": "Spelling error", "body": "It looks like you misspelled 'commit'.",
    "html_url": "https://github.com/octo/hello/issues/1",
}  # fmt: skip
_RUN: Final[JSON] = {
    "id": 30433642, "name": "CI", "head_branch": "main", "status": "completed", "run_number": 562,
    "conclusion": "failure", "display_title": "修好首页",
    "html_url": "https://github.com/octo/hello/actions/runs/30433642",
    "run_started_at": "2026-11-24T12:00:00Z", "updated_at": "2026-11-24T12:03:20Z",
}  # fmt: skip


def github(**fields: Any) -> JSON:
    """An event of a repository."""
    return {**fields, "repository": REPOSITORY, "sender": SENDER}


PUSH: Final = github(
    ref="refs/heads/main", before="0" * 40, after=_COMMIT["id"], created=False, deleted=False,
    forced=False, compare="https://github.com/octo/hello/compare/a...b", commits=[_COMMIT],
    head_commit=_COMMIT, pusher={"name": "mona", "email": "mona@example.com"},
)  # fmt: skip
GITHUB: Final[dict[str, list[JSON]]] = {
    "push": [
        PUSH, {**PUSH, "forced": True, "created": True, "commits": [_COMMIT] * 30},
        {**PUSH, "ref": "refs/tags/v1", "deleted": True, "commits": []},
    ],
    "pull_request": [
        github(action="opened", number=2, pull_request=_PULL),
        github(action="closed", number=2, pull_request=_PULL),
        github(action="closed", number=2, pull_request={**_PULL, "merged": True}),
        github(action="synchronize", number=2, pull_request=_PULL),
        github(
            action="review_requested", requested_reviewer={"login": "bob"},
            pull_request={**_PULL, "head": {"ref": "fix"}, "base": {"ref": "main"}},
        ),
    ],
    "pull_request_review": [
        github(
            action="submitted", pull_request=_PULL,
            review={"state": "approved", "body": "很好", "html_url": f"{_PULL['html_url']}#r1"},
        ),
        github(action="dismissed", pull_request=_PULL, review={"state": "dismissed"}),
    ],
    "issues": [
        github(action="opened", issue={**_ISSUE, "body": "长" * 2000}),
        github(action="closed", issue=_ISSUE),
        github(action="frobnicated", issue=_ISSUE),
        github(action="labeled", issue=_ISSUE, label={"name": "bug"}),
        github(action="assigned", issue=_ISSUE, assignee={"login": "bob"}),
        github(action="milestoned", issue={**_ISSUE, "milestone": {"title": "v1"}}),
        github(action="closed", issue={**_ISSUE, "state_reason": "not_planned"}),
    ],
    "issue_comment": [
        github(
            action="created", issue=_ISSUE,
            comment={"body": "马上就改", "html_url": f"{_ISSUE['html_url']}#c1"},
        ),
        github(action="moved", issue=_ISSUE, comment={"body": "马上就改"}),
    ],
    "release": [
        github(
            action="published",
            release={
                "tag_name": "v1.0", "name": "", "body": "第一版",
                "html_url": "https://github.com/octo/hello/releases/tag/v1.0",
            },
        )
    ],
    "workflow_run": [
        github(action="completed", workflow_run=_RUN),
        github(action="completed", workflow_run={**_RUN, "conclusion": "success"}),
        github(action="completed", workflow_run={**_RUN, "conclusion": "cancelled"}),
        github(action="requested", workflow_run={**_RUN, "conclusion": None}),
    ],
    "check_run": [
        github(
            action="completed",
            check_run={"name": "lint", "conclusion": "success", "started_at": "x"},
        )
    ],
    "star": [
        github(action="created", starred_at="2026-11-24T12:00:00Z"),
        github(action="deleted", starred_at=None),
    ],
    "fork": [
        github(forkee={"full_name": "bob/hello", "html_url": "https://github.com/bob/hello"})
    ],
    "create": [github(ref="v1.0", ref_type="tag", pusher_type="user")],
    "delete": [github(ref="old", ref_type="branch", pusher_type="user")],
    "ping": [github(zen="Anything added dilutes everything else.", hook_id=1, hook={})],
    "status": [
        github(
            id=6805126730, sha=_COMMIT["id"], context="ci/travis", state="error",
            description="编译失败", target_url="https://ci.example/1",
            commit={"commit": {"message": "修好首页\n\n详情"}},
        )
    ],
    "deployment_status": [
        github(
            action="created", deployment={"environment": "production"},
            deployment_status={"state": "success", "environment": "production"},
        )
    ],
    "dependabot_alert": [
        github(
            action="created",
            alert={
                "number": 3, "security_advisory": {"summary": "Django 有漏洞"},
                "html_url": "https://github.com/octo/hello/security/dependabot/3",
            },
        )
    ],
    "gollum": [github(pages=[{"title": "首页", "action": "edited"}])],
    "commit_comment": [github(action="created", comment={"body": "好", "path": "a.py"})],
    "discussion": [
        github(
            action="category_changed", changes={"category": {"from": {"name": "General"}}},
            discussion={"number": 4, "title": "想法", "category": {"name": "Ideas"}},
        )
    ],
    "secret_scanning_alert": [
        github(action="reopened", alert={"number": 9, "secret_type": "aws_key"}),
        github(action="resolved", alert={"number": 9, "secret_type": "aws_key",
                                         "resolution": "revoked"}),
    ],
    "membership": [
        {
            "action": "added", "scope": "team", "member": {"login": "bob"},
            "team": {"name": "前端"}, "organization": {"login": "octo"}, "sender": SENDER,
        }
    ],
    "package": [
        github(
            action="published",
            package={
                "name": "hello", "package_type": "npm", "package_version": {"version": "1.0.1"},
                "html_url": "https://github.com/octo/hello/packages/1",
            },
        )
    ],
    "page_build": [
        github(
            build={
                "status": "errored", "error": {"message": "页面写错了"}, "pusher": SENDER,
                "commit": _COMMIT["id"],
            },
        )
    ],
    "security_advisory": [
        {
            "action": "published",
            "security_advisory": {
                "summary": "Django 有漏洞", "severity": "high", "description": "可以绕过登录",
                "vulnerabilities": [{"package": {"name": "django"}}],
            },
        }
    ],
    "check_suite": [
        github(
            action="rerequested",
            check_suite={"head_branch": "main", "conclusion": "failure", "app": {"name": "lint"}},
        )
    ],
    "brand_new_event": [
        github(action="frobbed", gadget={"name": "小工具", "html_url": "https://github.com/g/1"})
    ],
}  # fmt: skip
"""By the event, as `X-GitHub-Event` names it."""

MAA: Final[JSON] = {
    "title": "MAA 任务已全部完成", "content": '刷理智 "1-7"\n用时 12 分',
    "time": "2026-11-24 20:39:00",
}  # fmt: skip
APPRISE: Final[JSON] = {
    "version": "1.0", "title": "备份", "message": "磁盘满了", "type": "failure",
    "attachments": [
        {"filename": "log.txt", "base64": "56ys5LiA6KGM", "mimetype": "text/plain"},
        {"filename": "dump", "base64": "AAECAw==", "mimetype": "application/octet-stream"},
    ],
}  # fmt: skip
ONEBOT: Final[JSON] = {
    "user_id": 114514, "message_type": "private",
    "message": [
        {"type": "text", "data": {"text": "体力计划已完成"}},
        {"type": "record", "data": {"file": "a.amr"}},
    ],
}  # fmt: skip
"""As March7thAssistant's example of a template has it."""
PLAIN: Final[dict[str, JSON]] = {
    "BetterGI": {
        "event": "domain.end", "result": 0, "message": "自动秘境结束", "data": None, "send_to": "",
        "timestamp": "2026-11-23T21:44:00.1234567+08:00", "screenshot": None,
    },
    "March7thAssistant": {"title": "三月七小助手|･ω･)", "content": "体力计划已完成"},
    "AUTO-MAS": {"title": "代理结果报告", "content": "用户 1：完成"},
    "Alas": {"title": "Alas <alas> crashed", "content": "<alas> RequestHumanTakeover"},
    "OneDragon": {
        "title": "一条龙", "content": "运行完成", "timestamp": "2026-11-24T20:39:00.123456",
        "screenshot": "",
    },
}  # fmt: skip
"""Tools that write our own dialect as it is."""


def encoded(body: JSON) -> bytes:
    """As most tools put it on the wire."""
    return json.dumps(body, ensure_ascii=False).encode()
