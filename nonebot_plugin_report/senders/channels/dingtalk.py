"""DingTalk (钉钉): a group's custom robot.

Source: open.dingtalk.com, "自定义机器人接入" (messages, limits) and
"自定义机器人安全设置" (signature).
"""

import base64
import hmac
import time
from hashlib import sha256
from typing import ClassVar, Final

import httpx2

from ...model.delivery import Delivery, Outcome
from ...settings import Secret, SecretUrl
from ..base import HttpChannel
from ..fit import fit_text, utf8_size
from ..http import Answer, Client, judge_code
from ..outcomes import lost_picture
from ..pace import Rate

# "自定义机器人接入": 20 messages a minute, else the robot is shut out for 10 minutes. The body may
# have 20 KB; a character takes up to 12 bytes as JSON escapes it, a byte of UTF-8 up to 6.
RATES: Final = ((20, 60.0),)
MAX_TEXT: Final = 3000
_WAITS: Final = {130101: 600.0}
_SECURITY: Final = 310000
_FIXES: Final = {300001: "webhook 地址里的 access_token 不对", 40035: "消息的格式不受支持"}


class Channel(HttpChannel):
    """A custom robot of a DingTalk group."""

    label: ClassVar[str] = "钉钉"
    pictures: ClassVar[str] = "机器人不能上传图片，只发文字"
    limits: ClassVar[str] = "3000 字节文字；每分钟 20 条"
    rates: ClassVar[tuple[Rate, ...]] = RATES

    webhook: SecretUrl
    """群机器人的 webhook 地址"""
    secret: Secret | None = None
    """安全设置「加签」的密钥（SEC 开头）；没有用加签就不写"""

    async def send(self, delivery: Delivery, http: Client) -> Outcome:
        """Send the text; a robot has no way to upload a picture."""
        message = delivery.message
        text, cut = fit_text(message.text or message.title, MAX_TEXT, utf8_size)
        return await http.post(
            self._address(),
            json={"msgtype": "text", "text": {"content": text}},
            verdict=_verdict,
            notes=[cut, lost_picture(message)],
        )

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
    code, words = answer.fields.get("errcode"), answer.fields.get("errmsg")
    fixes = _FIXES | {_SECURITY: _security(str(words))}
    return judge_code(answer, code, words, fixes=fixes, waits=_WAITS)


def _security(words: str) -> str:
    """Which of the robot's three guards refused."""
    if "sign" in words or "timestamp" in words:
        return "签名不符，检查 secret 或本机时间"
    if "keyword" in words:
        return "消息里没有机器人要求的关键词"
    if "ip" in words.lower():
        return "本机的 IP 不在机器人的白名单里"
    return "不符合机器人的安全设置，检查加签、关键词和 IP"
