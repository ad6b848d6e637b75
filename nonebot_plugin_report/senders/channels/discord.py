"""Discord: a channel's webhook.

Source: discord.com/developers/docs, "Webhook Resource", Execute Webhook, and "Rate Limits".
"""

from collections.abc import Sequence
from typing import ClassVar, Final

import httpx2
import orjson

from ...model.delivery import Delivered, Delivery, NotSent, Outcome, Rejected
from ...model.image import Image
from ...settings import Filled, SecretUrl, Url
from ..base import HttpChannel
from ..fit import fit_images, fit_text, utf16_size
from ..http import Answer, Client, judge_status, seconds_of
from ..literal import literal
from ..outcomes import or_text

# "Execute Webhook": content of at most 2000 characters; "Uploading Files": 10 MiB a request, the
# text included, and ten files.
MAX_TEXT: Final = 2000
MAX_PICTURES: Final = 10 * 1024 * 1024 - 64 * 1024
PICTURE_FORMATS: Final = ("image/jpeg", "image/png", "image/webp", "image/gif")


class Channel(HttpChannel):
    """A webhook of a Discord channel."""

    label: ClassVar[str] = "Discord"
    pictures: ClassVar[str] = "和文字一起，最多 10 张"
    limits: ClassVar[str] = "2000 字；图片一共 10 MB"
    most_pictures: ClassVar[int] = 10

    webhook: SecretUrl
    """webhook 地址"""
    username: Filled | None = None
    """显示的名字"""
    avatar_url: Url | None = None
    """显示的头像"""

    async def send(self, delivery: Delivery, http: Client) -> Outcome:
        """Send text and pictures as one message."""
        message = delivery.message
        text, cut = fit_text(literal(message.text), MAX_TEXT, utf16_size)
        fitted, notes = await fit_images(
            message.images, max_bytes=MAX_PICTURES, formats=PICTURE_FORMATS
        )
        outcome = await self._post(text or literal(message.title), fitted, [cut, *notes], http)
        if not fitted or not text:
            return outcome
        return await or_text(outcome, lambda: self._post(text, [], [cut], http))

    async def _post(
        self, text: str, images: Sequence[Image], notes: list[str], http: Client
    ) -> Outcome:
        names = {"username": self.username, "avatar_url": self.avatar_url}
        payload: dict[str, object] = {
            "content": text,
            # What is written in a report calls nobody.
            "allowed_mentions": {"parse": []},
            **{name: value for name, value in names.items() if value},
        }
        parts: dict[str, object] = {
            "payload_json": (None, orjson.dumps(payload), "application/json")
        }
        for number, image in enumerate(images):
            name = f"screenshot{number or ''}.{image.extension}"
            parts[f"files[{number}]"] = (name, image.data, image.media_type)
        # Without `wait` the answer comes before the message is stored.
        url = httpx2.URL(self.webhook.get_secret_value()).copy_merge_params({"wait": "true"})
        return await http.post(str(url), files=parts, verdict=_verdict, notes=notes)


def _verdict(answer: Answer) -> Outcome | None:
    if answer.status == 429:
        wait = seconds_of(answer.fields.get("retry_after"))
        return NotSent("发送太快", answer.retry_after if wait is None else wait)
    if answer.status in (401, 404):
        return Rejected("webhook 不存在或已被删除，检查 webhook 地址")
    if answer.succeeded and "id" not in answer.fields:
        return NotSent("回答不是 Discord 的格式，检查 webhook 地址", answered=True)
    return Delivered() if answer.succeeded else judge_status(answer)
