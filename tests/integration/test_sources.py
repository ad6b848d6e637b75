"""What other tools send to a running bot, as it stands in QQ."""

import asyncio
import hmac
import json
import shutil
from collections.abc import AsyncGenerator, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import urlencode

import httpx2
import pytest
from websockets.asyncio.client import connect

from nonebot_plugin_report.config import Config
from nonebot_plugin_report.hub import Hub
from nonebot_plugin_report.sources.reader import Context, read
from tests.bot import TOKEN, Bot, running, until
from tests.onebot import ScriptedV11
from tests.outbox.fakes import Clock
from tests.ports import free_port
from tests.tools import ALERTMANAGER, GITHUB, KUMA, KUMA_UP, encoded, resolved

from .test_cli import command

FRIEND = "t0ken-of-a-friend"
SETTINGS = {
    "report_tokens": {"friend": {"token": FRIEND, "to": ["private:10002"]}},
    "report_sources": {
        "unifi": {
            "title": "alarm.name",
            "content": "alarm.msg",
            "result": {"from": "severity", "1": "Fail"},
        }
    },
}


@pytest.fixture(scope="module")
def bot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bot]:
    """One for all: most of the time goes into its start."""
    with asyncio.Runner() as starter:
        started = running(tmp_path_factory.mktemp("sources"), settings=SETTINGS)
        yield starter.run(started.__aenter__())
        starter.run(started.__aexit__(None, None, None))


@pytest.fixture
async def qq(bot: Bot) -> AsyncGenerator[ScriptedV11]:
    async with ScriptedV11(url=bot.onebot_v11) as joined:
        yield joined


async def post(
    bot: Bot, body: bytes, headers: Mapping[str, str] = MappingProxyType({}), **query: str
) -> httpx2.Response:
    async with bot.client(None) as client:
        sent = {"Content-Type": "application/json", **headers}
        return await client.post("", params=query, content=body, headers=sent)


def signed(event: str, body: bytes, secret: str, **more: str) -> dict[str, str]:
    signature = hmac.new(secret.encode(), body, "sha256").hexdigest()
    return {
        "X-GitHub-Event": event, "X-Hub-Signature-256": f"sha256={signature}", **more,
    }  # fmt: skip


PUSHED = encoded(GITHUB["push"][0])


async def test_a_right_signature_stands_for_its_token(bot: Bot, qq: ScriptedV11) -> None:
    delivery = {"X-GitHub-Delivery": "72d3162e-cc78-11e3-81ab-4c9367dc0958"}
    headers = signed("push", PUSHED, TOKEN, **delivery)
    answer = await post(bot, PUSHED, headers, source="github")
    assert (answer.status_code, answer.json()["status"]) == (200, "accepted")
    assert (await post(bot, PUSHED, headers, source="github")).json()["status"] == "duplicate"
    await bot.until_state(answer.json()["id"], "delivered")
    assert "octo/hello：mona 推送了 1 个提交到分支 main" in qq.messages[-1].text

    friends = await post(bot, PUSHED, signed("push", PUSHED, FRIEND))
    assert friends.json()["deliveries"] == [{"target": "private:10002"}]


async def test_a_form_and_a_long_body_are_signed_too(bot: Bot) -> None:
    form = urlencode({"payload": json.dumps(GITHUB["star"][0])}).encode()
    headers = signed("star", form, TOKEN)
    headers["Content-Type"] = "application/x-www-form-urlencoded"
    answer = await post(bot, form, headers, source="github")
    assert (answer.status_code, answer.json()["status"]) == (200, "accepted")
    long = encoded({**GITHUB["push"][0], "pad": "x" * 300_000})
    assert (await post(bot, long, signed("push", long, TOKEN))).status_code == 200
    in_a_file = encoded({**GITHUB["push"][0], "pad": "x" * 1_100_000})
    assert (await post(bot, in_a_file, signed("push", in_a_file, "wrong"))).status_code == 403
    assert (await post(bot, in_a_file, signed("push", in_a_file, TOKEN))).status_code == 200


async def test_a_wrong_signature_is_refused_also_beside_a_right_token(bot: Bot) -> None:
    for token in ("", TOKEN):
        headers = signed("push", PUSHED, "another secret")
        answer = await post(bot, PUSHED, headers, token=token, source="github")
        assert (answer.status_code, "Secret" in answer.json()["error"]) == (403, True)
    headers = signed("push", PUSHED, TOKEN)
    assert (await post(bot, PUSHED + b" ", headers)).status_code == 403, "it was altered"
    assert (await post(bot, b"{", signed("push", b"{", "x"))).status_code == 403, "it is not read"


