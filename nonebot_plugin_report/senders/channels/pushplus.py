"""PushPlus (推送加): to WeChat and more.

Source: pushplus.plus, "发送消息接口" and "接口返回码说明".
"""

from typing import ClassVar, Final

from ...model.delivery import Delivery, Outcome
from ...settings import Filled, Secret, Url
from ..base import HttpChannel
from ..fit import fit_text
from ..http import Answer, Client, judge_code
from ..literal import literal
from ..outcomes import lost_picture

MAX_TITLE: Final = 200
MAX_TEXT: Final = 20_000
# "接口返回码说明"; who goes on after a 900 is shut out for days.
_FIXES: Final = {
    401: "没有权限，检查 token",
    403: "本机的 IP 不在账号的白名单里",
    888: "账号积分不足",
    903: "token 不对",
    905: "账号没有实名认证，到 pushplus.plus 认证",
}
_WAITS: Final = {900: 6 * 3600.0}


class Channel(HttpChannel):
    """A PushPlus account."""

    label: ClassVar[str] = "PushPlus"
    pictures: ClassVar[str] = "不能发，只发文字"
    limits: ClassVar[str] = "标题 200 字，正文 20000 字；每天 200 次"

    token: Secret
    """用户令牌或消息令牌"""
    topic: Filled | None = None
    """群组编码，一对多推送时填写"""
    via: Filled | None = None
    """PushPlus 的发送渠道，例如 wechat、webhook、cp、mail；不写是微信"""
    server: Url = "https://www.pushplus.plus"
    """服务的网址"""

    async def send(self, delivery: Delivery, http: Client) -> Outcome:
        """Send title and text."""
        message = delivery.message
        title, _ = fit_text(literal(message.title), MAX_TITLE)
        text, cut = fit_text(literal(message.body or message.title), MAX_TEXT)
        options = {"topic": self.topic, "channel": self.via}
        return await http.post(
            f"{self.server.rstrip('/')}/send",
            json={
                "token": self.token.get_secret_value(),
                "title": title,
                "content": text,
                "template": "txt",
                **{name: value for name, value in options.items() if value},
            },
            verdict=_verdict,
            notes=[cut, lost_picture(message)],
        )


def _verdict(answer: Answer) -> Outcome:
    code, words = answer.fields.get("code"), answer.fields.get("msg")
    return judge_code(answer, code, words, success=(200,), fixes=_FIXES, waits=_WAITS)
