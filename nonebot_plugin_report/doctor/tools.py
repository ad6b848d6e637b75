"""What to paste where, in each tool: the one table of the docs, the commands and the chat."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final
from urllib.parse import quote, urlsplit, urlunsplit

SECRET: Final = "你的令牌"  # noqa: S105 - none
"""Shown in place of a token."""
_ME: Final = "你的 QQ 号"


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool that can push here. In its values `<push>` is the push address, `<token>` the token
    as it is, `<url-token>` the token in a URL, `<ws>` the push address of the WebSocket,
    `<root>` the bot's address, `<ws-root>` the same for a WebSocket, `<host>` the push address
    without its scheme, and `<s>` is `s` where that is https."""

    name: str
    """As the commands take it."""
    label: str
    where: str
    """Where to find the fields (Chinese)."""
    fields: tuple[tuple[str, str], ...]
    """What each field is called, and what to paste there; without a name: all of it."""
    note: str = ""
    """Chinese."""
    source: str = ""
    """Its name as `?source=` has it; empty: what it writes needs none."""
    shows: str = ""
    """What is seen of it (Chinese), if it has a source."""

    def filled(self, push_url: str, token: str) -> Iterator[tuple[str, str]]:
        """The fields with a push address and a token in them."""
        parts = urlsplit(push_url)
        values = {
            "<push>": push_url,
            "<token>": token,
            "<url-token>": token if token == SECRET else quote(token, safe=""),
            "<ws>": urlunsplit(
                parts._replace(scheme=parts.scheme.replace("http", "ws"), path=f"{parts.path}/ws")
            ),
            "<root>": f"{parts.scheme}://{parts.netloc}",
            "<ws-root>": f"{parts.scheme.replace('http', 'ws')}://{parts.netloc}",
            "<host>": f"{parts.netloc}{parts.path}",
            "<s>": "s" if parts.scheme == "https" else "",
        }
        for name, value in self.fields:
            for mark, text in values.items():
                value = value.replace(mark, text)
            yield name, value


