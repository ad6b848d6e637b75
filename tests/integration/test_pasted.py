"""What is to be pasted into each tool is pasted into it, or into what calls as it does: one bot."""

import asyncio
import hmac
import io
import json
import shutil
import sys
from base64 import b64encode
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any

import apprise
import httpx2
import onepush
import pytest
import pytest_asyncio
import requests  # noqa: TID251 - as March7thAssistant and OneDragon call it
from websockets.asyncio.client import connect

from nonebot_plugin_report.doctor.tools import TOOLS
from nonebot_plugin_report.model.report import Result
from tests.bot import TOKEN, Bot, running, until
from tests.chats import ADAPTIVE, CHATS, DISCORD_COMPONENTS, GOOGLE_CHAT, SLACK, TEAMS
from tests.dialects import generations, jpeg
from tests.documents import blocks
from tests.hooks import HOOKS
from tests.onebot import ScriptedV11
from tests.ports import free_port
from tests.tools import GITHUB, GRAFANA, KUMA, encoded

pytestmark = pytest.mark.asyncio(loop_scope="module")
SHOT = jpeg()
OWNER, GROUP = "10001", "777"
Fields = dict[str, str]
SETTINGS = {"report_watch": [{"beat": name, "every": "1h"} for name in ("pc", "nas")]}


class Desk:
    """A bot, and the QQ that it is joined to."""

    def __init__(self, bot: Bot, qq: ScriptedV11) -> None:
        self.bot = bot
        self.qq = qq
        self.folder = bot.folder

    def filled(self, name: str) -> Fields:
        """What is to be pasted for a tool, by the names of the fields."""
        (tool,) = (one for one in TOOLS if one.name == name)
        return dict(tool.filled(self.bot.url, TOKEN))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Desk]:
    folder = tmp_path_factory.mktemp("pasted")
    async with running(folder, settings=SETTINGS) as bot, ScriptedV11(url=bot.onebot_v11) as qq:
        yield Desk(bot, qq)
        assert "Traceback" not in bot.log


Paste = Callable[[Desk, Fields], Awaitable[None]]


async def call(method: str, url: str, **options: Any) -> None:
    """As a tool calls that has python-requests."""
    answer = await asyncio.to_thread(requests.request, method, url, timeout=30, **options)
    answer.raise_for_status()


async def answered(url: str, **options: Any) -> tuple[int, str]:
    """The answer to a push: its status and its body."""
    answer = await asyncio.to_thread(requests.post, url, timeout=30, **options)
    return answer.status_code, answer.text


async def shell(desk: Desk, command: str) -> None:
    if command.startswith("curl ") and shutil.which("curl") is None:
        pytest.skip("needs curl")
    process = await asyncio.create_subprocess_shell(
        command, cwd=desk.folder, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE
    )
    _, told = await process.communicate()
    assert process.returncode == 0, told


async def onebot_send(endpoint: str, token: str, **receiver: str) -> None:
    """OneBotNotifier.cs, one_bot.py and onebot.py write the same."""
    file = f"base64://{b64encode(SHOT).decode()}"
    message = [
        {"type": "text", "data": {"text": "任务\n完成"}},
        {"type": "image", "data": {"file": file}},
    ]
    headers = {"Authorization": f"Bearer {token}"}
    for name, number in receiver.items():
        kind = "group" if name == "group_id" else "private"
        body = {"message": message, "message_type": kind, name: number}
        await call("POST", f"{endpoint}/send_msg", json=body, headers=headers)


# ── the tools ─────────────────────────────────────────────────────────────────────────────────────


async def bettergi(desk: Desk, fields: Fields) -> None:
    body = generations(SHOT)["since 2026-05-30"]
    headers = {"Content-Type": "application/json; charset=utf-8"}
    await call("POST", fields["Webhook 端点"], data=body, headers=headers)


async def bettergi_onebot(desk: Desk, fields: Fields) -> None:
    await onebot_send(fields["OneBot 请求地址"], fields["Token"], user_id=OWNER, group_id=GROUP)


