"""xxtui: to WeChat and robots.

Source: xxtui.com, "推送接口", as BetterGI's XxtuiNotifier and others use it.
"""

import re
from typing import Annotated, ClassVar, Final

from pydantic import Field, SecretStr, field_validator

from ...model.delivery import Delivery, Outcome
from ...settings import Names, Secret, Url
from ..base import HttpChannel
from ..fit import fit_text
from ..http import Answer, Client, judge_code, judge_status
from ..literal import literal

# As in BetterGI.
MAX_TEXT: Final = 2000
MAX_FROM: Final = 20
# Without a title it shows 推送成功, whatever happened.
MAX_TITLE: Final = 20


class Channel(HttpChannel):
    """An API key of xxtui."""

    label: ClassVar[str] = "xxtui"
    pictures: ClassVar[str] = "不能发，只发文字"
    limits: ClassVar[str] = "标题 20 字，正文 2000 字"
    most_pictures: ClassVar[int] = 0

    key: Secret
    """API key"""
    source: Annotated[str, Field(min_length=1, max_length=MAX_FROM)] = "Better原神"
    """来源，最多 20 个字"""
    channels: Names = ("WX_MP",)
    """发到哪里：WX_MP、WX_QY_ROBOT、DING_ROBOT、BARK、EMAIL、SMS_VOICE、CUSTOM_HTTP 等"""
    server: Url = "https://www.xxtui.com"
    """服务的网址"""

    @field_validator("key")
    @classmethod
    def _check_key(cls, key: SecretStr) -> SecretStr:
        value = key.get_secret_value()
        if not value.isascii() or not value.isprintable() or set(value) & set("/?# "):
            raise ValueError("有不能写在网址里的字符，检查是否多复制了什么")
        return key

    @field_validator("channels")
    @classmethod
    def _check_channels(cls, channels: tuple[str, ...]) -> tuple[str, ...]:
        if not channels or not all(re.fullmatch("[A-Z0-9_]+", one) for one in channels):
            raise ValueError("应为大写字母和下划线，例如 WX_MP、EMAIL")
        return channels

    async def send(self, delivery: Delivery, http: Client) -> Outcome:
        """Send title and text."""
        message = delivery.message
        title, _ = fit_text(literal(message.title), MAX_TITLE)
        text, cut = fit_text(literal(message.text or message.title), MAX_TEXT)
        return await http.post(
            f"{self.server.rstrip('/')}/xxtui/{self.key.get_secret_value()}",
            data={
                "title": title,
                "content": text,
                "from": self.source,
                "channel": ",".join(self.channels),
            },
            verdict=_verdict,
            notes=[cut],
        )


def _verdict(answer: Answer) -> Outcome:
    """A code in the body counts; without one the status does, as for BetterGI."""
    code = answer.fields.get("code")
    if not isinstance(code, int):
        return judge_status(answer)
    message = answer.fields.get("message", answer.fields.get("msg"))
    return judge_code(answer, code, message, success=(0, 200), fixes={}, waits={})