_PUSH: Final = "<push>?token=<url-token>"
_ONEBOT: Final = "<push>/onebot"
_RECEIVERS: Final = "QQ 号或群号可以只填一个；要在令牌能发给的范围里"
TOOLS: Final = (
    # https://github.com/babalae/better-genshin-impact (View/Pages/NotificationSettingsPage.xaml)
    Tool("bettergi", "BetterGI（Webhook）", "设置 → 通知设置 → 启用 Webhook",
         (("Webhook 端点", _PUSH), ("发送对象", "留空，或 QQ 号"))),
    Tool("bettergi-onebot", "BetterGI（OneBot，能发到群）", "设置 → 通知设置 → 启用 OneBot 通知",
         (("OneBot 请求地址", _ONEBOT), ("QQ 号", _ME), ("群号", "群号"), ("Token", "<token>")),
         _RECEIVERS),
    Tool("bettergi-ws", "BetterGI（WebSocket）", "设置 → 通知设置 → 启用 WebSocket",
         (("WebSocket 端点", "<ws>?token=<url-token>"),)),
    # CustomWebhookNotificationProvider.cs, HttpService.cs: a Content-Type among the headers makes
    # .NET refuse to send.
    Tool("maa", "MAA", "设置 → 外部通知 → 自定义 Webhook",
         (("URL", _PUSH), ("请求头", "留空"),
          ("请求体", '{"title": "{title}", "content": "{content}", "timestamp": "{time}"}')),
         source="maa", shows="标题，正文，时间"),
    # https://github.com/moesnow/March7thAssistant (app/setting_interface.py)
    Tool("march7th", "March7thAssistant（三月七小助手）", "设置 → 消息推送 → OneBot",
         (("服务地址", _ONEBOT), ("访问令牌", "<token>"), ("私聊用户 ID", _ME),
          ("群组 ID", "群号")),
         _RECEIVERS),
    Tool("march7th-webhook", "March7thAssistant（Webhook）", "设置 → 消息推送 → Webhook",
         (("接收地址", _PUSH), ("请求方法、请求头、请求体", "留空")),
         source="march7thassistant", shows="标题，正文，截图"),
    # https://github.com/OneDragon-Anything (src/one_dragon/base/push/channel)
    Tool("onedragon", "OneDragon（绝区零一条龙等）", "通知 → OneBot",
         (("请求地址", _ONEBOT), ("QQ 号", _ME), ("群号", "群号"), ("Token", "<token>")),
         _RECEIVERS),
    Tool("onedragon-webhook", "OneDragon（通用 Webhook）", "通知 → 通用Webhook",
         (("URL", _PUSH), ("HTTP 方法", "POST"), ("Content-Type", "application/json"),
          ("请求体", '{"title": "$title", "content": "$content", "timestamp": "$iso_timestamp",'
           ' "screenshot": "$image"}')),
         source="onedragon", shows="标题，正文，时间，截图"),
    Tool("alas", "Alas、StarRailCopilot", "错误推送设置（OnePush）",
         (("", "provider: gocqhttp\nendpoint: <push>/onebot\ntoken: <token>\n"
           f"message_type: private\nuser_id: {_ME}"),)),
    # module/notify/notify.py: without `data` it gives up.
    Tool("alas-webhook", "Alas、StarRailCopilot（Webhook）", "错误推送设置（OnePush）",
         (("", f"provider: custom\nurl: {_PUSH}\ndata: {{}}"),),
         source="alas", shows="标题，正文"),
    # https://github.com/AUTO-MAS-Project/AUTO-MAS (frontend/src/components/WebhookManager.vue)
    Tool("auto-mas", "AUTO-MAS", "设置 → 通知 → 自定义 Webhook 通知 → 添加 Webhook",
         (("请求方法", "POST"), ("Webhook URL", _PUSH),
          ("消息模板", '{"title": "{title}", "content": "{content}"}')),
         source="auto-mas", shows="标题，正文"),
    # https://github.com/louislam/uptime-kuma (src/components/notifications/Webhook.vue)
    Tool("uptimekuma", "Uptime Kuma（通知）", "设置 → 通知 → Webhook",
         (("Post URL", _PUSH), ("HTTP 方法", "POST"), ("请求体", "预设 - application/json")),
         "HTTP 方法选 GET 的，Post URL 里的 /report 写成 /report/push",
         source="uptimekuma", shows="掉线、恢复，恢复时写掉线了多久"),
    Tool("beat", "Uptime Kuma 的 Push 客户端，或任何能定时访问网址的", "它的 Push URL",
         (("网址", "<root>/api/push/pc.<url-token>"), ("或", "<push>/beat/pc?token=<url-token>")),
         'pc 是 REPORT_WATCH 里写的名字，例如 {"beat": "pc", "every": "5m"}'),
    Tool("alertmanager", "Alertmanager", "alertmanager.yml",
         (("", "receivers:\n  - name: report\n    webhook_configs:\n"
           f"      - url: {_PUSH}&source=alertmanager"),),
         source="alertmanager", shows="触发、恢复，标签与说明，恢复时写从何时起、持续多久"),
    Tool("grafana", "Grafana", "Alerting → Contact points → Webhook",
         (("URL", f"{_PUSH}&source=grafana"),),
         source="grafana", shows="触发、恢复，标签与说明；改过的模板照它的标题与正文"),
    Tool("github", "GitHub、Gitea、Forgejo、Gogs", "仓库的 Settings → Webhooks → Add webhook",
         (("Payload URL", "<push>?source=github"), ("Content type", "application/json"),
          ("Secret", "<token>")),
         "GitHub 要能访问到这个地址：见 docs/host.md",
         source="github",
         shows="每种事件写成中文：谁做了什么，标签、里程碑、指派给谁；工作流、警告算成功或失败"),
    Tool("gitlab", "GitLab", "项目或群组的 Settings → Webhooks → Add new webhook",
         (("URL", _PUSH), ("Secret token", "留空")),
         source="gitlab",
         shows="推送、议题、合并请求、评论、发布等写成中文；流水线、任务、部署算成功或失败"),
    Tool("gitee", "Gitee", "仓库的 管理 → WebHooks → 添加 webHook",
         (("URL", _PUSH), ("WebHook 密码", "留空")),
         source="gitee", shows="推送、issue、PR、评论，写成中文"),
    Tool("bitbucket", "Bitbucket", "Repository settings → Webhooks → Add webhook",
         (("URL", _PUSH),),
         source="bitbucket", shows="推送、PR、issue、评论、构建状态，写成中文"),
    Tool("azuredevops", "Azure DevOps", "Project settings → Service hooks → Web Hooks",
         (("URL", _PUSH),),
         source="azuredevops", shows="构建、推送、PR、工作项、发布，构建和部署算成功或失败"),
    Tool("drone", "Drone", "服务器的环境变量", (("DRONE_WEBHOOK_ENDPOINT", _PUSH),),
         source="drone", shows="每次构建的成功或失败，分支，用时"),
    Tool("jenkins", "Jenkins（Notification 插件）", "任务的 Job Notifications → Add Endpoint",
         (("URL", _PUSH), ("Format", "JSON")),
         source="jenkins", shows="每次构建的成功或失败，分支，用时"),
    Tool("dockerhub", "Docker Hub、阿里云镜像服务", "仓库的 Webhooks", (("Webhook URL", _PUSH),),
         source="dockerhub", shows="谁推送了哪个镜像"),
    Tool("harbor", "Harbor", "项目的 Webhooks → NEW WEBHOOK", (("Endpoint URL", _PUSH),),
         source="harbor", shows="推送、扫描、配额，扫描失败算失败"),
    Tool("sonarr", "Sonarr、Radarr、Lidarr、Readarr、Prowlarr", "Settings → Connect → Webhook",
         (("URL", _PUSH), ("Method", "POST")),
         source="sonarr", shows="下载、导入、改名、删除写成中文；健康问题和恢复，失败算失败"),
    Tool("seerr", "Seerr、Overseerr、Jellyseerr", "Settings → Notifications → Webhook",
         (("Webhook URL", _PUSH),),
         source="seerr", shows="求片、批准、可以看了、报告的问题，写成中文"),
    Tool("jellyfin", "Jellyfin（Webhook 插件）", "插件 → Webhook → Add Generic Destination",
         (("Webhook Url", _PUSH), ("Send All Properties", "勾上")),
         source="jellyfin", shows="新增、播放、登录失败、任务失败等，写成中文"),
    Tool("emby", "Emby", "服务器 → 通知 → 添加 Webhooks",
         (("URL", _PUSH), ("请求内容类型", "application/json")),
         source="emby", shows="播放、新增写成中文，别的照它自己的标题"),
    Tool("plex", "Plex", "设置 → Webhooks", (("URL", _PUSH),),
         source="plex", shows="播放、新增、数据库损坏等，写成中文，带海报"),
    Tool("uptimerobot", "UptimeRobot", "Integrations → Webhook",
         (("URL", _PUSH), ("Send as JSON", "勾上")),
         source="uptimerobot", shows="掉线、恢复、证书快到期，恢复时写掉线了多久"),
    Tool("zabbix", "Zabbix", "告警 → 媒介 → Webhook",
         (("URL", _PUSH),), "脚本里把全部参数用 JSON 发到这个地址",
         source="zabbix", shows="触发、恢复、更新，严重程度变成结果"),
    Tool("sentry", "Sentry", "Settings → Integrations → WebHooks，或自己的 Internal Integration",
         (("Callback URLs", _PUSH),),
         source="sentry", shows="触发、解决、又出现，规则，位置"),
    Tool("aliyun", "阿里云监控", "云监控 → 报警联系 → 报警回调", (("URL", _PUSH),),
         source="aliyun", shows="触发、恢复，现在的值，条件，实例"),
    Tool("cloudflare", "Cloudflare", "Notifications → Destinations → Webhooks",
         (("URL", _PUSH), ("Secret", "留空")),
         source="cloudflare", shows="它自己的文字，坏了算失败，好了算成功"),
    Tool("statuspage", "Statuspage（很多服务的状态页）", "状态页的 Subscribe to updates → Webhook",
         (("Webhook URL", _PUSH),),
         source="statuspage", shows="事故的进展和恢复，各部分的状态"),
    Tool("jira", "Jira", "系统 → 网络钩子", (("URL", _PUSH),),
         source="jira", shows="谁新建、更新、评论了哪个问题，改了什么"),
    Tool("apprise", "Apprise", "它的网址；令牌前面的 - 是 Apprise 的写法，不能少",
         (("", "json<s>://<host>?-token=<url-token>\nform<s>://<host>?-token=<url-token>"),),
         "两种都带截图，用一种就行；xml:// 也认",
         source="apprise", shows="标题，正文，截图，类型是结果"),
    Tool("gotify", "会推到 Gotify 的", "它的 Gotify 设置",
         (("服务器地址", "<push>/gotify"), ("Token", "<token>"))),
    Tool("ntfy", "会推到 ntfy 的", "它的 ntfy 设置",
         (("服务器地址", "<push>/ntfy"), ("主题", "随便一个名字，会当成事件名"),
          ("Access token，或密码", "<token>")),
         "标签里的表情、优先级 5（不等免打扰）、链接按钮、In/At/Delay 定时（3 天内）都认"),
    Tool("onebot", "会推到 OneBot（go-cqhttp、NapCat 的 HTTP）的", "它的 OneBot 设置",
         (("HTTP 地址", _ONEBOT), ("access_token", "<token>")),
         source="onebot", shows="文字，图片，别的消息段写名字"),
    Tool("slack", "会推到 Slack、Mattermost、Rocket.Chat 的", "它的 Webhook 设置",
         (("Webhook URL", _PUSH),),
         source="slack", shows="标题，正文，字段，链接；颜色是结果；回答 ok"),
    Tool("discord", "会推到 Discord 的", "它的 Discord Webhook 设置",
         (("Webhook URL", f"{_PUSH}&source=discord"),),
         source="discord", shows="正文，嵌入与组件的字，图片文件；颜色是结果；回答是空的（204）"),
    Tool("teams", "会推到 Microsoft Teams 的", "它的 Teams 设置",
         (("Webhook URL", _PUSH),),
         source="teams", shows="卡片的标题、正文、字段、链接；颜色是结果"),
    Tool("googlechat", "会推到 Google Chat 的", "它的 Google Chat 设置",
         (("Webhook URL", _PUSH),),
         source="googlechat", shows="卡片的标题、正文、字段、链接"),
    Tool("dingtalk", "会推到钉钉机器人的", "它的钉钉机器人设置",
         (("Webhook", _PUSH), ("加签的密钥", "随便写，不检查")),
         source="dingtalk", shows="标题，正文，链接；回答和钉钉一样"),
    Tool("wecom", "会推到企业微信机器人的", "它的企业微信机器人设置",
         (("Webhook", _PUSH),),
         source="wecom", shows="标题，正文，字段，链接，图片；回答和企业微信一样"),
    Tool("feishu", "会推到飞书机器人的", "它的飞书机器人设置",
         (("Webhook", _PUSH), ("加签的密钥", "随便写，不检查")),
         source="feishu", shows="标题，正文，卡片的字与链接；颜色是结果；回答和飞书一样"),
    Tool("webex", "会推到 Webex 的", "它的 Webex 设置", (("Webhook URL", _PUSH),),
         source="webex", shows="正文"),
    Tool("matrix", "写 Matrix 消息的", "它的 Webhook 设置", (("网址", _PUSH),),
         source="matrix", shows="正文"),
    Tool("chronocat", "会推到 Chronocat 的", "它的 Chronocat 设置", (("地址", _PUSH),),
         source="chronocat", shows="正文；发给它写的 QQ 或群"),
    Tool("pagerduty", "PagerDuty，或会推到它的", "Integrations → Generic Webhooks",
         (("Webhook URL", _PUSH),),
         source="pagerduty", shows="触发、确认、恢复，服务、级别、链接"),
    Tool("opsgenie", "OpsGenie", "Settings → Integrations → Webhook",
         (("Webhook URL", _PUSH),),
         source="opsgenie", shows="触发、确认、恢复，对象、优先级、标签"),
    Tool("pushplus", "写 PushPlus 的内容的", "它的 PushPlus 地址", (("地址", _PUSH),),
         source="pushplus", shows="标题，按模板读的正文；回答和 PushPlus 一样"),
    Tool("serverchan", "写 Server 酱的内容的", "它的 Server 酱地址", (("地址", _PUSH),),
         source="serverchan", shows="标题，正文；回答和 Server 酱一样"),
    Tool("pushdeer", "写 PushDeer 的内容的", "它的 PushDeer 地址", (("地址", _PUSH),),
         source="pushdeer", shows="标题，正文；回答和 PushDeer 一样"),
    Tool("wxpusher", "写 WxPusher 的内容的", "它的 WxPusher 地址", (("地址", _PUSH),),
         source="wxpusher", shows="摘要，正文，链接；回答和 WxPusher 一样"),
    # https://github.com/MaaXYZ/MaaEnd: it pushes by GET.
    Tool("maaend", "MaaEnd、MXU", "它的 Webhook 通知设置", (("网址", _PUSH),)),
    # https://github.com/SweetSmellFox/MFAAvalonia (ConfigurationKeys.cs, its defaults)
    Tool("mfaavalonia", "MFAAvalonia、MFAWPF", "设置 → 外部通知 → 自定义 Webhook",
         (("URL", _PUSH), ("Content-Type", "application/json"),
          ("内容模板", '{"message": "{message}"}'))),
    Tool("ok-ww", "ok-ww、ok-script", "它的 Webhook 通知设置", (("网址", _PUSH),)),
    # https://github.com/whyour/qinglong (sample/config.sample.sh, sample/notify.py)
    Tool("qinglong", "青龙面板、QingLong", "配置文件 config.sh，或环境变量",
         (("GOBOT_URL", "<push>/onebot/send_private_msg"), ("GOBOT_TOKEN", "<token>"),
          ("GOBOT_QQ", f"user_id={_ME}"))),
    # https://github.com/pppscn/SmsForwarder/wiki
    Tool("smsforwarder", "SmsForwarder、短信转发器", "发送通道 → Webhook",
         (("请求方式", "POST"), ("WebServer", _PUSH),
          ("消息模板", '{"title": "[from]", "content": "[msg]"}'))),
    # https://www.home-assistant.io/integrations/notify.rest/
    Tool("homeassistant", "Home Assistant", "configuration.yaml",
         (("", f"notify:\n  - name: qq\n    platform: rest\n    resource: {_PUSH}\n"
           "    method: POST_JSON\n    title_param_name: title\n"
           "    message_param_name: content"),)),
    # https://healthchecks.io/docs/configuring_notifications/
    Tool("healthchecks", "Healthchecks", "Integrations → Webhook",
         (("URL（Down 和 Up 一样）", _PUSH), ("HTTP Method", "POST"),
          ("Down 的 Request Body",
           '{"title": "$NAME", "content": "$STATUS", "result": "Fail"}'),
          ("Up 的 Request Body",
           '{"title": "$NAME", "content": "$STATUS", "result": "Success"}'))),
    Tool("bark", "会推到 Bark 的", "它的 Bark 设置",
         (("服务器地址", "<push>/bark"), ("Device key", "<token>"),
          ("只有一个网址的", "<push>/bark/<url-token>")),
         source="bark", shows="标题，副标题，正文，链接，图片"),
    Tool("telegram", "会推到 Telegram、又能改 API 地址的", "它的 Telegram 设置",
         (("API 地址", "<push>/telegram"), ("Bot Token", "<token>"),
          ("Chat ID", "随便写，不检查")),
         source="telegram", shows="去掉记号的文字，按钮的链接"),
    Tool("qmsg", "会推到 Qmsg 酱的", "它的 Qmsg 设置",
         (("服务器", "<push>/qmsg"), ("Key", "<token>"), ("接收 QQ", _ME))),
    Tool("apprise-api", "会推到 Apprise-API 的", "它的 Apprise 网址",
         (("", "apprise<s>://<host>/<url-token>"),)),
    Tool("synology", "会推到群晖 Chat 的", "它的 Synology Chat 设置",
         (("Webhook 网址", "<push>/webapi/entry.cgi?api=SYNO.Chat.External&method=incoming"
           "&version=2&token=<url-token>"),)),
    Tool("curl", "curl", "命令行", (("", f"curl -d '备份完成' '{_PUSH}'"),)),
    Tool("powershell", "PowerShell", "命令行",
         (("", f'Invoke-RestMethod "{_PUSH}" -Method Post -Body @{{content = "备份完成"}}'),)),
    Tool("python", "Python", "脚本里",
         (("", "import urllib.request\n\n"
           f'urllib.request.urlopen("{_PUSH}", data="备份完成".encode())'),)),
)  # fmt: skip
"""Every tool, as the commands list them."""
_WS: Final = (
    ("URL", "<ws-root>/onebot/v11/ws"),
    ("Token", "填 .env 里的 ONEBOT_ACCESS_TOKEN，没有设置就留空"),
)
BOTS: Final = (
    Tool("napcat", "NapCat（连上 QQ）", "网络配置 → 新建 → WebSocket 客户端", _WS),
    Tool("llbot", "LLBot、LLOneBot（连上 QQ）", "设置 → 反向 WebSocket", _WS),
    Tool("lagrange", "Lagrange（连上 QQ）", "appsettings.json 的 Implementations，ReverseWebSocket",
         _WS),
)  # fmt: skip
"""Programs by which the bot is on QQ: what is pasted there is where they connect to."""
EVERY: Final = (*TOOLS, *BOTS)
_BY_NAME: Final = {tool.name: tool for tool in EVERY}
_GENERIC: Final = frozenset({"webhook", "websocket", "http", "会推到", "的", "连上", "qq"})
"""Words of labels that are no tool's name."""
MIN_BEGINNING: Final = 2
"""Characters by which a tool is found whose word begins with them."""