async def words(bot: Bot, qq: ScriptedV11, body: dict[str, Any], source: str = "") -> str:
    """What QQ is sent of a body."""
    answer = await post(bot, encoded(body), token=TOKEN, source=source)
    assert answer.status_code == 200, answer.text
    await bot.until_state(answer.json()["id"], "delivered")
    return qq.messages[-1].text


async def test_an_alert_fires_and_is_over(bot: Bot, qq: ScriptedV11) -> None:
    assert "❌ 触发：InstanceDown\nweb-1 连不上了" in await words(bot, qq, ALERTMANAGER)
    retry = await post(bot, encoded(ALERTMANAGER), token=TOKEN)
    assert retry.json()["status"] == "duplicate", "Alertmanager did not hear the answer"
    over = await words(bot, qq, resolved(ALERTMANAGER))
    assert over.startswith("✅ 恢复：InstanceDown")
    assert "开始，持续 1 小时 5 分" in over


async def test_a_notification_that_comes_later_is_no_retry(tmp_path: Path) -> None:
    """Alertmanager repeats after `repeat_interval`, with the very same bytes."""
    clock = Clock()
    hub = Hub(Config(), tmp_path / "report.db", bots=dict, superusers=["10001"], clock=clock)
    firing = read(ALERTMANAGER, Context({}, {}, {}), {}).report

    async def status(seconds: float) -> str:
        clock.now += seconds
        return (await hub.submit(firing)).status

    await hub.open()
    try:
        # Each but the first after so many seconds; the first of a notification is what counts.
        assert [await status(one) for one in (0, 2, 30, 300, 5)] == [
            "accepted", "duplicate", "duplicate", "accepted", "duplicate",
        ]  # fmt: skip
    finally:
        await hub.close()


async def test_a_monitor_that_is_up_again_was_down_for_a_while(bot: Bot, qq: ScriptedV11) -> None:
    assert "❌ 掉线：博客" in await words(bot, qq, KUMA)
    up = await words(bot, qq, KUMA_UP)
    assert up.startswith("✅ 恢复：博客")
    assert "用时 " in up, "as measured here, since this Kuma does not say it"


async def test_a_source_of_ones_own(bot: Bot, qq: ScriptedV11) -> None:
    body = {"alarm": {"name": "AP 掉线", "msg": "客厅"}, "severity": 1}
    assert await words(bot, qq, body, source="unifi") == "❌ AP 掉线\n客厅"
    other = {"alert": {"name": "换了格式"}}
    told = await words(bot, qq, other, source="unifi")
    assert told == "换了格式\n[没能按来源 unifi 读懂，按原样发]"
    assert await unread(bot, "unifi") == (200, encoded(other)), "it is kept, to mend the settings"
    assert (await unread(bot, "unifi", FRIEND))[0] == 403
    assert (await unread(bot, "unifi", ""))[0] == 403
    assert (await unread(bot, "alertmanager"))[0] == 404


async def unread(bot: Bot, source: str, token: str = TOKEN) -> tuple[int, bytes]:
    async with bot.client(token) as client:
        answer = await client.get(f"/unread/{source}")
        return answer.status_code, answer.content


async def test_what_no_source_could_read_is_looked_at_on_the_command_line(bot: Bot) -> None:
    other = encoded({"alert": {"name": "又换了"}, "severity": 1})
    async with connect(f"{bot.url.replace('http', 'ws')}/ws?token={TOKEN}&source=unifi") as pushed:
        await pushed.send(other.decode())
        assert json.loads(await pushed.recv())["status"] == "accepted"
    code, output = await command(bot.folder, "explain", "--source", "unifi", "--last", "to=10002")
    assert (code, output.splitlines()) == (0, [
        "来源 unifi：",
        "  title ← alarm.name：没有找到",
        "  content ← alarm.msg：没有找到",
        "  result ← severity：Fail",
        "  得到 title：又换了",
        "  得到 content：severity：1",
        '  得到 data：{"alert": {"name": "又换了"}, "severity": 1}',
        "  得到 remark：没认出是谁写的，按常见的字段读",
        "  没能读懂，会按原样发",
        "",
        "没有符合的规则",
        "",
        "→ private:10002",
        "  又换了",
        "  severity：1",
        "  [没能按来源 unifi 读懂，按原样发]",
    ])  # fmt: skip
    code, output = await command(bot.folder, "explain", "--source", "github", "--last")
    assert (code, "一天之内没有" in output) == (1, True)


async def test_a_source_that_can_only_get_is_read_and_kept_as_one_that_posts(
    bot: Bot, qq: ScriptedV11
) -> None:
    async def get(**query: str) -> str:
        async with bot.client(None) as client:
            answer = await client.get("/push", params={"token": TOKEN, "source": "unifi", **query})
        assert answer.status_code == 200, answer.text
        await bot.until_state(answer.json()["id"], "delivered")
        return qq.messages[-1].text

    severe = json.dumps({"name": "AP", "msg": "掉线"})
    told = await get(alarm=severe, severity="1")
    assert "没能按来源 unifi 读懂" in told, "the URL has text, no object"
    assert "AP" in told
    kept = {"alarm": severe, "severity": "1"}
    status, body = await unread(bot, "unifi")
    assert (status, json.loads(body)) == (200, kept), "without the token"
    code, output = await command(bot.folder, "explain", "--source", "unifi", "--last", "to=10002")
    assert (code, "  result ← severity：Fail" in output) == (0, True), output


