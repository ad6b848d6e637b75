"""DingTalk (钉钉): a group's custom robot.

Source: open.dingtalk.com, "自定义机器人接入" (messages, limits), "自定义机器人发送群消息" (error
codes), "全局错误码" and "自定义机器人安全设置" (signature).
"""

import base64
import hmac
import time
from hashlib import sha256
from typing import ClassVar, Final

import httpx2

from ...model.delivery import Delivery, NotSent, Outcome
from ...settings import Secret, SecretUrl
from ..base import HttpChannel
from ..fit import fit_text, utf8_size
from ..http import Answer, Client, judge_code
from ..mention import EVERYBODY, Mention, by_number, mentioned
from ..pace import Rate

# "自定义机器人接入": 20 messages a minute, else the robot is shut out for 10 minutes. The body may
# have 20 KB; a character takes up to 12 bytes as JSON escapes it, a byte of UTF-8 up to 6.
RATES: Final = ((20, 60.0),)
MAX_TEXT: Final = 3000
_WAITS: Final = {130101: 600.0, 410100: 600.0}
_USED_UP: Final = 90030
"""The calls of an address are counted by the day, too."""
_USED_UP_WAIT: Final = 2 * 3600.0
_SECURITY: Final = 310000
_BAD_TOKEN: Final = "webhook 地址里的 access_token 不对"  # noqa: S105 - what is said of it
_UNSUITABLE: Final = "钉钉认为{}，没有发送"
_FIXES: Final = {
    300001: _BAD_TOKEN,
    300005: _BAD_TOKEN,
    400101: _BAD_TOKEN,
    40035: "消息的格式不受支持",
    400105: "消息的格式不受支持",
    400013: "群已被解散，换一个群的 webhook",
    400102: "机器人已停用，到群设置的机器人里启用",
    400106: "机器人已不在群里，重新添加后换上新的 webhook",
    430101: _UNSUITABLE.format("内容里的链接不安全"),
    430102: _UNSUITABLE.format("文字不合适"),
    430103: _UNSUITABLE.format("图片不合适"),
    430104: _UNSUITABLE.format("内容不合适"),
    460101: "消息太长",
}


class Channel(HttpChannel):
    """A custom robot of a DingTalk group."""

    label: ClassVar[str] = "钉钉"
    pictures: ClassVar[str] = "机器人不能上传图片，只发文字"
    limits: ClassVar[str] = "3000 字节文字；每分钟 20 条"
    most_pictures: ClassVar[int] = 0
    rates: ClassVar[tuple[Rate, ...]] = RATES

    webhook: SecretUrl
    """群机器人的 webhook 地址"""
    secret: Secret | None = None
    """安全设置「加签」的密钥（SEC 开头）；没有用加签就不写"""
    mention: Mention = ()
    """紧急的、失败的推送 @ 谁：all 是所有人，或手机号、用户的 userId，几个用逗号隔开"""

    async def send(self, delivery: Delivery, http: Client) -> Outcome:
        """Send the text; a robot has no way to upload a picture."""
        message = delivery.message
        text, cut = fit_text(message.text or message.title, MAX_TEXT, utf8_size)
        return await http.post(
            self._address(),
            json={"msgtype": "text", "text": {"content": text}, **self._mentions(delivery)},
            verdict=_verdict,
            notes=[cut],
        )

    def _mentions(self, delivery: Delivery) -> dict[str, object]:
        if not (people := mentioned(self.mention, delivery)):
            return {}
        mobiles, ids = by_number(people)
        everybody = EVERYBODY in people
        return {"at": {"atMobiles": mobiles, "atUserIds": ids, "isAtAll": everybody}}

    def _address(self) -> str:
        url = self.webhook.get_secret_value()
        if self.secret is None:
            return url
        timestamp = str(int(time.time() * 1000))
        signature = sign(timestamp, self.secret.get_secret_value())
        return str(httpx2.URL(url).copy_merge_params({"timestamp": timestamp, "sign": signature}))


def sign(timestamp: str, secret: str) -> str:
    """The signature of a request, before it is encoded for the address."""
    signed = f"{timestamp}\n{secret}".encode()
    return base64.b64encode(hmac.digest(secret.encode(), signed, sha256)).decode()


def _verdict(answer: Answer) -> Outcome:
    code, message = answer.fields.get("errcode"), answer.fields.get("errmsg")
    if code == _USED_UP:
        return NotSent("这个机器人被调用的次数到了上限，过几小时再发", _USED_UP_WAIT)
    fixes = _FIXES | {_SECURITY: _security(str(message))}
    return judge_code(answer, code, message, fixes=fixes, waits=_WAITS)


def _security(message: str) -> str:
    """Which of the robot's three guards refused."""
    if "sign" in message or "timestamp" in message:
        return "签名不符，检查 secret 或本机时间"
    if "keyword" in message:
        return "消息里没有机器人要求的关键词"
    if "ip" in message.lower():
        return "本机的 IP 不在机器人的白名单里"
    return "不符合机器人的安全设置，检查加签、关键词和 IP"