async def bettergi_ws(desk: Desk, fields: Fields) -> None:
    async with connect(fields["WebSocket 端点"], proxy=None) as socket:
        await socket.send(generations(SHOT)["to 2025-02"].decode())


async def maa(desk: Desk, fields: Fields) -> None:
    body = fields["请求体"].replace("{title}", "任务").replace("{content}", "完成")
    body = body.replace("{time}", "2026-11-24 20:39:00")
    headers = {"Content-Type": "application/json; charset=utf-8", "Accept": "application/json"}
    await call("POST", fields["URL"], data=body.encode(), headers=headers)


async def march7th(desk: Desk, fields: Fields) -> None:
    await onebot_send(fields["服务地址"], fields["访问令牌"], user_id=OWNER, group_id=GROUP)


async def march7th_webhook(desk: Desk, fields: Fields) -> None:
    files = {"image": ("image.png", io.BytesIO(SHOT).getvalue(), "image/png")}
    data = {"title": "任务", "content": "完成"}
    await call("POST", fields["接收地址"], data=data, files=files)


async def onedragon(desk: Desk, fields: Fields) -> None:
    await onebot_send(fields["请求地址"], fields["Token"], user_id=OWNER, group_id=GROUP)


async def onedragon_webhook(desk: Desk, fields: Fields) -> None:
    body = fields["请求体"]
    for mark, text in {
        "$title": "任务", "$content": '完成了 "每日"\n体力 240'.replace("\n", "\\n"),
        "$iso_timestamp": "2026-11-24T20:39:00.123456", "$image": b64encode(SHOT).decode(),
    }.items():  # fmt: skip
        body = body.replace(mark, text)
    headers = {"Content-Type": fields["Content-Type"]}
    await call(fields["HTTP 方法"], fields["URL"], data=body.encode(), headers=headers)


async def alas(desk: Desk, fields: Fields) -> None:
    """module/notify/notify.py of LmeSzinc/AzurLaneAutoScript, which reads YAML."""
    config: dict[str, Any] = dict(line.split(": ", 1) for line in fields[""].splitlines())
    config["user_id"] = OWNER
    said = {"title": "任务", "content": "完成"}
    if config["provider"] == "custom":
        assert config["data"] == "{}"
        config |= {"datatype": "json", "data": said}
    notifier = onepush.get_notifier(config.pop("provider"))
    answer = await asyncio.to_thread(notifier.notify, **config, **said)
    assert answer.status_code == 200, answer.text


async def auto_mas(desk: Desk, fields: Fields) -> None:
    template = json.loads(fields["消息模板"])
    said = {"{title}": "任务", "{content}": "完成"}
    body = {name: said[mark] for name, mark in template.items()}
    await call(fields["请求方法"], fields["Webhook URL"], json=body)


async def uptimekuma(desk: Desk, fields: Fields) -> None:
    url = fields["Post URL"]
    await call(fields["HTTP 方法"], url, json=KUMA)
    await call("POST", url, files={"data": (None, json.dumps(KUMA))})
    got = {**{name: json.dumps(one) for name, one in KUMA.items()}, "msg": KUMA["msg"]}
    await call("GET", url.replace("/report", "/report/push"), params=got)


async def beat(desk: Desk, fields: Fields) -> None:
    # A beat tells of one fault and one recovery a minute: each address is tried with its own.
    for name, field in zip(("pc", "nas"), fields.values(), strict=True):
        url = field.replace("/pc", f"/{name}")
        await call("GET", f"{url}{'&' if '?' in url else '?'}status=down&msg=x&ping=")
        await call("GET", url)