async def test_uptime_kuma_by_get_has_a_long_url(bot: Bot, qq: ScriptedV11) -> None:
    """server/notification-providers/webhook.js of louislam/uptime-kuma, "GET"; a monitor has a
    hundred fields."""
    monitor = KUMA["monitor"] | {f"field{number}": "值" * 10 for number in range(100)}
    said = {name: json.dumps(one) for name, one in (KUMA | {"monitor": monitor}).items()}
    said = {**said, "msg": KUMA["msg"], "token": TOKEN}
    assert 8192 < len(urlencode(said)) < 32768
    async with bot.client(None) as client:
        answer = await client.get("/push", params=said)
        assert answer.status_code == 200, answer.text
        await bot.until_state(answer.json()["id"], "delivered")
        assert qq.messages[-1].text.startswith("❌ 掉线：博客\n")
        for size, status in ((32_000, 200), (40_000, 422), (64_000, 422)):
            answer = await client.get("/push", params={"token": TOKEN, "msg": "x" * size})
            assert (answer.status_code, "32768" in answer.text) == (status, status != 200), size


async def test_a_sources_body_is_pushed_from_the_command_line(bot: Bot, qq: ScriptedV11) -> None:
    body = json.dumps({"alarm": {"name": "AP", "msg": "客厅"}, "severity": 1}).encode()
    code, output = await command(
        bot.folder, "push", "--source", "unifi", "--to", "10002", "--wait", stdin=body
    )
    assert (code, "✅" in output) == (0, True), output
    assert (qq.messages[-1].target, qq.messages[-1].text) == ("private:10002", "❌ AP\n客厅")
    code, output = await command(bot.folder, "push", "服务器重启了", "--source", "unifi", "--wait")
    assert code == 0, output
    assert qq.messages[-1].text == "服务器重启了\n[没能按来源 unifi 读懂，按原样发]"
    assert (await unread(bot, "unifi"))[1] == "服务器重启了".encode()
    code, output = await command(bot.folder, "push", "--source", "nobody", stdin=b"{}")
    assert (code, "没有这个来源；可用的有 unifi" in output) == (1, True), output


async def test_an_unknown_source_is_told(bot: Bot) -> None:
    answer = await post(bot, encoded(KUMA), token=TOKEN, source="nobody")
    assert answer.status_code == 422
    assert "unifi、grafana、alertmanager" in answer.json()["error"]


PROGRAM = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")
CONFIG = """
route: {{receiver: qq, group_wait: 0s, group_interval: 1s, repeat_interval: 1h}}
receivers: [{{name: qq, webhook_configs: [{{url: "{url}"}}]}}]
"""


async def told(qq: ScriptedV11, beginning: str) -> str:
    """The message that begins so; empty as long as there is none."""
    return next((one.text for one in qq.messages if one.text.startswith(beginning)), "")


@pytest.mark.skipif(PROGRAM is None, reason="there is no Alertmanager: Debian's is a package")
async def test_a_real_alertmanager_pushes(bot: Bot, qq: ScriptedV11, tmp_path: Path) -> None:
    assert PROGRAM is not None
    config, port = tmp_path / "alertmanager.yml", free_port()
    config.write_text(CONFIG.format(url=f"{bot.url}?token={TOKEN}"), "utf-8")
    process = await asyncio.create_subprocess_exec(
        PROGRAM, f"--config.file={config}", f"--storage.path={tmp_path}",
        f"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address=",
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    alert = {
        "labels": {"alertname": "DiskFull", "instance": "nas"},
        "annotations": {"summary": "满"},
    }

    async def post_alert(**more: str) -> bool:
        assert process.returncode is None
        try:
            async with httpx2.AsyncClient(trust_env=False) as client:
                url = f"http://127.0.0.1:{port}/api/v2/alerts"
                return (await client.post(url, json=[alert | more])).is_success
        except httpx2.TransportError:
            return False  # it is not ready yet

    try:
        await until(post_alert)
        await until(lambda: told(qq, "❌ 触发：DiskFull\n满\ninstance=nas\n"))
        ended = datetime.now(UTC).isoformat()
        assert await post_alert(endsAt=ended)
        over = await until(lambda: told(qq, "✅ 恢复：DiskFull\n满\ninstance=nas\n"))
        assert "开始，持续 " in over
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()
