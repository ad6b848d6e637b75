"""What to paste where, in each tool: the one table of the docs, the commands and the chat."""

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
    as it is, `<url-token>` the token in a URL, `<ws>` the push address of the WebSocket and
    `<root>` the bot's address."""

    name: str
    """As the commands take it."""
    label: str
    where: str
    """Where to find the fields (Chinese)."""
    fields: tuple[tuple[str, str], ...]
    """What each field is called, and what to paste there; without a name: all of it."""
    note: str = ""
    """Chinese."""

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
        }
        for name, value in self.fields:
            for mark, text in values.items():
                value = value.replace(mark, text)
            yield name, value


_PUSH: Final = "<push>?token=<url-token>"
_ONEBOT: Final = "<push>/onebot"
_RECEIVERS: Final = "QQ 号或群号可以只填一个；要在令牌能发给的范围里"
TOOLS: Final = (
    Tool("bettergi", "BetterGI（Webhook）", "设置 → 通知设置 → 启用 Webhook",
         (("Webhook 端点", _PUSH), ("发送对象", "留空，或 QQ 号"))),
    Tool("bettergi-onebot", "BetterGI（OneBot，能发到群）", "设置 → 通知设置 → 启用 OneBot",
         (("OneBot 端点", _ONEBOT), ("用户 QQ", _ME), ("群号", "群号"), ("Token", "<token>")),
         _RECEIVERS),
    Tool("bettergi-ws", "BetterGI（WebSocket）", "设置 → 通知设置 → 启用 WebSocket",
         (("WebSocket 端点", "<ws>?token=<url-token>"),)),
    Tool("maa", "MAA", "设置 → 外部通知 → 自定义 Webhook",
         (("URL", _PUSH), ("请求头", "Content-Type: application/json"),
          ("请求体", '{"title": "{title}", "content": "{content}"}'))),
    Tool("march7th", "March7thAssistant（三月七小助手）", "消息推送 → OneBot",
         (("服务端点 URL", _ONEBOT), ("Access Token", "<token>"), ("QQ 号", _ME), ("群号", "群号")),
         _RECEIVERS),
    Tool("onedragon", "OneDragon（绝区零一条龙等）", "通知 → OneBot",
         (("请求地址", _ONEBOT), ("QQ 号", _ME), ("群号", "群号"), ("Token", "<token>")),
         _RECEIVERS),
    Tool("alas", "Alas、StarRailCopilot", "错误推送设置（OnePush）",
         (("", "provider: gocqhttp\nendpoint: <push>/onebot\ntoken: <token>\n"
           f"message_type: private\nuser_id: {_ME}"),)),
    Tool("auto-mas", "AUTO-MAS", "通知 → 自定义 Webhook", (("Webhook 地址", _PUSH),)),
    Tool("uptimekuma", "Uptime Kuma（通知）", "设置 → 通知 → Webhook",
         (("Post URL", _PUSH), ("请求体", "预设 - application/json"))),
    Tool("beat", "Uptime Kuma 的 Push 客户端，或任何能定时访问网址的", "它的 Push URL",
         (("网址", "<root>/api/push/pc.<url-token>"), ("或", "<push>/beat/pc?token=<url-token>")),
         'pc 是 REPORT_WATCH 里写的名字，例如 {"beat": "pc", "every": "5m"}'),
    Tool("alertmanager", "Alertmanager", "alertmanager.yml",
         (("", "receivers:\n  - name: report\n    webhook_configs:\n"
           f"      - url: {_PUSH}&source=alertmanager"),)),
    Tool("grafana", "Grafana", "Alerting → Contact points → Webhook",
         (("URL", f"{_PUSH}&source=grafana"),)),
    Tool("github", "GitHub", "仓库的 Settings → Webhooks → Add webhook",
         (("Payload URL", "<push>?source=github"), ("Content type", "application/json"),
          ("Secret", "<token>")),
         "GitHub 要能访问到这个地址：见 docs/host.md"),
    Tool("gotify", "会推到 Gotify 的", "它的 Gotify 设置",
         (("服务器地址", "<push>/gotify"), ("Token", "<token>"))),
    Tool("ntfy", "会推到 ntfy 的", "它的 ntfy 设置",
         (("服务器地址", "<push>/ntfy"), ("主题", "随便一个名字，会当成事件名"),
          ("Access token，或密码", "<token>"))),
    Tool("onebot", "会推到 OneBot（go-cqhttp、NapCat 的 HTTP）的", "它的 OneBot 设置",
         (("HTTP 地址", _ONEBOT), ("access_token", "<token>"))),
    Tool("curl", "curl", "命令行", (("", f"curl -d '备份完成' '{_PUSH}'"),)),
    Tool("powershell", "PowerShell", "命令行",
         (("", f'Invoke-RestMethod "{_PUSH}" -Method Post -Body @{{content = "备份完成"}}'),)),
    Tool("python", "Python", "脚本里",
         (("", "import urllib.request\n\n"
           f'urllib.request.urlopen("{_PUSH}", data="备份完成".encode())'),)),
)  # fmt: skip
"""Every tool, as the commands list them."""
_BY_NAME: Final = {one.name: one for one in TOOLS}


def find_tool(name: str) -> Tool | None:
    """A tool by its name, or what begins like it; None: there is no such."""
    name = name.strip().lower()
    if name in _BY_NAME:
        return _BY_NAME[name]
    begin = [one for one in TOOLS if name and name in one.label.lower()]
    return begin[0] if begin else None


def nearest_tool(name: str) -> str:
    """The name that was most likely meant; empty: none is like it."""
    found = get_close_matches(name.strip().lower(), _BY_NAME, 1)
    return found[0] if found else ""
