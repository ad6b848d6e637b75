"""What other tools write, as the report that it becomes."""

import json
from datetime import UTC, datetime
from typing import Any

import pybase64
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from nonebot_plugin_report.errors import InvalidReport
from nonebot_plugin_report.model.report import Report, Result, dump, restore
from nonebot_plugin_report.sources.alerts import MAX_LISTED
from nonebot_plugin_report.sources.base import EVERY, MAX_STORY, leaves, moment
from nonebot_plugin_report.sources.catalogue import SOURCES, built_in, recognise
from nonebot_plugin_report.sources.mapping import read_own_sources
from nonebot_plugin_report.sources.parse import parse
from nonebot_plugin_report.sources.reader import Context, Reading, read
from tests import hooks, tools
from tests.chats import CHATS
from tests.dialects import jpeg
from tests.tools import (
    ALERT,
    ALERTMANAGER,
    APPRISE,
    GITHUB,
    GRAFANA,
    GRAFANA_8,
    JSON,
    KUMA,
    KUMA_TEST,
    KUMA_UP,
    MAA,
    ONEBOT,
    PLAIN,
    group,
    resolved,
)


def reading(body: JSON, headers: dict[str, str] | None = None, **query: str) -> Reading:
    return read(body, Context(query, {}, headers or {}), {})


def report(body: JSON, headers: dict[str, str] | None = None, **query: str) -> Report:
    found = reading(body, headers, **query)
    assert not found.unread
    return found.report


def event(name: str, which: int = 0) -> Report:
    headers = {"x-github-event": name, "x-github-delivery": "72d3162e-cc78"}
    return report(GITHUB[name][which], headers)


# ── our own dialect is nobody else's ──────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", PLAIN)
def test_a_tool_that_writes_our_fields_is_read_as_ever(name: str) -> None:
    assert recognise(PLAIN[name], {}) is None
    assert report(PLAIN[name]) == parse(PLAIN[name])
    if name != "BetterGI":
        assert report(PLAIN[name], source=name) == parse(PLAIN[name])


@given(
    st.dictionaries(
        st.sampled_from(["title", "content", "message", "event", "result", "data", "send_to"]),
        st.none() | st.text() | st.integers(0, 9) | st.dictionaries(st.text(), st.text()),
    ),
)
def test_no_body_in_our_own_fields_is_taken_for_another_tools(body: JSON) -> None:
    assert recognise(body, {}) is None


def test_a_source_is_named_as_one_writes_it() -> None:
    for name in ("Uptime Kuma", "uptime-kuma", "UPTIME_KUMA"):
        assert built_in(name) == ("uptimekuma", SOURCES["uptimekuma"])
    assert built_in("nobody") is None


def test_an_unknown_name_in_the_address_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(InvalidReport, match="source：没有这个来源；可用的有 grafana、alertmanager"):
        reading(KUMA, source="nobody")


def test_a_field_of_that_name_counts_where_it_is_known() -> None:
    assert report({"content": "x", "source": "sensor-1"}).content == "x"
    assert report({"content": "x", "source": 7}).content == "x"
    named = reading({"content": "x", "source": "grafana"})
    assert (named.report.content, named.unread) == ("x", "grafana")


# ── alerts ────────────────────────────────────────────────────────────────────────────────────────


def local(text: str) -> str:
    return f"{datetime.fromisoformat(text).astimezone():%Y-%m-%d %H:%M:%S}"


def test_an_alert_that_fires() -> None:
    told = report(ALERTMANAGER)
    assert told.title == "触发：InstanceDown"
    assert told.content == (
        "web-1 连不上了\n已经 5 分钟没有回答\nrunbook_url：https://wiki.example/instance-down\n"
        "instance=web-1:9100 job=node severity=critical\n"
        f"{local('2026-11-24T12:39:00Z')} 开始"
    )
    assert (told.event, told.result) == ("alert.firing", Result.FAIL)
    assert (told.story, told.elapsed) == ("02a6b2d1f9e0c3a4", None)


def test_an_alert_that_is_over_names_its_start_and_how_long_it_took() -> None:
    told = report(resolved(ALERTMANAGER))
    assert told.title == "恢复：InstanceDown"
    assert told.content.endswith(f"{local('2026-11-24T12:39:00Z')} 开始，持续 1 小时 5 分")
    assert (told.event, told.result) == ("alert.resolved", Result.SUCCESS)
    assert (told.story, told.elapsed) == ("02a6b2d1f9e0c3a4", 3900.0)
    assert told.timestamp == datetime(2026, 11, 24, 13, 44, 0, 739266, UTC)


@pytest.mark.parametrize(
    ("severity", "result"),
    [("critical", Result.FAIL), ("warning", Result.PARTIAL), ("info", "通知"), ("", Result.FAIL)],
)
def test_an_alerts_severity_is_its_result(severity: str, result: object) -> None:
    alert = ALERT | {"labels": {"alertname": "A", "severity": severity}}
    assert report(group(alert)).result == result
    assert report(resolved(group(alert))).result is Result.SUCCESS