def find_tool(name: str) -> Tool | None:
    """Find a tool by its name, a word of its label, or how one tool's word alone begins; None:
    there is no such."""
    name = name.strip().lower()
    if name in _BY_NAME:
        return _BY_NAME[name]
    if named := [tool for tool in EVERY if name in _words(tool)]:
        return named[0]
    if len(name) < MIN_BEGINNING:
        return None
    begun = [tool for tool in EVERY if any(word.startswith(name) for word in _words(tool))]
    return begun[0] if len(begun) == 1 else None


def _words(tool: Tool) -> set[str]:
    """Split a label into the words by which the tool is known."""
    return set(re.split(r"[\s（）、，]+", tool.label.lower())) - _GENERIC - {""}


def is_said(value: str) -> bool:
    """Whether what stands in `Tool.fields` tells in Chinese what to write, instead of being it."""
    return "<" not in value and any("\u4e00" <= one <= "\u9fff" for one in value)


def nearest_tool(name: str) -> str:
    """Name the tool that was most likely meant; empty: none is like it."""
    words = {word: tool.name for tool in reversed(EVERY) for word in _words(tool)}
    words |= {tool.name: tool.name for tool in EVERY}
    matches = get_close_matches(name.strip().lower(), words, 1)
    return words[matches[0]] if matches else ""
