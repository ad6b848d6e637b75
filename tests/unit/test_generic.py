"""Bodies that no source knows, as the message that becomes of each."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nonebot_plugin_report.errors import InvalidReport
from nonebot_plugin_report.model.report import Report, Result
from nonebot_plugin_report.routing.template import DEFAULT_TEMPLATE
from nonebot_plugin_report.sources import leaves
from nonebot_plugin_report.sources.dialect import Addressees
from nonebot_plugin_report.sources.generic import (
    MAX_LINE,
    MAX_LINES,
    MAX_TAIL,
    MAX_TITLE,
    read_generic,
)
from nonebot_plugin_report.sources.leaves import (
    HEADINGS,
    LETTERS,
    MAX_PLACES,
    MAX_STEPS,
    WORDS,
    find_leaves,
)
from nonebot_plugin_report.sources.reader import Context, read

Json = dict[str, Any]

NOBODY = Addressees(frozenset(), frozenset())

READ: dict[str, tuple[Json, str]] = {
    # https://www.zabbix.com/documentation/current/en/manual/config/notifications/media/webhook
    "Zabbix": (
        {"To": "ops", "Subject": "Problem: 磁盘空间不足", "Message": "Host: nas\r\nSeverity: High",
         "HTTPProxy": ""},
        "❌ Problem: 磁盘空间不足\nHost: nas\nSeverity: High\nTo：ops",
    ),
    # https://support.pagerduty.com/main/docs/webhooks
    "PagerDuty": (
        {"event": {"id": "01", "event_type": "incident.triggered",
                   "occurred_at": "2026-11-24T04:00:21Z",
                   "data": {"html_url": "https://x.pagerduty.com/incidents/P1", "number": 2,
                            "status": "triggered", "title": "磁盘满了", "urgency": "high",
                            "service": {"summary": "NAS"}}}},
        "⚠️ 磁盘满了\nservice：NAS\nurgency：high\nnumber：2\n"
        "https://x.pagerduty.com/incidents/P1\n{04:00:21}",
    ),
    # https://support.atlassian.com/opsgenie/docs/opsgenie-edge-connector-alert-action-data/
    "Opsgenie": (
        {"action": "Create", "alert": {"message": "磁盘满了", "priority": "P1", "entity": "nas"},
         "source": {"name": "", "type": "API"}, "integrationId": "9f1c4b2a-88d1-4b6e-9d57-5f3a2b"},
        "❌ 磁盘满了\nalert priority：P1\nalert entity：nas",
    ),
    "Opsgenie closed": (
        {"action": "Close", "alert": {"message": "磁盘满了", "priority": "P1"}},
        "✅ 磁盘满了\nalert priority：P1",
    ),
    # https://plugins.jenkins.io/notification/
    "Jenkins": (
        {"name": "每日构建", "url": "job/nightly/",
         "build": {"full_url": "http://ci/job/nightly/18/", "number": 18, "phase": "COMPLETED",
                   "status": "FAILURE"}},
        "❌ 每日构建\nbuild phase：COMPLETED\nbuild number：18\nhttp://ci/job/nightly/18/",
    ),
    # https://docs.n8n.io/integrations/builtin/core-nodes/n8n-nodes-base.errortrigger/
    "n8n": (
        {"execution": {"id": "231", "url": "https://n8n.example/execution/231",
                       "error": {"message": "Request failed"}, "lastNodeExecuted": "HTTP Request"},
         "workflow": {"id": "1", "name": "每日同步"}},
        "❌ 每日同步\nRequest failed\nexecution last node executed：HTTP Request\n"
        "https://n8n.example/execution/231",
    ),
    "a level": ({"title": "备份", "content": "磁盘已满", "level": "error"},
                "❌ 备份\n磁盘已满\nlevel：error"),
    "a quiet level": ({"title": "备份", "content": "完成", "level": "info"}, "备份\n完成"),
    "an object as result": ({"title": "扫描", "result": {"new": 3}}, "扫描\nnew：3"),
    "a list as content": ({"title": "备份", "content": ["第一行", "第二行"]},
                          "备份\n第一行\n第二行"),
    "a list of objects": ({"content": [{"title": "甲", "content": "好"}, {"title": "乙"}]},
                          "甲：好\n乙"),
    "names and values": ({"facts": [{"name": "主机", "value": "nas"}, {"name": "盘", "value": 2}]},
                         "主机：nas\n盘：2"),
    "numbers of a form": ({"value1": "前门", "value2": "已打开", "value3": ""}, "前门\n已打开"),
    "a channel of another kind": ({"subject": "备份", "channel": "#ops"}, "备份\nchannel：#ops"),
    "an address that is no QQ": ({"title": "备份", "message": "完成", "to": "ops@example.com"},
                                 "备份\n完成\nto：ops@example.com"),
    "an image that is none": ({"title": "门铃", "message": "有人", "image": "https://cam/a.jpg"},
                              "门铃\n有人\nhttps://cam/a.jpg"),
    "a success": ({"name": "签到", "success": False, "msg": "Cookie 已失效"},
                  "❌ 签到\nCookie 已失效"),
    "an exit code": ({"job": "rsync", "exit_code": 23}, "❌ rsync"),
    "the same in three forms": (
        {"message": {"text": "Build 2 succeeded", "html": "Build <a href='x'>2</a> succeeded",
                     "markdown": "Build [2](https://x) succeeded"}},
        "✅ Build 2 succeeded",
    ),
    # https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html
    "Amazon SNS": (
        {"Type": "Notification", "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
         "Subject": "ALARM: 磁盘", "Message": json.dumps({"AlarmName": "磁盘", "NewStateValue":
         "ALARM", "NewStateReason": "超过 90%", "OldStateValue": "OK"})},
        "❌ ALARM: 磁盘\n超过 90%\nold state value：OK",
    ),
    "a secret": ({"title": "登录", "device_key": "k3y-of-mine", "password": "hunter2"}, "登录"),
    "only a number": ({"temperature": 23.5}, "temperature：23.5"),
    "a name and its object": ({"user": {"name": "小明"}, "title": "登录"}, "登录\nuser name：小明"),
    "a recovery": ({"subject": "[Recovered] CPU", "text": "20%"}, "✅ [Recovered] CPU\n20%"),
    "a time in a mail's form": (
        {"subject": "备份", "date": "Tue, 24 Nov 2026 04:00:21 +0000"}, "备份\n{04:00:21}"),
}  # fmt: skip


def reading(body: Json) -> Report:
    """The report of a body, whatever source knows it by now."""
    message = read_generic(body)
    assert message is not None
    return Report(
        title=message.title, content=message.content, result=message.result, timestamp=message.at
    )


def shown(body: Json) -> str:
    return DEFAULT_TEMPLATE.render(reading(body))


@pytest.mark.parametrize("name", READ)
def test_a_body_of_an_unknown_tool_is_read_as_its_user_would(name: str) -> None:
    body, expected = READ[name]
    at = datetime(2026, 11, 24, 4, 0, 21, tzinfo=UTC).astimezone()
    assert shown(body) == expected.replace("{04:00:21}", f"{at:%Y-%m-%d %H:%M:%S}")


@pytest.mark.parametrize(
    ("body", "result"),
    [
        ({"status": "resolved", "severity": "critical"}, Result.SUCCESS),
        ({"status": "firing", "severity": "warning"}, Result.PARTIAL),
        ({"state": "ALARM"}, Result.FAIL), ({"NewStateValue": "OK"}, Result.SUCCESS),
        ({"old_status": "ok", "status": "failed"}, Result.FAIL),
        ({"status": "completed", "conclusion": "failure"}, Result.FAIL),
        ({"status": "completed"}, Result.SUCCESS), ({"status": "completed", "error": "x y"},
                                                    Result.FAIL),
        ({"error": False, "state": "queued"}, None), ({"errors": 0}, None),
        ({"type": "payment.failed"}, Result.FAIL), ({"type": "volume.up"}, None),
        ({"priority": "urgent"}, Result.FAIL), ({"priority": "high"}, Result.PARTIAL),
        ({"priority": 5}, None), ({"success": True}, Result.SUCCESS), ({"ok": 0}, Result.FAIL),
        ({"user": {"status": "online"}}, None), ({"result": {"state": "失败"}}, Result.FAIL),
        ({"action": "closed"}, None), ({"alert": "x", "action": "closed"}, Result.SUCCESS),
        ({"status": 500}, None), ({"subject": "NAS is DOWN"}, Result.FAIL),
        ({"subject": "夜间备份失败"}, Result.FAIL), ({"subject": "Downstairs light"}, None),
    ],
)  # fmt: skip
def test_the_state_is_read_from_where_it_is_said_most_plainly(
    body: Json, result: Result | None
) -> None:
    assert reading({"text": "文字", **body}).result is result


SPOKEN = st.text(
    st.characters(categories=["Lu", "Ll"], max_codepoint=0x250), min_size=2, max_size=9
)
NAME = st.sampled_from([*HEADINGS, *WORDS]).flatmap(
    lambda name: st.sampled_from([name, name.upper(), name.title()])
)
VALUE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6) | SPOKEN,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(NAME | st.text(max_size=6), inner, max_size=4)
    ),
    max_leaves=20,
)
BODY = st.dictionaries(NAME | st.text(max_size=6), VALUE, max_size=6)


def usual_texts(value: Any, name: str = "") -> list[str]:
    """The texts at usual names, wherever they stand."""
    if isinstance(value, dict):
        return [text for key, one in value.items() for text in usual_texts(one, str(key))]
    if isinstance(value, list):
        return [text for one in value for text in usual_texts(one, name)]
    is_usual = name.lower() in (*HEADINGS, *WORDS)
    return [value] if is_usual and isinstance(value, str) and LETTERS.search(value) else []


@given(BODY)
def test_a_text_at_a_usual_name_is_in_the_message_wherever_it_stands(body: Json) -> None:
    texts = [text for text in usual_texts(body) if text.isalpha()]
    if not texts:
        return
    message = read_generic(body)
    assert message is not None
    lost = [text for text in texts if text not in f"{message.title}\n{message.content}"]
    assert not lost


@given(BODY)
def test_a_message_keeps_its_bounds_and_can_be_sent(body: Json) -> None:
    message = read_generic(body)
    if message is None:
        return
    assert len(message.title) <= MAX_TITLE
    assert message.title or message.content
    f"{message.title}{message.content}".encode()
    lines = message.content.split("\n")
    outermost = sum(len(text.splitlines()) for text in usual_texts(body))
    assert len(lines) <= MAX_LINES + outermost


def test_many_long_texts_stay_within_the_bounds() -> None:
    entry = {"title": "长" * 400, "note": "注" * 400, "x": "值" * 400}
    body = {str(number): {**entry, "name": f"{number}号" * 99} for number in range(300)}
    message = read_generic(body)
    assert message is not None
    lines = message.content.split("\n")
    assert len(lines) <= MAX_LINES
    assert len(message.content) <= MAX_LINES * (MAX_LINE + 50) + MAX_TAIL


def test_words_of_an_inner_object_are_cut_and_say_how_much_is_missing() -> None:
    text = "\n".join(f"第 {number} 行" for number in range(40))
    assert reading({"title": "日志", "job": {"message": text}}).content.endswith("…另有 29 行")
    outermost = reading({"title": "日志", "message": text, "level": "warn"})
    assert outermost.content == f"{text}\nlevel：warn"


@pytest.mark.parametrize("shape", ["wide", "deep", "list", "pairs"])
def test_what_is_looked_at_is_linear_in_the_size(
    shape: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def body(size: int) -> Json:
        value: Any = {f"a{number}": f"text {number}" for number in range(size)}
        match shape:
            case "list":
                value = {"a": [{"name": f"n{number}", "b": [number]} for number in range(size)]}
            case "pairs":
                value = {"a": [[f"k{number}", number] for number in range(size)]}
            case "deep":
                value = "text"
                for _ in range(size):
                    value = {"message": value, "b": 1}
            case _:
                pass
        return value

    steps = 0
    clean = leaves.clean

    def counted(text: str) -> str:
        nonlocal steps
        steps += 1
        return clean(text)

    monkeypatch.setattr(leaves, "clean", counted)
    counts: list[int] = []
    for size in (100, 200, 50_000):
        steps = 0
        read_generic(body(size))
        counts.append(steps)
    assert counts[1] <= 2.2 * counts[0] + 50
    assert counts[2] <= 10 * MAX_STEPS


def test_no_more_of_a_body_is_looked_at_than_its_bound() -> None:
    assert len(find_leaves({"a": ["x"] * 3, **{str(n): "x" for n in range(9999)}})) <= MAX_STEPS
    deep: Any = "x"
    for _ in range(MAX_PLACES):
        deep = [deep, None]
    assert find_leaves({"a": deep}) == []


def test_of_thousands_of_objects_the_first_words_are_shown() -> None:
    many = {f"o{number}": {"title": f"第 {number} 条", "state": 1} for number in range(6000)}
    assert reading(many).title == "第 0 条"


@given(BODY)
def test_any_body_is_a_report_or_refused_by_name(body: Json) -> None:
    try:
        report = read(body, Context({}, {}, {}, addressees=NOBODY), {}).report
    except InvalidReport:
        return
    assert report.heading or report.body or report.images or report.image_fault
    json.loads(report.data)


def test_the_version_of_a_bodys_own_layout_is_no_news_and_a_programs_is() -> None:
    body = {"name": "更新", "info": "装好了", "from_host": "nas"}
    for layout in ("1", "1.0", "v1", "1.1"):
        message = read_generic({**body, "version": layout})
        assert message is not None
        assert "version" not in message.content
    message = read_generic({**body, "version": "4.0.15"})
    assert message is not None
    assert "version：4.0.15" in message.content


def generic(body: Json) -> Report:
    return read(body, Context({}, {}, {}), {}).report


def test_a_code_that_is_no_number_says_no_result_and_is_shown() -> None:
    report = generic({"job": "备份", "exit_code": "SIGKILL", "x": {"a": 1}})
    assert report.result is None
    assert "exit code：SIGKILL" in report.content


def test_a_heading_that_may_mean_a_release_says_no_result() -> None:
    assert generic({"subject": "新版本上线", "x": {"a": 1}}).result is None
    assert generic({"subject": "nas 离线", "x": {"a": 1}}).result is Result.FAIL


def test_a_date_with_dots_is_the_moment_and_one_that_cannot_be_is_shown() -> None:
    at = generic({"subject": "备份好了", "time": "2026.11.30 22:00"}).timestamp
    assert at == datetime(2026, 11, 30, 22).astimezone()
    report = generic({"subject": "备份好了", "time": "2026.13.30 22:00"})
    assert (report.timestamp, report.content) == (None, "time：2026.13.30 22:00")


def test_an_address_that_the_words_have_is_not_said_again() -> None:
    report = generic({"subject": "见 https://nas.example/a 的页面", "url": "https://nas.example/a"})
    assert (report.title, report.content) == ("见 https://nas.example/a 的页面", "")


def test_a_name_that_is_a_text_is_not_cut() -> None:
    name = "上次备份到移动硬盘的时候没有写进去的文件" * 5
    report = generic({"subject": "备份", "items": [{"name": name, "value": "三个"}, {"name": "b"}]})
    assert f"{name}：三个" in report.content
