"""Telegram: a bot's messages.

Source: core.telegram.org/bots/api, sendMessage, sendPhoto, sendMediaGroup, "Making requests".
"""

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, Final

import orjson
from pydantic import Field, SecretStr, field_validator

from ...model.delivery import Delivered, Delivery, NotSent, Outcome, Rejected
from ...model.image import Image
from ...settings import Filled, Secret, Url
from ..base import PartedChannel
from ..fit import fit_image, fit_text, utf16_size
from ..http import Answer, Client, judge_status, seconds_of
from ..literal import literal
from ..outcomes import or_text, short_reason
from ..pace import Rate

# sendMessage, sendPhoto; lengths are of UTF-16 code units ("MessageEntity").
MAX_TEXT: Final = 4096
MAX_CAPTION: Final = 1024
MAX_PICTURE: Final = 10 * 1000 * 1000
MAX_SIDES: Final = 10_000
# core.telegram.org/bots/faq, "My bot is hitting limits": one a second in a chat, 20 a minute in a
# group.
RATES: Final = ((1, 1.0), (20, 60.0))


class Channel(PartedChannel):
    """A chat that a bot of Telegram writes into."""

    label: ClassVar[str] = "Telegram"
    pictures: ClassVar[str] = "和文字一起，最多 10 张；文字超过 1024 字时作为第二条消息"
    most_pictures: ClassVar[int] = 10
    limits: ClassVar[str] = "4096 字；图片 10 MB；每秒 1 条、每分钟 20 条"
    rates: ClassVar[tuple[Rate, ...]] = RATES

    token: Secret
    """BotFather 给的令牌"""
    chat_id: Filled
    """对话的 id（群的以 - 开头），或频道的 @名字"""
    message_thread_id: Annotated[int, Field(gt=0)] | None = None
    """发到群的哪个话题：话题链接里的最后一个数；不写则不进话题"""
    server: Url = "https://api.telegram.org"
    """Bot API 的网址；用自己的反向代理时填写"""

    @field_validator("token")
    @classmethod
    def _check_token(cls, token: SecretStr) -> SecretStr:
        value = token.get_secret_value()
        if not value.isascii() or set(value) & set("/?#% ") or ":" not in value:
            raise ValueError("应为 123456:ABC… 的样子，照 BotFather 给的填写")
        return token

    async def send(self, delivery: Delivery, http: Client) -> Outcome:
        """Send the pictures with the text below, or after a text that is too long for that."""
        text, images = literal(delivery.message.text), delivery.message.images
        if not images:
            return await self._text(text, http)
        if utf16_size(text) <= MAX_CAPTION:
            outcome = await self._photos(images, text, http)
            return await or_text(outcome, lambda: self._text(text, http)) if text else outcome
        return await self.send_parts(
            delivery, lambda: self._text(text, http), lambda: self._photos(images, "", http)
        )

    async def _text(self, text: str, http: Client) -> Outcome:
        fitted, cut = fit_text(text, MAX_TEXT, utf16_size)
        content = {**self._where(), "text": fitted, "disable_web_page_preview": True}
        return await self._call("sendMessage", http, [cut], json=content)

    async def _photos(self, images: Sequence[Image], caption: str, http: Client) -> Outcome:
        fitted = [
            await fit_image(one, max_bytes=MAX_PICTURE, max_side_sum=MAX_SIDES) for one in images
        ]
        notes = [note for _, note in fitted]
        photos = [
            (f"screenshot.{one.extension}", one.data, one.media_type)
            for one, _ in fitted
            if one is not None
        ]
        fields = {"caption": caption} if caption else {}
        match photos:
            case []:
                return Rejected(notes[0])
            case [photo]:
                content, files = {**self._where(), **fields}, {"photo": photo}
                return await self._call("sendPhoto", http, notes, data=content, files=files)
            case _:
                files = {f"photo{number}": photo for number, photo in enumerate(photos)}
                media = [{"type": "photo", "media": f"attach://{name}"} for name in files]
                media[0] |= fields  # it is then the album's
                content = {**self._where(), "media": orjson.dumps(media).decode()}
                return await self._call("sendMediaGroup", http, notes, data=content, files=files)

    def _where(self) -> dict[str, str | int]:
        topic = self.message_thread_id
        return {"chat_id": self.chat_id, **({"message_thread_id": topic} if topic else {})}

    async def _call(self, method: str, http: Client, notes: list[str], **content: Any) -> Outcome:
        url = f"{self.server.rstrip('/')}/bot{self.token.get_secret_value()}/{method}"
        return await http.post(url, verdict=_verdict, notes=notes, **content)


def _verdict(answer: Answer) -> Outcome:
    match answer.fields:
        case {"ok": True} if answer.succeeded:
            return Delivered()
        case {"parameters": {"retry_after": int() as wait}}:
            return NotSent("发送太快", seconds_of(wait))
        case {"parameters": {"migrate_to_chat_id": int() as chat}}:
            return Rejected(f"群升级成了超级群，把 chat_id 改成 {chat}")
        case _:
            return _failure(answer)


def _failure(answer: Answer) -> Outcome:
    description = short_reason(answer.fields.get("description"))
    match answer.status:
        case 401 | 404:
            return Rejected("令牌不对，检查 token")
        case 400 if "thread not found" in description or "TOPIC_" in description:
            return Rejected(f"不能发到这个话题（{description}），检查 message_thread_id")
        case 400 | 403 if (
            "chat" in description or "blocked" in description or "kicked" in description
        ):
            return Rejected(f"不能发到这个对话（{description}），检查 chat_id，先和机器人说一句话")
        case 400 | 403:
            return Rejected(f"被拒绝（{description}）")
        case _ if answer.succeeded:
            return NotSent("回答不是 Telegram 的格式，检查 server", answered=True)
        case _:
            return judge_status(answer)
