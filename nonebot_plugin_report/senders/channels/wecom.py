"""WeCom (企业微信): a group's robot.

Source: developer.work.weixin.qq.com, "群机器人配置说明" (messages, limits) and "全局错误码".
"""

import hashlib
from functools import partial
from typing import ClassVar, Final

import pybase64

from ...model.delivery import Delivery, Outcome, Rejected
from ...model.image import Image
from ...settings import SecretUrl
from ..base import PartedChannel
from ..fit import fit_image, fit_text, utf8_size
from ..http import Answer, Client, judge_code
from ..literal import literal
from ..mention import EVERYBODY, Mention, by_number, mentioned
from ..pace import Rate

# "群机器人配置说明": 20 messages a minute; text of at most 2048 bytes of UTF-8; JPG and PNG of at
# most 2 MB before base64.
RATES: Final = ((20, 60.0),)
MAX_TEXT: Final = 2048
MAX_PICTURE: Final = 2 * 1024 * 1024
# "全局错误码".
_FIXES: Final = {
    93000: "webhook 地址里的 key 不对，或机器人已被移出群",
    93004: "机器人已被停用",
    40008: "消息类型不受支持",
    40009: "图片大小不合要求",
    40058: "企业微信不认得这条消息，检查 webhook 是不是群机器人的地址",
}
_WAITS: Final = {45009: 60.0}


class Channel(PartedChannel):
    """A robot of a WeCom group. Text and pictures are messages of their own."""

    label: ClassVar[str] = "企业微信"
    pictures: ClassVar[str] = "作为单独的消息发送，最多 9 张"
    most_pictures: ClassVar[int] = 9
    limits: ClassVar[str] = "2048 字节文字；图片 2 MB；每分钟 20 条"
    asks_first: ClassVar[bool] = True
    rates: ClassVar[tuple[Rate, ...]] = RATES

    webhook: SecretUrl
    """群机器人的 webhook 地址"""
    mention: Mention = ()
    """紧急的、失败的推送 @ 谁：all 是所有人，或手机号、成员的账号（userid），几个用逗号隔开"""

    async def send(self, delivery: Delivery, http: Client) -> Outcome:
        """Send the text, then the pictures."""
        message = delivery.message
        people = mentioned(self.mention, delivery)
        parts = [lambda: self._text(message.text, people, http)] if message.text else []
        parts += [partial(self._picture, image, http) for image in message.images]
        return await self.send_parts(delivery, *parts)

    async def _text(self, text: str, people: tuple[str, ...], http: Client) -> Outcome:
        fitted, note = fit_text(literal(text), MAX_TEXT, utf8_size)
        content: dict[str, object] = {"content": fitted}
        if people:
            mobiles, ids = by_number(people)
            if EVERYBODY in people:
                ids = (*ids, "@all")
            content |= {"mentioned_list": ids, "mentioned_mobile_list": mobiles}
        return await self._post({"msgtype": "text", "text": content}, note, http)

    async def _picture(self, image: Image, http: Client) -> Outcome:
        fitted, note = await fit_image(image, max_bytes=MAX_PICTURE)
        if fitted is None:
            return Rejected(note)
        content = {
            "base64": pybase64.b64encode_as_string(fitted.data),
            # Their checksum of the picture, no protection.
            "md5": hashlib.md5(fitted.data, usedforsecurity=False).hexdigest(),
        }
        return await self._post({"msgtype": "image", "image": content}, note, http)

    async def _post(self, content: dict[str, object], note: str, http: Client) -> Outcome:
        url = self.webhook.get_secret_value()
        return await http.post(url, json=content, verdict=_verdict, notes=[note])


def _verdict(answer: Answer) -> Outcome:
    code, message = answer.fields.get("errcode"), answer.fields.get("errmsg")
    return judge_code(answer, code, message, fixes=_FIXES, waits=_WAITS)
