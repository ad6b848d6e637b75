"""Channels through a real bot: configured, pushed to, tried out, taken away."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.bot import TOKEN, Bot, running, until
from tests.integration.test_cli import command
from tests.onebot import ScriptedV11
from tests.senders.server import Reply, Server
from tests.senders.service import make_image
from tests.senders.test_feishu import answer as feishu
from tests.senders.test_feishu import settings as feishu_settings
from tests.senders.test_wecom import KEY
from tests.senders.test_wecom import answer as wecom


def wecom_settings(url: str) -> dict[str, str]:
    return {"type": "wecom", "webhook": f"{url}/cgi-bin/webhook/send?key={KEY}"}


def encoded(data: bytes) -> str:
    import base64

    return base64.b64encode(data).decode()


async def test_a_report_reaches_channels_with_its_picture_and_without_any_bot(
    tmp_path: Path,
) -> None:
    image = make_image()
    async with Server(wecom) as robot, Server(feishu) as lark:
        channels = {
            "机器人": wecom_settings(robot.url),
            "team": {"type": "feishu", **feishu_settings(lark.url)},
        }
        settings = {"report_channels": channels, "log_level": "INFO"}
        async with running(tmp_path, settings=settings) as bot:
            answer = await bot.push(
                event="domain.end", result=0, message="共 5 次", screenshot=encoded(image.data),
                channel="机器人,team",
            )  # fmt: skip
            targets = [one["target"] for one in answer["deliveries"]]
            assert targets == ["channel:机器人", "channel:team"]
            await bot.until_state(answer["id"], "delivered")
        text = robot.requests[0].json()["text"]["content"]
        assert text.startswith("✅ 自动秘境结束\n共 5 次")
        assert lark.requests[1].multipart()["image"].content == image.data
        for secret in (KEY, *feishu_settings("").values()):
            assert secret not in bot.log


async def test_reports_that_name_nobody_go_where_the_setting_says(tmp_path: Path) -> None:
    async with Server(wecom) as robot:
        settings = {
            "report_channels": {"team": wecom_settings(robot.url)},
            "report_default_targets": ["channel:team", "group:777", "superusers"],
        }
        async with (
            running(tmp_path, settings=settings) as bot,
            ScriptedV11(url=bot.onebot_v11) as qq,
        ):
            answer = await bot.push(content="完成")
            await bot.until_state(answer["id"], "delivered")
            assert {one.target for one in qq.messages} == {"group:777", "private:10001"}
        assert len(robot.requests) == 1


async def test_an_unknown_channel_is_refused_and_nobody_gets_it_but_its_owner_is_told(
    bot: Bot, qq: ScriptedV11
) -> None:
    answer = await bot.push(expect=422, content="x", send_to=10001, channel="nope")
    assert answer["error"].startswith("channel：")
    told = await qq.wait_for_refusal()
    assert qq.messages == []
    assert "REPORT_CHANNELS" in told.text


async def test_what_a_service_could_not_take_arrives_when_it_can(tmp_path: Path) -> None:
    async with Server(wecom) as robot:
        port, channels = robot.port, {"team": wecom_settings(robot.url)}
    async with running(tmp_path, settings={"report_channels": channels}) as bot:
        answer = await bot.push(content="完成", channel="team")

        async def tried() -> Any:
            (delivery,) = await bot.state(answer["id"])
            return delivery["reason"]

        assert await until(tried) == "企业微信：连不上服务；检查网络、地址和代理"
        async with Server(wecom, port=port) as robot:
            (delivery,) = await bot.until_state(answer["id"], "delivered")
            assert len(robot.requests) == 1
        assert delivery["repeats"] == 0


async def test_a_final_rejection_says_what_to_mend(tmp_path: Path) -> None:
    refusal = Reply(json={"errcode": 93000, "errmsg": f"invalid webhook url {KEY}"})
    async with Server(lambda _: refusal) as robot:
        settings = {"report_channels": {"team": wecom_settings(robot.url)}, "log_level": "INFO"}
        async with running(tmp_path, settings=settings) as bot:
            answer = await bot.push(content="完成", channel="team")
            (delivery,) = await bot.until_state(answer["id"], "rejected")
            assert delivery["reason"] == "企业微信：webhook 地址里的 key 不对，或机器人已被移出群"
            assert delivery["reason"] in bot.log
            assert KEY not in bot.log


async def test_a_channel_taken_out_of_the_settings_keeps_what_waits_for_it(tmp_path: Path) -> None:
    async with Server(lambda _: Reply(503)) as robot:
        settings: dict[str, Any] = {"report_channels": {"team": wecom_settings(robot.url)}}
        async with running(tmp_path, settings=settings) as bot:
            answer = await bot.push(content="完成", channel="team")
            await until(lambda: _nonempty(robot.requests))
        settings["report_channels"] = {}
        async with running(tmp_path, settings=settings) as bot:

            async def parked() -> bool:
                (delivery,) = await bot.state(answer["id"])
                return "已经没有这个渠道" in delivery["reason"]

            await until(parked)
        settings["report_channels"] = {"team": wecom_settings(robot.url)}
        robot.answer = wecom
        async with running(tmp_path, settings=settings) as bot:
            await bot.until_state(answer["id"], "delivered")


async def _nonempty(items: list[Any]) -> bool:
    return bool(items)


@pytest.mark.parametrize(
    ("channels", "told"),
    [
        ({"phone": {"type": "wecom", "webhok": "http://x/?key=s3cret"}},
         "REPORT_CHANNELS 设置有误：渠道 phone 的 webhook：没有填写，webhok：没有这个设置"),
        ({"phone": {"type": "wecom", "webhook": "x.example/?key=s3cret"}},
         "渠道 phone 的 webhook：应为 http:// 或 https:// 开头的完整网址"),
        ({"phone": {"type": "wechat"}}, "渠道 phone 的 type：没有这种渠道；可用的有"),
        ({"phone": {}}, "渠道 phone 的 type：没有填写；可用的有"),
        ({"phone": "s3cret"}, "渠道 phone 应为 JSON 对象"),
        ({"a b": {"type": "wecom", "webhook": "http://x/?key=s3cret"}}, "名字里不能有空格"),
        (["s3cret"], "REPORT_CHANNELS 设置有误：应为 JSON 对象"),
        ('{"phone": {"type": "s3cret",}}',
         "REPORT_CHANNELS 设置有误：不是合法的 JSON（第 1 行第 "),
    ],
)  # fmt: skip
async def test_a_mistake_stops_the_ready_bot_and_names_channel_field_and_mend(
    tmp_path: Path, channels: object, told: str
) -> None:
    write_env(tmp_path, channels)
    code, output = await command(tmp_path, "run")
    assert code == 2
    assert told in output
    assert "s3cret" not in output


async def test_a_mistake_leaves_somebodys_own_bot_running_and_each_door_says_why(
    tmp_path: Path,
) -> None:
    channels = {"phone": {"type": "wecom", "webhook": "x.example/?key=s3cret"}}
    own = 'nonebot.get_app().add_api_route("/own", lambda: "lives")'
    settings = {"report_channels": channels, "log_level": "INFO"}
    async with running(tmp_path, settings=settings, extra=own) as bot:
        told = "渠道 phone 的 webhook：应为 http:// 或 https:// 开头的完整网址"
        async with bot.client() as client:
            for path in ("", "/health", "/onebot/send_msg", "/page"):
                answer = await client.post(path, json={"content": "x" * 100_000})
                assert answer.status_code == 503, path
                assert told in answer.json()["error"], path
            assert (await client.get(f"http://127.0.0.1:{bot.port}/own")).json() == "lives"
        assert told in bot.log
        assert "s3cret" not in bot.log


async def test_the_test_command_says_what_came_of_it(tmp_path: Path) -> None:
    async with Server(wecom) as robot, Server(lambda _: Reply(404)) as gone:
        channels = {"team": wecom_settings(robot.url), "old": wecom_settings(gone.url)}
        write_env(tmp_path, channels)
        code, output = await command(tmp_path, "test", "team")
        assert (code, output) == (0, "✅ team：已送达\n")
        assert [one.json()["msgtype"] for one in robot.requests] == ["text", "image"]
        code, output = await command(tmp_path, "test", "team", "old")
        assert code == 1
        assert "❌ old：没有发出：企业微信：地址不存在（HTTP 404），检查地址和密钥" in output
        code, output = await command(tmp_path, "test", "nope")
        assert (code, output) == (2, "REPORT_CHANNELS 里没有 nope；有的是：team、old\n")


async def test_the_doctor_tries_every_channel_unless_told_not_to(tmp_path: Path) -> None:
    async with Server(lambda _: Reply(404)) as gone:
        write_env(tmp_path, {"old": wecom_settings(gone.url)})
        _, output = await command(tmp_path, "doctor")
        assert "❌ 渠道 old：没有发出：企业微信：地址不存在" in output
        assert "test old" in output
        assert len(gone.requests) == 1
        _, output = await command(tmp_path, "doctor", "--no-send")
        assert "✅" in output
        assert "渠道 old" not in output
        assert len(gone.requests) == 1


def write_env(folder: Path, channels: object) -> None:
    value = channels if isinstance(channels, str) else json.dumps(channels)
    lines = [f"REPORT_TOKEN={TOKEN}", f"REPORT_CHANNELS={value}", "PORT=9"]
    (folder / ".env").write_text("\n".join(lines), encoding="utf-8")