def another(instance: str, status: str = "firing", **labels: str) -> JSON:
    ended = {"endsAt": "2026-11-24T12:40:00.739266876Z"} if status == "resolved" else {}
    return {
        **ALERT, "status": status, "fingerprint": instance, **ended,
        "labels": {**ALERT["labels"], "instance": instance, **labels},
    }  # fmt: skip


def test_several_alerts_are_listed_below_what_they_share() -> None:
    told = report(group(ALERT, another("web-2", severity="warning"), another("web-3", "resolved")))
    start = local("2026-11-24T12:39:00Z")
    assert told.title == "触发 2 条，恢复 1 条：InstanceDown"
    assert told.content.splitlines() == [
        "web-1 连不上了", "已经 5 分钟没有回答", "runbook_url：https://wiki.example/instance-down",
        "job=node",
        "🔥 触发：instance=web-1:9100 severity=critical", f"{start} 开始",
        "🔥 触发：instance=web-2 severity=warning", f"{start} 开始",
        "✅ 恢复：instance=web-3 severity=critical", f"{start} 开始，持续 1 分",
    ]  # fmt: skip
    assert (told.event, told.result, told.story) == ("alert.firing", Result.FAIL, "")


def test_many_alerts_are_counted() -> None:
    alerts = [another(f"web-{number}") for number in range(MAX_LISTED + 5)]
    told = report(group(*alerts, truncatedAlerts=3, groupLabels={"cluster": "家"}))
    assert told.title == f"触发 {MAX_LISTED + 5} 条：InstanceDown"
    assert told.content.endswith("还有 8 条没有列出")
    assert "cluster=家" in told.content
    assert f"web-{MAX_LISTED - 1}" in told.content
    assert f"web-{MAX_LISTED}" not in told.content
    assert len(told.content.splitlines()) <= 15


def test_of_many_alerts_each_has_a_line_with_what_is_said_of_it() -> None:
    alerts = [
        another(f"web-{number}") | {"annotations": {"summary": f"第 {number} 台连不上"}}
        for number in range(4)
    ]
    start = local("2026-11-24T12:39:00Z")
    assert report(group(*alerts)).content.splitlines()[-4:] == [
        f"🔥 触发：instance=web-{number}：第 {number} 台连不上（{start} 开始）"
        for number in range(4)
    ]


def test_an_alert_without_anything_is_told_by_its_group() -> None:
    bare = {"status": "resolved", "startsAt": "x", "endsAt": 7, "labels": None, "annotations": []}
    body = ALERTMANAGER | {"alerts": [bare, 7], "groupLabels": {}, "commonLabels": {}}
    told = report(body | {"commonAnnotations": {}, "truncatedAlerts": "x" * 20})
    assert (told.title, told.content, told.elapsed) == ("恢复：qq", "", None)


def test_the_same_notification_is_known_again_and_a_later_state_is_another() -> None:
    first = report(ALERTMANAGER)
    assert (first.key, first.key_seconds) == (report(ALERTMANAGER).key, 60.0)
    other = ALERTMANAGER | {"externalURL": "http://the-other-one:9093"}
    assert report(other).key == first.key
    assert report(resolved(ALERTMANAGER)).key != first.key
    assert report(group(ALERT, another("web-2"))).key != first.key
    later = [{**ALERT, "startsAt": "2026-11-25T12:39:00Z"}]
    assert report(ALERTMANAGER | {"alerts": later}).key != first.key


def test_a_group_without_alerts_is_no_notification() -> None:
    empty = ALERTMANAGER | {"alerts": []}
    assert not reading(empty).report.event
    assert reading(empty, source="alertmanager").unread == "alertmanager"


# ── Grafana ───────────────────────────────────────────────────────────────────────────────────────


def test_grafanas_own_templates_are_laid_out_as_alertmanagers_alerts() -> None:
    told = report(GRAFANA)
    assert told.title == "触发：High memory usage"
    assert told.content == report(GRAFANA | {"title": "", "message": ""}).content
    assert "**" not in told.content
    ended = report(
        resolved(GRAFANA | {"message": GRAFANA["message"].replace("Firing", "Resolved")})
    )
    assert (ended.title, ended.result) == ("恢复：High memory usage", Result.SUCCESS)
    assert "**" not in ended.content


def test_what_the_users_own_template_says_of_an_alert_is_kept() -> None:
    told = report(GRAFANA | {"title": "内存", "message": "快满了"})
    start = local("2026-11-24T01:51:03Z")
    assert told.title == "内存"
    assert told.content == (
        f"快满了\n{start} 开始\nhttps://grafana.example/alerting/1afz29v7z/edit"
    )
    assert (told.event, told.result) == ("alert.firing", Result.FAIL)
    assert told.story == "c6eadffa33fcdf37"


def test_grafana_without_a_template_is_told_as_alertmanager_is() -> None:
    alert = GRAFANA["alerts"][0] | {"imageURL": "https://grafana.example/a.png"}
    told = report(GRAFANA | {"title": "", "message": "", "alerts": [alert]})
    assert told.title == "触发：High memory usage"
    assert told.content.splitlines() == [
        "This alert was triggered for zone us-1", "The system has high memory usage",
        "runbook_url：https://myrunbook.example/runbook/1234", "team=blue zone=us-1",
        "B=44.23943738，C=1", "https://grafana.example/alerting/1afz29v7z/edit",
        "https://grafana.example/a.png", f"{local('2026-11-24T01:51:03Z')} 开始",
    ]  # fmt: skip