async def alertmanager(desk: Desk, fields: Fields) -> None:
    program = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")
    if program is None:
        pytest.skip("there is no Alertmanager: Debian's is a package")
    config, port = desk.folder / "alertmanager.yml", free_port()
    config.write_text(f"route: {{receiver: report, group_wait: 0s}}\n{fields['']}\n", "utf-8")
    process = await asyncio.create_subprocess_exec(
        program, f"--config.file={config}", f"--storage.path={desk.folder}",
        f"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address=",
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    alert = {"labels": {"alertname": "任务"}, "annotations": {"summary": "完成"}}

    async def taken() -> bool:
        assert process.returncode is None
        try:
            async with httpx2.AsyncClient(trust_env=False) as client:
                url = f"http://127.0.0.1:{port}/api/v2/alerts"
                return (await client.post(url, json=[alert])).is_success
        except httpx2.TransportError:
            return False  # it is not ready yet

    try:
        await until(taken)
        await desk.qq.wait_for(1)
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def grafana(desk: Desk, fields: Fields) -> None:
    await call("POST", fields["URL"], json=GRAFANA)


async def github(desk: Desk, fields: Fields) -> None:
    body = encoded(GITHUB["push"][0])
    signature = hmac.new(fields["Secret"].encode(), body, "sha256").hexdigest()
    headers = {
        "Content-Type": fields["Content type"], "X-GitHub-Event": "push",
        "X-Hub-Signature-256": f"sha256={signature}", "User-Agent": "GitHub-Hookshot/044aadd",
    }  # fmt: skip
    await call("POST", fields["Payload URL"], data=body, headers=headers)


def webhook(source: str) -> Paste:
    """What a tool does that has nothing but an address to fill in."""

    async def push(desk: Desk, fields: Fields) -> None:
        hook = HOOKS[source][0]
        await call("POST", next(iter(fields.values())), json=hook.body, headers=hook.headers)

    return push


async def notify(desk: Desk, url: str) -> None:
    (desk.folder / "shot.jpg").write_bytes(SHOT)
    pusher = apprise.Apprise()
    assert pusher.add(url)
    attached = apprise.AppriseAttachment(str(desk.folder / "shot.jpg"))
    assert await asyncio.to_thread(pusher.notify, title="任务", body="完成", attach=attached)


async def by_apprise(desk: Desk, fields: Fields) -> None:
    for url in fields[""].splitlines():
        await notify(desk, url)


async def gotify(desk: Desk, fields: Fields) -> None:
    server, token = fields["服务器地址"], fields["Token"]
    await shell(desk, f"curl -sfF title=任务 -F message=完成 '{server}/message?token={token}'")
    await notify(desk, f"gotify{server.removeprefix('http')}/{token}")


async def ntfy(desk: Desk, fields: Fields) -> None:
    server, token = fields["服务器地址"], fields["Access token，或密码"]
    await shell(desk, f"curl -sf -u :{token} -H 'Title: 任务' -d 完成 {server}/nas")
    await call("PUT", f"{server}/nas", data=SHOT, headers={"Authorization": f"Bearer {token}"})


async def onebot(desk: Desk, fields: Fields) -> None:
    said = {"user_id": OWNER, "message": "任务完成", "access_token": fields["access_token"]}
    await call("GET", f"{fields['HTTP 地址']}/send_private_msg", params=said)


async def slack(desk: Desk, fields: Fields) -> None:
    """server/notification-providers/mattermost.js of Uptime Kuma, and a form as Slack shows it."""
    url = fields["Webhook URL"]
    assert await answered(url, json=SLACK) == (200, "ok")
    assert await answered(url, data={"payload": json.dumps(SLACK)}) == (200, "ok")
    status, refusal = await answered(url.replace("token=", "token=wrong"), json=SLACK)
    assert (status, json.loads(refusal)["status"]) == (403, "error")
    status, refusal = await answered(url, json=SLACK | {"send_to": "me"})
    assert (status, json.loads(refusal)["error"][:7]) == (422, "send_to")


async def discord(desk: Desk, fields: Fields) -> None:
    """onepush, MAA's DiscordWebhookNotificationProvider.cs and BetterGI's
    DiscordWebhookNotifier.cs, which puts its JSON behind the picture."""
    url = fields["Webhook URL"]
    notifier = onepush.get_notifier("discord")
    answer = await asyncio.to_thread(notifier.notify, webhook=url, title="任务", content="完成")
    assert (answer.status_code, answer.text) == (204, "")
    assert await answered(url, json={"content": "任务\n完成"}) == (204, "")
    files = {
        "files[0]": ("screenshot.jpg", SHOT, "image/jpeg"),
        "payload_json": (None, json.dumps(DISCORD_COMPONENTS), "application/json"),
    }
    assert await answered(f"{url}&with_components=true", files=files) == (204, "")


async def teams(desk: Desk, fields: Fields) -> None:
    await call("POST", fields["Webhook URL"], json=TEAMS)
    await call("POST", fields["Webhook URL"], json=ADAPTIVE)


async def googlechat(desk: Desk, fields: Fields) -> None:
    await call("POST", fields["Webhook URL"], json=GOOGLE_CHAT)


async def dingtalk(desk: Desk, fields: Fields) -> None:
    """BetterGI's dingdingwebhookNotifier.cs, which puts its signature behind the address."""
    body = {"msgtype": "text", "text": {"content": DONE}, "at": {"isAtAll": False}}
    url = f"{fields['Webhook']}&timestamp=1796043515957&sign=2eAv%3D"
    answer = await asyncio.to_thread(requests.post, url, json=body, timeout=30)
    assert (answer.json()["errcode"], answer.json()["errmsg"]) == (0, "ok")


async def wecom(desk: Desk, fields: Fields) -> None:
    """BetterGI's WorkWeixinNotifier.cs, which sends the picture first."""
    image = {"base64": b64encode(SHOT).decode(), "md5": ""}
    for body in (
        {"msgtype": "image", "image": image},
        {"msgtype": "text", "text": {"content": DONE}},
    ):
        answer = await asyncio.to_thread(requests.post, fields["Webhook"], json=body, timeout=30)
        assert (answer.json()["errcode"], answer.json()["errmsg"]) == (0, "ok")


async def feishu(desk: Desk, fields: Fields) -> None:
    notifier = onepush.get_notifier("lark")
    answer = await asyncio.to_thread(
        notifier.notify, webhook=fields["Webhook"], keyword="", sign="s", content=DONE
    )
    assert (answer.json()["code"], answer.json()["StatusCode"]) == (0, 0)


def by_json(field: str, body: dict[str, Any]) -> Paste:
    """Pushes a body to the address that stands in a field."""

    async def paste(desk: Desk, fields: Fields) -> None:
        await call("POST", fields[field], json=body)

    return paste


async def maaend(desk: Desk, fields: Fields) -> None:
    await call("GET", fields["网址"], params={"title": "任务", "content": "完成"})


async def mfaavalonia(desk: Desk, fields: Fields) -> None:
    body = fields["内容模板"].replace("{message}", "任务\\n完成")
    headers = {"Content-Type": fields["Content-Type"]}
    await call("POST", fields["URL"], data=body.encode(), headers=headers)


async def qinglong(desk: Desk, fields: Fields) -> None:
    """sample/notify.py: `go_cqhttp`."""
    assert fields["GOBOT_QQ"].startswith("user_id=")
    url = f"{fields['GOBOT_URL']}?access_token={fields['GOBOT_TOKEN']}&user_id={OWNER}"
    await call("GET", f"{url}&message=标题:任务\n内容:完成")


async def smsforwarder(desk: Desk, fields: Fields) -> None:
    body = fields["消息模板"].replace("[from]", "任务").replace("[msg]", "完成")
    headers = {"Content-Type": "application/json; charset=utf-8"}
    await call(fields["请求方式"], fields["WebServer"], data=body.encode(), headers=headers)


async def homeassistant(desk: Desk, fields: Fields) -> None:
    lines = (line.strip(" -").partition(": ") for line in fields[""].splitlines())
    config = {name: value for name, _, value in lines}
    body = {config["title_param_name"]: "任务", config["message_param_name"]: "完成"}
    assert config["method"] == "POST_JSON"
    await call("POST", config["resource"], json=body)


async def healthchecks(desk: Desk, fields: Fields) -> None:
    for state in ("Down", "Up"):
        body = fields[f"{state} 的 Request Body"].replace("$NAME", "备份")
        body = body.replace("$STATUS", state.lower())
        await call("POST", fields["URL（Down 和 Up 一样）"], data=body.encode())


async def bark(desk: Desk, fields: Fields) -> None:
    server, key = fields["服务器地址"], fields["Device key"]
    await call("POST", f"{server}/push", json={"device_key": key, "title": "任务", "body": "完成"})
    await call("POST", fields["只有一个网址的"], json={"title": "任务", "body": "完成"})


async def telegram(desk: Desk, fields: Fields) -> None:
    """server/notification-providers/telegram.js of Uptime Kuma."""
    url = f"{fields['API 地址']}/bot{fields['Bot Token']}/sendMessage"
    await call("GET", url, params={"chat_id": "1", "text": DONE})


async def qmsg(desk: Desk, fields: Fields) -> None:
    """MAA's QmsgNotificationProvider.cs."""
    url = f"{fields['服务器']}/jsend/{fields['Key']}"
    await call("POST", url, json={"msg": DONE, "qq": OWNER, "bot": ""})


async def synology(desk: Desk, fields: Fields) -> None:
    payload = json.dumps({"text": DONE})
    await call("POST", fields["Webhook 网址"], data={"payload": payload})


async def curl(desk: Desk, fields: Fields) -> None:
    await shell(desk, fields[""].replace("curl ", "curl -sf "))


async def powershell(desk: Desk, fields: Fields) -> None:
    program = shutil.which("pwsh")
    if program is None:
        pytest.skip("there is no PowerShell")
    (desk.folder / "push.ps1").write_text(fields[""], "utf-8-sig")
    await shell(desk, f"'{program}' -NoProfile -File push.ps1")


async def python(desk: Desk, fields: Fields) -> None:
    (desk.folder / "push.py").write_text(fields[""], "utf-8")
    await shell(desk, f"'{sys.executable}' push.py")


DONE = "任务\n完成"
TIME = "\n2026-11-24 20:39:00"
PASTED: dict[str, tuple[Paste, list[str], int]] = {
    "bettergi": (bettergi, ["✅ 自动秘境结束"], 1),
    "bettergi-onebot": (bettergi_onebot, [DONE, DONE], 2),
    "bettergi-ws": (bettergi_ws, ["✅ 自动秘境结束"], 1),
    "maa": (maa, [DONE + TIME], 0),
    "march7th": (march7th, [DONE, DONE], 2),
    "march7th-webhook": (march7th_webhook, [DONE], 1),
    "onedragon": (onedragon, [DONE, DONE], 2),
    "onedragon-webhook": (onedragon_webhook, [f'{DONE}了 "每日"\n体力 240{TIME}'], 1),
    "alas": (alas, ["任务\n\n完成"], 0),
    "alas-webhook": (alas, [DONE], 0),
    "auto-mas": (auto_mas, [DONE], 0),
    "uptimekuma": (uptimekuma, ["❌ 掉线：博客"] * 3, 0),
    "beat": (
        beat,
        ["❌ pc 出了问题", "✅ pc 的心跳恢复了", "❌ nas 出了问题", "✅ nas 的心跳恢复了"],
        0,
    ),
    "alertmanager": (alertmanager, ["❌ 触发：任务\n完成"], 0),
    "grafana": (grafana, ["❌ 触发：High memory usage"], 0),
    "github": (github, ["octo/hello：mona 推送了 1 个提交"], 0),
    "apprise": (by_apprise, [DONE, DONE], 2),
    "gotify": (gotify, [DONE, DONE], 0),
    "ntfy": (ntfy, [DONE, "nas"], 1),
    "onebot": (onebot, ["任务完成"], 0),
    "slack": (slack, ["❌ 博客 is DOWN"] * 2, 0),
    "discord": (discord, [DONE, DONE, "✅ 自动秘境结束"], 1),
    "teams": (teams, ["❌ 博客 went down", "❌ 博客 went down"], 0),
    "googlechat": (googlechat, ["❌ 博客 went down"], 0),
    "dingtalk": (dingtalk, [DONE], 0),
    "wecom": (wecom, ["", DONE], 1),
    "feishu": (feishu, [DONE], 0),
    "webex": (by_json("Webhook URL", CHATS["webex"]), ["❌ 博客 is down"], 0),
    "matrix": (by_json("网址", CHATS["matrix"]), ["❌ 博客 is down"], 0),
    "chronocat": (
        by_json("地址", {**CHATS["chronocat"], "peer": {"chatType": 1, "peerUin": OWNER}}),
        ["签到\n成功"],
        0,
    ),
    "pagerduty": (
        by_json("Webhook URL", CHATS["pagerduty webhook"]),
        ["❌ 触发：磁盘满了"],
        0,
    ),
    "opsgenie": (by_json("Webhook URL", CHATS["opsgenie webhook"]), ["❌ 触发：磁盘满了"], 0),
    "pushplus": (by_json("地址", CHATS["pushplus"]), ["签到\n成功"], 0),
    "serverchan": (by_json("地址", CHATS["serverchan"]), ["签到\n成功"], 0),
    "pushdeer": (by_json("地址", CHATS["pushdeer"]), ["签到\n成功"], 0),
    "wxpusher": (by_json("地址", CHATS["wxpusher"]), ["签到\n成功"], 0),
    "maaend": (maaend, [DONE], 0),
    "mfaavalonia": (mfaavalonia, [DONE], 0),
    "ok-ww": (by_json("网址", {"title": "任务", "content": "完成"}), [DONE], 0),
    "qinglong": (qinglong, ["标题:任务\n内容:完成"], 0),
    "smsforwarder": (smsforwarder, [DONE], 0),
    "homeassistant": (homeassistant, [DONE], 0),
    "healthchecks": (healthchecks, ["❌ 备份\ndown", "✅ 备份\nup"], 0),
    "bark": (bark, [DONE] * 2, 0),
    "telegram": (telegram, [DONE], 0),
    "qmsg": (qmsg, [DONE], 0),
    "apprise-api": (by_apprise, [DONE], 1),
    "synology": (synology, [DONE], 0),
    "curl": (curl, ["备份完成"], 0),
    "powershell": (powershell, ["备份完成"], 0),
    "python": (python, ["备份完成"], 0),
}
for source, hooks in HOOKS.items():
    icon = f"{hooks[0].result.icon} " if isinstance(hooks[0].result, Result) else ""
    PASTED[source] = (webhook(source), [icon + hooks[0].title], 0)
"""By tool: how it calls, how each message begins, and how many pictures come with them."""


@pytest.mark.parametrize("name", [one.name for one in TOOLS])
async def test_what_is_pasted_into_a_tool_brings_its_messages_to_qq(desk: Desk, name: str) -> None:
    paste, beginnings, pictures = PASTED[name]
    await paste(desk, desk.filled(name))
    received = await desk.qq.wait_for(len(beginnings))
    desk.qq.messages.clear()
    pairs = list(zip(received, beginnings, strict=True))
    assert [one.text[: len(words)] for one, words in pairs] == beginnings
    assert {one.target for one in received} <= {f"private:{OWNER}", f"group:{GROUP}"}
    assert sum(len(one.images) for one in received) == pictures


COMMANDS = [
    line
    for block in blocks()
    if block.language == "bash"
    for line in block.text.replace("\\\n", "").splitlines()
    if line.startswith("curl ") and "推送的id" not in line
]


@pytest.mark.parametrize("command", COMMANDS)
async def test_every_curl_of_the_pages_does_what_it_is_shown_for(desk: Desk, command: str) -> None:
    for name in ("shot.png", "another.png"):
        (desk.folder / name).write_bytes(SHOT)
    command = command.replace("http://127.0.0.1:8080/report", desk.bot.url).replace(
        "你的令牌", TOKEN
    )
    await shell(desk, command.replace("curl ", "curl --fail --silent --noproxy '*' ", 1))
    if "/beat/" not in command:
        # One of them names two receivers.
        message = (await desk.qq.wait_for(2 if "send_to_group" in command else 1))[0]
        assert ("完成" in message.text) or message.text == "backup\ndone"
        assert bool(message.images) == ("shot.png" in command)
    desk.qq.messages.clear()
