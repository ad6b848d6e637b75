"""Messages as tools write them for chat services, in the shape that these services document."""

from typing import Any, Final

JSON = dict[str, Any]

# https://github.com/healthchecks/healthchecks (templates/integrations/slack_message.json)
SLACK: Final[JSON] = {
    "username": "Healthchecks.io",
    "icon_url": "https://hc.example/logo.png",
    "attachments": [{
        "color": "danger",
        "fallback": "The check 博客 is DOWN.",
        "mrkdwn_in": ["fields"],
        "title": "博客 is DOWN",
        "title_link": "https://hc.example/checks/1",
        "fields": [
            {"title": "Project", "value": "家里", "short": True},
            {"title": "Last Ping", "value": "5 分钟前", "short": True},
            {"title": "Body", "value": "rsync: error 23\nsome files", "short": False},
        ],
    }],
}  # fmt: skip
SLACK_BLOCKS: Final[JSON] = {
    "channel": "#general",
    "text": "Deploy of web finished",
    "blocks": [
        {"type": "header",
         "text": {"type": "plain_text", "text": "Deploy of web finished :rocket:"}},
        {"type": "section", "text": {"type": "mrkdwn",
         "text": "<!here> <https://ci.example/7|build 7> by <@U012AB3CD> &amp; co"}},
        {"type": "section", "fields": [
            {"type": "mrkdwn", "text": "*Status:*\nSUCCESS"},
            {"type": "mrkdwn", "text": "*Took*\n3 min"},
        ]},
        {"type": "divider"},
        {"type": "context", "elements": [
            {"type": "image", "image_url": "https://ci.example/i.png", "alt_text": "logo"},
            {"type": "mrkdwn", "text": "main"},
        ]},
        {"type": "rich_text", "elements": [
            {"type": "rich_text_section", "elements": [
                {"type": "text", "text": "See "},
                {"type": "link", "url": "https://ci.example/log", "text": "the log"},
                {"type": "emoji", "name": "wave", "unicode": "1f44b"},
            ]},
            {"type": "rich_text_list", "style": "bullet", "elements": [
                {"type": "rich_text_section", "elements": [{"type": "text", "text": "one"}]},
                {"type": "rich_text_section", "elements": [{"type": "text", "text": "two"}]},
            ]},
        ]},
        {"type": "actions", "elements": [
            {"type": "button", "text": {"type": "plain_text", "text": "Open"},
             "url": "https://ci.example/7"},
            {"type": "button", "text": {"type": "plain_text", "text": "Approve"}, "value": "1"},
        ]},
    ],
}  # fmt: skip
DISCORD: Final[JSON] = {
    "username": "Monitor",
    "content": "@everyone",
    "embeds": [{
        "title": "❌ 博客 went down ❌",
        "url": "https://blog.example/",
        "color": 16711680,
        "description": "since <t:1796043516:F>, ask <@123456789012345678> <:nas:123456789>",
        "author": {"name": "家里"},
        "fields": [
            {"name": "Ping", "value": "43 ms", "inline": True},
            {"name": "Region", "value": "cn", "inline": True},
            {"name": "Error", "value": "connect ECONNREFUSED\n192.0.2.10:443"},
        ],
        "footer": {"text": "第 3 次"},
        "timestamp": "2026-11-24T04:00:21Z",
    }],
}  # fmt: skip
# https://github.com/babalae/better-genshin-impact (Service/Notifier/DiscordWebhookNotifier.cs)
DISCORD_COMPONENTS: Final[JSON] = {
    "flags": 32768,
    "attachments": [{"id": 0, "filename": "screenshot.jpg"}],
    "components": [{"type": 17, "components": [{
        "type": 9,
        "components": [
            {"type": 10, "content": "自动秘境结束"},
            {"type": 10, "content": "-# domain.end | Success\n-# 2026-11-24T20:39:00+08:00"},
        ],
        "accessory": {"type": 11, "media": {"url": "attachment://screenshot.jpg"},
                      "description": "Screenshot"},
    }]}],
}  # fmt: skip
# https://github.com/louislam/uptime-kuma (server/notification-providers/teams.js)
TEAMS: Final[JSON] = {
    "@context": "https://schema.org/extensions",
    "@type": "MessageCard",
    "themeColor": "ff0000",
    "summary": "🔴 博客 went down",
    "title": "🔴 博客 went down",
    "sections": [{
        "activityTitle": "博客",
        "activitySubtitle": "家里",
        "text": "connect ECONNREFUSED",
        "facts": [{"name": "URL", "value": "https://blog.example/"}],
    }],
    "potentialAction": [
        {"@type": "OpenUri", "name": "Open",
         "targets": [{"os": "default", "uri": "https://kuma.example/1"}]},
        {"@type": "ViewAction", "name": "View", "target": ["https://kuma.example/2"]},
    ],
}  # fmt: skip
ADAPTIVE: Final[JSON] = {
    "type": "message",
    "summary": "博客 went down",
    "attachments": [{
        "contentType": "application/vnd.microsoft.card.adaptive",
        "content": {
            "type": "AdaptiveCard",
            "version": "1.5",
            "body": [
                {"type": "Container", "style": "attention", "items": [
                    {"type": "TextBlock", "size": "Large", "text": "博客 went down"},
                ]},
                {"type": "TextBlock", "text": "ask <at>小明</at>", "wrap": True},
                {"type": "ColumnSet", "columns": [
                    {"type": "Column", "items": [{"type": "TextBlock", "text": "Region"}]},
                    {"type": "Column", "items": [{"type": "TextBlock", "text": "cn"}]},
                ]},
                {"type": "ColumnSet", "columns": [
                    {"type": "Column", "items": [
                        {"type": "TextBlock", "text": "first"},
                        {"type": "TextBlock", "text": "second"},
                    ]},
                ]},
                {"type": "FactSet", "facts": [{"title": "Error:", "value": "refused"}]},
                {"type": "RichTextBlock", "inlines": [
                    "plain ", {"type": "TextRun", "text": "bold"},
                ]},
                {"type": "Image", "url": "https://x.example/i.png", "altText": "图"},
            ],
            "actions": [
                {"type": "Action.OpenUrl", "title": "Open", "url": "https://kuma.example/1"},
            ],
        },
    }],
}  # fmt: skip
# https://github.com/louislam/uptime-kuma (server/notification-providers/google-chat.js)
GOOGLE_CHAT: Final[JSON] = {
    "fallbackText": "博客 went down",
    "cardsV2": [{"card": {
        "header": {"title": "🔴 博客 went down", "subtitle": "家里"},
        "sections": [{"header": "详情", "widgets": [
            {"textParagraph": {"text": "Message: refused"}},
            {"decoratedText": {"topLabel": "Region", "text": "cn", "bottomLabel": "asia"}},
            {"keyValue": {"topLabel": "Ping", "content": "43 ms",
                          "button": {"textButton": {"text": "Graph", "onClick": {
                              "openLink": {"url": "https://kuma.example/g"}}}}}},
            {"image": {"imageUrl": "https://x.example/i.png", "altText": "图"}},
            {"buttonList": {"buttons": [
                {"text": "Open", "onClick": {"openLink": {"url": "https://kuma.example/1"}}},
            ]}},
            {"columns": {"columnItems": [{"widgets": [{"textParagraph": {"text": "left"}}]}]}},
            {"grid": {"items": [{"title": "甲", "subtitle": "乙"}]}},
        ]}],
    }}],
}  # fmt: skip
DINGTALK: Final[dict[str, JSON]] = {
    "text": {"msgtype": "text", "text": {"content": "备份完成"}, "at": {"isAtAll": False}},
    "markdown": {"msgtype": "markdown", "markdown": {
        "title": "[DOWN] 博客", "text": "[DOWN] 博客\nrefused"}},
    "link": {"msgtype": "link", "link": {
        "title": "新版本", "text": "可以更新了", "picUrl": "",
        "messageUrl": "dingtalk://dingtalkclient/page/link?url=https%3A%2F%2Fx.example%2F1"}},
    "card": {"msgtype": "actionCard", "actionCard": {
        "title": "审批", "text": "小明请假", "singleTitle": "阅读全文",
        "singleURL": "https://x.example/2",
        "btns": [{"title": "同意", "actionURL": "https://x.example/3"}]}},
    "feed": {"msgtype": "feedCard", "feedCard": {"links": [
        {"title": "甲", "messageURL": "https://x.example/4", "picURL": "https://x.example/p"},
        {"title": "乙", "messageURL": "https://x.example/5", "picURL": "https://x.example/p"}]}},
}  # fmt: skip
WECOM: Final[dict[str, JSON]] = {
    "text": {"msgtype": "text", "text": {"content": "备份完成", "mentioned_list": ["@all"]}},
    "markdown": {"msgtype": "markdown", "markdown": {"content": "备份完成，请<@xiaoming>看"}},
    "news": {"msgtype": "news", "news": {"articles": [
        {"title": "新版本", "description": "可以更新了", "url": "https://x.example/1"},
        {"title": "旧版本", "url": "https://x.example/2"}]}},
    "textcard": {"msgtype": "textcard", "textcard": {
        "title": "领奖", "description": "请领取", "url": "https://x.example/3"}},
    "template_card": {"msgtype": "template_card", "template_card": {
        "card_type": "text_notice", "source": {"desc": "企业微信"},
        "main_title": {"title": "服务器告警", "desc": "机房"},
        "emphasis_content": {"title": "98%", "desc": "CPU"},
        "quote_area": {"title": "原因", "quote_text": "跑满了"},
        "sub_title_text": "请处理",
        "horizontal_content_list": [{"keyname": "级别", "value": "严重"}],
        "vertical_content_list": [{"title": "步骤", "desc": "重启"}],
        "jump_list": [{"title": "监控", "url": "https://x.example/4"}],
        "card_action": {"type": 1, "url": "https://x.example/5"}}},
    "file": {"msgtype": "file", "file": {"media_id": "3a8asd892asd8asd"}},
}  # fmt: skip
FEISHU: Final[dict[str, JSON]] = {
    "text": {"msg_type": "text", "content": {
        "text": '<at user_id="all">所有人</at> 备份完成'}},
    "app": {"msg_type": "text", "content": '{"text": "备份完成"}'},
    "post": {"msg_type": "post", "content": {"post": {"zh_cn": {
        "title": "UptimeKuma Alert: [Down] 博客", "content": [
            [{"tag": "text", "text": "项目有更新："},
             {"tag": "a", "text": "请查看", "href": "https://x.example/1"},
             {"tag": "at", "user_id": "ou_1", "user_name": "小明"}],
            [{"tag": "img", "image_key": "img_1"}]]}}}},
    "card": {"msg_type": "interactive", "card": {
        "header": {"title": {"tag": "plain_text", "content": "部署失败"}, "template": "red"},
        "elements": [
            {"tag": "div", "text": {"tag": "lark_md", "content": "分支 main"}, "fields": [
                {"is_short": True, "text": {"tag": "lark_md", "content": "项目\nweb"}},
                {"is_short": True, "text": {"tag": "lark_md", "content": "用时\n3 分"}}]},
            {"tag": "hr"},
            {"tag": "note", "elements": [{"tag": "plain_text", "content": "第 7 次"}]},
            {"tag": "action", "actions": [
                {"tag": "button", "text": {"tag": "plain_text", "content": "看日志"},
                 "url": "https://x.example/2"}]}]}},
    "card 2": {"msg_type": "interactive", "card": {
        "schema": "2.0",
        "header": {"title": {"tag": "plain_text", "content": "部署完成"}, "template": "green"},
        "body": {"elements": [
            {"tag": "markdown", "content": "分支 main"},
            {"tag": "column_set", "columns": [
                {"tag": "column", "elements": [{"tag": "markdown", "content": "web"}]}]},
            {"tag": "button", "text": {"tag": "plain_text", "content": "看日志"},
             "behaviors": [{"type": "open_url", "default_url": "https://x.example/2"}]}]}}},
    "template": {"msg_type": "interactive", "card": {"type": "template", "data": {
        "template_id": "ctp_1", "template_variable": {"项目": "web", "结果": "成功"}}}},
    "share": {"msg_type": "share_chat", "content": {"share_chat_id": "oc_1"}},
}  # fmt: skip
PUSHERS: Final[dict[str, JSON]] = {
    "pushplus": {"title": "签到", "content": "<b>成功</b><br>积分 +10", "template": "html",
                 "channel": "wechat", "topic": "t"},
    "pushplus json": {"title": "签到", "content": '{"账号": "小明", "结果": "失败"}',
                      "template": "json"},
    "serverchan": {"title": "签到", "desp": "**成功**\n\n积分 +10", "short": "成功",
                   "channel": "9|66"},
    "serverchan old": {"text": "签到", "desp": "成功"},
    "pushdeer": {"pushkey": "PDU1", "text": "签到", "desp": "**成功**", "type": "markdown"},
    "pushdeer image": {"pushkey": "PDU1", "text": "https://x.example/1.png", "type": "image"},
    "pushdeer text": {"pushkey": "PDU1", "text": "签到成功", "type": "text"},
    "wxpusher": {"appToken": "AT_1", "summary": "签到", "content": "<p>成功</p>", "contentType": 2,
                 "uids": ["UID_1"], "url": "https://x.example/1"},
}  # fmt: skip
PAGERDUTY: Final[dict[str, JSON]] = {
    "event": {
        "routing_key": "r", "event_action": "trigger", "dedup_key": "kuma/1",
        "payload": {
            "summary": "[博客] refused", "severity": "critical", "source": "nas",
            "component": "nginx", "custom_details": {"load": 0.75},
            "timestamp": "2026-11-24T04:00:21Z",
        },
        "links": [{"href": "https://x.example/1", "text": "日志"}],
        "client_url": "https://x.example/2",
    },
    "webhook": {"event": {
        "id": "01", "event_type": "incident.triggered", "resource_type": "incident",
        "occurred_at": "2026-11-24T04:00:21Z",
        "data": {
            "type": "incident", "html_url": "https://x.example/3", "title": "磁盘满了",
            "service": {"summary": "NAS"}, "urgency": "high",
            "assignees": [{"summary": "小明"}], "priority": {"summary": "P1"},
        }}},
    "note": {"event": {
        "event_type": "incident.annotated",
        "data": {"incident": {"summary": "磁盘满了"}, "content": "在看了"}}},
}  # fmt: skip
OPSGENIE: Final[dict[str, JSON]] = {
    "webhook": {
        "action": "Create", "integrationName": "w",
        "alert": {
            "alertId": "1", "message": "磁盘满了", "description": "剩 1%", "entity": "nas",
            "tags": ["disk", "nas"], "priority": "P1", "details": {"path": "/srv"},
            "createdAt": 1796043756000,
        },
    },
    "alert": {"message": "磁盘满了", "alias": "disk", "priority": "P4", "entity": "nas"},
}  # fmt: skip
CHATS: Final[dict[str, JSON]] = {
    "chronocat": {
        "elements": [
            {"elementType": 1, "textElement": {"content": "签到\n\n成功"}},
            {"elementType": 2, "picElement": {"sourcePath": "a.png"}},
        ],
    },
    "webex": {"roomId": "R1", "markdown": "**博客** is down"},
    "webex html": {"toPersonEmail": "a@b.example", "html": "<b>博客</b> is down",
                   "text": "博客 is down"},
    "webex text": {"roomId": "R1", "text": "博客 is down"},
    "matrix": {"msgtype": "m.text", "body": "博客 is down"},
    "matrix html": {"msgtype": "m.notice", "body": "**博客** is down",
                    "format": "org.matrix.custom.html",
                    "formatted_body": "<b>博客</b> is down"},
    **{f"pagerduty {name}": body for name, body in PAGERDUTY.items()},
    **{f"opsgenie {name}": body for name, body in OPSGENIE.items()},
    **PUSHERS,
    "slack": SLACK, "slack blocks": SLACK_BLOCKS, "discord": DISCORD,
    "discord components": DISCORD_COMPONENTS, "teams": TEAMS, "teams adaptive": ADAPTIVE,
    "googlechat": GOOGLE_CHAT,
    **{f"dingtalk {name}": body for name, body in DINGTALK.items()},
    **{f"wecom {name}": body for name, body in WECOM.items()},
    **{f"feishu {name}": body for name, body in FEISHU.items()},
}  # fmt: skip
"""By a name of ours, which begins with the source's."""