def test_the_same_alerts_in_other_words_are_no_retry() -> None:
    keys = [report(GRAFANA | {"title": title}).key for title in ("甲", "乙", "甲")]
    assert keys[0] == keys[2] != keys[1]


def test_a_users_template_is_followed_by_links_that_it_does_not_say() -> None:
    alert = GRAFANA["alerts"][0] | {"panelURL": "https://grafana.example/d/1?viewPanel=2"}
    own = {"message": "内存", "alerts": [alert]}
    ended = resolved(GRAFANA | own, "2026-11-24T09:53:03.157076+08:00")
    told = report(ended)
    assert told.content.endswith("持续 2 分\nhttps://grafana.example/d/1?viewPanel=2")
    assert told.elapsed == 120


def test_grafanas_picture_comes_along() -> None:
    alert = GRAFANA["alerts"][0] | {"embeddedImage": "!"}
    assert report(GRAFANA | {"alerts": [alert]}).image_fault == "不是 base64 字符串"
    assert not report({**GRAFANA, "alerts": [], "title": "", "message": ""}).event


@pytest.mark.parametrize(
    ("state", "event", "result"),
    [
        ("alerting", "alert.firing", Result.FAIL), ("ok", "alert.resolved", Result.SUCCESS),
        ("no_data", "alert.firing", Result.PARTIAL), ("paused", "alert.paused", "已暂停"),
    ],
)  # fmt: skip
def test_grafanas_older_alerting(state: str, event: str, result: object) -> None:
    told = report(GRAFANA_8 | {"state": state})
    assert (told.title, told.event, told.result) == (GRAFANA_8["title"], event, result)
    assert told.content.splitlines() == [
        "Notification Message", "Count=1", GRAFANA_8["ruleUrl"], GRAFANA_8["imageUrl"],
    ]  # fmt: skip
    assert told.story == "1"
    assert report(GRAFANA_8 | {"state": "odd", "title": ""}, source="grafana").title == (
        "Panel Title alert"
    )


# ── Uptime Kuma ───────────────────────────────────────────────────────────────────────────────────


def test_a_monitor_goes_down_and_up() -> None:
    down, up = report(KUMA), report(KUMA_UP)
    assert (down.title, down.result, down.event) == ("掉线：博客", Result.FAIL, "monitor.down")
    assert down.content == f"{KUMA['msg']}\n在家里的机器上\nhttps://blog.example"
    assert down.timestamp == datetime(2026, 11, 24, 12, 39, 0, 123000, UTC), "it writes UTC"
    assert (up.title, up.result, up.event) == ("恢复：博客", Result.SUCCESS, "monitor.up")
    assert up.content.endswith("https://blog.example\n响应 123 毫秒")
    assert (down.story, up.story, up.elapsed) == ("7", "7", None)


def test_a_monitor_that_is_up_names_when_it_went_down_where_kuma_says_it() -> None:
    beat = KUMA_UP["heartbeat"] | {"lastDownTime": "2026-11-24 12:39:00.123"}
    told = report(KUMA_UP | {"heartbeat": beat})
    assert told.elapsed == 3900
    assert told.content.endswith(f"{local('2026-11-24T12:39:00Z')} 掉线")


@pytest.mark.parametrize(
    ("monitor", "where"),
    [
        ({"url": "https://", "hostname": "10.0.0.2", "port": 22}, "10.0.0.2:22"),
        ({"url": None, "hostname": "10.0.0.2"}, "10.0.0.2"), ({}, "connect timeout"),
    ],
)  # fmt: skip
def test_where_a_monitor_looks(monitor: JSON, where: str) -> None:
    beat = KUMA["heartbeat"] | {"msg": "connect timeout"}
    body = {"heartbeat": beat, "monitor": {"name": "ssh", **monitor}, "msg": "坏了"}
    assert report(body).content.splitlines()[-1] == where


def test_kumas_test_and_a_certificates_end() -> None:
    told = report(KUMA_TEST)
    assert (told.title, told.content, told.result) == ("Uptime Kuma", "QQ Testing", None)
    assert report({**KUMA_TEST, "monitor": {"name": "博客"}}).title == "博客"
    odd = {"heartbeat": {"status": 9}, "monitor": None, "msg": ""}
    assert reading(odd, source="uptimekuma").report.title == "Uptime Kuma"


def test_kuma_as_a_form_and_by_get() -> None:
    form = report({"data": json.dumps(KUMA, ensure_ascii=False)})
    assert (form.title, form.content) == (report(KUMA).title, report(KUMA).content)
    got = {name: json.dumps(KUMA[name]) for name in ("heartbeat", "monitor")} | {"msg": KUMA["msg"]}
    assert report(got) == report(KUMA)
    assert report({"msg": KUMA["msg"], "heartbeat": got["heartbeat"]}).title == "掉线"
    broken = {"data": '{"heartbeat": {', "content": "x"}
    assert report(broken).content == "x"
    assert reading({"heartbeat": "{", "msg": ""}, source="uptimekuma").unread == "uptimekuma"


