"""A bot of any other adapter of this NoneBot, by nonebot-plugin-alconna.

Source: nonebot.dev, "通用消息组件" (Target, UniMessage).
"""

import asyncio
import re
from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Any, ClassVar, Final, Self

from nonebot import get_bots, require
from nonebot.adapters import Bot
from nonebot.exception import ActionFailed, ApiNotAvailable, NetworkError
from pydantic import field_validator, model_validator

from ...errors import MissingExtra
from ...model.delivery import Away, Delivery, NotSent, Outcome, Rejected, Unknown
from ...model.image import Image
from ...settings import Filled
from ..base import Channel as Base
from ..fit import fit_text
from ..http import Answer, Client, judge_status
from ..literal import literal
from ..outcomes import delivered, or_text
from ..qq.shapes import TEXT_ONLY

MAX_TEXT: Final = 2000
"""Characters; Discord's, the shortest of the limits of what adapters reach."""
ANSWER_SECONDS: Final = 60.0
TEXT_ONLY_AFTER: Final = 2
"""Failed attempts with a picture before the text is sent alone."""


class Channel(Base):
    """A chat that a bot of Satori, Telegram, Discord, Kaiheila, … can write to."""

    label: ClassVar[str] = "NoneBot 机器人"
    pictures: ClassVar[str] = "和文字一起，看平台是否支持"
    limits: ClassVar[str] = f"{MAX_TEXT} 字"
    most_pictures: ClassVar[int] = 9
    needs_bot: ClassVar[bool] = True

    adapter: Filled
    """适配器的名字，例如 Satori、Telegram、Discord、Kaiheila（需要另外安装 adapters）"""
    target: Filled
    """发到哪里：private:用户 ID、group:群 ID 或 channel:频道 ID"""
    guild: str = ""
    """频道所在的服务器的 ID；有的平台需要"""
    bot: str = ""
    """由哪个机器人发送，写它在 NoneBot 日志里的 ID，例如 kook:4242；不写则用任意一个"""

    @field_validator("target")
    @classmethod
    def _check_target(cls, target: str) -> str:
        if not re.fullmatch(r"(private|group|channel):\S+", target):
            raise ValueError("应为 private:用户 ID、group:群 ID 或 channel:频道 ID")
        return target

    @model_validator(mode="after")
    def _check_installed(self) -> Self:
        if find_spec("nonebot_plugin_alconna") is None:
            raise MissingExtra('需要另外安装：pip install ".[adapters]"')
        return self

    def blocked(self) -> str | None:
        """Say that no bot can send, where there is none."""
        if self._bot() is not None:
            return None
        return f"{self.adapter} 的机器人{f' {self.bot} ' if self.bot else ''}没有连接"

    async def send(self, delivery: Delivery, http: Client) -> Outcome:
        """Send text and pictures as one message."""
        del http  # the adapter has a client of its own
        message, images = delivery.message, delivery.message.images
        text, cut = fit_text(literal(message.text), MAX_TEXT)
        if not images or not text:
            return await self._send(text, images, cut)
        if delivery.attempts >= TEXT_ONLY_AFTER:
            return await self._send(text, (), cut, TEXT_ONLY)
        outcome = await self._send(text, images, cut)
        return await or_text(outcome, lambda: self._send(text, (), cut))

    def _bot(self) -> Bot | None:
        """The bot that sends."""
        return next(
            (
                bot
                for bot in get_bots().values()
                if bot.type == self.adapter and self.bot in ("", bot.self_id)
            ),
            None,
        )

    async def _send(self, text: str, images: Sequence[Image], *notes: str) -> Outcome:
        bot = self._bot()
        if bot is None:
            return Away(self.blocked() or "")
        # Not before there are adapters: it looks once for those that there are.
        require("nonebot_plugin_alconna")
        # Parts of its types are unknown.
        uniseg: Any = import_module("nonebot_plugin_alconna.uniseg")
        segments: list[Any] = [uniseg.Text(text)] if text else []
        for image in images:
            name = f"screenshot.{image.extension}"
            segments.append(uniseg.Image(raw=image.data, mimetype=image.media_type, name=name))
        kind, _, identity = self.target.partition(":")
        target = uniseg.Target(
            identity, self.guild, channel=kind == "channel", private=kind == "private"
        )
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                await uniseg.UniMessage(segments).send(target, bot)
        except uniseg.SerializeFailed:
            return Rejected(f"{self.adapter} 不能发送这样的消息")
        except Exception as error:  # noqa: BLE001 - each adapter's own
            return _judge(error)
        return delivered(*notes)


def _judge(error: Exception) -> Outcome:
    """What an adapter's exception means. Its text may hold the message, so it is not repeated."""
    kind = type(error).__name__
    match error:
        case ActionFailed() if isinstance(status := getattr(error, "status_code", None), int):
            return judge_status(Answer(status, getattr(error, "headers", None) or {}, None))
        case ActionFailed():
            return NotSent(f"平台拒绝了这条消息（{kind}）", answered=True)
        case ApiNotAvailable():
            return Rejected("这个适配器不支持发送")
        case NetworkError() | TimeoutError():
            return Unknown(f"发送时连接出错（{kind}），平台没有回答")
        case _:
            return Unknown(f"发送时出错（{kind}）")
