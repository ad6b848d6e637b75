"""A bot of Satori's adapter, in a real NoneBot process, joined to a Satori server on loopback.

The server speaks as satori.js.org/zh-CN/protocol has it: "事件服务", "HTTP API", message.create.
"""

import asyncio
import base64
import re
import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from nonebot_plugin_report.errors import ConfigError
from nonebot_plugin_report.model.delivery import Delivery
from nonebot_plugin_report.senders import load
from tests.bot import Bot, running, until
from tests.dialects import jpeg
from tests.integration.test_cli import command
from tests.ports import free_port

from .service import Service

SECRET = "satori-s3cret"
GROUP = {"type": "bot", "adapter": "Satori", "target": "group:777"}


async def shows(delivery: Delivery) -> list[str]:
    async with satori() as service:
        options = {"settings": settings(service.port, group=GROUP), "extra": REGISTER}
        with tempfile.TemporaryDirectory() as folder:
            async with running(Path(folder), **options) as bot:
                # With a result it is BetterGI's: its words keep whatever looks like marks.
                answer = await bot.push(content=delivery.message.text, result=0, channel="group")
                await bot.until_state(answer["id"], "delivered")
    return [service.created[0]["content"]]


SERVICE = Service(
    kind="bot",
    shows=shows,
    settings=lambda _: {"adapter": "Satori", "target": "channel:9", "guild": "8", "bot": "1"},
)
REGISTER = (
    "from nonebot.adapters.satori import Adapter\nnonebot.get_driver().register_adapter(Adapter)"
)


@dataclass
class Satori:
    """A Satori server with one account, 4242."""

    port: int = field(default_factory=free_port)
    refusal: dict[str, Response] = field(default_factory=dict[str, Response])
    """What is answered to a message that contains the key."""
    created: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    """What message.create was asked to send."""
    server: uvicorn.Server = field(init=False)
    _login: dict[str, Any] = field(default_factory=dict[str, Any])
    _socket: WebSocket | None = None

    def __post_init__(self) -> None:
        routes = [
            WebSocketRoute("/v1/events", self._events),
            Route("/v1/message.create", self._create, methods=["POST"]),
            Route("/v1/user.channel.create", self._open, methods=["POST"]),
        ]
        config = uvicorn.Config(
            Starlette(routes=routes),
            host="127.0.0.1",
            port=self.port,
            log_config=None,
            lifespan="off",
        )
        self.server = uvicorn.Server(config)

    async def _events(self, socket: WebSocket) -> None:
        await socket.accept()
        identify = await socket.receive_json()
        assert identify == {"op": 3, "body": {"token": SECRET, "sn": None}}
        user = {"id": "4242", "name": "派蒙"}
        login = {"sn": 1, "status": 1, "adapter": "x", "platform": "kook", "user": user}
        await socket.send_json({"op": 4, "body": {"logins": [login], "proxy_urls": []}})
        self._socket, self._login = socket, login
        try:
            while True:
                await socket.receive_json()
                await socket.send_json({"op": 2, "body": {}})
        except WebSocketDisconnect:
            pass

    async def say(self, user: str, text: str) -> None:
        """A user writes to the account."""
        assert self._socket is not None
        event = {
            "sn": 2, "type": "message-created", "timestamp": 1_790_000_000_000,
            "login": self._login, "channel": {"id": f"direct-{user}", "type": 1},
            "user": {"id": user}, "message": {"id": "1", "content": text},
        }  # fmt: skip
        await self._socket.send_json({"op": 0, "body": event})

    async def _create(self, request: Request) -> Response:
        assert request.headers["authorization"] == f"Bearer {SECRET}"
        message = await request.json()
        self.created.append(message)
        for part, refusal in self.refusal.items():
            if part in message["content"]:
                return refusal
        return JSONResponse([{"id": "1", "content": message["content"]}])

    async def _open(self, request: Request) -> Response:
        return JSONResponse({"id": f"direct-{(await request.json())['user_id']}", "type": 1})


@asynccontextmanager
async def satori(**options: Any) -> AsyncGenerator[Satori]:
    service = Satori(**options)
    task = asyncio.ensure_future(service.server.serve())
    try:
        yield service
    finally:
        service.server.force_exit = service.server.should_exit = True
        await task


def settings(port: int, **channels: Any) -> dict[str, Any]:
    return {
        "driver": "~fastapi+~httpx+~websockets",
        "satori_clients": [{"host": "127.0.0.1", "port": port, "token": SECRET}],
        "report_channels": channels,
        "log_level": "INFO",
    }


async def until_parked(bot: Bot, report_id: str) -> str:
    async def parked() -> str:
        (delivery,) = await bot.state(report_id)
        return delivery["reason"]

    return await until(parked)