# ── GitHub ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("name", "which", "title", "content", "result"),
    [
        ("push", 0, "mona 推送了 1 个提交到分支 main",
         "9c1a2b3 修好首页（Mona）\nhttps://github.com/octo/hello/compare/a...b", None),
        ("push", 1, "mona 强制推送了 30 个提交到新分支 main", "还有 20 个提交", None),
        ("push", 2, "mona 删除了标签 v1", "https://github.com/octo/hello/compare/a...b", None),
        ("pull_request", 0, "mona 打开了 PR #2 Update the README",
         "A pretty simple change.\nhttps://github.com/octo/hello/pull/2", None),
        ("pull_request", 1, "mona 关闭了 PR #2", "https://github.com/octo/hello/pull/2", None),
        ("pull_request", 2, "mona 合并了 PR #2", "https://github.com/octo/hello/pull/2", None),
        ("pull_request", 3, "mona 更新了 PR #2", "https://github.com/octo/hello/pull/2", None),
        ("pull_request_review", 0, "mona 批准了 PR #2 Update the README", "很好\nhttps", None),
        ("pull_request_review", 1, "mona 撤销了 PR #2 Update the README 的审阅", "", None),
        ("issues", 0, "mona 打开了 issue #1 Spelling error", "长" * 1000 + "…\nhttps", None),
        ("issues", 1, "mona 关闭了 issue #1 Spelling error", "https", None),
        ("issues", 2, "mona frobnicated issue #1 Spelling error", "https", None),
        ("issue_comment", 0, "mona 评论了 #1 Spelling error", "马上就改\nhttps", None),
        ("issue_comment", 1, "mona 移动了 #1 Spelling error", "", None),
        ("release", 0, "mona 发布了版本 v1.0", "第一版\nhttps", None),
        ("workflow_run", 0, "mona 完成了工作流 CI", "分支 main\n修好首页\nhttps", Result.FAIL),
        ("workflow_run", 1, "mona 完成了工作流 CI", "分支 main\n修好首页", Result.SUCCESS),
        ("workflow_run", 2, "mona 完成了工作流 CI", "分支 main\n修好首页", "已取消"),
        ("workflow_run", 3, "mona 开始了工作流 CI", "分支 main\n修好首页", None),
        ("check_run", 0, "mona 完成了检查 lint", "", Result.SUCCESS),
        ("star", 0, "mona 加了星标", "现在有 80 个星标\nhttps://github.com/octo/hello", None),
        ("star", 1, "mona 取消了星标", "现在有 80 个星标", None),
        ("fork", 0, "mona 复刻到 bob/hello", "https://github.com/bob/hello", None),
        ("create", 0, "mona 新建了标签 v1.0", "https://github.com/octo/hello", None),
        ("delete", 0, "mona 删除了分支 old", "https://github.com/octo/hello", None),
        ("ping", 0, "GitHub 连上了", "Anything added dilutes everything else.", None),
        ("status", 0, "ci/travis 9c1a2b3", "编译失败\n修好首页\nhttps://ci.example/1", Result.FAIL),
        ("deployment_status", 0, "mona 更新了部署 production：成功", "https", Result.SUCCESS),
        ("dependabot_alert", 0, "mona 发现依赖警告 #3 Django 有漏洞", "https", Result.FAIL),
        ("gollum", 0, "mona 修改了 wiki 页首页", "", None),
        ("commit_comment", 0, "mona 评论了提交 a.py", "好", None),
        ("issues", 3, "mona 给 issue #1 Spelling error 加上标签 bug", "https", None),
        ("issues", 4, "mona 把 issue #1 Spelling error 指派给 bob", "https", None),
        ("issues", 5, "mona 把 issue #1 Spelling error 排进里程碑 v1", "https", None),
        ("issues", 6, "mona 关闭了 issue #1 Spelling error", "原因：不做了", None),
        ("pull_request", 4, "mona 请 bob 审阅 PR #2", "fix → main", None),
        ("discussion", 0, "mona 把讨论 #4 想法改到分类 Ideas", "原来的分类：General", None),
        ("secret_scanning_alert", 0, "mona 重新打开了密钥泄露警告 #9 aws_key", "", Result.FAIL),
        ("secret_scanning_alert", 1, "mona 解决了密钥泄露警告 #9 aws_key", "处理：revoked",
         Result.SUCCESS),
        ("package", 0, "mona 发布了软件包 hello", "版本 1.0.1\n类型：npm\nhttps", None),
        ("page_build", 0, "没能构建 GitHub Pages", "页面写错了", Result.FAIL),
        ("check_suite", 0, "mona 要求重新运行检查 lint", "分支 main", None),
        ("brand_new_event", 0, "mona frobbed brand_new_event 小工具", "https://github.com/g/1",
         None),
    ],
)  # fmt: skip
def test_an_event_of_github_in_words(
    name: str, which: int, title: str, content: str, result: object
) -> None:
    told = event(name, which)
    assert told.title.startswith(f"octo/hello：{title}")
    assert content in told.content
    assert told.result == result
    action = GITHUB[name][which].get("action")
    assert told.event == (f"github.{name}.{action}" if action else f"github.{name}")
    assert told.key == "72d3162e-cc78"


