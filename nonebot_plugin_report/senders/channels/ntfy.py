"""ntfy: notifications by topic, at ntfy.sh or on a server of one's own.

Source: docs.ntfy.sh/publish ("Publish as JSON", "Attach local file", "Limitations", and from
ntfy 2.16 on "Updating notifications": of a repeat with the same sequence id one is shown).
"""

import base64
from typing import Annotated, ClassVar, Final, Self
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from ...model.delivery import Delivered, Delivery, NotSent, Outcome, Rejected
from ...model.image import Image
from ...settings import Filled, Names, Secret, Url
from ..base import HttpChannel
from ..fit import fit_image, fit_text, utf8_size
from ..http import Answer, Client, judge_status
from ..outcomes import or_text

# "Limitations": a message of at most 4,096 bytes, an attachment of at most 15 MB, at ntfy.sh 2 MB.
MAX_TITLE: Final = 200
MAX_TEXT: Final = 4096
MAX_PICTURE: Final = 15 * 1000 * 1000
PUBLIC: Final = "ntfy.sh"
MAX_PUBLIC_PICTURE: Final = 2 * 1000 * 1000
PICTURE_FORMATS: Final = ("image/jpeg", "image/png", "image/webp", "image/gif")
# server/errors.go: the visitor's pictures of this day, whose text may still be sent.
_TRAFFIC_USED_UP: Final = 42905


class Channel(HttpChannel):
    """A topic of an ntfy server."""

    label: ClassVar[str] = "ntfy"
    pictures: ClassVar[str] = "作为附件；服务器不收附件时只发文字"
    limits: ClassVar[str] = "4096 字节文字；图片 15 MB，在 ntfy.sh 上 2 MB"

    topic: Secret
    """主题；在 ntfy.sh 上知道它的人都能看"""
    server: Url = "https://ntfy.sh"
    """服务器的网址"""
    token: Secret | None = None
    """访问令牌（tk_ 开头），主题受保护时填写"""
    username: Filled | None = None
    """或者用户名"""
    password: Secret | None = None
    """和密码"""
    priority: Annotated[int, Field(ge=1, le=5)] = 3
    """优先级，1 到 5"""
    tags: Names = ()
    """标签，例如 video_game"""

    @model_validator(mode="after")
    def _check_login(self) -> Self:
        if (self.username is None) != (self.password is None):
            raise ValueError("username 和 password 要一起填")
        return self

    async def send(self, delivery: Delivery, http: Client) -> Outcome:
        """Send title and text, with the picture where there is one."""
        message = delivery.message
        title, _ = fit_text(message.title, MAX_TITLE, utf8_size)
        text, cut = fit_text(message.body or message.title, MAX_TEXT, utf8_size)
        key = delivery.id
        if message.image is None:
            return await self._text(key, title, text, [cut], http)
        public = urlsplit(self.server).hostname == PUBLIC
        fitted, note = await fit_image(
            message.image,
            max_bytes=MAX_PUBLIC_PICTURE if public else MAX_PICTURE,
            formats=PICTURE_FORMATS,
        )
        if fitted is None:
            return await self._text(key, title, text, [cut, note], http)
        outcome = await self._picture(key, fitted, title, text, [cut, note], http)
        return await or_text(outcome, lambda: self._text(key, title, text, [cut], http))

    async def _text(
        self, key: str, title: str, text: str, notes: list[str], http: Client
    ) -> Outcome:
        return await http.post(
            self.server,
            json={
                "topic": self.topic.get_secret_value(),
                "title": title,
                "message": text,
                "priority": self.priority,
                "tags": list(self.tags),
                "sequence_id": key,
            },
            headers=self._authorization(),
            verdict=_verdict,
            notes=notes,
        )

    async def _picture(
        self, key: str, image: Image, title: str, text: str, notes: list[str], http: Client
    ) -> Outcome:
        return await http.post(
            f"{self.server.rstrip('/')}/{self.topic.get_secret_value()}",
            method="PUT",
            content=image.data,
            headers={
                **self._authorization(),
                "Content-Type": image.media_type,
                "Filename": f"screenshot.{image.extension}",
                "Title": _encoded(title),
                "Message": _encoded(text),
                "Priority": str(self.priority),
                "Tags": _encoded(",".join(self.tags)),
                "X-Sequence-ID": key,
            },
            verdict=_verdict,
            notes=notes,
        )

    def _authorization(self) -> dict[str, str]:
        if self.token is not None:
            return {"Authorization": f"Bearer {self.token.get_secret_value()}"}
        if self.password is None:
            return {}
        login = f"{self.username}:{self.password.get_secret_value()}"
        return {"Authorization": f"Basic {base64.b64encode(login.encode()).decode()}"}


def _encoded(text: str) -> str:
    """A header's text that is not ASCII, by RFC 2047, which ntfy reads."""
    return f"=?UTF-8?B?{base64.b64encode(text.encode()).decode()}?="


def _verdict(answer: Answer) -> Outcome:
    if answer.succeeded and "id" not in answer.fields:
        return NotSent("回答不是 ntfy 的格式，检查 server", answered=True)
    if answer.fields.get("code") == _TRAFFIC_USED_UP:
        return Rejected("今天的图片流量用完了")
    if answer.status == 507:
        return NotSent("服务器的空间用完了（HTTP 507）", answer.retry_after)
    return Delivered() if answer.succeeded else judge_status(answer)
