"""Monitors, and where work is tracked."""

from typing import Any, Final

from nonebot_plugin_report.model.report import Result

from .base import Hook

JSON = dict[str, Any]
_ROBOT: Final[JSON] = {
    "monitorID": "123", "monitorURL": "https://nas.example", "monitorFriendlyName": "NAS",
    "alertType": "1", "alertTypeFriendlyName": "Down", "alertDetails": "Connection Timeout",
    "alertDuration": "", "alertDateTime": "1796043756",
}  # fmt: skip
UPTIMEROBOT: Final = [
    Hook(_ROBOT, "掉线：NAS", "Connection Timeout\nhttps://nas.example", Result.FAIL,
         "monitor.down"),
    Hook(
        {
            **_ROBOT, "alertType": 2, "alertTypeFriendlyName": "Up", "alertDetails": "200 - OK",
            "alertDuration": "312",
        },
        "恢复：NAS",
        "200 - OK\nhttps://nas.example",
        Result.SUCCESS,
        "monitor.up",
    ),
    Hook(
        {**_ROBOT, "alertType": "9", "alertTypeFriendlyName": "Started"},
        "Started：NAS",
        "Connection Timeout\nhttps://nas.example",
        event="monitor.notice",
    ),
]  # fmt: skip
_MESSAGE: Final = "Host: nas\r\nSeverity: High\r\nOriginal problem ID: 123"
ZABBIX: Final = [
    Hook(
        {"To": "ops", "Subject": "Problem: 磁盘满了", "Message": _MESSAGE, "HTTPProxy": ""},
        "触发：磁盘满了",
        _MESSAGE.replace("\r", ""),
        Result.FAIL,
        "alert.firing",
    ),
    Hook(
        {"To": "ops", "Subject": "Resolved in 5m 2s: 磁盘满了", "Message": _MESSAGE},
        "恢复：磁盘满了",
        "持续 5m 2s\n" + _MESSAGE.replace("\r", ""),
        Result.SUCCESS,
        "alert.resolved",
    ),
    Hook(
        {
            "alert_subject": "Problem: 磁盘满了", "alert_message": "快满了", "event_value": "1",
            "event_nseverity": "2", "event_id": "123", "host_name": "nas",
        },
        "触发：磁盘满了",
        "快满了\n主机：nas",
        Result.PARTIAL,
    ),
    Hook(
        {
            "alert_subject": "Updated problem in 9m: 磁盘满了", "alert_message": "在查",
            "event_value": "1", "event_update_status": "1", "event_id": "123",
        },
        "更新：磁盘满了",
        "持续 9m\n在查",
        Result.FAIL,
    ),
    Hook({"To": "ops", "Subject": "你好", "Message": "试一下"}, "你好", "试一下"),
]  # fmt: skip


def _sentry(resource: str) -> dict[str, str]:
    return {"sentry-hook-resource": resource}