def test_a_branch_that_is_pushed_without_commits() -> None:
    body = GITHUB["push"][0] | {"commits": [], "created": True}
    pushed = report(body, {"x-github-event": "push"})
    assert pushed.title == "octo/hello：mona 推送了新分支 main"
    assert pushed.content == "https://github.com/octo/hello/compare/a...b"


def test_events_of_github_that_are_of_no_repository() -> None:
    assert event("membership").title == "octo：mona 把成员 bob 加进团队 前端"
    told = event("security_advisory")
    assert (told.title, told.content) == (
        "发布了安全公告 Django 有漏洞", "严重程度：高\n影响：django\n可以绕过登录",
    )  # fmt: skip


def test_an_alert_that_is_found_and_mended_is_one_story() -> None:
    stories = {event("secret_scanning_alert", which).story for which in (0, 1)}
    assert len(stories) == 1
    assert "" not in stories


def test_a_long_comment_is_cut_to_a_few_lines() -> None:
    body = GITHUB["issue_comment"][0]
    long = body | {"comment": {"body": "\n\n".join(f"第 {row} 行" for row in range(30))}}
    told = report(long, {"x-github-event": "issue_comment"})
    assert told.content.splitlines()[-2:] == ["第 7 行", "…"] or "第 7 行\n…" in told.content
    assert "第 8 行" not in told.content


# ── Gitea, Forgejo and Gogs ───────────────────────────────────────────────────────────────────────


def test_giteas_own_names_are_told_as_githubs() -> None:
    review = GITHUB["pull_request_review"][0] | {
        "action": "reviewed",
        "review": {"type": "pull_request_review_rejected", "content": "改一下"},
    }  # fmt: skip
    headers = {
        "x-gitea-event": "pull_request_rejected", "x-github-event": "pull_request_rejected",
        "x-gitea-delivery": "d-1",
    }  # fmt: skip
    told = report(review, headers)
    assert told.title == "octo/hello：mona 要求修改 PR #2 Update the README"
    assert told.content.startswith("改一下\n")
    assert (told.event, told.key) == ("github.pull_request_review.reviewed", "d-1")


def test_giteas_fork_is_the_repository_and_not_the_forkee() -> None:
    new = {"full_name": "bob/hello", "html_url": "https://git.example/bob/hello", "fork": True}
    old = {"full_name": "octo/hello", "html_url": "https://git.example/octo/hello", "fork": False}
    fork: JSON = {"forkee": old, "repository": new, "sender": {"login": "bob"}}
    gitea = report(fork, {"x-gitea-event": "fork", "x-github-event": "fork"})
    assert gitea.title.endswith("：bob 复刻到 bob/hello")
    assert gitea.content == "https://git.example/bob/hello"


def test_a_push_to_gogs_has_its_own_header_and_person() -> None:
    body: JSON = {
        "ref": "refs/heads/main", "compare_url": "https://git.example/o/r/compare/a...b",
        "commits": [{"id": "bffeb74224", "message": "加功能", "author": {"name": "无闻"}}],
        "repository": {"full_name": "o/r", "html_url": "https://git.example/o/r"},
        "pusher": {"username": "wu", "login": "wu"},
    }  # fmt: skip
    told = report(body, {"x-gogs-event": "push", "x-gogs-delivery": "d-2"})
    assert told.title == "o/r：wu 推送了 1 个提交到分支 main"
    assert told.content == "bffeb74 加功能（无闻）\nhttps://git.example/o/r/compare/a...b"
    branch = {"ref": "refs/heads/x", "ref_type": "branch", "repository": body["repository"]}
    assert report(branch, {"x-gogs-event": "create"}).title == "o/r：新建了分支 x"


def test_a_run_of_forgejos_actions() -> None:
    run = {
        "title": "修好首页", "workflow_id": "test.yml", "prettyref": "main",
        "html_url": "https://git.example/o/r/actions/runs/1",
        "repository": {"full_name": "o/r"},
    }  # fmt: skip
    failed = report({"action": "failure", "run": run}, {"x-forgejo-event": "action_run_failure"})
    assert (failed.title, failed.result) == ("o/r：工作流失败了：修好首页", Result.FAIL)
    assert failed.content.startswith("test.yml\n分支 main\nhttps")
    mended = report({"action": "success", "run": run}, {"x-forgejo-event": "action_run_recover"})
    assert (mended.title, mended.result) == ("o/r：工作流恢复了：修好首页", Result.SUCCESS)


def test_how_long_a_run_took() -> None:
    assert event("workflow_run", 0).elapsed == 200
    assert event("workflow_run", 3).elapsed is None
    assert event("check_run").elapsed is None


