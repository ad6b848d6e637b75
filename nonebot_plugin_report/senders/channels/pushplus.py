"""PushPlus (推送加): to WeChat and more.

Source: pushplus.plus, "发送消息接口" and "接口返回码说明".
"""

import time
from typing import ClassVar, Final, Self

from pydantic import model_validator

from ...model.delivery import Delivery, NotSent, Outcome
from ...settings import Filled, Secret, Url
from ..base import HttpChannel
from ..fit import fit_text
from ..http import Answer, Client, judge_code
from ..literal import literal
from ..outcomes import until_tomorrow

MAX_TITLE: Final = 100
MAX_TEXT: Final = 20_000
# "接口返回码说明".
_FIXES: Final = {
    401: "没有权限，检查 token",
    403: "本机的 IP 不在账号的白名单里",
    888: "账号积分不足",
    903: "token 不对",
    905: "账号没有实名认证，到 pushplus.plus 认证",
}
_SHUT_OUT: Final = 900
"""Who goes on on the same day is shut out for days."""
_BY_WEBHOOK: Final = ("webhook", "cp")


class Channel(HttpChannel):
    """A PushPlus account."""

    label: ClassVar[str] = "PushPlus"
    pictures: ClassVar[str] = "不能发，只发文字"
    limits: ClassVar[str] = "标题 100 字，正文 20000 字；每天 200 次"
    most_pictures: ClassVar[int] = 0

    token: Secret
    """用户令牌或消息令牌"""
    topic: Filled | None = None
    """群组编码，一对多推送时填写"""
    via: Filled | None = None
    """PushPlus 的发送渠道，例如 wechat、webhook、cp、mail；不写是微信"""
    webhook: Filled | None = None
    """via 是 webhook 或 cp 时必填：在 PushPlus 的「渠道配置」里配好的编码"""
    to: Secret | None = None
    """发给好友时，好友令牌（via 是 cp 时是企业微信的用户 ID），几个用逗号隔开"""
    server: Url = "https://www.pushplus.plus"
    """服务的网址"""

    @model_validator(mode="after")
    def _check_webhook(self) -> Self:
        if self.via in _BY_WEBHOOK and self.webhook is None:
            raise ValueError("via 是 webhook 或 cp 时要填 webhook（在 PushPlus 里配好的编码）")
        return self

    async def send(self, delivery: Delivery, http: Client) -> Outcome:
        """Send title and text."""
        message = delivery.message
        title, _ = fit_text(literal(message.title), MAX_TITLE)
        text, cut = fit_text(literal(message.body or message.title), MAX_TEXT)
        options = {
            "topic": self.topic,
            "channel": self.via,
            "webhook": self.webhook,
            "to": self.to and self.to.get_secret_value(),
        }
        return await http.post(
            f"{self.server.rstrip('/')}/send",
            json={
                "token": self.token.get_secret_value(),
                "title": title,
                "content": text,
                "template": "txt",
                **{name: value for name, value in options.items() if value},
            },
            verdict=lambda answer: _verdict(answer, time.time()),
            notes=[cut],
        )


def _verdict(answer: Answer, now: float) -> Outcome:
    code, message = answer.fields.get("code"), answer.fields.get("msg")
    if code == _SHUT_OUT:
        return NotSent("账号今天不能再发了（请求太多），明天再发", until_tomorrow(now))
    return judge_code(answer, code, message, success=(200,), fixes=_FIXES, waits={})