SENTRY: Final = [
    Hook(
        {
            "action": "triggered",
            "data": {
                "event": {
                    "title": "ReferenceError: heck", "culprit": "a.js", "level": "error",
                    "issue_id": "7", "web_url": "https://sentry.example/7",
                },
                "triggered_rule": "很重要",
            },
        },
        "触发：ReferenceError: heck",
        "规则：很重要\n位置：a.js\nhttps://sentry.example/7",
        Result.FAIL,
        "sentry.event_alert.triggered",
        _sentry("event_alert"),
    ),
    Hook(
        {
            "action": "resolved",
            "data": {"issue": {"id": "7", "title": "坏了", "project": {"name": "首页"}}},
        },
        "解决了：坏了",
        "项目：首页",
        Result.SUCCESS,
        headers=_sentry("issue"),
    ),
    Hook(
        {
            "action": "warning",
            "data": {
                "metric_alert": {"id": "3"}, "description_title": "错误变多",
                "description_text": "一小时 200 个", "web_url": "https://sentry.example/a/3",
            },
        },
        "触发：错误变多",
        "一小时 200 个\nhttps://sentry.example/a/3",
        Result.PARTIAL,
        headers=_sentry("metric_alert"),
    ),
    Hook(
        {
            "id": "7", "project_name": "首页", "project_slug": "home", "level": "warning",
            "message": "变慢了", "triggering_rules": ["很重要"], "event": {"title": "变慢了"},
            "url": "https://sentry.example/7",
        },
        "触发：变慢了",
        "项目：首页\n规则：很重要\nhttps://sentry.example/7",
        Result.PARTIAL,
    ),
]  # fmt: skip
_ALIYUN: Final[JSON] = {
    "alertName": "CPU", "alertState": "ALERT", "curValue": "95", "metricName": "CPUUtilization",
    "expression": "$Average>=80", "dimensions": "{userId=1, instanceId=i-1}", "ruleId": "r1",
    "instanceName": "web-1", "lastTime": "300", "triggerLevel": "CRITICAL",
    "timestamp": "1796043756000",
}  # fmt: skip
_LINES: Final = (
    "CPUUtilization 现在 95，条件 $Average>=80\n实例：instanceId=i-1\n级别：CRITICAL\n持续 300 秒"
)
ALIYUN: Final = [
    Hook(_ALIYUN, "触发：CPU（web-1）", _LINES, Result.FAIL, "alert.firing"),
    Hook(
        {**_ALIYUN, "alertState": "OK"}, "恢复：CPU（web-1）", _LINES, Result.SUCCESS,
        "alert.resolved",
    ),
]  # fmt: skip
_CLOUDFLARE: Final[JSON] = {
    "name": "隧道", "text": "Tunnel nas is down", "account_id": "a", "ts": 1796043756,
    "alert_type": "tunnel_health_event", "data": {"new_status": "TUNNEL_STATUS_TYPE_DOWN"},
}  # fmt: skip
CLOUDFLARE: Final = [
    Hook(_CLOUDFLARE, "隧道", "Tunnel nas is down", Result.FAIL,
         "cloudflare.tunnel_health_event"),
    Hook(
        {
            **_CLOUDFLARE, "text": "Tunnel nas is healthy",
            "data": {"new_status": "TUNNEL_STATUS_TYPE_HEALTHY"},
        },
        "隧道",
        "Tunnel nas is healthy",
        Result.SUCCESS,
    ),
    Hook(
        {**_CLOUDFLARE, "data": {}, "alert_event": "ALERT_STATE_EVENT_END"},
        "隧道",
        "Tunnel nas is down",
        Result.SUCCESS,
    ),
    Hook({**_CLOUDFLARE, "data": {}, "severity": "WARN"}, "隧道", "Tunnel nas is down",
         Result.PARTIAL),
]  # fmt: skip
_PAGE: Final[JSON] = {"page": {"status_description": "部分服务变慢"}}
STATUSPAGE: Final = [
    Hook(
        {
            **_PAGE,
            "incident": {
                "id": "i1", "name": "推送变慢", "status": "investigating", "impact": "major",
                "shortlink": "https://stspg.example/i1", "components": [{"name": "Webhooks"}],
                "incident_updates": [{"body": "在查"}, {"body": "更早的"}],
            },
        },
        "正在调查：推送变慢",
        "在查\n影响：Webhooks\nhttps://stspg.example/i1",
        Result.FAIL,
        "status.incident.investigating",
    ),
    Hook(
        {**_PAGE, "incident": {"id": "i1", "name": "推送变慢", "status": "resolved"}},
        "恢复：推送变慢",
        result=Result.SUCCESS,
    ),
    Hook(
        {
            **_PAGE, "component": {"id": "c1", "name": "Webhooks"},
            "component_update": {"old_status": "operational", "new_status": "partial_outage"},
        },
        "部分不可用：Webhooks",
        "部分服务变慢",
        Result.PARTIAL,
    ),
]  # fmt: skip
_ISSUE: Final[JSON] = {
    "key": "HOME-1", "self": "https://jira.example/rest/api/2/issue/1",
    "fields": {
        "summary": "首页是空的", "description": "打开就是空的", "issuetype": {"name": "缺陷"},
        "priority": {"name": "高"}, "assignee": {"displayName": "小红"},
    },
}  # fmt: skip
JIRA: Final = [
    Hook(
        {"webhookEvent": "jira:issue_created", "user": {"displayName": "小明"}, "issue": _ISSUE},
        "小明 新建了 HOME-1 首页是空的",
        "类型：缺陷\n优先级：高\n指派给 小红\n打开就是空的\nhttps://jira.example/browse/HOME-1",
        event="jira:issue_created",
    ),
    Hook(
        {
            "webhookEvent": "jira:issue_updated", "user": {"displayName": "小明"}, "issue": _ISSUE,
            "changelog": {"items": [{"field": "状态", "fromString": "待办", "toString": "完成"}]},
        },
        "小明 更新了 HOME-1 首页是空的",
        "状态：待办 → 完成\nhttps://jira.example/browse/HOME-1",
    ),
    Hook(
        {
            "webhookEvent": "comment_created", "issue": _ISSUE,
            "comment": {"body": "马上改", "author": {"displayName": "小红"}},
        },
        "小红 评论了 HOME-1 首页是空的",
        "马上改\nhttps://jira.example/browse/HOME-1",
        event="jira:comment_created",
    ),
    Hook({"webhookEvent": "sprint_started", "sprint": {"name": "第 3 周"}}, "冲刺开始：第 3 周"),
    Hook({"webhookEvent": "board_spun", "user": {"displayName": "小明"}}, "小明 board_spun"),
]  # fmt: skip