@pytest.mark.parametrize(
    "name", ["push", "ping", "pull_request", "pull_request_review", "issues", "issue_comment",
             "star", "release", "workflow_run", "check_run", "commit_comment"],
)  # fmt: skip
def test_githubs_event_is_guessed_where_its_header_is_lost(name: str) -> None:
    assert report(GITHUB[name][0], source="github").event.split(".")[1] == name


def test_what_is_none_of_githubs() -> None:
    assert reading({"zen": "x"}, source="github").unread == "github"
    assert reading({"repository": {"full_name": "a/b"}}, source="github").unread == "github"
    assert recognise({"content": "x"}, {"x-github-event": "push"}) is None
    organization: JSON = {"sender": {"login": "mona"}, "organization": {"login": "octo"}}
    told = report(organization | {"action": "x"}, {"x-github-event": "team"})
    assert told.title == "octo：mona x 团队"
    assert report({"sender": {"id": 1}}, {"x-github-event": "odd"}).title == "触发了 odd"


def test_a_form_with_all_in_one_field_is_opened() -> None:
    form = {"payload": json.dumps(GITHUB["star"][0])}
    assert report(form, {"x-github-event": "star"}).title == "octo/hello：mona 加了星标"
    assert report({"payload": '{"text": "备份完成"}'}).message == "备份完成"
    assert report({"payload": "{broken"}).content == "{broken"
    assert report({"payload": "5 kg", "content": "x"}).content == "x"


# ── MAA ───────────────────────────────────────────────────────────────────────────────────────────


def test_maas_time_is_the_reports() -> None:
    told = report(MAA)
    assert (told.title, told.content) == (MAA["title"], MAA["content"])
    assert told.timestamp == datetime(2026, 11, 24, 20, 39).astimezone()
    assert report({**MAA, "time": "3 分"}).timestamp is None
    assert report({**MAA, "time": "3 分"}, source="maa").timestamp == "3 分"


# ── Apprise ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("kind", "result"),
    [("info", None), ("success", Result.SUCCESS), ("warning", Result.PARTIAL),
     ("failure", Result.FAIL)],
)  # fmt: skip
def test_apprises_type_is_the_result(kind: str, result: object) -> None:
    told = report(APPRISE | {"type": kind})
    assert (told.title, told.message, told.result) == (
        "备份", "磁盘满了\n[文件 log.txt]\n[文件 dump]", result,
    )  # fmt: skip


def test_apprises_pictures_are_shown_and_what_is_none_is_told() -> None:
    encoded = pybase64.b64encode_as_string(jpeg())
    attached = [
        {"filename": "a.jpg", "base64": encoded, "mimetype": "image/jpeg"},
        {"filename": "b.png", "base64": "AAAA", "mimetype": "image/png"}, 7,
    ]  # fmt: skip
    told = report(APPRISE | {"attachments": attached})
    assert [one.data for one in told.images] == [jpeg()]
    assert "2 张里有 1 张" in told.image_fault
    assert report(APPRISE | {"attachments": 7, "title": ""}).message == "磁盘满了"
    empty = APPRISE | {"message": "", "title": "", "attachments": []}
    assert reading(empty | {"event": "x"}, source="apprise").unread == "apprise"


# ── OneBot ────────────────────────────────────────────────────────────────────────────────────────


def test_a_onebot_message_at_the_push_address_is_shown_and_reaches_whom_it_names() -> None:
    encoded = pybase64.b64encode_as_string(jpeg())
    image = {"type": "image", "data": {"file": f"base64://{encoded}"}}
    told = report(ONEBOT | {"message": [*ONEBOT["message"], image]})
    assert (told.content, told.send_to) == ("体力计划已完成[语音]", ("114514",))
    assert [one.data for one in told.images] == [jpeg()]
    assert report(ONEBOT | {"group_id": "777", "message_type": ""}).send_to_group == ("777",)
    assert report({"message": ONEBOT["message"]}).send_to == ()
    assert report(ONEBOT | {"to": 10002}).send_to == ("10002",)
    with pytest.raises(InvalidReport, match="user_id：QQ 号应为数字"):
        report(ONEBOT | {"user_id": "我"})


# ── what holds for every source ───────────────────────────────────────────────────────────────────

BODIES: dict[str, tuple[str, JSON, dict[str, str]]] = {
    **{name: (name.split()[0], body, {}) for name, body in CHATS.items()},
    "alertmanager": ("alertmanager", ALERTMANAGER, {}),
    "alertmanager resolved": ("alertmanager", resolved(ALERTMANAGER), {}),
    "alertmanager group": ("alertmanager", group(ALERT, another("web-2", "resolved", a="b")), {}),
    "grafana": ("grafana", GRAFANA, {}),
    "grafana bare": ("grafana", GRAFANA | {"title": "", "message": ""}, {}),
    "grafana 8": ("grafana", GRAFANA_8, {}),
    "uptimekuma": ("uptimekuma", KUMA, {}),
    "uptimekuma up": ("uptimekuma", KUMA_UP, {}),
    "uptimekuma test": ("uptimekuma", KUMA_TEST, {}),
    "apprise": ("apprise", APPRISE, {}),
    "maa": ("maa", MAA, {}),
    "onebot": ("onebot", {"message": ONEBOT["message"]}, {}),
    **{
        f"github {name} {which}": ("github", body, {"x-github-event": name})
        for name, bodies in GITHUB.items()
        for which, body in enumerate(bodies)
    },
    **{
        f"{source} {which}": (source, hook.body, hook.headers)
        for source, hooks in hooks.HOOKS.items()
        for which, hook in enumerate(hooks)
    },
}
"""By a name of ours: the source, its body, its headers."""