async def test_text_and_picture_arrive_and_what_came_before_the_bot_waits(tmp_path: Path) -> None:
    port = free_port()
    picture = jpeg()
    channels = {"group": GROUP, "me": GROUP | {"target": "private:5", "bot": "kook:4242"}}
    options = {"settings": settings(port, **channels), "extra": REGISTER}
    async with running(tmp_path, **options) as bot:
        early = await bot.push(content="早", channel="group")
        assert await until_parked(bot, early["id"]) == "NoneBot 机器人：Satori 的机器人没有连接"
        async with satori(port=port) as service:
            await bot.until_state(early["id"], "delivered")
            encoded = base64.b64encode(picture).decode()
            hostile = '<at id="1"/> & [CQ:at,qq=all]'
            answer = await bot.push(content=hostile, screenshot=encoded, channel="group,me")
            await bot.until_state(answer["id"], "delivered")
            first, *both = service.created
        assert SECRET not in bot.log
    assert first == {"channel_id": "777", "content": "早"}
    assert {one["channel_id"] for one in both} == {"777", "direct-5"}
    for one in both:
        text, _, shown = one["content"].partition("<img ")
        assert text.replace("\u200b", "") == '&lt;at id="1"/&gt; &amp; [CQ:at,qq=all]'
        source = re.search(r'src="data:image/jpeg;base64,([^"]*)"', shown)
        assert source is not None
        assert base64.b64decode(source[1]) == picture


async def test_where_the_picture_is_refused_the_text_goes_alone(tmp_path: Path) -> None:
    async with satori(refusal={"<img": Response(status_code=413)}) as service:
        options = {"settings": settings(service.port, group=GROUP), "extra": REGISTER}
        async with running(tmp_path, **options) as bot:
            encoded = base64.b64encode(jpeg()).decode()
            answer = await bot.push(content="完成", screenshot=encoded, channel="group")
            (delivery,) = await bot.until_state(answer["id"], "delivered")
    assert "只发了文字，图片被拒绝：内容太大（HTTP 413）" in delivery["reason"]
    assert service.created[-1]["content"] == "完成"


async def test_a_refusal_says_what_to_mend_and_too_fast_waits(tmp_path: Path) -> None:
    refusal: dict[str, Response] = {
        "远": Response(status_code=404, content=SECRET),
        "快": Response(status_code=429, headers={"retry-after": "600"}),
    }
    async with satori(refusal=refusal) as service:
        options = {"settings": settings(service.port, group=GROUP, far=GROUP), "extra": REGISTER}
        async with running(tmp_path, **options) as bot:
            gone = await bot.push(content="远", channel="far")
            (delivery,) = await bot.until_state(gone["id"], "rejected")
            fast = await bot.push(content="快", channel="group")
            assert "HTTP 429" in await until_parked(bot, fast["id"])
            assert SECRET not in bot.log
    assert delivery["reason"] == "NoneBot 机器人：地址不存在（HTTP 404），检查地址和密钥"


async def test_the_test_command_sends_by_the_running_bot(tmp_path: Path) -> None:
    async with satori() as service:
        options = {"settings": settings(service.port, group=GROUP), "extra": REGISTER}
        async with running(tmp_path, **options) as bot:
            code, output = await command(tmp_path, "test", "group")
            assert (code, output) == (0, "✅ group：已送达\n")
            assert "<img " in service.created[-1]["content"]
            await bot.end()
        code, output = await command(tmp_path, "test", "group")
        assert code == 1
        assert "由运行中的机器人发送，而机器人没有在运行" in output


def test_a_target_of_no_known_kind_is_refused() -> None:
    for target in ("777", "user:7", "group:", "group:7 7"):
        with pytest.raises(ConfigError, match="target：应为 private:用户 ID、group:群 ID"):
            load({**GROUP, "target": target})


NOTICE = """
from nonebot import on_message
@on_message(priority=99).handle()
async def _(event: nonebot.adapters.Event):
    print("left to others:", event.get_plaintext(), flush=True)
"""


async def test_commands_are_qqs_a_same_number_elsewhere_is_somebody_else(tmp_path: Path) -> None:
    port = free_port()
    options = {
        "settings": settings(port) | {"report_bind": ["friends"]},
        "extra": REGISTER + NOTICE,
    }
    async with satori(port=port) as service, running(tmp_path, **options) as bot:

        async def connected() -> bool:
            return "Bot kook:4242 connected" in bot.log

        await until(connected)
        for words in ("/推送 状态", "/推送绑定"):
            await service.say("10001", words)

            async def is_left(words: str = words) -> bool:
                return f"left to others: {words}" in bot.log

            await until(is_left)
    assert service.created == []
