"""Messages for chat services, as the report that each becomes."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

import pybase64
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nonebot_plugin_report.model.report import Report, Result
from nonebot_plugin_report.sources.base import EVERY
from nonebot_plugin_report.sources.bodies.form import decode_form
from nonebot_plugin_report.sources.catalogue import SOURCES, recognise
from nonebot_plugin_report.sources.chat import MAX_DEPTH, MAX_ROW, Message
from nonebot_plugin_report.sources.reader import Context, Reading, read
from nonebot_plugin_report.sources.states import read_colour, read_heading, read_state
from tests.chats import (
    ADAPTIVE,
    CHATS,
    DINGTALK,
    DISCORD,
    DISCORD_COMPONENTS,
    FEISHU,
    GOOGLE_CHAT,
    JSON,
    OPSGENIE,
    PAGERDUTY,
    SLACK,
    SLACK_BLOCKS,
    TEAMS,
    WECOM,
)
from tests.dialects import jpeg


def reading(body: JSON, **query: str) -> Reading:
    return read(body, Context(query, {}, {}), {})


def report(body: JSON) -> Report:
    return reading(body).report


def words(body: JSON) -> list[str]:
    """The lines of a message to QQ, but its emoji."""
    told = report(body)
    return f"{told.title}\n{told.body}".strip().splitlines()


def local(text: str) -> str:
    return f"{datetime.fromisoformat(text).astimezone():%Y-%m-%d %H:%M:%S}"


def test_an_attachment_of_slacks_is_title_text_fields_and_link() -> None:
    assert words(SLACK) == [
        "博客 is DOWN",
        "Project：家里，Last Ping：5 分钟前",
        "Body：",
        "rsync: error 23",
        "some files",
        "https://hc.example/checks/1",
    ]
    assert report(SLACK).result is Result.FAIL


def test_slacks_blocks_are_read_as_people_see_them() -> None:
    assert words(SLACK_BLOCKS) == [
        "Deploy of web finished 🚀",
        "@here build 7：https://ci.example/7 by @U012AB3CD & co",
        "Status：SUCCESS",
        "Took：3 min",
        "main",
        "See the log：https://ci.example/log👋",
        "• one",
        "• two",
        "Open：https://ci.example/7",
    ]
    told = report(SLACK_BLOCKS)
    assert (told.result, told.channel) == (Result.SUCCESS, ())


def test_a_bare_text_of_slacks_is_known_by_its_marks_or_its_room() -> None:
    assert words({"text": "down <https://x.example/1|details>!"}) == [
        "down details：https://x.example/1 !"
    ]
    to_room = {"text": "备份完成", "channel": "#general", "icon_emoji": ":robot:"}
    assert words(to_room) == ["备份完成"]
    assert reading(to_room).answer == "ok"
    assert reading({"text": "备份完成"}).answer is None
    assert reading({"text": "备份完成"}, source="slack").answer == "ok"


def test_a_text_above_an_attachment_is_the_title() -> None:
    body = {"text": "备份失败", "attachments": [{"title": "nas", "text": "disk full"}]}
    assert words(body) == ["备份失败", "nas", "disk full"]
    assert report(body).title == "备份失败"
    long = {"text": "x" * 200, "attachments": [{"title": "nas", "text": "disk full"}]}
    assert report(long).title == "nas"
    assert words(long) == ["nas", "x" * 200, "disk full"]


def test_the_senders_name_is_the_title_of_a_message_without_one() -> None:
    assert words({"username": "Uptime Kuma", "text": "测试"}) == ["Uptime Kuma", "测试"]
    down = report({"username": "Uptime Kuma", "content": "[NAS] [🔴 Down] refused"})
    assert (down.title, down.result) == ("Uptime Kuma", Result.FAIL)
    assert "Healthchecks.io" not in words(SLACK)


def test_a_line_with_a_bold_label_is_slacks() -> None:
    body = {"text": "### ✅ [NAS] is back online\n\n*Description:* 200 - OK"}
    assert words(body) == ["✅ [NAS] is back online", "Description: 200 - OK"]
    assert report(body).result is Result.SUCCESS


def test_an_older_card_of_alertmanagers_is_known() -> None:
    body = {
        "@context": "http://schema.org/extensions", "type": "MessageCard", "themeColor": "8C1A1A",
        "title": "[FIRING:1] HighCPU", "text": "# Alerts Firing:\n\nLabels:\n  - job = node",
    }  # fmt: skip
    assert words(body) == ["[FIRING:1] HighCPU", "Alerts Firing:", "Labels:", "- job = node"]
    assert report(body).result is Result.FAIL


def test_a_bold_line_above_its_value_is_a_field_in_google_chat() -> None:
    text = {"text": "<b>Message:</b>\nrefused"}
    card = {"sections": [{"widgets": [{"textParagraph": text}]}]}
    assert words({"cardsV2": [{"card": card}]}) == ["Message：refused"]


def test_slacks_form_has_its_json_in_one_field() -> None:
    fields = decode_form(
        b"payload=%7B%22text%22%3A%22%3C%21here%3E+ok%22%2C%22channel%22%3A%22%23a%22%7D"
    )
    assert words(fields) == ["@here ok"]


@pytest.mark.parametrize(
    ("mrkdwn", "shown"),
    [
        ("<https://x.example>", "https://x.example"),
        ("<https://x.example/a?b=1&amp;c=2|x.example>", "https://x.example/a?b=1&c=2"),
        ("<mailto:a@b.example|写信>", "写信"),
        ("<mailto:a@b.example>", "a@b.example"),
        ("<#C012AB3CD|general> <#C012AB3CD>", "#general #C012AB3CD"),
        ("<@U012AB3CD|小明> <!subteam^S012AB3CD|@ops>", "@小明 @ops"),
        ("<users/all> in", "@all in"),
        ("<!date^1796043516^{date_num}|x>", local("2026-11-30T12:58:36+00:00")),
        ("<!date^soon^{date_num}|Friday>", "Friday"),
        ("a & 1 < 2 &lt;c&gt;", "a & 1 < 2 <c>"),
        ("*bold* _it_ `code` a_b_c", "bold it code a_b_c"),
    ],
)
def test_slacks_marks_are_read_as_people_read_them(mrkdwn: str, shown: str) -> None:
    assert words({"text": mrkdwn, "icon_emoji": ":robot:"}) == [shown]


def test_whom_slacks_rich_text_calls_and_its_emoji_are_words() -> None:
    elements: list[JSON] = [
        {"type": "broadcast", "range": "here"}, {"type": "text", "text": " "},
        {"type": "user", "user_id": "U012AB3CD"}, {"type": "text", "text": " 看 "},
        {"type": "emoji", "name": "wave", "unicode": "1f44b"},
        {"type": "emoji", "name": "nas"},
        {"type": "emoji", "name": "odd", "unicode": "zz"},
        {"type": "emoji", "name": "far", "unicode": "ffffffffffffffffffff"},
    ]  # fmt: skip
    section = {"type": "rich_text_section", "elements": elements}
    block = {"type": "rich_text", "elements": [section]}
    assert words({"blocks": [block]}) == ["@here @U012AB3CD 看 👋:nas::odd::far:"]


def test_a_fallback_is_shown_where_nothing_else_is() -> None:
    assert words({"attachments": [{"fallback": "备份完成", "color": "good"}]}) == ["备份完成"]


def test_discords_embed() -> None:
    assert words(DISCORD) == [
        "博客 went down",
        f"since {local('2026-11-30T12:58:36+00:00')}, ask @123456789012345678 :nas:",
        "家里",
        "Ping：43 ms，Region：cn",
        "Error：",
        "connect ECONNREFUSED",
        "192.0.2.10:443",
        "https://blog.example/",
        "第 3 次",
    ]
    told = report(DISCORD)
    assert told.result is Result.FAIL
    assert told.timestamp == datetime(2026, 11, 24, 4, 0, 21, tzinfo=UTC)


def test_discords_times_without_an_offset_are_utc() -> None:
    embed = {"title": "x", "timestamp": "2026-11-24 04:00:21.135"}
    at = report({"embeds": [embed]}).timestamp
    assert at == datetime(2026, 11, 24, 4, 0, 21, 135000, tzinfo=UTC)


def test_discords_components() -> None:
    assert words(DISCORD_COMPONENTS) == [
        "自动秘境结束",
        "domain.end | Success",
        "2026-11-24T20:39:00+08:00",
    ]


def test_a_call_for_everybody_alone_is_still_a_message() -> None:
    assert words({"content": "@here", "tts": False}) == ["@here"]
    assert words({"content": "@here", "embeds": [{"title": "a"}]}) == ["a"]


def test_a_message_card_of_teams() -> None:
    assert words(TEAMS) == [
        "博客 went down",
        "博客",
        "家里",
        "connect ECONNREFUSED",
        "URL：https://blog.example/",
        "Open：https://kuma.example/1",
        "View：https://kuma.example/2",
    ]
    assert report(TEAMS).result is Result.FAIL


def test_an_action_of_teams_that_opens_no_address_is_left_out() -> None:
    post = {"@type": "HttpPOST", "name": "批准", "target": "https://ci.example/approve"}
    view = {"@type": "ViewAction", "name": "查看", "target": ["https://ci.example/7"]}
    card = {"@type": "MessageCard", "title": "部署等待批准", "potentialAction": [post, view]}
    assert words(card) == ["部署等待批准", "查看：https://ci.example/7"]


def test_an_adaptive_card_of_teams() -> None:
    assert words(ADAPTIVE) == [
        "博客 went down",
        "ask @小明",
        "Region：cn",
        "first",
        "second",
        "Error：refused",
        "plain bold",
        "图",
        "Open：https://kuma.example/1",
    ]
    assert report(ADAPTIVE).result is Result.FAIL
    assert words(ADAPTIVE["attachments"][0]["content"]) == words(ADAPTIVE)


def test_a_card_of_google_chats_in_both_versions() -> None:
    assert words(GOOGLE_CHAT) == [
        "博客 went down",
        "家里",
        "详情",
        "Message: refused",
        "Region：cn",
        "asia",
        "Ping：43 ms",
        "Graph：https://kuma.example/g",
        "图",
        "Open：https://kuma.example/1",
        "left",
        "甲：乙",
    ]
    assert report(GOOGLE_CHAT).result is Result.FAIL
    assert words({"cards": [GOOGLE_CHAT["cardsV2"][0]["card"]]}) == words(GOOGLE_CHAT)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("text", ["备份完成"]),
        ("markdown", ["[DOWN] 博客", "refused"]),
        ("link", ["新版本", "可以更新了", "https://x.example/1"]),
        (
            "card",
            ["审批", "小明请假", "阅读全文：https://x.example/2", "同意：https://x.example/3"],
        ),
        ("feed", ["甲：https://x.example/4", "乙：https://x.example/5"]),
    ],
)
def test_dingtalk(name: str, shown: list[str]) -> None:
    assert words(DINGTALK[name]) == shown
    assert reading(DINGTALK[name]).answer == {"errcode": 0, "errmsg": "ok"}


def test_a_link_of_dingtalks_that_is_no_address_stays_as_it_is() -> None:
    broken = "dingtalk://[dingtalkclient/page/link?url=https%3A%2F%2Fx.example%2F1"
    link = {"title": "新版本", "text": "可以更新了", "messageUrl": broken}
    assert words({"msgtype": "link", "link": link}) == ["新版本", "可以更新了", broken]


def test_a_state_in_the_first_lines_of_a_text_is_the_result() -> None:
    lines = "_家里_\nNAS\n[NAS] [🔴 Down] refused"
    assert report({"text": lines, "attachments": []}).result is Result.FAIL
    listed = "签到结果\n甲 成功\n乙 成功\n❌ 丙"
    assert report({"text": listed, "attachments": []}).result is None


def test_a_state_in_the_brackets_of_a_heading_is_the_result() -> None:
    assert report(DINGTALK["markdown"]).result is Result.FAIL
    assert report(FEISHU["post"]).result is Result.FAIL


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("text", ["备份完成"]),
        ("markdown", ["备份完成，请@xiaoming看"]),
        (
            "news",
            ["新版本", "可以更新了", "https://x.example/1", "旧版本", "https://x.example/2"],
        ),
        ("textcard", ["领奖", "请领取", "https://x.example/3"]),
        (
            "template_card",
            [
                "服务器告警", "机房", "CPU：98%", "请处理", "原因：跑满了", "级别：严重",
                "步骤：重启", "监控：https://x.example/4", "https://x.example/5", "企业微信",
            ],
        ),
        ("file", ["[文件]"]),
    ],
)  # fmt: skip
def test_wecom(name: str, shown: list[str]) -> None:
    assert words(WECOM[name]) == shown


def test_wecoms_picture_is_shown_and_one_that_wecom_keeps_is_named() -> None:
    encoded = pybase64.b64encode_as_string(jpeg())
    carried = report({"msgtype": "image", "image": {"base64": encoded, "md5": "0"}})
    assert [image.data for image in carried.images] == [jpeg()]
    assert (carried.title, carried.body) == ("", "")
    assert words({"msgtype": "image", "image": {"media_id": "m-1"}}) == ["[图片]"]


def test_a_field_that_tells_the_state_is_the_result() -> None:
    assert report(WECOM["template_card"]).result is Result.FAIL
    fields = [{"title": "Priority", "value": "warning"}]
    red = {"attachments": [{"title": "a", "color": "danger", "fields": fields}]}
    assert report(red).result is Result.PARTIAL, "what is said in words counts more"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("text", ["@所有人 备份完成"]),
        ("app", ["备份完成"]),
        (
            "post",
            [
                "UptimeKuma Alert: [Down] 博客",
                "项目有更新：请查看：https://x.example/1 @小明",
                "[图片]",
            ],
        ),
        (
            "card",
            [
                "部署失败",
                "分支 main",
                "项目：web，用时：3 分",
                "第 7 次",
                "看日志：https://x.example/2",
            ],
        ),
        ("card 2", ["部署完成", "分支 main", "web", "看日志：https://x.example/2"]),
        ("template", ["项目：web", "结果：成功"]),
        ("share", ["[群名片]"]),
    ],
)
def test_feishu(name: str, shown: list[str]) -> None:
    assert words(FEISHU[name]) == shown
    answer = reading(FEISHU[name]).answer
    assert isinstance(answer, dict)
    assert (answer["code"], answer["StatusCode"]) == (0, 0)


@pytest.mark.parametrize("source", [{}, {"source": "feishu"}])
def test_feishus_content_that_is_no_json_is_shown_as_it_is(source: dict[str, str]) -> None:
    body = {"msg_type": "text", "content": "{备份完成"}
    assert reading(body, **source).report.content == "{备份完成"
    assert reading(body, **source).unread == source.get("source", "")


def test_a_post_of_feishus_is_read_in_another_language_or_in_none() -> None:
    row = [{"tag": "text", "text": "done "}, {"tag": "emotion", "emoji_type": "SMILE"}]
    post = {"title": "Backup", "content": [row]}
    for versions in ({"en_us": post}, {"de_de": post}, post):
        content = {"post": versions}
        assert words({"msg_type": "post", "content": content}) == ["Backup", "done [SMILE]"]


def test_the_tags_in_the_header_of_a_feishu_card_are_shown() -> None:
    tag = {"tag": "text_tag", "text": {"tag": "plain_text", "content": "生产环境"}, "color": "red"}
    header = {"title": {"tag": "plain_text", "content": "部署失败"}, "text_tag_list": [tag]}
    card = {"header": header, "elements": []}
    assert words({"msg_type": "interactive", "card": card}) == ["部署失败", "生产环境"]


def test_the_colour_of_a_feishu_card_is_the_result() -> None:
    assert report(FEISHU["card"]).result is Result.FAIL
    assert report(FEISHU["card 2"]).result is Result.SUCCESS


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("pushplus", ["签到", "成功", "积分 +10"]),
        ("pushplus json", ["签到", "账号：小明", "结果：失败"]),
        ("serverchan", ["签到", "成功", "积分 +10"]),
        ("serverchan old", ["签到", "成功"]),
        ("pushdeer", ["签到", "成功"]),
        ("pushdeer image", ["图片：https://x.example/1.png"]),
        ("pushdeer text", ["签到成功"]),
        ("wxpusher", ["签到", "成功", "https://x.example/1"]),
        ("webex", ["博客 is down"]),
        ("webex html", ["博客 is down"]),
        ("webex text", ["博客 is down"]),
        ("matrix", ["博客 is down"]),
        ("matrix html", ["博客 is down"]),
    ],
)
def test_services_that_push_to_phones(name: str, shown: list[str]) -> None:
    assert words(CHATS[name]) == shown
    assert report(CHATS[name]).channel == ()


@pytest.mark.parametrize("content", ["成功", "{成功"])
def test_pushplus_content_that_is_no_json_is_shown_as_it_is(content: str) -> None:
    body = {"title": "签到", "content": content, "template": "json"}
    assert words(body) == ["签到", content]


@pytest.mark.parametrize(
    ("name", "code"), [("pushplus", 200), ("serverchan", 0), ("pushdeer", 0), ("wxpusher", 1000)]
)
def test_services_that_push_to_phones_answer_with_their_code(name: str, code: int) -> None:
    answer = reading(CHATS[name]).answer
    assert isinstance(answer, dict)
    assert answer["code"] == code


def test_chronocats_message_goes_to_whom_it_names() -> None:
    body = CHATS["chronocat"] | {"peer": {"chatType": 1, "peerUin": "10002"}}
    assert words(body) == ["签到", "成功", "[图片]"]
    assert report(body).send_to == ("10002",)
    group = report(body | {"peer": {"chatType": 2, "peerUin": "777"}})
    assert (group.send_to, group.send_to_group) == ((), ("777",))
    for peer in ({"chatType": 1, "peerUin": "me"}, {"chatType": 9, "peerUin": "10002"}, None):
        assert report(body | {"peer": peer}).send_to == ()
    assert report(body | {"to": "10003"}).send_to == ("10003",)


def test_pagerdutys_events_and_webhooks() -> None:
    event, webhook, note = PAGERDUTY.values()
    assert words(event) == [
        "触发：[博客] refused", "来源：nas", "级别：critical", "组件：nginx", "load：0.75",
        "日志：https://x.example/1", "https://x.example/2",
    ]  # fmt: skip
    assert report(event).result is Result.FAIL
    assert report(event | {"event_action": "resolve"}).result is Result.SUCCESS
    assert report(event | {"event_action": "acknowledge"}).result is None
    assert words({"event_action": "resolve", "routing_key": "r", "dedup_key": "kuma/1"}) == [
        "恢复：kuma/1"
    ]
    assert words(webhook) == [
        "触发：磁盘满了", "服务：NAS", "紧急程度：high", "优先级：P1", "负责人：小明",
        "https://x.example/3",
    ]  # fmt: skip
    assert report(webhook).result is Result.FAIL
    assert words(note) == ["有新备注：磁盘满了", "在看了"]


def test_opsgenies_alerts() -> None:
    webhook, alert = OPSGENIE.values()
    assert words(webhook) == [
        "触发：磁盘满了", "剩 1%", "对象：nas", "优先级：P1", "标签：disk、nas", "path：/srv",
    ]  # fmt: skip
    assert report(webhook).result is Result.FAIL
    assert report(webhook | {"action": "Close"}).result is Result.SUCCESS
    assert report(webhook | {"action": "AddNote"}).result is None
    assert words(alert) == ["触发：磁盘满了", "对象：nas", "优先级：P4"]
    assert report(alert).result is Result.PARTIAL


@pytest.mark.parametrize("name", CHATS)
def test_every_message_is_known_by_its_shape_and_reads_the_same_by_its_name(name: str) -> None:
    source = name.split()[0]
    assert recognise(CHATS[name], {}) is SOURCES[source]
    assert reading(CHATS[name]) == reading(CHATS[name], source=source)
    assert len(words(CHATS[name])) <= 16


@pytest.mark.parametrize(
    ("colour", "result"),
    [
        ("danger", Result.FAIL), ("good", Result.SUCCESS), ("warning", Result.PARTIAL),
        ("#a30200", Result.FAIL), ("#e01e5a", Result.FAIL), (15158332, Result.FAIL),
        ("15158332", Result.FAIL), ("FF0000", Result.FAIL), ("#f00", Result.FAIL),
        ("#2eb886", Result.SUCCESS), (65280, Result.SUCCESS), ("#daa038", Result.PARTIAL),
        ("#439FE0", None), (0x95A5A6, None), ("#000", None), (0xFB7299, None), (1 << 24, None),
        (-1, None), ("accent", None), (None, None), ([], None),
    ],
)  # fmt: skip
def test_a_colour_tells_how_bad_it_is(colour: object, result: Result | None) -> None:
    assert read_colour(colour) is result


@pytest.mark.parametrize(
    ("heading", "result"),
    [
        ("[NAS] [🔴 Down] refused", Result.FAIL), ("[NAS] [✅ Up] 200 - OK", Result.SUCCESS),
        ("[FIRING:2] HighCPU (nas)", Result.FAIL), ("[RESOLVED] HighCPU", Result.SUCCESS),
        ("【恢复】 磁盘", Result.SUCCESS), ("博客 is DOWN", Result.FAIL),
        ("博客 is back online", Result.SUCCESS), ("博客 went up!", Result.SUCCESS),
        ("Backup FAILED", Result.FAIL), ("New alerts:", None), ("download it now", None),
        ("[release] v1 (down to earth)", None),
    ],
)  # fmt: skip
def test_a_heading_tells_how_bad_it_is(heading: str, result: Result | None) -> None:
    assert read_heading(heading) is result


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        ({"content": "**完成** <https://x.example/1>", "tts": False}, ["完成 https://x.example/1"]),
        (
            {"@type": "MessageCard", "text": "**完成**，见[日志](https://x.example/1)"},
            ["完成，见日志：https://x.example/1"],
        ),
        (
            {"cards": [{"sections": [{"widgets": [
                {"textParagraph": {"text": "<b>完成</b><br>3 &gt; 2"}}]}]}]},
            ["完成", "3 > 2"],
        ),
        (
            {"msgtype": "markdown", "markdown": {
                "title": "天气", "text": "#### 天气\n> 9 度\n\n- [更多](https://x.example/1)"}},
            ["天气", "9 度", "- 更多：https://x.example/1"],
        ),
        (
            {"msgtype": "markdown", "markdown": {
                "content": '共 <font color="warning">132 例</font>\n>类型：<font color="comment">'
                '用户</font>'}},
            ["共 132 例", "类型：用户"],
        ),
        (
            {"msg_type": "interactive", "card": {"elements": [
                {"tag": "markdown", "content": "**完成** <at id=all></at>"}]}},
            ["完成 @所有人"],
        ),
    ],
)  # fmt: skip
def test_the_marks_of_a_text_are_not_shown(body: JSON, shown: list[str]) -> None:
    assert words(body) == shown


def test_the_marks_of_so_much_text_are_read_and_no_more() -> None:
    fields = [{"title": "a", "value": "**b** " * 20} for _ in range(100)]
    message = report({"attachments": [{"title": "x", "fields": fields}]})
    assert message.content.splitlines() == [
        f"a：{' '.join(['b'] * 20)}",
        f"a：{' '.join(['**b**'] * 20)}",
    ], "those beyond stay as they were"


def test_words_for_a_state() -> None:
    assert read_state("告警中") is Result.FAIL
    assert read_state("🟢 Recovered") is Result.SUCCESS
    assert read_state("blue") is None


def altered(body: Any, draw: Any) -> Any:
    """A body, some of whose values are something else."""
    if draw(st.integers(0, 12)) == 0:
        return draw(
            st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.lists(st.text())
        )
    if isinstance(body, dict):
        return {name: altered(value, draw) for name, value in body.items()}
    if isinstance(body, list):
        return [altered(value, draw) for value in body]
    return body


@given(st.data())
def test_whatever_stands_in_a_message_its_source_reads_it_or_leaves_it(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(list(CHATS)))
    body = {key: altered(value, data.draw) for key, value in CHATS[name].items()}
    source = SOURCES[name.split()[0]]
    assert source.recognise is not None
    if source.recognise(body, {}):
        source.translate(body, {})


def test_so_many_elements_are_looked_at_and_no_more() -> None:
    held = [{"type": "TextBlock", "text": f"{number}"} for number in range(EVERY)]
    card = {"type": "AdaptiveCard", "body": [{"items": held}] * 50}
    assert len(words(card)) < EVERY
    blocks = [{"type": "section", "fields": [{"text": "a"}] * EVERY}] * 50
    assert words({"blocks": blocks}) == ["a"]


def nested(inner: JSON, hold: Callable[[JSON], JSON], depth: int) -> JSON:
    """An element in so many others."""
    for _ in range(depth):
        inner = hold(inner)
    return inner


@pytest.mark.parametrize(
    ("text", "hold", "message"),
    [
        pytest.param(
            lambda words: {"type": "TextBlock", "text": words},
            lambda element: {"type": "Container", "items": [element]},
            lambda *elements: {"type": "AdaptiveCard", "body": [*elements]},
            id="teams",
        ),
        pytest.param(
            lambda words: {"type": 10, "content": words},
            lambda element: {"type": 17, "components": [element]},
            lambda *elements: {"flags": 32768, "components": [*elements]},
            id="discord",
        ),
        pytest.param(
            lambda words: {"tag": "markdown", "content": words},
            lambda element: {"tag": "column", "elements": [element]},
            lambda *elements: {"msg_type": "interactive", "card": {"elements": [*elements]}},
            id="feishu",
        ),
        pytest.param(
            lambda words: {"textParagraph": {"text": words}},
            lambda element: {"columns": {"columnItems": [{"widgets": [element]}]}},
            lambda *elements: {"cardsV2": [{"card": {"sections": [{"widgets": [*elements]}]}}]},
            id="googlechat",
        ),
        pytest.param(
            lambda words: {"type": "text", "text": words},
            lambda element: {"type": "rich_text_section", "elements": [element]},
            lambda *elements: {"blocks": [{"type": "rich_text", "elements": [*elements]}]},
            id="slack",
        ),
    ],
)
def test_cards_within_cards_are_read_to_a_depth(
    text: Callable[[str], JSON], hold: Callable[[JSON], JSON], message: Callable[..., JSON]
) -> None:
    def shown(depth: int) -> str:
        elements = [text("top"), nested(text("deep"), hold, depth)]
        return "".join(words(message(*elements)))

    assert shown(MAX_DEPTH - 1) == "topdeep"
    assert shown(MAX_DEPTH + 1) == "top"
    assert shown(200) == "top"


BARK: Final = {
    "title": "备份", "subtitle": "每天", "body": "完成", "badge": 1, "sound": "minuet.caf",
    "group": "nas", "url": "https://x.example/1",
}  # fmt: skip


def test_a_message_for_bark_or_telegram_reads_well_at_the_push_address_too() -> None:
    report = read(BARK, Context({}, {}, {}), {}).report
    assert (report.title, report.content) == ("备份", "每天\n完成\nhttps://x.example/1")
    sent = {"chat_id": 1, "text": "*备份* 完成", "parse_mode": "MarkdownV2"}
    report = read(sent, Context({}, {}, {}), {}).report
    assert (report.title, report.content) == ("", "备份 完成")


def test_short_fields_that_do_not_fit_in_a_line_begin_another() -> None:
    message = Message()
    for number in range(3):
        message.add_field(f"第 {number} 块", "剩余空间已经不到百分之十", short=True)
    translated = message.translate()
    assert translated is not None
    first, second = f"{translated.fields['title']}\n{translated.fields['content']}".strip().split(
        "\n"
    )
    assert (first.count("剩余空间"), second.count("剩余空间")) == (2, 1)
    assert len(first) <= MAX_ROW


def test_a_message_in_which_nothing_is_becomes_no_report() -> None:
    assert Message(sender="NAS").translate("text") is None