LEFT_OUT = {
    "alertmanager": {
        "status", "receiver", "version", "groupKey", "externalURL", "truncatedAlerts",
        "alerts.status", "alerts.startsAt", "alerts.endsAt", "alerts.generatorURL",
        "alerts.fingerprint",
    },
    "grafana": {
        "status", "state", "receiver", "version", "groupKey", "externalURL", "truncatedAlerts",
        "orgId", "alerts.status", "alerts.startsAt", "alerts.endsAt", "alerts.fingerprint",
        "alerts.silenceURL", "alerts.valueString", "alerts.values.B", "dashboardId", "panelId",
        "ruleId", "tags.tag name", "ruleName", "title", "message",
    },
    "uptimekuma": {
        "monitor.id", "monitor.method", "monitor.type", "monitor.interval",
        "monitor.notificationIDList.1", "heartbeat.monitorID", "heartbeat.status",
        "heartbeat.time", "heartbeat.important", "heartbeat.duration", "heartbeat.retries",
        "heartbeat.timezone", "heartbeat.timezoneOffset", "heartbeat.localDateTime",
    },
    "apprise": {"version", "type", "attachments.base64", "attachments.mimetype"},
    "maa": {"time"},
    "onebot": {"message.type", "message.data.file"},
}  # fmt: skip
"""What the words of a report leave out by intention: numbers of the tool's own, moments (told as
times here), and links that only its owner can open."""


@pytest.mark.parametrize("name", [one for one in BODIES if BODIES[one][0] in LEFT_OUT])
def test_nothing_that_a_tool_says_is_lost(name: str) -> None:
    source, body, headers = BODIES[name]
    told = report(body, headers)
    words = f"{told.title}\n{told.content}\n{told.message}"
    lost = {path for path, said in leaves(body) if said not in words}
    assert lost <= LEFT_OUT[source]


@given(
    st.sampled_from(list(BODIES)),
    st.fixed_dictionaries(
        {},
        optional={
            name: st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=9)
            for name in ("title", "content", "message", "text", "msg", "body", "desp")
        },
    ),
)
def test_no_source_loses_what_a_plain_reading_would_have_kept(
    name: str, more: dict[str, str]
) -> None:
    source, body, headers = BODIES[name]
    more = {name: words for name, words in more.items() if name not in body}  # those are its own
    assume(recognise(body | more, headers) is SOURCES[source])
    told = report(body | more, headers)
    words = f"{told.title}\n{told.content}\n{told.message}"
    assert all(said in words for said in more.values())


OWN = read_own_sources({"unifi": {"title": "alarm.name"}})
EVERY_BODY = {
    **{name: one[1:] for name, one in BODIES.items()},
    **{n: (b, {}) for n, b in PLAIN.items()},
}
TEXT = st.text(st.characters(categories=["L"]), min_size=3, max_size=9)


@given(
    st.sampled_from(list(EVERY_BODY)),
    st.sampled_from(["", "unifi", *SOURCES]),
    st.dictionaries(st.sampled_from(["title", "content", "message", "msg", "text"]), TEXT),
)
@example("wecom text", "sentry", {"message": "备份完成", "text": "备份完成"})
@example("feishu share", "maa", {"content": "备份完成"})
def test_no_source_loses_what_another_would_have_kept(
    name: str, source: str, more: dict[str, str]
) -> None:
    """Whatever the address says, as it was copied from another tool's."""
    body, headers = EVERY_BODY[name]
    body = body | more

    def words(source: str) -> str:
        told = read(body, Context({"source": source}, {}, headers), OWN).report
        return f"{told.title}\n{told.content}\n{told.message}"

    plain, named = words(""), words(source)
    lost = [
        said for _, said in leaves(body) if len(said) > 2 and said in plain and said not in named
    ]
    assert not lost


@pytest.mark.parametrize("source", ["unifi", *SOURCES])
def test_a_body_whose_source_is_another_is_never_refused(source: str) -> None:
    for body, headers in EVERY_BODY.values():
        told = read(body, Context({"source": source}, {}, headers), OWN).report
        assert told.heading or told.body
    other: JSON = {"alert": {"name": "机房"}}
    found = read(other, Context({"source": source}, {}, {}), OWN)
    assert (found.unread, found.report.heading) == (source, "机房")


@pytest.mark.parametrize("name", BODIES)
def test_recipients_and_pictures_in_any_body_count_as_ever(name: str) -> None:
    _, body, headers = BODIES[name]
    encoded = pybase64.b64encode_as_string(jpeg())
    told = report(body | {"to": "10002", "send_to_group": 777, "image": encoded}, headers)
    assert (told.send_to, told.send_to_group) == (("10002",), ("777",))
    assert told.images or told.image_fault  # a source may have pictures of its own
    plain = report(body, headers)
    assert report(body | {"image": "!"}, headers).image_fault == plain.image_fault
    assert report(body, headers, send_to="10003").send_to == (plain.send_to or ("10003",))


@pytest.mark.parametrize("name", BODIES)
def test_every_body_is_known_by_its_shape_and_reads_the_same_by_its_name(name: str) -> None:
    source, body, headers = BODIES[name]
    assert recognise(body, headers) is SOURCES[source]
    assert report(body, headers) == report(body, headers, source=source)


TEXTS = st.text(st.characters(), max_size=5)
"""Halves of characters among them, as JSON may have them."""
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner),
    max_leaves=8,
)


def altered(body: Any, draw: Any) -> Any:
    """A body, some of whose values are something else."""
    if draw(st.integers(0, 9)) == 0:
        return draw(ANYTHING)
    if isinstance(body, dict):
        return {name: altered(one, draw) for name, one in body.items()}
    if isinstance(body, list):
        return [altered(one, draw) for one in body]
    return body


@given(st.data())
def test_whatever_stands_where_it_is_looked_for_the_answer_is_a_report_or_a_reason(
    data: st.DataObject,
) -> None:
    source, body, headers = BODIES[data.draw(st.sampled_from(list(BODIES)))]
    body = {name: altered(one, data.draw) for name, one in body.items()}
    for query in ({}, {"source": source}):
        try:
            found = read(body, Context(query, {"title": "t"}, headers), {})
        except InvalidReport:
            continue
        assert found.report.heading or found.report.body
        check_storable(found.report)


def check_storable(report: Report) -> None:
    """Whatever is stored or sent of a report can be written."""
    texts = (report.title, report.content, report.message, report.event, report.key, report.story)
    assert all(one.encode() is not None for one in (*texts, *report.cut))
    assert len(report.story) <= MAX_STORY
    assert restore(dump(report).decode()).story == report.story


def halved(body: Any) -> Any:
    """A body in which half a character stands behind each text and each name of a label."""
    if isinstance(body, dict):
        return {
            f"{name}\ud83d" if name == "alertname" else name: halved(one)
            for name, one in body.items()
        }
    if isinstance(body, list):
        return [halved(one) for one in body]
    return f"{body}\ud83d" if isinstance(body, str) else body


@pytest.mark.parametrize("name", BODIES)
def test_half_a_character_is_replaced_wherever_it_stands(name: str) -> None:
    source, body, headers = BODIES[name]
    found = reading(halved(body), headers, source=source).report
    check_storable(found)
    assert "\ufffd" in found.title + found.content + found.message


def test_a_story_is_short_and_as_different_as_before() -> None:
    def story(fingerprint: str) -> str:
        alert = {**ALERT, "fingerprint": fingerprint}
        return report({**ALERTMANAGER, "alerts": [alert]}).story

    long = story("x" * 100_000)
    assert (len(long), story("x" * 64)) == (MAX_STORY, "x" * 64)
    assert long == story("x" * 100_000) != story("x" * 100_001)
    assert story("a\ud83d") == "a\ufffd"


def test_a_body_that_its_source_cannot_read_is_shown_as_it_is() -> None:
    body: JSON = {"alarm": {"name": "机房", "level": 3}, "token": "s3cret", "list": [1, True]}
    found = reading(body, source="grafana", send_to="10002")
    assert found.unread == "grafana"
    assert found.report.title == "机房"
    assert found.report.content == "alarm level：3\nlist：1、true"
    assert found.report.cut == ("没能按来源 grafana 读懂，按原样发",)
    assert found.report.send_to == ("10002",)
    assert reading({}, source="grafana").report.content == "（空的）"


def test_what_is_looked_at_is_bounded() -> None:
    assert len(list(leaves({"a": [1] * 5000}))) < EVERY
    deep: Any = "x"
    for _ in range(5000):
        deep = {"a": deep}
    assert list(leaves(deep)) == []
    assert list(leaves({"a": {"b": "x"}})) == [("a.b", "x")]


def test_moments_have_an_offset_and_a_year_of_ours() -> None:
    assert moment("2026-11-24T12:39:00+08:00") == datetime(2026, 11, 24, 4, 39, tzinfo=UTC)
    far = ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59-14:00")
    for none in ("2026-11-24T12:39:00", *far, "soon", 7, None):
        assert moment(none) is None


def test_the_examples_are_what_a_tool_puts_on_the_wire() -> None:
    assert json.loads(tools.encoded(KUMA)) == KUMA


def test_a_key_beside_the_body_counts_alone_and_only_where_the_body_has_none() -> None:
    beside = Context({}, {}, {}, key=" job-7 ")
    for body in ({"content": "x"}, KUMA):
        keyed = read(body, beside, {}).report
        assert (keyed.key, keyed.key_with_words) == ("job-7", False)
    own = read({"content": "x", "id": "mine"}, beside, {}).report
    assert (own.key, own.key_with_words) == ("mine", True)
    with pytest.raises(InvalidReport, match="128"):
        read({"content": "x"}, Context({}, {}, {}, key="x" * 129), {})
